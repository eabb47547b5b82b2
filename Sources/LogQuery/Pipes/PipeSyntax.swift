struct PipeSyntax: Sendable {
    let names: [String]
    static let all: [PipeSyntax] = []
}
extension QueryParser { mutating func pipes() throws(QueryError) -> [any Pipe] { [] } }
