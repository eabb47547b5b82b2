extension AlertNotification.Alert {
    /// An alert of these parts, as the outbox stores them.
    public init(
        name: String, isFiring: Bool, labels: [String: String], annotations: [String: String],
        severity: Severity?, value: Double, threshold: Double, unit: ValueUnit, subject: String,
        window: Int64, startTime: Int64, endTime: Int64?, fingerprint: String, query: String = "",
        lines: [String] = [], acknowledgedBy: String? = nil
    ) {
        self.name = name
        self.isFiring = isFiring
        self.labels = labels
        self.annotations = annotations
        self.severity = severity
        self.value = value
        self.threshold = threshold
        self.unit = unit
        self.subject = subject
        self.window = window
        self.startTime = startTime
        self.endTime = endTime
        self.fingerprint = fingerprint
        self.query = query
        self.lines = lines
        self.acknowledgedBy = acknowledgedBy
    }
}
