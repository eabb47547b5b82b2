/// Lines that say who did what to which resource.
struct AuditLines {
    /// An action, where it is logged, and the resource as a template.
    private struct Action {
        var name: StaticString
        var service: Service
        var resource: MessageTemplate
        var message: MessageTemplate
    }

    private let actions = [
        Action(
            name: "workflow.create", service: .api, resource: "workflow/{id}",
            message: "Workflow created from template {few}"),
        Action(
            name: "workflow.delete", service: .api, resource: "workflow/{id}",
            message: "Workflow deleted, {few} runs kept"),
        Action(
            name: "member.invite", service: .api, resource: "team/{hex}",
            message: "{name} invited with role \"editor\""),
        Action(
            name: "role.change", service: .auth, resource: "user/{user}",
            message: "Role changed from \"viewer\" to \"admin\""),
        Action(
            name: "key.revoke", service: .auth, resource: "key/{hex}",
            message: "Key revoked after {count} uses"),
        Action(
            name: "document.share", service: .documents, resource: "document/{uuid}",
            message: #"Document "{file}" shared with {name}"#),
        Action(
            name: "plan.change", service: .billing, resource: "subscription/{id}",
            message: "Plan changed, {decimal} EUR a month"),
        Action(
            name: "export.download", service: .analytics, resource: "export/{uuid}",
            message: "Export of {count} rows downloaded from {ip}"),
        Action(
            name: "setting.update", service: .notifications, resource: "setting/{few}",
            message: "Setting \"digest\" changed by {name}"),
    ]

    /// Appends a line up to the end of its message.
    func append(
        at time: Instant, trace: TraceID, to buffer: inout LineBuffer,
        using random: inout RandomSource
    ) {
        let action = actions[random.below(actions.count)]
        buffer.appendHead(time, level: "INFO", service: action.service)
        buffer.append(",\"logger\":\"audit\",\"audit\":true")
        trace.append(to: &buffer)
        buffer.append(",\"actor\":\"")
        UserDirectory.append(to: &buffer, using: &random)
        buffer.append("\",\"action\":\"")
        buffer.append(action.name)
        buffer.append("\",\"resource\":\"")
        action.resource.append(to: &buffer, using: &random)
        buffer.append("\",\"message\":\"")
        action.message.append(to: &buffer, using: &random)
    }
}
