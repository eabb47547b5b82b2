/// RFC 8259 to the letter, one byte at a time: what `JSONScanner` is held against.
public struct PlainValidator {
    private let bytes: [UInt8]
    private var at = 0
    private let depthMax: Int

    /// Whether `bytes` are one JSON text whose containers are at most `depthMax` deep.
    public static func accepts(_ bytes: [UInt8], depthMax: Int = 128) -> Bool {
        var validator = PlainValidator(bytes: bytes, depthMax: depthMax)
        validator.space()
        guard validator.value(1) else { return false }
        validator.space()
        return validator.at == bytes.count
    }

    private init(bytes: [UInt8], depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[at...].starts(with: text.utf8) else { return false }
        at += text.utf8.count
        return true
    }

    private mutating func space() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
    }

    private mutating func value(_ depth: Int) -> Bool {
        switch next {
        case UInt8(ascii: "{"): return depth <= depthMax && object(depth)
        case UInt8(ascii: "["): return depth <= depthMax && array(depth)
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return take("true")
        case UInt8(ascii: "f"): return take("false")
        case UInt8(ascii: "n"): return take("null")
        default: return number()
        }
    }

    private mutating func object(_ depth: Int) -> Bool {
        at += 1
        space()
        if take("}") { return true }
        while true {
            guard string() else { return false }
            space()
            guard take(":") else { return false }
            space()
            guard value(depth + 1) else { return false }
            space()
            if take("}") { return true }
            guard take(",") else { return false }
            space()
        }
    }

    private mutating func array(_ depth: Int) -> Bool {
        at += 1
        space()
        if take("]") { return true }
        while true {
            guard value(depth + 1) else { return false }
            space()
            if take("]") { return true }
            guard take(",") else { return false }
            space()
        }
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        let first = at
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                return String(validating: bytes[first..<at - 1], as: UTF8.self) != nil
            case UInt8(ascii: "\\"): guard escape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let kind = next else { return false }
        at += 1
        guard kind == UInt8(ascii: "u") else {
            return "\"\\/bfnrt".utf8.contains(kind)
        }
        for _ in 0..<4 {
            guard let digit = next, "0123456789abcdefABCDEF".utf8.contains(digit) else {
                return false
            }
            at += 1
        }
        return true
    }

    private mutating func digits() -> Bool {
        let first = at
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
        return at > first
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0"), !digits() { return false }
        if take("."), !digits() { return false }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            return digits()
        }
        return true
    }
}
