import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Sockets of the real binary: who may listen, who may send, what a thousand senders and an end in the middle leave.
@Suite struct SocketTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Runs a Python program to its end; what it printed.
    private func python(_ program: String) throws -> String {
        let result = try WeirProcess.Running(
            ["-c", program], in: scratch, executable: "/usr/bin/python3"
        ).wait()
        #expect(result.status == 0, "\(result.errors)")
        return result.text
    }

    private func refusal(_ options: String...) throws -> String {
        let result = try WeirProcess.Running(
            ["ingest", "--data", scratch.data] + options, in: scratch
        ).wait()
        #expect(result.status == 2)
        return result.errors
    }

    private static let hasPython = FileManager.default.fileExists(atPath: "/usr/bin/python3")

    @Test(.enabled(if: hasPython, ClientProgram.hint))
    func aThousandConnectionsAtOnce() throws {
        let weir = try ListeningWeir(["--tcp", "127.0.0.1:0"], in: scratch)
        _ = try python(
            """
            import resource, socket
            resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
            all = [socket.create_connection(("127.0.0.1", \(weir.port))) for _ in range(1000)]
            for line in range(20):
                for number, connection in enumerate(all):
                    connection.sendall(b'{"connection":%d,' % number)
                for connection in all:
                    connection.sendall(b'"line":%d}\\n' % line)
            for connection in all:
                connection.close()
            """)
        try weir.waitForLines(20_000)
        let stored = try weir.stop()
        let want = Set(
            (0..<1_000).flatMap { number in
                (0..<20).map { "{\"connection\":\(number),\"line\":\($0)}" }
            })
        #expect(stored.count == 20_000)
        #expect(Set(stored) == want)
    }

    @Test(.enabled(if: hasPython, ClientProgram.hint))
    func theEndTakesWhatHasArrived() throws {
        let socket = scratch.fresh("socket").path
        let weir = try ListeningWeir(
            ["--tcp", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--unix", socket], in: scratch,
            listeners: 3)
        let tcp = weir.port(of: "tcp")
        let udp = weir.port(of: "udp")
        // Weir is held while everything is sent, and asked to end before it goes on.
        kill(weir.running.process.processIdentifier, SIGSTOP)
        _ = try python(
            """
            import socket
            for n in range(50):
                socket.create_connection(("127.0.0.1", \(tcp))).sendall(b"tcp %d\\nhalf" % n)
            stream = socket.socket(socket.AF_UNIX)
            stream.connect("\(socket)")
            stream.sendall(b"".join(b"unix %d\\n" % n for n in range(500)))
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for n in range(500):
                datagrams.sendto(b"udp %d" % n, ("127.0.0.1", \(udp)))
            """)
        weir.running.process.terminate()
        kill(weir.running.process.processIdentifier, SIGCONT)
        let result = try weir.running.wait()
        #expect(result.status == 0, "\(result.errors)")
        let stored = try weir.stored()
        #expect(stored.count { $0.hasPrefix("tcp ") } == 50)
        #expect(stored.count { $0 == "half" } == 50)
        #expect(stored.count { $0.hasPrefix("unix ") } == 500)
        #expect(stored.count { $0.hasPrefix("udp ") } == 500)
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test func listenersBeyondTheMachineNeedProtection() throws {
        #expect(try refusal("--tcp", ":0").contains("say --insecure-listen"))
        #expect(try refusal("--udp", "0.0.0.0:0").contains("say --insecure-listen"))
        let weir = try ListeningWeir(["--tcp", ":0", "--insecure-listen"], in: scratch)
        #expect(try weir.stop() == [])
    }

    @Test(.enabled(if: ClientProgram.all("openssl") && hasPython, ClientProgram.hint))
    func clientsWithoutACertificateAreRefusedAndChangedOnesAreUsed() throws {
        let certificates = try TestCertificates(in: scratch)
        let key = certificates.folder + "/server.key"
        let server = ["--tcp", ":0"] + certificates.serverOptions
        func refusal(_ more: [String] = []) throws -> String {
            let result = try WeirProcess.Running(
                ["ingest", "--data", scratch.data] + server + more, in: scratch
            ).wait()
            #expect(result.status == 2)
            return result.errors
        }
        chmod(key, 0o644)
        #expect(try refusal(certificates.clientOptions).contains("do: chmod o= "))
        chmod(key, 0o600)
        #expect(try refusal().contains("--tls-client-ca"))

        let metrics = scratch.fresh("metrics").path
        let weir = try ListeningWeir(
            server + certificates.clientOptions + ["--metrics-file", metrics], in: scratch)
        let said = try python(
            """
            import socket, ssl, subprocess, time
            folder = "\(certificates.folder)"

            def connect(shows, version=None):
                context = ssl.create_default_context(cafile=folder + "/ca.pem")
                if shows:
                    context.load_cert_chain(folder + "/client.pem", folder + "/client.key")
                if version:
                    context.maximum_version = version
                plain = socket.create_connection(("127.0.0.1", \(weir.port)))
                return context.wrap_socket(plain, server_hostname="localhost")

            def send(text, shows, version=None):
                try:
                    connection = connect(shows, version)
                    connection.sendall(text)
                    connection.settimeout(20)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)
                except OSError:
                    pass

            send(b"one\\n", True)
            send(b"two\\n", True, ssl.TLSVersion.TLSv1_2)
            send(b"nobody\\n", False)
            plain = socket.create_connection(("127.0.0.1", \(weir.port)))
            plain.sendall(b"plain\\n")
            plain.settimeout(20)
            plain.recv(100)
            # A renewed certificate is shown within some seconds.
            before = connect(True).getpeercert(True)
            subprocess.run(
                "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 77 -days 2"
                " -copy_extensions copy -out new.pem && mv new.pem server.pem",
                shell=True, cwd=folder, check=True)
            for attempt in range(200):
                if connect(True).getpeercert(True) != before:
                    print("renewed")
                    break
                time.sleep(0.1)
            """)
        #expect(said == "renewed\n")
        try weir.waitForLines(2)
        #expect(try weir.stop().sorted() == ["one", "two"])
        let text = try String(contentsOfFile: metrics, encoding: .utf8)
        #expect(text.contains("weir_connections_refused_total{reason=\"tls\"} 2"))
    }

    @Test(.enabled(if: hasPython, ClientProgram.hint))
    func socketsOfSystemdAreTaken() throws {
        let path = scratch.fresh("socket").path
        let binary = WeirProcess.products.appendingPathComponent("weir").path
        // What systemd does: it listens, a client's line waits already, and weir is started with the socket as descriptor 3.
        // (systemd-socket-activate itself closes the descriptor by which Foundation watches its children.)
        let activated = try WeirProcess.Running(
            [
                "-c",
                """
                import os, socket, sys
                binary, path, data = sys.argv[1:]
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(path)
                listener.listen()
                client = socket.socket(socket.AF_UNIX)
                client.connect(path)
                client.sendall(b"activated\\n")
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)
                os.environ.update(
                    LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="logs")
                options = ["ingest", "--data", data, "--unix", "systemd:logs"]
                os.execv(binary, [binary] + options)
                """, binary, path, scratch.data,
            ], in: scratch, executable: "/usr/bin/python3")
        try activated.waitUntil("weir listens") {
            activated.errors.contains("weir: listening on unix \(path)")
        }
        activated.process.terminate()
        let result = try activated.wait()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("read: 1 lines"))
        // The socket is systemd's, and stays.
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(try refusal("--unix", "systemd").contains("systemd has passed no such socket"))
    }
}
