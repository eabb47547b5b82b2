/// Lines that weir writes itself while it watches a machine and its endpoints: as the probe and host sources have them.
extension Story {
    /// A check of an endpoint; without a status it timed out.
    mutating func probe(
        _ url: String, service: String, at time: Int64, status: Int?, milliseconds: Int
    ) {
        let isUp = status == 200
        let came = status.map { "answered \($0)" } ?? "did not answer"
        let error = status.map { "expected 200, got \($0)" } ?? "no answer within 5.0 s"
        tell(at: time) { moment, line in
            var line = line.time("timestamp", moment).text("level", isUp ? "INFO" : "ERROR")
                .text("logger", "weir.probe").text("service", service).text("event", "probe")
                .text("method", "GET").text("endpoint", url)
            if let status { line = line.number("status_code", status) }
            line = line.number("duration_ms", milliseconds).flag("ok", isUp)
            if !isUp { line = line.text("error", error) }
            return line.text(
                "message", "\(url) \(came) in \(milliseconds) ms" + (isUp ? "" : ": \(error)"))
        }
    }

    /// A reading of a machine's processors and memory, in tenths of a percent.
    mutating func host(_ host: String, at time: Int64, cpuTenths cpu: Int, memoryTenths: Int) {
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", "INFO").text("logger", "weir.host")
                .text("event", "host_metrics").text("host", host)
                .number("cpu_percent", hundredths: cpu * 10, decimals: 1)
                .number("memory_percent", hundredths: memoryTenths * 10, decimals: 1)
                .text(
                    "message",
                    "cpu \(cpu / 10).\(cpu % 10) %, memory \(memoryTenths / 10).\(memoryTenths % 10) %"
                )
        }
    }

    /// A reading of a file system, in tenths of a percent.
    mutating func disk(_ host: String, mount: String, at time: Int64, tenths: Int) {
        tell(at: time) { moment, line in
            line.time("timestamp", moment).text("level", "INFO").text("logger", "weir.host")
                .text("event", "host_disk").text("host", host).text("mount", mount)
                .number("disk_percent", hundredths: tenths * 10, decimals: 1)
                .text("message", "disk \(mount) \(tenths / 10).\(tenths % 10) % full")
        }
    }
}
