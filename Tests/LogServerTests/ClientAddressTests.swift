import NIOCore
import Testing

@testable import LogServer

@Suite struct ClientAddressTests {
    @Test func whatAClientIsKnownBy() throws {
        func check(_ address: String, _ want: String) throws {
            let address = try SocketAddress(ipAddress: address, port: 1)
            #expect(ClientAddress.text(of: address) == want)
        }
        try check("10.1.2.3", "10.1.2.3")
        try check("::ffff:10.1.2.3", "10.1.2.3")
        try check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")
        try check("2001:db8:1:2:ffff::", "2001:db8:1:2::/64")
        try check("2001:db8:1:3::1", "2001:db8:1:3::/64")
        #expect(ClientAddress.text(of: nil) == "unknown")
    }
}
