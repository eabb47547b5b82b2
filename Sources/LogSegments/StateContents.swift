internal import LogBytes
internal import LogSystem

/// What other layers know of the files in `DATA/state` that the store keeps for them: how to read them as a whole.
///
/// Without it a check holds these files against their checksums only, and outboxes against nothing.
public struct StateContents: Sendable {
    /// Something that is not as it should be.
    public struct Fault: Sendable, Equatable {
        /// The byte where it begins.
        public let offset: Int
        /// What is wrong.
        public let what: String
        /// What to do about it.
        public let advice: String
        /// How bad it is.
        public let severity: CheckFinding.Severity

        /// A fault.
        public init(
            offset: Int, what: String, advice: String, severity: CheckFinding.Severity = .damage
        ) {
            self.offset = offset
            self.what = what
            self.advice = advice
            self.severity = severity
        }
    }

    /// What an outbox holds.
    public struct Outbox: Sendable, Equatable {
        /// Notifications that wait.
        public let waiting: Int
        /// Notifications that were given up.
        public let deadLetters: Int
        /// What cannot be read.
        public let faults: [Fault]

        /// The contents of an outbox.
        public init(waiting: Int, deadLetters: Int, faults: [Fault]) {
            self.waiting = waiting
            self.deadLetters = deadLetters
            self.faults = faults
        }
    }

    /// Reads the bytes of an outbox.
    public var outbox: @Sendable ([UInt8]) -> Outbox
    /// What is wrong with the line of a command, or nil.
    public var command: @Sendable (String) -> String?
    /// What is wrong with the section of this name in a snapshot, or nil.
    public var section: @Sendable (String, [UInt8]) -> String?

    /// Readers of the three.
    public init(
        outbox: @escaping @Sendable ([UInt8]) -> Outbox,
        command: @escaping @Sendable (String) -> String?,
        section: @escaping @Sendable (String, [UInt8]) -> String?
    ) {
        self.outbox = outbox
        self.command = command
        self.section = section
    }
}

/// What a check found in `DATA/state` besides the classes and positions.
public struct StateSummary: Sendable, Equatable {
    /// Snapshots of metrics, rules and alerts.
    public internal(set) var snapshots = 0
    /// Outboxes of channels.
    public internal(set) var outboxes = 0
    /// Notifications in them that wait, and that were given up.
    public internal(set) var waiting = 0, deadLetters = 0
    /// Commands that wait.
    public internal(set) var commands = 0

    /// Whether there is none of them.
    public var isEmpty: Bool { self == StateSummary() }
}

/// Reads what lies in the directories of `state`, and the snapshots beside them.
struct StateContentCheck {
    let fileSystem: any FileSystem
    let contents: StateContents?
    private(set) var summary = StateSummary()
    private(set) var findings: [CheckFinding] = []

    init(_ fileSystem: any FileSystem, _ contents: StateContents?) {
        self.fileSystem = fileSystem
        self.contents = contents
    }

    /// Checks the file at `path` by what its name ends in.
    mutating func check(_ path: String) {
        guard let bytes = read(path) else { return }
        if path.hasSuffix(CommandSpool.suffix) {
            checkCommand(path, bytes)
        } else if let outbox = contents?.outbox(bytes) {
            summary.outboxes += 1
            summary.waiting += outbox.waiting
            summary.deadLetters += outbox.deadLetters
            findings += outbox.faults.map {
                CheckFinding(
                    $0.severity, path, offset: $0.offset, $0.what, advice: $0.advice)
            }
        }
    }

    /// Checks the parts of a snapshot whose checksum is right; that it is wrong is found elsewhere.
    mutating func checkSnapshot(_ path: String, _ kind: StateSnapshot.Kind) {
        guard let bytes = read(path) else { return }
        summary.snapshots += 1
        guard let contents, let snapshot = StateSnapshot(bytes) else { return }
        for section in snapshot.sections {
            guard let fault = contents.section(section.name, section.bytes) else { continue }
            findings.append(
                CheckFinding(
                    .damage, path, offset: 0,
                    "its part `\(section.name)` cannot be read: \(fault) (\(kind.meaning))",
                    advice:
                        "the next `weir ingest` says so and begins that part anew; no line is lost",
                    remedy: .setAside))
        }
    }

    private mutating func read(_ path: String) -> [UInt8]? {
        do throws(FileError) {
            return try fileSystem.readAll(path)
        } catch {
            // The weir that runs carried the command out meanwhile.
            if !error.isMissing {
                findings.append(CheckFinding(.unchecked, path, "\(error)", advice: ""))
            }
            return nil
        }
    }

    private mutating func checkCommand(_ path: String, _ bytes: [UInt8]) {
        summary.commands += 1
        let (text, isRight) = StateFile.opened(bytes)
        guard isRight == true else {
            let isCut = isRight == nil
            findings.append(
                CheckFinding(
                    .damage, path, offset: isCut ? bytes.count : 0,
                    isCut
                        ? "it does not end with its checksum: cut short, or edited (a command of an operator)"
                        : "it does not have the checksum in its last line (a command of an operator)",
                    advice:
                        "give the command again; `weir check --repair` sets the file aside, and "
                        + "the next `weir ingest` leaves it undone and removes it",
                    remedy: .setAside))
            return
        }
        guard let fault = contents?.command(String(text.prefix { $0 != "\n" })) else { return }
        findings.append(
            CheckFinding(
                .notice, path, "this weir does not know the command: \(fault)",
                advice: "give it again; the next `weir ingest` leaves it undone and removes it"))
    }
}
