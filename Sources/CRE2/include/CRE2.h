// RE2 for Swift: linear-time regular expressions behind C functions.
#ifndef WEIR_CRE2_H
#define WEIR_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define _Nonnull
#define _Nullable
#endif

typedef struct weir_re2 weir_re2;

/// Compiles `pattern`, which matches bytes and not characters when `latin1` is set. On a fault the result is null and
/// `message` holds a NUL-terminated text of at most `message_size` bytes. Free the result with `weir_re2_free`.
weir_re2 *_Nullable weir_re2_compile(
    const uint8_t *_Nonnull pattern, size_t length, bool ignore_case, bool latin1,
    char *_Nonnull message, size_t message_size);

void weir_re2_free(weir_re2 *_Nullable expression);

/// Whether the expression matches anywhere in `text`. Threads may call it at once on one expression.
bool weir_re2_matches(
    const weir_re2 *_Nonnull expression, const uint8_t *_Nonnull text, size_t length);

/// How many groups the expression captures.
size_t weir_re2_group_count(const weir_re2 *_Nonnull expression);

/// The name of group `index` (from 1), or null when it has none; valid as long as the expression lives.
const char *_Nullable weir_re2_group_name(const weir_re2 *_Nonnull expression, size_t index);

/// Finds the first match that begins at or behind `from`. `starts` and `ends` get the places of the whole match and of the
/// groups, `count` in all; SIZE_MAX for a group that took no part. Threads may call it at once on one expression.
bool weir_re2_find(
    const weir_re2 *_Nonnull expression, const uint8_t *_Nonnull text, size_t length, size_t from,
    size_t *_Nonnull starts, size_t *_Nonnull ends, size_t count);
/// Compiles `pattern` so that a match is the longest of those that begin first, as POSIX has it; the rest as
/// `weir_re2_compile` does.
weir_re2 *_Nullable weir_re2_compile_longest(
    const uint8_t *_Nonnull pattern, size_t length, char *_Nonnull message, size_t message_size);

#ifdef __cplusplus
}
#endif
#endif
