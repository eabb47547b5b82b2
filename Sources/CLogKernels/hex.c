#include "CLogKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// The nibbles of eight digits, or a mismatch in `*wrong`.
static inline uint64_t nibbles(uint64_t digits, uint64_t *wrong) {
    const uint64_t ones = 0x0101010101010101ull;
    const uint64_t letters = (digits >> 6) & ones;
    const uint64_t values = ((digits & (0x0Full * ones)) + letters * 9) & (0x0Full * ones);
    // Writing the values as digits again shows whether they were such: lower-case letters are 39 behind.
    const uint64_t large = ((values + 6 * ones) >> 4) & ones;
    *wrong |= (values + 0x30 * ones + large * 39) ^ digits;
    return values;
}

#if defined(__x86_64__)
/// Unpacks 32 digits at a time; how many, and a mismatch in `*wrong`.
__attribute__((target("avx2"))) static size_t unhex_avx2(
    const uint8_t *bytes, size_t count, uint8_t *out, uint64_t *wrong) {
    const __m256i nine = _mm256_set1_epi8(9), ahead = _mm256_set1_epi8(39);
    __m256i differences = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        const __m256i digits = _mm256_loadu_si256((const __m256i *)(bytes + i));
        const __m256i behind = _mm256_sub_epi8(digits, _mm256_set1_epi8('0'));
        // What is more than 9 behind `0` may be a letter: 39 less must be a value from 10 to 15.
        const __m256i is_letter = _mm256_cmpgt_epi8(behind, nine);
        const __m256i values = _mm256_sub_epi8(behind, _mm256_and_si256(is_letter, ahead));
        const __m256i lowest = _mm256_and_si256(is_letter, _mm256_set1_epi8(10));
        const __m256i highest = _mm256_add_epi8(nine, _mm256_and_si256(is_letter, _mm256_set1_epi8(6)));
        const __m256i clamped = _mm256_min_epu8(_mm256_max_epu8(values, lowest), highest);
        differences = _mm256_or_si256(differences, _mm256_xor_si256(clamped, values));
        // 16 × the first digit of a pair + the second, in words whose low bytes are kept.
        const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi16(0x0110));
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(pairs, pairs), 0x08);
        _mm_storeu_si128((__m128i *)(out + i / 2), _mm256_castsi256_si128(packed));
    }
    *wrong |= _mm256_testz_si256(differences, differences) ? 0 : 1;
    return i;
}
#endif

int weir_unhex(const uint8_t *bytes, size_t count, uint8_t *out) {
    uint64_t wrong = 0;
    size_t i = 0;
#if defined(__x86_64__)
    if (count >= 32 && __builtin_cpu_supports("avx2")) { i = unhex_avx2(bytes, count, out, &wrong); }
#endif
    for (; i + 8 <= count; i += 8) {
        const uint64_t values = nibbles(weir_load64(bytes + i), &wrong);
        // The first digit of a pair is the high one; then the pairs move together.
        const uint64_t pairs = ((values << 4) | (values >> 8)) & 0x00FF00FF00FF00FFull;
        const uint64_t quads = (pairs | (pairs >> 8)) & 0x0000FFFF0000FFFFull;
        const uint32_t packed = (uint32_t)(quads | (quads >> 16));
        memcpy(out + i / 2, &packed, 4);
    }
    if (i < count) {
        uint8_t rest[8] = {'0', '0', '0', '0', '0', '0', '0', '0'};
        memcpy(rest, bytes + i, count - i);
        const uint64_t values = nibbles(weir_load64(rest), &wrong);
        for (size_t j = 0; i < count; i += 2, j += 2) {
            out[i / 2] = (uint8_t)((((values >> (8 * j)) & 15) << 4) | ((values >> (8 * j + 8)) & 15));
        }
    }
    return wrong == 0;
}

void weir_hex(const uint8_t *bytes, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t high = bytes[i] >> 4, low = bytes[i] & 15;
        // Letters begin 39 behind the byte that follows 9.
        out[2 * i] = (uint8_t)('0' + high + (high > 9 ? 39 : 0));
        out[2 * i + 1] = (uint8_t)('0' + low + (low > 9 ? 39 : 0));
    }
}
