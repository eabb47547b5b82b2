internal import ArgumentParser
internal import LogAlerting
internal import LogBytes
internal import LogChannels
internal import LogPipeline
internal import LogSegments
internal import LogServer
internal import LogSources
internal import LogSystem

/// `weir ingest`: takes lines in.
struct Ingest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", _superCommandName: "weir",
        abstract: "Takes lines in: measures, alerts, stores every line.",
        discussion: """
            Reads standard input when no source is named. Ends when all input
            has ended, which followed files never do; Ctrl-C and SIGTERM drain,
            seal and end it well, as does a terminal that goes away; any other
            SIGHUP reads certificates and the alert file again. Exit
            status 0: every line is durable. Alerts go to stdout, everything
            else to stderr.

            EXAMPLES
              myapp | weir ingest
              cat app.ndjson | weir ingest --data D
              weir ingest --file '/var/log/app/*.log' --alerts alerts.yaml
              weir ingest --file yesterday.log --file today.log --no-follow
              weir ingest --tcp :5140 --tls-cert C --tls-key K --tls-client-ca CA
              weir ingest --unix /run/weir.sock --udp 127.0.0.1:5140
              weir ingest --http 127.0.0.1:9428
              myapp | weir ingest --retention retention.conf --full-disk stop
              myapp | weir ingest --max-disk 20GB
              myapp | weir ingest --tee | other-tool
              myapp | weir ingest --redact email,card,secret,field:ssn
              weir ingest --host-metrics 15s
              weir ingest --probe 'https://example.org/health every 60s expect 200'
            """)

    @OptionGroup var data: DataOption

    @OptionGroup var files: FileOptions

    @OptionGroup(title: "Sockets") var listen: ListenOptions

    @OptionGroup(title: "HTTP") var http: HTTPListenOptions

    @Flag(help: "Pass what standard input brings on to standard output; alerts go to stderr then.")
    var tee = false

    @Option(
        help: ArgumentHelp(
            "Readings of this machine, so often, as lines of class metrics.", valueName: "interval")
    )
    var hostMetrics: String?

    @Option(
        help: ArgumentHelp(
            "An address to check, as `URL every 60s timeout 5s expect 200`: a line for each check; "
                + "may be given again.", valueName: "plan"))
    var probe: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is replaced in lines before they are stored: email, card, secret, ip, field:NAME, "
                + "separated by commas.", valueName: "rules"))
    var redact: [String] = []

    @Option(help: "The format of all lines (default: each line's own; `weir parse` shows it).")
    var format: String?

    @Option(help: "Retention classes (default: the data directory's, else a standard set).")
    var retention: String?

    @Option(help: "Alert rules (default: error rate, slow endpoints, 5xx bursts, failed logins).")
    var alerts: String?

    @Option(help: "Milliseconds until a line that has arrived is durable.")
    var commitInterval = 200

    @Option(help: "Bytes of a line that are kept; what a longer one has more is dropped, counted.")
    var maxLineBytes = 1 << 20

    @Option(help: "When the disk is full: wait (writers wait, too) or stop (exit 2).")
    var fullDisk = "wait"

    @Option(help: "Percent of one processor that merging segments may take; 0: none.")
    var compactionShare = 25

    @Option(
        help: ArgumentHelp(
            "What segments and journal may take, e.g. 20GB; then expired days go, and after them "
                + "the oldest of the class that is kept for the shortest time.",
            valueName: "size"))
    var maxDisk: String?

    @Option(help: "Where to write metrics in Prometheus' text format, every 10 seconds.")
    var metricsFile: String?

    @Flag(name: .shortAndLong, help: "No summary at the end.")
    var quiet = false

    @Argument(help: "`-` for standard input.")
    var input: [String] = []

    func run() throws {
        SignalWatcher.hold()
        ProcessMemory.keepFreed()
        let options = try self.options()
        let link = IngesterLink()
        let sources = try self.sources(link)
        let ingester: Ingester
        do {
            let services = ChannelServices(
                now: { SystemClock().now() },
                writeLine: { (line) throws(ChannelError) in
                    if tee { return Terminal.note(line) }
                    do {
                        try Terminal.output(line + "\n")
                    } catch {
                        let message = (error as? CommandFailure)?.message ?? "\(error)"
                        throw ChannelError(
                            receiver: "stdout", message: message, isTemporary: false)
                    }
                })
            ingester = try Ingester(options: options, services: services) { message in
                Terminal.note("weir: \(message)")
            }
        } catch {
            throw CommandFailure("\(error)")
        }
        link.attach(ingester)
        if let metricsFile { try observe(ingester, MetricsFile(path: metricsFile)) }
        SignalWatcher.watch {
            for source in sources { source.reload() }
            reload(ingester)
        } stop: {
            ingester.stop()
        }
        do {
            let summary = try ingester.run(sources)
            if !quiet {
                for line in SummaryText(summary).lines { Terminal.note(line) }
            }
            if summary.sourceFailed { throw CommandFailure(status: 2) }
        } catch let failure as IngestFailure {
            throw CommandFailure("\(failure)")
        }
    }

    /// Puts the alert file as it is now into force; a wrong one is told, and the rules stay as they were.
    private func reload(_ ingester: Ingester) {
        guard let alerts else { return }
        do {
            ingester.reload(try Configuration.alerts(alerts))
            Terminal.note("weir: the rules of \(alerts) are in force")
        } catch {
            Terminal.note("weir: \(error); the rules stay as they were")
        }
    }

    /// Writes the metrics now, so that a wrong path is told at once, and from time to time.
    private func observe(_ ingester: Ingester, _ file: MetricsFile) throws {
        do throws(FileError) {
            try file.write(ingester)
        } catch {
            throw CommandFailure("\(error)")
        }
        ingester.observe(every: Self.metricsInterval) { ingester in
            do throws(FileError) {
                try file.write(ingester)
            } catch {
                Terminal.note("weir: \(error)")
            }
        }
    }

    /// How often the metrics file is written (nanoseconds).
    private static let metricsInterval: Int64 = 10_000_000_000

    private func options() throws -> IngestOptions {
        guard let whenFull = IngestOptions.WhenFull(rawValue: fullDisk) else {
            throw CommandFailure("--full-disk is `wait` or `stop`, not `\(fullDisk)`")
        }
        guard (1...IngestOptions.lineBytesLimit).contains(maxLineBytes) else {
            throw CommandFailure(
                "--max-line-bytes is from 1 to \(IngestOptions.lineBytesLimit), not \(maxLineBytes)"
            )
        }
        guard (1...60_000).contains(commitInterval) else {
            throw CommandFailure(
                "--commit-interval is from 1 to 60000 milliseconds, not \(commitInterval)")
        }
        guard (0...100).contains(compactionShare) else {
            throw CommandFailure("--compaction-share is from 0 to 100, not \(compactionShare)")
        }
        let format = try format.map(Configuration.format)
        do {
            let policy =
                try retention.map(Configuration.retention)
                ?? RetentionRun(directory: data.directory).storedPolicy()
            if retention != nil { announce(policy) }
            let alerting =
                try alerts.map(Configuration.alerts)
                ?? AlertConfiguration.makeDefault(channels: .all)
            var options = IngestOptions(
                directory: data.directory, policy: policy, alerting: alerting)
            options.alertFile = alerts.map(Configuration.absolute)
            options.whenFull = whenFull
            options.store.damagedPositions = files.damagedPositions
            options.format = format
            options.lineBytesMax = maxLineBytes
            options.compactionShare = Double(compactionShare) / 100
            if !redact.isEmpty { options.redaction = try RedactionRules(all: redact) }
            options.maxDiskBytes = try maxDisk.map(Configuration.maxDisk)
            options.commitInterval = Int64(commitInterval) * 1_000_000
            return options
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// Says what a changed `retention.conf` is going to delete. Nothing is read when it has not changed.
    private func announce(_ policy: RetentionPolicy) {
        // Of a file that is damaged nobody knows what it kept.
        let old = try? RetentionRun(directory: data.directory).storedPolicy()
        if let old, old.hasSameText(as: policy) { return }
        // Where no data directory is, nothing can go.
        guard let stored = try? StoredPartitions(directory: data.directory) else { return }
        let clock = TrustedClock(directory: data.directory)
        let change = RetentionChange(stored, from: old, to: policy, now: clock.now())
        for entry in change.entries { Terminal.note("weir: \(entry)") }
        if change.entries.contains(where: { $0.firstGoes != nil }) {
            Terminal.note(
                "weir: if that is not meant, stop weir before then and start it with the former "
                    + "retention.conf")
        }
    }

    private func sources(_ link: IngesterLink) throws -> [any LineSource] {
        for argument in input where argument != "-" {
            throw CommandFailure(
                "`\(argument)` is no source; read a file with --file \(argument)")
        }
        do {
            var sources: [any LineSource] = []
            sources += try files.sources()
            sources += try listen.sources(isTLSUsed: !http.addresses.isEmpty)
            sources += try http.sources(listen, directory: data.directory, ingester: link)
            if let hostMetrics { sources.append(try make("host-metrics", hostMetrics)) }
            for plan in probe { sources.append(try make("probe", plan)) }
            if sources.isEmpty || !input.isEmpty {
                sources.append(tee ? try StandardInputSource(tee: true) : try make("stdin", "-"))
            } else if tee {
                throw CommandFailure("--tee passes standard input on; name it as well, with `-`")
            }
            return sources
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func make(_ option: String, _ argument: String) throws -> any LineSource {
        guard let kind = LineSources.kind(option) else {
            throw CommandFailure("this weir was built without the source `\(option)`")
        }
        return try kind.make(argument)
    }
}
