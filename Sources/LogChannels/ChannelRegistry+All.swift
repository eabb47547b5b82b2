public import LogAlerting

extension ChannelRegistry {
    /// Every channel that weir has: one file and one line each.
    public static let all = ChannelRegistry([
        StandardOutputKind(), FileKind(), WebhookKind(), SlackKind(), PagerDutyKind(), EmailKind(),
        AlertmanagerKind(), TemplatedHTTPKind(), CommandKind(),
    ])
}
