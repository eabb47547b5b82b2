internal import LogBytes
internal import LogJSON
internal import LogRecords

/// Alerts that match are not told for a time.
public struct Silence: Equatable, Sendable {
    /// Identifies it; given by its writer.
    public var id: String
    /// The alerts; all matchers hold.
    public var matchers: [LabelMatcher]
    /// When it begins, nanoseconds since the epoch.
    public var start: Int64
    /// When it ends; the end belongs to it no more.
    public var end: Int64
    /// Who made it.
    public var creator: String
    /// Why.
    public var comment: String

    /// A silence.
    public init(
        id: String, matchers: [LabelMatcher], start: Int64, end: Int64, creator: String,
        comment: String
    ) {
        self.id = id
        self.matchers = matchers
        self.start = start
        self.end = end
        self.creator = creator
        self.comment = comment
    }

    /// Whether a silence stands.
    public enum State: String, Sendable {
        case pending, active, expired
    }

    /// Whether it stands at `time`.
    public func state(at time: Int64) -> State {
        time < start ? .pending : time < end ? .active : .expired
    }

    /// Why it cannot be used; nil when it can.
    var fault: String? {
        if id.isEmpty { return "a silence needs an id" }
        if matchers.isEmpty { return "a silence needs matchers" }
        if start >= end { return "a silence ends after it begins" }
        // As in Alertmanager: what matches alerts without any label silences everything by mistake.
        if matchers.allSatisfy({ $0.holds("") }) {
            return "the silence \(matchers.text) would match every alert; name a label, as in "
                + "`service=api`"
        }
        return nil
    }

    /// The silence as a JSON object.
    public var json: String {
        var json = JSONObjectWriter()
        json.add("id", text: id)
        var list = JSONListWriter()
        for matcher in matchers { list.add(text: matcher.description) }
        json.add("matchers", raw: list.text)
        json.add("startsAt", text: Timestamp.text(start, digits: 9))
        json.add("endsAt", text: Timestamp.text(end, digits: 9))
        json.add("createdBy", text: creator)
        json.add("comment", text: comment)
        return json.text
    }

    /// Reads what `json` wrote.
    init(_ members: SmallJSON) throws(OperatorCommandFault) {
        guard let texts = members.texts("matchers") else {
            throw OperatorCommandFault(message: "`matchers` is a list of texts")
        }
        var matchers: [LabelMatcher] = []
        for text in texts {
            do throws(LabelMatcher.Fault) {
                matchers += try LabelMatcher.parse(text)
            } catch {
                throw OperatorCommandFault(message: error.message)
            }
        }
        self.init(
            id: try members.required("id"), matchers: matchers,
            start: try members.requiredTime("startsAt"), end: try members.requiredTime("endsAt"),
            creator: members.text("createdBy") ?? "", comment: members.text("comment") ?? "")
    }
}

/// Somebody takes care of an alert.
public struct Acknowledgement: Equatable, Sendable {
    /// The command that said so.
    public var id: String
    /// Who.
    public var actor: String
    /// What they say about it.
    public var note: String
    /// Since when, nanoseconds since the epoch.
    public var time: Int64
    /// Until when; nil until the alert is over.
    public var end: Int64?
    /// Whether the alert was marked as false, for the reason `note`.
    public var isFalsePositive: Bool
}
