import LogBytes
import LogSystem

@testable import LogSources

/// A file system in memory that others write to. An inode that nobody holds any more is given to the next file, as ext4 does.
final class SimulatedFiles: TailFileSystem, @unchecked Sendable {
    final class Node {
        let inode: UInt64
        let born: Int64
        var bytes: [UInt8] = []
        var modified: Int64
        var links = 1
        /// Descriptors, and a writer's.
        var holders = 0

        init(inode: UInt64, modified: Int64) {
            self.inode = inode
            born = modified
            self.modified = modified
        }
    }

    private(set) var names: [String: Node] = [:]
    private(set) var symbolicLinks: [String: String] = [:]
    private var freeInodes: [UInt64] = []
    private var nextInode: UInt64 = 10
    private var time: Int64 = 0
    /// Paths that may not be opened, with the error.
    var faults: [String: Int32] = [:]
    var device: UInt64 = 1
    var openCount = 0
    /// Whether it knows when a file was made.
    var tellsBirth = true

    static let missing: Int32 = 2

    // MARK: What writers do

    func create(_ path: String) -> Node {
        let inode = freeInodes.popLast() ?? nextInode
        if inode == nextInode { nextInode += 1 }
        time += 1
        let node = Node(inode: inode, modified: time)
        if let old = names[path] { unlink(old) }
        names[path] = node
        return node
    }

    func append(_ bytes: some Sequence<UInt8>, to node: Node) {
        time += 1
        node.bytes += bytes
        node.modified = time
    }

    func truncate(_ node: Node, to count: Int = 0) {
        time += 1
        node.bytes.removeLast(max(node.bytes.count - count, 0))
        node.modified = time
    }

    func rename(_ path: String, _ newPath: String) {
        guard let node = names.removeValue(forKey: path) else { return }
        if let old = names[newPath] { unlink(old) }
        names[newPath] = node
    }

    func remove(_ path: String) {
        if let node = names.removeValue(forKey: path) { unlink(node) }
    }

    func link(_ path: String, _ newPath: String) {
        guard let node = names[path] else { return }
        node.links += 1
        names[newPath] = node
    }

    func symlink(_ target: String, _ path: String) { symbolicLinks[path] = target }

    /// Writes a whole file under a new name.
    @discardableResult
    func write(_ path: String, _ bytes: some Sequence<UInt8>) -> Node {
        let node = create(path)
        append(bytes, to: node)
        return node
    }

    func hold(_ node: Node) { node.holders += 1 }

    func release(_ node: Node) {
        node.holders -= 1
        free(node)
    }

    private func unlink(_ node: Node) {
        node.links -= 1
        free(node)
    }

    private func free(_ node: Node) {
        if node.links == 0, node.holders == 0 { freeInodes.append(node.inode) }
    }

    // MARK: What readers see

    func resolve(_ path: String) throws(FileError) -> String {
        symbolicLinks[path] ?? path
    }

    private func node(_ operation: String, _ path: String) throws(FileError) -> Node {
        if let code = faults[path] {
            throw FileError(operation: operation, path: path, code: code)
        }
        guard let node = names[symbolicLinks[path] ?? path] else {
            throw FileError(operation: operation, path: path, code: Self.missing)
        }
        return node
    }

    func open(_ path: String) throws(FileError) -> any TailFile {
        SimulatedFile(node: try node("open", path), self)
    }

    func status(_ path: String) throws(FileError) -> TailStatus {
        status(try node("stat", path))
    }

    func status(_ node: Node) -> TailStatus {
        TailStatus(
            key: FileKey(device: device, inode: node.inode), kind: .file, size: node.bytes.count,
            modified: node.modified, links: node.links)
    }

    func list(_ directory: String) throws(FileError) -> [TailEntry] {
        let prefix = directory + "/"
        var entries: [TailEntry] = []
        for (path, node) in names where path.hasPrefix(prefix) {
            entries.append(
                TailEntry(
                    name: String(path.dropFirst(prefix.count)), inode: node.inode,
                    mayBeDirectory: false))
        }
        for path in symbolicLinks.keys where path.hasPrefix(prefix) {
            entries.append(
                TailEntry(
                    name: String(path.dropFirst(prefix.count)), inode: 0, mayBeDirectory: true))
        }
        return entries.sorted { $0.name < $1.name }
    }
}

final class SimulatedFile: TailFile {
    private let node: SimulatedFiles.Node
    private let files: SimulatedFiles

    init(node: SimulatedFiles.Node, _ files: SimulatedFiles) {
        self.node = node
        self.files = files
        files.hold(node)
        files.openCount += 1
    }

    deinit {
        files.release(node)
        files.openCount -= 1
    }

    var born: Int64 { files.tellsBirth ? node.born : 0 }

    func status() throws(FileError) -> TailStatus { files.status(node) }

    func read(
        _ front: UnsafeMutableRawBufferPointer, _ room: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileError) -> Int {
        let count = max(min(front.count + room.count, node.bytes.count - offset), 0)
        let bytes = node.bytes[min(offset, node.bytes.count)...].prefix(count)
        front.copyBytes(from: bytes.prefix(front.count))
        room.copyBytes(from: bytes.dropFirst(front.count))
        return count
    }
}
