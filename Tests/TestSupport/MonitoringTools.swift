internal import Foundation
public import Testing

/// Debian's Prometheus and Alertmanager with their tools, which `make clients` unpacks. Where they are not unpacked, installed
/// ones serve as well; a test starts a server of its own and leaves alone what the machine runs.
public enum MonitoringTools {
    /// The path of Prometheus' server.
    public static let prometheus = path("prometheus", in: "prometheus")
    /// The path of Prometheus' checker of metrics.
    public static let promtool = path("promtool", in: "prometheus")
    /// The path of Alertmanager's server.
    public static let alertmanager = path("prometheus-alertmanager", in: "alertmanager")
    /// The path of Alertmanager's client.
    public static let amtool = path("amtool", in: "alertmanager")

    /// The folder in which `alertmanager` has to be started: unpacked, it finds its templates from there.
    public static let alertmanagerFolder = clients.appending(path: "alertmanager").path

    /// What a skipped test says.
    public static let hint: Comment =
        "Prometheus or Alertmanager is missing: `make clients` fetches them"

    private static let clients = Checkout.root.appending(path: ".build/clients")

    private static func path(_ name: String, in folder: String) -> String? {
        let unpacked = clients.appending(path: "\(folder)/usr/bin/\(name)").path
        let search = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let installed = search.split(separator: ":").map { "\($0)/\(name)" }
        return ([unpacked] + installed).first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// What `promtool check metrics` says about a page of metrics, and its exit status.
    public static func checkMetrics(_ page: String) throws -> (status: Int32, output: String) {
        let directory = try TemporaryDirectory()
        let file = URL(filePath: directory.file("metrics.txt"))
        try Data(page.utf8).write(to: file)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: try #require(promtool))
        process.arguments = ["check", "metrics"]
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
    }
}
