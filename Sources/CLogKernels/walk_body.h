// The walk itself, compiled once for each width of block. Who includes this defines
//
//     WALK_NAME       the name of the walk
//     BLOCK           bytes in a block: 16 or 32 (64 would do, too)
//     block_unequal(p, q)                          a bit for each byte that differs
//     block_string(p, &stop, &quote, &high)        bits: ends or interrupts a string; is a quote; is ≥ 0x80
//     block_other(p)                               a bit for each byte that is no digit

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
        uint64_t stop, quote, high;
        block_string(p, &stop, &quote, &high);
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

/// The address behind the array at `p` when it holds nothing but strings, numbers and literals, without white space.
static __attribute__((noinline)) const uint8_t *NAME(_array)(
    const uint8_t *p, const uint8_t *end, const uint8_t *readable) {
    p++;
    if (p < end && *p == ']') { return p + 1; }
    while (p < end && readable - p >= BLOCK + 1) {
        if (*p == '"') {
            uint32_t flag = 0;
            p = NAME(_string)(p + 1, end, readable, &flag);
            if (p == 0) { return 0; }
            p++;
        } else {
            p = NAME(_scalar)(p, end);
            if (p == 0) { return 0; }
        }
        if (p >= end) { return 0; }
        if (*p == ']') { return p + 1; }
        if (*p != ',') { return 0; }
        p++;
    }
    return 0;
}

static int32_t WALK_NAME(weir_walk *walk) {
    const weir_node *const nodes = walk->nodes;
    const uint8_t *const pieces = walk->pieces;
    const uint8_t *const end = walk->end;
    const uint8_t *const readable = walk->readable;
    const uint8_t *p = walk->position;
    uint64_t *out = walk->out;
    int32_t node = walk->node;
    int32_t shape = -1;
    for (;;) {
        int32_t child = nodes[node].firstChild;
        int32_t tries = walk->tries;
    siblings:
        if (child < 0 || tries-- == 0) { break; }
        const weir_node *const n = &nodes[child];
        const int32_t length = n->pieceLength;
        // Room for the piece's last block and the block behind it.
        if (out == walk->out_end || readable - p < (ptrdiff_t)length + BLOCK) { break; }
        if (!NAME(_is_piece)(p, pieces + n->pieceStart, length)) {
            child = n->nextSibling;
            goto siblings;
        }
        const uint8_t *const q = p + length;
        const uint8_t *close;
        uint32_t flag = 0;
        if (n->rawKind == WEIR_WALK_STRING) {
            uint64_t stop, quote, high;
            block_string(q, &stop, &quote, &high);
            const uint64_t lowest = stop & -stop;
            if ((lowest & quote) != 0 && (high & (lowest - 1)) == 0) {
                close = q + __builtin_ctzll(lowest);
            } else {
                close = NAME(_string)(q, end, readable, &flag);
                if (close == 0) { break; }
            }
            if (close >= end) { break; }
        } else if (n->rawKind == WEIR_WALK_TOKEN) {
            if (q >= end || readable - q < BLOCK + 1) { break; }
            close = *q == '[' ? NAME(_array)(q, end, readable) : NAME(_scalar)(q, end);
            if (close == 0) {
                // A string or an object may stand here, which is another child's.
                if (*q != '"' && *q != '{') { break; }
                child = n->nextSibling;
                goto siblings;
            }
        } else if (n->rawKind == WEIR_WALK_END) {
            if (q == end || (walk->ends_at_newline && q < end && *q == '\n')) {
                if (n->shape < 0) { break; }
                shape = n->shape;
                p = q;
                node = child;
                break;
            }
            child = n->nextSibling;
            goto siblings;
        } else {
            break;
        }
        *out++ = (uint64_t)(q - walk->origin) & 0xffffffffu
            | ((uint64_t)(close - q) << 1 | flag) << 32;
        p = close;
        node = child;
    }
    walk->position = p;
    walk->node = node;
    walk->out = out;
    return shape;
}

#undef JOIN_
#undef JOIN
#undef NAME
#undef WALK_NAME
#undef BLOCK
#undef block_unequal
#undef block_string
#undef block_other
