import Foundation
import TestSupport
import Testing

/// What TLS connections keep after they have sent a lot.
@Suite struct TLSMemoryTests {
    @Test(.enabled(if: ClientProgram.all("openssl", "python3"), ClientProgram.hint))
    func connectionsGiveTheirMemoryBackAfterABurst() throws {
        let scratch = try Scratch()
        let certificates = try TestCertificates(in: scratch)
        let socket = scratch.fresh("socket").path
        let weir = try ListeningWeir(
            ["--tcp", "127.0.0.1:0", "--unix", socket] + certificates.serverOptions, in: scratch,
            listeners: 2)
        let result = try WeirProcess.Running(
            [
                "-c",
                """
                import re, socket, ssl, time
                count, line = 150, b"y" * 399 + b"\\n"
                context = ssl.create_default_context(cafile="\(certificates.folder)/ca.pem")

                def resident():
                    text = open("/proc/\(weir.running.process.processIdentifier)/status").read()
                    return int(re.search(r"RssAnon:\\s+(\\d+)", text)[1]) * 1024

                def secure():
                    plain = socket.create_connection(("127.0.0.1", \(weir.port(of: "tcp"))))
                    return context.wrap_socket(plain, server_hostname="localhost")

                # What the pipeline takes for so many lines is not the connections'.
                plain = socket.socket(socket.AF_UNIX)
                plain.connect("\(socket)")
                plain.sendall(line * 25_000)
                plain.close()
                time.sleep(1)
                before = resident()
                connections = [secure() for _ in range(count)]
                for connection in connections:
                    connection.sendall(line * 160)
                for wait in range(300):
                    time.sleep(0.1)
                    each = (resident() - before) // count
                    if each < 110_000:
                        break
                print(each)
                """,
            ], in: scratch, executable: "/usr/bin/python3"
        ).wait()
        #expect(result.status == 0, "\(result.errors)")
        let each = try #require(Int(result.text.trimmingCharacters(in: .whitespacesAndNewlines)))
        // NIO and NIOSSL alone keep more than 100 KB of a burst of 64.
        #expect(each < 60_000, "a connection keeps \(each) bytes")
        #expect(try weir.stop().count == 25_000 + 150 * 160)
    }
}
