import Foundation
import Testing

/// `weir keys` as a user sees it, and what a listener makes of it.
@Suite struct KeysTests {
    @Test func keysAreShownOnceAndListed() throws {
        let scratch = try Scratch()
        func keys(_ arguments: String...) throws -> WeirProcess.Result {
            let all = ["keys"] + arguments + ["--data", scratch.data]
            return try WeirProcess.Running(all, in: scratch).wait()
        }
        let added = try keys("add", "shipper", "--scope", "ingest,query")
        #expect(added.status == 0)
        #expect(added.text.wholeMatch(of: /weir_[0-9a-f]{8}_[0-9a-f]{64}\n/) != nil)
        #expect(added.errors.contains("only time"))
        let path = scratch.data + "/state/keys"
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let file = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!file.contains(added.text.dropFirst(14).prefix(64)))
        let list = try keys("list")
        #expect(list.text.contains(/^[0-9a-f]{8}  shipper  ingest,query  20/))

        let twice = try keys("add", "shipper")
        #expect(twice.status == 2 && twice.errors.contains("there is a key `shipper`"))
        #expect(try keys("add", "x", "--scope", "all").errors.contains("no scope"))
        #expect(try keys("add", "a b").status == 2)
        #expect(try keys("revoke", "nobody").errors.contains("`weir keys list` shows all"))
        #expect(try keys("revoke", "shipper").status == 0)
        #expect(try keys("list").output.isEmpty)
        let check = try WeirProcess.run("check", "--data", scratch.data, in: scratch)
        #expect(!check.errors.contains("state/keys"), "\(check.errors)")
    }

    @Test func commandsAtTheSameTimeLoseNothing() throws {
        let scratch = try Scratch()
        let running = try (0..<12).map {
            try WeirProcess.Running(["keys", "add", "k\($0)", "--data", scratch.data], in: scratch)
        }
        let added = try running.map { try $0.wait() }
        #expect(added.allSatisfy { $0.status == 0 }, "\(added.map(\.errors))")
        let list = try WeirProcess.run("keys", "list", "--data", scratch.data, in: scratch)
        #expect(list.lines.count == 12)
        let revoking = try (0..<11).map {
            try WeirProcess.Running(
                ["keys", "revoke", "k\($0)", "--data", scratch.data], in: scratch)
        }
        for process in revoking { #expect(try process.wait().status == 0) }
        let left = try WeirProcess.run("keys", "list", "--data", scratch.data, in: scratch)
        #expect(left.lines.count == 1 && left.text.contains("  k11  "))
    }

    @Test func listenersBeyondThisMachine() throws {
        let scratch = try Scratch()
        let plain = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--http", "0.0.0.0:0", in: scratch)
        #expect(plain.status == 2)
        #expect(plain.errors.contains("`weir keys add`"), "\(plain.errors)")
        #expect(plain.errors.contains("--insecure-listen"))
        let wrong = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--http", "127.0.0.1", in: scratch)
        #expect(wrong.status == 2 && wrong.errors.contains("a port is missing"))
        let taken = try HTTPListener(scratch)
        let other = try Scratch()
        let second = try WeirProcess.run(
            "ingest", "--data", other.data, "--http", taken.address, in: other)
        #expect(second.status == 2 && second.errors.contains("another process listens there"))
        taken.running.process.terminate()
        #expect(try taken.running.wait().status == 0)
    }
}
