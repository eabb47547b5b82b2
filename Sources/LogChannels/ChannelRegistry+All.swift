public import LogAlerting

extension ChannelRegistry {
    /// Every channel that weir has: one file and one line each.
    public static let all = ChannelRegistry([
        StandardOutputKind(), WebhookKind(), SlackKind(), PagerDutyKind(), CommandKind(),
    ])
}
