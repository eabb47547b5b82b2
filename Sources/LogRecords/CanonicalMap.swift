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
    init(fields: [ShapeField], inner: Range<Int>, format: LineFormat) {
        var found = [[Candidate]](repeating: [], count: CanonicalField.allCases.count)
        let signature = LineSignature(fields: fields, inner: inner)
        // Of double keys the last one counts, as for JSON readers.
        var seen = Set<String>()
        for index in fields.indices.reversed() where inner.contains(index) {
            guard seen.insert(fields[index].path).inserted else { continue }
            Self.addInner(fields, index, signature, &found)
        }
        for index in fields.indices where !inner.contains(index) {
            Self.addEnvelope(fields, index, format, &found)
        }
        if signature.contains(.clef), found[CanonicalField.level.rawValue].isEmpty,
            let time = found[CanonicalField.time.rawValue].min(by: { $0.rank < $1.rank })
        {
            found[CanonicalField.level.rawValue].append(
                Candidate(
                    slot: FieldSlot(field: time.slot.field, transform: .alwaysInformation),
                    rank: 0))
        }
        let sorted = found.map { $0.sorted { $0.rank < $1.rank }.map(\.slot) }
        slots = sorted.map(\.first)
        otherTimes = Array(sorted[CanonicalField.time.rawValue].dropFirst())
        otherLevels = Array(sorted[CanonicalField.level.rawValue].dropFirst())
    }

    /// Where the canonical field stands, or nil when lines of this shape have none.
    public subscript(field: CanonicalField) -> FieldSlot? { slots[field.rawValue] }

    private static func addInner(
        _ fields: [ShapeField], _ index: Int, _ signature: LineSignature,
        _ found: inout [[Candidate]]
    ) {
        let field = fields[index]
        add(field.path, fields, index, signature, 0, &found)
        if let rest = FieldContainer.content(of: field.path) {
            add(rest, fields, index, signature, containerRank, &found)
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
    private static func addText(_ index: Int, _ found: inout [[Candidate]]) {
        append(.time, index, .textTime, rank: guessRank, &found)
        append(.level, index, .textLevel, rank: guessRank, &found)
        append(.endpoint, index, .requestPath, rank: guessRank, &found)
        append(.status, index, .requestStatus, rank: guessRank, &found)
    }

    /// Adds what a field of this name, at the top or in a container, stands for.
    private static func add(
        _ name: String, _ fields: [ShapeField], _ index: Int, _ signature: LineSignature,
        _ rank: Int, _ found: inout [[Candidate]]
    ) {
        for alias in CanonicalAlias.byPath[name] ?? []
        where alias.accepts(fields[index].kind, signature) {
            let transform = alias.adjusted(for: fields, index)
            append(alias.field, index, transform, rank: rank + alias.rank, &found)
        }
        if let unit = DurationKey.unit(of: name) {
            append(.duration, index, unit, rank: rank + DurationKey.namedUnitRank, &found)
        } else if DurationKey.isBare(name) {
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
        _ found: inout [[Candidate]]
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
        _ found: inout [[Candidate]]
    ) {
        found[field.rawValue].append(
            Candidate(slot: FieldSlot(field: index, transform: transform), rank: rank))
    }
}

extension ValueKind {
    /// Whether the value is a JSON number, literal or array, and no string.
    var isToken: Bool { self == .token || self == .embeddedToken }
}
