import Foundation
import Testing

/// A `weir ingest` that listens, until a test stops it.
final class ListeningWeir {
    let running: WeirProcess.Running
    private let scratch: Scratch

    /// Starts it with these options and waits until it listens on as many sockets as `listeners`.
    init(
        _ options: [String], in scratch: Scratch, listeners: Int = 1, executable: String? = nil,
        prefix: [String] = []
    ) throws {
        self.scratch = scratch
        running = try WeirProcess.Running(
            prefix + ["ingest", "--data", scratch.data, "--commit-interval", "20"] + options,
            in: scratch, executable: executable)
        try running.waitUntil("weir listens") { addresses.count >= listeners }
    }

    deinit { if running.process.isRunning { running.process.terminate() } }

    /// Where it listens, as `tcp 127.0.0.1:41233`, in the order in which it says so.
    var addresses: [String] {
        running.errors.split(separator: "\n").compactMap { line in
            guard let range = line.range(of: "weir: listening on ") else { return nil }
            let address = line[range.upperBound...]
            return String(address.hasSuffix(" with TLS") ? address.dropLast(9) : address)
        }
    }

    /// The port of the socket of a kind.
    func port(of kind: String) -> String {
        let address = addresses.first { $0.hasPrefix(kind + " ") } ?? ""
        return address.split(separator: ":").last.map(String.init) ?? ""
    }

    /// The port of the only socket.
    var port: String { addresses.first?.split(separator: ":").last.map(String.init) ?? "" }

    /// The lines that a query sees now.
    func stored() throws -> [String] {
        let result = try WeirProcess.Running(
            ["query", "--data", scratch.data, "-o", "raw", "-n", "1000000", "*"], in: scratch
        ).wait()
        return result.lines.map(String.init)
    }

    /// Waits until queries see `count` lines, or more.
    func waitForLines(_ count: Int) throws {
        var seen = 0
        // A query takes its time: only a test that has failed gets so far.
        let deadline = Date(timeIntervalSinceNow: 60)
        do {
            try running.waitUntil("\(count) lines are stored") {
                let text = try WeirProcess.Running(
                    ["query", "--data", scratch.data, "-c", "*"], in: scratch
                ).wait().text
                if Date() > deadline {
                    throw WeirProcess.Unmet(what: "lines are stored", errors: running.errors)
                }
                seen = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
                return seen >= count
            }
        } catch let unmet as WeirProcess.Unmet {
            throw WeirProcess.Unmet(what: "\(unmet.what), but \(seen)", errors: unmet.errors)
        }
    }

    /// Ends it as Ctrl-C does, and gives all lines.
    func stop() throws -> [String] {
        running.process.terminate()
        let result = try running.wait()
        #expect(result.status == 0, "\(result.errors)")
        return try stored()
    }
}
