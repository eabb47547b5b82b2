/// What a path says by itself, whatever stands beside it in a line.
final class PathMeaning {
    /// What a name, at the top or inside a container, stands for.
    struct Name {
        let aliases: [CanonicalAlias]
        let unit: ValueTransform?
        let isBareDuration: Bool

        /// Nil when the name says nothing.
        init?(_ name: String, _ aliases: [CanonicalAlias]) {
            self.aliases = aliases
            unit = DurationKey.unit(of: name)
            isBareDuration = unit == nil && DurationKey.isBare(name)
            if aliases.isEmpty, unit == nil, !isBareDuration { return nil }
        }
    }

    /// The number of the path among those that were asked for.
    let number: Int
    /// The path itself.
    let top: Name?
    /// The path without the container that it stands in.
    let content: Name?
    /// The names that logger signatures look for.
    let signature: LineSignature.Names
    /// Whether the path, or what it is in a container, is one that only requests have.
    let isRequest: Bool

    init(_ path: String, number: Int) {
        self.number = number
        let own = Self.names[path] ?? Known()
        top = Name(path, own.aliases)
        signature = own.signature
        guard path.utf8.contains(UInt8(ascii: ".")),
            let rest = FieldContainer.content(of: path)
        else {
            content = nil
            isRequest = own.isRequest
            return
        }
        let inner = Self.names[rest] ?? Known()
        content = Name(rest, inner.aliases)
        isRequest = own.isRequest || inner.isRequest
    }

    /// Whether the path says anything.
    var isOfInterest: Bool { top != nil || content != nil || !signature.isEmpty || isRequest }

    /// Every name that means something at the top of a line, or in a container.
    static let knownNames: [String] = Array(names.keys)

    /// What a name is known for.
    private struct Known {
        var aliases: [CanonicalAlias] = []
        var signature: LineSignature.Names = []
        var isRequest = false
    }

    /// Every name that means something: one look says what.
    private static let names: [String: Known] = {
        var names = CanonicalAlias.byPath.mapValues { Known(aliases: $0) }
        for name in LineSignature.Names.all {
            names[name, default: Known()].signature = LineSignature.Names(name)
        }
        for name in LineSignature.requestNames { names[name, default: Known()].isRequest = true }
        return names
    }()
}

/// The meanings of the paths that a table has seen: lines of ever new shapes have the same few paths. One thread uses them.
package final class PathMeanings {
    private var known: [String: PathMeaning] = [:]
    /// For each path the number of the line that had it last.
    private var lastLine: [Int] = []
    private var line = 0

    /// Nothing has been seen yet.
    package init() {}

    /// So many paths are remembered; then all are forgotten. Random keys must not fill memory.
    private static let pathsMax = 10_000

    /// Begins with a line: no path has been seen in it. Meanings given before stay valid.
    func beginLine() {
        if known.count > Self.pathsMax {
            known.removeAll()
            lastLine.removeAll()
        }
        line += 1
    }

    subscript(path: String) -> PathMeaning {
        if let meaning = known[path] { return meaning }
        let meaning = PathMeaning(path, number: lastLine.count)
        known[path] = meaning
        lastLine.append(0)
        return meaning
    }

    /// Notes the path as seen in this line. False when it had been already.
    func see(_ meaning: PathMeaning) -> Bool {
        if lastLine[meaning.number] == line { return false }
        lastLine[meaning.number] = line
        return true
    }
}
