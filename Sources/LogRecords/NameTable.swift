internal import CLogKernels
internal import LogBytes

/// The keys of interest for the loose walk, which reads lines of unknown shapes without making a shape of each: those that
/// mean something (`PathMeaning`), and those that somebody asks for by name (`RecordBatch.register`).
///
/// A key counts in an object of a certain path, the *context*: the number that the shape table gives to it. Objects in which
/// nothing can be of interest have none, and their keys are not looked up at all. At the top every key of interest is in
/// the table from the beginning, so that an unknown one is of none, except for names that follow a pattern (durations, paths
/// with dots) and all keys of nested objects: of those the table is told when a shape with them is learned.
struct NameTable: ~Copyable {
    /// The content of a table, to be had again and again: filling one takes a while.
    struct Content: Sendable {
        fileprivate let table: [weir_name]
        fileprivate let bytes: [UInt8]
        fileprivate let filter: [UInt8]
        fileprivate let count: Int
        fileprivate let numbers: [String: Int32]
        fileprivate let paths: [String]
    }

    private var table: Vector<weir_name>
    private var bytes = ByteWriter(capacity: 1 << 12)
    private var filter = Vector<UInt8>(capacity: Int(WEIR_NAME_FILTER))
    private var count = 0
    private var numbers: [String: Int32] = [:]
    /// The paths of interest by their number.
    private(set) var paths: [String] = []
    /// Names that are asked for, besides those that mean something.
    let registered: [String]
    /// Everything that a path of interest may begin with, up to a dot.
    private let prefixes: Set<String>

    /// So many keys are held; lines with further ones are walked with more care.
    private static let countMax = 1 << 14
    /// The longest key of the loose walk.
    private static let keyBytesMax = Int(WEIR_LOOSE_KEY_MAX)

    /// Prefixes of the names that mean something, and of containers.
    private static let knownPrefixes = prefixes(of: PathMeaning.knownNames).union(
        prefixes(of: FieldContainer.all))

    private static func prefixes(of paths: [String]) -> Set<String> {
        var prefixes: Set<String> = []
        for path in paths {
            for index in path.indices where path[index] == "." {
                prefixes.insert(String(path[...index]))
            }
        }
        return prefixes
    }

    /// An empty table.
    init() {
        registered = []
        prefixes = Self.knownPrefixes
        table = Self.empty(1 << 11)
        for _ in 0..<Int(WEIR_NAME_FILTER) { filter.append(0) }
        // Room that keys may be loaded from.
        bytes.reserve(16)
    }

    /// A table of `content`, made without registered names, for `registered` to be added.
    init(_ content: Content, registered: [String]) {
        self.registered = registered
        prefixes =
            registered.isEmpty
            ? Self.knownPrefixes : Self.knownPrefixes.union(Self.prefixes(of: registered))
        table = Vector(capacity: content.table.count)
        content.table.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { table.append(start, buffer.count) }
        }
        content.bytes.withView { bytes.append($0) }
        bytes.reserve(16)
        content.filter.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { filter.append(start, buffer.count) }
        }
        count = content.count
        numbers = content.numbers
        paths = content.paths
    }

    /// What the table holds.
    var content: Content {
        Content(
            table: Array(table.buffer), bytes: Array(bytes.view), filter: Array(filter.buffer),
            count: count, numbers: numbers, paths: paths)
    }

    private static func empty(_ places: Int) -> Vector<weir_name> {
        var table = Vector<weir_name>(capacity: places)
        var name = weir_name()
        name.context = -1
        for _ in 0..<places { table.append(name) }
        return table
    }

    /// The table for the walk, valid until a key is added.
    var view: weir_names {
        weir_names(
            table: UnsafePointer(table.base), bytes: UnsafePointer(bytes.base),
            filter: UnsafePointer(filter.base),
            mask: UInt32(table.count - 1))
    }

    /// Whether keys in the object at `prefix`, a path with a dot behind or nothing, may be of interest.
    func isLive(_ prefix: String) -> Bool {
        if prefix.isEmpty || prefixes.contains(prefix) { return true }
        return FieldContainer.content(of: prefix + "x").map { rest in
            rest == "x" || prefixes.contains(String(rest.dropLast()))
        } ?? false
    }

    /// Adds `key` in the object `context`, whose path is `prefix`, unless it is there.
    ///
    /// - Parameter child: the context of an object under the key, when such an object is live.
    mutating func add(
        _ key: ByteView, in context: Int, prefix: String, child: Int?, meanings: PathMeanings
    ) {
        guard key.count <= Self.keyBytesMax, count < Self.countMax else { return }
        let hash = Self.hash(key)
        var place = Self.place(hash, context) & (table.count - 1)
        while table[place].context >= 0 {
            let known = table[place]
            if known.hash == hash, Int(known.context) == context,
                ByteView(bytes.base + Int(known.start), Int(known.length)) == key
            {
                var name = known
                if let child, name.child < 0 { name.child = Int32(child) }
                let path = prefix + key.text
                if name.number < 0 { name.number = number(path, meanings[path]) }
                table[place] = name
                return
            }
            place = (place + 1) & (table.count - 1)
        }
        var name = weir_name()
        name.hash = hash
        name.context = Int32(context)
        name.start = UInt32(bytes.count)
        name.length = UInt32(key.count)
        name.child = child.map { Int32($0) } ?? -1
        let path = prefix + key.text
        name.number = number(path, meanings[path])
        name.flags = Self.flags(path, meanings[path])
        bytes.append(key)
        bytes.reserve(16)
        table[place] = name
        let bit = weir_name_bit(weir_name_place(hash, name.context))
        filter[Int(bit >> 3)] |= 1 << UInt8(bit & 7)
        count += 1
        if count * 2 > table.count { grow() }
    }

    private static func hash(_ key: ByteView) -> UInt32 {
        // The walk loads up to 16 bytes from a key, which here may stand at the end of its memory.
        var padded = Array(key)
        padded.append(contentsOf: repeatElement(0, count: 16))
        return padded.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { weir_key_hash($0, UInt32(key.count)) } ?? 0
        }
    }

    private static func place(_ hash: UInt32, _ context: Int) -> Int {
        Int(weir_name_place(hash, Int32(context)))
    }

    private mutating func grow() {
        var larger = Self.empty(table.count * 2)
        for index in 0..<table.count where table[index].context >= 0 {
            let name = table[index]
            var place = Self.place(name.hash, Int(name.context)) & (larger.count - 1)
            while larger[place].context >= 0 { place = (place + 1) & (larger.count - 1) }
            larger[place] = name
        }
        swap(&table, &larger)
    }

    private mutating func number(_ path: String, _ meaning: PathMeaning) -> Int32 {
        if let known = numbers[path] { return known }
        guard meaning.isOfInterest || registered.contains(path) else { return -1 }
        let number = Int32(paths.count)
        numbers[path] = number
        paths.append(path)
        return number
    }

    /// What lines with the path have to expect. Formats that are told by their names, and times in two fields, are for those
    /// who see all fields of a line.
    private static func flags(_ path: String, _ meaning: PathMeaning) -> UInt32 {
        let names = [meaning.top, meaning.content].compactMap(\.self)
        let hasTwoFields = names.contains { name in
            name.aliases.contains { $0.transform == .secondsBeforeNanoseconds }
        }
        if hasTwoFields || declined.contains(path) { return UInt32(WEIR_NAME_DECLINED) }
        if names.contains(where: \.isBareDuration) { return UInt32(WEIR_NAME_BARE_DURATION) }
        switch path {
        case "time": return UInt32(WEIR_NAME_GO_TIME)
        case "level": return UInt32(WEIR_NAME_GO_LEVEL)
        case "msg": return UInt32(WEIR_NAME_GO_MESSAGE)
        default: return 0
        }
    }

    /// Names that tell Docker, journald and GELF (`ShapeTable.format`).
    private static let declined: Set<String> = ["log", "__REALTIME_TIMESTAMP", "short_message"]
}
