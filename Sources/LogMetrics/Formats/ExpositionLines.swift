internal import LogBytes

/// The lines of one family after the other, as Prometheus' text and OpenMetrics have them in common:
///
///     name suffix { labels , le=" bound " } value
///
/// A page of thousands of histograms has a line for each of their buckets, and is written between two batches of records. So
/// what lines have in common is made once: the texts of the bounds for a family, name and labels for a series.
struct ExpositionLines {
    var output: MetricOutput
    private var name = ""
    /// The labels of the present series, without braces.
    private var labels: [UInt8] = []
    /// What stands before the bound in the lines of the present histogram.
    private var front: [UInt8] = []
    /// What stands between that and the count, for each bound and for infinity.
    private var boundTexts: [[UInt8]] = []
    /// The bounds in the unit of the values.
    private var keptBounds = LatencyHistogram.Bounds([])
    private var counts: [UInt64] = []

    init(flush: (([UInt8]) -> Void)?) { output = MetricOutput(flush: flush) }

    /// Begins with the lines of family `name`.
    mutating func begin(_ name: String) { self.name = name }

    /// Says which bounds the histograms that follow have, in the unit that is shown and as text; `scale` makes a kept value one
    /// that is shown.
    mutating func setBounds(_ bounds: [Double], scale: Double, text: (Double) -> String) {
        keptBounds = LatencyHistogram.Bounds(bounds.map { $0.scaled(by: 1 / scale) })
        boundTexts = (bounds.map(text) + ["+Inf"]).map { Array("\($0)\"} ".utf8) }
    }

    /// Says which labels the lines that follow have.
    mutating func setLabels(_ labels: [MetricLabel]) {
        self.labels.removeAll(keepingCapacity: true)
        for label in labels where PrometheusText.isLabelName(label.name) {
            if !self.labels.isEmpty { self.labels.append(ASCII.comma) }
            self.labels.append(contentsOf: label.name.utf8)
            self.labels.append(UInt8(ascii: "="))
            self.labels.append(ASCII.quote)
            Self.append(escaped: label.value, to: &self.labels)
            self.labels.append(ASCII.quote)
        }
    }

    private static func append(escaped value: String, to bytes: inout [UInt8]) {
        var value = value
        value.withUTF8 { buffer in
            let isPlain = buffer.allSatisfy { byte in
                byte != ASCII.backslash && byte != ASCII.quote && byte != ASCII.newline
            }
            if isPlain {
                bytes.append(contentsOf: buffer)
            } else {
                for byte in buffer {
                    switch byte {
                    case ASCII.newline: bytes += [ASCII.backslash, UInt8(ascii: "n")]
                    case ASCII.backslash, ASCII.quote: bytes += [ASCII.backslash, byte]
                    default: bytes.append(byte)
                    }
                }
            }
        }
    }

    private mutating func head(_ suffix: String) {
        output.append(name)
        output.append(suffix)
        if !labels.isEmpty {
            output.append("{")
            output.append(labels)
            output.append("}")
        }
        output.append(" ")
    }

    private mutating func end() {
        output.append("\n")
        output.flushIfLarge()
    }

    /// Writes one line without a bound.
    mutating func sample(_ value: Double, suffix: String) {
        head(suffix)
        output.append(number: value)
        end()
    }

    /// Writes the lines of a histogram. `exemplar` is called behind the count of each bucket, when there are exemplars.
    mutating func histogram(
        _ histogram: borrowing LatencyHistogram, scale: Double,
        exemplar: ((Int, inout MetricOutput) -> Void)? = nil
    ) {
        let separator = labels.isEmpty ? "" : ","
        front.removeAll(keepingCapacity: true)
        front.append(contentsOf: name.utf8)
        front.append(contentsOf: "_bucket{".utf8)
        front.append(contentsOf: labels)
        front.append(contentsOf: separator.utf8)
        front.append(contentsOf: "le=\"".utf8)
        histogram.count(into: &counts, keptBounds)
        for index in boundTexts.indices {
            let count = index < counts.count ? counts[index] : histogram.count
            output.append(front, boundTexts[index], count, endsLine: exemplar == nil)
            if let exemplar {
                exemplar(index, &output)
                end()
            }
        }
        sample(histogram.sum.scaled(by: scale), suffix: "_sum")
        head("_count")
        output.append([], [], histogram.count, endsLine: true)
        output.flushIfLarge()
    }
}
