internal import LogBytes
public import LogSystem

/// What a key lets its holder do.
public enum AccessScope: String, CaseIterable, Sendable {
    /// Send lines.
    case ingest
    /// Search them.
    case query
    /// Everything, and what changes weir itself.
    case admin
}

/// A key as the data directory knows it: never the secret, only its digest.
public struct AccessKey: Equatable, Sendable {
    /// What the secret begins with, and what a key is called by in messages.
    public let id: String
    /// The name that its owner gave it.
    public let name: String
    /// What it is good for.
    public let scopes: Set<AccessScope>
    /// When it was made, RFC 3339.
    public let created: String
    /// SHA-256 of the whole key, 64 hexadecimal digits.
    let digest: String

    /// Whether it is good for `scope`.
    public func allows(_ scope: AccessScope) -> Bool {
        scopes.contains(scope) || scopes.contains(.admin)
    }
}

/// The keys of a data directory: `DATA/state/keys`, mode 0600.
///
///     weir keys
///     6f1c2a90<tab>shipper<tab>ingest,query<tab>2025-01-18T12:00:00Z<tab>SHA-256 of the key
///
/// A key is `weir_`, its id of 8 hexadecimal digits, `_` and 64 more: 256 random bits.
public struct AccessKeys: Equatable, Sendable {
    /// The keys, oldest first.
    public private(set) var keys: [AccessKey] = []
    /// Whether a key is needed: from the first that was made on, also when all have been revoked.
    public private(set) var isInForce = false

    /// The name in `DATA/state`.
    static let fileName = "keys"
    private static let head = "weir keys"
    private static let prefix = "weir_"
    private static let idDigits = 8
    private static let secretDigits = 64
    /// Keys in one directory: every request with an unknown key looks at none of them, so this bounds the file alone.
    public static let keysMax = 10_000

    /// No keys.
    public init() {}

    /// The keys of a data directory; none where the file is missing. A damaged file is an error: nobody can tell who has
    /// been shut out.
    public init(directory: String, fileSystem: any FileSystem = DiskFileSystem())
        throws(AccessError)
    {
        let path = Self.path(directory)
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try fileSystem.readAll(path)
        } catch {
            guard error.isMissing else { throw AccessError("\(error)") }
            return
        }
        guard let text = StateFile.text(bytes), let parsed = Self.parse(text) else {
            throw AccessError(
                "\(path) is damaged: no key is accepted; move it away and make the keys anew")
        }
        self = parsed
        isInForce = true
    }

    private static func path(_ directory: String) -> String {
        DataDirectory.state(directory) + "/" + fileName
    }

    /// Writes the file.
    public func save(
        directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(AccessError) {
        do throws(FileError) {
            let state = DataDirectory.state(directory)
            try fileSystem.makeDirectories(state)
            try StateFile.sealed(text).withView { view throws(FileError) in
                try fileSystem.replace(Self.path(directory), in: state, with: view)
            }
        } catch {
            throw AccessError("\(error)")
        }
    }

    /// Reads the keys, lets `body` change them, and writes them, while nobody else does: two commands at the same time would
    /// each write what it had read, and the later one would undo the earlier.
    ///
    /// The lock is that of the directory `DATA/state` (flock), which needs no further file. Readers take none: the file is
    /// replaced in one step.
    public static func change<Result>(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock(),
        _ body: (inout AccessKeys) throws(AccessError) -> Result
    ) throws(AccessError) -> Result {
        guard let lock = try lock(DataDirectory.state(directory), fileSystem, clock) else {
            throw AccessError(
                "another `weir keys` has been at work on \(directory) for seconds; try again")
        }
        defer { withExtendedLifetime(lock) {} }
        var keys = try AccessKeys(directory: directory, fileSystem: fileSystem)
        let result = try body(&keys)
        try keys.save(directory: directory, fileSystem: fileSystem)
        return result
    }

    private static func lock(
        _ state: String, _ fileSystem: any FileSystem, _ clock: any WallClock
    ) throws(AccessError) -> (any OpenFile)? {
        let deadline = clock.monotonic() + lockNanoseconds
        let pause = Lock()
        do throws(FileError) {
            try fileSystem.makeDirectories(state)
            let file = try fileSystem.open(state, .read)
            while try !file.tryLock() {
                let now = clock.monotonic()
                guard now < deadline else { return nil }
                pause.locked { _ = pause.wait(until: now + lockPauseNanoseconds) }
            }
            return file
        } catch {
            throw AccessError("\(error)")
        }
    }

    /// How long it waits for another command, which takes milliseconds, and how often it looks.
    private static let lockNanoseconds: Int64 = 10_000_000_000
    private static let lockPauseNanoseconds: Int64 = 5_000_000

    // MARK: Keys

    /// Makes a key and gives it, the only time that anybody sees it.
    public mutating func add(
        name: String, scopes: Set<AccessScope>, now: String,
        using generator: inout some RandomNumberGenerator
    ) throws(AccessError) -> String {
        guard !name.isEmpty, name.utf8.count <= 64,
            name.utf8.allSatisfy({ $0 > ASCII.space && $0 < 0x7F })
        else {
            throw AccessError("a key's name has 1 to 64 letters, digits or signs, and no space")
        }
        guard !keys.contains(where: { $0.name == name }) else {
            throw AccessError("there is a key `\(name)`; revoke it first, or choose another name")
        }
        guard keys.count < Self.keysMax else {
            throw AccessError("there are \(keys.count) keys, and no more are possible")
        }
        guard !scopes.isEmpty else { throw AccessError("a key without a scope is of no use") }
        var id = Self.digits(Self.idDigits, &generator)
        while keys.contains(where: { $0.id == id }) { id = Self.digits(Self.idDigits, &generator) }
        let secret = "\(Self.prefix)\(id)_\(Self.digits(Self.secretDigits, &generator))"
        keys.append(
            AccessKey(
                id: id, name: name, scopes: scopes, created: now,
                digest: secret.withView { SHA256.hexadecimal($0) }))
        return secret
    }

    /// Whether there is a key with this name, or id.
    public func has(_ nameOrID: String) -> Bool {
        keys.contains { $0.name == nameOrID || $0.id == nameOrID }
    }

    /// Takes the key with this name, or id, out; false when there is none.
    public mutating func revoke(_ nameOrID: String) -> Bool {
        let count = keys.count
        keys.removeAll { $0.name == nameOrID || $0.id == nameOrID }
        return keys.count < count
    }

    /// The key that `secret` is; nil when it is none. The time that it takes says nothing about the digests.
    public func key(for secret: String) -> AccessKey? {
        let parts = secret.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.prefix.dropLast(),
            let key = keys.first(where: { $0.id == parts[1] })
        else { return nil }
        let digest = secret.withView { SHA256.hexadecimal($0) }
        var difference: UInt8 = 0
        for (left, right) in zip(digest.utf8, key.digest.utf8) { difference |= left ^ right }
        return difference == 0 && digest.utf8.count == key.digest.utf8.count ? key : nil
    }

    private static func digits(
        _ count: Int, _ generator: inout some RandomNumberGenerator
    ) -> String {
        var digits: [UInt8] = []
        for _ in 0..<count { digits.append(Hex.digit(UInt8.random(in: 0...15, using: &generator))) }
        return String(decoding: digits, as: UTF8.self)
    }

    // MARK: Text

    var text: String {
        var text = Self.head + "\n"
        for key in keys {
            let scopes = AccessScope.allCases.filter(key.scopes.contains).map(\.rawValue)
            text += "\(key.id)\t\(key.name)\t\(scopes.joined(separator: ","))"
            text += "\t\(key.created)\t\(key.digest)\n"
        }
        return text
    }

    static func parse(_ text: String) -> AccessKeys? {
        var lines = text.split(separator: "\n")[...]
        guard lines.popFirst() == head[...] else { return nil }
        var all = AccessKeys()
        for line in lines {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(
                String.init)
            guard parts.count == 5, parts[4].utf8.count == secretDigits else { return nil }
            var scopes: Set<AccessScope> = []
            for name in parts[2].split(separator: ",") {
                guard let scope = AccessScope(rawValue: String(name)) else { return nil }
                scopes.insert(scope)
            }
            all.keys.append(
                AccessKey(
                    id: parts[0], name: parts[1], scopes: scopes, created: parts[3],
                    digest: parts[4]))
        }
        return all
    }
}

/// Keys that cannot be read, written or made.
public struct AccessError: Error, CustomStringConvertible {
    /// What happened, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
