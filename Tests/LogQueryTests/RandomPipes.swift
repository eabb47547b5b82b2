import TestSupport

/// Random pipes as text: every pipe, with names that have to be quoted among the others.
struct RandomPipes {
    var filters: RandomFilters

    private static let names = [
        "a", "level", "a.b", "odd name", "limit", "as", "n", "_time", "*x", "by", "if",
    ]

    private func quoted(_ name: String) -> String { "\"\(name)\"" }

    private mutating func field() -> String {
        let name = filters.random.pick(Self.names)
        return name.allSatisfy(\.isLetter) && name.count == 1 ? name : quoted(name)
    }

    private mutating func pattern() -> String {
        filters.random.below(3) == 0 ? filters.random.pick(["a*", "*", "\"odd name\"*"]) : field()
    }

    private mutating func list() -> String {
        (0...filters.random.below(2)).map { _ in field() }.joined(separator: ", ")
    }

    private mutating func patterns() -> String {
        (0...filters.random.below(2)).map { _ in pattern() }.joined(separator: ", ")
    }

    private mutating func condition() -> String {
        filters.random.below(3) == 0 ? "if (\(filters.filter(depth: 1))) " : ""
    }

    private mutating func rule() -> String {
        filters.random.pick(["", " keep_original_fields", " skip_empty_results"])
    }

    private mutating func number() -> Int { filters.random.below(20) }

    private mutating func math(_ depth: Int) -> String {
        guard depth > 0 else {
            return filters.random.pick([
                "a", "1.5", "\"odd name\"", "10KiB", "\"2024-05-01T00:00:00Z\"", "\"or\"",
            ])
        }
        let left = math(depth - 1)
        let right = math(depth - 1)
        switch filters.random.below(4) {
        case 0: return "(\(left))"
        case 1: return "-\(left)"
        case 2: return "round(\(left), \(right))"
        default:
            let sign = filters.random.pick([
                "+", "-", "*", "/", "%", "^", "&", "xor", "or", "default",
            ])
            return "(\(left)) \(sign) \(right)"
        }
    }

    private mutating func statistic(_ number: Int) -> String {
        let function = filters.random.pick([
            "count()", "count(\(patterns()))", "count_empty(\(list()))",
            "count_uniq(\(list())) limit 5",
            "sum(\(patterns()))", "avg(\(list()))", "min(\(list()))", "median(\(list()))",
            "quantile(0.\(self.number()), \(list()))", "row_any()", "row_max(\(list()))",
            "field_min(a, n)", "values(\(list())) limit 3", "json_values()", "rate()",
            "rate_sum(a)",
            "histogram(a)", "uniq_values(\(list()))", "stddev(a)", "any(a)",
            "sum_len(\(patterns()))",
        ])
        return "\(function) \(condition())as r\(number)"
    }

    private mutating func subquery() -> String {
        "\(filters.filter(depth: 1)) | uniq by (\(field()))"
    }

    mutating func pipe() -> String {
        switch filters.random.below(34) {
        case 0: return "fields \(patterns())"
        case 1: return "delete \(patterns())"
        case 2: return "rename \(field()) as \(field())"
        case 3: return "copy a* as b*"
        case 4: return "filter \(filters.filter(depth: 2))"
        case 5:
            return
                "sort by (\(field()) desc, \(field())) partition by (\(list())) offset \(number()) limit \(number() + 1) rank as r"
        case 6: return "first \(number()) by (\(field()))"
        case 7: return "last \(number()) by (\(field()) desc) partition by (\(list()))"
        case 8: return filters.random.pick(["limit", "offset"]) + " \(number())"
        case 9: return "top \(number()) by (a, \(quoted("odd name"))) hits as h rank as r"
        case 10: return "uniq by (\(list())) with hits as hh limit \(number())"
        case 11: return "uniq hits limit \(number())"
        case 12:
            return "stats by (\(field()), x:5m offset 1h, ip:/24) \(statistic(1)), \(statistic(2))"
        case 13:
            return filters.random.pick(["running_stats", "total_stats"])
                + " by (\(list())) \(statistic(1))"
        case 14: return "math \(math(3)) as m, \(math(2))"
        case 15:
            return
                "extract \(condition())'x=<\(filters.random.pick(["a", "plain:b c", "_"]))> <n>' from \(field())\(rule())"
        case 16: return "extract_regexp \(condition())\"(?P<a>[\\\\d]+)\" from \(field())\(rule())"
        case 17: return "format \(condition())\"<q:a> \\\"<b>\\\" &lt;\" as \(field())\(rule())"
        case 18: return "replace \(condition())(\"a\\\\b\", '') at \(field()) limit \(number())"
        case 19: return "replace_regexp \(condition())('(x)', \"$1\") at \(field())"
        case 20:
            return
                "unpack_json \(condition())from \(field()) fields (\(patterns())) result_prefix \"p \"\(rule())"
        case 21: return "unpack_logfmt \(condition())from \(field())\(rule())"
        case 22: return "unpack_syslog from \(field()) offset -5h30m result_prefix x\(rule())"
        case 23:
            return filters.random.pick(["pack_json", "pack_logfmt"])
                + " fields (\(patterns())) as \(field())"
        case 24: return "unroll \(condition())by (\(list()))"
        case 25: return "facets \(number()) max_values_per_field \(number()) keep_const_fields"
        case 26: return "collapse_nums \(condition())at \(field()) prettify"
        case 27:
            return filters.random.pick(["len", "hash", "json_array_len"])
                + "(\(field())) as \(field())"
        case 28: return "join by (\(list())) (\(subquery())) inner prefix \"j.\""
        case 29: return "union (\(subquery()) | union (\(subquery())))"
        case 30: return "filter a.b:in(\(subquery()))"
        case 31: return "coalesce(\(list())) default \"-\" as \(field())"
        case 32:
            return "split \",\" from \(field()) as \(field()) | json_array_concat from \(field())"
        default:
            return filters.random.pick([
                "field_names", "field_values \(field()) limit 2", "drop_empty_fields",
                "blocks_count",
                "sample \(number() + 1)", "decolorize \(field())", "time_add 1h at \(field())",
                "set_stream_fields \(condition())\(list())",
                "unpack_words from \(field()) as w drop_duplicates",
                "generate_sequence \(number())",
            ])
        }
    }

    mutating func query() -> String {
        let options = filters.random.pick([
            "", "options(concurrency=2, ignore_global_time_filter=true) ",
        ])
        let context = filters.random.pick([
            "", "", " | stream_context before 1 after 2 time_window 5m",
        ])
        let pipes = (0...filters.random.below(3)).map { _ in " | " + pipe() }.joined()
        return options + filters.filter(depth: 2) + context + pipes
    }
}
