public import LogSegments

/// The alert file of the weir that runs on a data directory, so that commands beside it mean the same rules and routes.
public enum AlertFilePath {
    static let section = "alert-file"

    /// Its path; nil where it runs with weir's own rules, or none ever ran.
    public static func read(_ directory: String) throws(StoreError) -> String? {
        path(try StateSnapshot.read(.alerts, directory: directory))
    }

    static func path(_ snapshot: StateSnapshot?) -> String? {
        snapshot?[section].map { String(decoding: $0, as: UTF8.self) }
    }
}
