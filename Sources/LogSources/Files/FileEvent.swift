/// What happens to files that are followed, as the counter `weir_file_events_total` names it.
enum FileEvent: String, CaseIterable {
    /// A file was seen that was not known.
    case found
    /// A file that was known from an earlier run is read on.
    case resumed
    /// It got another name.
    case rotated
    /// Its content is another, under the same name and inode: copytruncate, or somebody emptied it.
    case truncated
    /// Its inode belongs to another file now.
    case replaced
    /// Its last name is gone.
    case deleted
    /// A file was known as a copy of one that is read.
    case copied
    /// A compressed file was known as one that was read.
    case compressed
    /// Something may have been written to a file that nobody can read any more.
    case gap
    /// A last line without a newline was taken as a whole one.
    case halfLine = "half_line"
    /// A file could not be opened or read; it is tried again.
    case unreadable
    /// A compressed file is damaged; the lines before the damage are taken.
    case damaged
    /// A file is packed in a way that weir cannot unpack.
    case packed
    /// More files match than are followed.
    case tooMany = "too_many"
    /// The kernel dropped notices of changes; all files were looked at.
    case overflow
    /// A stored position could not be understood.
    case badPosition = "bad_position"
}
