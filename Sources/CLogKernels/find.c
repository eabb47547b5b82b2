#define _GNU_SOURCE
#include "CLogKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Looks at 32 places at a time for the first and the last byte of the needle, as far apart as in it; what lies between is compared then.
// Where too much had to be compared, the C library goes on, whose search takes linear time whatever the bytes are.
__attribute__((target("avx2,bmi"))) static const uint8_t *find_avx2(
    const uint8_t *bytes, size_t count, const uint8_t *needle, size_t length) {
    enum { places = 32, compared_min = 4096, compared_share = 8 };
    const __m256i first = _mm256_set1_epi8((char)needle[0]);
    const __m256i last = _mm256_set1_epi8((char)needle[length - 1]);
    size_t at = 0, compared = 0;
    while (at + places <= count - length + 1 && compared <= compared_share * at + compared_min) {
        const __m256i heads = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + at));
        const __m256i ends =
            _mm256_loadu_si256((const __m256i *)(const void *)(bytes + at + length - 1));
        uint32_t both = (uint32_t)_mm256_movemask_epi8(
            _mm256_and_si256(_mm256_cmpeq_epi8(heads, first), _mm256_cmpeq_epi8(ends, last)));
        while (both != 0) {
            const uint8_t *found = bytes + at + __builtin_ctz(both);
            if (memcmp(found + 1, needle + 1, length - 2) == 0) { return found; }
            compared += length;
            both &= both - 1;
        }
        at += places;
    }
    return memmem(bytes + at, count - at, needle, length);
}
#endif

const uint8_t *weir_find(
    const uint8_t *bytes, size_t count, const uint8_t *needle, size_t length) {
#if defined(__x86_64__)
    if (length >= 2 && count >= length + 31 && __builtin_cpu_supports("avx2")) {
        return find_avx2(bytes, count, needle, length);
    }
#endif
    return memmem(bytes, count, needle, length);
}

size_t weir_count(const uint8_t *bytes, size_t count, uint8_t byte) {
    size_t total = 0;
    while (count > 0) {
        // Sums of at most 255 fit a byte, which lets the compiler add 64 at once.
        enum { lanes = 64, rounds = 255 };
        const size_t part = count < lanes * rounds ? count : lanes * rounds;
        uint8_t sums[lanes] = {0};
        size_t i = 0;
        for (; i + lanes <= part; i += lanes) {
            for (size_t k = 0; k < lanes; k++) { sums[k] += bytes[i + k] == byte; }
        }
        for (size_t k = 0; k < lanes; k++) { total += sums[k]; }
        for (; i < part; i++) { total += bytes[i] == byte; }
        bytes += part;
        count -= part;
    }
    return total;
}
