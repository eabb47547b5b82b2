internal import LogSystem

extension FileFollower {
    /// What one look at the directories found.
    private struct Look {
        var listings: [String: [TailEntry]] = [:]
        var found: [FileKey: String] = [:]
        /// In the order of the patterns, and of the names.
        var files: [(path: String, status: TailStatus)] = []
    }

    /// Looks which files there are, and what became of those that were.
    func scan() {
        needsScan = false
        var look = Look()
        directories.removeAll(keepingCapacity: true)
        for pattern in options.patterns {
            let paths = pattern.expand(
                list: { self.list($0, &look) }, visited: { self.directories.insert($0) },
                isDirectory: { (try? self.fileSystem.status($0))?.kind == .directory })
            for path in paths { find(path, &look) }
        }
        for (path, status) in look.files {
            if let file = files[status.key] {
                see(file, path, status)
            } else {
                discover(path, status)
            }
        }
        for file in Array(files.values) where look.found[file.key] == nil { miss(file, &look) }
        if !hasScanned {
            for (key, mark) in recovered { seekRecovered(key, mark, &look) }
            hasScanned = true
        }
        for ghost in ghosts.values where ghost.doubtDue != nil { seekCopies(of: ghost) }
        for file in files.values { directories.insert(file.directory) }
        dropOldGhosts()
        noteGauges()
    }

    private func list(_ directory: String, _ look: inout Look) -> [TailEntry] {
        if let known = look.listings[directory] { return known }
        let entries = (try? fileSystem.list(directory)) ?? []
        look.listings[directory] = entries
        return entries
    }

    private func find(_ path: String, _ look: inout Look) {
        guard let status = try? fileSystem.status(path), status.kind == .file,
            look.found[status.key] == nil
        else { return }
        look.found[status.key] = path
        look.files.append((path, status))
    }

    /// A file that is followed has a name that a pattern matches.
    private func see(_ file: FollowedFile, _ path: String, _ status: TailStatus) {
        if file.path != path { move(file, to: path) }
        file.presence = .named
        if file.isVisitor {
            file.isVisitor = false
            file.mark.origin = path
        }
        if file.looked != status || file.trouble != nil { enqueue(file) }
    }

    /// A file that is followed has none: it has been renamed, moved away or deleted.
    private func miss(_ file: FollowedFile, _ look: inout Look) {
        let entry = list(file.directory, &look).first { $0.inode == file.key.inode }
        if let entry {
            let directory = file.directory == "/" ? "" : file.directory
            let path = directory + "/" + entry.name
            if let status = try? fileSystem.status(path), status.key == file.key {
                if file.path != path { move(file, to: path) }
                if file.presence == .named { file.lastChange = clock.monotonic() }
                if file.presence != .renamed || file.looked != status { enqueue(file) }
                file.presence = .renamed
                return
            }
        }
        guard let content = file.content else {
            vanish(file)
            return
        }
        guard file.presence != .nameless else { return }
        file.presence = .nameless
        file.lastChange = clock.monotonic()
        let links = (try? content.status())?.links ?? 0
        count(links == 0 ? .deleted : .rotated)
        enqueue(file)
    }

    private func move(_ file: FollowedFile, to path: String) {
        count(.rotated)
        if byPath[file.path] === file { byPath[file.path] = nil }
        file.path = path
        byPath[path] = file
        let place = (try? fileSystem.resolve(path)) ?? path
        guard place.directoryPart != file.directory else { return }
        var mark = file.mark
        mark.place = place
        replaceMark(of: file, by: mark)
        note(file)
    }

    /// A file that was not open is gone.
    private func vanish(_ file: FollowedFile) {
        count(.deleted)
        let unread = max((file.looked?.size ?? 0) - file.mark.offset - file.heldBytes, 0)
        let isDrained = file.mark.isDrained && unread == 0
        end(file, inDoubt: file.phase == .following && !isDrained, unreadBytes: unread)
    }

    /// Lets go of a file; its mark stays as that of a content that is gone.
    func end(_ file: FollowedFile, inDoubt: Bool, unreadBytes: Int = 0) {
        remove(file)
        forget(FileMark.key(file.key))
        guard file.mark.offset > 0, file.phase == .following || isCovered(file) else {
            freeCopies(of: file.contentID, file.family)
            return
        }
        leave(
            Ghost(id: file.contentID, mark: file.mark, unreadBytes: unreadBytes), inDoubt: inDoubt)
    }

    /// Whether it is a copy all of which has been read in the original.
    func isCovered(_ file: FollowedFile) -> Bool {
        // How much of a packed one was there when it was compared is not known.
        guard file.phase == .linked || file.phase == .unexamined, !file.mark.isPacked,
            let link = file.mark.link
        else { return false }
        let original = ghosts[link]?.mark ?? files[link.key]?.mark
        return original.map { $0.offset >= file.mark.offset } ?? false
    }

    /// A file that is not followed yet.
    private func discover(_ path: String, _ status: TailStatus) {
        guard files.count < options.filesMax else {
            refuse(path)
            return
        }
        let place = (try? fileSystem.resolve(path)) ?? path
        let file: FollowedFile
        if var mark = recovered.removeValue(forKey: status.key) {
            mark.place = place
            file = FollowedFile(
                key: status.key, mark: mark, phase: mark.phase,
                path: path)
            count(.resumed)
        } else {
            var mark = FileMark()
            mark.generation = lastGenerations[status.key].map { $0 + 1 } ?? 0
            mark.origin = path
            mark.place = place
            file = FollowedFile(key: status.key, mark: mark, phase: .unexamined, path: path)
            file.isFromBefore = !hasScanned
        }
        start(file, status)
    }

    private func start(_ file: FollowedFile, _ status: TailStatus) {
        if !options.isFollowing {
            file.endOffset = status.size
            file.takesHalfLine = true
        }
        file.lastChange = clock.monotonic()
        add(file)
        enqueue(file)
    }

    private func refuse(_ path: String) {
        // Told and counted once a file would need a list of all of them.
        if refusedFiles == 0 {
            count(.tooMany)
            report(
                "\(path) and further files are not followed: \(options.filesMax) files are the limit; "
                    + "name fewer of them with --file")
        }
        refusedFiles += 1
    }

    /// A file of an earlier run that no pattern matches now: renamed or gone meanwhile.
    private func seekRecovered(_ key: FileKey, _ mark: FileMark, _ look: inout Look) {
        guard options.patterns.contains(where: { $0.matches(mark.origin) }) else { return }
        recovered[key] = nil
        let directory = mark.place.directoryPart
        for entry in list(directory, &look) where entry.inode == key.inode {
            let path = directory == "/" ? "/" + entry.name : directory + "/" + entry.name
            guard let status = try? fileSystem.status(path), status.key == key else { continue }
            let file = FollowedFile(
                key: key, mark: mark, phase: mark.phase, path: path)
            file.presence = .renamed
            count(.resumed)
            start(file, status)
            return
        }
        forget(FileMark.key(key))
        guard mark.offset > 0, mark.link == nil else { return }
        count(.deleted)
        let id = FileContentID(key: key, generation: mark.generation)
        leave(Ghost(id: id, mark: mark), inDoubt: !mark.isDrained)
    }

    // MARK: Notices of changes

    /// Something was written to what `path` names.
    func noteWrite(_ path: String) {
        if let file = byPath[path] { enqueue(file) }
    }

    /// What `path` names has come, gone or got another name.
    func noteChange(_ path: String, isDirectory: Bool) {
        guard !needsScan else { return }
        needsScan =
            isDirectory || byPath[path] != nil
            || options.patterns.contains { $0.matches(path) }
    }
}

extension FileMark {
    /// How a file goes on that was left so.
    fileprivate var phase: FollowedFile.Phase {
        if link != nil { return .linked }
        return offset == 0 ? .unexamined : .following
    }
}
