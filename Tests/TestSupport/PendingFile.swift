/// A file's durable content and what was done to it since.
struct PendingFile {
    enum Change {
        case write(offset: Int, bytes: [UInt8])
        case truncate(size: Int)
    }

    /// What became of a change when the power was cut.
    private enum Fate {
        case absent
        case done
        /// The size has grown as the write would have it, and no byte of it has come.
        case sizeOnly
        /// So many bytes of the write, from its start.
        case prefix(Int)
        /// The sectors whose bit is set are missing, the size is as it should be.
        case holes(UInt64)
    }

    /// The content that a power cut leaves in any case, with nothing of what is pending.
    private(set) var durable: [UInt8]
    /// `isSettled`: an fsync has made it durable, and stands behind one that may be lost.
    private var changes: [(change: Change, isSettled: Bool, isLost: Bool)] = []

    /// The unit in which a disk writes.
    private static let sectorBytes = 512

    init(_ durable: [UInt8]) { self.durable = durable }

    var isPending: Bool { !changes.isEmpty }

    mutating func add(_ change: Change) { changes.append((change, false, false)) }

    mutating func synchronize(_ succeeded: Bool) {
        for index in changes.indices where !changes[index].isSettled {
            if !succeeded {
                changes[index].isLost = true
            } else if !changes[index].isLost {
                changes[index].isSettled = true
            }
        }
        while let first = changes.first, first.isSettled {
            Self.apply(first.change, .done, to: &durable)
            changes.removeFirst()
        }
    }

    private static func apply(_ change: Change, _ fate: Fate, to content: inout [UInt8]) {
        switch (change, fate) {
        case (_, .absent): break
        case (.truncate(let size), _): content.setSize(size)
        case (.write(let offset, let bytes), .done):
            bytes.withUnsafeBytes { content.overwrite(at: offset, with: $0) }
        case (.write(let offset, let bytes), .sizeOnly):
            content.setSize(max(content.count, offset + bytes.count))
        case (.write(let offset, let bytes), .prefix(let count)):
            bytes.withUnsafeBytes {
                content.overwrite(at: offset, with: .init(rebasing: $0[..<min(count, $0.count)]))
            }
        case (.write(let offset, let bytes), .holes(let missing)):
            content.setSize(max(content.count, offset + bytes.count))
            let firstSector = offset / sectorBytes
            var start = offset
            while start < offset + bytes.count {
                let sector = start / sectorBytes
                let end = min((sector + 1) * sectorBytes, offset + bytes.count)
                if missing & (1 << UInt64((sector - firstSector) % 64)) == 0 {
                    bytes.withUnsafeBytes {
                        content.overwrite(
                            at: start, with: .init(rebasing: $0[start - offset..<end - offset]))
                    }
                }
                start = end
            }
        }
    }

    private func content(_ fate: (Int) -> Fate) -> [UInt8] {
        var content = durable
        for (index, entry) in changes.enumerated() {
            Self.apply(entry.change, entry.isSettled ? .done : fate(index), to: &content)
        }
        return content
    }

    /// Nothing of what is pending, or all of it.
    func extreme(_ number: Int) -> [UInt8] { content { _ in number == 0 ? .absent : .done } }

    /// The fates worth trying for one change.
    private func fates(_ index: Int) -> [Fate] {
        guard case .write(let offset, let bytes) = changes[index].change else {
            return [.absent, .done]
        }
        if changes[index].isSettled { return [.done] }
        var fates: [Fate] = [.absent, .done, .sizeOnly]
        let lengths: Set = [1, bytes.count / 2, bytes.count - 1]
        for length in lengths.sorted() where length > 0 && length < bytes.count {
            fates.append(.prefix(length))
        }
        let sectors =
            (offset + bytes.count - 1) / Self.sectorBytes - offset / Self.sectorBytes + 1
        if sectors > 1 {
            for sector in 0..<min(sectors, 64) { fates.append(.holes(1 << UInt64(sector))) }
            fates.append(.prefix(Self.sectorBytes - offset % Self.sectorBytes))
        }
        return fates
    }

    /// All contents that a power cut may leave, as far as `fates` goes; nil when there are more than `limit`.
    func allContents(atMost limit: Int) -> [[UInt8]]? {
        let options = changes.indices.map { fates($0) }
        var total = 1
        for option in options {
            total *= option.count
            if total > limit { return nil }
        }
        return (0..<total).map { number in
            var rest = number
            var chosen: [Fate] = []
            for option in options {
                chosen.append(option[rest % option.count])
                rest /= option.count
            }
            return content { chosen[$0] }
        }
    }

    /// One change with each of its fates, the others done; one done and the others not; those up to one done, that one
    /// torn.
    func cornerContents() -> [[UInt8]] {
        var contents: [[UInt8]] = []
        for index in changes.indices where !changes[index].isSettled {
            for fate in fates(index) {
                contents.append(content { $0 == index ? fate : .done })
                contents.append(content { $0 == index ? fate : $0 < index ? .done : .absent })
            }
            contents.append(content { $0 == index ? .done : .absent })
        }
        return contents
    }

    /// One content at random: torn at the end, one change missing, or anything at all.
    func randomContent(_ random: inout SeededGenerator) -> [UInt8] {
        let special = random.below(max(changes.count, 1))
        switch random.below(3) {
        case 0:
            let fate = randomFate(special, &random)
            return content { $0 < special ? .done : $0 == special ? fate : .absent }
        case 1:
            let fate = randomFate(special, &random)
            return content { $0 == special ? fate : .done }
        default:
            let fates = changes.indices.map { randomFate($0, &random) }
            return content { fates[$0] }
        }
    }

    private func randomFate(_ index: Int, _ random: inout SeededGenerator) -> Fate {
        guard case .write(_, let bytes) = changes[index].change else {
            return random.below(2) == 0 ? .absent : .done
        }
        switch random.below(8) {
        case 0, 1: return .absent
        case 2, 3: return .done
        case 4: return .sizeOnly
        case 5, 6: return .prefix(random.below(max(bytes.count, 1)))
        default: return .holes(random.next())
        }
    }
}
