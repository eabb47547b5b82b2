import Glibc
import LogAlerting
import LogRecords
import TestSupport
import Testing

@testable import LogChannels

@Suite struct ReceiverSettingsTests {
    private func fault(
        _ channels: String, global: String = "", _ place: String, _ message: String,
        secrets: SecretSource = .none, at location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: AlertFileError.self, sourceLocation: location) {
            try Sample.receiver(channels, global: global, secrets: secrets)
        }
        #expect(
            error?.description.hasPrefix("alerts.yaml:\(place): ") == true, "\(error as Any)",
            sourceLocation: location)
        #expect(
            error?.message.contains(message) == true, "\(error as Any)", sourceLocation: location)
    }

    @Test func mistakesAreTold() {
        fault("webhook_configs: [{ulr: 'http://x/'}]", "5:23", "has no `url`")
        fault(
            "webhook_configs: [{url: 'http://x/', max_alert: 3}]", "5:42",
            "did you mean `max_alerts`")
        fault("webhook_configs: [{url: 'ftp://x/'}]", "5:29", "begins with http:// or https://")
        fault("webhook_configs: [{url: 'http://x/', timeout: soon}]", "5:51", "is a duration")
        fault(
            "webhook_configs: [{url: 'http://x/', send_resolved: maybe}]", "5:57", "true or false")
        fault("webhook_configs: [{url: 'http://x/', max_alerts: -1}]", "5:54", "a number from 0")
        fault(
            "webhook_configs: [{url: 'http://x/', http_config: {follow_redirects: true}}]", "5:74",
            "no redirects")
        fault(
            "webhook_configs: [{url: 'http://x/', http_config: {oauth2: {}}}]", "5:64",
            "not OAuth 2")
        fault(
            "webhook_configs: [{url: 'http://x/', http_config: {basic_auth: {user: x}}}]", "5:68",
            "no `username`")
        fault(
            "webhook_configs: [{url: 'http://x/', http_config: {tls_config: {ca_file: /nowhere}}}]",
            "5:78", "`ca_file` cannot be used")
        fault("webhook_configs: 5", "5:22", "is a list")
        fault("webhook_configs: [5]", "5:23", "is a mapping of settings")
        fault("slack_configs: [{}]", "5:21", "`global` has no `slack_api_url`")
        fault(
            "slack_configs: [{api_url: 'http://x/', text: '{{ .Foo }}'}]", "5:50", "has no `.Foo`")
        fault(
            "slack_configs: [{api_url: 'http://x/', mentions: {huge: here}}]", "5:54",
            "`huge` is no severity")
        fault(
            "slack_configs: [{api_url: 'http://x/', mentions: {high: '<!x>'}}]", "5:54",
            "nobody to mention")
        fault(
            "slack_configs: [{api_url: 'http://x/', style: cards}]", "5:51",
            "one of `attachments`, `blocks`")
        fault("pagerduty_configs: [{}]", "5:25", "no `routing_key`")
        fault("pagerduty_configs: [{service_key: x}]", "5:39", "as `routing_key`")
        fault("email_configs: [{to: x, smarthost: 'h:25', from: a@b}]", "5:26", "address of mail")
        fault("email_configs: [{to: a@b, from: a@b}]", "5:21", "no `smarthost`")
        fault("email_configs: [{to: a@b, smarthost: h, from: a@b}]", "5:42", "a host and a port")
        fault(
            "email_configs: [{to: a@b, smarthost: 'h:25', from: a@b, auth_username: u}]", "5:76",
            "no `auth_password`")
        fault(
            "email_configs: [{to: a@b, smarthost: 'h:25', from: a@b, require_tls: false, auth_username: u, auth_password: p}]",
            "5:74", "not sent without TLS")
        fault(
            "email_configs: [{to: a@b, smarthost: 'h:25', from: a@b, headers: {Message-ID: x}}]",
            "5:70", "writes the header `Message-ID` itself")
        fault("command_configs: [{command: 'rm -rf'}]", "5:33", "begins with the path of a program")
        fault(
            "command_configs: [{command: [/bin/x], environment: {A-B: c}}]", "5:62",
            "no name of a variable")
        fault(
            "http_configs: [{url: 'http://x/', form: {a: b}, body: c}]", "5:59",
            "one of `form`, `json` and `body`")
        fault("alertmanager_configs: [{}]", "5:28", "no `url` and no `urls`")
        fault("file_configs: [{}]", "5:20", "no `path`")
        fault("stdout_configs: [{colour: red}]", "5:23", "unknown key `colour`")
        fault(
            "opsgenie_configs: [{}]", "5:5",
            "no channels of that kind; there are stdout_configs, file_configs, webhook_configs")
        fault("slak_configs: [{}]", "5:5", "did you mean `slack_configs`")
        fault(
            "stdout_configs: [{}]", global: "global: {smtp_fron: x}", "2:10",
            "did you mean `smtp_from`")
    }

    @Test func aFileOfAlertmanagerLoads() throws {
        let receiver = try Sample.receiver(
            """
            slack_configs:
              - channel: '#alerts'
                send_resolved: true
                icon_url: https://avatars3.githubusercontent.com/u/3380462
                title: |-
                  [{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .CommonLabels.alertname }} for {{ .CommonLabels.job }}
                  {{- if gt (len .CommonLabels) (len .GroupLabels) -}}
                    {{" "}}(
                    {{- with .CommonLabels.Remove .GroupLabels.Names }}x{{ end -}}
                    )
                  {{- end }}
                text: >-
                  {{ range .Alerts -}}
                  *Alert:* {{ .Annotations.title }}{{ if .Labels.severity }} - `{{ .Labels.severity }}`{{ end }}
                  *Details:*
                    {{ range .Labels.SortedPairs }} • *{{ .Name }}:* `{{ .Value }}`
                    {{ end }}
                  {{ end }}
            pagerduty_configs:
              - routing_key: abc
                severity: '{{ if .CommonLabels.severity }}{{ .CommonLabels.severity | toLower }}{{ else }}critical{{ end }}'
            webhook_configs:
              - url: http://127.0.0.1:5001/
                http_config: {follow_redirects: false, enable_http2: true}
              - url: http://127.0.0.1:5002/
                send_resolved: false
                give_up_after: 2h
            email_configs:
              - to: team@example.org, other@example.org
                headers: {Subject: '{{ .GroupLabels.alertname }}'}
                html: '{{ template "email.default.html" . }}'
            """,
            global: """
                global:
                  resolve_timeout: 5m
                  slack_api_url: https://hooks.slack.com/services/x/y/z
                  smtp_smarthost: 'localhost:25'
                  smtp_from: 'alertmanager@example.org'
                  smtp_auth_username: alertmanager
                  smtp_auth_password: password
                  opsgenie_api_key: none
                  victorops_api_url: none
                """.replacing("\n", with: "\n"))
        #expect(
            receiver.channels.map(\.name) == [
                "team/webhook", "team/webhook-2", "team/slack", "team/pagerduty", "team/email",
            ])
        #expect(receiver.channels.map(\.sendsResolved) == [true, false, true, true, false])
        #expect(receiver.channels[1].giveUpAfter == 7_200 * Timestamp.second)
        #expect(receiver.channels[0].giveUpAfter == ReceiverChannel.giveUpAfterDefault)
    }

    @Test func aReceiverWithoutChannelsIsOne() throws {
        let configuration = try AlertConfiguration.parse(
            "groups: []\nreceivers: [{name: 'null'}]", file: "t", channels: .all)
        #expect(configuration.receiver == Receiver(name: "null"))
    }

    // MARK: Secrets

    @Test func secretsAreNotShown() throws {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect("\(secret)" == "<secret>" && "\([secret])" == "[<secret>]")
        #expect(!dumped.contains("hunter2"))
        #expect(!String(reflecting: secret).contains("hunter2"))
        let receiver = try Sample.receiver(
            "webhook_configs: [{url: 'http://x/t0k3n', secret: hunter2}]")
        dumped = ""
        dump(receiver, to: &dumped)
        #expect(!dumped.contains("hunter2") && !dumped.contains("t0k3n"))
        fault(
            "pagerduty_configs: [{routing_key: hunter2, routing_key_file: x}]", "5:66",
            "one of them is enough")
        let error = #expect(throws: AlertFileError.self) {
            try Sample.receiver("webhook_configs: [{url: 'gopher://t0k3n'}]")
        }
        #expect(error?.message.contains("t0k3n") == false)
    }

    @Test func secretsComeFromFilesOfTheirOwner() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("key")
        func write(_ text: String, _ mode: mode_t) throws {
            unlink(path)
            let file = try #require(fopen(path, "w"))
            fputs(text, file)
            fclose(file)
            chmod(path, mode)
        }
        let secrets = SecretSource.system(besides: directory.file("alerts.yaml"))
        let channels = "pagerduty_configs: [{routing_key_file: key, url: 'URL'}]"
        let receiving = try Receiving([Receiving.answer(202)])
        defer { receiving.server.stop() }
        try write("first\n", 0o600)
        let channel = try Sample.channel(
            channels.replacing("URL", with: receiving.url), secrets: secrets)
        try channel.deliver(Sample.firing())
        // A file that is changed is read anew.
        try write("second\n", 0o400)
        try channel.deliver(Sample.firing())
        #expect(
            receiving.requests.all.map { $0.body.prefix(23) } == [
                #"{"routing_key":"first","#, #"{"routing_key":"second""#,
            ])
        let good = channels.replacing("URL", with: "http://x/")
        try write("open\n", 0o644)
        fault(good, "5:44", "chmod 600", secrets: secrets)
        let later = #expect(throws: ChannelError.self) { try channel.deliver(Sample.firing()) }
        #expect(later?.isTemporary == true)
        try write("two\nlines\n", 0o600)
        fault(good, "5:44", "more than one line", secrets: secrets)
        try write(" \n", 0o600)
        fault(good, "5:44", "is empty", secrets: secrets)
        unlink(path)
        fault(good, "5:44", "cannot be read", secrets: secrets)
        symlink("/etc/hostname", path)
        fault(good, "5:44", "symbolic link", secrets: secrets)
    }
}
