internal import LogSystem

/// A pattern of paths as shells know them: `*`, `?` and `[a-z]` within a name, `**` for any number of directories, and
/// `{a,b}` for either. A name that begins with a dot is matched only by a pattern that says the dot.
struct PathPattern: Sendable {
    /// The pattern as it was given.
    let text: String
    /// Without braces; each is an absolute path, taken apart at its slashes.
    private let alternatives: [[Component]]

    private enum Component: Equatable {
        case literal(String)
        case pattern([UInt8])
        /// `**`
        case anyDepth
    }

    /// Directories below each other that `**` goes through: links may lead in circles.
    private static let depthMax = 32
    /// More alternatives than a person writes.
    private static let alternativesMax = 1_000

    /// The pattern `text`; relative ones begin at `directory`, an absolute path. A literal one is a path as it stands.
    init(_ text: String, in directory: String, isLiteral: Bool = false) {
        self.text = text
        let absolute = text.hasPrefix("/") ? text : directory + "/" + text
        if isLiteral {
            alternatives = [
                absolute.split(separator: "/").filter { $0 != "." }.map { .literal(String($0)) }
            ]
            return
        }
        alternatives = Self.withoutBraces(absolute).map { path in
            path.split(separator: "/").filter { $0 != "." }.map { part in
                if part == "**" { return .anyDepth }
                return Self.isPattern(part) ? .pattern(Array(part.utf8)) : .literal(String(part))
            }
        }
    }

    /// Whether it can match more than one path.
    var isPattern: Bool {
        alternatives.count > 1
            || alternatives.contains {
                $0.contains { if case .literal = $0 { false } else { true } }
            }
    }

    private static func isPattern(_ part: some StringProtocol) -> Bool {
        part.utf8.contains {
            $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[")
        }
    }

    private static func withoutBraces(_ text: String) -> [String] {
        var done: [String] = []
        var open = [text]
        while let next = open.popLast() {
            // The innermost braces first.
            guard let close = next.firstIndex(of: "}"),
                let start = next[..<close].lastIndex(of: "{"),
                next[start..<close].contains(","),
                open.count + done.count < alternativesMax
            else {
                done.append(next)
                continue
            }
            let inner = next[next.index(after: start)..<close]
            for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
                let end = next[next.index(after: close)...]
                open.append(String(next[..<start]) + String(part) + String(end))
            }
        }
        return done.reversed()
    }

    // MARK: Matching

    /// Whether it matches `path`, which is absolute.
    func matches(_ path: String) -> Bool {
        let parts = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        return alternatives.contains { Self.matches($0[...], parts[...]) }
    }

    private static func matches(
        _ components: ArraySlice<Component>, _ parts: ArraySlice<String>
    ) -> Bool {
        guard let first = components.first else { return parts.isEmpty }
        if first == .anyDepth {
            var rest = parts
            while true {
                if matches(components.dropFirst(), rest) { return true }
                guard let name = rest.popFirst(), !name.hasPrefix(".") else { return false }
            }
        }
        guard let name = parts.first, matches(first, name) else { return false }
        return matches(components.dropFirst(), parts.dropFirst())
    }

    private static func matches(_ component: Component, _ name: String) -> Bool {
        switch component {
        case .literal(let literal): literal == name
        case .pattern(let pattern): matches(pattern, Array(name.utf8))
        case .anyDepth: !name.hasPrefix(".")
        }
    }

    /// Whether a name matches: in linear time but for `*`, which goes back to its last place only.
    static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        if name.first == UInt8(ascii: "."), pattern.first != UInt8(ascii: ".") { return false }
        var at = 0
        var index = 0
        var star: (pattern: Int, name: Int)?
        while index < name.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                star = (at, index)
                at += 1
                continue
            }
            if let next = step(pattern, at, name[index]) {
                at = next
                index += 1
                continue
            }
            guard let last = star else { return false }
            star = (last.pattern, last.name + 1)
            at = last.pattern + 1
            index = last.name + 1
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The index behind the part of the pattern that matches one byte; nil when it does not.
    private static func step(_ pattern: [UInt8], _ at: Int, _ byte: UInt8) -> Int? {
        guard at < pattern.count else { return nil }
        switch pattern[at] {
        case UInt8(ascii: "?"): return at + 1
        case UInt8(ascii: "["): return bracket(pattern, at, byte)
        case UInt8(ascii: "\\") where at + 1 < pattern.count:
            return pattern[at + 1] == byte ? at + 2 : nil
        default: return pattern[at] == byte ? at + 1 : nil
        }
    }

    private static func bracket(_ pattern: [UInt8], _ start: Int, _ byte: UInt8) -> Int? {
        var at = start + 1
        let isNegated =
            at < pattern.count
            && (pattern[at] == UInt8(ascii: "!") || pattern[at] == UInt8(ascii: "^"))
        if isNegated { at += 1 }
        let first = at
        var isFound = false
        while at < pattern.count, pattern[at] != UInt8(ascii: "]") || at == first {
            var upper = pattern[at]
            let lower = upper
            if at + 2 < pattern.count, pattern[at + 1] == UInt8(ascii: "-"),
                pattern[at + 2] != UInt8(ascii: "]")
            {
                upper = pattern[at + 2]
                at += 2
            }
            if lower <= byte, byte <= upper { isFound = true }
            at += 1
        }
        // Without an end it is a bracket as any other character.
        guard at < pattern.count else { return byte == UInt8(ascii: "[") ? start + 1 : nil }
        return isFound != isNegated ? at + 1 : nil
    }

    // MARK: Looking for files

    /// The paths that match now, through `list`, which gives the entries of a directory; none for one that cannot be read.
    /// `visited` hears of every directory that may get a match.
    func expand(
        list: (String) -> [TailEntry], visited: (String) -> Void, isDirectory: (String) -> Bool
    ) -> [String] {
        var found: [String] = []
        for components in alternatives {
            expand("", components[...], 0, list, visited, isDirectory, &found)
        }
        return found
    }

    private func expand(
        _ directory: String, _ components: ArraySlice<Component>, _ depth: Int,
        _ list: (String) -> [TailEntry], _ visited: (String) -> Void,
        _ isDirectory: (String) -> Bool, _ found: inout [String]
    ) {
        guard let first = components.first else { return }
        let rest = components.dropFirst()
        let here = directory.isEmpty ? "/" : directory
        switch first {
        case .literal(let name):
            if rest.isEmpty {
                visited(here)
                found.append(directory + "/" + name)
            } else {
                expand(directory + "/" + name, rest, depth, list, visited, isDirectory, &found)
            }
        case .pattern(let pattern):
            visited(here)
            for entry in list(here) where Self.matches(pattern, Array(entry.name.utf8)) {
                let path = directory + "/" + entry.name
                if rest.isEmpty {
                    found.append(path)
                } else if entry.mayBeDirectory {
                    expand(path, rest, depth, list, visited, isDirectory, &found)
                }
            }
        case .anyDepth:
            expand(
                directory, rest.isEmpty ? [.pattern([UInt8(ascii: "*")])] : rest, depth, list,
                visited, isDirectory, &found)
            guard depth < Self.depthMax else { return }
            for entry in list(here) where entry.mayBeDirectory && !entry.name.hasPrefix(".") {
                let path = directory + "/" + entry.name
                guard isDirectory(path) else { continue }
                expand(path, components, depth + 1, list, visited, isDirectory, &found)
            }
        }
    }
}
