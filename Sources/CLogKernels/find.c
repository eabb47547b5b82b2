#define _GNU_SOURCE
#include "CLogKernels.h"

const uint8_t *weir_find(
    const uint8_t *bytes, size_t count, const uint8_t *needle, size_t length) {
    return memmem(bytes, count, needle, length);
}
