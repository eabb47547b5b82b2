/// A message with variables, e.g. `Invoice {id} sent to {name}`, ready to be written as the
/// inside of a JSON string.
struct MessageTemplate: ExpressibleByStringLiteral {
    /// Either bytes to copy, already escaped, or a variable to fill.
    private enum Piece {
        case text([UInt8])
        case variable(MessageVariable)
    }

    private let pieces: [Piece]

    /// Text with variables in braces. An unknown variable is a mistake in this program.
    init(stringLiteral text: StringLiteralType) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var name: [UInt8]?
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "{"):
                pieces.append(.text(literal))
                literal = []
                name = []
            case UInt8(ascii: "}"):
                let spelling = String(decoding: name ?? [], as: UTF8.self)
                guard let variable = MessageVariable(rawValue: spelling) else {
                    preconditionFailure("BUG: no message variable is called '\(spelling)'")
                }
                pieces.append(.variable(variable))
                name = nil
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                literal.append(UInt8(ascii: "\\"))
                literal.append(byte)
            default:
                if name != nil {
                    name?.append(byte)
                } else {
                    literal.append(byte)
                }
            }
        }
        pieces.append(.text(literal))
        self.pieces = pieces
    }

    /// Appends the message with fresh values for its variables.
    func append(to buffer: inout LineBuffer, using random: inout RandomSource) {
        for piece in pieces {
            switch piece {
            case .text(let bytes): buffer.append(bytes)
            case .variable(let variable): variable.append(to: &buffer, using: &random)
            }
        }
    }
}
