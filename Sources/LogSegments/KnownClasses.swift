public import LogSystem

/// The classes that lines of a data directory can have.
public enum KnownClasses {
    /// The classes of the policy in force, and those that have a directory. Lines of others may be in the journal.
    ///
    /// - Throws: `RetentionError` or `StoreError`.
    public static func names(
        _ directory: String, _ fileSystem: any FileSystem = DiskFileSystem()
    ) throws -> Set<String> {
        let policy = try RetentionRun(directory: directory, fileSystem: fileSystem).storedPolicy()
        var names = Set(policy.classes.map(\.name))
        do throws(FileError) {
            for entry in try fileSystem.list(DataDirectory.segments(directory))
            where entry.isDirectory && RetentionPolicy.isClassName(entry.name) {
                names.insert(entry.name)
            }
        } catch {
            throw error.isMissing ? StoreError.noDirectory(directory) : .file(error)
        }
        return names
    }

    /// Throws for the first of `names` that is none of `known`: a misspelt name would pass for a class in which nothing is.
    public static func check(
        _ names: some Collection<String>, among known: Set<String>
    ) throws(UnknownClass) {
        for name in names.sorted() where !known.contains(name) {
            throw UnknownClass(name: name, known: known.sorted())
        }
    }
}

/// A class that no line was ever of.
public struct UnknownClass: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name.
    public let name: String
    /// The names that there are.
    public let known: [String]

    /// What is wrong, and which names there are.
    public var description: String {
        "there is no class `\(name)`; there are \(known.joined(separator: ", "))"
    }
}
