package import LogBytes

/// Numbers of the group keys that came lately, the same for all rules that group by the same fields.
///
/// A hundred rules by user would look the same user up in a hundred tables, each a walk through cold memory. With numbers it is
/// looked up once a record; each rule remembers under the number where its own group is.
package struct KeyNumbers: ~Copyable {
    /// More than a rule has groups. Beyond, all numbers are given anew, so that keys that went are not kept. Some more can come
    /// before somebody makes room.
    private static let keysMax = 16_384

    private var keys = ByteKeyTable()
    /// How often the numbers were given anew.
    package private(set) var generation: UInt32 = 0

    /// Asks for the memory that `number(of:hash:)` reads (`ByteKeyTable.prefetch`).
    @inline(__always)
    func prefetch(hash: UInt64, step: Int) { keys.prefetch(hash: hash, step: step) }

    /// The number of `key`, whose `memoryHash` is `hash`.
    @inline(__always)
    mutating func number(of key: ByteView, hash: UInt64) -> Int {
        let number = keys.find(key, hash: hash)
        return number >= 0 ? number : insert(key, hash)
    }

    @inline(never)
    private mutating func insert(_ key: ByteView, _ hash: UInt64) -> Int {
        keys.insert(key, hash: hash)
    }

    /// The key of a number, valid until `makeRoom`.
    package func key(_ number: Int) -> (view: ByteView, hash: UInt64) {
        (keys.key(number), keys.hash(number))
    }

    /// Gives all numbers anew when there are too many, and says so. Call when nobody holds one.
    mutating func makeRoom() -> Bool {
        guard keys.count > Self.keysMax else { return false }
        keys = ByteKeyTable()
        generation &+= 1
        return true
    }
}
