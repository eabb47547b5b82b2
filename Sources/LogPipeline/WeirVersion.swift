/// The version of this weir.
public enum WeirVersion {
    /// As `--version` and health answers show it.
    public static let text = "0.1.0"
}
