public import LogBytes

/// Bytes at a place in a text, whatever they mean: what a store asks of the stored values of lines.
public final class BytesMatcher: ValueMatcher, @unchecked Sendable {
    /// Where the bytes stand.
    public enum Place: String, Hashable, Sendable {
        case anywhere, atStart, atEnd, alone
    }

    private let bytes: [UInt8]
    private let place: Place

    /// `bytes` at `place`.
    public init(_ bytes: [UInt8], _ place: Place) {
        self.bytes = bytes
        self.place = place
        super.init(
            syntax: "\(place.rawValue) \(Quoting.quoted(bytes.withView(\.text)))", cost: .search)
    }

    /// Whether the bytes stand at their place in `text`.
    public override func matches(_ text: ByteView) -> Bool {
        bytes.withView { bytes in
            switch place {
            case .anywhere: text.firstIndex(of: bytes) != nil
            case .atStart: text.hasPrefix(bytes)
            case .atEnd: text.hasSuffix(bytes)
            case .alone: text == bytes
            }
        }
    }

    /// The bytes, where nothing else stands beside them.
    public override var onlyTexts: [[UInt8]]? { place == .alone ? [bytes] : nil }
    /// The bytes.
    public override var literals: [[UInt8]] { bytes.isEmpty ? [] : [bytes] }
    /// Bytes anywhere in a part are in the whole.
    public override var matchesByParts: Bool { place == .anywhere }
}
