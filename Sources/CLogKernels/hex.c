#include "CLogKernels.h"

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

int weir_unhex(const uint8_t *bytes, size_t count, uint8_t *out) {
    uint64_t wrong = 0;
    size_t i = 0;
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
