internal import Glibc
internal import LogSystem

/// Ctrl-C, SIGTERM and a terminal that goes away: the first asks the command to end well. Another Ctrl-C or SIGTERM ends it
/// at once; another SIGHUP does not, since a closing terminal and its shell send one each.
enum SignalWatcher {
    /// Calls `stop` on a thread of its own at the first signal. Call it before any other thread is started, so that all of
    /// them leave the signals to this one.
    static func watch(_ stop: @escaping @Sendable () -> Void) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // A reader that goes away, and a file size limit, come back as errors of the call.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        let watched = signals
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
}
