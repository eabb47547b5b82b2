import Foundation
import Testing

/// An authority of a test's own, and certificates of it for a server and a client, both for `localhost`.
struct TestCertificates {
    /// The folder with `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key`.
    let folder: String

    var serverOptions: [String] {
        ["--tls-cert", folder + "/server.pem", "--tls-key", folder + "/server.key"]
    }
    var clientOptions: [String] { ["--tls-client-ca", folder + "/ca.pem"] }

    init(in scratch: Scratch) throws {
        folder = scratch.fresh("certificates").path
        let script = """
            set -e
            umask 077
            mkdir '\(folder)'
            cd '\(folder)'
            key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
            openssl req -x509 $key -days 3 -subj /CN=authority -keyout ca.key -out ca.pem
            for name in server client; do
                openssl req $key -subj /CN=localhost -keyout $name.key -out $name.csr \\
                    -addext subjectAltName=DNS:localhost,IP:127.0.0.1
                openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 \\
                    -copy_extensions copy -out $name.pem
            done
            """
        let result = try WeirProcess.Running(
            ["-c", script], in: scratch, executable: "/bin/sh"
        ).wait()
        #expect(result.status == 0, "\(result.errors)")
    }
}
