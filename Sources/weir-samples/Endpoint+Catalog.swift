extension Endpoint {
    /// All endpoints, the most popular first.
    static var catalog: [Endpoint] {
        popular + ordinary + rare
    }

    private static var popular: [Endpoint] {
        [
            Endpoint(
                .api, "/api/v1/workflows/execute", 125, .act, scatters: true,
                "Workflow executed successfully", "Workflow {id} executed in {few} steps",
                "Workflow {uuid} finished, {count} items processed"),
            Endpoint(
                .auth, "/api/v1/auth/token", 18, .act,
                "Token issued for {user}", "Token refreshed, valid for {few} minutes"),
            Endpoint(
                .search, "/api/v1/search", 42, .read, scatters: true,
                "Search for {phrase} returned {count} hits", "Search returned {count} hits"),
            Endpoint(
                .documents, "/api/v1/documents/get", 9, .read,
                "Document {id} read, {count} bytes", #"Document "{file}" served from cache"#),
            Endpoint(
                .api, "/api/v1/workflows/list", 31, .read,
                "Listed {few} workflows", "Listed {few} workflows of workspace {hex}"),
            Endpoint(
                .billing, "/api/v1/payments/charge", 160, .create, scatters: true,
                "Charged {decimal} EUR for order {id}", "Payment {uuid} captured"),
            Endpoint(
                .analytics, "/api/v1/events/ingest", 6, .create, "Accepted {count} events",
                "Accepted batch {uuid} of {few} events"),
            Endpoint(
                .engine, "/internal/v1/steps/run", 64, .act, scatters: true,
                "Step {few} of workflow {id} completed", "Step completed on worker {host}"),
            Endpoint(
                .api, "/api/v1/users/profile", 14, .read, "Profile of {user} loaded",
                "Profile loaded for {name}"),
            Endpoint(
                .notifications, "/api/v1/notifications/send", 55, .create, scatters: true,
                "Notification sent to {user} over email", "Push notification {hex} delivered"),
        ]
    }

    private static var ordinary: [Endpoint] {
        [
            Endpoint(.auth, "/api/v1/auth/session", 7, .read, "Session {hex} is valid"),
            Endpoint(
                .documents, "/api/v1/documents/upload", 140, .create, scatters: true,
                #"Stored "{file}" ({count} bytes)"#, "Stored document {uuid} for {name}"),
            Endpoint(
                .engine, "/internal/v1/queue/claim", 4, .act, "Claimed {few} jobs",
                "Claimed job {uuid}"),
            Endpoint(
                .api, "/api/v1/health", 2, .probe, isAnonymous: true, "Health check passed"),
            Endpoint(
                .search, "/api/v1/search/suggest", 8, .read, "Suggested {few} completions"),
            Endpoint(
                .analytics, "/api/v1/dashboards/query", 140, .read, scatters: true,
                "Dashboard query over {count} rows finished"),
            Endpoint(
                .billing, "/api/v1/invoices/list", 38, .read, "Listed {few} invoices"),
            Endpoint(
                .api, "/api/v1/projects/list", 24, .read, "Listed {few} projects for {name}"),
            Endpoint(
                .documents, "/api/v1/documents/update", 33, .act,
                "Document {id} updated to version {few}"),
            Endpoint(
                .notifications, "/api/v1/notifications/list", 16, .read,
                "Listed {few} notifications"),
            Endpoint(
                .engine, "/internal/v1/heartbeat", 1.5, .probe, isAnonymous: true,
                "Heartbeat from worker {host}"),
            Endpoint(
                .api, "/api/v1/workflows/create", 48, .create, "Workflow {phrase} created",
                "Workflow {id} created from template {few}"),
            Endpoint(
                .search, "/api/v1/search/index", 70, .create, scatters: true,
                "Indexed {count} documents"),
            Endpoint(.auth, "/api/v1/auth/logout", 9, .remove, "Session {hex} closed"),
            Endpoint(
                .billing, "/api/v1/subscriptions/get", 22, .read, "Subscription {id} is active"),
        ]
    }

    private static var rare: [Endpoint] {
        [
            Endpoint(
                .analytics, "/api/v1/reports/export", 200, .read, scatters: true,
                #"Exported {count} rows to "{file}""#),
            Endpoint(.api, "/api/v1/projects/create", 52, .create, "Project {id} created"),
            Endpoint(.documents, "/api/v1/documents/delete", 21, .remove, "Document {id} deleted"),
            Endpoint(
                .api, "/api/v1/workflows/delete", 29, .remove, "Workflow {id} deleted by {user}"),
            Endpoint(.auth, "/api/v1/auth/mfa", 34, .act, "Second factor accepted for {user}"),
            Endpoint(
                .billing, "/api/v1/payments/refund", 150, .create, scatters: true,
                "Refunded {decimal} EUR of order {id}"),
            Endpoint(
                .notifications, "/api/v1/webhooks/deliver", 95, .act, scatters: true,
                "Webhook {uuid} delivered to {host} on attempt {few}"),
            Endpoint(.api, "/api/v1/teams/members", 19, .read, "Listed {few} members"),
            Endpoint(
                .api, "/api/v1/teams/invite", 61, .create, "Invitation sent to {name}"),
            Endpoint(.search, "/api/v1/search/facets", 57, .read, "Counted {few} facets"),
            Endpoint(.analytics, "/api/v1/usage/summary", 88, .read, "Usage summed: {decimal} h"),
            Endpoint(
                .documents, "/api/v1/documents/share", 26, .act, #"Shared "{file}" with {name}"#),
            Endpoint(.auth, "/api/v1/auth/keys", 12, .create, "Key {hex} created"),
            Endpoint(
                .billing, "/api/v1/subscriptions/change", 75, .act, "Plan changed, {decimal} EUR"),
            Endpoint(
                .notifications, "/api/v1/preferences", 11, .act, "Preferences of {user} saved"),
        ]
    }
}
