/// The whole content of a small disk: directories and files by number, the root first.
public struct DiskImage: Sendable {
    /// A directory by the numbers of what is in it, or the bytes of a file.
    public enum Node: Sendable {
        case directory([String: Int])
        case file([UInt8])
    }

    /// All nodes. Some may be out of reach.
    public var nodes: [Node]

    /// A disk with an empty root.
    public init() { nodes = [.directory([:])] }

    /// The bytes of the file at `path`, which is there when they are set; nil when there is none.
    public subscript(path: String) -> [UInt8]? {
        get {
            guard let node = node(path), case .file(let bytes) = nodes[node] else { return nil }
            return bytes
        }
        set {
            if let node = node(path), let newValue { nodes[node] = .file(newValue) }
        }
    }

    private func node(_ path: String) -> Int? {
        path.split(separator: "/").reduce(0) { node, name in
            guard let node, case .directory(let children) = nodes[node] else { return nil }
            return children[String(name)]
        }
    }

    /// The paths and contents of all files that can be reached, sorted by path.
    public var files: [(path: String, bytes: [UInt8])] {
        var found: [(path: String, bytes: [UInt8])] = []
        collect(0, "", &found)
        return found.sorted { $0.path < $1.path }
    }

    private func collect(
        _ node: Int, _ path: String, _ found: inout [(path: String, bytes: [UInt8])]
    ) {
        switch nodes[node] {
        case .file(let bytes): found.append((path, bytes))
        case .directory(let children):
            for (name, child) in children { collect(child, path + "/" + name, &found) }
        }
    }

    /// A number that equal contents share and others hardly ever do; directories that are empty count.
    public var fingerprint: Int { fingerprint(of: 0, "") }

    private func fingerprint(of node: Int, _ path: String) -> Int {
        var hasher = Hasher()
        hasher.combine(path)
        switch nodes[node] {
        case .file(let bytes):
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
            return hasher.finalize()
        case .directory(let children):
            // The order of a dictionary means nothing, so its entries are added up.
            var sum = hasher.finalize()
            for (name, child) in children { sum &+= fingerprint(of: child, path + "/" + name) }
            return sum
        }
    }
}

/// Something that was done to a disk. Files and directories go by their numbers, which names may leave and come to.
public enum DiskOperation: Sendable {
    case create(directory: Int, name: String, node: Int)
    case makeDirectory(directory: Int, name: String, node: Int)
    case write(node: Int, offset: Int, bytes: [UInt8])
    case truncate(node: Int, size: Int)
    case synchronize(node: Int, succeeded: Bool)
    case rename(directory: Int, name: String, newDirectory: Int, newName: String, node: Int)
    case remove(directory: Int, name: String)
    case synchronizeDirectory(node: Int, succeeded: Bool)
    /// What the one who drives the disk wants to remember here, such as how much was promised so far.
    case note(Int)
}
