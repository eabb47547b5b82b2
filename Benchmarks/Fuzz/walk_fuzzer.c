// libFuzzer target: the walk in C against a plain scanner of one byte at a time, each input in memory that ends where the
// input says, at a page that cannot be read.
#include "WalkKernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/// Two shapes: {"a":STRING,"n":TOKEN} and {"a":STRING,"b":{"c":TOKEN}}.
static const char pieces[] =
    "{\"a\":\""
    "\",\"n\":"
    "}"
    "\",\"b\":{\"c\":"
    "}}";
static uint8_t padded[sizeof pieces + WEIR_WALK_BLOCK];
static weir_node nodes[6];

static void make_node(int i, int start, int length, int child, int sibling, int kind, int shape) {
    nodes[i] = (weir_node){.pieceStart = start, .pieceLength = length, .firstChild = child,
                           .nextSibling = sibling, .parent = -1, .shape = shape,
                           .rawKind = (uint8_t)kind};
}

/// Memory whose last byte is `capacity - 1`: behind it nothing can be read.
enum { capacity = 1 << 16 };

static uint8_t *make_guarded(void) {
    uint8_t *const base = mmap(
        0, capacity + (size_t)getpagesize(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + capacity, (size_t)getpagesize(), PROT_NONE) != 0) {
        abort();
    }
    return base;
}

/// A plain scanner: where a value ends, or −1.
static long plain_string(const uint8_t *d, long i, long n) {
    const long start = i;
    while (i < n) {
        const uint8_t c = d[i];
        if (c == '"') {
            // UTF-8 by decoding each character.
            for (long k = start; k < i;) {
                const uint8_t b = d[k];
                const int length = b < 0x80 ? 1 : b >> 5 == 6 ? 2 : b >> 4 == 14 ? 3 : b >> 3 == 30 ? 4 : 0;
                if (length == 0 || k + length > i) { return -1; }
                uint32_t v = length == 1 ? b : b & (0xff >> (length + 1));
                for (int j = 1; j < length; j++) {
                    if (d[k + j] >> 6 != 2) { return -1; }
                    v = v << 6 | (d[k + j] & 0x3f);
                }
                static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
                if (v < least[length] || v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)) { return -1; }
                k += length;
            }
            return i;
        }
        if (c < 0x20) { return -1; }
        if (c != '\\') { i++; continue; }
        if (i + 1 >= n) { return -1; }
        if (d[i + 1] == 'u') {
            for (int j = 2; j < 6; j++) {
                if (i + j >= n || strchr("0123456789abcdefABCDEF", d[i + j]) == 0 || d[i + j] == 0) { return -1; }
            }
            i += 6;
        } else {
            if (d[i + 1] == 0 || strchr("\"\\/bfnrt", d[i + 1]) == 0) { return -1; }
            i += 2;
        }
    }
    return -1;
}

static long plain_digits(const uint8_t *d, long i, long n) {
    const long start = i;
    while (i < n && d[i] >= '0' && d[i] <= '9') { i++; }
    return i > start ? i : -1;
}

static long plain_token(const uint8_t *d, long i, long n) {
    static const char *const literals[] = {"true", "false", "null"};
    for (int k = 0; k < 3; k++) {
        const long length = (long)strlen(literals[k]);
        if (n - i >= length && memcmp(d + i, literals[k], (size_t)length) == 0) { return i + length; }
    }
    if (i < n && d[i] == '[') {
        // Arrays of what the walk may take: no white space, no containers inside. Others are the strict scanner's.
        i++;
        if (i < n && d[i] == ']') { return i + 1; }
        while (i < n) {
            if (d[i] == '"') {
                i = plain_string(d, i + 1, n);
                if (i < 0) { return -1; }
                i++;
            } else {
                if (d[i] == '[') { return -1; }
                i = plain_token(d, i, n);
                if (i < 0) { return -1; }
            }
            if (i >= n) { return -1; }
            if (d[i] == ']') { return i + 1; }
            if (d[i] != ',') { return -1; }
            i++;
        }
        return -1;
    }
    if (i < n && d[i] == '-') { i++; }
    if (i < n && d[i] == '0') {
        i++;
        if (i < n && d[i] >= '0' && d[i] <= '9') { return -1; }
    } else {
        i = plain_digits(d, i, n);
    }
    if (i > 0 && i < n && d[i] == '.') { i = plain_digits(d, i + 1, n); }
    if (i > 0 && i < n && (d[i] | 0x20) == 'e') {
        i++;
        if (i < n && (d[i] == '+' || d[i] == '-')) { i++; }
        i = plain_digits(d, i, n);
    }
    return i;
}

/// The shape of the line d[0..<n] by the plain scanner, −1 for none, and its two spans.
static int plain_shape(const uint8_t *d, long n, uint64_t spans[2]) {
    if (n < 6 || memcmp(d, pieces, 6) != 0) { return -1; }
    const long close = plain_string(d, 6, n);
    if (close < 0) { return -1; }
    spans[0] = 6 | ((uint64_t)(close - 6) << 1 | (memchr(d + 6, '\\', (size_t)(close - 6)) != 0)) << 32;
    for (int k = 0; k < 2; k++) {
        const char *const middle = k == 0 ? "\",\"n\":" : "\",\"b\":{\"c\":";
        const char *const last = k == 0 ? "}" : "}}";
        const long length = (long)strlen(middle);
        if (n - close < length || memcmp(d + close, middle, (size_t)length) != 0) { continue; }
        const long start = close + length;
        const long end = plain_token(d, start, n);
        if (end < 0 || n - end != (long)strlen(last)
            || memcmp(d + end, last, (size_t)(n - end)) != 0) {
            return -1;
        }
        spans[1] = (uint64_t)start | (uint64_t)(end - start) << 33;
        return k + 1;
    }
    return -1;
}

/// Whether an exponent or the edge of memory may have made the walk give up where the plain scanner does not.
static int may_give_up(const uint8_t *d, long n, long slack) {
    if (slack < WEIR_WALK_BLOCK + 1) { return 1; }
    for (long i = 0; i < n; i++) {
        if (d[i] == 'e' || d[i] == 'E') { return 1; }
        // A number longer than a block is the strict scanner's.
        if (i >= 15) {
            int digits = 1;
            for (long k = i - 15; k <= i; k++) { digits &= (d[k] >= '0' && d[k] <= '9') || d[k] == '.'; }
            if (digits) { return 1; }
        }
    }
    return 0;
}

static void check_walk(
    weir_walker walker, const uint8_t *d, long n, long slack, int newline, int want,
    const uint64_t *want_spans) {
    uint64_t out[3];
    weir_walk walk = {.nodes = nodes, .pieces = padded, .position = d,
                      .end = d + n + (newline ? 1 : 0), .readable = d + n + slack, .origin = d,
                      .out = out, .out_end = out + 3, .node = 0, .tries = 8,
                      .ends_at_newline = newline};
    const int shape = walker(&walk);
    if (walk.position < d || walk.position > walk.end) { abort(); }
    if (shape < 0) {
        if (want > 0 && !may_give_up(d, n, slack)) { abort(); }
        return;
    }
    if (shape != want || walk.out != out + 2 || out[0] != want_spans[0] || out[1] != want_spans[1]
        || walk.position != d + n) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t *guarded;
    if (guarded == 0) {
        guarded = make_guarded();
        memcpy(padded, pieces, sizeof pieces);
        make_node(0, 0, 0, 1, -1, 0, -1);
        make_node(1, 0, 6, 2, -1, WEIR_WALK_STRING, -1);
        make_node(2, 6, 6, 3, 4, WEIR_WALK_TOKEN, -1);
        make_node(3, 12, 1, -1, -1, WEIR_WALK_END, 1);
        make_node(4, 13, 11, 5, -1, WEIR_WALK_TOKEN, -1);
        make_node(5, 24, 2, -1, -1, WEIR_WALK_END, 2);
    }
    if (size < 2 || size > capacity / 2) { return 0; }
    // The first byte says how much is readable behind the line, the second whether the frame of a line is put around.
    const long slack = data[0] % 80 < 66 ? data[0] % 80 : WEIR_WALK_BLOCK + 16;
    const int framed = data[1] & 3;
    data += 2;
    size -= 2;
    static const char *const heads[] = {"", "{\"a\":\"", "{\"a\":\"x\",\"n\":", "{\"a\":\"x\",\"b\":{\"c\":"};
    static const char *const tails[] = {"", "\",\"n\":1}", "}", "}}"};
    const size_t head = strlen(heads[framed]), tail = strlen(tails[framed]);
    const long n = (long)(head + size + tail);
    uint8_t *const alone = guarded + capacity - size;
    memcpy(alone, data, size);
    if (weir_utf8_fault(alone, size) > size) { abort(); }
    weir_day day = {{0}, 0};
    int64_t time;
    (void)weir_read_time(alone, size, &day, &time);

    uint8_t *const d = guarded + capacity - n - slack;
    memcpy(d, heads[framed], head);
    memcpy(d + head, data, size);
    memcpy(d + head + size, tails[framed], tail);
    memset(d + n, 0xff, (size_t)slack);

    uint64_t spans[2];
    const int want = plain_shape(d, n, spans);
    weir_walker walker;
    // The newline takes the first byte of the slack; a line that holds one ends there, so only the first one is asked for.
    for (int i = 0; (walker = weir_walker_at(i)) != 0; i++) {
        if (slack > 0) { d[n] = 0xff; }
        check_walk(walker, d, n, slack, 0, want, spans);
        if (slack > 0 && memchr(d, '\n', (size_t)n) == 0) {
            d[n] = '\n';
            check_walk(walker, d, n, slack, 1, want, spans);
        }
    }
    return 0;
}
