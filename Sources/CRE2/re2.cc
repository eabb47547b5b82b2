#include "CRE2.h"

#include <re2/re2.h>

#include <cstring>
#include <vector>

struct weir_re2 {
    re2::RE2 expression;
    weir_re2(const re2::StringPiece &pattern, const re2::RE2::Options &options)
        : expression(pattern, options) {}
};

// One expression may take 16 MiB; beyond that RE2 falls back to a slower automaton and stays linear.
static const int64_t memory_bytes_max = 16 << 20;

static weir_re2 *compile(
    const uint8_t *pattern, size_t length, re2::RE2::Options &options, char *message,
    size_t message_size) {
    options.set_log_errors(false);
    options.set_max_mem(memory_bytes_max);
    auto *result = new weir_re2(
        re2::StringPiece(reinterpret_cast<const char *>(pattern), length), options);
    if (!result->expression.ok()) {
        if (message_size > 0) {
            strncpy(message, result->expression.error().c_str(), message_size - 1);
            message[message_size - 1] = 0;
        }
        delete result;
        return nullptr;
    }
    return result;
}

weir_re2 *weir_re2_compile(
    const uint8_t *pattern, size_t length, bool ignore_case, bool latin1, char *message,
    size_t message_size) {
    re2::RE2::Options options;
    options.set_case_sensitive(!ignore_case);
    if (latin1) { options.set_encoding(re2::RE2::Options::EncodingLatin1); }
    return compile(pattern, length, options, message, message_size);
}

weir_re2 *weir_re2_compile_longest(
    const uint8_t *pattern, size_t length, char *message, size_t message_size) {
    re2::RE2::Options options;
    options.set_longest_match(true);
    return compile(pattern, length, options, message, message_size);
}

void weir_re2_free(weir_re2 *expression) { delete expression; }

bool weir_re2_matches(const weir_re2 *expression, const uint8_t *text, size_t length) {
    return re2::RE2::PartialMatch(
        re2::StringPiece(reinterpret_cast<const char *>(text), length), expression->expression);
}

size_t weir_re2_group_count(const weir_re2 *expression) {
    return static_cast<size_t>(expression->expression.NumberOfCapturingGroups());
}

const char *weir_re2_group_name(const weir_re2 *expression, size_t index) {
    const auto &names = expression->expression.CapturingGroupNames();
    const auto found = names.find(static_cast<int>(index));
    return found == names.end() ? nullptr : found->second.c_str();
}

bool weir_re2_find(
    const weir_re2 *expression, const uint8_t *text, size_t length, size_t from, size_t *starts,
    size_t *ends, size_t count) {
    const char *base = reinterpret_cast<const char *>(text);
    std::vector<re2::StringPiece> groups(count);
    const bool found = expression->expression.Match(
        re2::StringPiece(base, length), from, length, re2::RE2::UNANCHORED, groups.data(),
        static_cast<int>(count));
    if (!found) { return false; }
    for (size_t index = 0; index < count; index++) {
        const bool is_set = groups[index].data() != nullptr;
        starts[index] = is_set ? static_cast<size_t>(groups[index].data() - base) : SIZE_MAX;
        ends[index] = is_set ? starts[index] + groups[index].size() : SIZE_MAX;
    }
    return true;
}
