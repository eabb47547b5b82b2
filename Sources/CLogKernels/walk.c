#include "WalkKernel.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// The length of the escape sequence at the backslash `p`, 0 when it is wrong or cut short.
static inline int walk_escape(const uint8_t *p, const uint8_t *end) {
    if (end - p < 2) { return 0; }
    switch (p[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return 2;
    case 'u': break;
    default: return 0;
    }
    if (end - p < 6) { return 0; }
    for (int i = 2; i < 6; i++) {
        const uint8_t c = p[i], letter = c | 0x20;
        if ((uint8_t)(c - '0') > 9 && (uint8_t)(letter - 'a') > 5) { return 0; }
    }
    return 6;
}

// Any processor.
static inline uint64_t plain_unequal(const uint8_t *p, const uint8_t *q) {
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++) { bits |= (uint64_t)(p[i] != q[i]) << i; }
    return bits;
}
static inline void plain_string(
    const uint8_t *p, uint64_t *stop, uint64_t *quote, uint64_t *high) {
    uint64_t s = 0, k = 0, h = 0;
    for (int i = 0; i < 16; i++) {
        s |= (uint64_t)(p[i] == '"' || p[i] == '\\' || p[i] < 0x20) << i;
        k |= (uint64_t)(p[i] == '"') << i;
        h |= (uint64_t)(p[i] >> 7) << i;
    }
    *stop = s, *quote = k, *high = h;
}
static inline uint64_t plain_other(const uint8_t *p) {
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++) { bits |= (uint64_t)((uint8_t)(p[i] - '0') > 9) << i; }
    return bits;
}
#define WALK_NAME walk_plain
#define BLOCK 16
#define block_unequal plain_unequal
#define block_string plain_string
#define block_other plain_other
#include "walk_body.h"

#if defined(__x86_64__)
static inline uint64_t sse2_unequal(const uint8_t *p, const uint8_t *q) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p), y = _mm_loadu_si128((const __m128i *)q);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) ^ 0xffffu;
}
static inline void sse2_string(const uint8_t *p, uint64_t *stop, uint64_t *quote, uint64_t *high) {
    const __m128i x = _mm_loadu_si128((const __m128i *)p);
    const __m128i k = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
    const __m128i s = _mm_or_si128(
        _mm_or_si128(k, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'))),
        _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x));
    *stop = (uint32_t)_mm_movemask_epi8(s);
    *quote = (uint32_t)_mm_movemask_epi8(k);
    *high = (uint32_t)_mm_movemask_epi8(x);
}
static inline uint64_t sse2_other(const uint8_t *p) {
    const __m128i x =
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x))
        ^ 0xffffu;
}
#define WALK_NAME walk_sse2
#define BLOCK 16
#define block_unequal sse2_unequal
#define block_string sse2_string
#define block_other sse2_other
#include "walk_body.h"

// Blocks of 64 bytes by AVX-512 were no faster: most strings are short, and a mask register is further away.
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
static inline uint64_t avx2_unequal(const uint8_t *p, const uint8_t *q) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)p);
    const __m256i y = _mm256_loadu_si256((const __m256i *)q);
    return (uint32_t)~_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, y));
}
static inline void avx2_string(const uint8_t *p, uint64_t *stop, uint64_t *quote, uint64_t *high) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)p);
    const __m256i k = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('"'));
    const __m256i s = _mm256_or_si256(
        _mm256_or_si256(k, _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'))),
        _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x));
    *stop = (uint32_t)_mm256_movemask_epi8(s);
    *quote = (uint32_t)_mm256_movemask_epi8(k);
    *high = (uint32_t)_mm256_movemask_epi8(x);
}
static inline uint64_t avx2_other(const uint8_t *p) {
    const __m256i x =
        _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)p), _mm256_set1_epi8('0'));
    return (uint32_t)~_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(9)), x));
}
#define WALK_NAME walk_avx2
#define BLOCK 32
#define block_unequal avx2_unequal
#define block_string avx2_string
#define block_other avx2_other
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
static inline void neon_string(const uint8_t *p, uint64_t *stop, uint64_t *quote, uint64_t *high) {
    const uint8x16_t x = vld1q_u8(p);
    const uint8x16_t k = vceqq_u8(x, vdupq_n_u8('"'));
    *quote = neon_bits(k);
    *stop = neon_bits(vorrq_u8(
        vorrq_u8(k, vceqq_u8(x, vdupq_n_u8('\\'))), vcltq_u8(x, vdupq_n_u8(0x20))));
    *high = neon_bits(vcgeq_u8(x, vdupq_n_u8(0x80)));
}
static inline uint64_t neon_other(const uint8_t *p) {
    return neon_bits(vcgtq_u8(vsubq_u8(vld1q_u8(p), vdupq_n_u8('0')), vdupq_n_u8(9)));
}
#define WALK_NAME walk_neon
#define BLOCK 16
#define block_unequal neon_unequal
#define block_string neon_string
#define block_other neon_other
#include "walk_body.h"
#endif

weir_walker weir_walker_at(int32_t index) {
#if defined(__x86_64__)
    const int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2");
    switch (index) {
    case 0: return walk_plain;
    case 1: return walk_sse2;
    case 2: return has_avx2 ? walk_avx2 : 0;
    default: return 0;
    }
#elif defined(__aarch64__)
    return index == 0 ? walk_plain : index == 1 ? walk_neon : 0;
#else
    return index == 0 ? walk_plain : 0;
#endif
}

weir_walker weir_walker_best(void) {
    weir_walker best = walk_plain;
    for (int32_t i = 1; weir_walker_at(i) != 0; i++) { best = weir_walker_at(i); }
    return best;
}
