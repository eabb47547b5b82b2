/// Objects in which loggers put the fields of a call, beside those of their own.
///
/// Rust's tracing writes `{"timestamp":…,"level":…,"fields":{"message":…}}`, winston `{"message":…,"meta":{…}}`, loguru
/// `{"record":{"extra":{…}}}`: what stands in such an object means the same as at the top, and stands behind it.
enum FieldContainer {
    /// The paths of all containers, each with its dot behind.
    static let all = [
        "fields.", "@fields.", "meta.", "metadata.", "attributes.", "attrs.", "attr.",
        "extra.", "record.extra.", "record.", "context.", "contextMap.", "ctx.", "mdc.",
        "data.", "jsonPayload.", "Properties.", "State.", "labels.", "payload.", "req.",
        "request.", "res.", "response.", "http.", "log.", "event.", "record.metrics.",
    ]

    private static let prefixes = Dictionary(grouping: all) { String($0.prefix { $0 != "." }) }

    /// Containers whose names say something themselves: in them only names that can mean nothing else count.
    private static let telling: Set<String> = [
        "req.", "request.", "res.", "response.", "http.", "log.", "event.", "record.", "labels.",
        "payload.", "data.", "record.metrics.",
    ]

    /// What may mean something else than the line's own when it stands in `request.` or `data.`.
    private static let vague: Set<String> = [
        "time", "timestamp", "ts", "level", "severity", "message", "msg", "event", "name",
        "service", "status", "path", "url", "uri", "user", "id", "logger", "body", "text", "log",
        "date", "host", "app", "duration", "latency", "elapsed", "took", "_msg", "_time", "c", "s",
    ]

    /// The path inside the innermost known container, or nil.
    static func content(of path: String) -> String? {
        guard let dot = path.firstIndex(of: "."), let candidates = prefixes[String(path[..<dot])]
        else { return nil }
        var best: String?
        for prefix in candidates where path.hasPrefix(prefix) {
            if prefix.utf8.count > (best?.utf8.count ?? 0) { best = prefix }
        }
        guard let best else { return nil }
        let rest = String(path.dropFirst(best.count))
        return telling.contains(best) && vague.contains(rest) ? nil : rest
    }
}
