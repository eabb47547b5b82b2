// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built alike: Swift 6 mode, a warning is an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    // Exclusive access is proved by the compiler, and checked at run time in debug builds, which the tests use. In release
    // builds the run-time checks took a seventh of the ingest path.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Every `weir query` is a process of its own. At a fixed address its 140,000 pointers need no relocation, nor the pages that
/// hold them a copy, and without 40,000 exported symbols the loader has less to look through: together 3 ms of 10.
let quickStart: [LinkerSetting] = [
    .unsafeFlags(
        ["-Xclang-linker", "-no-pie", "-Xlinker", "--no-export-dynamic"],
        .when(configuration: .release))
]

/// The layers, lowest first. A layer imports only layers that stand above it in this list;
/// `Tests/ProjectTests` holds every `import` against it.
let layers: [(name: String, dependencies: [Target.Dependency])] = [
    ("LogBytes", ["CLogKernels"]),
    ("LogSystem", ["LogBytes"]),
    ("LogJSON", ["LogBytes"]),
    ("LogRecords", ["LogBytes", "LogJSON", "CLogKernels"]),
    ("LogQuery", ["LogBytes", "LogSystem", "LogJSON", "LogRecords", "CRE2"]),
    ("LogMetrics", ["LogBytes", "LogJSON", "LogRecords", "LogQuery"]),
    (
        "LogAlerting",
        [
            "LogBytes", "LogJSON", "LogRecords", "LogQuery", "LogMetrics",
            .product(name: "Yams", package: "Yams"),
        ]
    ),
    (
        "LogSegments",
        [
            "LogBytes", "LogSystem", "LogJSON", "LogRecords", "LogQuery", "CLogKernels", "CLZ4",
            "CDeflate",
        ]
    ),
    (
        "LogSources",
        [
            "LogBytes", "LogSystem", "LogJSON", "LogRecords", "LogMetrics", "CZlib",
            "CFileStatus",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "NIOTLS", package: "swift-nio"), "CSockets",
        ]
    ),
    (
        "LogChannels",
        [
            "LogBytes", "LogSystem", "LogJSON", "LogRecords", "LogAlerting", "CSpawn",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
        ]
    ),
    (
        "LogPipeline",
        [
            "LogBytes", "LogSystem", "LogJSON", "LogRecords", "LogQuery", "LogMetrics",
            "LogAlerting", "LogSegments", "LogSources", "LogChannels", "CLogKernels",
        ]
    ),
    (
        "LogServer",
        [
            "LogBytes", "LogSystem", "LogJSON", "LogRecords", "LogQuery", "LogMetrics",
            "LogAlerting", "LogSegments", "LogSources", "LogChannels", "LogPipeline",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]
    ),
]

/// The layers with a documentation catalogue, which `docc` reads and the compiler does not.
let documented: Set = [
    "LogAlerting", "LogChannels", "LogPipeline", "LogQuery", "LogRecords", "LogSegments",
    "LogServer",
    "LogSources",
]

/// Test cases that are text, read by the tests from where they stand.
let testCases = [
    "LogQuery": ["Cases"], "LogRecords": ["Loggers"], "LogSegments": ["Golden"],
]

let package = Package(
    name: "weir",
    products: [.executable(name: "weir", targets: ["weir"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .target(name: "CLogKernels", cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "CSockets", cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "CFileStatus"),
        .target(name: "CSpawn"),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(
            name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    ]
        + layers.map { layer in
            .target(
                name: layer.name, dependencies: layer.dependencies,
                exclude: documented.contains(layer.name) ? [layer.name + ".docc"] : [],
                swiftSettings: strict)
        }
        + layers.map { layer in
            .testTarget(
                name: layer.name + "Tests",
                dependencies: [.init(stringLiteral: layer.name), "TestSupport"]
                    + (layer.name == "LogJSON" ? ["PlainJSON"] : []) + layer.dependencies,
                exclude: testCases[layer.name, default: []], swiftSettings: strict)
        }
        + [
            .executableTarget(
                name: "weir",
                dependencies: layers.map { .init(stringLiteral: $0.name) } + [
                    .product(name: "ArgumentParser", package: "swift-argument-parser")
                ],
                swiftSettings: strict, linkerSettings: quickStart),
            .executableTarget(
                name: "weir-samples",
                dependencies: [
                    .product(name: "ArgumentParser", package: "swift-argument-parser")
                ],
                swiftSettings: strict),
            // What Benchmarks/scanner.sh runs; no part of the product.
            .target(name: "HeapHook", path: "Benchmarks/HeapHook"),
            .executableTarget(
                name: "weir-bench",
                dependencies: [
                    "CLogKernels", "LogBytes", "LogJSON", "LogRecords", "LogMetrics", "LogSources",
                    "HeapHook", "PlainJSON",
                ],
                path: "Benchmarks/Scanner", exclude: ["simdjson_lines.cpp"],
                swiftSettings: [.swiftLanguageMode(.v6)]),
            // JSON by plain means, for those who hold the scanner against it.
            .target(name: "PlainJSON", path: "Tests/PlainJSON", swiftSettings: strict),
            // What several test targets need; nothing else may import it.
            .target(
                name: "TestSupport",
                dependencies: [
                    "LogBytes", "LogSystem",
                    .product(name: "NIOCore", package: "swift-nio"),
                    .product(name: "NIOPosix", package: "swift-nio"),
                    .product(name: "NIOSSL", package: "swift-nio-ssl"),
                ],
                path: "Tests/TestSupport", swiftSettings: strict),
            .testTarget(
                name: "ProjectTests", dependencies: ["TestSupport"], swiftSettings: strict),
            .testTarget(
                name: "EndToEndTests", dependencies: ["weir", "weir-samples", "TestSupport"],
                exclude: ["HTTPClients"],
                swiftSettings: strict),
        ],
    cxxLanguageStandard: .cxx17
)
