/// The canonical fields of one shape, decided once from its paths.
public struct CanonicalMap: Sendable {
    private var slots: [FieldSlot?]
    /// Where else lines of this shape may have their time, in the order to ask, when the first place has none.
    let otherTimes: [FieldSlot]
    /// Where else lines of this shape may have their level.
    let otherLevels: [FieldSlot]

    /// A place for a canonical field; the lowest rank wins.
    private struct Candidate {
        let slot: FieldSlot
        let rank: Int
    }

    /// Fields inside a container stand behind those at the top, those of an envelope behind both, and what is guessed
    /// from text comes last.
    private static let containerRank = 1_000
    private static let envelopeRank = 10_000
    private static let guessRank = 20_000

    /// The mapping of a line that has these fields, in this order.
    ///
    /// - Parameters:
    ///   - inner: the fields of the application's own line; the others belong to an envelope (Docker, CRI, syslog), and serve
    ///     only where the line itself has nothing.
    ///   - format: how the line is written.
    ///   - meanings: remembers what paths mean.
    init(
        fields: [ShapeField], inner: Range<Int>, format: LineFormat,
        meanings known: PathMeanings = PathMeanings()
    ) {
        known.beginLine()
        let meanings = fields.map { known[$0.path] }
        let signature = LineSignature(fields: fields, inner: inner, meanings: meanings)
        var found = Found()
        // Of double keys the last one counts, as for JSON readers.
        for index in inner.reversed() where known.see(meanings[index]) {
            Self.addInner(fields, index, meanings[index], signature, &found)
        }
        for index in fields.indices where !inner.contains(index) {
            Self.addEnvelope(fields, index, format, &found)
        }
        if signature.contains(.clef), found.best[CanonicalField.level.rawValue] == nil,
            let time = found.best[CanonicalField.time.rawValue]
        {
            found.add(
                .level,
                Candidate(
                    slot: FieldSlot(field: time.slot.field, transform: .alwaysInformation),
                    rank: 0))
        }
        slots = found.best.map { $0?.slot }
        otherTimes = found.others(found.times)
        otherLevels = found.others(found.levels)
    }

    /// The candidates of a line: of most canonical fields the best, of time and level all.
    private struct Found {
        var best = [Candidate?](repeating: nil, count: CanonicalField.allCases.count)
        var times: [Candidate] = []
        var levels: [Candidate] = []

        mutating func add(_ field: CanonicalField, _ candidate: Candidate) {
            if field == .time { times.append(candidate) }
            if field == .level { levels.append(candidate) }
            if let known = best[field.rawValue], known.rank <= candidate.rank { return }
            best[field.rawValue] = candidate
        }

        func others(_ all: [Candidate]) -> [FieldSlot] {
            guard all.count > 1 else { return [] }
            return all.enumerated()
                .sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
                .dropFirst().map(\.element.slot)
        }
    }

    /// Where the canonical field stands, or nil when lines of this shape have none.
    public subscript(field: CanonicalField) -> FieldSlot? { slots[field.rawValue] }

    private static func addInner(
        _ fields: [ShapeField], _ index: Int, _ meaning: PathMeaning, _ signature: LineSignature,
        _ found: inout Found
    ) {
        let field = fields[index]
        if let name = meaning.top { add(name, fields, index, signature, 0, &found) }
        if let name = meaning.content {
            add(name, fields, index, signature, containerRank, &found)
        }
        let isText = field.path == CanonicalField.message.name && field.kind == .text
        if isText || field.kind == .wrappedLine {
            if field.kind == .wrappedLine {
                append(.message, index, .none, rank: containerRank, &found)
            }
            addText(index, &found)
        }
    }

    /// Adds what may stand in a line of text.
    private static func addText(_ index: Int, _ found: inout Found) {
        append(.time, index, .textTime, rank: guessRank, &found)
        append(.level, index, .textLevel, rank: guessRank, &found)
        append(.endpoint, index, .requestPath, rank: guessRank, &found)
        append(.status, index, .requestStatus, rank: guessRank, &found)
    }

    /// Adds what a field of this name, at the top or in a container, stands for.
    private static func add(
        _ name: PathMeaning.Name, _ fields: [ShapeField], _ index: Int,
        _ signature: LineSignature, _ rank: Int, _ found: inout Found
    ) {
        for alias in name.aliases
        where alias.accepts(fields[index].kind, signature) {
            let transform = alias.adjusted(for: fields, index)
            append(alias.field, index, transform, rank: rank + alias.rank, &found)
        }
        if let unit = name.unit {
            append(.duration, index, unit, rank: rank + DurationKey.namedUnitRank, &found)
        } else if name.isBareDuration {
            let isToken = fields[index].kind.isToken
            let known = signature.durationUnit
            // Without a unit in its text a number says nothing.
            guard known != nil || !isToken else { return }
            append(
                .duration, index, known ?? .durationWithUnit,
                rank: rank + DurationKey.bareRank, &found)
        }
    }

    private static func addEnvelope(
        _ fields: [ShapeField], _ index: Int, _ format: LineFormat,
        _ found: inout Found
    ) {
        let rank = envelopeRank
        switch fields[index].path {
        case "time", "timestamp": append(.time, index, .none, rank: rank, &found)
        case "priority": append(.level, index, .syslogPriority, rank: rank, &found)
        case "app_name": append(.service, index, .none, rank: rank, &found)
        case CanonicalField.message.name:
            append(.message, index, .none, rank: rank, &found)
            addText(index, &found)
        case "prefix":
            append(.time, index, .textTime, rank: guessRank, &found)
            append(.level, index, .textLevel, rank: guessRank, &found)
        default: break
        }
    }

    private static func append(
        _ field: CanonicalField, _ index: Int, _ transform: ValueTransform, rank: Int,
        _ found: inout Found
    ) {
        found.add(
            field, Candidate(slot: FieldSlot(field: index, transform: transform), rank: rank))
    }
}

extension ValueKind {
    /// Whether the value is a JSON number, literal or array, and no string.
    var isToken: Bool { self == .token || self == .embeddedToken }
}
