import LogAlerting
import Testing

/// Templates through alerts: what a summary says.
@Suite struct AlertTemplateTests {
    private func summary(
        _ template: String,
        _ condition: String = "ratio(a:1 / *) > 10% over 1m by service min 1 samples"
    ) throws -> String? {
        let text = """
            groups:
              - name: g
                rules:
                  - alert: a
                    condition: \(condition)
                    annotations:
                      summary: |-
                        \(template)
            """
        let rules = try AlertConfiguration.parse(
            text, file: "t", channelKinds: ["stdout"]
        ).rules
        let lines = (0..<8).map {
            TestStream.line(1, #""service":"api-1.prod:80","a":"\#($0 == 0 ? 1 : 0)""#)
        }
        return TestStream.run(rules, lines).first?.annotations["summary"]
    }

    @Test func prometheusTemplatesAreUnderstood() throws {
        func f(_ template: String, _ want: String) throws {
            #expect(try summary(template) == want, "\(template)")
        }
        try f("{{ $value }} of {{ $threshold }}", "12.5% of 10%")
        try f("{{ .Value }} {{ .Labels.service }}", "12.5% api-1.prod:80")
        try f("{{ $value | humanizePercentage }}", "12.5%")
        try f("{{ $value | humanize }}", "12.5%")
        try f(#"{{ printf "%.3f" $value }}"#, "0.125")
        try f(#"{{ $value | printf "%.1f" }}"#, "0.1")
        try f(#"{{ printf "%5.1f|%-4s|%d%%" $value "ab" 7 }}"#, "  0.1|ab  |7%")
        try f(#"{{ printf "%g %e %v" $value $value $value }}"#, "0.125 1.250000e-01 0.125")
        try f(#"{{ printf "%s %q" $labels.service "x" }}"#, #"api-1.prod:80 "x""#)
        try f(#"{{ printf "%d" }}{{ printf "%f" "a" }}"#, "%!d(MISSING)%!f(a)")
        try f("{{ $labels.service | toUpper }}", "API-1.PROD:80")
        try f("{{ $labels.service | stripPort | stripDomain | title }}", "Api-1")
        try f(#"{{ index $labels "service" }}"#, "api-1.prod:80")
        try f(#"{{ or $labels.none "nobody" | toUpper }}"#, "NOBODY")
        try f(#"{{ (or $labels.none "nobody") | len }}"#, "6")
        try f("{{ humanizeDuration 90 }} {{ 1500000 | humanize }}", "1m30s 1.5M")
        try f("{{ humanize1024 2048 }} {{ humanizeTimestamp 0 }}", "2ki 1970-01-01T00:00:00Z")
        try f(#"{{ "a b&c" | queryEscape }} {{ "<b>" | htmlEscape }}"#, "a%20b%26c &lt;b&gt;")
        try f("a {{- /* gone */ -}} b", "ab")
        try f("{{ $labels.none }}.", ".")
    }

    @Test func conditionsChoose() throws {
        func f(_ template: String, _ want: String) throws {
            #expect(try summary(template) == want, "\(template)")
        }
        try f("{{ if gt $value 0.1 }}much{{ else }}little{{ end }}", "much")
        try f("{{ if lt $value 0.1 }}little{{ else }}much{{ end }}", "much")
        try f(
            #"{{ if eq $labels.service "x" }}1{{ else if $labels.none }}2{{ else }}3{{ end }}"#, "3"
        )
        try f(#"{{ if and $labels.service (not $labels.none) }}yes{{ end }}"#, "yes")
        try f("{{ if $labels.none }}{{ if 1 }}x{{ end }}{{ end }}.", ".")
    }

    @Test(arguments: [
        ("{{ if $value }}x", "not closed by `{{ end }}`"), ("{{ end }}", "has no `{{ if"),
        ("{{ if 1 }}{{ else }}{{ else }}{{ end }}", "nothing follows"),
        ("{{ $value | humanise }}", "did you mean `humanize`"),
        ("{{ range $labels }}{{ end }}", "a template knows"),
        ("{{ eq 1 }}", "`{{ if eq"), ("{{ $value", "not closed"),
    ])
    func faults(template: String, message: String) throws {
        let error = try #require(throws: AlertFileError.self) { try summary(template) }
        #expect(error.message.contains(message), "\(error.message)")
    }
}
