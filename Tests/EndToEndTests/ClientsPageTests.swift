import Foundation
import TestSupport
import Testing

/// The page about HTTP clients shows what the tests run.
@Suite struct ClientsPageTests {
    @Test func configurationsAreThoseOfTheTests() throws {
        let page = try Checkout.text("Sources/LogServer/LogServer.docc/Clients.md")
        let folder = "Tests/EndToEndTests/HTTPClients"
        let names = try FileManager.default.contentsOfDirectory(
            atPath: Checkout.root.appending(path: folder).path)
        #expect(names.count == 7)
        for name in names {
            let lines = try Checkout.text("\(folder)/\(name)").split(
                separator: "\n", omittingEmptySubsequences: false)
            let shown = lines.map { $0.isEmpty ? "" : "    " + $0 }.joined(separator: "\n")
            #expect(page.contains(shown), "\(name) is not as the page shows it")
        }
    }
}
