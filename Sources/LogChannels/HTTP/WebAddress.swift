internal import LogAlerting

/// An address of the web that messages are sent to.
struct WebAddress: Equatable, Sendable {
    /// The address without name and password.
    let url: String
    let isSecure: Bool
    let host: String
    let port: Int?
    /// `Basic …` where the address has a name and a password in it.
    let authorization: String?

    /// Why a text is no address; the text itself may be secret and is not in it.
    struct Fault: Error, Equatable { let message: String }

    private static let bytesMax = 8_000

    init(_ text: String) throws(Fault) {
        guard let mark = text.firstRange(of: "://"),
            ["http", "https"].contains(text[..<mark.lowerBound].lowercased())
        else { throw Fault(message: "an address begins with http:// or https://") }
        guard text.utf8.count <= Self.bytesMax,
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F && $0 != "\\" })
        else {
            throw Fault(message: "an address has no blanks, control characters or umlauts")
        }
        isSecure = text[..<mark.lowerBound].lowercased() == "https"
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var authority = rest[..<end]
        if let at = authority.lastIndex(of: "@") {
            guard let login = PercentEncoding.decode(String(authority[..<at])) else {
                throw Fault(message: "the name and password in the address are not well encoded")
            }
            authorization = "Basic " + Base64.encode(login)
            authority = authority[authority.index(after: at)...]
        } else {
            authorization = nil
        }
        var portText: Substring?
        if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<close])
            let behind = authority[authority.index(after: close)...]
            portText = behind.isEmpty ? nil : behind.dropFirst()
        } else {
            let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
            host = parts.first.map(String.init) ?? ""
            portText = parts.count > 1 ? parts[1] : nil
            if parts.count > 2 { throw Fault(message: "an IPv6 address stands in [ ]") }
        }
        guard !host.isEmpty else { throw Fault(message: "the address has no host") }
        if let portText {
            guard let number = Int(portText), (1...65_535).contains(number) else {
                throw Fault(message: "the port of the address is no number from 1 to 65535")
            }
            port = number
        } else {
            port = nil
        }
        let scheme = isSecure ? "https" : "http"
        let path = String(rest[end...].prefix { $0 != "#" })
        url = "\(scheme)://\(authority)\(path.hasPrefix("/") ? "" : "/")\(path)"
    }

    /// What errors may show of it: path and query are often secret.
    var shown: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(isSecure ? "https" : "http")://\(name)\(port.map { ":\($0)" } ?? "")"
    }
}
