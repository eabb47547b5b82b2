internal import LogBytes
internal import LogSystem

/// The positions of a data directory: those of `DATA/state/positions`, and over them those of newer journal frames.
final class PositionStore {
    private let directory: String
    private let fileSystem: any FileSystem
    private var table = PositionTable()
    /// The file's positions are those of all frames below this sequence number.
    private var fileSequence: UInt64 = 0
    /// The latest frame that recovery has met begins with this sequence number.
    private var recoveredSequence: UInt64 = 0
    /// Set while positions stand in no frame: those that came without a line.
    private(set) var mustSave = false
    /// What was wrong with the file, and is told as damage.
    let fault: String?

    /// Reads the file, if there is one. Where a damaged one is set aside, its sources are read as ones never seen, and that is
    /// told.
    init(
        directory: String, fileSystem: any FileSystem,
        whenDamaged: StoreOptions.DamagedPositions
    ) throws(StoreError) {
        self.directory = directory
        self.fileSystem = fileSystem
        let path = DataDirectory.positionsFile(directory)
        var bytes: [UInt8] = []
        do throws(FileError) {
            bytes = try fileSystem.readAll(path)
        } catch {
            guard error.isMissing else { throw .file(error) }
            fault = nil
            return
        }
        guard let parsed = StateFile.text(bytes).flatMap(PositionTable.parse) else {
            guard whenDamaged == .setAside else { throw .positionsDamaged(file: path) }
            // A copy, so that the damaged one is there, and is told again, until a new one has taken its place.
            let kept = SetAsideName.free(path, SetAsideName.damaged, fileSystem)
            do throws(FileError) {
                try bytes.withView { view throws(FileError) in
                    try fileSystem.replace(kept, in: DataDirectory.state(directory), with: view)
                }
            } catch {
                throw .writing(error)
            }
            table = PositionTable(isChanged: true)
            mustSave = true
            fault =
                "\(path) is damaged and kept as \(kept): how far files and requests had been read is "
                + "known from the journal only, and `weir ingest --file` takes other files for new "
                + "ones: it reads them from the beginning again, unless told `--from end`"
            return
        }
        fault = nil
        (table, fileSequence) = parsed
    }

    /// All positions.
    var positions: [SourcePosition] { table.positions }

    /// Takes note of positions that stand in the frame of lines from `sequence` on or, `isInFrame` not set, nowhere yet.
    func note(_ positions: [SourcePosition], sequence: UInt64, isInFrame: Bool) {
        for position in positions { table.note(position, sequence: sequence) }
        if !isInFrame, !positions.isEmpty { mustSave = true }
    }

    /// Takes note of what recovery finds in a frame. Frames that were written again after a failed fsync come a second time,
    /// in another file, and may stop earlier there.
    func recover(_ positions: [SourcePosition], sequence: UInt64) {
        guard sequence >= max(fileSequence, recoveredSequence) else { return }
        recoveredSequence = sequence
        note(positions, sequence: sequence, isInFrame: true)
    }

    /// Makes the file's name durable, which a writer that died may have left in the cache: before its journal goes.
    func makeDurable() throws(FileError) {
        try fileSystem.synchronizeDirectory(DataDirectory.state(directory))
    }

    /// Writes the file. All lines below `sequence` are durable, and none from there on is appended.
    func save(sequence: UInt64) throws(FileError) {
        guard table.isChanged else { return }
        var fresh = table
        let path = DataDirectory.positionsFile(directory)
        try StateFile.sealed(fresh.text(sequence: sequence)).withView { view throws(FileError) in
            try fileSystem.replace(path, in: DataDirectory.state(directory), with: view)
        }
        table = fresh
        fileSequence = sequence
        mustSave = false
    }
}
