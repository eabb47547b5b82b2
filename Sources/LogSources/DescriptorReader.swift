internal import LogBytes
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Reads a file descriptor to its end into chunks of whole lines.
final class DescriptorReader: @unchecked Sendable {
    private let descriptor: Int32
    private let name: String
    private let source: String
    private let tee: Tee?
    private let clock = SystemClock()
    /// A pipe whose writing end `stop` closes: the read that waits wakes at once.
    private let stopReader: Int32
    private let stopWriter: Int32

    /// A slow writer's lines are gathered for this long before they are handed on: one batch instead of one a line
    /// (nanoseconds). Lines are visible to queries well within a second.
    private static let lingerNanoseconds: Int64 = 50_000_000
    /// The size asked of the kernel for a pipe: fewer, larger reads.
    private static let pipeBytes: Int32 = 1 << 20
    /// Linux's number of the request, which glibc shows to GNU sources only.
    private static let setPipeSize: Int32 = 1_031

    /// - Parameters:
    ///   - name: what messages call it.
    ///   - source: what counters call it.
    ///   - tee: where all that is read goes as well.
    init(
        descriptor: Int32, name: String, source: String? = nil, tee: Tee? = nil
    ) throws(FileError) {
        self.descriptor = descriptor
        self.name = name
        self.source = source ?? name
        self.tee = tee
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw FileError(operation: "make a pipe for", path: name, code: errno)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        stopReader = ends[0]
        stopWriter = ends[1]
    }

    deinit {
        close(stopReader)
        close(stopWriter)
    }

    func stop() {
        var byte: UInt8 = 0
        _ = write(stopWriter, &byte, 1)
    }

    func run(in context: SourceContext) throws(FileError) {
        // Fails harmlessly where the descriptor is no pipe.
        _ = fcntl(descriptor, Self.setPipeSize, Self.pipeBytes)
        var chunker = LineChunker(outlet: context.outlet, source: source)
        defer { _ = chunker.finish() }
        var heldSince: Int64?
        while true {
            switch waitForInput(milliseconds: heldSince.map(remainingLinger) ?? -1) {
            case .stopped: return
            case .timedOut:
                // Half a line, whose rest may take for ever, stays with the chunker.
                guard chunker.sendLines() else { return }
                heldSince = nil
                continue
            case .ready: break
            }
            guard let room = chunker.room() else { return }
            let count = read(descriptor, room.baseAddress, room.count)
            if count == 0 { return }
            guard count > 0 else {
                if errno == EINTR || errno == EAGAIN { continue }
                throw FileError(operation: "read", path: name, code: errno)
            }
            tee?.write(ByteView(UnsafeRawBufferPointer(rebasing: room[..<count])), context)
            chunker.advance(count)
            if chunker.isFull {
                guard chunker.sendLines(keepingParts: true) else { return }
                heldSince = nil
            } else if heldSince == nil {
                heldSince = clock.monotonic()
            }
        }
    }

    /// The milliseconds until lines held since `start` are due, rounded up.
    private func remainingLinger(since start: Int64) -> Int32 {
        let rest = Self.lingerNanoseconds - (clock.monotonic() - start)
        return Int32(clamping: max(rest + 999_999, 0) / 1_000_000)
    }

    private enum Wait {
        case ready, timedOut, stopped
    }

    private func waitForInput(milliseconds: Int32) -> Wait {
        var descriptors = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stopReader, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&descriptors, 2, milliseconds)
            if count < 0, errno == EINTR { continue }
            if descriptors[1].revents != 0 { return .stopped }
            return count == 0 ? .timedOut : .ready
        }
    }
}
