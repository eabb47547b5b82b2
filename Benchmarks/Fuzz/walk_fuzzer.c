// libFuzzer target: the walks in C against a plain scanner of one byte at a time, each input in memory that ends where the
// input says, at a page that cannot be read: alone, by the walk of one line, and four times among others, by that of many lines
// with its programs and its loose walk.
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
    for (int k = start; k < start + length; k++) { nodes[i].marks += weir_is_mark((uint8_t)pieces[k]); }
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

static weir_index index_memory;

/// Where the JSON value at d[i] ends, by the letter of RFC 8259, or −1.
static long plain_value(const uint8_t *d, long i, long n, int depth) {
    if (depth > 64 || i >= n) { return -1; }
    if (d[i] == '"') {
        i = plain_string(d, i + 1, n);
        return i < 0 ? -1 : i + 1;
    }
    if (d[i] != '{' && d[i] != '[') { return plain_token(d, i, n); }
    const int is_object = d[i] == '{';
    const uint8_t close = is_object ? '}' : ']';
    const char *const space = " \t\n\r";
    i++;
    while (i < n && d[i] != 0 && strchr(space, d[i])) { i++; }
    if (i < n && d[i] == close) { return i + 1; }
    for (;;) {
        if (is_object) {
            if (i >= n || d[i] != '"') { return -1; }
            i = plain_string(d, i + 1, n);
            if (i < 0) { return -1; }
            i++;
            while (i < n && d[i] != 0 && strchr(space, d[i])) { i++; }
            if (i >= n || d[i] != ':') { return -1; }
            i++;
            while (i < n && d[i] != 0 && strchr(space, d[i])) { i++; }
        }
        i = plain_value(d, i, n, depth + 1);
        if (i < 0) { return -1; }
        while (i < n && d[i] != 0 && strchr(space, d[i])) { i++; }
        if (i >= n) { return -1; }
        if (d[i] == close) { return i + 1; }
        if (d[i] != ',') { return -1; }
        i++;
        while (i < n && d[i] != 0 && strchr(space, d[i])) { i++; }
    }
}

/// Writes where the values of the object at d[i] stand, which is valid: the content of strings, everything else as it is. The
/// place behind it.
static long plain_values(const uint8_t *d, long i, long n, uint64_t *out, long *count) {
    const char *const space = " \t\n\r";
    for (i++;;) {
        while (i < n && d[i] != 0 && strchr(space, d[i])) { i++; }
        if (d[i] == '}') { return i + 1; }
        if (d[i] == ',') {
            i++;
            continue;
        }
        i = plain_string(d, i + 1, n) + 1;
        while (d[i] != ':') { i++; }
        i++;
        while (i < n && d[i] != 0 && strchr(space, d[i])) { i++; }
        const long end = plain_value(d, i, n, 0);
        const int is_string = d[i] == '"';
        long inner = i + 1;
        while (d[inner] != 0 && strchr(space, d[inner])) { inner++; }
        if (d[i] == '{' && d[inner] != '}') {
            i = plain_values(d, i, n, out, count);
            continue;
        }
        const int has_escape = is_string && memchr(d + i, '\\', (size_t)(end - i)) != 0;
        out[(*count)++] = (uint64_t)(i + is_string)
            | (uint64_t)((uint64_t)(end - i - 2 * is_string) << 1 | (uint64_t)has_escape) << 32;
        i = end;
    }
}

enum { lines_max = 64, room = 4096, copies = 4 };
static weir_name no_name = {.context = -1};
static const uint8_t no_filter[WEIR_NAME_FILTER];
static weir_structure structures[WEIR_STRUCTURES];
static weir_keys *keys;
static uint32_t codes[WEIR_LOOSE_CODES];

/// Walks the lines d[0..<n], of which `line` begins at `at` and is `length` bytes long and stands there `copies` times.
static void check_lines(
    weir_lines_walker walker, weir_programs *programs, const uint8_t *d, long n, long slack, long at, long length,
    int want, const uint64_t *want_spans) {
    static uint64_t out[room + 2048];
    static weir_line found[lines_max];
    static weir_loose_line loose[lines_max];
    static weir_found findings[room + WEIR_LOOSE_VALUES_MAX];
    const uint8_t *p = d;
    index_memory.start = index_memory.end = 0;
    while (p < d + n) {
        weir_lines lines = {
            .walk = {.nodes = nodes, .index = &index_memory, .pieces = padded, .position = p, .end = d + n,
                     .readable = d + n + slack, .origin = d, .out = out, .out_end = out + room, .tries = 8,
                     .ends_at_newline = 1},
            .programs = programs, .out = found, .out_end = found + lines_max,
            .names = {.table = &no_name, .bytes = padded, .filter = no_filter, .mask = 0},
            .structures = structures, .known_codes = codes, .codes = codes, .sightings = UINT32_MAX, .keys = keys,
            .loose = loose, .loose_end = loose + lines_max, .found = findings, .found_end = findings + room,
            .loose_base = loose, .found_base = findings};
        walker(&lines);
        const uint64_t *values = out;
        for (const weir_line *line = found; line < lines.out; line++) {
            if (d + line->start != p || line->start + line->length > n) { abort(); }
            if (d + line->start + line->length < d + n && d[line->start + line->length] != '\n') { abort(); }
            const long place = (long)line->start - at;
            const int is_ours = place >= 0 && place % (length + 1) == 0 && place / (length + 1) < copies;
            if (line->shape < WEIR_LOOSE_SHAPE) {
                if (is_ours
                    && ((int)line->shape != want || line->values != 2
                        || values[0] != want_spans[0] + line->start || values[1] != want_spans[1] + line->start)) {
                    abort();
                }
            } else {
                static uint64_t plain[capacity];
                long count = 0;
                if (plain_value(p, 0, line->length, 0) != (long)line->length) { abort(); }
                plain_values(p, 0, line->length, plain, &count);
                if (count != (long)line->values) { abort(); }
                for (long i = 0; i < count; i++) {
                    if (values[i] != plain[i] + line->start) { abort(); }
                }
            }
            uint32_t behind = line->start;
            for (uint32_t i = 0; i < line->values; i++) {
                if ((uint32_t)values[i] < behind) { abort(); }
                behind = (uint32_t)values[i] + (uint32_t)(values[i] >> 33);
            }
            if (behind > line->start + line->length) { abort(); }
            values += line->values;
            p += line->length + 1;
        }
        if (p > d + n) { p = d + n; }
        if (lines.walk.position != p || values != lines.walk.out) { abort(); }
        if (!lines.is_left) { continue; }
        const uint8_t *const newline = memchr(p, '\n', (size_t)(d + n - p));
        p = newline ? newline + 1 : d + n;
    }
}

static void check_walk(
    weir_walker walker, const uint8_t *d, long n, long slack, int newline, int want,
    const uint64_t *want_spans) {
    uint64_t out[3];
    index_memory.start = index_memory.end = 0;
    weir_walk walk = {.nodes = nodes, .index = &index_memory, .pieces = padded, .position = d,
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
        keys = weir_keys_make();
        memcpy(padded, pieces, sizeof pieces);
        make_node(0, 0, 0, 1, -1, 0, -1);
        make_node(1, 0, 6, 2, -1, WEIR_WALK_STRING, -1);
        make_node(2, 6, 6, 3, 4, WEIR_WALK_TOKEN, -1);
        make_node(3, 12, 1, -1, -1, WEIR_WALK_END, 1);
        make_node(4, 13, 11, 5, -1, WEIR_WALK_TOKEN, -1);
        make_node(5, 24, 2, -1, -1, WEIR_WALK_END, 2);
        for (int i = 1; i < 6; i++) { nodes[i].parent = i == 4 ? 1 : i - 1; }
    }
    if (size < 2 || size > capacity / 2) { return 0; }
    // The first byte says how much is readable behind the line, the second whether the frame of a line is put around.
    const long slack = data[0] % 80 < 66 ? data[0] % 80 : WEIR_WALK_BLOCK + 16;
    const int framed = data[1] & 3;
    // And which kind of processor the walks are for.
    int kinds = 0;
    while (weir_walkers_at(kinds).line != 0) { kinds++; }
    const weir_walkers walkers = weir_walkers_at(data[1] / 4 % kinds);
    data += 2;
    size -= 2;
    static const char *const heads[] = {"", "{\"a\":\"", "{\"a\":\"x\",\"n\":", "{\"a\":\"x\",\"b\":{\"c\":"};
    static const char *const tails[] = {"", "\",\"n\":1}", "}", "}}"};
    const size_t head = strlen(heads[framed]), tail = strlen(tails[framed]);
    const long n = (long)(head + size + tail);
    uint8_t *const alone = guarded + capacity - size;
    memcpy(alone, data, size);
    if (weir_utf8_fault(alone, size) > size) { abort(); }
    weir_minute minute = {{0}, 0};
    int64_t time;
    (void)weir_read_time(alone, size, &minute, &time);

    uint8_t *const d = guarded + capacity - n - slack;
    memcpy(d, heads[framed], head);
    memcpy(d + head, data, size);
    memcpy(d + head + size, tails[framed], tail);
    memset(d + n, 0xff, (size_t)slack);

    uint64_t spans[2] = {0, 0};
    const int want = plain_shape(d, n, spans);
    // The newline takes the first byte of the slack; a line that holds one ends there, so only the first one is asked for.
    const int is_line = memchr(d, '\n', (size_t)n) == 0;
    check_walk(walkers.line, d, n, slack, 0, want, spans);
    if (slack > 0 && is_line) {
        d[n] = '\n';
        check_walk(walkers.line, d, n, slack, 1, want, spans);
    }
    if (!is_line || n < 10) { return 0; }
    // Several times among others, lines of both shapes and loose ones: joints are kept when they are seen for the second time.
    // Joints that close objects are kept from the first two inputs on: what may stand behind them depends on what is open.
    static const char before[] =
        "{\"a\":\"one\",\"n\":1}\n{\"a\":\"two\",\"b\":{\"c\":[1,\"x\"]}}\n{\"other\": \"spaced\", \"k\": {\"o\": null}}\n"
        "{\"o\":{\"n\":1},\"a\":2}\n{\"o\":{\"o\":{\"a\":\"x\"}},\"a\":\"y\"}\n";
    static const char behind[] = "{\"c\":-1.5,\"d\":{\"e\":\"\\u00e9\"}}\n{\"a\":\"last\",\"n\":true}";
    const long head_length = (long)sizeof before - 1, tail_length = (long)sizeof behind - 1;
    const long total = head_length + copies * (n + 1) + tail_length;
    static uint8_t line[capacity];
    memcpy(line, d, (size_t)n);
    if (total + slack > capacity) { return 0; }
    uint8_t *const text = guarded + capacity - total - slack;
    memcpy(text, before, (size_t)head_length);
    for (int i = 0; i < copies; i++) {
        memcpy(text + head_length + i * (n + 1), line, (size_t)n);
        text[head_length + i * (n + 1) + n] = '\n';
    }
    memcpy(text + total - tail_length, behind, (size_t)tail_length);
    memset(text + total, 0xff, (size_t)slack);
    // With joints three times of four.
    keys->joint_credit = (data[-1] & 192) != 0 ? lines_max : -lines_max;
    static weir_programs programs;
    check_lines(walkers.lines, &programs, text, total, slack, head_length, n, want, spans);
    return 0;
}
