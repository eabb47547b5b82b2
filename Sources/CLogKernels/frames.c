// What IntegerPacking.swift writes: frames of integers in as few bits as the largest of them needs.
#include "CLogKernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The smallest and the largest of some numbers.
typedef struct {
    int64_t smallest, largest;
} range;

// The range of `count` numbers, at least one: a loop that the compiler turns into vectors.
static inline __attribute__((always_inline)) range range_of(const int64_t *values, size_t count) {
    range r = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < count; i++) {
        r.smallest = values[i] < r.smallest ? values[i] : r.smallest;
        r.largest = values[i] > r.largest ? values[i] : r.largest;
    }
    return r;
}

// The bits that a number needs relative to the smallest.
static inline unsigned width_of(range r) {
    const uint64_t span = (uint64_t)r.largest - (uint64_t)r.smallest;
    return span == 0 ? 0 : 64 - (unsigned)__builtin_clzll(span);
}

static inline __attribute__((always_inline)) void differences_of(
    const int64_t *values, size_t count, int64_t previous, int64_t *out) {
    out[0] = (int64_t)((uint64_t)values[0] - (uint64_t)previous);
    for (size_t i = 1; i < count; i++) {
        out[i] = (int64_t)((uint64_t)values[i] - (uint64_t)values[i - 1]);
    }
}

// Appends a number in groups of seven bits, the sign folded.
static inline uint8_t *put_zigzag(uint8_t *out, int64_t value) {
    uint64_t rest = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    for (; rest >= 0x80; rest >>= 7) { *out++ = (uint8_t)(rest | 0x80); }
    *out++ = (uint8_t)rest;
    return out;
}

// Packs the numbers of a frame relative to the smallest, the lowest bit first. Eight bytes are written at a time.
static inline uint8_t *put_bits(
    uint8_t *out, const int64_t *values, size_t count, int64_t smallest, unsigned width) {
    uint64_t pending = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t value = (uint64_t)values[i] - (uint64_t)smallest;
        pending |= value << bits;
        bits += width;
        if (bits >= 64) {
            memcpy(out, &pending, 8);
            out += 8;
            bits -= 64;
            // Of a value that ended with the word nothing is left, and no shift by 64 says so.
            pending = bits == 0 ? 0 : value >> (width - bits);
        }
    }
    memcpy(out, &pending, 8);
    return out + (bits + 7) / 8;
}

static inline __attribute__((always_inline)) size_t pack_frames(
    const int64_t *values, size_t count, int differences, uint8_t *out) {
    uint8_t *at = out;
    int64_t steps[WEIR_FRAME];
    for (size_t start = 0; start < count; start += WEIR_FRAME) {
        const size_t rows = count - start < WEIR_FRAME ? count - start : WEIR_FRAME;
        const int64_t *frame = values + start;
        if (differences) {
            differences_of(frame, rows, start == 0 ? 0 : frame[-1], steps);
            frame = steps;
        }
        const range r = range_of(frame, rows);
        const unsigned width = width_of(r);
        at = put_zigzag(at, r.smallest);
        *at++ = (uint8_t)width;
        if (width > 0) { at = put_bits(at, frame, rows, r.smallest, width); }
    }
    return (size_t)(at - out);
}

static inline __attribute__((always_inline)) int64_t bits_saved(const int64_t *values, size_t count) {
    int64_t saved = 0, steps[WEIR_FRAME];
    for (size_t start = 0; start < count; start += WEIR_FRAME) {
        const size_t rows = count - start < WEIR_FRAME ? count - start : WEIR_FRAME;
        differences_of(values + start, rows, start == 0 ? 0 : values[start - 1], steps);
        const unsigned plain = width_of(range_of(values + start, rows));
        const unsigned stepwise = width_of(range_of(steps, rows));
        saved += ((int64_t)plain - (int64_t)stepwise) * (int64_t)rows;
    }
    return saved;
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,bmi2,lzcnt"))) static size_t pack_frames_avx2(
    const int64_t *values, size_t count, int differences, uint8_t *out) {
    return pack_frames(values, count, differences, out);
}

__attribute__((target("avx2,bmi,bmi2,lzcnt"))) static int64_t bits_saved_avx2(
    const int64_t *values, size_t count) {
    return bits_saved(values, count);
}

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }
#endif

int64_t weir_bits_saved(const int64_t *values, size_t count) {
#if defined(__x86_64__)
    if (has_avx2()) { return bits_saved_avx2(values, count); }
#endif
    return bits_saved(values, count);
}

size_t weir_pack_frames(const int64_t *values, size_t count, int differences, uint8_t *out) {
#if defined(__x86_64__)
    if (has_avx2()) { return pack_frames_avx2(values, count, differences, out); }
#endif
    return pack_frames(values, count, differences, out);
}

// Reads what put_zigzag wrote; where it ends, NULL when it does not or has more bits than a number.
static inline const uint8_t *get_zigzag(const uint8_t *at, const uint8_t *end, int64_t *value) {
    uint64_t folded = 0;
    for (unsigned shift = 0; at < end; shift += 7) {
        const uint8_t byte = *at++;
        if (shift >= 63 && byte > 1) { return NULL; }
        folded |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(folded >> 1) ^ -(int64_t)(folded & 1);
            return at;
        }
    }
    return NULL;
}

// A frame's head: the smallest number and the width of the others. Where its bits begin, NULL when they are not all there.
static inline const uint8_t *get_head(
    const uint8_t *at, const uint8_t *end, size_t rows, int64_t *smallest, unsigned *width) {
    at = get_zigzag(at, end, smallest);
    if (at == NULL || at == end) { return NULL; }
    *width = *at++;
    if (*width > 64 || (size_t)(end - at) < (rows * *width + 7) / 8) { return NULL; }
    return at;
}

static inline __attribute__((always_inline)) void get_bits(
    const uint8_t *bits, size_t bit_bytes, unsigned width, size_t count, int64_t smallest,
    int64_t *out) {
    size_t position = 0, index = 0;
    // One load has at least 57 bits.
    if (width <= 57 && bit_bytes >= 8) {
        const uint64_t mask = ((uint64_t)1 << width) - 1;
        const size_t last = (bit_bytes - 8) * 8 + 7;
        for (; index < count && position <= last; index++, position += width) {
            const uint64_t value = (weir_load64(bits + (position >> 3)) >> (position & 7)) & mask;
            out[index] = (int64_t)(value + (uint64_t)smallest);
        }
    }
    for (; index < count; index++, position += width) {
        // 64 bits are taken as 32 and 32.
        const unsigned low = width > 32 ? 32 : width;
        const uint64_t value = weir_bits_at(bits, bit_bytes, position, low)
            | (width > 32 ? weir_bits_at(bits, bit_bytes, position + 32, width - 32) << 32 : 0);
        out[index] = (int64_t)(value + (uint64_t)smallest);
    }
}

static inline __attribute__((always_inline)) ptrdiff_t unpack_frames(
    const uint8_t *bytes, size_t byte_count, size_t count, int64_t *out) {
    const uint8_t *at = bytes, *const end = bytes + byte_count;
    for (size_t start = 0; start < count; start += WEIR_FRAME) {
        const size_t rows = count - start < WEIR_FRAME ? count - start : WEIR_FRAME;
        int64_t smallest;
        unsigned width;
        at = get_head(at, end, rows, &smallest, &width);
        if (at == NULL) { return -1; }
        // What stands behind a frame may be loaded, and is masked.
        get_bits(at, (size_t)(end - at), width, rows, smallest, out + start);
        at += (rows * width + 7) / 8;
    }
    return at - bytes;
}

static inline __attribute__((always_inline)) void get_codes(
    const uint8_t *bits, size_t bit_bytes, unsigned width, size_t index, size_t count,
    uint32_t smallest, uint32_t *out) {
    for (size_t position = index * width; index < count; index++, position += width) {
        out[index] = smallest + (uint32_t)weir_bits_at(bits, bit_bytes, position, width);
    }
}

#if defined(__x86_64__)
// Eight numbers of up to 15 bits take whole bytes: one or two instructions put them in lanes of their own.
__attribute__((target("avx2,bmi2"))) static size_t get_narrow_codes(
    const uint8_t *bits, size_t bit_bytes, unsigned width, size_t count, uint32_t smallest,
    uint32_t *out) {
    const __m256i base = _mm256_set1_epi32((int)smallest);
    const uint64_t ones = ((uint64_t)1 << width) - 1;
    size_t index = 0, at = 0;
    if (width <= 8) {
        const uint64_t lanes = 0x0101010101010101u * ones;
        for (; index + 8 <= count && at + 8 <= bit_bytes; index += 8, at += width) {
            const uint64_t spread = _pdep_u64(weir_load64(bits + at), lanes);
            const __m256i values = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)spread));
            _mm256_storeu_si256((__m256i *)(void *)(out + index), _mm256_add_epi32(values, base));
        }
        return index;
    }
    const uint64_t lanes = 0x0001000100010001u * ones;
    const size_t half = width / 2, shift = (4 * width) & 7;
    for (; index + 8 <= count && at + half + 8 <= bit_bytes; index += 8, at += width) {
        const uint64_t low = _pdep_u64(weir_load64(bits + at), lanes);
        const uint64_t high = _pdep_u64(weir_load64(bits + at + half) >> shift, lanes);
        const __m256i values =
            _mm256_cvtepu16_epi32(_mm_set_epi64x((long long)high, (long long)low));
        _mm256_storeu_si256((__m256i *)(void *)(out + index), _mm256_add_epi32(values, base));
    }
    return index;
}

__attribute__((target("avx2,bmi,bmi2,lzcnt"))) static ptrdiff_t unpack_frames_avx2(
    const uint8_t *bytes, size_t byte_count, size_t count, int64_t *out) {
    return unpack_frames(bytes, byte_count, count, out);
}
#endif

ptrdiff_t weir_unpack_frames(const uint8_t *bytes, size_t byte_count, size_t count, int64_t *out) {
#if defined(__x86_64__)
    if (has_avx2()) { return unpack_frames_avx2(bytes, byte_count, count, out); }
#endif
    return unpack_frames(bytes, byte_count, count, out);
}

ptrdiff_t weir_unpack_codes(
    const uint8_t *bytes, size_t byte_count, size_t count, uint32_t limit, uint32_t *out) {
    const uint8_t *at = bytes, *const end = bytes + byte_count;
#if defined(__x86_64__)
    const int is_fast = has_avx2();
#endif
    uint32_t largest = 0;
    for (size_t start = 0; start < count; start += WEIR_FRAME) {
        const size_t rows = count - start < WEIR_FRAME ? count - start : WEIR_FRAME;
        int64_t smallest;
        unsigned width;
        at = get_head(at, end, rows, &smallest, &width);
        if (at == NULL || smallest < 0 || smallest >= (int64_t)limit || width > 31) {
            return -1;
        }
        const size_t bit_bytes = (size_t)(end - at);
        uint32_t *codes = out + start;
        size_t done = 0;
#if defined(__x86_64__)
        if (is_fast && width > 0 && width <= 15) {
            done = get_narrow_codes(at, bit_bytes, width, rows, (uint32_t)smallest, codes);
        }
#endif
        get_codes(at, bit_bytes, width, done, rows, (uint32_t)smallest, codes);
        for (size_t row = 0; row < rows; row++) {
            largest = codes[row] > largest ? codes[row] : largest;
        }
        at += (rows * width + 7) / 8;
    }
    return largest < limit || count == 0 ? at - bytes : -1;
}

void weir_unpack(
    const uint8_t *bits, size_t bit_bytes, unsigned width, size_t count, int64_t smallest,
    int64_t *out) {
    get_bits(bits, bit_bytes, width, count, smallest, out);
}
