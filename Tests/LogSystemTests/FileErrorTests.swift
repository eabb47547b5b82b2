import Glibc
import LogSystem
import Testing

@Suite struct FileErrorTests {
    @Test func anErrorSaysWhatWhereWhyAndWhatToDo() {
        func check(_ operation: String, _ code: Int32, _ want: String) {
            let error = FileError(operation: operation, path: "/d/f", code: code)
            #expect("\(error)" == want)
        }
        check("open", ENOENT, "cannot open /d/f: No such file or directory")
        check(
            "write", ENOSPC,
            "cannot write /d/f: No space left on device; free space on that file system")
        check(
            "write", EDQUOT,
            "cannot write /d/f: Disk quota exceeded; free space on that file system")
        check("open", EACCES, "cannot open /d/f: Permission denied; check its owner and mode")
        check(
            "remove", EPERM, "cannot remove /d/f: Operation not permitted; check its owner and mode"
        )
        check(
            "open", ELOOP,
            "cannot open /d/f: Too many levels of symbolic links; it is a symbolic link, "
                + "which weir does not follow there")
        check(
            "rename", EROFS,
            "cannot rename /d/f: Read-only file system; the file system is mounted read-only")
        check(
            "fsync", EIO,
            "cannot fsync /d/f: Input/output error; the device reports a fault, "
                + "check the kernel's log")
    }

    @Test func fullAndMissingAreToldApart() {
        func check(_ code: Int32, isFull: Bool, isMissing: Bool) {
            let error = FileError(operation: "write", path: "f", code: code)
            #expect(error.isFull == isFull, "\(error)")
            #expect(error.isMissing == isMissing, "\(error)")
        }
        check(ENOSPC, isFull: true, isMissing: false)
        check(EDQUOT, isFull: true, isMissing: false)
        check(EFBIG, isFull: true, isMissing: false)
        check(ENOENT, isFull: false, isMissing: true)
        check(EIO, isFull: false, isMissing: false)
        check(ENOTDIR, isFull: false, isMissing: false)
    }
}
