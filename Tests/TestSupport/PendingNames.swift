/// A change of a name in a directory.
struct NameChange {
    let directory: Int
    let name: String
    /// What the name leads to afterwards; nil: nothing.
    let to: Int?
    /// The name that it had before, which goes in the same step.
    var from: (directory: Int, name: String)?

    init(directory: Int, name: String, to: Int?) {
        self.directory = directory
        self.name = name
        self.to = to
    }

    func touches(_ directory: Int, _ name: String) -> Bool {
        (self.directory == directory && self.name == name)
            || from.map { $0.directory == directory && $0.name == name } ?? false
    }

    /// Whether this must come after `other`, since they are about one name.
    func follows(_ other: NameChange) -> Bool {
        other.touches(directory, name) || from.map { other.touches($0.directory, $0.name) } ?? false
    }
}

/// The durable names of all directories and the changes since.
struct PendingNames {
    /// The names in each directory.
    typealias Tree = [Int: [String: Int]]

    private var durable: Tree = [:]
    private var changes: [NameChange] = []

    init(_ image: DiskImage) {
        for (number, node) in image.nodes.enumerated() {
            if case .directory(let children) = node { durable[number] = children }
        }
    }

    mutating func addDirectory(_ node: Int) { durable[node] = [:] }

    mutating func add(_ change: NameChange) { changes.append(change) }

    /// Makes the changes in `directory` durable, and with them those elsewhere that they follow.
    mutating func synchronize(_ directory: Int) {
        var settled = changes.map { $0.directory == directory }
        for index in changes.indices.reversed() where settled[index] {
            for earlier in 0..<index where changes[index].follows(changes[earlier]) {
                settled[earlier] = true
            }
        }
        for index in changes.indices where settled[index] {
            Self.apply(changes[index], to: &durable)
        }
        changes = zip(changes, settled).filter { !$1 }.map(\.0)
    }

    private static func apply(_ change: NameChange, to tree: inout Tree) {
        if let from = change.from { tree[from.directory]?[from.name] = nil }
        tree[change.directory]?[change.name] = change.to
    }

    /// The tree with the changes that are chosen, less those that follow one which is not.
    private func tree(_ isChosen: (Int) -> Bool) -> (tree: Tree, chosen: [Bool]) {
        var chosen: [Bool] = []
        var tree = durable
        for (index, change) in changes.enumerated() {
            let isPossible = (0..<index).allSatisfy {
                chosen[$0] || !change.follows(changes[$0])
            }
            chosen.append(isPossible && isChosen(index))
            if chosen[index] { Self.apply(change, to: &tree) }
        }
        return (tree, chosen)
    }

    /// All trees that a power cut may leave; nil when there are more than `limit` combinations.
    func allTrees(atMost limit: Int) -> [Tree]? {
        guard changes.count < 16, 1 << changes.count <= limit else { return nil }
        var seen = Set<[Bool]>()
        var trees: [Tree] = []
        for mask in 0..<1 << changes.count {
            let (tree, chosen) = tree { mask & (1 << $0) != 0 }
            if seen.insert(chosen).inserted { trees.append(tree) }
        }
        return trees
    }

    /// None, all, and all but one of the changes.
    func cornerTrees() -> [Tree] {
        [tree { _ in false }.tree, tree { _ in true }.tree]
            + changes.indices.map { index in tree { $0 != index }.tree }
    }

    func randomTree(_ random: inout SeededGenerator) -> Tree {
        let chosen = changes.map { _ in random.below(2) == 0 }
        return tree { chosen[$0] }.tree
    }
}
