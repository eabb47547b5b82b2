internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A disk in memory that records what is done to it, fills up, and fails as it is told.
///
/// Processes use it through `MemoryFileSystem`. What it holds is what the machine's page cache would show; what would be
/// left of that after a power cut is for `CrashStates` to say, from the trace.
public final class MemoryDisk: @unchecked Sendable {
    /// What a call does, for those who make it fail.
    public enum Call: String, CaseIterable, Sendable {
        case open, read, list, write, fsync, truncate, rename, remove
        case openForReading = "open for reading"
        case makeDirectory = "make directory"
        case removeDirectory = "remove directory"
        case fsyncDirectory = "fsync directory"

        /// Whether it changes what is on the disk.
        public var changes: Bool { self != .read && self != .list && self != .openForReading }
    }

    /// How a call fails.
    public enum Fault: Sendable {
        /// Nothing is done.
        case refuse(Int32)
        /// A write brings so many bytes to the file before it fails, and never all; other calls do nothing.
        case tear(Int32, bytes: Int)
    }

    final class Node {
        let number: Int
        let isDirectory: Bool
        var bytes: [UInt8] = []
        var children: [String: Int] = [:]
        /// Whether a name leads here, so that the bytes count as used.
        var isNamed = true
        /// The open file that holds the lock.
        weak var lockHolder: AnyObject?

        init(number: Int, isDirectory: Bool) {
            self.number = number
            self.isDirectory = isDirectory
        }
    }

    private let lock = Lock()
    private var nodes: [Node] = []
    /// The node of every path; the root has two.
    private var paths: [String: Int] = ["/": 0]
    private var recorded: [DiskOperation] = []
    private var capacity = Int.max
    private var used = 0
    private var faults: (Call, String) -> Fault? = { _, _ in nil }

    /// A disk that holds `image`, all of it durable.
    public init(_ image: DiskImage = DiskImage()) {
        for (number, node) in image.nodes.enumerated() {
            switch node {
            case .directory(let children):
                nodes.append(Node(number: number, isDirectory: true))
                nodes[number].children = children
            case .file(let bytes):
                nodes.append(Node(number: number, isDirectory: false))
                nodes[number].bytes = bytes
            }
        }
        name(0, "")
    }

    private func name(_ node: Int, _ path: String) {
        paths[path] = node
        used += nodes[node].bytes.count
        for (name, child) in nodes[node].children { self.name(child, path + "/" + name) }
    }

    /// What has been done to the disk.
    public var trace: [DiskOperation] { lock.locked { recorded } }

    /// What the disk holds now, as long as it has power.
    public var image: DiskImage {
        lock.locked {
            var image = DiskImage()
            image.nodes = nodes.map { $0.isDirectory ? .directory($0.children) : .file($0.bytes) }
            return image
        }
    }

    /// Puts a note into the trace.
    public func note(_ value: Int) { lock.locked { recorded.append(.note(value)) } }

    /// Lets calls fail as `faults` says; it is asked before each, and must not use the disk.
    public func setFaults(_ faults: @escaping (Call, String) -> Fault?) {
        lock.locked { self.faults = faults }
    }

    /// Bytes of all files that have a name.
    public var usedBytes: Int { lock.locked { used } }

    /// The same for those who are asked about faults, which happens while the disk is locked.
    public var usedBytesUnlocked: Int { used }

    /// Sets the bytes that the disk has room for; calls that need more fail with ENOSPC.
    public func setCapacity(_ bytes: Int) { lock.locked { capacity = bytes } }

    // MARK: Calls

    private func strike(_ call: Call, _ path: String) throws(FileError) {
        switch faults(call, path) {
        case nil: return
        case .refuse(let code), .tear(let code, _):
            throw FileError(operation: call.rawValue, path: path, code: code)
        }
    }

    private func call<Result>(
        _ call: Call, _ path: String, _ body: () throws(FileError) -> Result
    ) throws(FileError) -> Result {
        var outcome: Swift.Result<Result, FileError> = .failure(
            FileError(operation: call.rawValue, path: path, code: EIO))
        lock.locked {
            do throws(FileError) {
                outcome = .success(try body())
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get()
    }

    private func parent(
        _ call: Call, of path: String
    ) throws(FileError) -> (node: Node, name: String) {
        guard let slash = path.lastIndex(of: "/") else {
            throw FileError(operation: call.rawValue, path: path, code: EINVAL)
        }
        guard let number = paths[String(path[..<slash])] else {
            throw FileError(operation: call.rawValue, path: path, code: ENOENT)
        }
        guard nodes[number].isDirectory else {
            throw FileError(operation: call.rawValue, path: path, code: ENOTDIR)
        }
        return (nodes[number], String(path[path.index(after: slash)...]))
    }

    /// A name needs no room of its own here, but a full disk has none for it either.
    private func addNode(
        _ call: Call, _ path: String, isDirectory: Bool
    ) throws(FileError) -> (parent: Node, name: String, node: Node) {
        let (directory, name) = try parent(call, of: path)
        guard used < capacity else {
            throw FileError(operation: call.rawValue, path: path, code: ENOSPC)
        }
        let node = Node(number: nodes.count, isDirectory: isDirectory)
        nodes.append(node)
        directory.children[name] = node.number
        paths[path] = node.number
        return (directory, name, node)
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> Node {
        try call(.open, path) { () throws(FileError) in
            let isReading = mode == .read || mode == .readAnywhere
            try strike(isReading ? .openForReading : .open, path)
            if let number = paths[path] {
                if mode == .createNew || mode == .createLog {
                    throw FileError(operation: "open", path: path, code: EEXIST)
                }
                if nodes[number].isDirectory {
                    throw FileError(operation: "open", path: path, code: EISDIR)
                }
                return nodes[number]
            }
            if isReading { throw FileError(operation: "open", path: path, code: ENOENT) }
            let (directory, name, node) = try addNode(.open, path, isDirectory: false)
            recorded.append(
                .create(directory: directory.number, name: name, node: node.number))
            return node
        }
    }

    func list(_ path: String) throws(FileError) -> [DirectoryEntry] {
        try call(.list, path) { () throws(FileError) in
            try strike(.list, path)
            guard let number = paths[path] else {
                throw FileError(operation: "list", path: path, code: ENOENT)
            }
            return nodes[number].children.map {
                DirectoryEntry(name: $0.key, isDirectory: nodes[$0.value].isDirectory)
            }.sorted { $0.name < $1.name }
        }
    }

    func makeDirectory(_ path: String) throws(FileError) -> Bool {
        try call(.makeDirectory, path) { () throws(FileError) in
            try strike(.makeDirectory, path)
            if let number = paths[path] {
                if nodes[number].isDirectory { return false }
                throw FileError(operation: "make directory", path: path, code: ENOTDIR)
            }
            let (directory, name, node) = try addNode(.makeDirectory, path, isDirectory: true)
            recorded.append(
                .makeDirectory(directory: directory.number, name: name, node: node.number))
            return true
        }
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try call(.rename, path) { () throws(FileError) in
            try strike(.rename, path)
            let (source, name) = try parent(.rename, of: path)
            let (target, newName) = try parent(.rename, of: newPath)
            guard let number = source.children[name], !nodes[number].isDirectory else {
                throw FileError(operation: "rename", path: path, code: ENOENT)
            }
            if let replaced = target.children[newName], replaced != number { forget(replaced) }
            source.children[name] = nil
            paths[path] = nil
            target.children[newName] = number
            paths[newPath] = number
            recorded.append(
                .rename(
                    directory: source.number, name: name, newDirectory: target.number,
                    newName: newName, node: number))
        }
    }

    private func forget(_ number: Int) {
        nodes[number].isNamed = false
        used -= nodes[number].bytes.count
    }

    func remove(_ path: String, isDirectory: Bool) throws(FileError) {
        let kind: Call = isDirectory ? .removeDirectory : .remove
        try call(kind, path) { () throws(FileError) in
            try strike(kind, path)
            let (directory, name) = try parent(kind, of: path)
            guard let number = directory.children[name] else {
                throw FileError(operation: kind.rawValue, path: path, code: ENOENT)
            }
            guard nodes[number].isDirectory == isDirectory else {
                throw FileError(
                    operation: kind.rawValue, path: path, code: isDirectory ? ENOTDIR : EISDIR)
            }
            guard nodes[number].children.isEmpty else {
                throw FileError(operation: kind.rawValue, path: path, code: ENOTEMPTY)
            }
            directory.children[name] = nil
            paths[path] = nil
            forget(number)
            recorded.append(.remove(directory: directory.number, name: name))
        }
    }

    func synchronizeDirectory(_ path: String) throws(FileError) {
        try call(.fsyncDirectory, path) { () throws(FileError) in
            guard let number = paths[path], nodes[number].isDirectory else {
                throw FileError(operation: "open directory", path: path, code: ENOENT)
            }
            do throws(FileError) {
                try strike(.fsyncDirectory, path)
            } catch {
                recorded.append(.synchronizeDirectory(node: number, succeeded: false))
                throw error
            }
            recorded.append(.synchronizeDirectory(node: number, succeeded: true))
        }
    }

    // MARK: Open files

    func read(
        _ node: Node, _ path: String, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        try call(.read, path) { () throws(FileError) in
            try strike(.read, path)
            let count = max(min(buffer.count, node.bytes.count - offset), 0)
            node.bytes.withUnsafeBytes { bytes in
                if count > 0 {
                    buffer.copyMemory(from: .init(rebasing: bytes[offset..<offset + count]))
                }
            }
            return count
        }
    }

    func size(_ node: Node) -> Int { lock.locked { node.bytes.count } }

    func write(
        _ node: Node, _ path: String, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(FileError) {
        try call(.write, path) { () throws(FileError) in
            var room = bytes.count
            var code: Int32 = 0
            switch faults(.write, path) {
            case nil: break
            case .refuse(let fault): (code, room) = (fault, 0)
            case .tear(let fault, let torn): (code, room) = (fault, max(min(torn, room - 1), 0))
            }
            if node.isNamed, capacity < Int.max {
                let end = node.bytes.count + max(capacity - used, 0)
                if offset + room > end { (code, room) = (ENOSPC, max(end - offset, 0)) }
            }
            if room > 0 {
                put(node, UnsafeRawBufferPointer(rebasing: bytes[..<room]), at: offset)
            }
            if code != 0 { throw FileError(operation: "write", path: path, code: code) }
        }
    }

    private func put(_ node: Node, _ bytes: UnsafeRawBufferPointer, at offset: Int) {
        recorded.append(.write(node: node.number, offset: offset, bytes: Array(bytes)))
        let before = node.bytes.count
        node.bytes.overwrite(at: offset, with: bytes)
        if node.isNamed { used += node.bytes.count - before }
    }

    func truncate(_ node: Node, _ path: String, to size: Int) throws(FileError) {
        try call(.truncate, path) { () throws(FileError) in
            try strike(.truncate, path)
            guard size != node.bytes.count else { return }
            recorded.append(.truncate(node: node.number, size: size))
            let before = node.bytes.count
            node.bytes.setSize(size)
            if node.isNamed { used += size - before }
        }
    }

    func synchronize(_ node: Node, _ path: String) throws(FileError) {
        try call(.fsync, path) { () throws(FileError) in
            do throws(FileError) {
                try strike(.fsync, path)
            } catch {
                recorded.append(.synchronize(node: node.number, succeeded: false))
                throw error
            }
            recorded.append(.synchronize(node: node.number, succeeded: true))
        }
    }

    func tryLock(_ node: Node, _ file: AnyObject) -> Bool {
        lock.locked {
            if let holder = node.lockHolder { return holder === file }
            node.lockHolder = file
            return true
        }
    }

    func unlock(_ node: Node, _ system: MemoryFileSystem) {
        lock.locked {
            if (node.lockHolder as? MemoryFile)?.system === system { node.lockHolder = nil }
        }
    }
}

extension [UInt8] {
    /// Writes as a file does: zeros where it had ended before.
    mutating func overwrite(at offset: Int, with bytes: UnsafeRawBufferPointer) {
        if offset == count {
            append(contentsOf: bytes)
            return
        }
        if count < offset + bytes.count { setSize(offset + bytes.count) }
        withUnsafeMutableBytes { target in
            UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + bytes.count])
                .copyMemory(from: bytes)
        }
    }

    /// Cuts, or appends zeros.
    mutating func setSize(_ size: Int) {
        if size < count {
            removeLast(count - size)
        } else {
            append(contentsOf: [UInt8](repeating: 0, count: size - count))
        }
    }
}
