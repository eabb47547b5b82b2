import LogBytes
import LogJSON
import LogRecords
import TestSupport
import Testing

@Suite struct ShapeTableTests {
    private func isObject(_ line: [UInt8]) -> Bool {
        line.withView { view in
            (try? JSONScanner.validate(view)) != nil
                && view.start[Array(view).firstIndex { $0 > 0x20 } ?? 0] == ASCII.openBrace
        }
    }

    /// Everything that a scanned line promises: its bytes back, its leaves, the last of double keys.
    private func expectFaithful(_ lines: LineBatch, _ line: [UInt8]) throws {
        let record = lines.take(line)
        let shape = lines.batch.shape(record)
        let want = PlainObject.leaves(line)
        #expect(lines.rebuilt(record) == line)
        #expect((want != nil) == (shape.format == .json), "\(line.withView { $0.text })")
        #expect((want != nil) == isObject(line))
        guard let want else {
            let isText = shape.format == .text
            #expect(lines.batch.unparsed.values.reduce(0, +) == (isText ? 1 : 0))
            return
        }
        #expect(lines.batch.unparsed.isEmpty)
        let got = shape.fields.indices.map { index in
            PlainObject.Leaf(
                path: shape.fields[index].path, raw: Array(lines.batch.raw(record, index)),
                isString: shape.fields[index].kind == .string)
        }
        #expect(got == want)
        #expect(Set(shape.fields).count == shape.fields.count)
        for (path, leaf) in Dictionary(want.map { ($0.path, $0) }, uniquingKeysWith: { $1 }) {
            let text =
                leaf.isString ? PlainObject.text(leaf.raw[...]) : leaf.raw.withView { $0.text }
            let isNull = !leaf.isString && text == "null"
            #expect(lines.text(record, path) == (isNull ? "" : text))
        }
    }

    @Test func randomLinesComeBackByteForByte() throws {
        let lines = try LineBatch()
        var generator = LineGenerator(random: SeededGenerator(seed: 50))
        for _ in 0..<8_000 { try expectFaithful(lines, generator.line()) }
        #expect(lines.batch.table.shapes.count > 1_000)
    }

    @Test func damagedLinesAreTextAndStayWhole() throws {
        let lines = try LineBatch()
        var generator = LineGenerator(random: SeededGenerator(seed: 51))
        for _ in 0..<8_000 {
            let line = generator.line()
            try expectFaithful(lines, generator.damaged(line))
        }
    }

    @Test func everyPrefixOfALineIsTextAndNotRead() throws {
        let lines = try LineBatch()
        let text = #" {"a":{"b":"x\"é","c":[1,{"d":2}]},"e":-1.5e3,"f":{ },"g":null} "#
        let line = Array(text.utf8)
        // Known shapes take the fast path, unknown ones the slow path: both must stop at the end.
        for round in 0..<2 {
            for length in 0..<line.count - 1 {
                let record = lines.take(Array(line.prefix(length)))
                #expect(lines.batch.shape(record).format == .text, "round \(round), \(length)")
            }
            try expectFaithful(lines, line)
        }
    }

    @Test func handPickedLines() throws {
        let lines = try LineBatch()
        for line in [
            "{}", "{ }", " {\t} \r", "{}\r", #"{"":1}"#, #"{"":{"":{"":""}}}"#, #"{"a":{}}"#,
            #"{"a":{ }}"#, #"{"a":{"b":{}}}"#, #"{"a":1,"a":2,"a":"3","a":"4"}"#,
            #"{"a.b":1,"a":{"b":2}}"#, #"{"a":{"b":2},"a.b":1}"#, #"{"a":{"b":1},"a":{"b":2}}"#,
            #"{"\u0061":1,"a":2}"#, #"{"a":"","b":""}"#, #"{"a":"\\","b":"\""}"#,
            #"{"a" : 1 , "b":2 }"#,
            #"{"a":[{"b":1}],"c":[[],[[]]]}"#, #"{"a":{"b":[]},"c":1}"#,
            #"{"a":{"b":"x"},"c":"y"}"#,
            "{\"a\":\n1}",
        ] {
            try expectFaithful(lines, Array(line.utf8))
            #expect(lines.batch.unparsed.isEmpty, "\(line)")
        }
        for line in [
            "", " ", "x", "1", "[]", "[{}]", "null", #""a""#, "{", "}", "{}{}", "{} x", "{,}",
            #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#, #"{"a":1}}"#, #"{"a":{"b":1}"#,
            #"{"a":tru}"#, #"{"a":1x}"#, #"{"a":01}"#, #"{"a":"\x"}"#, #"{a:1}"#, "\u{FEFF}{}",
            "{\"a\":\u{b}1}", #"{"a":{}"#, #"{"a":{"#, #"{"a":{},}"#,
        ] {
            try expectFaithful(lines, Array(line.utf8))
            #expect(lines.batch.unparsed.count == 1, "\(line)")
        }
    }

    @Test func refusalsAreCountedByReason() throws {
        let lines = try LineBatch()
        func check(_ line: String, _ want: JSONError.Code) {
            _ = lines.take(line)
            #expect(lines.batch.unparsed == [want: 1], "\(line)")
        }
        check("", .endOfInput)
        check("plain text", .unexpectedByte)
        check("[1]", .notAnObject)
        check("null", .notAnObject)
        check(#"{"a":1"#, .endOfInput)
        check(#"{"a":1} x"#, .trailingBytes)
        check(#"{"a":truth}"#, .badLiteral)
        check(#"{"a":1.}"#, .badNumber)
        check(#"{"a":"\q"}"#, .badEscape)
        check("{\"a\":\"\u{1}\"}", .controlInString)
    }

    @Test func theSameLineTwiceHasTheSameShape() throws {
        let lines = try LineBatch()
        var generator = LineGenerator(random: SeededGenerator(seed: 52))
        for _ in 0..<500 {
            let line = generator.line()
            let first = lines.take(line).shape
            let count = lines.batch.table.shapes.count
            #expect(lines.take(line).shape == first)
            #expect(lines.batch.table.shapes.count == count)
        }
    }

    @Test func valuesDoNotMakeShapesButKeysSpacingAndKindsDo() throws {
        let lines = try LineBatch()
        let first = lines.take(#"{"a":1,"b":"x"}"#).shape
        #expect(lines.take(#"{"a":-2.5e9,"b":"much longer, with \" in it"}"#).shape == first)
        #expect(lines.take(#"{"a":{},"b":""}"#).shape == first)
        #expect(lines.take(#"{"a":[1,2],"b":""}"#).shape == first)
        for other in [
            #"{"a": 1,"b":"x"}"#, #"{"a":"1","b":"x"}"#, #"{"b":"x","a":1}"#, #"{"a":1}"#,
            #"{"a":1,"b":"x","c":2}"#, #"{"a":1,"b":"x"} "#, #"{"a":{"b":1},"b":"x"}"#,
        ] {
            #expect(lines.take(other).shape != first, "\(other)")
        }
    }

    /// More children than are tried in turn are found through the hash table, not learned again.
    @Test func manySiblingsAreFoundAgain() throws {
        let lines = try LineBatch()
        var shapes: [UInt32] = []
        for round in 0..<3 {
            for key in 0..<40 {
                let line = #"{"same":1,"key\#(key)":"v","tail":true}"#
                let shape = lines.take(line).shape
                if round == 0 { shapes.append(shape) } else { #expect(shape == shapes[key]) }
                try expectFaithful(lines, Array(line.utf8))
            }
        }
        #expect(Set(shapes).count == 40)
    }

    @Test func keysThatNeverRepeatDoNotFillMemory() throws {
        let lines = try LineBatch()
        var largest = 0
        var wasReplaced = false
        for number in 0..<12_000 {
            let line = #"{"key\#(number)":\#(number)}"#
            let record = lines.take(line)
            #expect(lines.rebuilt(record) == Array(line.utf8))
            let count = lines.batch.table.shapes.count
            if count < largest { wasReplaced = true }
            largest = max(largest, count)
        }
        #expect(wasReplaced)
        #expect(largest < 10_000)
        #expect(!lines.batch.table.isLarge)
    }

    @Test func limitsKeepWideDeepAndLongKeyedLinesAsText() throws {
        let lines = try LineBatch()
        func check(_ line: String, _ want: JSONError.Code?) {
            let record = lines.take(line)
            #expect(lines.batch.unparsed == (want.map { [$0: 1] } ?? [:]))
            #expect(lines.rebuilt(record) == Array(line.utf8))
        }
        func wide(_ count: Int) -> String {
            "{" + (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        }
        check(wide(JSONLimits.fieldsMax), nil)
        check(wide(JSONLimits.fieldsMax + 1), .tooManyFields)
        func deep(_ count: Int) -> String {
            String(repeating: "{\"\":", count: count) + "1" + String(repeating: "}", count: count)
        }
        check(deep(JSONLimits.depthMax), nil)
        check(deep(JSONLimits.depthMax + 1), .tooDeep)
        func nested(_ objects: Int, _ arrays: Int) -> String {
            String(repeating: "{\"\":", count: objects) + String(repeating: "[", count: arrays)
                + String(repeating: "]", count: arrays) + String(repeating: "}", count: objects)
        }
        check(nested(1, 127), nil)
        check(nested(1, 129), .tooDeep)
        func key(_ bytes: Int) -> String { "{\"\(String(repeating: "k", count: bytes))\":1}" }
        check(key(JSONLimits.pathBytesMax), nil)
        check(key(JSONLimits.pathBytesMax + 1), .keyTooLong)
    }
}
