import LogBytes
import Testing

@Suite struct ASCIITests {
    @Test func classesOfEveryByte() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            #expect(ASCII.isDigit(byte) == ("0"..."9").contains(character))
            let folded = character.isASCII ? Array(character.lowercased().utf8) : [byte]
            #expect([ASCII.lowercased(byte)] == folded)
            let value = character.isASCII ? character.hexDigitValue : nil
            #expect(Hex.value(byte).map(Int.init) == value)
        }
    }

    @Test func hexadecimalDigits() {
        let digits = (0..<16 as Range<UInt8>).map { Hex.digit($0) }
        #expect(digits == Array("0123456789abcdef".utf8))
    }
}
