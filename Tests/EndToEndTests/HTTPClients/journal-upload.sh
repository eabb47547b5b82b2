# systemd-journal-upload.                    usage: journal-upload.sh HOST:PORT JOURNAL STATE
# For the whole machine: URL=http://HOST:PORT/insert/journald in /etc/systemd/journal-upload.conf, and
# systemctl enable --now systemd-journal-upload
systemd-journal-upload --url="http://$1/insert/journald" --file="$2" --save-state="$3" --follow=no
