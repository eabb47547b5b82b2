import LogSources
import Testing

@Suite struct ListenAddressTests {
    private func parsed(_ text: String, _ kind: SocketKind = .tcp) -> ListenAddress? {
        try? ListenAddress(text, kind: kind)
    }

    private func error(_ text: String, _ kind: SocketKind = .tcp) -> String {
        do {
            return "no error: \(try ListenAddress(text, kind: kind))"
        } catch {
            return error.description
        }
    }

    @Test func addressesAreRead() {
        #expect(parsed("127.0.0.1:514") == .internet(host: "127.0.0.1", port: 514))
        #expect(parsed(":0") == .internet(host: "", port: 0))
        #expect(parsed("[::1]:65535") == .internet(host: "::1", port: 65_535))
        #expect(parsed("localhost:1", .udp) == .internet(host: "localhost", port: 1))
        #expect(parsed("systemd") == .activated(name: nil))
        #expect(parsed("systemd:logs.socket", .unix) == .activated(name: "logs.socket"))
        #expect(parsed("/run/weir:1", .unix) == .path("/run/weir:1"))
        #expect(parsed(String(repeating: "p", count: 107), .unixDatagram) != nil)
    }

    @Test func mistakesAreExplained() {
        #expect(error("514").hasSuffix("a port is missing; say HOST:PORT, or :PORT for all"))
        #expect(error(":65536").contains("`65536` is no port"))
        #expect(error("host:").contains("`` is no port"))
        #expect(error("host:+5").contains("`+5` is no port"))
        #expect(error("::1:514").contains("as in [::1]:514"))
        #expect(error("", .unix).contains("a path is missing"))
        #expect(
            error(String(repeating: "p", count: 108), .unix).contains(
                "at most 107 bytes, this one has 108"))
    }

    @Test func onlyProtectedListenersReachBeyondTheMachine() {
        func isAllowed(
            _ isLocal: Bool, _ protection: ListenPolicy.Protection, insecure: Bool = false
        ) -> Bool {
            let policy = ListenPolicy(isInsecureAllowed: insecure)
            return
                (try? policy.check(
                    "tcp x", isLocal: isLocal, protection: protection, remedy: nil)) != nil
        }
        #expect(isAllowed(true, .none))
        #expect(isAllowed(false, .authenticated))
        #expect(!isAllowed(false, .encrypted))
        #expect(!isAllowed(false, .none))
        #expect(isAllowed(false, .none, insecure: true))
    }
}
