public import LogBytes

/// The severity of a record, in one order for all loggers.
@frozen public enum LogLevel: UInt8, Comparable, Sendable, CaseIterable, BitwiseCopyable {
    case unknown, trace, debug, info, notice, warn, error, critical, alert, emergency

    /// The level that a logger's word stands for; case does not matter. `.unknown` for other words.
    public init(text: ByteView) {
        guard text.count > 0, text.count <= Self.wordBytesMax else {
            self = text.isEmpty ? .unknown : Self.longWord(text)
            return
        }
        var folded: UInt64 = 0
        for index in 0..<text.count {
            folded = folded << 8 | UInt64(ASCII.lowercased(text[index]))
        }
        // The commonest words of all, before the table is asked.
        switch folded {
        case 0x696E_666F: self = .info
        case 0x64_6562_7567: self = .debug
        case 0x7761_726E: self = .warn
        case 0x65_7272_6F72: self = .error
        default: self = Self.words[folded] ?? .unknown
        }
    }

    /// Words of up to 8 bytes are looked up as one integer; the few longer ones are compared.
    private static let wordBytesMax = 8

    private static let longWords: [(word: StaticString, level: LogLevel)] = [
        ("emergency", .emergency), ("information", .info),
    ]

    private static func longWord(_ text: ByteView) -> LogLevel {
        for (word, level) in longWords where word.utf8CodeUnitCount == text.count {
            let word = ByteView(word)
            if (0..<text.count).allSatisfy({ ASCII.lowercased(text[$0]) == word[$0] }) {
                return level
            }
        }
        return .unknown
    }

    private static let words: [UInt64: LogLevel] = {
        let spellings: [LogLevel: [String]] = [
            .trace: ["trace", "debug5", "debug4", "debug3", "debug2"],
            .debug: ["debug", "debug1"],
            .info: ["info", "log"],
            .notice: ["notice"],
            .warn: ["warn", "warning"],
            .error: ["error", "err"],
            .critical: ["critical", "crit", "fatal", "panic"],
            .alert: ["alert"],
            .emergency: ["emerg"],
        ]
        var table: [UInt64: LogLevel] = [:]
        for (level, words) in spellings {
            for word in words {
                table[word.utf8.reduce(0) { $0 << 8 | UInt64($1) }] = level
            }
        }
        return table
    }()

    /// The name in LogsQL's ordered comparison and in labels.
    public var name: String { "\(self)" }

    /// The less severe first; `unknown` before all.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
