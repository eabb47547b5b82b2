import LogMetrics
import Testing

@Suite struct MetricsRegistryTests {
    @Test func countersAddUp() {
        let registry = MetricsRegistry()
        registry.add(.lines, 5)
        registry.add(.lines)
        registry.add(.bytes, -7)
        registry.add(.unparsed, 2, label: "json_bad_escape")
        registry.add(.unparsed, 3, label: "json_cut_short")
        #expect(registry.value(.lines) == 6)
        #expect(registry.value(.bytes) == 0)
        #expect(registry.value(.unparsed) == 5)
        var text = PrometheusText()
        registry.write(into: &text)
        #expect(text.text.contains("\nweir_lines_total 6\n"))
        #expect(
            text.text.contains("\nweir_lines_unparsed_total{reason=\"json_bad_escape\"} 2\n"))
        #expect(!text.text.contains("weir_lines_unparsed_total 0"))
    }

    @Test func labelValuesAreBounded() {
        let registry = MetricsRegistry()
        for index in 0..<1_000 { registry.add(.refused, label: "reason \(index)") }
        let values = registry.values(.refused)
        #expect(values.count == MetricsRegistry.labelValuesMax + 1)
        #expect(values[MetricsRegistry.overflowLabel] == 936)
        #expect(registry.value(.refused) == 1_000)
    }

    @Test func threadsMayAddAtOnce() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        registry.add(.lines)
                        registry.add(.notifications, label: "stdout")
                    }
                }
            }
        }
        #expect(registry.value(.lines) == 8_000)
        #expect(registry.value(.notifications) == 8_000)
    }
}
