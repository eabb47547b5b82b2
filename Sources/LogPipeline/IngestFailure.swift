public import LogSegments

/// Lines that were read and could not be stored.
public struct IngestFailure: Error, CustomStringConvertible {
    /// Why.
    public let cause: StoreError
    /// How many of the lines that were taken from the sources are not stored; further ones may wait in the sources.
    public let linesLost: Int

    /// What happened, and what is safe.
    public var description: String {
        let lost = linesLost > 0 ? "the last \(linesLost) lines read are NOT stored; " : ""
        return "\(cause); \(lost)all lines before are safe"
    }
}
