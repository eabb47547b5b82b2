/// Which alerts keep which quiet, found by the values of the labels that must be equal.
struct InhibitionIndex {
    private struct Place {
        /// The fingerprints, ordered, of alerts that fire and that the rule takes as a source but not as a target.
        var sources: [String] = []
        /// Those that it takes as both, ordered: they cannot keep each other quiet.
        var bothSides: [String] = []
        /// The alerts that it takes as a target.
        var targets: Set<String> = []

        var isEmpty: Bool { sources.isEmpty && bothSides.isEmpty && targets.isEmpty }
    }

    private struct Role {
        let rule: Int
        let key: [String]
        let isSource: Bool
        let isTarget: Bool
    }

    private let rules: [InhibitRule]
    private var places: [[[String]: Place]]
    /// What each alert is to the rules that it concerns.
    private var roles: [String: [Role]] = [:]

    init(_ rules: [InhibitRule]) {
        self.rules = rules
        places = Array(repeating: [:], count: rules.count)
    }

    /// Enters an alert as it is now, and returns the alerts that it may keep quiet, or did until now.
    mutating func update(_ held: HeldAlert) -> Set<String> {
        guard !rules.isEmpty else { return [] }
        var concerned = remove(held.fingerprint)
        let labels = held.alert.labels
        var own: [Role] = []
        for (index, rule) in rules.enumerated() {
            let isSource = held.isAlive && rule.source.hold(labels)
            let isTarget = rule.target.hold(labels)
            guard isSource || isTarget else { continue }
            let role = Role(
                rule: index, key: rule.equal.map { labels[$0] ?? "" }, isSource: isSource,
                isTarget: isTarget)
            own.append(role)
            var place = places[index].removeValue(forKey: role.key) ?? Place()
            if isSource { concerned.formUnion(place.targets) }
            if isTarget { place.targets.insert(held.fingerprint) }
            if isSource, isTarget { Self.insert(held.fingerprint, into: &place.bothSides) }
            if isSource, !isTarget { Self.insert(held.fingerprint, into: &place.sources) }
            places[index][role.key] = place
        }
        if !own.isEmpty { roles[held.fingerprint] = own }
        return concerned
    }

    /// Forgets an alert, and returns the alerts that it may have kept quiet.
    mutating func remove(_ fingerprint: String) -> Set<String> {
        var concerned: Set<String> = []
        for role in roles.removeValue(forKey: fingerprint) ?? [] {
            guard var place = places[role.rule].removeValue(forKey: role.key) else { continue }
            Self.remove(fingerprint, from: &place.sources)
            Self.remove(fingerprint, from: &place.bothSides)
            place.targets.remove(fingerprint)
            if role.isSource { concerned.formUnion(place.targets) }
            if !place.isEmpty { places[role.rule][role.key] = place }
        }
        return concerned
    }

    /// An alert that keeps this one quiet: the one that does so already, as long as it may.
    func inhibitor(of held: HeldAlert) -> String? {
        var found: String?
        for role in roles[held.fingerprint] ?? [] where role.isTarget {
            guard let place = places[role.rule][role.key] else { continue }
            let isSource = rules[role.rule].source.hold(held.alert.labels)
            var candidates = [place.sources.first]
            if !isSource { candidates.append(place.bothSides.first) }
            if let old = held.inhibitor,
                Self.holds(place.sources, old) || (!isSource && Self.holds(place.bothSides, old))
            {
                return old
            }
            for case let source? in candidates { found = min(found ?? source, source) }
        }
        return found
    }

    // MARK: Ordered lists

    private static func place(of text: String, in list: [String]) -> Int {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < text { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func holds(_ list: [String], _ text: String) -> Bool {
        let index = place(of: text, in: list)
        return index < list.count && list[index] == text
    }

    private static func insert(_ text: String, into list: inout [String]) {
        let index = place(of: text, in: list)
        if index == list.count || list[index] != text { list.insert(text, at: index) }
    }

    private static func remove(_ text: String, from list: inout [String]) {
        let index = place(of: text, in: list)
        if index < list.count, list[index] == text { list.remove(at: index) }
    }
}
