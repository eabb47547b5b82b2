public import LogBytes
internal import LogJSON
internal import LogRecords

/// What an operator says about alerts. The command line writes commands as lines of JSON; a running weir applies each once.
public struct OperatorCommand: Equatable, Sendable {
    /// What is to be done.
    public enum Action: Equatable, Sendable {
        /// Somebody takes care of the alerts, until `end` if that is given.
        case acknowledge(AlertTarget, note: String, end: Int64?)
        /// Nobody takes care of them any more.
        case unacknowledge(AlertTarget)
        /// The alerts say what is not so.
        case markFalse(AlertTarget, reason: String)
        /// Alerts that match are not told for a time. A silence of the same id is replaced.
        case silence(Silence)
        /// A silence ends now.
        case expire(id: String, reason: String)
        /// Dead letters are tried again, as if they had come now.
        case resend(DeadLetters)
        /// Dead letters are forgotten.
        case discard(DeadLetters)
    }

    /// Identifies the command: given by its writer, never used again. A command that was applied is not applied twice.
    public var id: String
    /// When it was given, nanoseconds since the epoch.
    public var time: Int64
    /// Who gave it.
    public var actor: String
    /// What is to be done.
    public var action: Action

    /// A command.
    public init(id: String, time: Int64, actor: String, action: Action) {
        self.id = id
        self.time = time
        self.actor = actor
        self.action = action
    }
}

/// The alerts that a command is about.
public enum AlertTarget: Equatable, Sendable {
    /// One alert.
    case fingerprint(String)
    /// Every alert of this name.
    case name(String)

    /// The target that a word on the command line names: 16 hexadecimal digits are a fingerprint.
    public init(_ word: String) {
        let isFingerprint =
            word.utf8.count == 16 && word.utf8.allSatisfy { Hex.value($0) != nil }
        self = isFingerprint ? .fingerprint(word.lowercased()) : .name(word)
    }

    /// The word.
    public var text: String {
        switch self {
        case .fingerprint(let text), .name(let text): text
        }
    }
}

/// The dead letters that a command is about: notifications that were given up.
public struct DeadLetters: Equatable, Sendable {
    /// The channel that gave them up; nil for every channel.
    public var channel: String?
    /// Their numbers in the channel, as `weir alerts outbox` shows them; empty for all.
    public var numbers: [UInt64]

    /// Dead letters of a channel.
    public init(channel: String?, numbers: [UInt64] = []) {
        self.channel = channel
        self.numbers = numbers
    }

    /// They in words: `dead letters 3 and 7 of on-call/slack`.
    public var text: String {
        let which =
            switch numbers.count {
            case 0: "all dead letters"
            case 1: "dead letter \(numbers[0])"
            default: "dead letters " + numbers.map(String.init).joined(separator: ", ")
            }
        return which + (channel.map { " of \($0)" } ?? "")
    }
}

/// What became of dead letters that a command was about.
public enum DeadLetterOutcome: Equatable, Sendable {
    /// So many were found, and it was done.
    case done(Int)
    /// It was not done, for this reason.
    case refused(String)
}

/// Why a line is no command.
public struct OperatorCommandFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String

    /// A fault.
    public init(message: String) { self.message = message }

    /// The message.
    public var description: String { message }
}

extension OperatorCommand {
    /// The longest line of a command in bytes: a hundred matchers fit.
    static let lineBytesMax = 1 << 20

    /// The command as a line of JSON, without a newline.
    public var jsonLine: String {
        var json = JSONObjectWriter()
        json.add("id", text: id)
        json.add("time", text: Timestamp.text(time, digits: 9))
        json.add("actor", text: actor)
        switch action {
        case .acknowledge(let target, let note, let end):
            json.add("action", text: "acknowledge")
            json.add("alert", text: target.text)
            if !note.isEmpty { json.add("note", text: note) }
            if let end { json.add("end", text: Timestamp.text(end, digits: 9)) }
        case .unacknowledge(let target):
            json.add("action", text: "unacknowledge")
            json.add("alert", text: target.text)
        case .markFalse(let target, let reason):
            json.add("action", text: "mark_false")
            json.add("alert", text: target.text)
            json.add("reason", text: reason)
        case .silence(let silence):
            json.add("action", text: "silence")
            json.add("silence", raw: silence.json)
        case .expire(let silence, let reason):
            json.add("action", text: "expire")
            json.add("silence", text: silence)
            if !reason.isEmpty { json.add("reason", text: reason) }
        case .resend(let letters):
            json.add("action", text: "resend")
            Self.add(letters, to: &json)
        case .discard(let letters):
            json.add("action", text: "discard")
            Self.add(letters, to: &json)
        }
        return json.text
    }

    private static func add(_ letters: DeadLetters, to json: inout JSONObjectWriter) {
        if let channel = letters.channel { json.add("channel", text: channel) }
        guard !letters.numbers.isEmpty else { return }
        var list = JSONListWriter()
        // As texts: numbers of 64 bits do not survive all readers of JSON.
        for number in letters.numbers { list.add(text: String(number)) }
        json.add("letters", raw: list.text)
    }

    /// Reads a line that `jsonLine` wrote.
    public init(jsonLine: ByteView) throws(OperatorCommandFault) {
        guard jsonLine.count <= Self.lineBytesMax else {
            throw OperatorCommandFault(
                message: "a command has at most \(Self.lineBytesMax >> 20) MiB")
        }
        guard let members = SmallJSON(object: jsonLine) else {
            throw OperatorCommandFault(message: "a command is one JSON object on a line")
        }
        self.init(
            id: try members.required("id"), time: try members.requiredTime("time"),
            actor: try members.required("actor"), action: try Self.action(members))
        guard !id.isEmpty else { throw OperatorCommandFault(message: "the `id` is empty") }
    }

    private static func action(_ members: SmallJSON) throws(OperatorCommandFault) -> Action {
        switch try members.required("action") {
        case "acknowledge":
            return .acknowledge(
                AlertTarget(try members.required("alert")), note: members.text("note") ?? "",
                end: try members.time("end"))
        case "unacknowledge": return .unacknowledge(AlertTarget(try members.required("alert")))
        case "mark_false":
            return .markFalse(
                AlertTarget(try members.required("alert")),
                reason: try members.required("reason"))
        case "silence":
            guard let inner = members.object("silence") else {
                throw OperatorCommandFault(message: "`silence` is an object")
            }
            return .silence(try Silence(inner))
        case "expire":
            return .expire(
                id: try members.required("silence"), reason: members.text("reason") ?? "")
        case "resend": return .resend(try letters(members))
        case "discard": return .discard(try letters(members))
        case let word:
            throw OperatorCommandFault(
                message: "unknown action `\(word)`; there are acknowledge, unacknowledge, "
                    + "mark_false, silence, expire, resend, discard")
        }
    }

    private static func letters(_ members: SmallJSON) throws(OperatorCommandFault) -> DeadLetters {
        let channel = members.text("channel")
        var numbers: [UInt64] = []
        if members.has("letters") {
            // What cannot be read must not become "all of them".
            guard let texts = members.texts("letters"), !texts.isEmpty else {
                throw OperatorCommandFault(message: "`letters` is a list of numbers as texts")
            }
            for text in texts {
                guard let number = UInt64(text) else {
                    throw OperatorCommandFault(message: "`\(text)` is no number of a dead letter")
                }
                numbers.append(number)
            }
            guard channel != nil else {
                throw OperatorCommandFault(message: "the `channel` of the `letters` is missing")
            }
        }
        return DeadLetters(channel: channel, numbers: numbers)
    }
}
