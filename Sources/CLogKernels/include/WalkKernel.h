// The walk of a line down the trie of its shape (`ShapeTable`), for the lines that are seen again and again.
//
// Worked example: the trie holds the pieces `{"a":"` (a string follows), `","n":` (a token follows) and `}` (the line
// ends). On the line {"a":"x","n":12} the walk compares the first piece, finds the quote behind `x`, compares the second,
// finds the end of the digits, compares the third, stands at the end, and has written two spans.
//
// The walk knows strings and simple tokens; whatever else it meets it leaves to its caller, at the node that it has come
// to. It never accepts what the strict scanner would not. It loads whole blocks of up to 64 bytes, so it stops (and leaves
// the rest to the caller) where fewer are readable.
#ifndef WEIR_WALK_KERNEL_H
#define WEIR_WALK_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/// The bytes that the walk may load from an address: the largest block.
enum { WEIR_WALK_BLOCK = 64 };

/// What follows the piece of a node, as far as the walk is concerned.
enum { WEIR_WALK_STRING = 0, WEIR_WALK_TOKEN = 1, WEIR_WALK_END = 2 };

/// A node of the trie. Numbers of nodes are −1 where there is none.
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
    uint8_t rawKind;
    _Bool isIndexed;
} weir_node;

/// A walk: where it stands and where it writes.
typedef struct weir_walk {
    const weir_node *_Nonnull nodes;
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

/// Walks from `node` as far as it goes: the shape at the end of the line, or −1 where the caller has to go on.
typedef int32_t (*weir_walker)(weir_walk *_Nonnull walk);

/// The walk for this processor.
weir_walker _Nonnull weir_walker_best(void);

/// The walks that this processor can do, the plainest first; null behind the last. For tests.
weir_walker _Nullable weir_walker_at(int32_t index);

/// The offset of the first byte that cannot belong to valid UTF-8, or `count`.
size_t weir_utf8_fault(const uint8_t *_Nonnull bytes, size_t count);

/// The day that was read last: logs stay on one for long.
typedef struct weir_day {
    /// The ten bytes `YYYY-MM-DD`.
    uint8_t date[16];
    /// The day's first nanosecond since 1970.
    int64_t start;
} weir_day;

/// Reads the commonest spelling of a time, `YYYY-MM-DDThh:mm:ss.fZ` (a space for the T, up to nine digits of fraction or
/// none, ` UTC` or nothing for the Z), as nanoseconds since 1970. 0 when `text` is anything else or looks wrong.
int weir_read_time(
    const uint8_t *_Nonnull text, size_t count, weir_day *_Nonnull day, int64_t *_Nonnull out);

#endif
