#include "WalkKernel.h"

#include <string.h>

// Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
size_t weir_utf8_fault(const uint8_t *bytes, size_t count) {
    size_t i = 0;
    while (i < count) {
        uint64_t eight;
        while (count - i >= 8 && (memcpy(&eight, bytes + i, 8), (eight & 0x8080808080808080ull) == 0)) {
            i += 8;
        }
        while (i < count && bytes[i] < 0x80) { i++; }
        if (i == count) { return count; }
        const uint8_t lead = bytes[i];
        const size_t left = count - i;
        if (lead < 0xC2 || lead > 0xF4) { return i; }
        if (left < 2) { return i; }
        const uint8_t second = bytes[i + 1];
        if ((second & 0xC0) != 0x80) { return i; }
        if (lead < 0xE0) {
            i += 2;
            continue;
        }
        if (left < 3 || (bytes[i + 2] & 0xC0) != 0x80) { return i; }
        if (lead < 0xF0) {
            if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) { return i; }
            i += 3;
            continue;
        }
        if (left < 4 || (bytes[i + 3] & 0xC0) != 0x80) { return i; }
        if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) { return i; }
        i += 4;
    }
    return count;
}
