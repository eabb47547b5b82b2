import LogAlerting
import Testing

@testable import LogChannels

@Suite struct MessageTemplateTests {
    private func render(_ source: String, _ escape: (String) -> String = { $0 }) throws -> String {
        let second = Sample.alert("slow", service: "web", isFiring: false, severity: .medium)
        let notification = Sample.firing(alerts: [Sample.alert(), second])
        return try MessageTemplate(source).render(TemplateValue(notification), escape: escape)
    }

    @Test func theLanguageOfAlertmanagersUsers() throws {
        func f(_ source: String, _ want: String) throws {
            #expect(try render(source) == want, "\(source)")
        }
        try f("plain", "plain")
        try f("{{ .Status | toUpper }}", "FIRING")
        try f(
            "[{{ .Status }}{{ if eq .Status \"firing\" }}:{{ .Alerts.Firing | len }}{{ end }}]",
            "[firing:1]")
        try f("{{ .GroupLabels.alertname }}", "high_error_rate")
        try f("{{ .CommonLabels.none }}", "")
        try f("{{ range .Alerts }}{{ .Labels.service }},{{ end }}", "api,web,")
        try f("{{ range .Alerts.Resolved }}{{ .Annotations.summary }}{{ end }}", "12.3% fail")
        try f(
            "{{ range $i, $a := .Alerts }}{{ $i }}={{ $a.Labels.service }} {{ end }}",
            "0=api 1=web ")
        try f(
            "{{ range .GroupLabels.SortedPairs }}{{ .Name }}={{ .Value }}{{ end }}",
            "alertname=high_error_rate")
        try f("{{ .GroupLabels.Values | join \" \" }}", "high_error_rate")
        try f("{{ with .CommonAnnotations.summary }}<{{ . }}>{{ end }}", "<12.3% fail>")
        try f("{{ with .CommonLabels.x }}a{{ else }}b{{ end }}", "b")
        try f(
            "{{ if .CommonLabels.x }}a{{ else if eq .Status \"resolved\" }}b{{ else }}c{{ end }}",
            "c")
        try f("{{ if and (eq .Status \"firing\") (not .CommonLabels.x) }}y{{ end }}", "y")
        try f("{{ if or .CommonLabels.x .Status }}y{{ end }}", "y")
        try f("a \n {{- \" b \" -}} \n c", "a b c")
        try f("{{/* nothing */}}x", "x")
        try f("{{ $n := \"a\" }}{{ if true }}{{ $n = \"b\" }}{{ end }}{{ $n }}", "b")
        try f("{{ range .Alerts }}{{ $.Status }}{{ end }}", "firingfiring")
        try f("{{ range .Alerts.Firing }}{{ else }}none{{ end }}", "")
        try f("{{ printf \"%s has %d of %.1f%%\" .Status 3 2.25 }}", "firing has 3 of 2.3%")
        try f("{{ (index .Alerts 0).Labels.service }}", "api")
        try f("{{ index .CommonLabels \"severity\" }}{{ index .Alerts 9 }}", "")
        try f("{{ if gt (len .Alerts) 1 }}many{{ end }}{{ if le 2 1 }}no{{ end }}", "many")
        try f("{{ \"high error\" | title }} {{ `raw\\n` }}", "High Error raw\\n")
        try f("{{ template \"slack.default.title\" . }}", "[FIRING] high_error_rate, slow")
        try f(
            "{{ range .Alerts.Firing }}{{ .Sentence }} {{ .Value }}{{ end }}",
            "error_rate is 12.3% (threshold 5%) over 5m 12.3%")
        try f("{{ .CommonLabels.Remove .GroupLabels.Names }}", "")
        try f("{{ (.GroupLabels.Remove (stringSlice \"x\")).alertname }}", "high_error_rate")
        try f("{{ .GroupLabels | toJson }}", #"{"alertname":"high_error_rate"}"#)
    }

    @Test func mistakesAreFoundWhenTheFileIsRead() {
        func f(_ source: String, _ message: String, _ offset: Int) {
            let fault = #expect(throws: TemplateFault.self) { try MessageTemplate(source) }
            #expect(fault?.message.contains(message) == true, "\(source): \(fault as Any)")
            #expect(fault?.offset == offset, "\(source)")
        }
        f("a {{ .Status", "not closed", 2)
        f("{{ .Statsu }}", "has no `.Statsu`", 0)
        f("{{ upper .Status }}", "no function `upper`", 0)
        f("{{ if .Status }}x", "has no `{{ end }}`", 0)
        f("{{ end }}", "without a begin", 0)
        f("{{ }}", "is empty", 0)
        f("{{ define \"x\" }}{{ end }}", "knows no `define`", 0)
        f("{{ template \"mine\" . }}", "no template `mine`", 0)
        f("{{ (.Status }}", "`(` without `)`", 0)
        f("{{ .Status ) }}", "`)` without `(`", 0)
        f("{{ \"x }}", "does not end", 3)
        f("{{ .Status | }}", "is empty", 0)
        f("{{ .Status .Status }}", "without a function", 0)
        f("{{ ? }}", "no meaning", 3)
        f(String(repeating: "{{ if .Status }}", count: 100), "too deep", 512)
        f("{{ " + String(repeating: "(", count: 100) + " }}", "too deep", 0)
    }

    @Test func valuesAreEscapedAndTheTemplateIsNot() throws {
        let text = try MessageTemplate("<!here> {{ .CommonAnnotations.summary }}").render(
            TemplateValue(Sample.hostileNotification), escape: SafeText.slack)
        #expect(text.hasPrefix("<!here> &lt;!channel&gt; &lt;https://evil.example|x&gt;"))
        // What looks like a template in a value is text.
        #expect(text.hasSuffix("{{ .x }}"))
    }

    @Test func aTemplateThatDoesNotEndIsEnded() throws {
        let loops = String(repeating: "{{ range $.Alerts }}", count: 20)
        let ends = String(repeating: "{{ end }}", count: 20)
        let alerts = (0..<50).map { Sample.alert(service: "s\($0)") }
        let text = try MessageTemplate(loops + "xxxxxxxxxxxxxxxx" + ends).render(
            TemplateValue(Sample.firing(alerts: alerts)))
        #expect(text.utf8.count <= TemplateEvaluator.outputBytesMax + 100)
    }
}
