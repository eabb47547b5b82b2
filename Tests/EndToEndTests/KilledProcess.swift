import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A `weir ingest` that is about to be killed: started, fed and killed with as little between as can be.
///
/// Its input is a socket, so that feeding one that has gone is an error and no signal.
final class KilledProcess {
    let pid: pid_t
    private var input: Int32
    private var unsent: [UInt8] = []

    struct NotStarted: Error { let code: Int32 }

    /// Starts `weir` with `arguments`; what it says goes to the file `log`.
    init(_ arguments: [String], log: String) throws {
        var ends: [Int32] = [0, 0]
        guard
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else { throw NotStarted(code: errno) }
        input = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let path = WeirProcess.products.appendingPathComponent("weir").path
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var child = pid_t()
        let code = posix_spawn(&child, path, &actions, nil, &argv, environ)
        close(ends[1])
        guard code == 0 else {
            close(input)
            throw NotStarted(code: code)
        }
        pid = child
    }

    deinit { if input >= 0 { close(input) } }

    /// Sends as much of `bytes` and of what is left from before as the socket takes now.
    func feed(_ bytes: [UInt8] = []) {
        unsent += bytes
        let sent = unsent.withUnsafeBytes {
            send(input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        if sent > 0 { unsent.removeFirst(sent) }
    }

    /// Sends all there is and ends the input; the exit status.
    func finish() -> Int32 {
        while !unsent.isEmpty, kill(pid, 0) == 0 {
            feed()
            usleep(1_000)
        }
        close(input)
        input = -1
        return wait()
    }

    /// Ends it with a signal, and waits until it is gone.
    func end(_ signal: Int32) -> Int32 {
        kill(pid, signal)
        return wait()
    }

    func signal(_ signal: Int32) { kill(pid, signal) }

    private func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}
