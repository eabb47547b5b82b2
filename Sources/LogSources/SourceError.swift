/// An argument that names no source.
public struct SourceError: Error, CustomStringConvertible, Equatable {
    /// What is wrong, and what would be right.
    public let description: String

    /// An error of these words.
    public init(_ description: String) { self.description = description }
}
