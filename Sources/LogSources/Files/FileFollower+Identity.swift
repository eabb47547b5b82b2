internal import LogBytes
internal import LogMetrics
internal import LogSystem

/// Knowing contents again: copies that rotation made, compressed or not, and what has taken the place of what was read.
///
/// A content is compared with those of the same directory and log (`LogName`) only. One that is there is compared byte for
/// byte, at the start and at the end of what both have: a copy, also one that is being made, is equal at both. One that is
/// gone is compared by its mark.
extension FileFollower {
    enum Examined {
        /// It is read, from its mark on.
        case following
        /// Not before something happens to it, or to what it is a copy of.
        case waiting
        /// There is more work to do.
        case unfinished
    }

    /// Decides what a file is that was not seen before, or is a copy of another.
    func examine(
        _ file: FollowedFile, _ content: any FileContent, _ status: TailStatus
    ) throws(FileError) -> Examined {
        guard status.size > 0 else { return .waiting }
        let family = file.family
        let gone = (ghostFamilies[family] ?? []).compactMap { ghosts[$0] }
        let kin = (families[family] ?? []).filter {
            $0 !== file && $0.phase == .following && $0.mark.offset > 0
        }
        if gone.isEmpty, kin.isEmpty { return try begin(file, content, status) }
        var known: FollowedFile.Examination
        if let examination = file.examination {
            known = examination
        } else {
            known = FollowedFile.Examination(
                head: try content.bytes(at: 0, options.sizes.headBytes))
        }
        defer { file.examination = known }
        // In ascending order, so that unpacking goes forward only.
        for ghost in gone.sorted(by: { $0.mark.offset < $1.mark.offset })
        where !known.rejected.contains(ghost.id) {
            switch try compare(content, known.head, ghost, isLinked: file.mark.link == ghost.id) {
            case .equal:
                adopt(file, ghost, content)
                return .following
            case .shorter(let end):
                try cover(file, ghost, content, end)
                return .following
            case .unknown: return .unfinished
            case .different: known.rejected.insert(ghost.id)
            }
        }
        for original in kin where mayBeOriginal(original, of: file) {
            switch try compare(content, known.head, original) {
            case .equal, .shorter:
                link(file, to: original, content)
                return .waiting
            case .unknown: return .unfinished
            case .different: break
            }
        }
        return try begin(file, content, status)
    }

    private enum Comparison {
        case equal, different, unknown
        /// It is an earlier state of the content, and ends before the mark.
        case shorter(Int)
    }

    /// A content with one that is gone.
    private func compare(
        _ content: any FileContent, _ head: [UInt8], _ ghost: Ghost, isLinked: Bool
    ) throws(FileError) -> Comparison {
        let mark = ghost.mark
        guard mark.offset > 0 else { return .different }
        let isHead =
            head.count >= mark.head.length
            && head.withView { ContentHash($0.prefix(mark.head.length)) } == mark.head
        guard isHead || isLinked else { return .different }
        switch try content.reach(mark.offset, budget: options.unpackBytes) {
        case .notYet: return .unknown
        case .ends(let end): return isLinked ? .shorter(end) : .different
        case .there: return isHead ? try content.hasTail(mark) ? .equal : .different : .different
        }
    }

    /// A content with one that is there.
    private func compare(
        _ content: any FileContent, _ head: [UInt8], _ original: FollowedFile
    ) throws(FileError) -> Comparison {
        guard let other = open(original) else { return .different }
        let status = try other.status()
        let mark = original.mark
        guard case .there = try other.reach(mark.offset, budget: options.unpackBytes),
            try other.has(mark)
        else {
            // It is not what it was any more; its own turn finds that out.
            enqueue(original)
            return .unknown
        }
        var end = try content.status().size
        if content.isPacked {
            switch try content.reach(.max, budget: options.unpackBytes) {
            case .ends(let unpacked): end = unpacked
            case .notYet, .there: return .unknown
            }
        }
        guard !other.isPacked else { return .different }
        // A copy of a file that has its name still is not longer than that.
        guard end <= status.size else {
            guard original.presence == .nameless else { return .different }
            return try content.has(mark) ? .equal : .different
        }
        let headCount = min(head.count, end)
        guard try other.bytes(at: 0, headCount) == Array(head.prefix(headCount)) else {
            return .different
        }
        let tailCount = min(options.sizes.tailBytes, end)
        let isTail =
            try content.bytes(at: end - tailCount, tailCount)
            == other.bytes(at: end - tailCount, tailCount)
        return isTail ? .equal : .different
    }

    /// Only what is plain is copied, and no copy of a copy waits for a circle of others.
    private func mayBeOriginal(_ original: FollowedFile, of file: FollowedFile) -> Bool {
        !original.mark.isPacked && original.mark.link == nil
    }

    // MARK: What comes of it

    /// The file is a copy of what is gone: it is read from where that was left.
    private func adopt(_ file: FollowedFile, _ ghost: Ghost, _ content: any FileContent) {
        if file.mark.link == nil { count(content.isPacked ? .compressed : .copied) }
        var mark = ghost.mark
        mark.generation = file.mark.generation
        mark.origin = file.isVisitor ? ghost.mark.origin : file.mark.origin
        mark.place = file.mark.place
        mark.isPacked = content.isPacked
        mark.isInDoubt = false
        mark.isDrained = false
        mark.link = nil
        follow(file, mark)
        succeed(ghost, by: file)
    }

    /// The file is an earlier state of what is gone: all of it has been read.
    private func cover(
        _ file: FollowedFile, _ ghost: Ghost, _ content: any FileContent, _ end: Int
    ) throws(FileError) {
        var mark = file.mark
        mark.offset = end
        mark.head = ContentHash(try content.bytes(at: 0, min(end, options.sizes.headBytes)))
        let tailCount = min(end, options.sizes.tailBytes)
        mark.tail = ContentHash(try content.bytes(at: end - tailCount, tailCount))
        mark.isPacked = content.isPacked
        mark.link = nil
        follow(file, mark)
    }

    private func follow(_ file: FollowedFile, _ mark: FileMark) {
        replaceMark(of: file, by: mark)
        file.phase = .following
        file.isVerified = true
        file.examination = nil
        if file.isVisitor { file.presence = .renamed }
        file.isVisitor = false
        file.lastChange = clock.monotonic()
        note(file)
    }

    /// What is left of the ghost is `file`: other copies are copies of that.
    private func succeed(_ ghost: Ghost, by file: FollowedFile) {
        remove(ghost)
        forget(ghost.key)
        for copy in families[file.family] ?? [] where copy.mark.link == ghost.id {
            copy.mark.link = file.contentID
            note(copy)
        }
    }

    /// The file is a copy of one that is there: it waits for what becomes of that.
    private func link(_ file: FollowedFile, to original: FollowedFile, _ content: any FileContent) {
        file.phase = .linked
        file.examination = nil
        if file.mark.link != original.contentID {
            if file.mark.link == nil { count(content.isPacked ? .compressed : .copied) }
            file.mark.link = original.contentID
            note(file)
        }
        if file.presence != .nameless { close(file) }
    }

    /// Nobody has seen this content before.
    private func begin(
        _ file: FollowedFile, _ content: any FileContent, _ status: TailStatus
    ) throws(FileError) -> Examined {
        if file.isVisitor {
            remove(file)
            return .waiting
        }
        if !content.isPacked,
            let kind = UnknownPacking.name(of: try content.bytes(at: 0, UnknownPacking.bytesMax))
        {
            file.phase = .refused
            count(.packed)
            counters.add(.refused, label: "packed_file")
            report(
                "\(file.path) is packed with \(kind), which weir cannot unpack; it is left alone")
            return .waiting
        }
        if file.isFromBefore, options.from == .end {
            switch try content.reach(
                content.isPacked ? .max : status.size, budget: options.unpackBytes)
            {
            case .notYet: return .unfinished
            case .there: try skip(file, content, to: status.size)
            case .ends(let end): try skip(file, content, to: end)
            }
        } else if file.mark.offset == 0, file.mark.generation == 0 {
            count(.found)
        }
        file.mark.link = nil
        file.mark.isPacked = content.isPacked
        file.phase = .following
        file.isVerified = true
        file.examination = nil
        file.lastChange = clock.monotonic()
        return .following
    }

    /// So far before the end is the start of the last line looked for (bytes); of a longer one the rest goes by.
    private static let lastLineBytes = 64 << 10

    /// Sets the mark to the start of the line that is being written at `end`.
    private func skip(
        _ file: FollowedFile, _ content: any FileContent, to end: Int
    ) throws(FileError) {
        let count = min(end, Self.lastLineBytes)
        let last = try content.bytes(at: end - count, count)
        var mark = file.mark
        if let newline = last.lastIndex(of: ASCII.newline) {
            mark.offset = end - count + newline + 1
        } else {
            mark.offset = count == end ? 0 : end
            mark.isSkipping = count < end
        }
        mark.head = ContentHash(try content.bytes(at: 0, min(mark.offset, options.sizes.headBytes)))
        let tailCount = min(mark.offset, options.sizes.tailBytes)
        mark.tail = ContentHash(try content.bytes(at: mark.offset - tailCount, tailCount))
        file.mark = mark
        file.isFromBefore = false
        note(file)
    }

    // MARK: What is gone

    /// What was read of `file` is not in it any more.
    func replace(_ file: FollowedFile) {
        count(file.isVerified ? .truncated : .replaced)
        let old = file.mark
        let id = file.contentID
        let unread = max((file.looked?.size ?? 0) - old.offset - file.heldBytes, 0)
        var mark = FileMark()
        mark.generation = old.generation + 1
        mark.origin = old.origin
        mark.place = old.place
        replaceMark(of: file, by: mark)
        file.phase = .unexamined
        file.examination = nil
        file.looked = nil
        file.heldBytes = 0
        file.isAtEnd = false
        file.isFromBefore = false
        // It may be packed now, or be so no more.
        if file.presence != .nameless { close(file) }
        note(file)
        if old.offset > 0 { leave(Ghost(id: id, mark: old, unreadBytes: unread), inDoubt: true) }
        enqueue(file)
    }

    /// Keeps the mark of a content that is gone, and looks for copies of it.
    func leave(_ ghost: Ghost, inDoubt: Bool) {
        var ghost = ghost
        ghost.mark.link = nil
        ghost.mark.seen = clock.now() / 1_000_000_000
        ghost.mark.isInDoubt = inDoubt
        ghost.doubtDue = inDoubt ? clock.monotonic() + options.doubtNanoseconds : nil
        add(ghost)
        note(ghost)
        for copy in families[ghost.mark.family] ?? [] where copy.mark.link == ghost.id {
            copy.phase = .unexamined
            copy.examination = nil
            enqueue(copy)
        }
        if inDoubt { seekCopies(of: ghost) }
    }

    /// Looks in the directory of what is gone for parts of the same log that nobody follows.
    private func seekCopies(of ghost: Ghost) {
        let directory = ghost.mark.place.directoryPart
        guard let entries = try? fileSystem.list(directory) else { return }
        let name = LogName.of(ghost.mark.origin.namePart)
        for entry in entries where LogName.of(entry.name) == name {
            let path = directory == "/" ? "/" + entry.name : directory + "/" + entry.name
            guard let status = try? fileSystem.status(path), status.kind == .file,
                files[status.key] == nil, recovered[status.key] == nil
            else { continue }
            var mark = FileMark()
            mark.origin = options.patterns.contains { $0.matches(path) } ? path : ghost.mark.origin
            mark.place = path
            let file = FollowedFile(
                key: status.key, mark: mark, phase: .unexamined, path: path)
            file.isVisitor = mark.origin != path
            if file.isVisitor { file.presence = .renamed }
            if !options.isFollowing { file.takesHalfLine = true }
            add(file)
            enqueue(file)
        }
    }

    /// Sets the mark where it may change the family.
    func replaceMark(of file: FollowedFile, by mark: FileMark) {
        families[file.family]?.removeAll { $0 === file }
        if families[file.family]?.isEmpty == true { families[file.family] = nil }
        file.mark = mark
        families[file.family, default: []].append(file)
    }
}
