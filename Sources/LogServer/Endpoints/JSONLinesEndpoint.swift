internal import LogBytes

/// `POST /insert/jsonline`: lines, one JSON object each. Whatever else a line is, it is kept.
enum JSONLinesEndpoint {
    static func insert(
        _ body: BodyReader, _ sink: LineSink, _ parameters: FieldParameters
    ) async throws(HTTPFailure) -> HTTPAnswer {
        try await skipTaken(body, sink.resumeOffset)
        try body.checkSame()
        if sink.isRepeated {
            // It was taken whole; where more of it comes, it is another.
            let isMore = try await body.view.isEmpty ? body.read() : true
            guard !isMore else { throw BodyReader.other }
            try await sink.finish()
            return HTTPAnswer(200)
        }
        var cutter = LineCutter(body, lineBytesMax: sink.lineBytesMax)
        let rewriter = parameters.mayChange ? FieldRewriter(parameters) : nil
        var cutLines = 0
        while let lines = try await cutter.next() {
            let offset = body.offset + UInt64(lines.bodyBytes)
            if lines.cutBytes > 0 { cutLines += 1 }
            if rewriter != nil, lines.cutBytes == 0 {
                let outbox = LineOutbox(sink)
                var start = 0
                while start < lines.view.count {
                    let rest = lines.view.dropFirst(start)
                    let length = rest.firstIndex(of: ASCII.newline) ?? rest.count
                    start += length + 1
                    let line = rewriter?.rewrite(rest.prefix(length)) ?? rest.prefix(length)
                    let taken = min(start, lines.bodyBytes)
                    try await outbox.add(line, offset: body.offset + UInt64(taken))
                }
                try await outbox.flush()
            } else {
                let isLast = body.isKnownComplete && lines.bodyBytes == body.view.count
                try await sink.gather(
                    lines.view, count: lines.view.lineCount, offset: offset, isLast: isLast,
                    cutBytes: lines.cutBytes)
            }
            body.consume(lines.bodyBytes)
        }
        sink.markDone()
        try await sink.finish()
        guard cutLines == 0 else {
            throw HTTPFailure(
                413,
                "\(cutLines) of \(sink.lines) lines were longer than \(sink.lineBytesMax) bytes and "
                    + "were cut there; all lines are stored, do not send them again")
        }
        return HTTPAnswer(200)
    }

    /// Goes past what an earlier request with the same key brought.
    static func skipTaken(_ body: BodyReader, _ offset: UInt64) async throws(HTTPFailure) {
        while body.offset < offset {
            if body.view.isEmpty {
                guard try await body.read() else { throw BodyReader.other }
            }
            body.consume(Int(min(UInt64(body.view.count), offset - body.offset)))
        }
    }
}

extension ByteView {
    /// The number of newlines.
    var lineCount: Int {
        var lines = 0
        for index in 0..<count { lines &+= self[index] == ASCII.newline ? 1 : 0 }
        return lines
    }
}
