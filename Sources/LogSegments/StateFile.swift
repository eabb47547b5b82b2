internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSystem

/// A small file of `DATA/state`: lines of text, and behind them a line with their checksum.
///
///     … the text, which ends with a newline …
///     # crc32c 1a2b3c4d
///
/// Snapshots (`StateSnapshot`) are files of `state`, too, and no text.
///
/// The last line is a comment to whoever reads the text. A file without it, or with another sum, is not to be trusted: a policy
/// of which a bit has changed, or whose end is missing, would delete lines that should be kept.
struct StateFile: Sendable {
    /// The name in `DATA/state`.
    let name: String
    /// What it is to people.
    let meaning: String
    /// Whether every data directory has it.
    var isInAll = true
    /// What to do about a damaged one; nil where weir itself writes it again.
    var advice: String?
    /// Set for a snapshot, which is no text.
    var isSnapshot = false
    /// What is wrong with the text, or nil.
    let fault: @Sendable (String) -> String?

    /// All of them. Who adds a file to `state` adds it here, or a check calls it foreign.
    static let all =
        [
            StateFile(name: "retention.conf", meaning: "the classes of the last `weir ingest`") {
                text in
                do throws(RetentionError) {
                    _ = try RetentionPolicy(text: text, file: "retention.conf")
                    return nil
                } catch {
                    return error.description
                }
            },
            StateFile(name: "clock", meaning: "when the last writer was seen") { text in
                let line = Array(text.prefix { $0 != "\n" }.utf8)
                return line.withView { NumberText.integer($0) } == nil ? "it holds no time" : nil
            },
            StateFile(
                name: "positions", meaning: "how far files and requests have been read",
                isInAll: false
            ) {
                PositionTable.parse($0) == nil ? "it holds no positions" : nil
            },
            StateFile(
                name: AccessKeys.fileName, meaning: "who may send and search lines", isInAll: false,
                advice: "move it away and make the keys anew with `weir keys add`"
            ) {
                AccessKeys.parse($0) == nil ? "it holds no keys" : nil
            },
        ]
        + StateSnapshot.Kind.allCases.map { kind in
            StateFile(
                name: kind.rawValue, meaning: kind.meaning, isInAll: false,
                advice:
                    "move it away: they start anew with the next `weir ingest`, no line is lost",
                isSnapshot: true
            ) { _ in nil }
        }

    private static let mark = "# crc32c "
    private static let digits = 8

    /// `text` and the line with its checksum.
    static func sealed(_ text: String) -> [UInt8] {
        let text = text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
        return Array((text + mark + checksum(text) + "\n").utf8)
    }

    /// The text of a file without the checksum's line, and whether the checksum is right: nil where there is none.
    static func opened(_ bytes: [UInt8]) -> (text: String, isRight: Bool?) {
        let endBytes = mark.utf8.count + digits + 1
        guard bytes.count >= endBytes else { return (String(decoding: bytes, as: UTF8.self), nil) }
        let text = String(decoding: bytes.dropLast(endBytes), as: UTF8.self)
        let wanted = Array((mark + checksum(text) + "\n").utf8)
        let wrong = zip(wanted, bytes.suffix(endBytes)).count { $0 != $1 }
        if wrong == 0 { return (text, true) }
        // A wrong sum differs in its digits, and a byte that was flipped in the line itself in one more.
        if wrong <= digits + 1 { return (text, false) }
        return (String(decoding: bytes, as: UTF8.self), nil)
    }

    /// The text of a file; nil when it is damaged.
    static func text(_ bytes: [UInt8]) -> String? {
        let (text, isRight) = opened(bytes)
        return isRight == true ? text : nil
    }

    private static func checksum(_ text: String) -> String {
        let sum = String(text.withView { Checksum.crc32c($0) }, radix: 16)
        return String(repeating: "0", count: max(0, digits - sum.count)) + sum
    }

    /// What is wrong with the file; nil when nothing is, or when it is missing and either `isNeeded` or `isInAll` is not set.
    func check(_ path: String, _ fileSystem: any FileSystem, isNeeded: Bool) -> CheckFinding? {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try fileSystem.readAll(path)
        } catch {
            guard error.isMissing else {
                return CheckFinding(.unchecked, path, "\(error)", advice: "")
            }
            return isNeeded && isInAll ? finding(path, nil, "the file is missing") : nil
        }
        if isSnapshot { return StateSnapshot.fault(bytes).map { finding(path, 0, $0) } }
        let (text, isRight) = Self.opened(bytes)
        if let fault = fault(text) { return finding(path, 0, fault) }
        switch isRight {
        case true?: return nil
        case false?: return finding(path, 0, "it does not have the checksum in its last line")
        case nil:
            return finding(
                path, bytes.count, "it does not end with its checksum: cut short, or edited")
        }
    }

    private func finding(_ path: String, _ offset: Int?, _ what: String) -> CheckFinding {
        CheckFinding(
            .damage, path, offset: offset, "\(what) (\(meaning))",
            advice: advice
                ?? "the next `weir ingest --retention FILE`, or `weir check --repair`, writes it again",
            remedy: advice == nil ? .writeState : .none)
    }
}
