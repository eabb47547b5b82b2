#include "WalkKernel.h"

#include <string.h>

int weir_long_decimal(const uint8_t *text, size_t count, double *out) {
    static const double powers[16] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    if (count - 9 >= 8) { return 0; }
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu, zeros = 0x3030303030303030u, points = 0x2e2e2e2e2e2e2e2eu;
    uint64_t first, last;
    memcpy(&first, text, 8);
    memcpy(&last, text + count - 8, 8);
    first <<= 8 * (16 - count);
    // As for eight bytes, of sixteen.
    const uint64_t other_first = first ^ points, other_last = last ^ points;
    const uint64_t point_first = ~(((other_first & low) + low) | other_first | low);
    const uint64_t point_last = ~(((other_last & low) + low) | other_last | low);
    unsigned __int128 point = (unsigned __int128)point_last << 64 | point_first;
    point &= -point;
    if (point == 0) { return 0; }
    const unsigned __int128 bytes = (unsigned __int128)last << 64 | first;
    const unsigned __int128 before = (point >> 7) - 1;
    const unsigned __int128 moved = ((bytes & before) << 8) | (bytes & ~(point | (point - 1)));
    const size_t digits = count - 1;
    const size_t fraction = (point_first != 0 ? 8 + ((size_t)__builtin_clzll((uint64_t)point) >> 3)
                                              : (size_t)__builtin_clzll((uint64_t)(point >> 64)) >> 3);
    if (fraction >= digits || digits > 15) { return 0; }
    const uint64_t values_last = (uint64_t)(moved >> 64) ^ zeros;
    const uint64_t values_first = ((uint64_t)moved ^ zeros) & (~0ull << (8 * (16 - digits)));
    if (((values_first | (values_first + 0x7676767676767676u) | values_last | (values_last + 0x7676767676767676u))
         & 0x8080808080808080u) != 0) {
        return 0;
    }
    const uint64_t mantissa = weir_eight_digits(values_first) * 100000000 + weir_eight_digits(values_last);
    *out = (double)mantissa / powers[fraction];
    return 1;
}
