/// What a disk may hold after the power was cut at some moment.
public struct CrashState: Sendable {
    /// What is on the disk.
    public let image: DiskImage
    /// The number of operations that had been done when the power went.
    public let point: Int
    /// The last note before that, 0 if there was none.
    public let note: Int
}

/// All that a power cut may leave of a recorded trace, as POSIX allows and ext4 and XFS do:
///
/// - What was in a file when its fsync succeeded is there.
/// - Each write since may be there in full, not at all, in part (the first bytes), with sectors missing, or as a size with
///   no content; each truncation since may be undone. Each by itself, in any combination.
/// - What a failed fsync should have brought to the disk may be missing for ever, whatever later ones say: the kernel
///   reports a lost write once.
/// - Each name made, changed or removed since the last fsync of its directory may be as it was; a rename happens as a whole or
///   not at all, and what happened to one name happened in that order. A directory without a name is lost with
///   all that is in it.
///
/// Where few operations are pending, all combinations are given; where there are many, all with one operation missing
/// or alone, and a sample.
public struct CrashStates {
    private let trace: [DiskOperation]
    private let base: DiskImage
    private let perPointMax: Int

    /// The states of `trace`, which was recorded on a disk that held `base`, all of it durable.
    ///
    /// - Parameter perPointMax: how many states one moment may give.
    public init(_ trace: [DiskOperation], on base: DiskImage = DiskImage(), perPointMax: Int = 64) {
        self.trace = trace
        self.base = base
        self.perPointMax = perPointMax
    }

    /// Calls `body` with the states of every moment, from before the first operation to behind the last; the same ones for
    /// the same seed. A state may come again.
    public func forEach(seed: UInt64, _ body: (CrashState) throws -> Void) rethrows {
        var random = SeededGenerator(seed: seed)
        var disk = PendingDisk(base)
        var note = 0
        for point in 0...trace.count {
            if point > 0 {
                let operation = trace[point - 1]
                switch operation {
                case .note(let value): note = value
                case .synchronize, .synchronizeDirectory:
                    // What may be left behind these was possible before, too, and nothing more was promised.
                    disk.apply(operation)
                    continue
                default: disk.apply(operation)
                }
            }
            for image in disk.images(atMost: perPointMax, &random) {
                try body(CrashState(image: image, point: point, note: note))
            }
        }
    }

    /// Some states of the last moment.
    public func atTheEnd(seed: UInt64) -> [DiskImage] {
        var random = SeededGenerator(seed: seed)
        var disk = PendingDisk(base)
        for operation in trace { disk.apply(operation) }
        return disk.images(atMost: perPointMax, &random)
    }
}

/// A disk of which some is durable and some is on its way.
private struct PendingDisk {
    private var files: [Int: PendingFile] = [:]
    private var names: PendingNames
    private var count: Int

    init(_ image: DiskImage) {
        names = PendingNames(image)
        count = image.nodes.count
        for (number, node) in image.nodes.enumerated() {
            if case .file(let bytes) = node { files[number] = PendingFile(bytes) }
        }
    }

    mutating func apply(_ operation: DiskOperation) {
        switch operation {
        case .create(let directory, let name, let node):
            count = max(count, node + 1)
            files[node] = PendingFile([])
            names.add(NameChange(directory: directory, name: name, to: node))
        case .makeDirectory(let directory, let name, let node):
            count = max(count, node + 1)
            names.addDirectory(node)
            names.add(NameChange(directory: directory, name: name, to: node))
        case .write(let node, let offset, let bytes):
            files[node]?.add(.write(offset: offset, bytes: bytes))
        case .truncate(let node, let size): files[node]?.add(.truncate(size: size))
        case .synchronize(let node, let succeeded): files[node]?.synchronize(succeeded)
        case .rename(let directory, let name, let newDirectory, let newName, let node):
            var change = NameChange(directory: newDirectory, name: newName, to: node)
            change.from = (directory, name)
            names.add(change)
        case .remove(let directory, let name):
            names.add(NameChange(directory: directory, name: name, to: nil))
        case .synchronizeDirectory(let node, let succeeded):
            if succeeded { names.synchronize(node) }
        case .note: break
        }
    }

    /// At most `limit` of what a power cut may leave.
    func images(atMost limit: Int, _ random: inout SeededGenerator) -> [DiskImage] {
        let pending = files.filter { $0.value.isPending }.keys.sorted()
        var options = pending.map { files[$0]?.allContents(atMost: limit) ?? nil }
        let trees = names.allTrees(atMost: limit)
        var total = trees?.count ?? limit + 1
        for option in options {
            total =
                option.map { total.multipliedReportingOverflow(by: $0.count) }
                .flatMap { $0.overflow ? nil : $0.partialValue } ?? limit + 1
            total = min(total, limit + 1)
        }
        if let trees, total <= limit, options.allSatisfy({ $0 != nil }) {
            return product(pending, options.compactMap { $0 }, trees)
        }
        // Many: the corners, then a sample.
        options = pending.map { files[$0]?.cornerContents() }
        let corners = trees ?? names.cornerTrees()
        var images: [DiskImage] = []
        for extreme in [0, 1] {
            for tree in corners {
                images.append(image(tree, pending) { files[$0]?.extreme(extreme) ?? [] })
            }
        }
        for (index, node) in pending.enumerated() {
            for content in options[index] ?? [] {
                let others = random.below(2)
                images.append(
                    image(random.pick(corners), pending) {
                        $0 == node ? content : files[$0]?.extreme(others) ?? []
                    })
            }
        }
        if images.count > limit * 3 / 4 {
            images.shuffle(using: &random)
            images.removeLast(images.count - limit * 3 / 4)
        }
        while images.count < limit {
            let tree = trees.map { random.pick($0) } ?? names.randomTree(&random)
            images.append(
                image(tree, pending) { files[$0]?.randomContent(&random) ?? [] })
        }
        return images
    }

    private func product(
        _ pending: [Int], _ options: [[[UInt8]]], _ trees: [PendingNames.Tree]
    ) -> [DiskImage] {
        var images: [DiskImage] = []
        var choice = [Int](repeating: 0, count: pending.count)
        while true {
            for tree in trees {
                images.append(
                    image(tree, pending) { node in
                        pending.firstIndex(of: node).map { options[$0][choice[$0]] } ?? []
                    })
            }
            var place = 0
            while place < choice.count {
                choice[place] += 1
                if choice[place] < options[place].count { break }
                choice[place] = 0
                place += 1
            }
            if place == choice.count { return images }
        }
    }

    private func image(
        _ tree: PendingNames.Tree, _ pending: [Int], _ content: (Int) -> [UInt8]
    ) -> DiskImage {
        var image = DiskImage()
        image.nodes = (0..<count).map { number in
            if let children = tree[number] { return .directory(children) }
            guard let file = files[number] else { return .file([]) }
            return .file(file.isPending ? content(number) : file.durable)
        }
        return image
    }
}
