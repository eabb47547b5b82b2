import Foundation

/// Who may import whom: a layer imports only layers below it, and only those that `Package.swift` names.
struct LayerRule {
    /// The layers from the lowest up. Those on one level do not know each other.
    static let levels: [[String]] = [
        ["LogBytes"], ["LogSystem"], ["LogJSON"], ["LogRecords"], ["LogQuery"], ["LogMetrics"],
        ["LogAlerting"], ["LogSegments"], ["LogSources", "LogChannels"], ["LogPipeline"],
        ["LogServer"], ["weir"],
    ]

    /// The layers that do without Foundation: they start fast and stay portable.
    static let withoutFoundation: Set = [
        "LogBytes", "LogSystem", "LogJSON", "LogRecords", "LogQuery", "LogMetrics",
    ]

    /// The target that test targets share, and the only layers that it may know: the tests of every layer use it.
    static let support = "TestSupport"
    static let supportImports: Set = ["LogBytes", "LogSystem"]

    /// The level of a layer, nil for other modules.
    static func level(of module: String) -> Int? {
        levels.firstIndex { $0.contains(module) }
    }

    /// The imports of a file that its layer may not have.
    static func findings(in file: SourceFile) -> [Finding] {
        if file.target == support { return supportFindings(in: file) }
        guard file.path.hasPrefix("Sources/") else { return [] }
        return imports(in: file).compactMap { module, line in
            if module == support {
                return Finding(
                    path: file.path, line: line, what: "only tests may import \(support)")
            }
            if withoutFoundation.contains(file.target), module.hasPrefix("Foundation") {
                return Finding(
                    path: file.path, line: line, what: "\(file.target) does without Foundation")
            }
            guard let own = level(of: file.target), let other = level(of: module), other >= own
            else { return nil }
            return Finding(
                path: file.path, line: line,
                what: "\(file.target) must not import \(module), which is not below it")
        }
    }

    private static func supportFindings(in file: SourceFile) -> [Finding] {
        imports(in: file).compactMap { module, line in
            guard level(of: module) != nil, !supportImports.contains(module) else { return nil }
            return Finding(
                path: file.path, line: line, what: "\(support) must not import \(module)")
        }
    }

    /// The modules that a file imports, with the lines.
    static func imports(in file: SourceFile) -> [(module: String, line: Int)] {
        let pattern =
            #/^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/#
        return file.code.enumerated().compactMap { index, line in
            line.firstMatch(of: pattern).map { (String($0.1), index + 1) }
        }
    }
}

/// What `Package.swift` says about the layers.
struct Manifest {
    /// The layers in the order of the table `layers`, each with the modules that it depends on.
    let layers: [(name: String, dependencies: [String])]

    /// Reads the table from the manifest's text, laid out as swift-format does.
    init(text: String) {
        guard let start = text.range(of: "let layers:"),
            let open = text[start.upperBound...].range(of: "= ["),
            let end = text[open.upperBound...].range(of: "\n]")
        else {
            layers = []
            return
        }
        let table = text[open.upperBound..<end.lowerBound]
        layers = table.matches(of: /\(\s*"(\w+)",\s*\[([^\]]*)\]/).map { match in
            let names = match.2.replacing(/, package: "[^"]*"/, with: "").matches(of: /"(\w+)"/)
            return (String(match.1), names.map { String($0.1) })
        }
    }

    /// What is wrong with the table itself.
    var findings: [Finding] {
        func finding(_ what: String) -> Finding {
            Finding(path: "Package.swift", line: 0, what: what)
        }
        let want = LayerRule.levels.flatMap { $0 }.filter { $0 != "weir" }
        var found: [Finding] = []
        if layers.map(\.name) != want {
            found.append(finding("the layers are not \(want.joined(separator: ", "))"))
        }
        for (name, dependencies) in layers {
            if dependencies.contains(LayerRule.support) {
                found.append(finding("\(name) must not depend on \(LayerRule.support)"))
            }
            for other in dependencies {
                guard let own = LayerRule.level(of: name), let level = LayerRule.level(of: other),
                    level >= own
                else { continue }
                found.append(finding("\(name) must not depend on \(other)"))
            }
        }
        return found
    }

    /// The imports of a file that its target does not declare as a dependency.
    func findings(in file: SourceFile) -> [Finding] {
        guard file.path.hasPrefix("Sources/"),
            let layer = layers.first(where: { $0.name == file.target })
        else { return [] }
        let known = Set(layers.flatMap(\.dependencies)).union(layers.map(\.name))
        return LayerRule.imports(in: file).compactMap { module, line in
            guard known.contains(module), !layer.dependencies.contains(module) else { return nil }
            // C modules of lower layers come along with them; LogBytes' kernels are inlined from it.
            if module == "CLogKernels" { return nil }
            return Finding(
                path: file.path, line: line,
                what: "\(file.target) imports \(module), which Package.swift does not give it")
        }
    }
}
