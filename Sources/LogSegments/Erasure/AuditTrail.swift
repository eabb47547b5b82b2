internal import LogBytes
internal import LogJSON
internal import LogQuery
internal import LogRecords

/// Writes the records of one erasure, of class `weir-audit`; each is durable when its call returns.
///
/// They must outlive what was erased and must not keep it: an identifier in the filter is the very thing that somebody wanted
/// to be gone. So each value of the filter stands there as its SHA-256. Whoever has the identifier, as the one who answers
/// the request for erasure does, finds the record by `printf %s user_456 | sha256sum`; the record alone names nobody. (A
/// digest hides no value that can be guessed, such as a short number: the class is for those who may see such lines.)
/// The names of fields stay, so that people can read what was asked for.
struct AuditTrail {
    private let writer: StoreWriter
    private let classIndex: UInt8
    private let request: EraseRequest
    private let operatorName: EraseOperator
    private let batch = RecordBatch()
    private let started: Int64

    /// The records of the erasure `request`, which starts at the time `started`.
    init(
        _ writer: StoreWriter, _ policy: RetentionPolicy, _ request: EraseRequest,
        by operatorName: EraseOperator, started: Int64
    ) {
        self.writer = writer
        self.request = request
        self.operatorName = operatorName
        self.started = started
        guard let index = policy.index(of: RetentionPolicy.auditClass) else {
            preconditionFailure("BUG: a policy without weir's own classes")
        }
        classIndex = UInt8(index)
    }

    /// Records that the erasure begins.
    func start() throws(StoreError) {
        let classes = request.classes.sorted().joined(separator: ", ")
        try write(
            "erase_started", level: "INFO", at: started,
            message: "\(operatorName.user) erases lines of \(classes)"
        ) { _ in }
    }

    /// Records what came of it.
    ///
    /// - Parameter reasons: why matching lines may be left; empty when none are.
    func finish(_ report: EraseReport, reasons: [String], at time: Int64) throws(StoreError) {
        let isComplete = reasons.isEmpty
        let message = "\(report.total) lines erased" + (isComplete ? "" : "; some may be left")
        try write(
            isComplete ? "erase_finished" : "erase_failed", level: isComplete ? "INFO" : "ERROR",
            at: time, message: message
        ) { record in
            record.add("lines", report.total)
            record.add("bytes", report.rawBytes)
            record.add("segments_rewritten", report.segmentsRewritten)
            record.add("segments_removed", report.segmentsRemoved)
            if !isComplete { record.add("reasons", reasons) }
        }
    }

    private func write(
        _ event: String, level: String, at time: Int64, message: String,
        _ more: (inout AuditRecord) -> Void
    ) throws(StoreError) {
        var record = AuditRecord()
        record.add("timestamp", Timestamp.text(time, digits: 3))
        record.add("level", level)
        record.add("logger", "weir.audit")
        record.add("event", event)
        record.add("started", Timestamp.text(started, digits: 3))
        record.add("classes", request.classes.sorted())
        for (name, end) in [("since", request.timeRange.start), ("until", request.timeRange.end)]
        where !EraseTime.text(end).isEmpty {
            record.add(name, EraseTime.text(end))
        }
        record.add(
            "filter",
            request.filter.masked { "sha256:" + $0.withView { SHA256.hexadecimal($0) } })
        record.add("user", operatorName.user)
        if let sudoUser = operatorName.sudoUser { record.add("sudo_user", sudoUser) }
        record.add("host", operatorName.host)
        record.add("tool", operatorName.tool)
        more(&record)
        record.add("message", message)
        try append(record.line, at: time)
    }

    private func append(_ line: [UInt8], at time: Int64) throws(StoreError) {
        let chunk = ByteChunk(capacity: line.count, spareBytes: line.count)
        batch.reset(over: chunk, arrivalTime: time)
        line.withView { chunk.append($0) }
        batch.append(line: ByteView(chunk.base, line.count), readable: chunk.readableEnd)
        for row in 0..<batch.records.count {
            var record = batch.records[row]
            record.classIndex = classIndex
            batch.records[row] = record
        }
        try writer.append([batch])
        try writer.commit()
    }
}

/// An object of JSON on one line, member by member.
private struct AuditRecord {
    private var text = ""

    mutating func add(_ name: String, _ value: String) { add(name, raw: Self.quoted(value)) }

    mutating func add(_ name: String, _ value: Int) { add(name, raw: "\(value)") }

    mutating func add(_ name: String, _ values: [String]) {
        add(name, raw: "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    private mutating func add(_ name: String, raw value: String) {
        text += (text.isEmpty ? "{" : ",") + Self.quoted(name) + ":" + value
    }

    var line: [UInt8] { Array((text + "}").utf8) }

    private static func quoted(_ text: String) -> String {
        var out = ByteWriter(capacity: text.utf8.count + 8)
        text.withView { JSONText.quote($0, into: &out) }
        return out.view.text
    }
}
