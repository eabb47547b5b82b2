import Testing

@Suite struct LayerTests {
    @Test func layersImportOnlyWhatIsBelowThem() throws {
        let files = try SourceFile.all(in: "Sources")
        #expect(files.count > 20)
        expectNone(files.flatMap { LayerRule.findings(in: $0) })
        let support = try SourceFile.all(in: "Tests/" + LayerRule.support)
        #expect(!support.isEmpty)
        expectNone(support.flatMap { LayerRule.findings(in: $0) })
    }

    @Test func packageAgrees() throws {
        let manifest = Manifest(text: try SourceFile.file("Package.swift").text)
        expectNone(manifest.findings)
        let files = try SourceFile.all(in: "Sources")
        expectNone(files.flatMap { manifest.findings(in: $0) })
    }

    @Test func everyFolderIsALayerOrKnown() throws {
        let known = Set(LayerRule.levels.flatMap { $0 } + ["weir-samples"])
        let strange = Set(try SourceFile.all(in: "Sources").map(\.target)).subtracting(known)
        #expect(strange == [])
    }

    @Test func upwardImportsAreFound() {
        func check(
            _ target: String, _ text: String, _ want: Int, in folder: String = "Sources"
        ) {
            let file = SourceFile(path: "\(folder)/\(target)/X.swift", text: text)
            #expect(LayerRule.findings(in: file).count == want, "\(target): \(text)")
        }
        check("LogBytes", "import LogJSON", 1)
        check("LogJSON", "import LogBytes", 0)
        check("LogJSON", "// import LogRecords", 0)
        check("LogQuery", "public import LogSegments\ninternal import LogRecords", 1)
        check("LogSources", "import LogChannels", 1)
        check("LogChannels", "import LogSources", 1)
        check("LogPipeline", "import LogSources\nimport LogChannels", 0)
        check("LogServer", "@preconcurrency import weir", 1)
        check("LogBytes", "    @testable import struct LogPipeline.Stage", 1)
        check("LogQuery", "import Foundation", 1)
        check("LogMetrics", "internal import FoundationEssentials", 1)
        check("LogChannels", "import Foundation", 0)
        check("weir", "import LogServer\nimport ArgumentParser", 0)
        check("weir", "import TestSupport", 1)
        check("LogBytes", "@testable internal import TestSupport", 1)
        check("LogBytesTests", "import TestSupport", 0, in: "Tests")
        check("TestSupport", "public import LogBytes\nimport Foundation", 0, in: "Tests")
        check("TestSupport", "internal import LogQuery", 1, in: "Tests")
    }

    @Test func aWrongPackageIsFound() throws {
        let good = try SourceFile.file("Package.swift").text
        let order = good.replacing(
            "(\"LogBytes\", [\"CLogKernels\"])", with: "(\"LogBytes\", [\"LogServer\"])")
        #expect(
            Manifest(text: order).findings.map(\.what) == ["LogBytes must not depend on LogServer"])
        let support = good.replacing(
            "(\"LogBytes\", [\"CLogKernels\"])", with: "(\"LogBytes\", [\"TestSupport\"])")
        #expect(
            Manifest(text: support).findings.map(\.what)
                == ["LogBytes must not depend on TestSupport"])
        let renamed = good.replacing("(\"LogJSON\", [", with: "(\"LogYAML\", [")
        #expect(Manifest(text: renamed).findings.count == 1)
        #expect(Manifest(text: "").findings.count == 1)

        let manifest = Manifest(text: good)
        #expect(
            manifest.layers.first { $0.name == "LogAlerting" }?.dependencies.contains("Yams")
                == true)
        let undeclared = SourceFile(path: "Sources/LogMetrics/X.swift", text: "import LogSystem")
        #expect(LayerRule.findings(in: undeclared) == [])
        #expect(manifest.findings(in: undeclared).count == 1)
        let foreign = SourceFile(path: "Sources/LogBytes/X.swift", text: "import Yams")
        #expect(manifest.findings(in: foreign).count == 1)
    }
}
