internal import LogSystem

/// Which files are followed, and with what patience.
struct FollowOptions: Sendable {
    var patterns: [PathPattern]
    /// Where files that are there at the start and were never read before begin.
    var from = FileStart.start
    /// Whether it goes on when the present end of all files is reached.
    var isFollowing = true
    var sizes = FileMark.Sizes()
    /// A file that has lost its name is released when nothing has come to it for so long: writers go on for a while, until
    /// somebody tells them to open the new one (nanoseconds).
    var graceNanoseconds: Int64 = 5_000_000_000
    /// A last line without a newline is taken as it is when nothing has come to it for so long (nanoseconds). A writer that
    /// pauses inside a line is rare; one that never ends its last line is rarer.
    var halfLineNanoseconds: Int64 = 30_000_000_000
    /// Lines that may have been lost are counted when no copy of them has turned up after so long (nanoseconds).
    var doubtNanoseconds: Int64 = 3_000_000_000
    /// Files that are open at once; of more, those that nothing has come to for longest are closed and opened again.
    var openFilesMax = 512
    /// Files followed at once; of more, the further ones are counted and left alone.
    var filesMax = 20_000
    /// Marks of contents that are gone; the oldest beyond these go. They serve to know a compressed copy, which comes soon.
    var ghostsMax = 10_000
    /// Such a mark is kept for so long (seconds): rotated files are packed the next day, or the next week.
    var ghostSeconds: Int64 = 8 * 86_400
    /// Bytes unpacked in one turn, before it is the turn of other files.
    var unpackBytes = 8 << 20

    init(patterns: [PathPattern]) { self.patterns = patterns }
}

/// Where a file that was never read before begins.
public enum FileStart: String, Sendable, CaseIterable {
    /// At its first byte.
    case start
    /// At its present end, or where the line begins that is being written.
    case end
}
