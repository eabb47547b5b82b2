#include "WalkKernel.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// The letters that make an escape sequence of two bytes.
static const uint8_t is_short_escape[256] = {
    ['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1};

/// The length of the escape sequence at the backslash `p`, 0 when it is wrong or cut short.
static inline int walk_escape(const uint8_t *p, const uint8_t *end) {
    if (end - p < 2) { return 0; }
    if (is_short_escape[p[1]]) { return 2; }
    if (p[1] != 'u' || end - p < 6) { return 0; }
    for (int i = 2; i < 6; i++) {
        const uint8_t c = p[i], letter = c | 0x20;
        if ((uint8_t)(c - '0') > 9 && (uint8_t)(letter - 'a') > 5) { return 0; }
    }
    return 6;
}

/// The number of the first mark at or behind `p`, which does not stand before the window.
static int32_t mark_at(const weir_index *index, const uint8_t *p) {
    if (p >= index->end) { return index->count; }
    const ptrdiff_t at = p - index->start;
    int32_t mark = index->before[at >> 6];
    while (mark < index->count && index->marks[mark] < at) { mark++; }
    return mark;
}

/// Moves on to the first newline that is mark `next` or one behind it.
static inline void sync_newline(weir_index *index, int32_t next) {
    if (index->newline > 0 && index->newlines[index->newline - 1] >= next) { index->newline = 0; }
    while (index->newline < index->newline_count && index->newlines[index->newline] < next) {
        index->newline++;
    }
}

/// As `mark_at`, most often remembered from the walk before.
static inline int32_t first_mark(const weir_index *index, const uint8_t *p) {
    const ptrdiff_t at = p - index->start;
    const int32_t next = index->next;
    if (next > index->count || (next > 0 && index->marks[next - 1] >= at)
        || (next < index->count && index->marks[next] < at)) {
        return mark_at(index, p);
    }
    return next;
}

/// The closing quote of the string whose content begins at `p`, found from mark to mark, or null. `*next` is the number of the
/// first mark behind `p`, and then that of the quote. Sets `*flag` for escapes.
static const uint8_t *string_by_marks(
    const weir_index *index, const uint8_t *p, const uint8_t *end, int32_t *next, uint32_t *flag) {
    const uint8_t *high = 0;
    for (int32_t mark = *next; mark < index->count; mark++) {
        const uint8_t *const q = index->start + index->marks[mark];
        if (*q == '"') {
            if (high != 0 && weir_utf8_fault(high, (size_t)(q - high)) != (size_t)(q - high)) {
                return 0;
            }
            *next = mark;
            return q;
        }
        if (*q == '\\') {
            if (walk_escape(q, end) == 0) { return 0; }
            *flag = 1;
            // What is escaped may be a mark itself.
            mark += (q[1] == '"') | (q[1] == '\\');
        } else if (*q < 0x80) {
            return 0;
        } else if (high == 0) {
            high = q;
        }
    }
    return 0;
}

/// Lines of which few joints are known before that is held against them.
enum { joint_credit_first = 1024 };

weir_keys *weir_keys_make(void) {
    weir_keys *const keys = aligned_alloc(_Alignof(weir_keys), sizeof *keys);
    if (keys == 0) { abort(); }
    memset(keys, 0, sizeof *keys);
    // While little is known there is little to be found.
    keys->joint_credit = joint_credit_first;
    return keys;
}

/// What is known of a key of which nothing is.
static const weir_key unknown_key = {.child = -1, .number = -1};

/// A bit for each of four numbers that is `number`.
static inline uint32_t equal_of_four(const uint32_t *numbers, uint32_t number) {
#if defined(__x86_64__)
    const __m128i same = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)numbers), _mm_set1_epi32((int)number));
    return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(same));
#else
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) { bits |= (uint32_t)(numbers[i] == number) << i; }
    return bits;
#endif
}

/// For each first letter of a name, by its five low bits, the second letters with which `weir_may_be_of_interest` may say yes;
/// separators may stand in the first place (as the letter m, too, which has their bits) and in the second.
#define LETTER(c) (1u << ((c) & 31))
#define SEPARATORS (LETTER('_') | LETTER('-'))
static const uint32_t interesting_pairs[32] = {
    ['d' & 31] = LETTER('u') | SEPARATORS,
    ['l' & 31] = LETTER('a') | SEPARATORS,
    ['e' & 31] = LETTER('l') | LETTER('x') | SEPARATORS,
    ['t' & 31] = LETTER('o') | LETTER('i') | SEPARATORS,
    ['r' & 31] = LETTER('e') | SEPARATORS,
    ['p' & 31] = LETTER('r') | SEPARATORS,
    ['c' & 31] = LETTER('a') | SEPARATORS,
    ['h' & 31] = LETTER('t') | LETTER('a') | SEPARATORS,
    ['o' & 31] = LETTER('r') | SEPARATORS,
    ['s' & 31] = LETTER('e') | SEPARATORS,
    ['_' & 31] = UINT32_MAX,
    ['-' & 31] = UINT32_MAX,
};

int weir_may_be_of_interest(const uint8_t *name, uint32_t length) {
    // The first four letters of every word that durations are called by.
    static const char words[][5] = {
        "dura", "late", "elap", "took", "time", "resp", "requ", "proc", "exec", "tota", "call", "http",
        "orig", "serv", "hand"};
    if (memchr(name, '.', length) != 0) { return 1; }
    char letters[4];
    uint32_t count = 0;
    for (uint32_t i = 0; i < length && count < 4; i++) {
        if (name[i] != '_' && name[i] != '-') { letters[count++] = (char)(name[i] | 0x20); }
    }
    if (count < 4) { return 0; }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (memcmp(letters, words[i], 4) == 0) { return 1; }
    }
    return 0;
}

/// Whether to try what failed too often lately: from time to time, then.
static inline int has_credit(int32_t *credit) {
    if (*credit >= 0) { return 1; }
    // Begins far below and climbs back.
    ++*credit;
    return 0;
}

/// `pause` is the number of times for which what has failed too often is not tried.
static inline void give_credit(int32_t *credit, int succeeded, int32_t pause) {
    if (succeeded) {
        if (*credit < 16) { *credit += 2; }
    } else if (--*credit < 0) {
        *credit = -pause;
    }
}

static inline uint64_t weir_first_bytes(const uint8_t *p) {
    uint64_t bytes;
    memcpy(&bytes, p, 8);
    return bytes;
}

/// Walks that end at a node before a program is made for it: those that come once or twice are not worth it.
enum { program_ends_min = 4 };

/// The lines of a structure that are looked at for a program, and of those behind them every so manieth.
enum { program_sightings = 32 };

/// Lines with marks in their values after which none without is expected any more.
enum { program_misfits_max = 16 };

/// Programs that are tried on lines of which no program has the number of marks.
enum { tolerant_max = 3 };

/// The bytes of a piece before its first mark, or all.
static int32_t bytes_before_mark(const weir_walk *walk, const weir_node *node) {
    const uint8_t *const piece = walk->pieces + node->pieceStart;
    int32_t count = 0;
    while (count < node->pieceLength && !weir_is_mark(piece[count])) { count++; }
    return count;
}

/// Makes a program for the shape that `walk` has ended in, once it has come often enough. It takes the place of the one that
/// was last of use.
static __attribute__((noinline)) void make_program(
    weir_walk *walk, weir_programs *programs, int32_t marks_seen) {
    weir_node *const nodes = walk->nodes;
    const int32_t leaf = walk->node;
    if (nodes[leaf].ends >= program_ends_min) { return; }
    if (nodes[leaf].misfits >= program_misfits_max && nodes[leaf].ends == 0) { return; }
    int32_t count = 0, marks_expected = 0;
    for (int32_t node = leaf; nodes[node].parent >= 0; node = nodes[node].parent) {
        if (nodes[node].rawKind > WEIR_WALK_END) { return; }
        if (bytes_before_mark(walk, &nodes[node]) > WEIR_WALK_BLOCK) { return; }
        count++;
        marks_expected += nodes[node].marks;
    }
    // The last piece is compared together with the newline. Lines with marks in their values, such as arrays of strings,
    // would not keep to a program.
    if (count > WEIR_PROGRAM_STEPS || count == 0 || nodes[leaf].pieceLength >= 32
        || marks_seen != marks_expected) {
        if (nodes[leaf].misfits < program_misfits_max) { nodes[leaf].misfits++; }
        return;
    }
    if (++nodes[leaf].ends < program_ends_min) { return; }
    int32_t place = programs->count;
    if (place < WEIR_PROGRAMS) {
        programs->count++;
    } else {
        // The one that has not been of use for longest.
        place = 0;
        for (int32_t i = 1; i < WEIR_PROGRAMS; i++) {
            const uint32_t age = programs->turn - programs->programs[i].latest;
            if (age > programs->turn - programs->programs[place].latest) { place = i; }
        }
        nodes[programs->programs[place].leaf].ends = 0;
    }
    weir_program *const program = &programs->programs[place];
    program->latest = programs->turn;
    program->leaf = leaf;
    program->shape = nodes[leaf].shape;
    program->count = count;
    program->is_long = 0;
    int32_t node = leaf;
    for (int32_t i = count - 1; i >= 0; i--, node = nodes[node].parent) {
        weir_step *const step = &program->steps[i];
        const uint8_t *const piece = walk->pieces + nodes[node].pieceStart;
        step->length = (uint32_t)nodes[node].pieceLength;
        program->is_long |= step->length > 32;
        step->pieceStart = nodes[node].pieceStart;
        step->kind = nodes[node].rawKind;
        step->mark = (uint32_t)nodes[node].marks;
        step->back = (uint32_t)bytes_before_mark(walk, &nodes[node]);
        const uint32_t compared = step->length + (i == count - 1);
        for (uint32_t k = 0; k < 32; k++) { step->bytes[k] = k < step->length ? piece[k] : '\n'; }
        step->mask = compared < 32 ? (1u << compared) - 1 : ~0u;
    }
    // Each step's own number of marks becomes that of the marks before it.
    uint32_t marks = 0;
    for (int32_t i = 0; i < count; i++) {
        const uint32_t own = program->steps[i].mark;
        program->steps[i].mark = marks;
        marks += own;
    }
    program->marks = (int32_t)marks;
    programs->by_marks[marks & 63] = (uint8_t)place;
    programs->known_marks = 0;
    for (int32_t i = 0; i < programs->count; i++) {
        programs->known_marks |= 1ull << (programs->programs[i].marks & 63);
    }
}

// Any processor.
static inline int plain_matches(const uint8_t *p, const uint8_t *bytes, uint32_t mask) {
    uint32_t differs = 0;
    for (int i = 0; i < 32; i++) { differs |= (uint32_t)(p[i] != bytes[i]) << i; }
    return (differs & mask) == 0;
}
static inline int plain_piece(const uint8_t *p, const uint8_t *bytes, uint64_t mask) {
    uint64_t differs = 0;
    for (int i = 0; i < 64; i++) { differs |= (uint64_t)(p[i] != bytes[i]) << i; }
    return (differs & mask) == 0;
}
static inline void plain_places(uint64_t bits, uint32_t base, uint16_t *out) {
    // Eight at a time, so that their exact number need not be predicted.
    do {
        for (int i = 0; i < 8; i++) {
            out[i] = (uint16_t)(base + (uint32_t)__builtin_ctzll(bits | 1ull << 63));
            bits &= bits - 1;
        }
        out += 8;
    } while (bits != 0);
}
static inline uint64_t plain_unequal(const uint8_t *p, const uint8_t *q) {
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++) { bits |= (uint64_t)(p[i] != q[i]) << i; }
    return bits;
}
static inline uint64_t plain_equal(const uint8_t *p, uint8_t c) {
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++) { bits |= (uint64_t)(p[i] == c) << i; }
    return bits;
}
static inline uint64_t plain_odd(const uint8_t *p) {
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++) {
        bits |= (uint64_t)(p[i] == '\\' || (uint8_t)(p[i] - 0x20) >= 0x60) << i;
    }
    return bits;
}
static inline uint64_t plain_high(const uint8_t *p) {
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++) { bits |= (uint64_t)(p[i] >> 7) << i; }
    return bits;
}
static inline uint64_t plain_other(const uint8_t *p) {
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++) { bits |= (uint64_t)((uint8_t)(p[i] - '0') > 9) << i; }
    return bits;
}
static inline uint64_t plain_marks(const uint8_t *p, uint64_t *newlines) {
    uint64_t bits = 0;
    *newlines = 0;
    for (int i = 0; i < 64; i += 16) {
        bits |= (plain_odd(p + i) | plain_equal(p + i, '"')) << i;
        *newlines |= plain_equal(p + i, '\n') << i;
    }
    return bits;
}
#define INDEX_NAME index_plain
#define block_marks plain_marks
#define block_places plain_places
#include "index_body.h"
#define WALK_NAME walk_plain
#define index_lines index_plain
#define BLOCK 16
#define block_unequal plain_unequal
#define block_equal plain_equal
#define block_odd plain_odd
#define block_matches plain_matches
#define block_high plain_high
#define block_other plain_other
#define block_piece plain_piece
#include "walk_body.h"

#if defined(__x86_64__)
static inline uint64_t sse2_unequal(const uint8_t *p, const uint8_t *q) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p), y = _mm_loadu_si128((const __m128i *)q);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) ^ 0xffffu;
}
static inline uint64_t sse2_equal(const uint8_t *p, uint8_t c) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8((char)c)));
}
static inline int sse2_matches(const uint8_t *p, const uint8_t *bytes, uint32_t mask) {
    return ((sse2_unequal(p, bytes) | sse2_unequal(p + 16, bytes + 16) << 16) & mask) == 0;
}
static inline int sse2_piece(const uint8_t *p, const uint8_t *bytes, uint64_t mask) {
    uint64_t differs = 0;
    for (int i = 0; i < 64; i += 16) { differs |= sse2_unequal(p + i, bytes + i) << i; }
    return (differs & mask) == 0;
}
static inline uint64_t sse2_odd(const uint8_t *p) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p);
    // As signed numbers, bytes ≥ 0x80 are below the controls.
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(
        _mm_cmplt_epi8(x, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'))));
}
static inline uint64_t sse2_high(const uint8_t *p) {
    return (uint32_t)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)p));
}
static inline uint64_t sse2_other(const uint8_t *p) {
    const __m128i x =
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x))
        ^ 0xffffu;
}
static inline uint64_t sse2_marks(const uint8_t *p, uint64_t *newlines) {
    uint64_t bits = 0;
    *newlines = 0;
    for (int i = 0; i < 64; i += 16) {
        bits |= (sse2_odd(p + i) | sse2_equal(p + i, '"')) << i;
        *newlines |= sse2_equal(p + i, '\n') << i;
    }
    return bits;
}
#define INDEX_NAME index_sse2
#define block_marks sse2_marks
#define block_places plain_places
#include "index_body.h"
#define WALK_NAME walk_sse2
#define index_lines index_sse2
#define BLOCK 16
#define block_unequal sse2_unequal
#define block_equal sse2_equal
#define block_odd sse2_odd
#define block_matches sse2_matches
#define block_high sse2_high
#define block_other sse2_other
#define block_piece sse2_piece
#include "walk_body.h"

#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
static inline uint64_t avx2_unequal(const uint8_t *p, const uint8_t *q) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)p);
    const __m256i y = _mm256_loadu_si256((const __m256i *)q);
    return (uint32_t)~_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, y));
}
static inline uint64_t avx2_equal(const uint8_t *p, uint8_t c) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)p);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)c)));
}
static inline int avx2_matches(const uint8_t *p, const uint8_t *bytes, uint32_t mask) {
    return (avx2_unequal(p, bytes) & mask) == 0;
}
static inline int avx2_piece(const uint8_t *p, const uint8_t *bytes, uint64_t mask) {
    return ((avx2_unequal(p, bytes) | avx2_unequal(p + 32, bytes + 32) << 32) & mask) == 0;
}
static inline uint64_t avx2_odd(const uint8_t *p) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)p);
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(
        _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), x),
        _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'))));
}
static inline uint64_t avx2_high(const uint8_t *p) {
    return (uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256((const __m256i *)p));
}
static inline void avx2_places(uint64_t bits, uint32_t base, uint16_t *out) {
    do {
        for (int i = 0; i < 8; i++) {
            out[i] = (uint16_t)(base + (uint32_t)_tzcnt_u64(bits));
            bits = _blsr_u64(bits);
        }
        out += 8;
    } while (bits != 0);
}
static inline uint64_t avx2_other(const uint8_t *p) {
    const __m256i x =
        _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)p), _mm256_set1_epi8('0'));
    return (uint32_t)~_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(9)), x));
}
static inline uint64_t avx2_marks(const uint8_t *p, uint64_t *newlines) {
    uint64_t bits = 0;
    *newlines = 0;
    for (int i = 0; i < 64; i += 32) {
        bits |= (avx2_odd(p + i) | avx2_equal(p + i, '"')) << i;
        *newlines |= avx2_equal(p + i, '\n') << i;
    }
    return bits;
}
#define INDEX_NAME index_avx2
#define block_marks avx2_marks
#define block_places avx2_places
#include "index_body.h"
#define WALK_NAME walk_avx2
#define index_lines index_avx2
#define BLOCK 32
#define block_unequal avx2_unequal
#define block_equal avx2_equal
#define block_odd avx2_odd
#define block_matches avx2_matches
#define block_high avx2_high
#define block_other avx2_other
#define block_piece avx2_piece
#include "walk_body.h"
#pragma clang attribute pop

// As AVX2, with numbers of quotes written by one instruction.
#define AVX512 "avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2"
#pragma clang attribute push(__attribute__((target(AVX512))), apply_to = function)
static inline uint64_t avx512_marks(const uint8_t *p, uint64_t *newlines) {
    const __m512i x = _mm512_loadu_si512(p);
    *newlines = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\n'));
    return _mm512_cmplt_epi8_mask(x, _mm512_set1_epi8(0x20))
        | _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\\'))
        | _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('"'));
}
static inline int avx512_matches(const uint8_t *p, const uint8_t *bytes, uint32_t mask) {
    return _mm256_mask_cmpneq_epu8_mask(
        mask, _mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)bytes)) == 0;
}
static inline int avx512_piece(const uint8_t *p, const uint8_t *bytes, uint64_t mask) {
    return _mm512_mask_cmpneq_epu8_mask(mask, _mm512_loadu_si512(p), _mm512_loadu_si512(bytes)) == 0;
}
static inline void avx512_places(uint64_t bits, uint32_t base, uint16_t *out) {
    static const uint8_t all[64] = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
        25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
        48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i places = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(all));
    const __m512i bases = _mm512_set1_epi16((short)base);
    _mm256_storeu_si256(
        (__m256i *)out,
        _mm256_add_epi16(_mm512_castsi512_si256(bases), _mm256_cvtepu8_epi16(_mm512_castsi512_si128(places))));
    if (__builtin_expect(__builtin_popcountll(bits) > 16, 0)) {
        _mm512_storeu_si512(
            out, _mm512_add_epi16(bases, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places))));
        _mm512_storeu_si512(
            out + 32,
            _mm512_add_epi16(bases, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(places, 1))));
    }
}
#define INDEX_NAME index_avx512
#define block_marks avx512_marks
#define block_places avx512_places
#include "index_body.h"
// Strings are short: what looks for their ends gains nothing from masks and wider blocks.
#define WALK_NAME walk_avx512
#define index_lines index_avx512
#define BLOCK 32
#define block_unequal avx2_unequal
#define block_equal avx2_equal
#define block_odd avx2_odd
#define block_matches avx512_matches
#define block_high avx2_high
#define block_other avx2_other
#define block_piece avx512_piece
#include "walk_body.h"
#pragma clang attribute pop

#elif defined(__aarch64__)
static inline uint64_t neon_bits(uint8x16_t x) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bits = vandq_u8(x, vld1q_u8(weights));
    return (uint64_t)vaddv_u8(vget_low_u8(bits)) | (uint64_t)vaddv_u8(vget_high_u8(bits)) << 8;
}
static inline uint64_t neon_unequal(const uint8_t *p, const uint8_t *q) {
    return neon_bits(vmvnq_u8(vceqq_u8(vld1q_u8(p), vld1q_u8(q))));
}
static inline uint64_t neon_equal(const uint8_t *p, uint8_t c) {
    return neon_bits(vceqq_u8(vld1q_u8(p), vdupq_n_u8(c)));
}
static inline int neon_matches(const uint8_t *p, const uint8_t *bytes, uint32_t mask) {
    return ((neon_unequal(p, bytes) | neon_unequal(p + 16, bytes + 16) << 16) & mask) == 0;
}
static inline int neon_piece(const uint8_t *p, const uint8_t *bytes, uint64_t mask) {
    uint64_t differs = 0;
    for (int i = 0; i < 64; i += 16) { differs |= neon_unequal(p + i, bytes + i) << i; }
    return (differs & mask) == 0;
}
static inline uint64_t neon_odd(const uint8_t *p) {
    const uint8x16_t x = vld1q_u8(p);
    return neon_bits(vorrq_u8(
        vceqq_u8(x, vdupq_n_u8('\\')),
        vcgeq_u8(vsubq_u8(x, vdupq_n_u8(0x20)), vdupq_n_u8(0x60))));
}
static inline uint64_t neon_high(const uint8_t *p) {
    return neon_bits(vcgeq_u8(vld1q_u8(p), vdupq_n_u8(0x80)));
}
static inline uint64_t neon_other(const uint8_t *p) {
    return neon_bits(vcgtq_u8(vsubq_u8(vld1q_u8(p), vdupq_n_u8('0')), vdupq_n_u8(9)));
}
static inline uint64_t neon_marks(const uint8_t *p, uint64_t *newlines) {
    uint64_t bits = 0;
    *newlines = 0;
    for (int i = 0; i < 64; i += 16) {
        bits |= (neon_odd(p + i) | neon_equal(p + i, '"')) << i;
        *newlines |= neon_equal(p + i, '\n') << i;
    }
    return bits;
}
#define INDEX_NAME index_neon
#define block_marks neon_marks
#define block_places plain_places
#include "index_body.h"
#define WALK_NAME walk_neon
#define index_lines index_neon
#define BLOCK 16
#define block_unequal neon_unequal
#define block_equal neon_equal
#define block_odd neon_odd
#define block_matches neon_matches
#define block_high neon_high
#define block_other neon_other
#define block_piece neon_piece
#include "walk_body.h"
#endif

weir_walkers weir_walkers_at(int32_t index) {
    const weir_walkers none = {0, 0};
    const weir_walkers plain = {walk_plain, walk_plain_lines};
#if defined(__x86_64__)
    const weir_walkers sse2 = {walk_sse2, walk_sse2_lines};
    const weir_walkers avx2 = {walk_avx2, walk_avx2_lines};
    const weir_walkers avx512 = {walk_avx512, walk_avx512_lines};
    const int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    const int has_avx512 = has_avx2 && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
    switch (index) {
    case 0: return plain;
    case 1: return sse2;
    case 2: return has_avx2 ? avx2 : none;
    case 3: return has_avx512 ? avx512 : none;
    default: return none;
    }
#elif defined(__aarch64__)
    const weir_walkers neon = {walk_neon, walk_neon_lines};
    return index == 0 ? plain : index == 1 ? neon : none;
#else
    return index == 0 ? plain : none;
#endif
}

weir_walkers weir_walkers_best(void) {
    weir_walkers best = weir_walkers_at(0);
    for (int32_t i = 1; weir_walkers_at(i).line != 0; i++) { best = weir_walkers_at(i); }
    return best;
}
