#include "WalkKernel.h"

#include <string.h>

static inline unsigned pair(const uint8_t *p) {
    const unsigned tens = (unsigned)p[0] - '0', ones = (unsigned)p[1] - '0';
    return tens <= 9 && ones <= 9 ? tens * 10 + ones : 1000;
}

/// Reads `YYYY-MM-DDThh:mm`; days from civil after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
static __attribute__((noinline)) int read_minute(const uint8_t *p, weir_minute *minute) {
    static const uint8_t lengths[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const unsigned century = pair(p), years = pair(p + 2), month = pair(p + 5), date = pair(p + 8);
    const unsigned hour = pair(p + 11), minutes = pair(p + 14);
    if (century >= 100 || years >= 100 || p[4] != '-' || p[7] != '-' || p[13] != ':') { return 0; }
    if (((p[10] | 0x20) != 't' && p[10] != ' ') || hour > 23 || minutes > 59) { return 0; }
    const unsigned year = century * 100 + years;
    if (year < 1970 || year > 2261 || month < 1 || month > 12 || date < 1) { return 0; }
    const int leaps = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (date > (unsigned)lengths[month] + (unsigned)leaps) { return 0; }
    const unsigned shifted = year - (month <= 2), era = shifted / 400, of_era = shifted % 400;
    const unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1;
    const int64_t days = (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
        - 719468;
    memcpy(minute->text, p, 16);
    minute->start = (days * 1440 + hour * 60 + minutes) * 60 * 1000000000;
    return 1;
}

static inline uint64_t load64(const uint8_t *p) {
    uint64_t bytes;
    memcpy(&bytes, p, 8);
    return bytes;
}

static inline int are_digits(uint64_t values) {
    return ((values | (values + 0x7676767676767676u)) & 0x8080808080808080u) == 0;
}

/// Reads seconds since 1970, ten digits, and a fraction of one to nine.
static inline int read_epoch(const uint8_t *text, size_t count, int64_t *out) {
    static const uint32_t scales[10] = {
        1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    const size_t digits = count - 11;
    const uint64_t front = load64(text) ^ 0x3030303030303030u;
    const unsigned last = pair(text + 8);
    if (!are_digits(front) || last > 99 || text[0] == '0') { return 0; }
    uint64_t fraction;
    if (digits <= 8) {
        // The last eight bytes of the text, of which those before the fraction count as zeros.
        const uint64_t back = load64(text + count - 8) ^ 0x3030303030303030u;
        const uint64_t values = back >> 8 * (8 - digits) << 8 * (8 - digits);
        if (!are_digits(values)) { return 0; }
        fraction = weir_eight_digits(values);
    } else {
        const uint64_t values = load64(text + 11) ^ 0x3030303030303030u;
        const unsigned ninth = (unsigned)text[19] - '0';
        if (!are_digits(values) || ninth > 9) { return 0; }
        fraction = weir_eight_digits(values) * 10 + ninth;
    }
    // Ten digits of seconds with nine more behind are beyond 2262 where they begin with a nine and more.
    const uint64_t seconds = weir_eight_digits(front) * 100 + last;
    if (seconds > 9223372035) { return 0; }
    *out = (int64_t)seconds * 1000000000 + (int64_t)(fraction * scales[digits]);
    return 1;
}

int weir_read_any_time(const uint8_t *text, size_t count, weir_minute *minute, int64_t *out) {
    static const uint32_t scales[8] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100};
    if (count >= 12 && count <= 20 && text[10] == '.') { return read_epoch(text, count, out); }
    if (count < 19 || count > 33) { return 0; }
    if ((load64(text) != load64(minute->text) || load64(text + 8) != load64(minute->text + 8))
        && !read_minute(text, minute)) {
        return 0;
    }
    if (count == 24 && weir_read_seconds(text + 16, minute->start, out)) { return 1; }
    const unsigned second = pair(text + 17);
    if (text[16] != ':' || second > 59) { return 0; }
    size_t at = 19;
    uint64_t fraction = 0;
    if (count > 19 && (text[19] == '.' || text[19] == ',')) {
        at = 20;
        // The eight bytes from the fraction on, zeros behind the text, and how many of them are digits.
        const uint64_t bytes =
            count >= 28 ? load64(text + 20) : count == 20 ? 0 : load64(text + count - 8) >> 8 * (28 - count);
        const uint64_t values = bytes ^ 0x3030303030303030u;
        const uint64_t others = (values | (values + 0x7676767676767676u)) & 0x8080808080808080u;
        const int digits = others == 0 ? 8 : __builtin_ctzll(others) >> 3;
        if (digits == 0) { return 0; }
        if (digits < 8) {
            fraction = weir_eight_digits(values << 8 * (8 - digits)) * scales[digits];
            at += (size_t)digits;
        } else {
            for (; at < count && at < 29 && (uint8_t)(text[at] - '0') <= 9; at++) {
                fraction = fraction * 10 + (uint64_t)(text[at] - '0');
            }
            if (at == 28) { fraction *= 10; }
        }
    }
    const size_t left = count - at;
    if (left == 1 ? (text[at] | 0x20) != 'z' : left != 0 && !(left == 4 && memcmp(text + at, " UTC", 4) == 0)) {
        return 0;
    }
    *out = minute->start + (int64_t)second * 1000000000 + (int64_t)fraction;
    return 1;
}
