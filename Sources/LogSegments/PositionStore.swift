internal import LogBytes
internal import LogSystem

/// The positions of a data directory: those of `DATA/state/positions`, and over them those of newer journal frames.
final class PositionStore {
    private let directory: String
    private let fileSystem: any FileSystem
    private var table = PositionTable()
    /// The file's positions are those of all frames below this sequence number.
    private var fileSequence: UInt64 = 0
    /// Set while positions stand in no frame: those that came without a line.
    private(set) var mustSave = false
    /// What was wrong with the file, and is told as damage.
    let fault: String?

    /// Reads the file, if there is one. A damaged file is as none: its sources are read as ones never seen, and that is told.
    init(directory: String, fileSystem: any FileSystem) throws(FileError) {
        self.directory = directory
        self.fileSystem = fileSystem
        let path = DataDirectory.positionsFile(directory)
        var bytes: [UInt8] = []
        do throws(FileError) {
            bytes = try fileSystem.readAll(path)
        } catch {
            guard error.isMissing else { throw error }
            fault = nil
            return
        }
        guard let parsed = StateFile.text(bytes).flatMap(PositionTable.parse) else {
            table = PositionTable(isChanged: true)
            mustSave = true
            fault = "\(path) is damaged: how far files had been read is known from the journal only"
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

    /// Takes note of what recovery finds in a frame.
    func recover(_ positions: [SourcePosition], sequence: UInt64) {
        guard sequence >= fileSequence else { return }
        note(positions, sequence: sequence, isInFrame: true)
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
