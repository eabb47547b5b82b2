// Lines into columns: the inner loop of filling a segment's block.
#include "CLogKernels.h"

#include <string.h>

static inline __attribute__((always_inline)) size_t append_values(
    const uint8_t *origin, const uint32_t *spans, const int32_t *numbers, size_t count, int padded,
    weir_column_end *columns) {
    for (size_t index = 0; index < count; index++) {
        weir_column_end *column = columns + numbers[index];
        const size_t length = spans[2 * index + 1] >> 1;
        if (column->used + length > column->used_max || column->count >= column->count_max) {
            return index;
        }
        const uint8_t *value = origin + spans[2 * index];
        uint8_t *target = column->bytes + column->used;
        size_t copied = 0;
        if (padded) {
            // A copy that does not depend on the length, which is different for each value and so predicted badly.
            __builtin_memcpy_inline(target, value, WEIR_SHORT_VALUE);
            copied = WEIR_SHORT_VALUE;
        }
        if (length > copied) { memcpy(target + copied, value + copied, length - copied); }
        column->used += length;
        column->ends[column->count++] = (uint32_t)column->used;
    }
    return count;
}

size_t weir_append_values(
    const uint8_t *origin, const uint32_t *spans, const int32_t *numbers, size_t count, int padded,
    weir_column_end *columns) {
    return padded ? append_values(origin, spans, numbers, count, 1, columns)
                  : append_values(origin, spans, numbers, count, 0, columns);
}
