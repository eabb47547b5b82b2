/// Where the rules of time zones are read from. The reader of alert files touches no disk; whoever calls it says how.
public struct ZoneSource: Sendable {
    private let read: @Sendable (String) -> [UInt8]?

    /// Reads zones by `read`: the bytes of the zone file of a name like `Europe/Berlin`, or nil when there is none. The name
    /// `Local` asks for the machine's own zone. Names are relative paths without `..`, so `read` may put them behind
    /// `/usr/share/zoneinfo/`.
    public init(_ read: @escaping @Sendable (String) -> [UInt8]?) { self.read = read }

    /// No zones but UTC and fixed distances from it.
    public static let none = ZoneSource { _ in nil }

    /// The zone `name`, nil when there is no such zone or its file is damaged.
    func zone(_ name: String) -> ZoneRules? {
        if let fixed = ZoneRules.fixed(name) { return fixed }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    Character(UnicodeScalar(byte)).isLetter && byte < 0x80
                        || (0x30...0x39).contains(byte) || "+-_".utf8.contains(byte)
                }
        }
        guard isPlain, let file = read(name) else { return nil }
        return ZoneRules(name: name, file: file)
    }
}
