/// A text that nobody may see: a password, a key, an address with a token in it.
///
/// It stands in the alert file, comes there from the environment (`${NAME}`), or stays in a file of its own that is read
/// anew for each use, so that it can be changed while weir runs. Printed or dumped it is `<secret>`.
public struct Secret: Equatable, Sendable {
    private enum Origin: Equatable, Sendable {
        case text(String)
        case file(String)
    }

    private let origin: Origin
    private let source: SecretSource

    /// The secret `text`.
    public init(_ text: String) {
        origin = .text(text)
        source = .none
    }

    /// The secret in the file at `path`.
    init(file path: String, source: SecretSource) {
        origin = .file(path)
        self.source = source
    }

    /// The text itself. Whoever gets it neither stores nor shows it.
    public func reveal() throws(SecretError) -> String {
        switch origin {
        case .text(let text): return text
        case .file(let path):
            let text = String(try source.file(path).drop(while: \.isWhitespace))
            let end = text.lastIndex { !$0.isWhitespace }
            guard let end else { throw SecretError(message: "the secret file \(path) is empty") }
            let trimmed = String(text[...end])
            guard !trimmed.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
            else {
                throw SecretError(
                    message: "the secret in \(path) has more than one line, or control characters")
            }
            return trimmed
        }
    }

    /// Whether both come from the same place with the same text.
    public static func == (left: Secret, right: Secret) -> Bool { left.origin == right.origin }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Not the text.
    public var description: String { "<secret>" }
    /// Not the text.
    public var debugDescription: String { "<secret>" }
    /// Nothing, so that `dump` shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a secret cannot be had. It says where it should be, never what it is.
public struct SecretError: Error, Equatable, Sendable {
    /// What is wrong and what to do.
    public let message: String

    /// An error with this message.
    public init(message: String) { self.message = message }
}

/// Where the files of secrets are read.
public struct SecretSource: Sendable {
    /// The text of a file that only its owner can read.
    public let file: @Sendable (String) throws(SecretError) -> String

    /// A source of its own.
    public init(file: @escaping @Sendable (String) throws(SecretError) -> String) {
        self.file = file
    }

    /// A source without any.
    public static let none = SecretSource { (path) throws(SecretError) in
        throw SecretError(message: "\(path) cannot be read here")
    }
}
