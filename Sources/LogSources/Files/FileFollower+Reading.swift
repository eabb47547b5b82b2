internal import LogBytes
internal import LogMetrics
internal import LogSystem

extension FileFollower {
    /// What a file's turn came to.
    enum Turn {
        /// There is nothing more to do for it now.
        case done
        /// There is; others come first.
        case more
        /// No chunk is free.
        case noRoom
        /// The outlet is closed.
        case closed
    }

    /// A line that is so long in the making (bytes) is not read again from its start whenever some bytes come to it.
    private static let probedBytes = 64 << 10
    /// With less room than this part of a chunk, the next is begun.
    private static let roomPart = 16

    /// Gives each queued file a turn: at most a chunk of it is read. True when something was done and more is to do; nil when
    /// the outlet is closed.
    func pass() -> Bool? {
        // A copy is known before its original is read any further: then both have what is compared.
        let undecided = queue.filter { $0.phase == .unexamined || $0.phase == .linked }
            .sorted { $0.serial < $1.serial }
        for file in undecided { decide(file) }
        let round = queue
        queue.removeAll(keepingCapacity: true)
        for (index, file) in round.enumerated() {
            file.isQueued = false
            guard files[file.key] === file else { continue }
            switch turn(file) {
            case .done: break
            case .more: enqueue(file)
            case .closed: return nil
            case .noRoom:
                for waiting in round[index...] {
                    waiting.isQueued = false
                    enqueue(waiting)
                }
                return sink.isOpen ? false : nil
            }
        }
        guard flush() else { return nil }
        return !queue.isEmpty
    }

    /// Examines a file before anything is read; what is left to do is done in its turn.
    private func decide(_ file: FollowedFile) {
        guard files[file.key] === file, let content = open(file), !file.hasOtherBirth else {
            return
        }
        do throws(FileError) {
            _ = try examine(file, content, try content.status())
        } catch {
            trouble(file, error)
        }
    }

    private func turn(_ file: FollowedFile) -> Turn {
        guard let content = open(file) else { return .done }
        do throws(FileError) {
            let status = try content.status()
            if file.hasOtherBirth {
                replace(file)
                return .done
            }
            if file.phase == .unexamined || file.phase == .linked {
                switch try examine(file, content, status) {
                case .following: break
                case .waiting:
                    file.looked = status
                    return .done
                case .unfinished: return .more
                }
            }
            guard file.phase == .following else { return .done }
            return try read(file, content, status)
        } catch {
            trouble(file, error)
            if file.presence != .nameless { close(file) }
            return .done
        }
    }

    /// Reads what is new, at most to the end of the chunk.
    private func read(
        _ file: FollowedFile, _ content: any FileContent, _ status: TailStatus
    ) throws(FileError) -> Turn {
        switch try content.reach(file.mark.offset, budget: options.unpackBytes) {
        case .notYet: return .more
        case .ends:
            replace(file)
            return .done
        case .there: break
        }
        if !file.isVerified {
            guard try content.hasHead(file.mark) else {
                replace(file)
                return .done
            }
            file.isVerified = true
        }
        if try isSameHalfLine(file, content, status) { return .done }
        while true {
            guard let chunk = openChunk() else { return sink.isOpen ? .noRoom : .closed }
            let room = chunk.capacity - chunk.count
            if chunk.count > 0, room < chunk.capacity / Self.roomPart {
                guard flush() else { return .closed }
                continue
            }
            switch try take(file, content, status, into: chunk) {
            case .taken(let isAtEnd): return isAtEnd ? .done : .more
            case .replaced: return .done
            case .tooLong:
                guard flush() else { return .closed }
            case .separate(let isAtEnd):
                guard flush() else { return .closed }
                return isAtEnd ? .done : .more
            }
        }
    }

    /// Whether a long line is still without its end: only what has come to it is looked at.
    private func isSameHalfLine(
        _ file: FollowedFile, _ content: any FileContent, _ status: TailStatus
    ) throws(FileError) -> Bool {
        guard !content.isPacked, file.heldBytes >= Self.probedBytes, !file.takesHalfLine,
            file.heldBytes < sink.chunkBytes - Self.probedBytes,
            status.size > file.mark.offset + file.heldBytes
        else { return false }
        let fresh = try content.bytes(at: file.mark.offset + file.heldBytes, Self.probedBytes)
        guard fresh.count < Self.probedBytes, !fresh.contains(ASCII.newline) else { return false }
        file.heldBytes += fresh.count
        file.lastChange = clock.monotonic()
        file.looked = status
        return true
    }

    private enum Taking {
        case taken(isAtEnd: Bool)
        /// As taken, and the chunk must end here.
        case separate(isAtEnd: Bool)
        /// The content is not the one that was read.
        case replaced
        /// A line does not fit behind what is in the chunk.
        case tooLong
    }

    private func take(
        _ file: FollowedFile, _ content: any FileContent, _ status: TailStatus,
        into chunk: ByteChunk
    ) throws(FileError) -> Taking {
        let tailLength = file.mark.tail.length
        var roomCount = chunk.capacity - chunk.count
        var isLimited = false
        if let end = file.endOffset, !content.isPacked, end - file.mark.offset <= roomCount {
            roomCount = max(end - file.mark.offset, 0)
            isLimited = true
        }
        let room = UnsafeMutableRawBufferPointer(start: chunk.base + chunk.count, count: roomCount)
        var failure: FileError?
        let got = front.withUnsafeMutableBytes { buffer in
            do throws(FileError) {
                return try content.read(
                    UnsafeMutableRawBufferPointer(rebasing: buffer[..<tailLength]), room,
                    at: file.mark.offset - tailLength)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        let isSame =
            got >= tailLength
            && front.withView { ContentHash($0.prefix(tailLength)) } == file.mark.tail
        guard isSame else {
            replace(file)
            return .replaced
        }
        let bytes = ByteView(chunk.base + chunk.count, got - tailLength)
        let isAtEnd = isLimited || bytes.count < roomCount
        let cut = LineCut(
            bytes, file.mark, capacity: chunk.capacity,
            takesHalfLine: file.takesHalfLine && isAtEnd)
        if cut.dropped + cut.kept == 0, !isAtEnd { return .tooLong }
        let held = front.withView { accept(cut, of: bytes, $0.prefix(tailLength), file, chunk) }
        settle(file, content, status, held: held, hasTaken: cut.dropped + cut.kept > 0, isAtEnd)
        let isSeparate = cut.startsSkipping || cut.endsInHalfLine || file.takesHalfLine
        if isAtEnd, file.endOffset == nil { file.takesHalfLine = false }
        return isSeparate ? .separate(isAtEnd: isAtEnd) : .taken(isAtEnd: isAtEnd)
    }

    /// Makes what was cut off part of the chunk, and moves the mark behind it; the bytes that are left.
    private func accept(
        _ cut: LineCut, of bytes: ByteView, _ before: ByteView, _ file: FollowedFile,
        _ chunk: ByteChunk
    ) -> Int {
        let taken = cut.dropped + cut.kept
        guard taken > 0 else { return bytes.count }
        file.mark.advance(over: bytes.prefix(taken), behind: before, options.sizes)
        file.mark.isSkipping = cut.startsSkipping || cut.staysSkipping
        file.mark.isDrained = false
        let place = chunk.base + chunk.count
        if cut.dropped > 0 { place.update(from: place + cut.dropped, count: cut.kept) }
        chunk.count += cut.kept
        chunk.cutBytes += cut.cutBytes
        if cut.startsSkipping { chunk.cutLines += 1 }
        if cut.endsInHalfLine {
            count(.halfLine)
            if chunk.count < chunk.capacity {
                chunk.base[chunk.count] = ASCII.newline
                chunk.count += 1
            }
        }
        touch(file)
        return bytes.count - taken
    }

    private func settle(
        _ file: FollowedFile, _ content: any FileContent, _ status: TailStatus, held: Int,
        hasTaken: Bool, _ isAtEnd: Bool
    ) {
        if hasTaken || held != file.heldBytes { file.lastChange = clock.monotonic() }
        file.heldBytes = isAtEnd ? held : 0
        file.isAtEnd = isAtEnd
        guard isAtEnd else { return }
        file.looked = status
        if let damage = content.damage, file.trouble == nil {
            file.trouble = damage
            count(.damaged)
            counters.add(.refused, label: "damaged_gzip")
            report("\(file.path): \(damage); the lines before are taken, what follows is lost")
        }
    }
}
