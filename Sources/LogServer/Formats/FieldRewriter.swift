internal import LogBytes
internal import LogJSON
internal import LogRecords

/// Applies a request's parameters to lines that are JSON objects.
///
/// A line that says already what the parameters want stays as it is, byte for byte: where `_time_field=@timestamp` names the
/// field that weir reads the time from anyway, nothing is written. Elsewhere a member is renamed where it stands, or left
/// out, and all other members keep their text.
final class FieldRewriter {
    private let parameters: FieldParameters
    private let dropped: [String]
    private var out = ByteWriter(capacity: 1 << 10)
    private var isChanged = false
    /// What each key of the latest lines means, by its place in the line: lines of one logger have the same keys.
    private var memo: [(key: [UInt8], rule: Rule)] = []

    /// What is known of a top-level key.
    private struct Rule {
        /// The place of the key among the fields asked for, by what for.
        var time: Int?
        var message: Int?
        /// Its rank among the names that weir reads the time, or the message, from.
        var timeRank: Int?
        var messageRank: Int?
        var isDropped = false
        /// Something below it may be dropped or asked for.
        var isPrefix = false
    }

    /// A wanted field that was found.
    private struct Found {
        var order = Int.max
        var rank: Int?
        var key: ByteView = .empty
        var value: ByteView = .empty
        var isNested = false
        /// The best rank of all keys of the line.
        var bestRank = Int.max

        /// Whether weir would not take this field by itself.
        var mustName: Bool { order < .max && (rank.map { $0 > bestRank } ?? true) }
    }

    init(_ parameters: FieldParameters) {
        self.parameters = parameters
        dropped = parameters.ignored + parameters.extra.map(\.name)
    }

    /// The line as it is to be stored; valid until the next call. A line that is no JSON object stays as it is.
    func rewrite(_ line: ByteView) -> ByteView {
        guard JSONMembers.isObject(line), var members = JSONMembers(line) else { return line }
        var time = Found()
        var message = Found()
        var index = 0
        while let member = members.member() {
            let rule = rule(for: member.key, at: index)
            index += 1
            if rule.isDropped { continue }
            note(member, rule.time, rule.timeRank, &time)
            note(member, rule.message, rule.messageRank, &message)
            if rule.isPrefix { lookBelow(member, &time, &message) }
        }
        out.removeAll()
        isChanged = false
        write(line, time, message)
        return isChanged ? out.view : line
    }

    private func note(
        _ member: JSONMembers.Member, _ order: Int?, _ rank: Int?, _ found: inout Found
    ) {
        if let rank { found.bestRank = min(found.bestRank, rank) }
        guard let order, order < found.order, !Self.isEmpty(member.value) else { return }
        found.order = order
        found.rank = rank
        found.key = member.key
        found.value = member.value
        found.isNested = false
    }

    private static func isEmpty(_ value: ByteView) -> Bool {
        value == ByteView("\"\"") || value == ByteView("null")
    }

    /// Looks for fields asked for by a path with dots.
    private func lookBelow(
        _ member: JSONMembers.Member, _ time: inout Found, _ message: inout Found
    ) {
        func look(_ names: [String], _ found: inout Found) {
            for (order, name) in names.enumerated() where order < found.order {
                let path = name.split(separator: ".").map(String.init)
                guard path.count > 1, path[0] == member.key.text,
                    let value = Self.value(at: path.dropFirst(), in: member.value),
                    !Self.isEmpty(value)
                else { continue }
                found.order = order
                found.rank = nil
                found.value = value
                found.isNested = true
            }
        }
        look(parameters.timeFields, &time)
        look(parameters.messageFields, &message)
    }

    private static func value(at path: ArraySlice<String>, in text: ByteView) -> ByteView? {
        guard let name = path.first else { return text }
        guard var members = JSONMembers(object: text) else { return nil }
        while let member = members.member() {
            if name.withView({ $0 == member.key }) {
                return value(at: path.dropFirst(), in: member.value)
            }
        }
        return nil
    }

    // MARK: Writing

    private func write(_ line: ByteView, _ time: Found, _ message: Found) {
        out.append(ASCII.openBrace)
        var isFirst = true
        for (name, found) in [("_time", time), ("_msg", message)]
        where found.mustName && found.isNested {
            begin(name, &isFirst)
            out.append(found.value)
            isChanged = true
        }
        var index = 0
        if var members = JSONMembers(line) {
            while let member = members.member() {
                let rule = rule(for: member.key, at: index)
                index += 1
                if rule.isDropped {
                    isChanged = true
                    continue
                }
                if let name = newName(of: member, time, message) {
                    begin(name, &isFirst)
                    out.append(member.value)
                    isChanged = true
                    continue
                }
                if !isFirst { out.append(ASCII.comma) }
                isFirst = false
                guard rule.isPrefix else {
                    out.append(member.whole)
                    continue
                }
                out.append(ByteView(member.whole.start, member.whole.count - member.value.count))
                prune(member.value, member.key.text + ".")
            }
        }
        for (name, value) in parameters.extra {
            begin(name, &isFirst)
            value.withView { JSONText.quote($0, into: &out) }
            isChanged = true
        }
        out.append(ASCII.closeBrace)
    }

    private func begin(_ name: String, _ isFirst: inout Bool) {
        if !isFirst { out.append(ASCII.comma) }
        isFirst = false
        name.withView { JSONText.quote($0, into: &out) }
        out.append(ASCII.colon)
    }

    private func newName(
        of member: JSONMembers.Member, _ time: Found, _ message: Found
    ) -> String? {
        for (name, found) in [("_time", time), ("_msg", message)]
        where found.mustName && !found.isNested && found.key.start == member.key.start {
            return name
        }
        return nil
    }

    /// Writes a value without the dropped fields in it; `prefix` is its path and a dot.
    private func prune(_ value: ByteView, _ prefix: String) {
        guard var members = JSONMembers(object: value) else {
            out.append(value)
            return
        }
        out.append(ASCII.openBrace)
        var isFirst = true
        while let member = members.member() {
            let path = prefix + member.key.text
            if isDropped(path) {
                isChanged = true
                continue
            }
            if !isFirst { out.append(ASCII.comma) }
            isFirst = false
            out.append(ByteView(member.whole.start, member.whole.count - member.value.count))
            prune(member.value, path + ".")
        }
        out.append(ASCII.closeBrace)
    }

    // MARK: Rules

    private func isDropped(_ path: String) -> Bool {
        dropped.contains { name in
            name.hasSuffix("*") ? path.hasPrefix(name.dropLast()) : path == name
        }
    }

    private func rule(for key: ByteView, at index: Int) -> Rule {
        if index < memo.count, memo[index].key.withView({ $0 == key }) { return memo[index].rule }
        let name = key.text
        var rule = Rule()
        rule.time = parameters.timeFields.firstIndex(of: name)
        rule.message = parameters.messageFields.firstIndex(of: name)
        rule.timeRank = CanonicalField.time.preference(of: name)
        rule.messageRank = CanonicalField.message.preference(of: name)
        rule.isDropped = isDropped(name)
        let all = dropped + parameters.timeFields + parameters.messageFields
        rule.isPrefix = all.contains { $0.hasPrefix(name + ".") }
        if index < memo.count {
            memo[index] = (Array(key), rule)
        } else if index == memo.count, index < Self.memoMax {
            memo.append((Array(key), rule))
        }
        return rule
    }

    /// Keys remembered; lines with more are looked up.
    private static let memoMax = 256
}
