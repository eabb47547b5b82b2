// The walks over lines of JSON in C, and what they work on; `ShapeTable` owns it all.
//
// The walk down the trie (`weir_walker`) takes one line whose shape is known. Worked example: the trie holds the pieces
// `{"a":"` (a string follows), `","n":` (a token follows) and `}` (the line ends). On the line {"a":"x","n":12} the walk
// compares the first piece, finds the quote behind `x`, compares the second, finds the end of the digits, compares the third,
// stands at the end, and has written two spans. It knows strings and simple tokens; whatever else it meets it leaves to its
// caller, at the node that it has come to.
//
// The walk over many lines (`weir_lines_walker`) has two faster ways: programs for the shapes that come most often, and the
// loose walk, which needs no shape at all. What neither takes goes down the trie, and what is not in the trie is left to the
// caller.
//
// None accepts what the strict scanner would not. All load blocks of up to 64 bytes, so they stop (and leave the rest to the
// caller) where fewer are readable.
#ifndef WEIR_WALK_KERNEL_H
#define WEIR_WALK_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// The bytes that the walk may load from an address: the largest block.
enum { WEIR_WALK_BLOCK = 64 };

/// What follows the piece of a node, as far as the walk is concerned.
enum { WEIR_WALK_STRING = 0, WEIR_WALK_TOKEN = 1, WEIR_WALK_END = 2 };

/// A node of the trie: 64 bytes, so that its address is a shift away. Numbers of nodes are −1 where there is none.
typedef struct weir_node {
    int32_t pieceStart, pieceLength;
    int32_t firstChild, nextSibling;
    int32_t parent, shape;
    /// The open object that a piece behind this node starts in.
    int32_t context;
    int32_t fieldCount;
    /// The root of the tree.
    int32_t root;
    /// The hash of the piece and what it belongs to.
    uint32_t hash;
    /// The bytes of the piece that are marks (`weir_index`).
    int32_t marks;
    uint8_t rawKind;
    _Bool isIndexed;
    /// How often a walk has ended here since the last program for it was made.
    uint8_t ends;
    /// Whether lines that end here may be parts of a longer one, which the walk over many lines leaves to its caller.
    _Bool mayBePart;
    /// How often a line that has ended here had marks in its values.
    uint8_t misfits;
    uint8_t padding[15];
} weir_node;

/// The blocks of 64 bytes that an index covers.
enum { WEIR_INDEX_BLOCKS = 32 };

/// Whether a byte is a mark: a quote, or what ends or interrupts a plain string.
static inline int weir_is_mark(uint8_t c) { return c == '"' || c == '\\' || (uint8_t)(c - 0x20) >= 0x60; }

/// Where the marks stand over a window of lines: found for 64 bytes at once, so that the end of a string is known before the
/// walk comes to it. The bytes of the window do not change while the index is in use.
typedef struct weir_index {
    /// The window; both null before the first.
    const uint8_t *_Nullable start;
    const uint8_t *_Nullable end;
    /// The number of marks, and of the first that the walk has not yet passed.
    int32_t count, next;
    /// The number of newlines, and of the first that `weir_lines_walker` has not yet passed.
    int32_t newline_count, newline;
    /// The numbers of the marks that are newlines.
    uint16_t newlines[WEIR_INDEX_BLOCKS * 64 + 1];
    /// For each block the number of marks before it.
    uint16_t before[WEIR_INDEX_BLOCKS];
    /// The marks, counted from `start`; vectors are written behind the last.
    uint16_t marks[WEIR_INDEX_BLOCKS * 64 + 64];
} weir_index;

/// One piece of a line, as a program compares it.
typedef struct weir_step {
    /// The first 32 bytes of the piece, and a bit for each of those that count.
    uint8_t bytes[32];
    uint32_t mask;
    /// The number of the first mark in the piece, counted from that of the line, and the distance from the piece's start to it.
    uint32_t mark, back;
    uint32_t length;
    /// What follows, as `weir_node.rawKind`.
    uint32_t kind;
    /// Where a piece of more than 32 bytes stands.
    int32_t pieceStart;
    int32_t padding[2];
} weir_step;

enum { WEIR_PROGRAM_STEPS = 64, WEIR_PROGRAMS = 16 };

/// A shape as a list of pieces whose places follow from the marks of a line alone: all are compared without waiting for one
/// another. Good for lines that have no marks in their values.
typedef struct weir_program {
    /// The node at the end of the shape.
    int32_t leaf;
    int32_t shape;
    /// The marks of a line, the newline not counted, and the pieces, of which the last has the newline behind it.
    int32_t marks, count;
    /// Whether some piece has more than 32 bytes.
    int32_t is_long;
    /// The line that was last of this shape, by `weir_programs.turn`.
    uint32_t latest;
    uint32_t padding[10];
    weir_step steps[WEIR_PROGRAM_STEPS];
} weir_program;

/// The programs of the shapes seen lately. Stands at a multiple of 64 bytes, so that no piece lies across two lines of the cache.
typedef struct weir_programs {
    int32_t count;
    /// The lines that programs have taken.
    uint32_t turn;
    /// Above zero while programs that should fit mostly do, and those tried on lines with marks in their strings.
    int32_t strict_credit, tolerant_credit;
    /// The number of the program that the latest line of so many marks had, by their remainder; and the same of lines that have
    /// more marks than their shape.
    uint8_t by_marks[64], tolerant_by_marks[64];
    /// A bit for each number of marks that some program has, by its remainder.
    uint64_t known_marks;
    uint8_t padding[40];
    weir_program programs[WEIR_PROGRAMS];
} weir_programs;

/// A line that has been walked: its offset and its bytes without the newline, its shape and its number of values.
typedef struct weir_line {
    uint32_t start, length, shape, values;
} weir_line;

/// Shapes from here on are those of loose lines: the number of the line's `weir_loose_line` above it.
enum { WEIR_LOOSE_SHAPE = 1 << 30 };

/// What `weir_name.flags` may say.
enum {
    /// Lines with this name are not for the loose walk.
    WEIR_NAME_DECLINED = 1 << 0,
    /// All four in one line are not either: what they mean together depends on the order of all names.
    WEIR_NAME_GO_TIME = 1 << 1,
    WEIR_NAME_GO_LEVEL = 1 << 2,
    WEIR_NAME_GO_MESSAGE = 1 << 3,
    WEIR_NAME_BARE_DURATION = 1 << 4,
    WEIR_NAME_GO_ALL = WEIR_NAME_GO_TIME | WEIR_NAME_GO_LEVEL | WEIR_NAME_GO_MESSAGE | WEIR_NAME_BARE_DURATION
};

/// A key in an object of a certain path, and whether it is of interest.
typedef struct weir_name {
    uint32_t hash;
    /// The number of the object's path, 0 for the line itself; −1 for an empty place of the table.
    int32_t context;
    uint32_t start, length;
    /// The number of the path of the object that may be the key's value; −1 when nothing in it is of interest.
    int32_t child;
    /// The number of the key's path, −1 when it is of no interest.
    int32_t number;
    uint32_t flags, padding;
} weir_name;

/// Every key of interest: open addressing by hash.
typedef struct weir_names {
    const weir_name *_Nonnull table;
    /// The bytes of all keys; 16 more are readable.
    const uint8_t *_Nonnull bytes;
    /// A bit for each hash of a key (with what stands for its context) that is in the table, by `weir_name_bit`.
    const uint8_t *_Nonnull filter;
    /// The places of the table less one; their number is a power of two.
    uint32_t mask;
} weir_names;

/// The bytes of `weir_names.filter`.
enum { WEIR_NAME_FILTER = 8192 };

/// The hash of a key of at most 255 bytes, of which 16 may be loaded however short it is.
static inline uint32_t weir_key_hash(const uint8_t *_Nonnull key, uint32_t length) {
    // No branch for most keys: their lengths differ, and a wrong guess costs more than both loads.
    static const uint8_t ones_and_zeros[32] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    const uint8_t *const mask = ones_and_zeros + 16 - (length < 16 ? length : 16);
    uint64_t a, b, mask_a, mask_b;
    memcpy(&a, key, 8);
    memcpy(&b, key + 8, 8);
    memcpy(&mask_a, mask, 8);
    memcpy(&mask_b, mask + 8, 8);
    uint64_t h = ((a & mask_a) ^ length) * 0x9E3779B97F4A7C15ull;
    h = (h ^ (h >> 32) ^ (b & mask_b)) * 0xD6E8FEB86659FD93ull;
    if (length > 16) {
        // Of long keys the beginning and the end.
        memcpy(&a, key + length - 8, 8);
        h = (h ^ (h >> 29) ^ a) * 0x9E3779B97F4A7C15ull;
    }
    return (uint32_t)(h >> 32);
}

/// The place at which the search for a key begins, before the mask.
static inline uint32_t weir_name_place(uint32_t hash, int32_t context) {
    return hash ^ (uint32_t)context * 0x85EBCA6Bu;
}

/// The bit of the filter for what `weir_name_place` gives.
static inline uint32_t weir_name_bit(uint32_t place) { return (place * 0x9E3779B1u) >> 16; }

/// Whether a name of which nothing is known may be that of a duration (`DurationKey`), or a path with dots: then somebody
/// who knows has to be asked.
int weir_may_be_of_interest(const uint8_t *_Nonnull name, uint32_t length);

/// A key that is among the names, as the loose walk has seen it: `"key":` and what is known of it.
typedef struct weir_key {
    /// The key with its quotes and its colon, up to 32 bytes, and a bit for each of those that count.
    uint8_t bytes[32];
    uint32_t mask;
    /// As in `weir_name`.
    int32_t context, child, number;
    uint32_t flags;
    /// Whether the place is taken.
    uint32_t is_kept;
    uint32_t padding[2];
} weir_key;

enum { WEIR_KEYS = 1024 };

/// A value of interest: its number among the values of its line, whether it is no string, and the number of its path.
typedef struct weir_found {
    uint16_t value, is_token;
    int32_t number;
} weir_found;

/// What stands between two values of an object, as the loose walk has seen it: `"},"key":"` and what is known of it. 128 bytes,
/// so that its address is a shift away.
typedef struct weir_joint {
    /// From the end of one value to the beginning of the next, and a bit for each byte that counts.
    uint8_t bytes[64];
    uint64_t mask;
    /// A number that no other joint has ever had; 0 where there is none.
    uint32_t number;
    /// The `weir_joint_state` before it when it closes no object, else 0.
    uint32_t state;
    /// The number of its bytes.
    uint32_t length;
    /// What begins behind it, a `WEIR_JOINT_…`, and the same if the name is of no interest.
    uint16_t behind, kind;
    /// The place of the joint that followed lately, and how often it did.
    uint16_t next, sureness;
    /// The braces that it closes, and the state before it in the object that its key is in.
    uint32_t closings, inner_state;
    /// As in `weir_name`, of the key.
    int32_t child, name;
    uint32_t flags, padding[4];
} weir_joint;

/// What begins behind a joint.
enum {
    /// A string, from its quote.
    WEIR_JOINT_STRING,
    /// An array that begins with a string; the piece holds bracket and quote.
    WEIR_JOINT_STRINGS,
    /// A number, a literal, an array, an empty object.
    WEIR_JOINT_OTHER,
    /// An object, from its brace.
    WEIR_JOINT_OBJECT,
    /// One of these whose name is of interest.
    WEIR_JOINT_FOUND
};

/// What ends before a joint: a string, another value, or nothing yet in the object.
enum { WEIR_BEHIND_STRING = 1, WEIR_BEHIND_OTHER, WEIR_BEHIND_BRACE };

/// What ends before a joint and the context that it stands in: not 0. Only the last two bits are what ends.
static inline uint32_t weir_joint_state(uint32_t before, int32_t context) {
    return (uint32_t)(context + 1) << 2 | before;
}

/// The places for joints, and what is above all of their numbers.
enum { WEIR_JOINTS = 1024, WEIR_JOINT_NUMBERS = 1 << 30 };

/// How often a joint must have been followed by the same one before that is looked for first. Fewer for who tests.
#ifndef WEIR_JOINT_SURE
#define WEIR_JOINT_SURE 64
#endif

/// The keys and joints seen lately, by their hash.
typedef struct weir_keys {
    /// The joints of lines without and with a space behind each colon and comma.
    _Alignas(64) weir_joint joints[2][WEIR_JOINTS];
    /// What stands for the joint before the first, and for one that is not known.
    weir_joint first[2], unknown;
    /// The numbers that joints were given.
    uint32_t count;
    /// Whom to replace among four.
    uint32_t turn;
    /// Above zero while most joints of a line are known.
    int32_t joint_credit;
    /// A key that is not kept.
    weir_key other;
    /// The hash of the key that is kept in each place, one of four that its hash allows.
    uint32_t kept[WEIR_KEYS];
    weir_key keys[WEIR_KEYS];
    /// The hashes of the joints that were last looked for.
    uint32_t latest_joints[2][WEIR_JOINTS];
} weir_keys;

/// What a walk knows before the first line; to be released by `free`.
weir_keys *_Nonnull weir_keys_make(void);

/// A line whose shape is not known, and what is of interest in it.
typedef struct weir_loose_line {
    uint32_t first_found, found_count;
    uint32_t found_hash;
    uint32_t start, length, values;
    /// The number of codes of its structure, and whether some joint is not known: then they say nothing.
    uint32_t codes, is_unknown;
    /// The hash of its structure.
    uint64_t structure;
} weir_loose_line;

/// How often a structure has been seen, and its shape.
///
/// A structure is a list of codes: the numbers of its joints.
typedef struct weir_structure {
    uint64_t hash;
    /// The node at the end of the shape, −1 while there is none.
    int32_t leaf;
    uint32_t shape, sightings;
    /// Where the codes stand when there is a shape.
    uint32_t first_code, codes;
} weir_structure;

/// The structures seen lately, by the low bits of their hash.
enum { WEIR_STRUCTURES = 8192 };

/// A walk: where it stands and where it writes.
typedef struct weir_walk {
    weir_node *_Nonnull nodes;
    /// The index; of no use where it does not cover the position.
    weir_index *_Nonnull index;
    /// All pieces; `WEIR_WALK_BLOCK` bytes behind the last are readable.
    const uint8_t *_Nonnull pieces;
    /// In: where the line begins. Out: behind the last value that was taken, or at the end of the line.
    const uint8_t *_Nonnull position;
    /// The end of the line or, when `ends_at_newline`, of all lines.
    const uint8_t *_Nonnull end;
    const uint8_t *_Nonnull readable;
    /// Spans count from here.
    const uint8_t *_Nonnull origin;
    /// Spans: offset in the low half, length × 2 + (1 if escaped) in the high half.
    uint64_t *_Nonnull out;
    uint64_t *_Nonnull out_end;
    int32_t node;
    /// The greatest number of children that are compared.
    int32_t tries;
    /// Whether the line ends at the next newline, too, and not only at `end`.
    int32_t ends_at_newline;
} weir_walk;

/// A walk over many lines, each of which ends at a newline.
typedef struct weir_lines {
    /// Stands at the root, at the first line. `out_end` leaves room for the values of one line more.
    weir_walk walk;
    weir_programs *_Nonnull programs;
    weir_line *_Nonnull out;
    weir_line *_Nonnull out_end;
    weir_names names;
    weir_structure *_Nonnull structures;
    /// The codes of those that have shapes.
    const uint32_t *_Nonnull known_codes;
    /// The codes of the latest line, `WEIR_LOOSE_CODES` of them.
    uint32_t *_Nonnull codes;
    /// A line is left to the caller, to become known, when its structure is seen for this time.
    uint32_t sightings;
    weir_keys *_Nonnull keys;
    /// Where loose lines go, and their findings; there is room for those of one line more behind each end.
    weir_loose_line *_Nonnull loose;
    weir_loose_line *_Nonnull loose_end;
    weir_found *_Nonnull found;
    weir_found *_Nonnull found_end;
    /// What their numbers count from.
    const weir_loose_line *_Nonnull loose_base;
    const weir_found *_Nonnull found_base;
    /// Lines that begin with these eight bytes, or are not longer than `length_min`, are left to the caller.
    uint64_t excluded;
    int64_t length_min;
    /// Out: whether the walk has stopped at a line that it leaves to the caller; whether that is to become known, by the hash of
    /// its structure and its number of codes.
    int32_t is_left, is_to_learn;
    uint64_t left_structure;
    uint32_t left_codes;
} weir_lines;

/// The values that a loose line may have; the objects in each other and the bytes of a key, so few that no path is too long
/// (`JSONLimits.pathBytesMax`); and the codes that may come of it.
enum {
    WEIR_LOOSE_VALUES_MAX = 256, WEIR_LOOSE_DEPTH_MAX = 7, WEIR_LOOSE_KEY_MAX = 120,
    WEIR_LOOSE_CODES = 4 * WEIR_LOOSE_VALUES_MAX
};

/// Walks from `node` as far as it goes: the shape at the end of the line, or −1 where the caller has to go on.
typedef int32_t (*weir_walker)(weir_walk *_Nonnull walk);

/// Walks line after line up to the first that has to be left to the caller, or to the end; `walk.position` stands before it.
typedef void (*weir_lines_walker)(weir_lines *_Nonnull lines);

/// The walks of one kind of processor; null where there is none.
typedef struct weir_walkers {
    weir_walker _Nullable line;
    weir_lines_walker _Nullable lines;
} weir_walkers;

/// The walks for this processor.
weir_walkers weir_walkers_best(void);

/// The walks that this processor can do, the plainest first. For tests.
weir_walkers weir_walkers_at(int32_t index);

/// The offset of the first byte that cannot belong to valid UTF-8, or `count`.
size_t weir_utf8_fault(const uint8_t *_Nonnull bytes, size_t count);

/// The minute that was read last: logs stay in one for long.
typedef struct weir_minute {
    /// The sixteen bytes `YYYY-MM-DDThh:mm`.
    uint8_t text[16];
    /// The minute's first nanosecond since 1970.
    int64_t start;
} weir_minute;

/// The number that eight digits make. Each byte is a digit's value, the first digit in the lowest byte.
static inline uint64_t weir_eight_digits(uint64_t values) {
    // Pairs, then fours, then all eight: each step adds ten, a hundred, ten thousand times the earlier half to the later.
    values = (values * 10 + (values >> 8)) & 0x00ff00ff00ff00ffu;
    values = (values * 100 + (values >> 16)) & 0x0000ffff0000ffffu;
    return (values * 10000 + (values >> 32)) & 0xffffffffu;
}

/// A decimal number without its point.
typedef struct weir_decimal {
    uint64_t mantissa;
    /// Digits behind the point, and whether there is a point.
    uint32_t fraction, has_point;
} weir_decimal;

/// Reads a decimal number of one to eight bytes, digits with or without one point behind the first of them; 0 when `text` is
/// anything else. Eight bytes of it may be loaded, however short it is. No branch depends on where the point stands or whether
/// there is one: durations come with and without.
static inline int weir_short_mantissa(
    const uint8_t *_Nonnull text, size_t count, weir_decimal *_Nonnull out) {
    if (count - 1 >= 8) { return 0; }
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu, zeros = 0x3030303030303030u;
    uint64_t bytes;
    memcpy(&bytes, text, 8);
    // The last byte goes to the highest place, and zeros before the first.
    bytes <<= 64 - 8 * count;
    // The high bit of the byte that is a point. Only the first counts: another one is no digit.
    const uint64_t other = bytes ^ 0x2e2e2e2e2e2e2e2eu;
    uint64_t point = ~(((other & low) + low) | other | low);
    point &= -point;
    // What stands before the point moves up over it.
    const uint64_t before = (point >> 7) - 1;
    const uint64_t closed = ((bytes & before) << 8) | (bytes & ~(point | (point - 1)));
    const size_t digits = count - (point != 0);
    const size_t fraction = point != 0 ? (size_t)__builtin_clzll(point) >> 3 : 0;
    const uint64_t moved = point != 0 ? closed : bytes;
    if (fraction + 1 > digits) { return 0; }
    const uint64_t values = (moved ^ zeros) & (~0ull << (64 - 8 * digits));
    if (((values | (values + 0x7676767676767676u)) & 0x8080808080808080u) != 0) { return 0; }
    out->mantissa = weir_eight_digits(values);
    out->fraction = (uint32_t)fraction;
    out->has_point = point != 0;
    return 1;
}

/// Reads what `weir_short_mantissa` reads, as a number.
static inline int weir_short_decimal(
    const uint8_t *_Nonnull text, size_t count, double *_Nonnull out) {
    static const double powers[8] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    weir_decimal number;
    if (!weir_short_mantissa(text, count, &number)) { return 0; }
    *out = (double)number.mantissa / powers[number.fraction];
    return 1;
}

/// As `weir_short_decimal`, of 9 to 16 bytes with a point and at most 15 digits: seconds with nanoseconds.
int weir_long_decimal(const uint8_t *_Nonnull text, size_t count, double *_Nonnull out);

/// As `weir_read_time`, for what is not the commonest of all, or not in the latest minute.
int weir_read_any_time(
    const uint8_t *_Nonnull text, size_t count, weir_minute *_Nonnull minute, int64_t *_Nonnull out);

/// Reads the end of a time, `:ss.mmmZ`, by far the commonest: the digits of eight bytes at once. 0 for anything else.
static inline int weir_read_seconds(const uint8_t *_Nonnull text, int64_t minute, int64_t *_Nonnull out) {
    uint64_t bytes;
    memcpy(&bytes, text, 8);
    const uint64_t values = (bytes ^ 0x0030303000303000u) & 0x00ffffff00ffff00u;
    // The sixth bit of a byte above `5` in the place of the tens, the seventh of one that is no digit, and what is no sign.
    const uint64_t beyond = (values + 0x0076767600767a00u) & 0x0080808000808000u;
    if (((bytes & 0xdf000000ff0000ffu) ^ 0x5a0000002e00003au) | beyond | (values & 0x0080808000808000u)) { return 0; }
    const uint64_t seconds = (values >> 8 & 15) * 10 + (values >> 16 & 15);
    const uint64_t milliseconds = (values >> 32 & 15) * 100 + (values >> 40 & 15) * 10 + (values >> 48 & 15);
    *out = minute + (int64_t)((seconds * 1000 + milliseconds) * 1000000);
    return 1;
}

/// Reads the commonest spellings of a time, `YYYY-MM-DDThh:mm:ss.fZ` (a space for the T, up to nine digits of fraction or
/// none, ` UTC` or nothing for the Z) and `ssssssssss.f` since 1970, as nanoseconds since 1970. 0 when `text` is anything else or looks wrong.
static inline int weir_read_time(
    const uint8_t *_Nonnull text, size_t count, weir_minute *_Nonnull minute, int64_t *_Nonnull out) {
    if (count == 24 && memcmp(text, minute->text, 16) == 0
        && weir_read_seconds(text + 16, minute->start, out)) {
        return 1;
    }
    return weir_read_any_time(text, count, minute, out);
}

#endif
