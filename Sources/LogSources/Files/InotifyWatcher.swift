internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Notices of Linux's inotify, one watch a directory.
///
/// Where the kernel gives no inotify, or no more watches (`fs.inotify.max_user_watches`), it only waits, and says so: then
/// looking from time to time has to do.
final class InotifyWatcher: DirectoryWatcher, @unchecked Sendable {
    private let clock: any WallClock
    private let descriptor: Int32
    private let wakeReader: Int32
    private let wakeWriter: Int32
    private var watches: [Int32: String] = [:]
    private var watched: [String: Int32] = [:]
    private var buffer = [UInt8](repeating: 0, count: bufferBytes)

    /// Some thousand notices at once (bytes).
    private static let bufferBytes = 256 << 10
    /// A notice without its name.
    private static let noticeBytes = MemoryLayout<inotify_event>.size
    private static let mask =
        UInt32(IN_MODIFY) | UInt32(IN_CREATE) | UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
        | UInt32(IN_MOVED_TO) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)
        | UInt32(IN_ONLYDIR)

    init(clock: any WallClock) throws(FileError) {
        self.clock = clock
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw FileError(operation: "make a pipe for", path: "followed files", code: errno)
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wakeReader = ends[0]
        wakeWriter = ends[1]
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        close(wakeReader)
        close(wakeWriter)
    }

    func wake() {
        var byte: UInt8 = 0
        _ = write(wakeWriter, &byte, 1)
    }

    func watch(_ directories: Set<String>) -> Bool {
        guard descriptor >= 0 else { return false }
        for (directory, watch) in watched where !directories.contains(directory) {
            inotify_rm_watch(descriptor, watch)
            watched[directory] = nil
            watches[watch] = nil
        }
        var isComplete = true
        for directory in directories where watched[directory] == nil {
            let watch = inotify_add_watch(descriptor, directory, Self.mask)
            if watch >= 0 {
                watched[directory] = watch
                // Two paths of one directory share a watch; the first is the one that files are known by.
                if watches[watch] == nil { watches[watch] = directory }
            } else if errno != ENOENT, errno != ENOTDIR {
                // One that is not there yet is found by looking.
                isComplete = false
            }
        }
        return isComplete
    }

    func wait(until deadline: Int64) -> [DirectoryNotice] {
        var descriptors = [
            pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let rest = max(deadline - clock.monotonic(), 0)
        let count = poll(&descriptors, 2, Int32(clamping: (rest + 999_999) / 1_000_000))
        guard count > 0 else { return [] }
        if descriptors[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(wakeReader, &bytes, bytes.count)
        }
        return descriptors[1].revents == 0 ? [] : notices()
    }

    private func notices() -> [DirectoryNotice] {
        var notices: [DirectoryNotice] = []
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return notices }
            var offset = 0
            while offset + Self.noticeBytes <= count {
                let event = buffer.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                }
                let start = offset + Self.noticeBytes
                let end = min(start + Int(event.len), count)
                let name = buffer[start..<end].prefix { $0 != 0 }
                append(event, name, to: &notices)
                offset = end
            }
        }
    }

    private func append(
        _ event: inotify_event, _ name: ArraySlice<UInt8>, to notices: inout [DirectoryNotice]
    ) {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
            notices.append(.all)
            return
        }
        guard let directory = watches[event.wd] else { return }
        if event.mask & UInt32(IN_IGNORED) != 0 {
            watches[event.wd] = nil
            watched = watched.filter { $0.value != event.wd }
            notices.append(.changed(directory, isDirectory: true))
            return
        }
        guard !name.isEmpty else {
            notices.append(.changed(directory, isDirectory: true))
            return
        }
        let path =
            (directory == "/" ? "/" : directory + "/") + String(decoding: name, as: UTF8.self)
        let notice: DirectoryNotice =
            event.mask & UInt32(IN_MODIFY) != 0
            ? .written(path)
            : .changed(path, isDirectory: event.mask & UInt32(IN_ISDIR) != 0)
        // Writers that come again and again are one notice.
        if notices.last != notice { notices.append(notice) }
    }
}
