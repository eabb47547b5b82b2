public import LogSystem

/// What keeps a store from doing its work.
public enum StoreError: Error, Sendable, CustomStringConvertible {
    /// A file operation failed.
    case file(FileError)
    /// The disk is full; what was asked for did not happen, and can be asked for again.
    case full(FileError)
    /// Another process writes into the data directory.
    case inUse(directory: String)
    /// The data directory does not exist.
    case noDirectory(String)
    /// A file was written by a release that this one does not know.
    case unknownVersion(file: String, version: UInt32)
    /// Segments have more shapes or columns together than one may have.
    case tooManyShapes(file: String)
    /// The file that says how far files have been read is damaged, and what to do about that is for people to say.
    case positionsDamaged(file: String)
    /// A file cannot be read as what it should be.
    case damaged(file: String, offset: Int, what: String)

    /// What happened, where, and what to do about it.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .full(let error): error.description
        case .inUse(let directory):
            "the data directory \(directory) is in use by another weir; "
                + "stop that one, or name another directory with --data"
        case .noDirectory(let directory):
            "there is no data directory \(directory); "
                + "name one with --data or WEIR_DATA, or fill it with `weir ingest`"
        case .unknownVersion(let file, let version):
            "\(file) has format version \(version), which this release does not know; "
                + "use a newer weir (the file is left untouched)"
        case .tooManyShapes(let file):
            "\(file) has too many shapes or columns to be merged with its neighbours"
        case .positionsDamaged(let file):
            "\(file) is damaged: it says how far files have been read, and nothing is changed until "
                + "you say what is right for them; with `weir ingest --from start` files that are "
                + "there are read again from the beginning (lines stored already are there twice "
                + "then), with `--from end` what was written to them since the last run is left out; "
                + "or bring the file back from a backup"
        case .damaged(let file, let offset, let what):
            "\(file) is damaged at byte \(offset): \(what)"
        }
    }

    /// The error of a failed write: `full` where space is what was missing.
    static func writing(_ error: FileError) -> StoreError {
        error.isFull ? .full(error) : .file(error)
    }
}
