// Where something that is to be redacted may stand: literals by the nibbles of their first three bytes, runs of digits, and the
// dots and colons of addresses. All in one pass, 64 bytes a step; masks have one bit a byte.
#include "CLogKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct {
    uint64_t literal, digit, separator, dot, colon, hex;
} block_masks;

typedef struct {
    // The block whose successor is awaited, and the digits and runs of the one before it.
    block_masks now;
    uint64_t digits_before, runs_before, runs;
    size_t base;
    int is_filled;
} pass;

static inline uint64_t after(uint64_t mask, uint64_t before) { return (mask << 1) | (before >> 63); }

static inline uint64_t ahead(uint64_t mask, uint64_t next, int n) {
    return (mask >> n) | (next << (64 - n));
}

// Runs of at least 14 digits with single separators: fewer digits are no card.
static inline uint64_t long_runs(uint64_t runs, uint64_t next, uint64_t before) {
    unsigned __int128 m = (unsigned __int128)next << 64 | runs;
    unsigned __int128 x = m & (m >> 1);
    x &= x >> 2;
    x &= x >> 4;
    x &= x >> 6;
    return (uint64_t)x & ~after(runs, before);
}

static inline uint64_t near_dots(uint64_t m, uint64_t next) {
    return ahead(m, next, 2) | ahead(m, next, 3) | ahead(m, next, 4);
}

static inline uint64_t near_colons(uint64_t m, uint64_t next) {
    return near_dots(m, next) | ahead(m, next, 5);
}

// The first of three dots with digits around and between, nearly: an IPv4 address has no other start.
static inline uint64_t dotted(const block_masks *now, const block_masks *next, uint64_t before) {
    const uint64_t dots = now->dot & after(now->digit, before) & ahead(now->digit, next->digit, 1);
    const uint64_t next_dots =
        next->dot & after(next->digit, now->digit) & (next->digit >> 1 | 1ull << 63);
    return dots & near_dots(dots, next_dots);
}

// Two colons behind each other, or the first of four with hexadecimal digits between: an IPv6 address has one or the other.
static inline uint64_t coloned(const block_masks *now, const block_masks *next) {
    const uint64_t c = now->colon & ahead(now->hex, next->hex, 1);
    const uint64_t c_next = next->colon & (next->hex >> 1 | 1ull << 63);
    const uint64_t two = c & near_colons(c, c_next), two_next = c_next & near_colons(c_next, 0);
    const uint64_t three = c & near_colons(two, two_next);
    const uint64_t three_next = c_next & near_colons(two_next, 0);
    return (c & near_colons(three, three_next)) | (now->colon & ahead(now->colon, next->colon, 1));
}

// Takes the block that follows; writes the candidates of the one that was kept.
static inline size_t step(
    pass *p, const weir_candidates *what, const block_masks *next, size_t base, uint32_t *out)
{
    // A separator belongs to the run of the digit in front of it.
    const uint64_t runs_next = next->digit | (next->separator & after(next->digit, p->now.digit));
    uint64_t found = p->now.literal;
    if (what->digits) { found |= long_runs(p->runs, runs_next, p->runs_before); }
    if (what->addresses) { found |= dotted(&p->now, next, p->digits_before) | coloned(&p->now, next); }
    size_t count = 0;
    while (found) {
        out[count++] = (uint32_t)(p->base + (size_t)__builtin_ctzll(found));
        found &= found - 1;
    }
    p->digits_before = p->now.digit;
    p->runs_before = p->runs;
    p->now = *next;
    p->runs = runs_next;
    p->base = base;
    return count;
}

static inline int is_hex(uint8_t b) { return (uint8_t)(b - '0') <= 9 || (uint8_t)((b | 32) - 'a') <= 5; }

static void masks_plain(const weir_candidates *what, const uint8_t *b, block_masks *m) {
    memset(m, 0, sizeof *m);
    for (int i = 0; i < 64; i++) {
        const uint64_t bit = 1ull << i;
        uint8_t groups = 0xFF;
        for (int k = 0; k < 3; k++) {
            groups &= what->low[k][b[i + k] & 15] & what->high[k][b[i + k] >> 4];
        }
        if (groups) { m->literal |= bit; }
        if ((uint8_t)(b[i] - '0') <= 9) { m->digit |= bit; }
        if (b[i] == ' ' || b[i] == '-' || b[i] == '+') { m->separator |= bit; }
        if (b[i] == '.') { m->dot |= bit; }
        if (b[i] == ':') { m->colon |= bit; }
        if (is_hex(b[i])) { m->hex |= bit; }
    }
}

// `bytes` up to 2 behind the last block may be read.
#define SEARCH(name, masks)                                                                           \
    static size_t name(                                                                               \
        pass *p, const weir_candidates *what, const uint8_t *bytes, size_t base, size_t count,        \
        uint32_t *out)                                                                                \
    {                                                                                                 \
        size_t found = 0;                                                                             \
        for (size_t i = 0; i + 64 <= count; i += 64) {                                                \
            block_masks m;                                                                            \
            masks(what, bytes + i, &m);                                                               \
            found += step(p, what, &m, base + i, out + found);                                        \
        }                                                                                             \
        return found;                                                                                 \
    }

SEARCH(search_plain, masks_plain)

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)

static inline uint32_t bits(__m256i v) { return (uint32_t)_mm256_movemask_epi8(v); }

static inline __m256i groups(const weir_candidates *what, int k, __m256i v) {
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)what->low[k]));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)what->high[k]));
    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(v, nibble)),
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble)));
}

static inline void half_masks(const weir_candidates *what, const uint8_t *b, block_masks *m, int shift) {
    const __m256i v = _mm256_loadu_si256((const __m256i *)b);
    const __m256i all = _mm256_and_si256(
        groups(what, 0, v),
        _mm256_and_si256(
            groups(what, 1, _mm256_loadu_si256((const __m256i *)(b + 1))),
            groups(what, 2, _mm256_loadu_si256((const __m256i *)(b + 2)))));
    m->literal |= (uint64_t)(uint32_t)~bits(_mm256_cmpeq_epi8(all, _mm256_setzero_si256())) << shift;
    const __m256i zero_based = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
    const __m256i digit =
        _mm256_cmpeq_epi8(_mm256_min_epu8(zero_based, _mm256_set1_epi8(9)), zero_based);
    m->digit |= (uint64_t)bits(digit) << shift;
    const __m256i separator = _mm256_or_si256(
        _mm256_cmpeq_epi8(v, _mm256_set1_epi8(' ')),
        _mm256_or_si256(
            _mm256_cmpeq_epi8(v, _mm256_set1_epi8('-')), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('+'))));
    m->separator |= (uint64_t)bits(separator) << shift;
    if (!what->addresses) { return; }
    m->dot |= (uint64_t)bits(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('.'))) << shift;
    m->colon |= (uint64_t)bits(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(':'))) << shift;
    const __m256i letter = _mm256_sub_epi8(
        _mm256_or_si256(v, _mm256_set1_epi8(32)), _mm256_set1_epi8('a'));
    const __m256i hex = _mm256_or_si256(
        digit, _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter));
    m->hex |= (uint64_t)bits(hex) << shift;
}

static inline void masks_avx2(const weir_candidates *what, const uint8_t *b, block_masks *m) {
    memset(m, 0, sizeof *m);
    half_masks(what, b, m, 0);
    half_masks(what, b + 32, m, 32);
}

SEARCH(search_avx2, masks_avx2)

#pragma clang attribute pop
#endif

static size_t search(
    int plain, pass *p, const weir_candidates *what, const uint8_t *bytes, size_t base, size_t count,
    uint32_t *out)
{
#if defined(__x86_64__)
    if (!plain && __builtin_cpu_supports("avx2")) {
        return search_avx2(p, what, bytes, base, count, out);
    }
#endif
    (void)plain;
    return search_plain(p, what, bytes, base, count, out);
}

size_t weir_find_candidates(
    const weir_candidates *what, const uint8_t *bytes, size_t count, int plain, uint32_t *out)
{
    pass p;
    memset(&p, 0, sizeof p);
    // The last bytes, and a block of zeros that makes the one before it count.
    uint8_t tail[64 * 4 + 16];
    const size_t whole = count < 66 ? 0 : (count - 2) / 64 * 64;
    size_t found = search(plain, &p, what, bytes, 0, whole, out);
    memset(tail, 0, sizeof tail);
    memcpy(tail, bytes + whole, count - whole);
    const size_t blocks = (count - whole + 63) / 64 + 1;
    found += search(plain, &p, what, tail, whole, blocks * 64, out + found);
    // A literal that would begin in the zeros is none.
    while (found > 0 && out[found - 1] >= count) { found--; }
    return found;
}
