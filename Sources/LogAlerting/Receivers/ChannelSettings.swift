internal import LogQuery
internal import LogRecords
internal import Yams

/// One entry of a `…_configs` list, or a mapping in it, as the kind reads it: typed, key by key.
///
/// Keys that nobody has asked for when the kind is done are unknown, and told with the nearest key that exists. Errors
/// name the line and the column, and never show a secret.
public final class ChannelSettings {
    let yaml: YAMLReader
    let node: Node
    /// What the settings are of: `slack_configs of the receiver `team``.
    public let what: String
    /// What `global:` says.
    public let globals: GlobalSettings
    let secrets: SecretSource
    private var values: [(key: String, keyNode: Node, value: Node)] = []
    private var known: Set<String> = []
    private var inner: [ChannelSettings] = []
    private var acceptsAll = false

    init(
        _ node: Node, what: String, yaml: YAMLReader, globals: GlobalSettings,
        secrets: SecretSource
    ) throws(AlertFileError) {
        self.yaml = yaml
        self.node = node
        self.what = what
        self.globals = globals
        self.secrets = secrets
        // `- {}` and an entry that is nothing but a dash are settings without any.
        if let scalar = node.scalar, scalar.string.isEmpty { return }
        guard let mapping = node.mapping else {
            throw yaml.fault(node, "\(what) is a mapping of settings")
        }
        for (key, value) in mapping {
            values.append((try yaml.text(key, "a key of \(what)"), key, value))
        }
    }

    /// Lets every key pass.
    func acceptAll() { acceptsAll = true }

    /// Keys that other programs know and that have no meaning here.
    public func accept(_ keys: String...) { known.formUnion(keys) }

    /// Keys that begin like these and have no meaning here.
    func acceptPrefixes(_ prefixes: [String]) {
        for (key, _, _) in values where prefixes.contains(where: { key.hasPrefix($0) }) {
            known.insert(key)
        }
    }

    /// Tells of keys that nobody asked for.
    func finish() throws(AlertFileError) {
        if acceptsAll { return }
        for (key, keyNode, _) in values where !known.contains(key) {
            let guess = Spelling.nearest(to: key, in: known.sorted())
                .map { "; did you mean `\($0)`?" }
            let all = known.sorted().map { "`\($0)`" }.joined(separator: ", ")
            throw yaml.fault(
                keyNode, "unknown key `\(key)` in \(what)" + (guess ?? "; there are \(all)"))
        }
        for settings in inner { try settings.finish() }
    }

    /// Whether the key is there.
    public func has(_ key: String) -> Bool { value(key) != nil }

    /// An error at the value of `key`, or at the entry where the key is missing.
    public func fault(_ key: String?, _ message: String) -> AlertFileError {
        yaml.fault(key.flatMap { value($0) } ?? node, message)
    }

    func value(_ key: String) -> Node? {
        known.insert(key)
        return values.first { $0.key == key }?.value
    }

    // MARK: Texts

    /// The text of `key`.
    public func text(_ key: String) throws(AlertFileError) -> String? {
        guard let node = value(key) else { return nil }
        return try yaml.text(node, "`\(key)`")
    }

    /// The text of `key`, which must be there.
    public func required(_ key: String) throws(AlertFileError) -> String {
        guard let text = try text(key), !text.isEmpty else {
            throw fault(nil, "\(what) has no `\(key)`")
        }
        return text
    }

    /// The texts of a list, or the one text that stands in its place.
    public func texts(_ key: String) throws(AlertFileError) -> [String] {
        guard let node = value(key) else { return [] }
        if node.scalar != nil { return [try yaml.text(node, "`\(key)`")] }
        var result: [String] = []
        for item in try yaml.sequence(node, "`\(key)`") {
            result.append(try yaml.text(item, "an entry of `\(key)`"))
        }
        return result
    }

    /// The names and texts of a mapping, in its order.
    public func pairs(_ key: String) throws(AlertFileError) -> [(name: String, text: String)] {
        guard let node = value(key) else { return [] }
        guard let mapping = node.mapping else {
            throw yaml.fault(node, "`\(key)` is a mapping of names to texts")
        }
        var result: [(name: String, text: String)] = []
        for (name, text) in mapping {
            let name = try yaml.text(name, "a name in `\(key)`")
            result.append((name, try yaml.text(text, "`\(name)` in `\(key)`")))
        }
        return result
    }

    // MARK: Other values

    /// `true` or `false`.
    public func flag(_ key: String) throws(AlertFileError) -> Bool? {
        guard let text = try text(key) else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw fault(key, "`\(key)` is true or false, not `\(text)`")
        }
    }

    /// A whole number within `range`.
    public func number(
        _ key: String, in range: ClosedRange<Int>
    ) throws(AlertFileError) -> Int? {
        guard let text = try text(key) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw fault(
                key,
                "`\(key)` is a number from \(range.lowerBound) to \(range.upperBound), not `\(text)`"
            )
        }
        return number
    }

    /// A duration in nanoseconds, at least `least`.
    public func duration(
        _ key: String, atLeast least: Int64 = 1
    ) throws(AlertFileError) -> Int64? {
        guard let text = try text(key) else { return nil }
        guard let duration = DurationText.parse(text), duration >= least else {
            throw fault(
                key,
                "`\(key)` is a duration of at least \(DurationText.text(least)), as in `30s`, "
                    + "not `\(text)`")
        }
        return duration
    }

    /// One of `words`.
    public func word(_ key: String, of words: [String]) throws(AlertFileError) -> String? {
        guard let text = try text(key) else { return nil }
        guard words.contains(text) else {
            let list = words.map { "`\($0)`" }.joined(separator: ", ")
            throw fault(key, "`\(key)` is one of \(list), not `\(text)`")
        }
        return text
    }

    /// The mapping under `key`.
    public func group(_ key: String) throws(AlertFileError) -> ChannelSettings? {
        guard let node = value(key) else { return nil }
        return try settings(node, "`\(key)` in \(what)")
    }

    /// The mappings of the list under `key`.
    public func groups(_ key: String) throws(AlertFileError) -> [ChannelSettings] {
        guard let node = value(key) else { return [] }
        var result: [ChannelSettings] = []
        for item in try yaml.sequence(node, "`\(key)`") {
            result.append(try settings(item, "an entry of `\(key)` in \(what)"))
        }
        return result
    }

    private func settings(_ node: Node, _ what: String) throws(AlertFileError) -> ChannelSettings {
        let settings = try ChannelSettings(
            node, what: what, yaml: yaml, globals: globals, secrets: secrets)
        inner.append(settings)
        return settings
    }

    // MARK: Secrets

    /// The secret under `key`, in the file that `key_file` names, or in those of `global:`; nil where nobody gives one.
    public func secret(
        _ key: String, global globalKey: String? = nil
    ) throws(AlertFileError) -> Secret? {
        let fileKey = key + "_file"
        let path = try text(fileKey)
        if let text = try text(key) {
            guard path == nil else {
                throw fault(fileKey, "\(what) has `\(key)` and `\(fileKey)`; one of them is enough")
            }
            guard !text.isEmpty else { throw fault(key, "`\(key)` is empty") }
            return Secret(text)
        }
        guard let path else { return globalKey.flatMap { globals.secret($0) } }
        let secret = Secret(file: path, source: secrets)
        do throws(SecretError) {
            _ = try secret.reveal()
        } catch {
            throw fault(fileKey, error.message)
        }
        return secret
    }
}
