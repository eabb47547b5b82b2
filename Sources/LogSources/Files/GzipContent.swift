internal import LogBytes
internal import LogSystem

/// What is packed in a gzip file, unpacked while it is read.
///
/// It goes forward only; who asks for bytes that have gone by makes it begin again. The unpacked bytes that are kept are those
/// that were asked for last and a little before.
final class GzipContent: FileContent {
    private let file: any TailFile
    private var inflater: Inflater?
    /// The bytes of the file that the inflater has been given.
    private var packedOffset = 0
    /// The unpacked bytes that are kept, and the offset of the first.
    private var window: [UInt8] = []
    private var windowStart = 0
    private var piece = [UInt8](repeating: 0, count: pieceBytes)
    private(set) var damage: String?

    /// Read at once from the file (bytes).
    private static let packedBytes = 64 << 10
    /// Unpacked at once (bytes).
    private static let pieceBytes = 64 << 10
    /// Kept before what was asked for last (bytes): more than any mark compares.
    private static let keptBytes = 4 << 10

    /// The content of `file`, which begins with gzip's two bytes.
    init(_ file: any TailFile) { self.file = file }

    /// Whether a file that begins with these bytes is one.
    static func isGzip(_ start: [UInt8]) -> Bool { start.starts(with: [0x1F, 0x8B]) }

    var isPacked: Bool { true }

    func status() throws(FileError) -> TailStatus { try file.status() }

    func lag(_ status: TailStatus, from offset: Int) -> Int { max(status.size - packedOffset, 0) }

    private var windowEnd: Int { windowStart + window.count }

    func reach(_ offset: Int, budget: Int) throws(FileError) -> Reach {
        var left = budget
        while windowEnd < offset {
            guard left > 0 else { return .notYet }
            let before = windowEnd
            guard try unpack() else { return .ends(windowEnd) }
            left -= max(windowEnd - before, 1)
            dropFront(upTo: min(offset, windowEnd) - Self.keptBytes)
        }
        return .there
    }

    func read(
        _ front: UnsafeMutableRawBufferPointer, _ room: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileError) -> Int {
        if offset < windowStart { restart() }
        let wanted = front.count + room.count
        while windowEnd < offset + wanted, try unpack() {
            dropFront(upTo: min(offset, windowEnd) - Self.keptBytes)
        }
        let count = max(min(windowEnd - offset, wanted), 0)
        guard count > 0 else { return 0 }
        window.withUnsafeBytes { bytes in
            let source = bytes[(offset - windowStart)..<(offset - windowStart + count)]
            front.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(front.count)))
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.dropFirst(front.count)))
        }
        dropFront(upTo: offset - Self.keptBytes)
        return count
    }

    private func dropFront(upTo offset: Int) {
        let count = offset - windowStart
        // Moved in large steps only.
        guard count > Self.pieceBytes else { return }
        window.removeFirst(count)
        windowStart = offset
    }

    private func restart() {
        inflater = nil
        packedOffset = 0
        window.removeAll(keepingCapacity: true)
        windowStart = 0
        damage = nil
    }

    /// Unpacks some more; false at the present end.
    private func unpack() throws(FileError) -> Bool {
        if damage != nil { return false }
        let input = try file.bytes(at: packedOffset, Self.packedBytes)
        var produced = 0
        var consumed = 0
        do throws(InflateError) {
            // Followed in bounded pieces and kept by nobody, the output needs no limit.
            (consumed, produced) = try inflate(input, try makeInflater())
        } catch {
            damage = "\(error)"
            return false
        }
        packedOffset += consumed
        window += piece[..<produced]
        return consumed > 0 || produced > 0
    }

    private func makeInflater() throws(InflateError) -> Inflater {
        if let inflater { return inflater }
        let fresh = try Inflater(.gzip, limits: .none)
        inflater = fresh
        return fresh
    }

    private func inflate(
        _ input: [UInt8], _ inflater: Inflater
    ) throws(InflateError) -> (consumed: Int, produced: Int) {
        var failure: InflateError?
        let step = input.withView { view in
            piece.withUnsafeMutableBytes { room in
                do throws(InflateError) {
                    return try inflater.inflate(view, into: room)
                } catch {
                    failure = error
                    return (0, 0)
                }
            }
        }
        if let failure { throw failure }
        return step
    }
}
