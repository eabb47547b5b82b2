import Foundation
import TestSupport
import Testing

/// A journal of systemd's in a folder of a test's own, made by systemd's own tool.
struct TestJournal {
    /// The folder, and the file in it.
    let folder: String
    let file: String
    private let scratch: Scratch

    /// Where `make clients` has unpacked the tools.
    static let tools = Checkout.root.appending(path: ".build/clients/journal")
    static let remote = tools.appending(path: "lib/systemd/systemd-journal-remote").path
    static let upload = tools.appending(path: "lib/systemd/systemd-journal-upload").path
    /// What they need to run from there, by their names.
    static let environment = [
        "LD_LIBRARY_PATH": tools.appending(path: "usr/lib/x86_64-linux-gnu").path,
        "PATH": tools.appending(path: "lib/systemd").path + ":/usr/bin:/bin",
    ]

    static var isThere: Bool { ClientProgram.all("journalctl", remote, upload) }

    /// A journal with the entries of `numbers`.
    init(in scratch: Scratch, _ numbers: Range<Int>) throws {
        self.scratch = scratch
        folder = scratch.fresh("journal").path
        file = folder + "/test.journal"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try append(numbers)
    }

    /// Adds entries, as journald adds them to a journal that somebody reads.
    func append(_ numbers: Range<Int>) throws {
        let text = scratch.fresh("export")
        try Data(numbers.flatMap { Self.export($0) }).write(to: text)
        let result = try WeirProcess.Running(
            ["-o", file, text.path], in: scratch, executable: Self.remote,
            environment: Self.environment
        ).wait()
        #expect(result.status == 0, "\(result.errors)")
    }

    /// What the message of entry `number` says: it has all that a careless reader breaks.
    static func message(_ number: Int) -> String {
        "line \(number) \"quoted\"\tümläut <b> 100% {x} \\\nsecond\n\nfourth \u{1B}[31mred"
    }

    /// Entry `number` in the export format: a field that comes twice, one that is no text, and the message.
    private static func export(_ number: Int) -> [UInt8] {
        let time = 1_737_201_600_000_000 + number * 1_000
        var bytes = Array(
            """
            __REALTIME_TIMESTAMP=\(time)
            __MONOTONIC_TIMESTAMP=\(1_000 + number)
            _BOOT_ID=6c7c6013a26343b29e964691ff25d04c
            PRIORITY=4
            _HOSTNAME=shop
            _SYSTEMD_UNIT=app.service
            SYSLOG_IDENTIFIER=app
            N=\(number)
            TAG=a
            TAG=b=c

            """.utf8)
        for (name, value) in [
            ("MESSAGE", Array(message(number).utf8)), ("RAW", [0xFF, 0x00, 0x0A, 0x41]),
        ] {
            bytes += Array("\(name)\n".utf8)
            bytes += withUnsafeBytes(of: UInt64(value.count).littleEndian) { Array($0) }
            bytes += value + [10]
        }
        return bytes + [10]
    }

    // MARK: What is expected

    /// The objects that `journalctl -o json` shows, by their number.
    func objects() throws -> [Int: NSDictionary] {
        let shown = try WeirProcess.Running(
            ["-D", folder, "-o", "json", "--all"], in: scratch,
            executable: ClientProgram.path("journalctl") ?? ""
        ).wait()
        return Self.objects(shown.lines.map(String.init))
    }

    /// The objects of JSON lines, by their number; nothing where a number comes twice.
    static func objects(_ lines: [String]) -> [Int: NSDictionary] {
        var found: [Int: NSDictionary] = [:]
        for line in lines {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            guard let object = object as? NSDictionary, let text = object["N"] as? String,
                let number = Int(text), found[number] == nil
            else { return [:] }
            found[number] = object
        }
        return found
    }
}
