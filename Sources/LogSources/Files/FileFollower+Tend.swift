internal import LogMetrics
internal import LogSystem

/// What is due by time.
extension FileFollower {
    /// Takes half lines that have waited long enough, lets go of files that have lost their names, counts what is lost.
    func tend() {
        let now = clock.monotonic()
        for file in openFiles where file.isAtEnd && !file.isQueued && file.phase == .following {
            let rest = now - file.lastChange
            if file.presence != .named, rest >= options.graceNanoseconds {
                if file.heldBytes > 0 {
                    takeHalfLine(file)
                } else {
                    release(file)
                }
            } else if file.heldBytes > 0, rest >= options.halfLineNanoseconds {
                takeHalfLine(file)
            }
        }
        for file in openFiles
        where file.presence == .nameless && file.phase != .following && !file.isQueued {
            // A copy that is gone, or what never had a byte.
            if now - file.lastChange >= options.graceNanoseconds { end(file, inDoubt: false) }
        }
        countLost(now)
    }

    private func takeHalfLine(_ file: FollowedFile) {
        file.takesHalfLine = true
        enqueue(file)
    }

    /// Everything of a file without its name has been read.
    private func release(_ file: FollowedFile) {
        if file.presence == .nameless {
            end(file, inDoubt: false)
            return
        }
        if !file.mark.isDrained, file.mark.offset > 0 {
            file.mark.isDrained = true
            note(file)
        }
        close(file)
    }

    /// Counts what is gone and of which no copy has turned up.
    private func countLost(_ now: Int64) {
        for ghost in ghosts.values {
            guard let due = ghost.doubtDue, now >= due || !options.isFollowing else { continue }
            let family = families[ghost.mark.family] ?? []
            // One of these may yet be the copy.
            if family.contains(where: { $0.phase == .unexamined && $0.isQueued }) { continue }
            settle(ghost)
        }
    }

    private func settle(_ ghost: Ghost) {
        var ghost = ghost
        ghost.doubtDue = nil
        ghost.mark.isInDoubt = false
        ghosts[ghost.id] = ghost
        note(ghost)
        count(.gap)
        let path = ghost.mark.origin
        guard ghost.unreadBytes > 0 else {
            report("\(path): what was written last before it was cut or deleted may be lost")
            return
        }
        counters.add(.refused, label: "file_gone")
        report("\(path): \(ghost.unreadBytes) bytes were gone before they could be read")
    }

    /// Forgets marks that nobody will need any more.
    func dropOldGhosts() {
        let now = clock.now() / 1_000_000_000
        var old = ghosts.values.filter {
            $0.doubtDue == nil && now - $0.mark.seen > options.ghostSeconds
        }
        let more = ghosts.count - old.count - options.ghostsMax
        if more > 0 {
            let oldest = ghosts.values.filter { now - $0.mark.seen <= options.ghostSeconds }
                .sorted { $0.mark.seen < $1.mark.seen }
            old += oldest.prefix(more)
        }
        for ghost in old {
            remove(ghost)
            forget(ghost.key)
        }
        if lastGenerations.count > 2 * ghosts.count + 64 {
            let keys = Set(ghosts.keys.map(\.key))
            lastGenerations = lastGenerations.filter { keys.contains($0.key) }
        }
    }

    /// Says how many files are followed, and how far behind their ends reading is.
    func noteGauges() {
        counters.set(.followedFiles, Double(files.count))
        var lags: [(label: String, value: Double)] = []
        for file in files.values where file.phase == .following {
            let status = (try? file.content?.status()) ?? file.looked
            guard let status else { continue }
            let lag =
                file.content?.lag(status, from: file.mark.offset)
                ?? (file.mark.isPacked ? 0 : max(status.size - file.mark.offset, 0))
            lags.append((file.path, Double(lag)))
        }
        // The registry keeps the first of them by their names.
        counters.set(.fileLag, lags.sorted { ($1.value, $0.label) < ($0.value, $1.label) })
    }
}
