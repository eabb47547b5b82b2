// Byte kernels that Swift cannot express at full speed: vector search and CRC-32C.
// `static inline` functions are inlined into Swift; the others live in files of their own.
#ifndef WEIR_CLOGKERNELS_H
#define WEIR_CLOGKERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "WalkKernel.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Extends `crc` (0 to begin) by `count` bytes. Polynomial 0x1EDC6F41, reflected, as in iSCSI and ext4.
uint32_t weir_crc32c(uint32_t crc, const uint8_t *_Nonnull bytes, size_t count);

/// The same by table, on any processor; the oracle of the tests.
uint32_t weir_crc32c_scalar(uint32_t crc, const uint8_t *_Nonnull bytes, size_t count);

/// The first occurrence of `needle` in `bytes`, or null. Linear time.
const uint8_t *_Nullable weir_find(
    const uint8_t *_Nonnull bytes, size_t count, const uint8_t *_Nonnull needle, size_t length);

/// The number of bytes that are `byte`.
size_t weir_count(const uint8_t *_Nonnull bytes, size_t count, uint8_t byte);

/// Packs `count` (even) lower-case hexadecimal digits, two a byte, the first one high, into `out`; 0 when there are other bytes
/// among them. Little-endian processors.
int weir_unhex(const uint8_t *_Nonnull bytes, size_t count, uint8_t *_Nonnull out);

/// Writes the lower-case hexadecimal digits of `count` bytes, the high one of each first, into `out`: twice as many.
void weir_hex(const uint8_t *_Nonnull bytes, size_t count, uint8_t *_Nonnull out);

/// Has glibc take allocations of less than `mapped_min` bytes from its heap, and keep up to `kept_max` bytes that are free at the
/// heap's end. Does nothing with another C library.
void weir_keep_freed(int mapped_min, int kept_max);

/// Decodes `count` symbols of an rANS stream (EntropyCoder.swift) into `out`; 0 when the frequencies do not add up or decoding does
/// not end where encoding began. `scale_bits` is 12, for at most 256 symbols, or 14, for at most 4,096; `lanes`, the number of
/// `states`, which are used up, 1, 2, 4 or 32.
int weir_entropy_decode(
    const uint32_t *_Nonnull frequencies, size_t alphabet, unsigned scale_bits,
    uint32_t *_Nonnull states, size_t lanes, const uint8_t *_Nonnull words, size_t word_count,
    uint16_t *_Nonnull out, size_t count);

/// The same without vectors, on any processor; the oracle of the tests.
int weir_entropy_decode_scalar(
    const uint32_t *_Nonnull frequencies, size_t alphabet, unsigned scale_bits,
    uint32_t *_Nonnull states, size_t lanes, const uint8_t *_Nonnull words, size_t word_count,
    uint16_t *_Nonnull out, size_t count);

/// Makes numbers of symbols and the bits below them (EntropyIntegers.swift); 0 when a symbol is none.
int weir_entropy_integers(
    const uint16_t *_Nonnull symbols, size_t count, const uint8_t *_Nonnull bits, size_t bit_bytes,
    int folded, int differences, int64_t smallest, int64_t divisor, int64_t *_Nonnull out);

/// Reads `count` numbers of `width` bits, at most 64, least significant bit first, and adds `smallest` to each. Bits beyond
/// `bit_bytes` bytes are zero.
void weir_unpack(
    const uint8_t *_Nonnull bits, size_t bit_bytes, unsigned width, size_t count,
    int64_t smallest, int64_t *_Nonnull out);

/// Integers of a frame of packed integers (IntegerPacking.swift), and the most bytes that a frame has before its bits.
enum { WEIR_FRAME = 128, WEIR_FRAME_HEAD = 11 };

/// How many bits fewer the frames of the differences between `values` need than those of the values themselves.
int64_t weir_bits_saved(const int64_t *_Nonnull values, size_t count);

/// Packs `values`, or where `differences` is not 0 the differences to the value before, in frames; how many bytes they take. `out` has room for
/// 8 bytes each, `WEIR_FRAME_HEAD` for each frame and 8 more.
size_t weir_pack_frames(
    const int64_t *_Nonnull values, size_t count, int differences, uint8_t *_Nonnull out);

/// Reads `count` integers of as many frames as they take; how many bytes these have, −1 when they are not what
/// `weir_pack_frames` writes.
ptrdiff_t weir_unpack_frames(
    const uint8_t *_Nonnull frames, size_t byte_count, size_t count, int64_t *_Nonnull out);

/// As `weir_unpack_frames`, of integers that must all be below `limit`, at most 2^31, and not negative.
ptrdiff_t weir_unpack_codes(
    const uint8_t *_Nonnull frames, size_t byte_count, size_t count, uint32_t limit,
    uint32_t *_Nonnull out);

/// Counts codes below `limit`, at most 32: how often each occurs.
void weir_count_codes(
    const uint32_t *_Nonnull codes, size_t count, size_t limit, size_t *_Nonnull counts);

/// For each code the next of the values of its group, which stand from `next[code]` on: groups become one sequence. `narrow`
/// gets the codes as bytes. There are at least two groups, and values enough.
void weir_interleave(
    const int64_t *_Nonnull values, size_t *_Nonnull next, const uint32_t *_Nonnull codes,
    size_t count, int64_t *_Nonnull out, uint8_t *_Nonnull narrow);

/// How far back a value may stand that a row repeats; all ones.
enum { WEIR_DISTANCE_MAX = 15 };

/// For each row the number of its value: where its distance is 0 the next of the `fresh` `numbers`, 0, 1, … where there are none, else that of the
/// row so far before it. 0 when a distance goes too far or there are more or fewer new values.
int weir_recent_codes(
    const uint32_t *_Nonnull distances, size_t count, const uint32_t *_Nullable numbers,
    size_t fresh, uint32_t *_Nonnull out);

/// For each of `count` rows how many before it have a code that `has` says 1 of; behind the last how many in all.
void weir_places(
    const uint32_t *_Nonnull codes, size_t count, const uint8_t *_Nonnull has,
    uint32_t *_Nonnull places);

/// For each of `count` rows what the counter of its code says, which goes on by the code's step then. `next` has the counters.
void weir_places_by_counter(
    const uint32_t *_Nonnull codes, size_t count, const uint32_t *_Nonnull counters,
    const uint32_t *_Nonnull steps, uint32_t *_Nonnull next, uint32_t *_Nonnull places);

/// Packs texts, one behind the other, as an LZ4 block of at most `room` bytes into `out`; how many bytes it has, 0 when they are not enough
/// or the processor lacks what it takes. Text i of `rows` ends at `skipped + ends[i] − origin`; the bytes before `skipped` are none, and
/// stay as they are. 32 bytes behind `text` may be loaded, 64 behind the `room` are written to. `count` is below 2^31.
size_t weir_pack_words(
    const uint8_t *_Nonnull text, size_t count, size_t skipped, const uint32_t *_Nonnull ends, size_t rows,
    uint32_t origin, uint8_t *_Nonnull out, size_t room);

/// `memory`, or new memory where it is NULL, with room for `bytes` bytes (more than 0), aligned for all that takes up to 16 bytes. The
/// process ends where there is none left.
void *_Nonnull weir_resize(void *_Nullable memory, size_t bytes);

/// Gives memory of `weir_resize` back.
void weir_free(void *_Nonnull memory);

/// Where the next value of a column goes: its bytes behind those of the others, where they end behind the other ends.
typedef struct weir_column_end {
    uint8_t *_Nonnull bytes;
    uint32_t *_Nonnull ends;
    /// Bytes in use, and how many may be; there is room for `WEIR_SHORT_VALUE` more behind those.
    size_t used, used_max;
    /// Values, and how many there is room for.
    size_t count, count_max;
} weir_column_end;

/// A value no longer than this is copied as if it were so long.
enum { WEIR_SHORT_VALUE = 32 };

/// Puts the values of a line behind their columns: `spans` are two words each, where a value begins behind `origin`, and twice its
/// length, and one more or not; value i goes to `columns[numbers[i]]`. `padded`: `WEIR_SHORT_VALUE` bytes of each value may be
/// loaded, however short it is. How many values were put; for the next one there is no room.
size_t weir_append_values(
    const uint8_t *_Nonnull origin, const uint32_t *_Nonnull spans, const int32_t *_Nonnull numbers,
    size_t count, int padded, weir_column_end *_Nonnull columns);

/// What a record begins with.
typedef struct {
    uint32_t line_start, line_length, first_value, shape;
} weir_record_head;

/// Where one field stands in the records of a block.
typedef struct {
    /// The first record, and the bytes from one to the next.
    const void *_Nonnull records;
    size_t record_bytes;
    /// Two words for each value of the batch: where it begins behind `origin`, and twice its length, and one more where it is escaped.
    const uint32_t *_Nonnull spans;
    const uint8_t *_Nonnull origin;
    /// The field's place in lines of each shape, and in those of each loose shape, which are numbered from `loose_shape` on: less than 0
    /// for none, else the number of the value and, in the lowest `transform_bits`, what is made of it. From shape to shape are `width`
    /// places.
    const int32_t *_Nonnull slots;
    const int32_t *_Nonnull loose_slots;
    size_t width;
    uint32_t loose_shape, transform_bits;
} weir_field_view;

enum {
    /// The longest text that has a place.
    WEIR_TEXT_MAX = 32,
    /// Pairs of places for texts of at most 8 bytes.
    WEIR_SHORT_PAIR_BITS = 11,
    WEIR_SHORT_PAIRS = 1 << WEIR_SHORT_PAIR_BITS,
    /// Pairs of places for longer ones.
    WEIR_MEDIUM_PAIRS = 2048,
    /// Place 0, which means that there is no such field, and the places of all pairs.
    WEIR_TEXT_PLACES = 1 + 2 * (WEIR_SHORT_PAIRS + WEIR_MEDIUM_PAIRS),
};

/// The generations of place 0: the field is not there; or it is, and its text has no place.
#define WEIR_TEXT_ABSENT 1u
#define WEIR_TEXT_NONE 0xffffffffu

typedef struct {
    int32_t index;
    uint32_t generation;
} weir_text_place;

typedef struct {
    uint64_t bytes;
    uint32_t count, generation;
} weir_short_text;

typedef struct {
    uint64_t words[4];
    uint32_t count, generation;
} weir_medium_text;

/// The texts that came lately. A generation of 0 is that of a place where nothing has been.
typedef struct {
    weir_short_text *_Nonnull shorts;
    weir_medium_text *_Nonnull mediums;
    /// Texts that were looked up, and those that were not there.
    uint32_t looks, misses;
} weir_text_table;

/// Puts into `places` where the texts of a field stand in the table, for the records `rows`, one bit each; those that are not there are put
/// there, in the place of others. Eight bytes behind each text may be loaded.
void weir_find_texts(
    const weir_field_view *_Nonnull view, weir_text_table *_Nonnull table, uint64_t rows,
    weir_text_place *_Nonnull places);

/// Asks the system for large pages in the middle of memory that has just been allocated: clearing one costs less than hundreds of
/// faults. Does nothing where there are none.
void weir_prefer_large_pages(void *_Nonnull memory, size_t bytes);

/// What `weir_find_candidates` looks for.
typedef struct {
    /// For each of the first three bytes of literals: by its low and by its high nibble, the groups (bits) that allow it.
    uint8_t low[3][16], high[3][16];
    /// Whether runs of at least 14 digits with single spaces, hyphens and plus signs between count, and dots and colons as in IP addresses.
    int digits, addresses;
} weir_candidates;

/// Writes the offsets at which something may stand, ascending, into `out`, which has room for `count`; their number. All places of
/// what is looked for are among them, and others. `plain`: without vectors, the oracle of the tests.
size_t weir_find_candidates(
    const weir_candidates *_Nonnull what, const uint8_t *_Nonnull bytes, size_t count, int plain,
    uint32_t *_Nonnull out);

// Asks for the cache line at `p`, of which nothing is read.
static inline void weir_prefetch(const void *_Nonnull p) { __builtin_prefetch(p); }

static inline uint64_t weir_load64(const uint8_t *_Nonnull p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

/// The bits [position, position + width) of `bytes`, least significant first; bits beyond the bytes are zero. width ≤ 63.
static inline uint64_t weir_bits_at(
    const uint8_t *_Nonnull bytes, size_t count, size_t position, unsigned width) {
    const size_t byte = position >> 3;
    const unsigned shift = position & 7;
    uint64_t low = 0;
    if (byte + 8 <= count) {
        low = weir_load64(bytes + byte);
    } else {
        for (size_t index = byte; index < count; index++) {
            low |= (uint64_t)bytes[index] << (8 * (index - byte));
        }
    }
    low >>= shift;
    if (width + shift > 64 && byte + 8 < count) {
        low |= (uint64_t)bytes[byte + 8] << (64 - shift);
    }
    return low & (((uint64_t)1 << width) - 1);
}

/// Copies `n` bytes, inline when they are up to 32. Words overlap, so that nothing beyond the bytes is touched.
static inline void weir_copy_short(uint8_t *_Nonnull to, const uint8_t *_Nonnull from, size_t n) {
    if (n > 32) {
        memcpy(to, from, n);
    } else if (n >= 16) {
        uint8_t a[16], b[16];
        memcpy(a, from, 16);
        memcpy(b, from + n - 16, 16);
        memcpy(to, a, 16);
        memcpy(to + n - 16, b, 16);
    } else if (n >= 8) {
        const uint64_t a = weir_load64(from), b = weir_load64(from + n - 8);
        memcpy(to, &a, 8);
        memcpy(to + n - 8, &b, 8);
    } else if (n >= 4) {
        uint32_t a, b;
        memcpy(&a, from, 4);
        memcpy(&b, from + n - 4, 4);
        memcpy(to, &a, 4);
        memcpy(to + n - 4, &b, 4);
    } else if (n > 0) {
        const uint8_t a = from[0], b = from[n >> 1], c = from[n - 1];
        to[0] = a;
        to[n >> 1] = b;
        to[n - 1] = c;
    }
}

/// The first byte in [p, end) that ends or interrupts a plain JSON string: a quote, a backslash or a control
/// character below 0x20; `end` where there is none. `*high` is set when a byte ≥ 0x80 stands before it.
/// Bytes up to `readable` (≥ end) may be loaded, none is used past `end`.
static inline const uint8_t *_Nonnull weir_string_stop(
    const uint8_t *_Nonnull p, const uint8_t *_Nonnull end, const uint8_t *_Nonnull readable,
    uint32_t *_Nonnull high) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    while (p < end && readable - p >= 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)p);
        const __m128i stop = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)),
            _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
        const uint32_t at = (uint32_t)_mm_movemask_epi8(stop);
        const uint32_t above = (uint32_t)_mm_movemask_epi8(x);
        if (at != 0) {
            const uint32_t index = (uint32_t)__builtin_ctz(at);
            *high |= above & ((1u << index) - 1u);
            return p + index < end ? p + index : end;
        }
        *high |= above;
        p += 16;
    }
    if (p > end) { p = end; }
#elif defined(__aarch64__)
    const uint8x16_t quote = vdupq_n_u8('"');
    const uint8x16_t backslash = vdupq_n_u8('\\');
    const uint8x16_t control = vdupq_n_u8(0x20);
    while (p < end && readable - p >= 16) {
        const uint8x16_t x = vld1q_u8(p);
        const uint8x16_t stop =
            vorrq_u8(vorrq_u8(vceqq_u8(x, quote), vceqq_u8(x, backslash)), vcltq_u8(x, control));
        if (vmaxvq_u8(stop) != 0 || vmaxvq_u8(x) >= 0x80) { break; }
        p += 16;
    }
    if (p > end) { p = end; }
#endif
    while (p < end) {
        const uint8_t c = *p;
        if (c == '"' || c == '\\' || c < 0x20) { return p; }
        *high |= c & 0x80u;
        p++;
    }
    return end;
}

/// A 64-bit hash of bytes for tables in memory (never stored). Multiply and fold, 16 bytes a step.
static inline uint64_t weir_fold(uint64_t a, uint64_t b) {
    const __uint128_t m = (__uint128_t)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t weir_hash(const uint8_t *_Nonnull p, size_t n, uint64_t seed) {
    const uint64_t k0 = 0x9E3779B97F4A7C15ull, k1 = 0xD6E8FEB86659FD93ull;
    uint64_t h = seed ^ (n * k0);
    while (n > 16) {
        h = weir_fold(weir_load64(p) ^ k1, weir_load64(p + 8) ^ h);
        p += 16;
        n -= 16;
    }
    uint64_t a = 0, b = 0;
    if (n >= 8) {
        a = weir_load64(p);
        b = weir_load64(p + n - 8);
    } else if (n >= 4) {
        uint32_t x, y;
        memcpy(&x, p, 4);
        memcpy(&y, p + n - 4, 4);
        a = x;
        b = y;
    } else if (n > 0) {
        a = ((uint64_t)p[0] << 16) | ((uint64_t)p[n >> 1] << 8) | p[n - 1];
    }
    return weir_fold(weir_fold(a ^ k1, b ^ h), k0);
}

#endif
