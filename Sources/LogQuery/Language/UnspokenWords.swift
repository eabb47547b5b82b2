/// Words of VictoriaLogs' LogsQL that weir does not speak: they get a message that says so.
///
/// Without these lists `| first 3` would be taken for a search for two words, and answer nothing in silence. Whoever adds
/// one of these to a registry deletes it here and in the reference; tests compare the three.
enum UnspokenWords {
    /// Pipes.
    static let pipes: Set<String> = [
        "block_stats", "blocks_count", "coalesce", 
        "drop_empty_fields", "facets", "field_names",
        "field_values", "first", "generate_sequence", "join",
        "json_array_concat", "last", 
        "query_stats", "running_stats", "sample",
        "set_stream_fields", "split", "stream_context", "time_add", "total_stats", "union",
        
    ]

    /// Named filters, `day_range` and `week_range` of `_time` among them.
    static let filters: Set<String> = [
        "contains_common_case", "day_range", "eq_field", "equals_common_case", "ipv6_range",
        "json_array_contains_any", "le_field", "lt_field", "options", "pattern_match",
        "pattern_match_full", "pattern_match_prefix", "pattern_match_suffix", "value_type",
        "week_range",
    ]

    /// Statistics functions.
    static let statistics: Set<String> = [
        "any", "count_uniq_hash", "field_max", "field_min", "histogram", "json_values", "rate",
        "rate_sum", "row_any", "row_max", "row_min", "stddev", "sum_len", "values",
    ]

    /// The message for `word`, a `kind` such as "pipe"; `known` are those that there are.
    static func message(_ word: String, _ kind: String, known: [String]) -> String {
        "LogsQL's \(kind) '\(word)' is not spoken here yet; there are "
            + known.joined(separator: ", ")
    }
}
