import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A terminal for a process of a test: what the process takes for one, and what it wrote there.
final class PseudoTerminal {
    struct Unavailable: Error { let code: Int32 }

    /// `TIOCSPTLCK` and `TIOCGPTN` of Linux, which Swift does not see.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private let master: Int32
    /// The end that the process is given.
    let slave: FileHandle
    private var collected: [UInt8] = []

    /// A terminal of so many columns.
    init(columns: UInt16) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: CInt = 0
        var number: CUnsignedInt = 0
        guard master >= 0, ioctl(master, Self.setLock, &locked) == 0,
            ioctl(master, Self.getNumber, &number) == 0
        else { throw Unavailable(code: errno) }
        let end = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard end >= 0 else { throw Unavailable(code: errno) }
        slave = FileHandle(fileDescriptor: end, closeOnDealloc: true)
        // Line ends stay as they are written.
        var settings = termios()
        tcgetattr(end, &settings)
        settings.c_oflag &= ~tcflag_t(OPOST)
        tcsetattr(end, TCSANOW, &settings)
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(end, UInt(TIOCSWINSZ), &size)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
    }

    deinit { close(master) }

    /// All that was written up to now.
    var text: String {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(master, &buffer, buffer.count)
            if count <= 0 { break }
            collected += buffer.prefix(count)
        }
        return String(decoding: collected, as: UTF8.self)
    }
}
