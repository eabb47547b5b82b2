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
        let others = (families[family] ?? []).filter { $0 !== file }
        // Who was there first is decided on first: an original before its copies.
        if others.contains(where: {
            $0.phase == .unexamined && $0.isQueued && $0.serial < file.serial
        }) {
            return .unfinished
        }
        let kin = others.filter { $0.phase == .following && $0.mark.link == nil }
        if gone.isEmpty, kin.isEmpty { return try begin(file, content, status) }
        var known: FollowedFile.Examination
        if let examination = file.examination, examination.size == status.size {
            known = examination
        } else {
            known = FollowedFile.Examination(
                size: status.size, head: try content.bytes(at: 0, options.sizes.headBytes))
        }
        defer { file.examination = known }
        // One that is there is compared byte for byte, which says more than a mark.
        for original in kin {
            switch try compare(content, known.head, original) {
            case .equal(0): return .waiting
            case .equal(let end):
                try link(file, to: original, content, end)
                return .waiting
            case .unknown: return .unfinished
            case .different, .shorter: break
            }
        }
        // First what it was a copy of when that was there, then the mark that says most.
        let ordered = gone.sorted {
            let isLeft = file.mark.link == $0.id
            let isRight = file.mark.link == $1.id
            return isLeft == isRight ? $0.mark.offset > $1.mark.offset : isLeft
        }
        for ghost in ordered
        where ghost.id != file.truncatedFrom && !known.rejected.contains(ghost.id) {
            switch try compare(file, content, known.head, ghost) {
            case .equal:
                adopt(file, ghost, content)
                return .following
            case .shorter:
                cover(file)
                return .following
            case .unknown: return .unfinished
            case .different: known.rejected.insert(ghost.id)
            }
        }
        return try begin(file, content, status)
    }

    private enum Comparison {
        case different, unknown
        /// All of it that is there, up to this offset, is the other's.
        case equal(Int)
        /// It is an earlier state of the content, as far as its own mark says.
        case shorter
    }

    /// A content with one that is gone.
    private func compare(
        _ file: FollowedFile, _ content: any FileContent, _ head: [UInt8], _ ghost: Ghost
    ) throws(FileError) -> Comparison {
        let mark = ghost.mark
        guard mark.offset > 0 else { return .different }
        let isHead =
            head.count >= mark.head.length
            && head.withView { ContentHash($0.prefix(mark.head.length)) } == mark.head
        if isHead {
            switch try content.reach(mark.offset, budget: options.unpackBytes) {
            case .notYet: return .unknown
            case .there:
                guard try content.hasTail(mark) else { return .different }
                // What was read to its end has no copy that is longer.
                guard mark.isDrained else { return .equal(mark.offset) }
                let end = try content.reach(mark.offset + 1, budget: options.unpackBytes)
                if end == .ends(mark.offset) { return .equal(mark.offset) }
            case .ends: break
            }
        }
        // What was equal as long as the other was there is an earlier state of it. Where more has come to it since, nobody
        // can say of what.
        let own = file.mark
        guard file.mark.link == ghost.id, own.offset <= mark.offset else { return .different }
        switch try content.reach(own.offset + 1, budget: options.unpackBytes) {
        case .notYet: return .unknown
        case .there where own.offset < mark.offset: return .different
        case .ends(let end) where end < own.offset: return .different
        case .there, .ends: return try content.has(own) ? .shorter : .different
        }
    }

    /// A content with one that is there.
    private func compare(
        _ content: any FileContent, _ head: [UInt8], _ original: FollowedFile
    ) throws(FileError) -> Comparison {
        guard let other = open(original) else {
            // Where its name is another's, or nobody's, the next look tells what became of it.
            return needsScan ? .unknown : .different
        }
        // Of what nothing has been read nobody could tell later whether it is what it was.
        if original.mark.offset == 0, original.isQueued { return .unknown }
        guard let size = try reliableSize(of: original, other) else { return .unknown }
        let mark = original.mark
        var end = try content.status().size
        if content.isPacked {
            switch try content.reach(.max, budget: options.unpackBytes) {
            case .ends(let unpacked): end = unpacked
            case .notYet, .there: return .unknown
            }
        }
        // A copy of a file that has its name still is not longer than that.
        guard end <= size else {
            guard original.presence == .nameless else { return .different }
            guard original.isAtEnd else {
                enqueue(original)
                return .unknown
            }
            guard mark.offset > 0 else { return .different }
            return try content.has(mark) ? .equal(mark.offset) : .different
        }
        let headCount = min(head.count, end)
        guard try other.bytes(at: 0, headCount) == Array(head.prefix(headCount)) else {
            return .different
        }
        let tailCount = min(options.sizes.tailBytes, end)
        let isTail =
            try content.bytes(at: end - tailCount, tailCount)
            == other.bytes(at: end - tailCount, tailCount)
        return isTail ? .equal(end) : .different
    }

    /// The size of what is followed, as far as it is what it was when it was read; nil when that must be found out first, by
    /// its own turn.
    private func reliableSize(
        of original: FollowedFile, _ content: any FileContent
    ) throws(FileError) -> Int? {
        guard !original.hasOtherBirth else {
            enqueue(original)
            return nil
        }
        if content.isPacked {
            // Its tail would have to be unpacked again, so that is compared only when it is read.
            if !original.isVerified { original.isVerified = try content.hasHead(original.mark) }
            guard original.isVerified, original.isAtEnd else {
                enqueue(original)
                return nil
            }
            return original.mark.offset + original.heldBytes
        }
        let size = try content.status().size
        guard size >= original.mark.offset, try content.has(original.mark) else {
            enqueue(original)
            return nil
        }
        return size
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
        mark.born = file.born
        follow(file, mark)
        succeed(ghost, by: file)
    }

    /// The file is an earlier state of what is gone: what was compared of it has been read.
    private func cover(_ file: FollowedFile) {
        var mark = file.mark
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

    /// The file is a copy, up to `end`, of one that is there: it waits for what becomes of that. Its mark says what was
    /// compared.
    private func link(
        _ file: FollowedFile, to original: FollowedFile, _ content: any FileContent, _ end: Int
    ) throws(FileError) {
        if file.mark.link != original.contentID || file.mark.offset != end {
            if file.mark.link == nil { count(content.isPacked ? .compressed : .copied) }
            var mark = file.mark
            try set(&mark, to: end, in: content)
            mark.isPacked = content.isPacked
            mark.link = original.contentID
            file.mark = mark
            note(file)
        }
        file.phase = .linked
        file.examination = nil
        if file.presence != .nameless { close(file) }
    }

    /// Sets a mark to an offset, with what stands there.
    private func set(
        _ mark: inout FileMark, to offset: Int, in content: any FileContent
    ) throws(FileError) {
        let tailCount = min(offset, options.sizes.tailBytes)
        // The later bytes first: what is unpacked begins again for the head.
        mark.tail = ContentHash(try content.bytes(at: offset - tailCount, tailCount))
        mark.head = ContentHash(try content.bytes(at: 0, min(offset, options.sizes.headBytes)))
        mark.offset = offset
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
        if file.mark.link != nil { renew(file) }
        if file.isFromBefore, options.from == .end {
            switch try content.reach(
                content.isPacked ? .max : status.size, budget: options.unpackBytes)
            {
            case .notYet: return .unfinished
            case .there: try skip(file, content, to: status.size)
            case .ends(let end): try skip(file, content, to: end)
            }
        } else if file.mark.offset == 0, !file.isContinued {
            count(.found)
        }
        file.mark.isPacked = content.isPacked
        file.phase = .following
        file.isVerified = true
        file.examination = nil
        file.lastChange = clock.monotonic()
        return .following
    }

    /// What was taken for a copy is none: it begins at its start, as a content of its own.
    private func renew(_ file: FollowedFile) {
        var mark = FileMark()
        mark.generation = file.mark.generation + 1
        mark.origin = file.mark.origin
        mark.place = file.mark.place
        replaceMark(of: file, by: mark)
        note(file)
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
            try set(&mark, to: end - count + newline + 1, in: content)
        } else {
            try set(&mark, to: count == end ? 0 : end, in: content)
            mark.isSkipping = count < end
        }
        file.mark = mark
        file.isFromBefore = false
        note(file)
    }

    // MARK: What is gone

    /// What was read of `file` is not in it any more.
    func replace(_ file: FollowedFile) {
        count(file.isVerified && !file.hasOtherBirth ? .truncated : .replaced)
        let old = file.mark
        let held = file.heldBytes
        let id = file.contentID
        let unread = max((file.looked?.size ?? 0) - old.offset - file.heldBytes, 0)
        var mark = FileMark()
        mark.generation = old.generation + 1
        mark.origin = old.origin
        mark.place = old.place
        mark.born = file.born
        let wasFollowed = file.phase == .following
        let isKept = wasFollowed || isCovered(file)
        replaceMark(of: file, by: mark)
        file.isContinued = true
        file.phase = .unexamined
        file.examination = nil
        file.looked = nil
        file.heldBytes = 0
        file.isAtEnd = false
        file.isFromBefore = false
        if file.isVerified, file.content?.isPacked == false {
            // As long as it is open its inode is nobody else's: what is in it now is no copy of what was.
            file.truncatedFrom = id
        } else if file.presence != .nameless {
            // It may be packed now, or be so no more.
            close(file)
        }
        note(file)
        if old.offset > 0, isKept {
            leave(Ghost(id: id, mark: old, unreadBytes: unread), inDoubt: wasFollowed)
        } else {
            freeCopies(of: id, old.family)
            if held > 0 { count(.gap) }
        }
        enqueue(file)
    }

    /// Keeps the mark of a content that is gone, and looks for copies of it.
    func leave(_ ghost: Ghost, inDoubt: Bool) {
        var ghost = ghost
        ghost.mark.link = nil
        ghost.mark.seen = clock.now() / 1_000_000_000
        ghost.mark.isInDoubt = inDoubt
        ghost.mark.isDrained = !inDoubt
        ghost.doubtDue = inDoubt ? clock.monotonic() + options.doubtNanoseconds : nil
        add(ghost)
        note(ghost)
        freeCopies(of: ghost.id, ghost.mark.family)
        if inDoubt { seekCopies(of: ghost) }
    }

    /// Has the copies of what is gone looked at anew.
    func freeCopies(of id: FileContentID, _ family: String) {
        for copy in families[family] ?? [] where copy.mark.link == id {
            copy.phase = .unexamined
            copy.examination = nil
            enqueue(copy)
        }
    }

    /// Looks in the directory of what is gone for parts of the same log that nobody follows.
    func seekCopies(of ghost: Ghost) {
        let directory = ghost.mark.place.directoryPart
        guard let entries = try? fileSystem.list(directory) else { return }
        let name = LogName.of(ghost.mark.origin.namePart)
        for entry in entries where LogName.of(entry.name) == name {
            let path = directory == "/" ? "/" + entry.name : directory + "/" + entry.name
            guard let status = try? fileSystem.status(path), status.kind == .file,
                files[status.key] == nil, recovered[status.key] == nil
            else { continue }
            var mark = FileMark()
            mark.generation = lastGenerations[status.key].map { $0 + 1 } ?? 0
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
