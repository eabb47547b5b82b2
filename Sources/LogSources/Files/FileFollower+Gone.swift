internal import LogSystem

/// What becomes of contents that are gone: truncated, deleted, or pushed out of their inode by another.
extension FileFollower {
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
