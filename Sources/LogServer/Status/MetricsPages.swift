internal import LogMetrics
internal import LogPipeline
internal import LogSystem
internal import NIOCore
internal import Synchronization

/// The ingester's metrics in any format: written on its thread when somebody asks.
///
/// A page is given again for twenty times as long as it took to write, so that questions take at most a twentieth of the
/// ingester's time, however many there are; one that is written in 0.2 ms is 4 ms old at most.
final class MetricsPages: Sendable {
    /// What a page is about.
    struct Kind: Hashable, Sendable {
        var format: String
        var category: String?
        /// Only what the stream says, without weir's own counters.
        var isStreamOnly = false
    }

    private struct Page {
        let bytes: [UInt8]
        let goodUntil: Int64
    }

    private let link: IngesterLink
    private let clock: any WallClock
    private let pages = Mutex<[Kind: Page]>([:])

    private static let reuse: Int64 = 20
    /// Pages kept: every format in some categories. Categories come from addresses, so there must be an end to them.
    private static let pagesMax = 32

    init(_ link: IngesterLink, clock: any WallClock) {
        self.link = link
        self.clock = clock
    }

    /// The page, as an answer.
    func answer(_ kind: Kind, on loop: any EventLoop) async throws(HTTPFailure) -> HTTPAnswer {
        guard let format = MetricsFormat.named(kind.format) else {
            throw HTTPFailure(400, "there is no format `\(kind.format)`")
        }
        if let page = pages.withLock({ $0[kind] }), clock.monotonic() < page.goodUntil {
            return HTTPAnswer(200, page.bytes, contentType: format.contentType)
        }
        let clock = clock
        // Room for one that is as large as the last, and a little more.
        let last = pages.withLock { $0[kind]?.bytes.count ?? 0 }
        let expected = last + last / 16
        let page = try await link.ask(on: loop) { ingester in
            let start = clock.monotonic()
            ingester.refreshCounters()
            var sources: [any MetricSource] = [ingester.metrics]
            if !kind.isStreamOnly { sources.insert(ingester.counters, at: 0) }
            let context = MetricsContext(
                time: clock.now(), host: HostName.present, category: kind.category)
            let bytes = format.bytes(sources, context, expected: expected)
            let end = clock.monotonic()
            return Page(bytes: bytes, goodUntil: end + (end - start) * Self.reuse)
        }
        pages.withLock { pages in
            if pages.count >= Self.pagesMax { pages.removeAll() }
            pages[kind] = page
        }
        return HTTPAnswer(200, page.bytes, contentType: format.contentType)
    }

    /// Whether an `Accept` header would rather have OpenMetrics than Prometheus' text.
    static func wantsOpenMetrics(_ accept: String?) -> Bool {
        guard let accept else { return false }
        var open = 0.0
        var text = 0.0
        for entry in accept.lowercased().split(separator: ",") {
            let parts = entry.split(separator: ";").map { part in
                part.filter { $0 != " " && $0 != "\t" }
            }
            let quality =
                parts.dropFirst().first { $0.hasPrefix("q=") }
                .flatMap { Double($0.dropFirst(2)) } ?? 1
            switch parts.first {
            case "application/openmetrics-text": open = max(open, quality)
            case "text/plain": text = max(text, quality)
            default: break
            }
        }
        return open > 0 && open >= text
    }
}
