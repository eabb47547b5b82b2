/// The messages that depend on the status rather than on the endpoint.
struct StatusMessages {
    /// A call that succeeded but took this many milliseconds gets a warning.
    static let slowMilliseconds = 2000

    private let slow: [MessageTemplate] = [
        "Slow request: finished after retry {few} of the connection pool",
        "Slow request: waited {ms} ms for a connection from {host}",
        "Slow request: {count} rows scanned without an index",
    ]
    private let byStatus: [Int: [MessageTemplate]] = [
        304: ["Not modified since revision {hex}"],
        400: [
            #"Invalid request body: unexpected token at offset {count}"#,
            #"Invalid parameter "limit": {count} is above the maximum of 500"#,
            #"Missing required field "workflow_id""#,
        ],
        401: ["Token expired {ms} ms ago", "Missing bearer token from {ip}"],
        403: [
            "{user} lacks the permission to write project {id}",
            #"Role "viewer" may not do this in workspace {hex}"#,
        ],
        404: [
            "Resource {uuid} not found", "No workflow with id {id}", #"File "{file}" not found"#,
        ],
        409: [
            "Version conflict on document {id}: expected {few}, found {few}",
            "A workflow named {phrase} exists already",
        ],
        422: [
            #"Validation failed: "email" is not an address (field {few} of {few})"#,
            "Validation failed: amount {decimal} is not positive after the discount",
        ],
        429: [
            "Rate limit exceeded: {count} requests from {ip} in 60 s",
            "Quota of workspace {hex} is used up; retry after {few} s",
        ],
        500: [
            "Unhandled exception: KeyError 'plan_{id}'",
            "Database error: deadlock detected between processes {port} and {port}",
            #"panic: invalid state "{hex}" in step {few}"#,
            "Unhandled exception: division by zero in rule {id}",
            "Could not decode event {uuid}: unexpected end of input",
        ],
        502: [
            "Bad gateway: connection refused by {ip}:{port}",
            "Bad gateway: {host} closed the connection early",
        ],
        503: [
            "Service unavailable: circuit breaker open for {host}",
            "Service unavailable: connection pool exhausted ({few} waiting)",
            "Service unavailable: no healthy upstream, {few} ejected",
        ],
        504: [
            "Upstream timeout after 5000 ms from {host}",
            "Gateway timeout: {ip}:{port} did not answer",
            "Database timeout: statement cancelled after {ms} ms, {count} rows read",
        ],
    ]

    /// The templates for a status below 600, by status; empty where the endpoint speaks.
    private let templates: [[MessageTemplate]]

    init() {
        let byStatus = byStatus
        templates = (0..<600).map { byStatus[$0] ?? [] }
    }

    /// The messages for such an answer, or none if the endpoint's own are to be used.
    func templates(status: Int, milliseconds: Int) -> [MessageTemplate] {
        if status < 300, milliseconds > Self.slowMilliseconds { return slow }
        return templates[status]
    }
}
