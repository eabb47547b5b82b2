public import LogBytes

/// The severity of a record, in one order for all loggers.
@frozen public enum LogLevel: UInt8, Comparable, Sendable, CaseIterable, BitwiseCopyable {
    case unknown, trace, debug, info, notice, warn, error, critical, alert, emerg

    /// The level that a logger's word stands for; case does not matter. `.unknown` for other words, and for numbers, which
    /// mean something only where the logger is known.
    @inline(__always)
    public init(text: ByteView) {
        let common = LogLevel(common: text)
        self = common == .unknown ? Self.uncommon(text) : common
    }

    /// As `init(text:)` for the commonest words of all, before the table is asked; `.unknown` for all others.
    @inline(__always)
    private init(common text: ByteView) {
        // Setting bit 5 makes letters small, and no other byte a letter.
        let start = UnsafeRawPointer(text.start)
        self = .unknown
        switch text.count {
        case 4:
            switch Self.word32(start) | 0x2020_2020 {
            case 0x6F66_6E69: self = .info
            case 0x6E72_6177: self = .warn
            default: break
            }
        case 5:
            switch (Self.word32(start) | 0x2020_2020, text[4] | 0x20) {
            case (0x6F72_7265, 0x72): self = .error
            case (0x7562_6564, 0x67): self = .debug
            default: break
            }
        case 7:
            let last = Self.word32(start + 3) | 0x2020_2020
            if Self.word32(start) | 0x2020_2020 == 0x6E72_6177, last == 0x676E_696E { self = .warn }
        default: break
        }
    }

    private static func word32(_ start: UnsafeRawPointer) -> UInt32 {
        UInt32(littleEndian: start.loadUnaligned(as: UInt32.self))
    }

    @inline(never)
    private static func uncommon(_ text: ByteView) -> LogLevel {
        guard text.count > 0 else { return .unknown }
        guard text.count <= wordBytesMax else { return longWord(text) }
        let level = words[folded(text)]
        return level == .unknown ? slogLevel(text) : level
    }

    private static func folded(_ text: ByteView) -> UInt64 {
        var folded: UInt64 = 0
        for index in 0..<text.count {
            folded = folded << 8 | UInt64(ASCII.lowercased(text[index]))
        }
        return folded
    }

    /// Words of up to 8 bytes are looked up as one integer; the few longer ones are compared.
    private static let wordBytesMax = 8

    private static let longWords: [(word: StaticString, level: LogLevel)] = [
        ("emergency", .emerg), ("information", .info), ("informational", .info),
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

    /// Words by the number that their letters make; open addressing.
    private struct WordTable {
        private var words = [UInt64](repeating: 0, count: 256)
        private var levels = [LogLevel](repeating: .unknown, count: 256)

        /// The level of `word`, `.unknown` when it is none.
        subscript(word: UInt64) -> LogLevel {
            get { levels[place(word)] }
            set {
                let place = place(word)
                words[place] = word
                levels[place] = newValue
            }
        }

        /// Where the word stands, or could.
        private func place(_ word: UInt64) -> Int {
            var place = Int((word &* 0x9E37_79B9_7F4A_7C15) >> 56)
            while words[place] != word, words[place] != 0 { place = (place + 1) & 255 }
            return place
        }
    }

    private static let words: WordTable = {
        // Single letters are those of glog, MongoDB (`D1` to `D5`) and Android; three those of zerolog's console.
        let spellings: [LogLevel: [String]] = [
            .trace: [
                "trace", "trce", "trc", "finest", "finer", "silly", "debug5", "debug4", "debug3",
                "debug2", "d5", "d4", "d3", "d2", "t",
            ],
            .debug: [
                "debug", "debug1", "dbug", "dbg", "fine", "config", "verbose", "d1", "d",
            ],
            .info: ["info", "log", "inf", "success", "http", "i"],
            .notice: ["notice", "note"],
            .warn: ["warn", "warning", "wrn", "w"],
            .error: ["error", "err", "severe", "fail", "eror", "e"],
            .critical: [
                "critical", "crit", "fatal", "ftl", "panic", "pnc", "dpanic", "fault", "f", "c",
            ],
            .alert: ["alert"],
            .emerg: ["emerg"],
        ]
        var table = WordTable()
        for (level, words) in spellings {
            for word in words {
                table[word.utf8.reduce(0) { $0 << 8 | UInt64($1) }] = level
            }
        }
        return table
    }()

    /// slog's levels between those with a name: `ERROR+2`, `DEBUG-4`.
    ///
    /// slog numbers DEBUG −4, INFO 0, WARN 4 and ERROR 8. A level is that below it; its documentation makes a TRACE of −8 and
    /// an EMERGENCY of 12.
    private static func slogLevel(_ text: ByteView) -> LogLevel {
        guard
            let sign = text.firstIndex(of: ASCII.plus) ?? text.firstIndex(of: ASCII.minus),
            sign == 4 || sign == 5,
            let offset = NumberText.integer(text.dropFirst(sign)), offset.magnitude < 1_000
        else { return .unknown }
        let base: Int64
        switch LogLevel(text: text.prefix(sign)) {
        case .debug: base = -4
        case .info: base = 0
        case .warn: base = 4
        case .error: base = 8
        default: return .unknown
        }
        switch base + offset {
        case ..<(-4): return .trace
        case ..<0: return .debug
        case ..<4: return .info
        case ..<8: return .warn
        case ..<12: return .error
        default: return .critical
        }
    }

    /// The name in LogsQL's ordered comparison and in labels.
    public var name: String { "\(self)" }

    /// The less severe first; `unknown` before all.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
