// The walk down the trie, and with it the other walks, compiled once for each kind of processor. Who includes this defines
//
//     WALK_NAME       the name of the walk
//     BLOCK           bytes in a block: 16 or 32
//     block_unequal(p, q)                          a bit for each byte that differs
//     block_equal(p, c)                            a bit for each byte that is c
//     block_matches(p, bytes, mask)                whether 32 bytes are equal where the mask has a bit for each
//     block_piece(p, bytes, mask)                  whether 64 bytes are equal where the mask has a bit for each
//     block_odd(p)                                 a bit for each byte that is a control, a backslash or ≥ 0x80
//     block_high(p)                                a bit for each byte ≥ 0x80
//     block_other(p)                               a bit for each byte that is no digit
//     index_lines(index, p, end, readable)         indexes the lines from p on, as far as the index has room

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(suffix) JOIN(WALK_NAME, suffix)

static inline int NAME(_is_piece)(const uint8_t *p, const uint8_t *piece, int32_t length) {
    while (length > BLOCK) {
        if (block_unequal(p, piece) != 0) { return 0; }
        p += BLOCK;
        piece += BLOCK;
        length -= BLOCK;
    }
    // The bits of the bytes behind the piece fall off at the left.
    return length == 0 || (block_unequal(p, piece) << (64 - length)) == 0;
}

/// The closing quote of the string whose content begins at `p`, or null for whoever knows more. Sets `*flag` for escapes.
static __attribute__((noinline)) const uint8_t *NAME(_string)(
    const uint8_t *p, const uint8_t *end, const uint8_t *readable, uint32_t *flag) {
    const uint8_t *const start = p;
    uint64_t any_high = 0;
    while (p < end && readable - p >= BLOCK) {
        const uint64_t high = block_high(p);
        const uint64_t stop = (block_odd(p) & ~high) | block_equal(p, '"');
        if (stop == 0) {
            any_high |= high;
            p += BLOCK;
            continue;
        }
        const int at = __builtin_ctzll(stop);
        any_high |= high & ((1ull << at) - 1);
        p += at;
        if (p >= end) { return 0; }
        if (*p == '"') {
            if (any_high != 0
                && weir_utf8_fault(start, (size_t)(p - start)) != (size_t)(p - start)) {
                return 0;
            }
            return p;
        }
        if (*p != '\\') { return 0; }
        *flag = 1;
        const int length = walk_escape(p, end);
        if (length == 0) { return 0; }
        p += length;
    }
    return 0;
}

/// The closing quote of the string whose content begins at `p`, or null. `*next` is the number of the first mark behind `p`,
/// and then that of the closing quote.
static inline const uint8_t *NAME(_marked_string)(
    const weir_index *index, const uint8_t *p, const uint8_t *end, const uint8_t *readable,
    int32_t *next, uint32_t *flag) {
    if (*next < index->count) {
        const uint8_t *close = index->start + index->marks[*next];
        if (*close == '"') { return close; }
        close = string_by_marks(index, p, end, next, flag);
        if (close != 0) { return close; }
        *flag = 0;
    }
    const uint8_t *const close = NAME(_string)(p, end, readable, flag);
    if (close != 0) { *next = mark_at(index, close); }
    return close;
}

/// The address behind the number or literal at `p`, or null.
static inline const uint8_t *NAME(_scalar)(const uint8_t *p, const uint8_t *end) {
    const uint8_t *q = p + (*p == '-');
    if ((uint8_t)(*q - '0') <= 9) {
        uint64_t other = block_other(q);
        if (other == 0) { return 0; }
        const int whole = __builtin_ctzll(other);
        if (*q == '0' && whole != 1) { return 0; }
        int length = whole;
        if (q[whole] == '.') {
            other &= other - 1;
            if (other == 0) { return 0; }
            length = __builtin_ctzll(other);
            if (length == whole + 1) { return 0; }
        }
        q += length;
        if ((*q | 0x20) == 'e') { return 0; }
        return q <= end ? q : 0;
    }
    if (end - p < 5) { return 0; }
    if (memcmp(p, "null", 4) == 0 || memcmp(p, "true", 4) == 0) { return p + 4; }
    return memcmp(p, "false", 5) == 0 ? p + 5 : 0;
}

/// The address behind the array at `p` when it holds nothing but strings, numbers and literals, with `gap`
/// spaces behind each comma and no other white space.
/// `*next` is the number of the first mark behind `p`, and then of the first behind the array.
static __attribute__((noinline)) const uint8_t *NAME(_array)(
    const weir_index *index, const uint8_t *p, const uint8_t *end, const uint8_t *readable,
    int32_t *next, int32_t gap) {
    p++;
    if (p < end && *p == ']') { return p + 1; }
    while (p < end && readable - p >= BLOCK + 1) {
        if (*p == '"') {
            uint32_t flag = 0;
            ++*next;
            p = NAME(_marked_string)(index, p + 1, end, readable, next, &flag);
            if (p == 0) { return 0; }
            ++*next;
            p++;
        } else {
            p = NAME(_scalar)(p, end);
            if (p == 0) { return 0; }
        }
        if (p >= end) { return 0; }
        if (*p == ']') { return p + 1; }
        if (*p != ',') { return 0; }
        p++;
        if (gap > 0 && *p++ != ' ') { return 0; }
    }
    return 0;
}

static int32_t WALK_NAME(weir_walk *walk) {
    const weir_node *const nodes = walk->nodes;
    const uint8_t *const pieces = walk->pieces;
    const uint8_t *const readable = walk->readable;
    const uint8_t *const end = walk->end;
    const uint8_t *const origin = walk->origin;
    weir_index *const index = walk->index;
    const uint8_t *p = walk->position;
    uint64_t *out = walk->out;
    int32_t node = walk->node;
    int32_t shape = -1;
    // The first mark of the index at or behind `p`.
    int32_t next;
    if (p < index->start || p >= index->end) {
    reindex:
        index_lines(index, p, end, readable);
        next = 0;
    } else {
        next = first_mark(index, p);
    }
    const uint8_t *const window = index->start;
    const int32_t count = index->count;
    for (;;) {
        int32_t child = nodes[node].firstChild;
        int32_t tries = walk->tries;
    siblings:
        if (child < 0 || tries == 0) { break; }
        const weir_node *const n = &nodes[child];
        const int32_t length = n->pieceLength;
        // Room for the piece's last block and the block behind it.
        if (readable - p < (ptrdiff_t)length + BLOCK) { break; }
        if (!NAME(_is_piece)(p, pieces + n->pieceStart, length)) {
            child = n->nextSibling;
            tries--;
            goto siblings;
        }
        const uint8_t *const q = p + length;
        const uint8_t *close;
        uint64_t flag = 0;
        int32_t mark = next + n->marks;
        if (n->rawKind == WEIR_WALK_STRING) {
            if (mark < count && (close = window + index->marks[mark], *close == '"')) {
            } else if (mark >= count && p != window && index->end != end) {
                goto reindex;
            } else {
                uint32_t escaped = 0;
                close = string_by_marks(index, q, end, &mark, &escaped);
                if (close == 0) {
                    // Perhaps it goes on behind the window.
                    escaped = 0;
                    close = NAME(_string)(q, end, readable, &escaped);
                    if (close == 0) { break; }
                    mark = mark_at(index, close);
                }
                flag = escaped;
            }
        } else if (n->rawKind == WEIR_WALK_TOKEN) {
            if (q >= end || readable - q < BLOCK + 1) { break; }
            if (*q == '[') {
                close = NAME(_array)(index, q, end, readable, &mark, 0);
                if (close == 0 && p != window && index->end != end) { goto reindex; }
            } else {
                close = NAME(_scalar)(q, end);
            }
            if (close == 0) {
                // A string or an object may stand here, which is another child's.
                if (*q != '"' && *q != '{') { break; }
                child = n->nextSibling;
                tries--;
                goto siblings;
            }
        } else if (n->rawKind == WEIR_WALK_END) {
            if (q == end || (walk->ends_at_newline && q < end && *q == '\n')) {
                if (n->shape < 0) { break; }
                shape = n->shape;
                p = q;
                node = child;
                // Behind the newline.
                next = mark + 1;
                break;
            }
            child = n->nextSibling;
            tries--;
            goto siblings;
        } else {
            break;
        }
        *out++ = (uint64_t)(uint32_t)(q - origin) | (uint64_t)(close - q) << 33 | flag << 32;
        p = close;
        node = child;
        next = mark;
    }
    index->next = next;
    walk->position = p;
    walk->node = node;
    walk->out = out;
    return shape;
}

#include "program_body.h"
#include "loose_body.h"
#include "lines_body.h"

#undef JOIN_
#undef JOIN
#undef NAME
#undef WALK_NAME
#undef BLOCK
#undef block_unequal
#undef block_equal
#undef block_odd
#undef block_matches
#undef block_piece
#undef block_high
#undef block_other
#undef index_lines
