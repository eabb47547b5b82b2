import LogBytes
import LogSystem
import Synchronization
import TestSupport
import Testing

@testable import LogSegments

@Suite struct AccessKeysTests {
    private func keys(_ names: String...) throws -> (keys: AccessKeys, secrets: [String]) {
        var keys = AccessKeys()
        var generator = SeededGenerator(seed: 1)
        let secrets = try names.map {
            try keys.add(
                name: $0, scopes: [.ingest], now: "2025-01-01T00:00:00Z", using: &generator)
        }
        return (keys, secrets)
    }

    @Test func aKeyIsKnownByItsSecretAlone() throws {
        let (keys, secrets) = try keys("a", "b")
        #expect(keys.key(for: secrets[0])?.name == "a")
        #expect(keys.key(for: secrets[1])?.name == "b")
        #expect(keys.key(for: String(secrets[0].dropLast()) + "?") == nil)
        #expect(keys.key(for: String(secrets[0].dropLast())) == nil)
        // The id of one with the secret of another.
        #expect(keys.key(for: String(secrets[0].prefix(13) + secrets[1].dropFirst(13))) == nil)
        #expect(keys.key(for: "") == nil)
        #expect(!keys.text.contains(secrets[0].suffix(64)))
    }

    @Test func theFileComesBackAsItWas() throws {
        let directory = try TemporaryDirectory()
        #expect(try AccessKeys(directory: directory.path) == AccessKeys())
        var (keys, secrets) = try keys("a", "b")
        try keys.save(directory: directory.path)
        let read = try AccessKeys(directory: directory.path)
        #expect(read.keys == keys.keys && read.isInForce)
        let isRevoked = keys.revoke("a")
        let isRevokedByID = keys.revoke(keys.keys[0].id)
        #expect(isRevoked && isRevokedByID)
        try keys.save(directory: directory.path)
        let empty = try AccessKeys(directory: directory.path)
        #expect(empty.keys.isEmpty && empty.isInForce)
        #expect(empty.key(for: secrets[0]) == nil)
    }

    @Test func aDamagedFileIsRefusedAndFound() throws {
        let directory = try TemporaryDirectory()
        try keys("a").keys.save(directory: directory.path)
        let file = try DiskFileSystem().open(directory.file("state/keys"), .readWrite)
        try [UInt8(ascii: "x")].withView { try file.write($0, at: 12) }
        #expect(throws: AccessError.self) { try AccessKeys(directory: directory.path) }
        let kind = try #require(StateFile.all.first { $0.name == "keys" })
        let finding = kind.check(file.path, DiskFileSystem(), isNeeded: true)
        #expect(finding?.advice.contains("`weir keys add`") == true)
        #expect(kind.check(directory.file("nothing"), DiskFileSystem(), isNeeded: true) == nil)
    }

    @Test func badNamesAreRefused() throws {
        var (keys, _) = try keys("a")
        var generator = SeededGenerator(seed: 2)
        for name in ["", "a", "b c", "b\tc", String(repeating: "x", count: 65)] {
            #expect(throws: AccessError.self) {
                _ = try keys.add(name: name, scopes: [.admin], now: "", using: &generator)
            }
        }
        #expect(throws: AccessError.self) {
            _ = try keys.add(name: "b", scopes: [], now: "", using: &generator)
        }
    }

    @Test func nobodyUndoesWhatAnotherDoesAtTheSameTime() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let writers = (0..<8).map { writer in
            Background { () -> String? in
                do throws(AccessError) {
                    for number in 0..<10 {
                        try AccessKeys.change(directory: path) { (keys) throws(AccessError) in
                            var generator = SystemRandomNumberGenerator()
                            _ = try keys.add(
                                name: "\(writer)-\(number)", scopes: [.ingest], now: "",
                                using: &generator)
                        }
                    }
                    return nil
                } catch {
                    return "\(error)"
                }
            }
        }
        for writer in writers { #expect(try writer.result() == nil) }
        #expect(try AccessKeys(directory: path).keys.count == 80)
    }

    @Test func aLockThatStaysIsTold() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        try keys("a").keys.save(directory: path)
        let held = try DiskFileSystem().open(directory.file("state"), .read)
        #expect(try held.tryLock())
        let clock = LeapingClock()
        let error = #expect(throws: AccessError.self) {
            try AccessKeys.change(directory: path, clock: clock) { _ in }
        }
        #expect(error?.description.contains("another `weir keys`") == true)
        withExtendedLifetime(held) {}
        #expect(try AccessKeys(directory: path).keys.count == 1)
    }

    /// A clock on which a minute passes from one look to the next.
    private final class LeapingClock: WallClock {
        private let looks = Mutex<Int64>(0)

        func now() -> Int64 { 0 }

        func monotonic() -> Int64 {
            looks.withLock {
                $0 += 60_000_000_000
                return $0
            }
        }
    }
}
