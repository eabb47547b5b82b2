import LogAlerting
import LogMetrics
import LogQuery
import Testing

@Suite struct MetricDefinitionFileTests {
    private func parse(_ text: String) throws -> [MetricDefinition] {
        try AlertConfiguration.parse(text, file: "alerts.yaml", channelKinds: ["stdout"]).metrics
    }

    private func filter(_ text: String) throws -> Filter {
        try QueryParser.parseFilter(text, now: 0)
    }

    @Test func everyKeyOfEveryType() throws {
        let text = """
            metrics:
              - name: ai_api_calls_total
                type: counter
                filter: event:ai_call
                labels: [provider, {outcome: status}, http.method]
                constants: {team: core}
                help: Calls of language models.
              - name: tokens_total
                type: counter
                field: usage.tokens
              - name: active_connections
                type: gauge
                field: connections
                category: system
              - name: api_duration_ms_{service}
                type: histogram
                field: duration_ms
                buckets: [50ms, 0.5s, 2000]
              - name: batch_seconds
                type: histogram
                field: took
                unit: seconds
                buckets: [500ms, 2]
              - name: payments.success_rate
                type: ratio
                filter: status:ok
                of: event:payment
                unit: percent
                over: 1h
              - name: errors.rate
                type: rate
                filter: level:ERROR
            """
        let metrics = try parse(text)
        #expect(
            metrics == [
                MetricDefinition(
                    name: "ai_api_calls_total", kind: .counter, filter: try filter("event:ai_call"),
                    labels: [
                        .init("provider", .field("provider")), .init("outcome", .field("status")),
                        .init("http_method", .field("http.method")),
                        .init("team", .constant("core")),
                    ], help: "Calls of language models."),
                MetricDefinition(name: "tokens_total", kind: .counter, field: "usage.tokens"),
                MetricDefinition(
                    name: "active_connections", kind: .gauge, field: "connections",
                    category: "system"),
                MetricDefinition(
                    name: "api_duration_ms_{service}", kind: .histogram, field: "duration_ms",
                    bounds: [50, 500, 2_000]),
                MetricDefinition(
                    name: "batch_seconds", kind: .histogram, field: "took", unit: .seconds,
                    bounds: [0.5, 2]),
                MetricDefinition(
                    name: "payments.success_rate", kind: .ratio, filter: try filter("status:ok"),
                    whole: try filter("event:payment"), unit: .percent, window: .oneHour),
                MetricDefinition(
                    name: "errors.rate", kind: .rate, filter: try filter("level:ERROR"),
                    window: .oneMinute),
            ])
    }

    @Test func filesWithoutMetricsHaveNone() throws {
        #expect(try parse("groups: []\n") == [])
    }

    /// What is wrong with the metrics `text`, each line of which stands four columns to the right.
    private func fault(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        do {
            _ = try parse("metrics:\n" + lines.map { "    \($0)" }.joined(separator: "\n"))
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("- {type: counter}", "2:7: a metric has no `name`"),
        (
            "- name: 7up\n  type: counter",
            "2:13: `7up` is no name for a metric: `7` cannot stand here"
        ),
        (
            "- name: a-b\n  type: counter",
            "2:14: `a-b` is no name for a metric: `-` cannot stand here"
        ),
        (
            "- name: a_{b\n  type: counter",
            "2:17: `a_{b` is no name for a metric: a brace is not closed"
        ),
        (
            "- name: a_{}\n  type: counter",
            "2:16: `a_{}` is no name for a metric: a field is wanted"
        ),
        (
            "- name: weir_x\n  type: counter",
            "2:13: names that begin with `weir_` are those of weir's own"
        ),
        ("- name: a", "2:7: the metric `a` has no `type`"),
        (
            "- name: a\n  type: conter",
            "3:13: `conter` is no type of a metric; did you mean `counter`?"
        ),
        (
            "- name: a\n  type: summary",
            "3:13: `summary` is no type of a metric; there are `counter`, `gauge`"
        ),
        ("- name: a\n  type: gauge", "2:7: the metric `a` has no `field`"),
        ("- name: a\n  type: ratio", "2:7: the metric `a` has no `filter`"),
        (
            "- name: a\n  type: rate\n  field: x",
            "4:14: the metric `a` counts records; a rate has no `field`"
        ),
        (
            "- name: a\n  type: counter\n  of: x",
            "4:11: `of` is for ratios; the metric `a` is a counter"
        ),
        ("- name: a\n  type: counter\n  over: 5m", "4:13: `over` is for ratios and rates"),
        ("- name: a\n  type: rate\n  over: 2m", "4:13: `over` is `1m`, `5m` or `1h`, not `2m`"),
        ("- name: a\n  type: counter\n  filter: 'a:>'", "4:"),
        ("- name: a\n  type: counter\n  filter: _time:5m", "4:15: `filter` cannot ask for times"),
        (
            "- name: a\n  type: counter\n  match: x",
            "4:7: unknown key `match` in a metric: which records count"
        ),
        (
            "- name: a\n  type: counter\n  fitler: x",
            "4:7: unknown key `fitler` in a metric; did you mean `filter`?"
        ),
        ("- name: a\n  type: counter\n  buckets: [1]", "4:16: `buckets` are for histograms"),
        (
            "- name: a\n  type: histogram\n  field: x\n  buckets: [1, 1]",
            "5:20: the bounds of `buckets` ascend; `1` does not"
        ),
        (
            "- name: a\n  type: histogram\n  field: x\n  buckets: [5ms]",
            "5:17: `5ms` is no bound: a number is wanted"
        ),
        (
            "- name: a\n  type: histogram\n  field: x\n  labels: [le]",
            "5:16: `le` is what histograms name their buckets by"
        ),
        ("- name: a\n  type: counter\n  labels: [a, b, a]", "4:22: the label `a` is named twice"),
        ("- name: a\n  type: counter\n  labels: [a-b]", "4:16: `a-b` is no name for a label"),
        (
            "- name: a\n  type: counter\n  labels: [a]\n  constants: {a: x}",
            "5:19: the label `a` is named twice"
        ),
        ("- name: a\n  type: counter\n  unit: Ms", "4:13: `Ms` is no unit"),
        (
            "- name: a\n  type: counter\n- name: a\n  type: counter",
            "4:13: the metric `a` is defined in line 2 too"
        ),
        (
            "- name: a\n  type: counter\n- name: a_total\n  type: counter",
            "4:13: the metric `a_total` is defined in line 2 too"
        ),
        (
            "- name: d_ms\n  type: gauge\n  field: d_ms\n- name: d.seconds\n  type: gauge\n  field: d_ms",
            "5:13: the metric `d.seconds`, which Prometheus sees as `d_seconds`, is defined in line 2 too"
        ),
    ])
    func faultsSayWhereAndWhat(_ text: String, _ want: String) {
        let fault = fault(text)
        #expect(fault.hasPrefix("alerts.yaml:" + want), "\(fault)")
    }
}
