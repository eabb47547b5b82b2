import Glibc
import LogSystem
import TestSupport
import Testing

/// A pipe between a test, which writes, and a reader under test.
final class TestPipe: @unchecked Sendable {
    let reader: Int32
    private var writer: Int32

    init() throws {
        // A reader that has gone is an error to the writer, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reader = ends[0]
        writer = ends[1]
    }

    deinit {
        end()
        close(reader)
    }

    /// Writes all of `bytes`, waiting while the pipe is full.
    func write(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let step = bytes.withUnsafeBytes { buffer in
                Glibc.write(writer, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if step <= 0 { return }
            done += step
        }
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// The bytes that nobody has read yet.
    var unread: Int {
        var count: Int32 = -1
        _ = ioctl(reader, UInt(FIONREAD), &count)
        return Int(count)
    }

    /// Returns when everything written has been read, so that the next write is a read of its own.
    func awaitRead() throws {
        let clock = SystemClock()
        // Only a test that has failed waits so long.
        let deadline = clock.monotonic() + 60_000_000_000
        while unread > 0 {
            try #require(clock.monotonic() < deadline, "nobody reads")
            sched_yield()
        }
    }

    /// Closes the writing end: the input is over.
    func end() {
        if writer >= 0 { close(writer) }
        writer = -1
    }
}
