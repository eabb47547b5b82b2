/// The name of a log behind the names that its rotated parts get.
///
/// `app.log`, `app.log.1`, `app.log.2.gz`, `app.log-20250101`, `app-2025-01-01.log` and `app.1.log` are all `app.log`: what
/// begins with a dot, dash or underscore and a digit, up to the next letter, says which part. Two files can only be copies of
/// each other when they are parts of one log, so only these are compared.
enum LogName {
    /// The log that the file `name` is of.
    static func of(_ name: some StringProtocol) -> String {
        var bytes = Array(name.utf8)
        for suffix in suffixes
        where bytes.count > suffix.count && bytes.suffix(suffix.count) == suffix[...] {
            bytes.removeLast(suffix.count)
        }
        var out: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if !out.isEmpty, isSeparator(bytes[index]), index + 1 < bytes.count,
                isDigit(bytes[index + 1])
            {
                index += 1
                while index < bytes.count, isDigit(bytes[index]) || isJoint(bytes, index) {
                    index += 1
                }
                continue
            }
            out.append(bytes[index])
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static let suffixes = [".gz", ".bak", ".old", ".tmp"].map { Array($0.utf8) }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// What joins the digits of a date and a time; a dot or dash in front of a letter belongs to what follows.
    private static func isJoint(_ bytes: [UInt8], _ index: Int) -> Bool {
        let byte = bytes[index]
        guard isSeparator(byte) || byte == UInt8(ascii: "T") || byte == UInt8(ascii: ":") else {
            return false
        }
        return index + 1 < bytes.count && isDigit(bytes[index + 1])
    }
}

extension String {
    /// The path of the directory that a path names something in; an absolute path has one.
    var directoryPart: String {
        guard let slash = lastIndex(of: "/"), slash != startIndex else { return "/" }
        return String(self[..<slash])
    }

    /// The name behind the last slash.
    var namePart: Substring {
        guard let slash = lastIndex(of: "/") else { return self[...] }
        return self[index(after: slash)...]
    }
}
