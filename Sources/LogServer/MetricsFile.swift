internal import LogBytes
public import LogMetrics
public import LogPipeline
public import LogSystem

/// An ingester's metrics as a file in Prometheus' text format, replaced in one step: what node_exporter's textfile collector
/// reads, and what anyone can look at who has no Prometheus.
public struct MetricsFile: Sendable {
    private let path: String
    private let directory: String
    private let fileSystem: any FileSystem

    /// The file at `path`, readable by everybody.
    public init(path: String, fileSystem: any FileSystem = DiskFileSystem()) {
        self.path = path
        self.fileSystem = fileSystem
        let slash = path.lastIndex(of: "/")
        directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// Replaces the file by the present state of `ingester`. Call it on the ingester's thread.
    public func write(_ ingester: Ingester) throws(FileError) {
        try fileSystem.replace(path, in: directory, .readWriteShared) { file throws(FileError) in
            let pieces = FilePieces(file)
            var text = PrometheusText { bytes in bytes.withView { pieces.append($0) } }
            Self.write(ingester, into: &text)
            text.finish()
            try pieces.finish()
        }
    }

    /// The counters of `ingester` itself and the metrics of the stream that it reads.
    public static func text(_ ingester: Ingester) -> PrometheusText {
        var text = PrometheusText()
        write(ingester, into: &text)
        return text
    }

    private static func write(_ ingester: Ingester, into text: inout PrometheusText) {
        ingester.counters.write(into: &text)
        ingester.metrics.write(into: &text)
    }
}
