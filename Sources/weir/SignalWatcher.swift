internal import Glibc
internal import LogSystem

/// Ctrl-C, SIGTERM and a terminal that goes away: the first asks the command to end well. Another Ctrl-C or SIGTERM ends it
/// at once; another SIGHUP does not, since a closing terminal and its shell send one each. A SIGHUP that no closing terminal has
/// sent asks it to read its files again.
enum SignalWatcher {
    /// Keeps the signals from ending the process until somebody watches. Call it before any thread is started: each takes
    /// the mask over from its maker, and one that has not would be chosen to die of them.
    static func hold() {
        var signals = watched
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // A reader that goes away, and a file size limit, come back as errors of the call.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Calls `stop` on a thread of its own at the first signal that is held, and `reload` at each SIGHUP before.
    static func watch(
        reload: @escaping @Sendable () -> Void, stop: @escaping @Sendable () -> Void
    ) {
        // Who was started by nohup does not end with the terminal.
        let endsWithTerminal = hasTerminal && !isHangupIgnored
        WorkerThread.start {
            var set = watched
            var number: Int32 = 0
            while true {
                guard sigwait(&set, &number) == 0 else { return }
                if number != SIGHUP || endsWithTerminal && terminalGoes() { break }
                reload()
            }
            Terminal.note("weir: draining and sealing; once more to stop at once")
            stop()
            repeat {
                guard sigwait(&set, &number) == 0 else { return }
            } while number == SIGHUP
            _exit(128 + number)
        }
    }

    /// Whether the terminal is gone, now or in a moment: the kernel sends the signal before it takes the terminal away where a
    /// shell ends, and behind it where a window is closed.
    private static func terminalGoes() -> Bool {
        for _ in 0..<looks {
            guard hasTerminal else { return true }
            usleep(lookMicroseconds)
        }
        return false
    }

    /// How often, and how far apart, to look whether the terminal goes: the kernel needs microseconds.
    private static let looks = 10
    private static let lookMicroseconds: UInt32 = 20_000

    /// Whether whoever started the process wants SIGHUP to be ignored. One that is held comes all the same.
    private static var isHangupIgnored: Bool {
        var action = sigaction()
        guard sigaction(SIGHUP, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Whether there is a terminal that can go away: one that the process was started from, and that has not been hung up.
    private static var hasTerminal: Bool {
        let descriptor = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    private static var watched: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
        return signals
    }
}
