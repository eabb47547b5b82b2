public import LogRecords

/// Something that `StoreCheck` found.
public struct CheckFinding: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: Sendable, Equatable {
        /// Bytes are not what weir wrote, or a file is missing.
        case damage
        /// Something lies there that weir did not put there.
        case foreign
        /// Worth knowing; nothing is wrong with what is stored.
        case notice
        /// It could not be looked at.
        case unchecked
    }

    /// How bad it is.
    public let severity: Severity
    /// The path of the file or directory.
    public let file: String
    /// The byte in the file, where it is one place.
    public let offset: Int?
    /// What is wrong.
    public let what: String
    /// What is lost by it; nil when nothing is, or nothing more than another finding says.
    public let loss: CheckLoss?
    /// What to do about it.
    public let advice: String
    /// What a repair does about it.
    let remedy: CheckRemedy

    init(
        _ severity: Severity, _ file: String, offset: Int? = nil, _ what: String,
        loss: CheckLoss? = nil, advice: String = "`weir check --repair` saves the rest",
        remedy: CheckRemedy = .none
    ) {
        self.severity = severity
        self.file = file
        self.offset = offset
        self.what = what
        self.loss = loss
        self.advice = advice
        self.remedy = remedy
    }
}

/// Lines that cannot be read any more, as far as is known.
public struct CheckLoss: Sendable, Equatable, CustomStringConvertible {
    /// How many lines; nil when nobody knows.
    public var lines: Int?
    /// Whether `lines` is only the most it can be.
    public var isUpperBound = false
    /// Whether `lines` is only the least it can be.
    public var isLowerBound = false
    /// Their class, if known.
    public var className: String?
    /// Their day, if known.
    public var day: CivilDate?
    /// The time of the earliest and the latest of them, if known.
    public var times: ClosedRange<Int64>?

    /// In words: `8,192 lines of class audit, 2025-01-18, from 12:00:00.000Z to 12:10:00.000Z`.
    public var description: String {
        var text =
            lines.map {
                "\(isUpperBound ? "at most " : isLowerBound ? "at least " : "")\($0) "
                    + "line\($0 == 1 ? "" : "s")"
            }
            ?? "an unknown number of lines"
        if let className { text += " of class \(className)" }
        if let times {
            text +=
                ", from \(Timestamp.text(times.lowerBound)) to \(Timestamp.text(times.upperBound))"
        } else if let day {
            text += ", \(day)"
        }
        return text
    }
}

/// What a repair does about a finding.
enum CheckRemedy: Sendable, Equatable {
    /// Nothing: there is nothing to do, or nothing that can be done.
    case none
    /// Writes the segment again without its damaged blocks.
    case rewrite
    /// Gives the file a name under which nobody reads it.
    case setAside
    /// Gives something that is not weir's a name that says so.
    case disown
    /// Moves the segment to the class and day that it says it belongs to.
    case move(PartitionKey)
    /// Gives the segment the name that its content asks for.
    case rename(SegmentID)
    /// Removes a temporary file.
    case removeFile
    /// Removes a segment whose lines are in another one, if that is still so.
    case removeSuperseded
    /// Removes an empty directory.
    case removeDirectory
    /// Seals what the journal holds, as a writer does that starts.
    case recover
    /// As `recover`, and keeps a copy of the journal file, which recovery would remove.
    case keepAndRecover
    /// Writes the small files of `state` again.
    case writeState
    /// Empties the lock file.
    case emptyLock
}

/// How far a check has come.
public struct CheckProgress: Sendable {
    /// The file that is being read.
    public let file: String
    /// Bytes read so far.
    public let bytes: Int
    /// Bytes there are to be read, as far as is known.
    public let totalBytes: Int
}

/// What a check came to.
public struct CheckSummary: Sendable {
    /// Files looked at.
    public internal(set) var files = 0
    /// Their bytes.
    public internal(set) var bytes = 0
    /// Lines that were decoded without fault.
    public internal(set) var lines = 0
    /// Lines known to be lost.
    public internal(set) var lostLines = 0
    /// Whether further lines are lost of which nobody knows how many they are.
    public internal(set) var losesUnknownLines = false
    /// What lies in `state`.
    public internal(set) var state = StateSummary()
    /// Findings by severity.
    public internal(set) var damages = 0, foreign = 0, notices = 0, unchecked = 0

    /// True when nothing is damaged, nothing foreign lies there, and everything could be looked at.
    public var isClean: Bool { damages == 0 && foreign == 0 && unchecked == 0 }

    mutating func count(_ finding: CheckFinding) {
        switch finding.severity {
        case .damage: damages += 1
        case .foreign: foreign += 1
        case .notice: notices += 1
        case .unchecked: unchecked += 1
        }
        if finding.severity == .damage, let loss = finding.loss, !loss.isUpperBound {
            lostLines += loss.lines ?? 0
            if loss.lines == nil || loss.isLowerBound { losesUnknownLines = true }
        }
    }
}
