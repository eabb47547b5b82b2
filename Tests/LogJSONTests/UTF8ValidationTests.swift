import LogBytes
import LogJSON
import Testing

@Suite struct UTF8ValidationTests {
    private func isValid(_ bytes: [UInt8]) -> Bool {
        bytes.withView { UTF8Validation.firstFault($0) } == nil
    }

    /// Every sequence of two bytes, and of four with each lead and second byte, against the standard library.
    @Test func agreesWithTheStandardLibrary() {
        func check(_ bytes: [UInt8]) {
            let want = String(validating: bytes, as: UTF8.self) != nil
            if isValid(bytes) != want { Issue.record("\(bytes): want \(want)") }
        }
        for first in UInt8.min...UInt8.max {
            check([first])
            for second in UInt8.min...UInt8.max {
                check([first, second])
                for rest in [[0x80], [0xBF], [0x7F], [0xC0], [0x80, 0x80], [0xBF, 0xBF]] {
                    check([first, second] + rest.map { UInt8($0) })
                }
                check([first, second, 0x80, 0xC0])
            }
        }
    }

    @Test func theFaultIsTheFirstByteOfTheBadSequence() {
        func check(_ bytes: [UInt8], _ want: Int?) {
            #expect(bytes.withView { UTF8Validation.firstFault($0) } == want)
        }
        check([], nil)
        check(Array("añ日😀".utf8), nil)
        check([0x61, 0x62, 0xE6, 0x97], 2)
        check([0xC3, 0xA9, 0xC3, 0x28], 2)
        check([0xF0, 0x9F, 0x98, 0x80, 0x80], 4)
    }
}
