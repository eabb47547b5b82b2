internal import Glibc
internal import LogSystem

/// Ctrl-C, SIGTERM and a terminal that goes away: the first asks the command to end well. Another Ctrl-C or SIGTERM ends it
/// at once; another SIGHUP does not, since a closing terminal and its shell send one each.
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

    /// Calls `stop` on a thread of its own at the first signal that is held.
    static func watch(_ stop: @escaping @Sendable () -> Void) {
        WorkerThread.start {
            var set = watched
            var number: Int32 = 0
            guard sigwait(&set, &number) == 0 else { return }
            Terminal.note("weir: draining and sealing; once more to stop at once")
            stop()
            repeat {
                guard sigwait(&set, &number) == 0 else { return }
            } while number == SIGHUP
            _exit(128 + number)
        }
    }

    private static var watched: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
        return signals
    }
}
