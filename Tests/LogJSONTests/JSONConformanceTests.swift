import Foundation
import LogBytes
import LogJSON
import PlainJSON
import TestSupport
import Testing

/// The JSON Parsing Test Suite of Nicolas Seriot.
@Suite struct JSONConformanceTests {
    /// The texts about which RFC 8259 leaves the choice, and ours.
    ///
    /// Numbers are text to us, whatever their size. Escapes may name what Unicode cannot say (a lone surrogate reads as
    /// U+FFFD), bytes may not: they must be UTF-8. A byte order mark, UTF-16 and depth beyond 128 are refused.
    private static let ourChoice: [String: Bool] = [
        "i_number_double_huge_neg_exp": true,
        "i_number_huge_exp": true,
        "i_number_neg_int_huge_exp": true,
        "i_number_pos_double_huge_exp": true,
        "i_number_real_neg_overflow": true,
        "i_number_real_pos_overflow": true,
        "i_number_real_underflow": true,
        "i_number_too_big_neg_int": true,
        "i_number_too_big_pos_int": true,
        "i_number_very_big_negative_int": true,
        "i_object_key_lone_2nd_surrogate": true,
        "i_string_1st_surrogate_but_2nd_missing": true,
        "i_string_1st_valid_surrogate_2nd_invalid": true,
        "i_string_incomplete_surrogate_and_escape_valid": true,
        "i_string_incomplete_surrogate_pair": true,
        "i_string_incomplete_surrogates_escape_valid": true,
        "i_string_invalid_lonely_surrogate": true,
        "i_string_invalid_surrogate": true,
        "i_string_inverted_surrogates_U+1D11E": true,
        "i_string_lone_second_surrogate": true,
        "i_string_UTF-16LE_with_BOM": false,
        "i_string_UTF-8_invalid_sequence": false,
        "i_string_UTF8_surrogate_U+D800": false,
        "i_string_invalid_utf-8": false,
        "i_string_iso_latin_1": false,
        "i_string_lone_utf8_continuation_byte": false,
        "i_string_not_in_unicode_range": false,
        "i_string_overlong_sequence_2_bytes": false,
        "i_string_overlong_sequence_6_bytes": false,
        "i_string_overlong_sequence_6_bytes_null": false,
        "i_string_truncated-utf-8": false,
        "i_string_utf16BE_no_BOM": false,
        "i_string_utf16LE_no_BOM": false,
        "i_structure_500_nested_arrays": false,
        "i_structure_UTF-8_BOM_empty_object": false,
    ]

    private func accepts(_ bytes: [UInt8], _ memory: GuardedMemory) -> Bool {
        (try? JSONScanner.validate(memory.place(bytes))) != nil
    }

    @Test func everyTextIsAcceptedOrRefusedAsPublished() throws {
        guard let files = try Conformance.files(in: "json/test_parsing") else { return }
        let memory = try GuardedMemory(capacity: 1 << 20)
        var counts: [Character: Int] = [:]
        for file in files where file.name.hasSuffix(".json") {
            let name = String(file.name.dropLast(".json".count))
            let kind = try #require(name.first)
            let want: Bool
            switch kind {
            case "y": want = true
            case "n": want = false
            default:
                let choice = Self.ourChoice[name]
                want = try #require(choice as Bool?, "no choice made for \(name)")
            }
            #expect(accepts(file.bytes, memory) == want, "\(name)")
            #expect(PlainValidator.accepts(file.bytes) == want, "the oracle on \(name)")
            counts[kind, default: 0] += 1
        }
        #expect(counts == ["y": 95, "n": 188, "i": 35])
    }

    /// The choices again, without the suite, so that they hold on every machine.
    @Test func choicesOfOurs() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        func check(_ text: String, _ want: Bool) {
            #expect(accepts(Array(text.utf8), memory) == want, "\(text)")
        }
        check("[0.4e00669999999999999999999999999999999]", true)
        check("[-123e100000]", true)
        check("[123123123123123123123123123123123123]", true)
        check(#"["\uD800"]"#, true)
        check(#"["\uDFAA\uD800abc"]"#, true)
        check("\u{FEFF}{}", false)
        check(String(repeating: "[", count: 128) + String(repeating: "]", count: 128), true)
        check(String(repeating: "[", count: 129) + String(repeating: "]", count: 129), false)
        check(String(repeating: "[", count: 4_000), false)
        #expect(!accepts([0x5B, 0x22, 0xFF, 0x22, 0x5D], memory))
        #expect(!accepts([0x5B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x5D], memory))
    }
}
