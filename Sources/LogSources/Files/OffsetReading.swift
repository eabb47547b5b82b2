internal import LogSystem

/// Bytes that are read from wherever one wants: those of a file, or those that were packed in it.
protocol OffsetReading: AnyObject {
    /// Reads from `offset` on, first into `front`, then into `room`; the number read, fewer than asked for only at the present
    /// end. One call, so that nobody cuts the file between what is compared and what is taken.
    func read(
        _ front: UnsafeMutableRawBufferPointer, _ room: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileError) -> Int
}

extension OffsetReading {
    /// Up to `count` bytes from `offset`; fewer only at the present end.
    func bytes(at offset: Int, _ count: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(count, 0))
        var failure: FileError?
        let got = bytes.withUnsafeMutableBytes { buffer in
            do throws(FileError) {
                return try read(
                    buffer, UnsafeMutableRawBufferPointer(start: nil, count: 0), at: offset)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        bytes.removeLast(bytes.count - got)
        return bytes
    }
}
