internal import Foundation

/// A directory of its own for one test, removed at the end.
public final class TemporaryDirectory: Sendable {
    /// Its path, without a slash at the end.
    public let path: String

    /// A new, empty directory.
    ///
    /// - Parameter inMemory: where the machine has such a place, for tests that fsync thousands of times.
    public init(inMemory: Bool = true) throws {
        let manager = FileManager.default
        let memory = "/dev/shm"
        let parent =
            inMemory && manager.isWritableFile(atPath: memory)
            ? memory : manager.temporaryDirectory.path
        path = "\(parent)/weir-test-\(UUID().uuidString)"
        try manager.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of `name` in this directory.
    public func file(_ name: String) -> String { path + "/" + name }
}
