/// `QueryLanguage.md` taken apart: its tables and its console sessions.
struct ReferencePage {
    /// One row of a table.
    struct Row {
        /// The heading that the table stands under.
        let section: String
        /// The titles of the table's columns.
        let titles: [String]
        let cells: [String]

        /// The texts in backquotes of the column called `title`.
        func code(_ title: String) -> [String] {
            guard let index = titles.firstIndex(of: title), index < cells.count else { return [] }
            return ReferencePage.code(cells[index])
        }
    }

    /// A command behind `$ ` and what it wrote; empty where the page does not show it.
    struct Session: CustomStringConvertible {
        let command: String
        var output: [String] = []

        var description: String { command }
    }

    private(set) var rows: [Row] = []
    private(set) var sessions: [Session] = []

    init(_ text: String) {
        var section = ""
        var titles: [String] = []
        var isFenced = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                isFenced.toggle()
            } else if isFenced {
                if line.hasPrefix("$ ") {
                    sessions.append(Session(command: String(line.dropFirst(2))))
                } else if !sessions.isEmpty {
                    sessions[sessions.count - 1].output.append(line)
                }
            } else if line.hasPrefix("#") {
                section = String(line.drop { $0 == "#" || $0 == " " })
            } else if !line.hasPrefix("|") {
                titles = []
            } else if titles.isEmpty {
                titles = Self.cells(line)
            } else if !line.hasPrefix("|--") {
                rows.append(Row(section: section, titles: titles, cells: Self.cells(line)))
            }
        }
    }

    /// The cells of a table's row; `\|` is a bar within a cell.
    private static func cells(_ line: String) -> [String] {
        var cells: [String] = []
        var cell = ""
        var before: Character = " "
        for character in line.dropFirst() {
            if character == "|", before == "\\" {
                cell.removeLast()
                cell.append(character)
            } else if character == "|" {
                cells.append(cell.trimmed)
                cell = ""
            } else {
                cell.append(character)
            }
            before = character
        }
        return cells
    }

    /// The texts in backquotes of `text`.
    static func code(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// The words of a command as a shell splits them: at blanks, except in single quotes.
    static func words(_ command: String) -> [String] {
        command.split(separator: "'", omittingEmptySubsequences: false).enumerated()
            .flatMap { index, part in
                index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
            }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
