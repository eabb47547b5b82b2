/// What stands between braces in a `MessageTemplate`. Every value is valid inside a JSON string.
enum MessageVariable: String {
    /// A small count: attempts, steps, items on a page.
    case few
    /// A larger count: rows, bytes, hits.
    case count
    /// The number of a thing, skewed towards popular things.
    case id
    /// A time span in milliseconds.
    case ms
    /// A number with two decimals: an amount of money, a ratio.
    case decimal
    /// Eight hexadecimal digits.
    case hex
    /// A UUID of version 4.
    case uuid
    /// A private IPv4 address.
    case ip
    /// A TCP port.
    case port
    /// A user's identifier.
    case user
    /// A person's name; some are not ASCII.
    case name
    /// A file's name; some are not ASCII.
    case file
    /// Search words in quotation marks, which JSON escapes.
    case phrase
    /// A machine's name.
    case host

    private static let names: [StaticString] = [
        "Ana", "Bjørn", "Chloé", "Dmitri", "Elif", "François", "Giulia", "Håkan", "Ines", "José",
        "Kenji", "Łukasz", "Maya", "Noah", "Oğuz", "Priya", "René", "Sofia", "Tomáš", "Zoë",
    ]

    private static let files: [StaticString] = [
        "report.pdf", "invoice-2025-01.pdf", "résumé.docx", "photo.jpg", "export.csv",
        "café-menu.png", "backup.tar.gz", "contacts.vcf", "Übersicht.xlsx", "notes.md",
    ]

    private static let phrases: [StaticString] = [
        #"\"quarterly report\""#, #"\"error budget\""#, #"\"café au lait\""#, #"\"Q1 plan\""#,
        #"\"user guide\""#, #"\"price < 100\""#, #"\"C:\\temp\""#, #"\"naïve bayes\""#,
    ]

    private static let hosts: [StaticString] = [
        "db-1.internal", "db-2.internal", "cache-1.internal", "cache-2.internal",
        "queue-1.internal", "search-3.internal", "mail.example.com", "api.partner.example",
    ]

    /// Appends a fresh value.
    func append(to buffer: inout LineBuffer, using random: inout RandomSource) {
        switch self {
        case .few: buffer.append(number: random.within(1...24))
        case .count: buffer.append(number: random.skewed(below: 20_000) + 1)
        case .id: buffer.append(number: random.skewed(below: 90_000) + 1000)
        case .ms: buffer.append(number: random.within(80...6000))
        case .decimal: buffer.append(hundredths: random.skewed(below: 90_000) + 1, decimals: 2)
        case .hex: buffer.append(hex: random.next(), digits: 8)
        case .uuid: Self.appendUUID(to: &buffer, using: &random)
        case .ip: Self.appendPrivateAddress(to: &buffer, using: &random)
        case .port: buffer.append(number: random.within(32_768...60_999))
        case .user: UserDirectory.append(to: &buffer, using: &random)
        case .name: buffer.append(Self.names[random.below(Self.names.count)])
        case .file: buffer.append(Self.files[random.below(Self.files.count)])
        case .phrase: buffer.append(Self.phrases[random.below(Self.phrases.count)])
        case .host: buffer.append(Self.hosts[random.below(Self.hosts.count)])
        }
    }

    private static func appendUUID(
        to buffer: inout LineBuffer, using random: inout RandomSource
    ) {
        let high = random.next()
        let low = random.next()
        buffer.append(hex: high >> 32, digits: 8)
        buffer.append("-")
        buffer.append(hex: high >> 16, digits: 4)
        buffer.append("-4")
        buffer.append(hex: high, digits: 3)
        buffer.append("-")
        buffer.append(hex: 8 | (low >> 62), digits: 1)
        buffer.append(hex: low >> 48, digits: 3)
        buffer.append("-")
        buffer.append(hex: low, digits: 12)
    }

    private static func appendPrivateAddress(
        to buffer: inout LineBuffer, using random: inout RandomSource
    ) {
        buffer.append("10.0.")
        buffer.append(number: random.below(8))
        buffer.append(UInt8(ascii: "."))
        buffer.append(number: random.within(2...254))
    }
}
