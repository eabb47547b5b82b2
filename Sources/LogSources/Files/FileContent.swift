internal import LogBytes
internal import LogSystem

/// The lines' bytes of an open file: its own, or those that were packed in it.
protocol FileContent: OffsetReading {
    /// Whether it is unpacked while it is read.
    var isPacked: Bool { get }
    func status() throws(FileError) -> TailStatus
    /// Goes to `offset` with at most `budget` bytes of work.
    func reach(_ offset: Int, budget: Int) throws(FileError) -> Reach
    /// Bytes of the file behind `offset`, as the file system counts them.
    func lag(_ status: TailStatus, from offset: Int) -> Int
    /// What is wrong with the content, if anything is: nothing comes behind its present end.
    var damage: String? { get }
}

/// How far a content reaches.
enum Reach: Equatable {
    case there
    /// There is more work to do before that is known.
    case notYet
    /// Its present end comes before.
    case ends(Int)
}

extension FileContent {
    /// Whether the mark is good for this content, which reaches its offset.
    func has(_ mark: FileMark) throws(FileError) -> Bool {
        guard try hasHead(mark) else { return false }
        return try hasTail(mark)
    }

    func hasHead(_ mark: FileMark) throws(FileError) -> Bool {
        let start = try bytes(at: 0, mark.head.length)
        return ContentHash(start) == mark.head
    }

    func hasTail(_ mark: FileMark) throws(FileError) -> Bool {
        let length = mark.tail.length
        let last = try bytes(at: mark.offset - length, length)
        return ContentHash(last) == mark.tail
    }
}

/// A file as it is.
final class PlainContent: FileContent {
    private let file: any TailFile

    init(_ file: any TailFile) { self.file = file }

    var isPacked: Bool { false }

    var damage: String? { nil }

    func status() throws(FileError) -> TailStatus { try file.status() }

    func reach(_ offset: Int, budget: Int) throws(FileError) -> Reach {
        let size = try file.status().size
        return size >= offset ? .there : .ends(size)
    }

    func read(
        _ front: UnsafeMutableRawBufferPointer, _ room: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileError) -> Int { try file.read(front, room, at: offset) }

    func lag(_ status: TailStatus, from offset: Int) -> Int { max(status.size - offset, 0) }
}
