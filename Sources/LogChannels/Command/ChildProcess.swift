internal import CSpawn
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A program that runs to its end: with input, a limit to its time, and the beginning of what it says.
///
/// It leads a process group of its own, so that what it starts ends with it, has no descriptor of weir's but its three, and
/// no signal blocked.
struct ChildProcess {
    enum End: Equatable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
        case notStarted(String)
    }

    struct Outcome: Equatable {
        let end: End
        /// The beginning of its output and errors.
        let output: String
    }

    let arguments: [String]
    let environment: [String]
    let directory: String?
    let input: [UInt8]
    /// Nanoseconds until SIGTERM, and from there until SIGKILL.
    let timeout: Int64
    let grace: Int64

    /// Kept of what it says.
    private static let outputBytesMax = 4 << 10
    /// Between two looks whether it has ended, while it says nothing (milliseconds).
    private static let pause: Int32 = 10

    func run() -> Outcome {
        let inputFile = weir_memory_file()
        guard inputFile >= 0 else { return Self.notStarted(errno) }
        defer { close(inputFile) }
        let written = input.withUnsafeBytes { pwrite(inputFile, $0.baseAddress, $0.count, 0) }
        guard written == input.count else { return Self.notStarted(errno) }
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard weir_output_pipe(&reading, &writing) == 0 else { return Self.notStarted(errno) }
        defer { close(reading) }
        var words = arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let code = weir_spawn(&process, &words, &variables, directory ?? "/", inputFile, writing)
        close(writing)
        guard code == 0 else { return Self.notStarted(code) }
        return wait(for: process, output: reading)
    }

    private static func notStarted(_ code: Int32) -> Outcome {
        Outcome(end: .notStarted(String(cString: strerror(code))), output: "")
    }

    private func wait(for process: pid_t, output: Int32) -> Outcome {
        let clock = SystemClock()
        let start = clock.monotonic()
        var said: [UInt8] = []
        var hasTerm = false
        var hasKill = false
        var isOpen = true
        while true {
            if isOpen { isOpen = Self.read(output, &said) }
            var status: Int32 = 0
            let result = waitpid(process, &status, WNOHANG)
            if result == process || (result < 0 && errno != EINTR) {
                // What it left behind in its group has had its time, too.
                if hasTerm { kill(-process, SIGKILL) }
                _ = Self.read(output, &said)
                let text = String(decoding: said, as: UTF8.self)
                return Outcome(end: hasTerm ? .timedOut : Self.end(status), output: text)
            }
            let passed = clock.monotonic() - start
            if !hasTerm, passed >= timeout {
                kill(-process, SIGTERM)
                hasTerm = true
            } else if !hasKill, passed >= timeout + grace {
                kill(-process, SIGKILL)
                hasKill = true
            }
            var waiting = pollfd(fd: isOpen ? output : -1, events: Int16(POLLIN), revents: 0)
            _ = poll(&waiting, 1, Self.pause)
        }
    }

    /// Reads what is there, keeps the beginning; false at the end.
    private static func read(_ descriptor: Int32, _ said: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: outputBytesMax)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return false }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            said += buffer[..<min(count, max(outputBytesMax - said.count, 0))]
        }
    }

    private static func end(_ status: Int32) -> End {
        // As <sys/wait.h> takes a status apart, in macros that Swift does not see.
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
    }
}
