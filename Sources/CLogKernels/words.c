// LZ4 blocks of texts that have words in common: messages, paths, queries.
//
// LZ4 looks for matches at every byte; in lines of a log they begin where words do. So only those places are looked up, with eight bytes
// each, and what is found is extended both ways. The paths through the loop do not depend on lengths, which are predicted badly.
#include "CLogKernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

// What the format says: matches reach back so far, are no shorter, and leave so many bytes at the end alone.
enum { REACH = 65535, MATCH_MIN = 4, LAST_LITERALS = 5 };
enum { TABLE_BITS = 12, BLOCK = 64, LENGTH_MAX = 15 };

#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt"))), apply_to = function)

// The bytes of 32 that are no letters or digits: words begin with what is before them.
static inline uint32_t separators(const uint8_t *text) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)text);
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8('/')), v);
    const __m256i behind = _mm256_sub_epi8(v, _mm256_set1_epi8(':'));
    const __m256i colon = _mm256_cmpeq_epi8(_mm256_min_epu8(behind, _mm256_set1_epi8('?' - ':')), behind);
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, colon));
}

// How many bytes are the same, at most `max`. 32 bytes behind those may be loaded.
static inline size_t common(const uint8_t *left, const uint8_t *right, size_t max) {
    for (size_t count = 0;; count += 32) {
        const __m256i same = _mm256_cmpeq_epi8(
            _mm256_loadu_si256((const __m256i *)(left + count)),
            _mm256_loadu_si256((const __m256i *)(right + count)));
        const uint32_t other = ~(uint32_t)_mm256_movemask_epi8(same);
        if (other || count + 32 >= max) {
            count += other ? (size_t)__builtin_ctz(other) : 32;
            return count < max ? count : max;
        }
    }
}

// How many bytes before are the same, at most 8 and `max`.
static inline size_t common_before(const uint8_t *left, const uint8_t *right, size_t max) {
    const uint64_t other = weir_load64(left - 8) ^ weir_load64(right - 8);
    const size_t count = other ? (size_t)__builtin_clzll(other) >> 3 : 8;
    return count < max ? count : max;
}

// Writes what a length has beyond the 15 that its half of the token says.
static inline uint8_t *put_length(uint8_t *out, size_t length) {
    *out = (uint8_t)(length - LENGTH_MAX);
    if (length < LENGTH_MAX + 255) { return out + (length >= LENGTH_MAX); }
    size_t rest = length - LENGTH_MAX;
    for (; rest >= 255; rest -= 255) { *out++ = 255; }
    *out++ = (uint8_t)rest;
    return out;
}

static inline uint8_t half_of_token(size_t length) {
    return (uint8_t)(length < LENGTH_MAX ? length : LENGTH_MAX);
}

static size_t pack_words(
    const uint8_t *text, size_t count, size_t skipped, const uint32_t *ends, size_t rows,
    uint32_t origin, uint8_t *out, size_t room) {
    uint32_t table[1 << TABLE_BITS];
    memset(table, 0, sizeof table);
    uint8_t *at = out;
    const uint8_t *const full = out + room;
    size_t written = 0, row = 0;
    if (count > BLOCK && skipped < count - BLOCK) {
        const size_t limit = count - BLOCK;
        size_t from = skipped, base = skipped;
        while (base < limit) {
            uint64_t starts = separators(text + base) | (uint64_t)separators(text + base + 32) << 32;
            // A text's first word has nothing before it.
            while (row < rows && skipped + (ends[row] - origin) < base) { row++; }
            while (row < rows && skipped + (ends[row] - origin) < base + BLOCK) {
                starts |= 1ull << (skipped + (ends[row++] - origin) - base);
            }
            starts |= base == skipped;
            starts &= from > base ? ~0ull << (from - base) : ~0ull;
            const size_t next = base + BLOCK;
            while (starts) {
                size_t place = base + (size_t)__builtin_ctzll(starts);
                starts &= starts - 1;
                if (place >= limit) { break; }
                const uint64_t word = weir_load64(text + place);
                uint32_t *known = table + ((word * 0x9E3779B97F4A7C15ull) >> (64 - TABLE_BITS));
                size_t match = *known;
                *known = (uint32_t)place;
                if (weir_load64(text + match) != word || place - match - 1 >= REACH) { continue; }
                size_t length = 8 + common(text + place + 8, text + match + 8, count - LAST_LITERALS - place - 8);
                if (match >= 8) {
                    const size_t before = common_before(text + place, text + match, place - written);
                    place -= before;
                    match -= before;
                    length += before;
                }
                const size_t literals = place - written;
                if (at + literals + (literals + length) / 255 + 16 > full) { return 0; }
                uint8_t *token = at++;
                *token = (uint8_t)(half_of_token(literals) << 4 | half_of_token(length - MATCH_MIN));
                at = put_length(at, literals);
                _mm256_storeu_si256(
                    (__m256i *)at, _mm256_loadu_si256((const __m256i *)(text + written)));
                if (literals > 32) { memcpy(at, text + written, literals); }
                at += literals;
                const uint16_t distance = (uint16_t)(place - match);
                memcpy(at, &distance, 2);
                at = put_length(at + 2, length - MATCH_MIN);
                written = place + length;
                if (written >= next) { break; }
                starts &= ~0ull << (written - base);
            }
            from = written > skipped ? written : skipped;
            base = written > next ? written : next;
        }
    }
    const size_t literals = count - written;
    if (at + literals + literals / 255 + 16 > full) { return 0; }
    uint8_t *token = at++;
    *token = (uint8_t)(half_of_token(literals) << 4);
    at = put_length(at, literals);
    memcpy(at, text + written, literals);
    return (size_t)(at - out) + literals;
}

#pragma clang attribute pop
#endif

size_t weir_pack_words(
    const uint8_t *text, size_t count, size_t skipped, const uint32_t *ends, size_t rows,
    uint32_t origin, uint8_t *out, size_t room) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        return pack_words(text, count, skipped, ends, rows, origin, out, room);
    }
#endif
    (void)text, (void)count, (void)skipped, (void)ends, (void)rows, (void)origin, (void)out, (void)room;
    return 0;
}
