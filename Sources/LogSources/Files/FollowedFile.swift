internal import LogSystem

/// A file that is followed: what is known of it, and how far it has been read.
final class FollowedFile {
    enum Phase: Equatable {
        /// Nobody knows yet whether it is a copy of another.
        case unexamined
        case following
        /// It is a copy of one that is there (`mark.link`), and waits for what becomes of that.
        case linked
        /// It cannot be read as lines.
        case refused
    }

    enum Presence: Equatable {
        /// It has a name that a pattern matches.
        case named
        /// It has another name in the same directory.
        case renamed
        /// It has no name that we know; only its descriptor holds it.
        case nameless
    }

    /// What is kept between the turns in which a file is examined.
    struct Examination {
        /// The size that the file had; of another, everything is to be looked at again.
        var size: Int
        var head: [UInt8]
        /// Contents of which it is no copy.
        var rejected: Set<FileContentID> = []
    }

    let key: FileKey
    var mark: FileMark
    var phase: Phase
    var presence = Presence.named
    /// The path that it can be opened by.
    var path: String
    var content: (any FileContent)?
    /// It was found only because it may hold what another has lost; without that nobody wants it.
    var isVisitor = false
    /// It has had another content, which was counted when it was found.
    var isContinued = false
    /// It was there when following began.
    var isFromBefore = false
    /// Size and time when it was last read to its end; nil before.
    var looked: TailStatus?
    /// Where reading ends, when it is not followed.
    var endOffset: Int?
    /// When something last came to it, or its name went (monotonic).
    var lastChange: Int64 = 0
    /// Bytes behind the offset that are no whole line.
    var heldBytes = 0
    /// Set to take them as a line, once the end is reached.
    var takesHalfLine = false
    var isQueued = false
    /// It has been read to its end, as far as is known.
    var isAtEnd = false
    /// Its head has been compared since it was opened.
    var isVerified = false
    /// It has lines in the chunk that is being filled.
    var isTouched = false
    /// When it was made, once it has been opened; 0 where nobody knows.
    var born: Int64 = 0
    /// The content that was cut off while it was open.
    var truncatedFrom: FileContentID?
    /// What is known while it is examined.
    var examination: Examination?
    /// Ascending in the order in which files were found.
    var serial = 0
    /// When it was last used, in turns.
    var lastUse = 0
    /// The trouble with it that was told.
    var trouble: String?

    init(key: FileKey, mark: FileMark, phase: Phase, path: String) {
        self.key = key
        self.mark = mark
        self.phase = phase
        self.path = path
    }

    /// The mark is that of a file that had the inode before.
    var hasOtherBirth: Bool { born != 0 && mark.born != 0 && born != mark.born }

    var contentID: FileContentID { FileContentID(key: key, generation: mark.generation) }

    /// The directory that it is in, without symbolic links.
    var directory: String { mark.place.directoryPart }

    /// What ties it to its copies: the directory, and the log that it is of.
    var family: String { mark.family }
}

extension FileMark {
    /// What a content's copies have in common: the directory and the log's name.
    var family: String { place.directoryPart + "/" + LogName.of(origin.namePart) }
}

/// A content that is gone from its inode: truncated, or deleted. Copies of it are known by its mark.
struct Ghost {
    let id: FileContentID
    var mark: FileMark
    /// When what may be lost of it is counted (monotonic); nil when nothing is.
    var doubtDue: Int64?
    /// Bytes that are known to be lost.
    var unreadBytes = 0

    var key: String { FileMark.key(id) }
}
