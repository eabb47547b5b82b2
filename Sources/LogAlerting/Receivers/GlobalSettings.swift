internal import Yams

/// What `global:` says: settings that receivers have when they say nothing themselves, under Alertmanager's names.
public struct GlobalSettings: Sendable {
    private var texts: [String: String] = [:]
    private var flags: [String: Bool] = [:]
    private var secrets: [String: Secret] = [:]
    private var durations: [String: Int64] = [:]

    /// Settings that say nothing.
    public init() {}

    /// Texts.
    private static let textKeys = [
        "pagerduty_url", "smtp_from", "smtp_smarthost", "smtp_hello", "smtp_auth_username",
        "smtp_auth_identity",
    ]
    /// Secrets, each with a `_file` variant.
    private static let secretKeys = ["slack_api_url", "smtp_auth_password", "smtp_auth_secret"]
    /// Settings of kinds of receivers that weir does not have. They do nothing, as in Alertmanager without such a receiver.
    private static let foreignPrefixes = [
        "victorops_", "opsgenie_", "wechat_", "webex_", "telegram_", "jira_", "rocketchat_",
        "mattermost_", "slack_app_",
    ]

    static func read(
        _ node: Node?, yaml: YAMLReader, secrets source: SecretSource
    ) throws(AlertFileError) -> GlobalSettings {
        var result = GlobalSettings()
        guard let node else { return result }
        let settings = try ChannelSettings(
            node, what: "`global`", yaml: yaml, globals: result, secrets: source)
        for key in textKeys { result.texts[key] = try settings.text(key) }
        for key in secretKeys { result.secrets[key] = try settings.secret(key) }
        result.flags["smtp_require_tls"] = try settings.flag("smtp_require_tls")
        result.durations["resolve_timeout"] = try settings.duration("resolve_timeout")
        if settings.has("http_config") {
            throw settings.fault(
                "http_config", "`http_config` stands in the receivers, not in `global`")
        }
        settings.acceptPrefixes(foreignPrefixes)
        try settings.finish()
        return result
    }

    /// The text under `key`.
    public func text(_ key: String) -> String? { texts[key] }
    /// The truth under `key`.
    public func flag(_ key: String) -> Bool? { flags[key] }
    /// The duration under `key`, in nanoseconds.
    public func duration(_ key: String) -> Int64? { durations[key] }
    /// The secret under `key` or in its file.
    public func secret(_ key: String) -> Secret? { secrets[key] }
}
