import Foundation
import Testing

/// `weir ingest --http` on a port of its own.
final class HTTPListener {
    let running: WeirProcess.Running
    /// `127.0.0.1:40001`.
    let address: String
    private let scratch: Scratch

    init(_ scratch: Scratch, _ arguments: [String] = []) throws {
        self.scratch = scratch
        let running = try WeirProcess.Running(
            ["ingest", "--data", scratch.data, "-q", "--http", "127.0.0.1:0"] + arguments,
            in: scratch)
        self.running = running
        var found: Substring = ""
        try running.waitUntil("it listens") {
            guard let match = running.errors.firstMatch(of: /listening on http ([0-9.:]+)\n/) else {
                return false
            }
            found = match.1
            return true
        }
        address = String(found)
    }

    /// What it has said.
    var errors: String { running.errors }

    /// The number of lines that queries see.
    func count() throws -> Int {
        let result = try WeirProcess.run(
            "query", "--data", scratch.data, "* | stats count() n", "-o", "json", in: scratch)
        return result.text.firstMatch(of: /[0-9]+/).flatMap { Int($0.0) } ?? 0
    }

    /// Ends it, and gives one field of all lines, sorted.
    func end(fields: String) throws -> [String] {
        running.process.terminate()
        let result = try running.wait()
        #expect(result.status == 0, "\(result.errors)")
        let rows = try WeirProcess.run(
            "query", "--data", scratch.data, "* | fields \(fields)", "-o", "json", in: scratch)
        return rows.lines.compactMap { line in
            let row = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            return (row as? [String: Any])?[fields] as? String
        }.sorted()
    }
}
