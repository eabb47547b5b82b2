import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// SIGHUP: a terminal that goes away ends weir well; whoever else sends it wants files to be read again.
@Suite struct HangupTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Runs weir on a terminal that is closed when it listens; what it said, and its status.
    private func closeTerminal(_ prefix: String) throws -> (text: String, status: String) {
        let errors = scratch.fresh("errors").path
        let weir = WeirProcess.products.appendingPathComponent("weir").path
        let result = try WeirProcess.Running(
            [
                "-c",
                """
                import os, pty, re, signal, socket, sys, time
                pid, master = pty.fork()
                if pid == 0:
                    # Tests that were started with nohup ignore the signal, and so would weir.
                    signal.signal(signal.SIGHUP, signal.SIG_DFL)
                    os.dup2(os.open("\(errors)", os.O_CREAT | os.O_WRONLY, 0o600), 2)
                    \(prefix)
                    os.execv("\(weir)", ["weir", "ingest", "--data", "\(scratch.data)", "--tcp", "127.0.0.1:0"])
                for wait in range(600):
                    time.sleep(0.05)
                    text = open("\(errors)").read() if os.path.exists("\(errors)") else ""
                    found = re.search(r"listening on tcp 127.0.0.1:(\\d+)", text)
                    if found:
                        break
                send = lambda: socket.create_connection(("127.0.0.1", int(found[1]))).sendall(b"line\\n")
                send()
                os.close(master)
                \(prefix.isEmpty ? "" : "time.sleep(1); send(); os.kill(pid, signal.SIGTERM)")
                print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                """,
            ], in: scratch, executable: "/usr/bin/python3"
        ).wait()
        #expect(result.status == 0, "\(result.errors)")
        return (try String(contentsOfFile: errors, encoding: .utf8), result.text)
    }

    @Test(.enabled(if: ClientProgram.all("python3"), ClientProgram.hint))
    func aTerminalThatGoesAwayEndsItWell() throws {
        let (text, status) = try closeTerminal("")
        #expect(status == "0\n", "\(text)")
        #expect(text.contains("read: 1 lines"), "\(text)")
    }

    @Test(.enabled(if: ClientProgram.all("python3"), ClientProgram.hint))
    func startedByNohupItGoesOnWithoutTheTerminal() throws {
        let (text, status) = try closeTerminal("signal.signal(signal.SIGHUP, signal.SIG_IGN)")
        #expect(status == "0\n", "\(text)")
        #expect(text.contains("read: 2 lines"), "\(text)")
    }

    @Test(.enabled(if: ClientProgram.all("openssl"), ClientProgram.hint))
    func certificatesAreReadAgain() throws {
        let certificates = try TestCertificates(in: scratch)
        let weir = try ListeningWeir(
            ["--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"] + certificates.serverOptions,
            in: scratch, listeners: 2)
        let process = weir.running.process.processIdentifier
        func said(_ sentence: String) -> Int {
            weir.running.errors.ranges(of: sentence).count
        }
        // Both listeners say so, without anybody connecting.
        kill(process, SIGHUP)
        try weir.running.waitUntil("both have read it") {
            said("server.pem was read again and is used for new connections") == 2
        }
        // A broken one changes nothing.
        try Data("no certificate\n".utf8).write(
            to: URL(fileURLWithPath: certificates.folder + "/server.pem"))
        kill(process, SIGHUP)
        try weir.running.waitUntil("both have refused it") {
            said("the certificate read before stays in use") == 2
        }
        #expect(try weir.stop() == [])
        #expect(said("draining and sealing") == 1)
    }
}
