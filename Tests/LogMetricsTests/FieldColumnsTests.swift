import LogBytes
import LogQuery
import LogRecords
import TestSupport
import Testing

@testable import LogMetrics

/// Texts have places in a table of fixed size, which others take in their turn.
@Suite struct FieldColumnsTests {
    /// More names than there are places for short texts, and enough long ones that several share a pair of places; between them
    /// one that comes often, so that the table is not given up.
    private static let services: [String] = {
        let rare = (0..<900).flatMap { ["s\($0)", "a-service-with-the-number-\($0 * 7)"] }
        return rare.flatMap { [$0, "api", "api"] }
    }()

    private static func line(_ service: String) -> String {
        MetricStream.request(0, service: service, endpoint: "/of/\(service)")
    }

    @Test func servicesThatShareAPlaceAreToldApart() {
        // Each name comes twice, the second time when others may have taken its place.
        let services = Self.services + Self.services
        let metrics = MetricStream.metrics(services.map(Self.line), size: 20_000)
        var expected: [String: Int] = [:]
        for service in services { expected[service, default: 0] += 1 }
        var seen: [String: Int] = [:]
        for row in metrics.summaryByEndpoint() {
            #expect(row.endpoint == "/of/\(row.service ?? "")")
            seen[row.service ?? "", default: 0] += Int(row.requests)
        }
        #expect(seen == expected)
        #expect(MetricStream.samples(metrics, "log_lines_total").count == expected.count)
    }

    /// Whoever comes second asks for a batch's first records when its last ones have taken their places.
    @Test func placesStayWhatTheyWereInTheirBatch() throws {
        let columns = FieldColumns()
        let metrics = StreamMetrics(definitions: [], classNames: [], columns: columns)
        var inputs = RecordInputs(columns: columns)
        let key = inputs.add(groupBy: ["service"])
        let filters = try Self.services.prefix(90).enumerated().filter { $0.offset % 3 == 0 }.map {
            let filter = try QueryParser.parseFilter(
                "service:=\"\($0.element)\"", now: 0)
            return (service: $0.element, number: inputs.add(filter: filter))
        }
        inputs.freeze()
        let batch = RecordBatch()
        let services = Self.services + Self.services
        // The same number of lines each time, so that only their batch's age tells them apart.
        for round in 0..<3 {
            let turned = Array(services[(round * 1_000)...] + services[..<(round * 1_000)])
            let lines = turned.map(Self.line).joined(separator: "\n")
            let chunk = ByteChunk(holding: lines)
            batch.reset(origin: UnsafePointer(chunk.base), arrivalTime: 0)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            metrics.observe(batch)
            inputs.prepare(batch)
            let reader = BatchReader(batch)
            var first = 0
            while first < reader.count {
                let count = inputs.load(from: first, reader)
                let groups = inputs.groups(key, of: inputs.all, reader)
                for row in 0..<count {
                    let expected = turned[first + row]
                    let group = inputs.numbering(key).pointee.key(Int(groups[row])).view.text
                    try #require(group == expected)
                    for filter in filters {
                        try #require(
                            inputs.matches(filter.number, row, reader)
                                == (filter.service == expected))
                    }
                }
                first += count
            }
        }
    }
}
