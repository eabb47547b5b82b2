/// A failure in the words of the protocol whose client asked.
enum FailureAnswer {
    static func make(_ failure: HTTPFailure, _ dialect: Route.Dialect) -> HTTPAnswer {
        var answer: HTTPAnswer
        let message = HTTPAnswer.quoted(failure.message)
        switch dialect {
        case .text:
            answer = HTTPAnswer(
                failure.status, failure.message + "\n", contentType: HTTPAnswer.text)
        case .elastic:
            let type = elasticType(failure.status)
            let cause = "{\"type\":\"\(type)\",\"reason\":\(message)}"
            answer = HTTPAnswer(
                failure.status,
                "{\"error\":{\"root_cause\":[\(cause)],\"type\":\"\(type)\",\"reason\":\(message)},"
                    + "\"status\":\(failure.status)}", contentType: HTTPAnswer.json)
        case .json:
            answer = HTTPAnswer(
                failure.status, "{\"error\":\(message),\"status\":\(failure.status)}\n",
                contentType: HTTPAnswer.json)
        case .openTelemetry:
            answer = HTTPAnswer(
                failure.status, "{\"code\":\(code(failure.status)),\"message\":\(message)}",
                contentType: HTTPAnswer.json)
        }
        if let seconds = failure.retryAfter {
            answer.headers.append(("Retry-After", String(seconds)))
        }
        if let allow = failure.allow { answer.headers.append(("Allow", allow)) }
        if failure.asksForKey {
            answer.headers.append(("WWW-Authenticate", "Basic realm=\"weir\", charset=\"UTF-8\""))
        }
        return answer
    }

    private static func elasticType(_ status: Int) -> String {
        switch status {
        case 401, 403: "security_exception"
        case 429, 503: "es_rejected_execution_exception"
        default: "illegal_argument_exception"
        }
    }

    /// The code of gRPC that OpenTelemetry's status has.
    static func code(_ status: Int) -> Int {
        switch status {
        case 401: 16
        case 403: 7
        case 404, 405: 12
        case 413, 429: 8
        case 503: 14
        default: 3
        }
    }
}
