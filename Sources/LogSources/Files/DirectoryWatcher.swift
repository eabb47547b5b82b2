internal import LogSystem

/// Waits for changes in directories; a simulation has none and looks by itself.
protocol DirectoryWatcher: AnyObject {
    /// From now on tells of these directories, and of no others. False when not all of them can be watched.
    func watch(_ directories: Set<String>) -> Bool
    /// Waits until something changes, `wake` is called or the monotonic time `deadline` has come; then what has changed.
    func wait(until deadline: Int64) -> [DirectoryNotice]
    /// Ends a wait, now or the next; from any thread.
    func wake()
}

/// A change in a directory.
enum DirectoryNotice: Equatable {
    /// Something was written to, or cut from, what a path names.
    case written(String)
    /// What a path names has come, gone or got another name.
    case changed(String, isDirectory: Bool)
    /// Notices were lost, or a directory is gone: everything is to be looked at.
    case all
}
