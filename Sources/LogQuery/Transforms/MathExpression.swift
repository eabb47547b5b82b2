internal import LogBytes
internal import LogRecords

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What `math` computes: fields, numbers, and operations on them. What is no number is NaN.
package indirect enum MathExpression: Sendable {
    case field(String)
    case number(Double, text: String)
    case unary(MathExpression)
    case binary(MathOperator, MathExpression, MathExpression)
    case call(MathFunction, [MathExpression])

    /// The fields that are read.
    var fields: Set<String> {
        switch self {
        case .field(let name): [name]
        case .number: []
        case .unary(let inner): inner.fields
        case .binary(_, let left, let right): left.fields.union(right.fields)
        case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.fields) }
        }
    }

    /// The value of the expression where fields have the numbers that `number` gives.
    func value(_ environment: inout MathEnvironment, row: Int) -> Double {
        switch self {
        case .field(let name): return environment.number(name, row)
        case .number(let value, _): return value
        case .unary(let inner): return -inner.value(&environment, row: row)
        case .binary(let sign, let left, let right):
            let first = left.value(&environment, row: row)
            return sign.apply(first, right.value(&environment, row: row))
        case .call(let function, let arguments):
            let values = arguments.map { $0.value(&environment, row: row) }
            return function.apply(values, &environment)
        }
    }
}

/// The numbers of a block's rows, read when first asked for.
struct MathEnvironment {
    private let block: any ColumnBlock
    private var columns: [String: (column: Column, numbers: [Double?])] = [:]
    /// What `now()` gives.
    let now: Int64
    /// What `rand()` goes on from.
    var random: UInt64

    init(_ block: any ColumnBlock, fields: Set<String>, now: Int64, random: UInt64) throws {
        self.block = block
        self.now = now
        self.random = random
        for name in fields {
            let column = try block.queryColumn(name)
            columns[name] = (column, Array(repeating: nil, count: column.valueCount))
        }
    }

    mutating func number(_ name: String, _ row: Int) -> Double {
        guard let (column, numbers) = columns[name] else { return .nan }
        let index = column.valueNumber(row: row)
        if let known = numbers[index] { return known }
        let value = column.withValue(index) { NumberValue.parse($0)?.value ?? .nan }
        columns[name]?.numbers[index] = value
        return value
    }

    /// The field `name` gets other numbers: a result that later expressions read.
    mutating func set(_ name: String, _ column: Column) {
        columns[name] = (column, Array(repeating: nil, count: column.valueCount))
    }

    /// A number from 0 up to and without 1 (Steele, Lea and Flood, "SplitMix").
    mutating func nextRandom() -> Double {
        random &+= 0x9E37_79B9_7F4A_7C15
        var value = random
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return Double((value ^ value >> 31) >> 11) / Double(UInt64(1) << 53)
    }
}

/// A sign between two operands.
package enum MathOperator: String, CaseIterable, Sendable {
    case power = "^"
    case times = "*"
    case divided = "/"
    case remainder = "%"
    case plus = "+"
    case minus = "-"
    case and = "&"
    case xor
    case or
    case fallback = "default"

    /// How strongly it binds; the least binds first.
    var rank: Int {
        switch self {
        case .power: 1
        case .times, .divided, .remainder: 2
        case .plus, .minus: 3
        case .and: 4
        case .xor: 5
        case .or: 6
        case .fallback: 10
        }
    }

    /// What the sign makes of two numbers.
    package func apply(_ left: Double, _ right: Double) -> Double {
        switch self {
        case .power: pow(left, right)
        case .times: left * right
        case .divided: left / right
        case .remainder: fmod(left, right)
        case .plus: left + right
        case .minus: left - right
        case .and: bits(left, right, &)
        case .xor: bits(left, right, ^)
        case .or: bits(left, right, |)
        case .fallback: left.isNaN ? right : left
        }
    }

    private func bits(
        _ left: Double, _ right: Double, _ body: (UInt64, UInt64) -> UInt64
    ) -> Double {
        guard let a = UInt64(exactly: left.rounded(.towardZero)),
            let b = UInt64(exactly: right.rounded(.towardZero))
        else { return .nan }
        return Double(body(a, b))
    }
}

/// The C library's `exp`, which within `MathFunction` is the name of a case.
private func exponential(_ value: Double) -> Double { exp(value) }

/// A function of numbers.
package enum MathFunction: String, CaseIterable, Sendable {
    case abs, ceil, exp, floor, ln, max, min, now, rand, round

    /// How many arguments it takes.
    var arguments: ClosedRange<Int> {
        switch self {
        case .abs, .ceil, .exp, .floor, .ln: 1...1
        case .max, .min: 2...1_000
        case .now, .rand: 0...0
        case .round: 1...2
        }
    }

    func apply(_ values: [Double], _ environment: inout MathEnvironment) -> Double {
        switch self {
        case .now: Double(environment.now)
        case .rand: environment.nextRandom()
        default: apply(values)
        }
    }

    /// What the function makes of as many numbers as it takes; NaN for those that depend on more than their arguments.
    package func apply(_ values: [Double]) -> Double {
        switch self {
        case .abs: return values[0].magnitude
        case .ceil: return values[0].rounded(.up)
        case .exp: return exponential(values[0])
        case .floor: return values[0].rounded(.down)
        case .ln: return log(values[0])
        case .max: return values.filter { !$0.isNaN }.max() ?? .nan
        case .min: return values.filter { !$0.isNaN }.min() ?? .nan
        case .now, .rand: return .nan
        case .round: return Self.rounded(values[0], values.count > 1 ? values[1] : 1)
        }
    }

    /// `value` rounded to a multiple of `step`, written with no more digits than the step has.
    private static func rounded(_ value: Double, _ step: Double) -> Double {
        let step = step.magnitude
        guard step > 0, value.isFinite else { return value }
        if step == 1 { return value.rounded(.toNearestOrAwayFromZero) }
        let count = (value / step).rounded(.toNearestOrAwayFromZero)
        // 0.1 is no double: 3 × 0.1 would be 0.30000000000000004, 3 / 10 is 0.3.
        var scale = 1.0
        for _ in 0..<15 {
            let whole = step * scale
            if Swift.abs(whole - whole.rounded()) < 1e-9 * Swift.max(1, whole) {
                return count * whole.rounded() / scale
            }
            scale *= 10
        }
        return count * step
    }
}

extension MathExpression: CustomStringConvertible {
    /// The expression in LogsQL, with the parentheses that it needs.
    package var description: String { text(under: nil, isRight: false) }

    private func text(under parent: MathOperator?, isRight: Bool) -> String {
        switch self {
        case .field(let name): return MathWords.name(name)
        case .number(_, let text): return MathWords.number(text)
        case .unary(let inner):
            if case .binary = inner { return "-(\(inner.description))" }
            return "-" + inner.text(under: nil, isRight: false)
        case .binary(let sign, let left, let right):
            let text =
                "\(left.text(under: sign, isRight: false)) \(sign.rawValue) "
                + right.text(under: sign, isRight: true)
            guard let parent else { return text }
            let binds = isRight ? sign.rank < parent.rank : sign.rank <= parent.rank
            return binds ? text : "(\(text))"
        case .call(let function, let arguments):
            return "\(function.rawValue)(\(arguments.map(\.description).joined(separator: ", ")))"
        }
    }
}

/// How `math` writes what it reads.
enum MathWords {
    /// A field's name, in quotes where it could be taken for something else.
    static func name(_ name: String) -> String {
        let word = name.lowercased()
        let isTaken =
            MathOperator(rawValue: word) != nil || MathFunction(rawValue: word) != nil
            || word == "as"
        return isTaken ? Quoting.quoted(name) : Quoting.word(name)
    }

    /// A number as it was written, in quotes where it is more than one word.
    static func number(_ text: String) -> String {
        let isWord = text.unicodeScalars.allSatisfy { Words.isWord($0) || $0 == "." }
        return isWord ? text : Quoting.quoted(text)
    }
}
