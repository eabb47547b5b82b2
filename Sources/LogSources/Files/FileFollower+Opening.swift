internal import LogBytes
internal import LogSystem

extension FileFollower {
    /// The content of `file`, opened where it is not; nil when it cannot be had now.
    func open(_ file: FollowedFile) -> (any FileContent)? {
        turns += 1
        file.lastUse = turns
        if let content = file.content { return content }
        do throws(FileError) {
            let handle = try fileSystem.open(file.path)
            guard try handle.status().key == file.key else {
                // The name is another file's by now; the next scan finds this one, if it has a name.
                needsScan = true
                file.looked = nil
                return nil
            }
            let isGzip = GzipContent.isGzip(try handle.bytes(at: 0, 2))
            let content: any FileContent = isGzip ? GzipContent(handle) : PlainContent(handle)
            makeRoomForOpenFile()
            file.content = content
            let born = handle.born
            if file.born != 0, born != file.born {
                // Another file has the inode: it comes after all that are there.
                found += 1
                file.serial = found
            }
            file.born = born
            openFiles.append(file)
            file.trouble = nil
            // Of what nothing was read there is no mark; it may be another file by now.
            if file.phase == .following, file.mark.offset == 0 { file.phase = .unexamined }
            return content
        } catch {
            trouble(file, error)
            return nil
        }
    }

    func close(_ file: FollowedFile) {
        guard file.content != nil else { return }
        file.content = nil
        file.isVerified = false
        file.truncatedFrom = nil
        openFiles.removeAll { $0 === file }
    }

    /// Tells once what is wrong with a file; it is tried again when it changes, and with each scan.
    func trouble(_ file: FollowedFile, _ error: FileError) {
        if error.isMissing { needsScan = true }
        file.looked = nil
        guard file.trouble != "\(error)" else { return }
        file.trouble = "\(error)"
        guard !error.isMissing else { return }
        count(.unreadable)
        report("\(error); it is tried again")
    }

    /// Closes an eighth of the files when there are as many as may be: those that have nothing new, and were used longest
    /// ago. Files without a name stay open, since they could not be opened again.
    private func makeRoomForOpenFile() {
        guard openFiles.count >= options.openFilesMax else { return }
        func isBusy(_ file: FollowedFile) -> Bool { file.isQueued || file.heldBytes > 0 }
        let idle = openFiles.filter { $0.presence != .nameless }.sorted {
            isBusy($0) == isBusy($1) ? $0.lastUse < $1.lastUse : !isBusy($0)
        }
        for file in idle.prefix(max(options.openFilesMax / 8, 1)) {
            file.content = nil
            file.isVerified = false
            file.truncatedFrom = nil
        }
        openFiles.removeAll { $0.content == nil }
    }
}
