// What IntegerPacking.swift writes: frames of integers in as few bits as the largest of them needs.
#include "CLogKernels.h"

#include <string.h>

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
