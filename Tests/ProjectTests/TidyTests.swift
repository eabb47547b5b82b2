import Foundation
import Testing

@Suite struct TidyTests {
    private func library(_ text: String) -> SourceFile {
        SourceFile(path: "Sources/LogBytes/X.swift", text: text)
    }

    @Test func librariesDoNotPrintExitOrTrap() throws {
        let files = try SourceFile.all(in: "Sources")
        expectNone(files.flatMap { TidyRule.bannedWords(in: $0) })
        expectNone(files.flatMap { TidyRule.preconditions(in: $0) })
    }

    @Test func filesAreShort() throws {
        let files = try SourceFile.all(in: "Sources") + SourceFile.all(in: "Tests")
        expectNone(files.flatMap { TidyRule.length(of: $0) })
    }

    @Test func publicDeclarationsAreDocumented() throws {
        let files = try SourceFile.all(in: "Sources")
        expectNone(files.flatMap { TidyRule.documentation(in: $0) })
    }

    @Test func bannedWordsAreFound() {
        func check(_ text: String, _ want: Int) {
            #expect(TidyRule.bannedWords(in: library(text)).count == want, "\(text)")
        }
        check("print(1)", 1)
        check("    exit(2)", 1)
        check("let x = try! f()", 1)
        check("if bad { fatalError() }", 1)
        check("let x = y as! Int", 1)
        check("// print(1)", 0)
        check("let help = \"try! print(it)\"", 0)
        check("footprint(1); reader.exit(); _exit(1)", 0)
        check("let url = \"http://x\"; print(url)", 1)
        let program = SourceFile(path: "Sources/weir/X.swift", text: "print(1)")
        #expect(TidyRule.bannedWords(in: program) == [])
    }

    @Test func silentPreconditionsAreFound() {
        func check(_ text: String, _ want: Int) {
            #expect(TidyRule.preconditions(in: library(text)).count == want, "\(text)")
        }
        check("precondition(a > b)", 1)
        check("precondition(a > b, \"too small\")", 1)
        check("preconditionFailure(\"no\")", 1)
        check("precondition(a > b, \"BUG: too small\")", 0)
        check("precondition(\n    f(a) > b,\n    \"BUG: too small\")", 0)
        check("precondition(f(a))\nlog(\"BUG: elsewhere\")", 1)
        check("// precondition(a)", 0)
    }

    @Test func longFilesAreFound() {
        func check(_ lines: Int, _ want: Int) {
            let text = String(repeating: "let a = 1\n", count: lines)
            #expect(TidyRule.length(of: library(text)).count == want)
        }
        check(TidyRule.linesMax, 0)
        check(TidyRule.linesMax + 1, 1)
    }

    @Test func silentDeclarationsAreFound() {
        func check(_ text: String, _ want: Int) {
            #expect(TidyRule.documentation(in: library(text)).count == want, "\(text)")
        }
        check("public struct A {}", 1)
        check("/// Something.\npublic struct A {}", 0)
        check("/// Something.\n@frozen\n@usableFromInline\npublic struct A {}", 0)
        check("/// Something.\n\npublic struct A {}", 1)
        check("// Something.\npublic func a() {}", 1)
        check("@inlinable public var a: Int { 1 }", 1)
        check("    public static func < (a: A, b: A) -> Bool { true }", 1)
        check("public import LogJSON\ninternal import LogBytes", 0)
        check("struct A {}", 0)
    }
}
