internal import Glibc
internal import LogBytes
internal import LogQuery

/// The process's own streams: answers to stdout, everything else to stderr.
enum Terminal {
    /// A stream that takes no more bytes: its reader has gone, or the disk behind it is full.
    struct Closed: Error {
        let code: Int32
    }

    /// Makes the process's surroundings what weir expects: no signal blocked by whoever started it, as many files open as it
    /// needs, and no descriptor below 3 free, where the next file to be opened would be taken for a stream. Reading or writing a stream that was closed then
    /// fails with a message.
    static func prepare() {
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        for (stream, mode) in [(Int32(0), O_WRONLY), (1, O_RDONLY), (2, O_WRONLY)]
        where fcntl(stream, F_GETFD) < 0 {
            _ = open("/dev/null", mode)
        }
        raiseDescriptorLimit()
    }

    /// Lets the process hold as many files open as the system allows: a command may need every segment at once.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Whether stderr is a terminal.
    static var errorsAreInteractive: Bool { isatty(2) == 1 }

    /// Writes all of `bytes` to stdout. When Ctrl-C comes, the line that was begun is finished and the rest is not.
    static func output(_ bytes: ByteView) throws {
        var done = 0
        var end = bytes.count
        while done < end {
            if Interruption.isRequested, end == bytes.count {
                let rest = bytes.dropFirst(max(done - 1, 0))
                guard done > 0, let newline = rest.firstIndex(of: ASCII.newline) else {
                    throw Interruption.Requested()
                }
                end = max(done - 1, 0) + newline + 1
                if done >= end { throw Interruption.Requested() }
            }
            let step = write(1, bytes.start + done, end - done)
            if step < 0 {
                if errno == EINTR { continue }
                throw Closed(code: errno)
            }
            done += step
        }
        if end < bytes.count { throw Interruption.Requested() }
    }

    /// Writes `text` to stdout. A reader that has gone is no error, a full disk is.
    static func output(_ text: String) throws {
        do {
            try text.withView { try output($0) }
        } catch let closed as Closed where closed.code != EPIPE {
            throw CommandFailure(closed)
        } catch is Closed {}
    }

    /// `text`, made harmless for a terminal line by line.
    static func harmless(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { TerminalText.escaped(String($0)) }.joined(separator: "\n")
    }

    /// Replaces the line of stderr that the cursor stands in; only for a terminal.
    static func status(_ text: String) {
        let line = "\r\u{1B}[K" + TerminalText.escaped(text)
        line.withView { view in
            _ = write(2, view.start, view.count)
        }
    }

    /// Takes away what `status` wrote.
    static func clearStatus() {
        let line = "\r\u{1B}[K"
        line.withView { view in
            _ = write(2, view.start, view.count)
        }
    }

    /// Writes a line to stderr, made harmless for a terminal line by line.
    static func note(_ message: String) {
        let text = harmless(message) + "\n"
        text.withView { view in
            _ = write(2, view.start, view.count)
        }
    }

    /// Says what of a store could not be read.
    static func note(_ faults: [ScanFault], suffix: String = "") {
        for fault in faults {
            note("weir: \(fault.file), byte \(fault.offset): \(fault.message)\(suffix)")
        }
    }

    /// Whether stdout is a terminal.
    static var isInteractive: Bool { isatty(1) == 1 }

    /// The columns of the terminal behind stdout, nil when there is none.
    static var width: Int? {
        var size = winsize()
        guard isInteractive, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }
}

extension CommandFailure {
    /// The end of a command whose answer nobody takes: silent when the reader has gone, as `head` does.
    init(_ closed: Terminal.Closed) {
        if closed.code == EPIPE {
            self.init(status: 2)
        } else {
            self.init(
                "cannot write to standard output: \(String(cString: strerror(closed.code)))")
        }
    }
}
