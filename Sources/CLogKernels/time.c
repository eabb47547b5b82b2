#include "WalkKernel.h"

#include <string.h>

static inline unsigned pair(const uint8_t *p) {
    const unsigned tens = (unsigned)p[0] - '0', ones = (unsigned)p[1] - '0';
    return tens <= 9 && ones <= 9 ? tens * 10 + ones : 1000;
}

/// Reads `YYYY-MM-DD`; days from civil after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
static __attribute__((noinline)) int read_day(const uint8_t *p, weir_day *day) {
    static const uint8_t lengths[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const unsigned century = pair(p), years = pair(p + 2), month = pair(p + 5), date = pair(p + 8);
    if (century >= 100 || years >= 100 || p[4] != '-' || p[7] != '-') { return 0; }
    const unsigned year = century * 100 + years;
    if (year < 1970 || year > 2261 || month < 1 || month > 12 || date < 1) { return 0; }
    const int leaps = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (date > (unsigned)lengths[month] + (unsigned)leaps) { return 0; }
    const unsigned shifted = year - (month <= 2), era = shifted / 400, of_era = shifted % 400;
    const unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1;
    const int64_t days = (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
        - 719468;
    memcpy(day->date, p, 10);
    day->start = days * 86400 * 1000000000;
    return 1;
}

int weir_read_time(const uint8_t *text, size_t count, weir_day *day, int64_t *out) {
    static const uint32_t scales[10] = {
        1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    if (count < 19 || count > 33 || ((text[10] | 0x20) != 't' && text[10] != ' ')) { return 0; }
    uint64_t date, cached;
    memcpy(&date, text, 8);
    memcpy(&cached, day->date, 8);
    if ((date != cached || text[8] != day->date[8] || text[9] != day->date[9])
        && !read_day(text, day)) {
        return 0;
    }
    const uint8_t *p = text + 11, *const end = text + count;
    const unsigned hour = pair(p), minute = pair(p + 3), second = pair(p + 6);
    if (hour > 23 || minute > 59 || second > 59 || p[2] != ':' || p[5] != ':') { return 0; }
    p += 8;
    uint32_t fraction = 0;
    if (p < end && (*p == '.' || *p == ',')) {
        const uint8_t *const first = ++p;
        while (p < end && (uint8_t)(*p - '0') <= 9 && p - first < 9) {
            fraction = fraction * 10 + (uint32_t)(*p++ - '0');
        }
        if (p == first) { return 0; }
        fraction *= scales[p - first];
    }
    const ptrdiff_t left = end - p;
    if (left != 0 && !(left == 1 && (*p | 0x20) == 'z') && !(left == 4 && memcmp(p, " UTC", 4) == 0)) {
        return 0;
    }
    *out = day->start + (int64_t)(hour * 3600 + minute * 60 + second) * 1000000000 + fraction;
    return 1;
}
