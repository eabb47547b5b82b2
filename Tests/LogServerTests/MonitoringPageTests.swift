import HTTPTypes
import LogSegments
import TestSupport
import Testing

@testable import LogServer

/// The page that tells of the paths is right about them.
@Suite struct MonitoringPageTests {
    @Test func everyPathIsToldWithItsMethodsAndItsScope() throws {
        let page = try Checkout.text("Sources/LogServer/LogServer.docc/MonitoringAPI.md")
        var told: [String: String] = [:]
        for line in page.replacing("`", with: "").split(separator: "\n") {
            guard let row = line.firstMatch(of: /^\| ([A-Z, ]+) (\/\S+) \| (\w+) \|/) else {
                continue
            }
            for method in row.1.replacing(",", with: "").split(separator: " ") {
                told["\(method) \(row.2)"] = String(row.3)
            }
        }
        var served: [String: String] = [:]
        for path in APIPath.allCases {
            for method in path.methods {
                served["\(method.rawValue) \(path.rawValue)"] =
                    path.isOpen ? "none" : path.scope(method).rawValue
            }
        }
        #expect(told == served)
    }
}
