import Testing

@testable import LogAlerting

/// Texts of alert files that come from the environment.
@Suite struct EnvironmentTextTests {
    private func rule(
        _ condition: String, _ environment: [String: String] = [:]
    ) throws -> AlertRule? {
        try AlertConfiguration.parse(
            """
            groups:
              - name: g
                rules:
                  - alert: a
                    condition: '\(condition)'
            """, file: "alerts.yaml", channelKinds: ["stdout"], environment: environment
        ).rules.first
    }

    @Test func variablesAndDefaults() throws {
        let text = "error_rate > ${RATE:-0.05} over ${WINDOW}"
        let set = try rule(text, ["RATE": "0.1", "WINDOW": "10m"])
        #expect(set?.condition.text == "error_rate > 0.1 over 10m")
        let unset = try rule(text, ["RATE": "", "WINDOW": "1m"])
        #expect(unset?.condition.text == "error_rate > 0.05 over 1m")
    }

    @Test func aDollarOfItsOwnStays() throws {
        let rule = try rule(#"count(path:"$${x}" price:"$5") > 1 over 1m"#)
        #expect(rule?.condition.text == #"count(path:"${x}" price:"$5") > 1 over 1m"#)
    }

    @Test(arguments: [
        ("count(a:b) > ${MISSING} over 1m", 34, "no variable `MISSING`"),
        ("count(a:b) > ${OPEN over 1m", 34, "not closed"),
        ("count(a:b) > ${A B} over 1m", 34, "names no variable"),
    ])
    func faultsSayWhere(text: String, column: Int, message: String) {
        #expect {
            _ = try rule(text)
        } throws: { error in
            guard let error = error as? AlertFileError else { return false }
            return error.line == 5 && error.column == column && error.message.contains(message)
        }
    }
}
