internal import LogSystem

/// The files of a data directory that hold lines, as one look found them: journal files opened first, then segments listed.
/// A journal file that is sealed in between is still open, and the segments made from it are listed, so no line is missed.
struct StoreListing {
    let journals: [(number: UInt64, file: any OpenFile)]
    let segments: [SegmentFile]
    /// Segments whose lines are in `segments`, merged: their removal is under way, or a crash cut it off.
    let superseded: [SegmentFile]

    init(directory: String, fileSystem: any FileSystem) throws(StoreError) {
        var opened: [(number: UInt64, file: any OpenFile)] = []
        do throws(FileError) {
            for (number, path) in try Self.journals(directory, fileSystem) {
                do throws(FileError) {
                    opened.append((number, try fileSystem.open(path, .read)))
                } catch  where error.isMissing {
                    // Sealed since it was listed; its segments are listed below.
                }
            }
            let listing = try DirectoryListing.segments(directory, fileSystem)
            segments = listing.files
            superseded = listing.superseded
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .file(error)
        }
        journals = opened
    }

    /// The journal files; none when their directory is missing and that of the segments is not.
    private static func journals(
        _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> [(number: UInt64, path: String)] {
        do throws(FileError) {
            return try DirectoryListing.journals(directory, fileSystem)
        } catch  where error.isMissing {
            _ = try fileSystem.list(DataDirectory.segments(directory))
            return []
        }
    }
}
