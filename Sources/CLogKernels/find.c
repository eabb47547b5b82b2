#define _GNU_SOURCE
#include "CLogKernels.h"

const uint8_t *weir_find(
    const uint8_t *bytes, size_t count, const uint8_t *needle, size_t length) {
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
