// The walk itself, compiled once for each width of block. Who includes this defines
//
//     WALK_NAME       the name of the walk
//     BLOCK           bytes in a block: 16 or 32 
//     block_unequal(p, q)                          a bit for each byte that differs
//     block_equal(p, c)                            a bit for each byte that is c
//     block_matches(p, bytes, mask)                whether 32 bytes are equal where the mask has ones
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

/// Whether what a piece of more than 32 bytes has behind them stands at `p` + 32.
static inline int NAME(_is_rest)(const weir_walk *walk, const weir_step *step, const uint8_t *p) {
    return step->length <= 32
        || memcmp(p + 32, walk->pieces + step->pieceStart + 32, (size_t)step->length - 32) == 0;
}

/// Runs one program on the line at `p`: the address behind the line's last byte, or null. `*first` is the number of the mark
/// that is the first of the line, and then of the first behind the line. Where marks stand inside of strings, only a
/// tolerant run finds the way.
static inline __attribute__((always_inline)) const uint8_t *NAME(_run)(
    const weir_program *program, const weir_walk *walk, const uint8_t *p, int32_t *first,
    uint64_t *out, const int is_tolerant) {
    const weir_index *const index = walk->index;
    // Offsets from here, as spans have them.
    const uint8_t *const origin = walk->origin;
    const uint32_t window = (uint32_t)(index->start - origin);
    const uint16_t *marks = index->marks + *first;
    const weir_step *step = program->steps;
    const weir_step *const last = step + program->count - 1;
    if (!block_matches(p, step->bytes, step->mask)) { return 0; }
    uint32_t value = (uint32_t)(p - origin);
    for (;;) {
        if (is_tolerant && !NAME(_is_rest)(walk, step, origin + value)) { return 0; }
        value += step->length;
        if (step == last) { break; }
        const uint32_t kind = step->kind;
        step++;
        // May stand before the value, though not before the buffer: then the piece does not match, or the token is empty.
        uint32_t close = window + marks[step->mark] - step->back;
        if (!block_matches(origin + close, step->bytes, step->mask)) {
            if (!is_tolerant || kind != WEIR_WALK_STRING || origin[close] == '"') { return 0; }
            // Marks inside of the value come before those of the piece.
            uint32_t escaped = 0;
            int32_t mark = (int32_t)(marks - index->marks) + (int32_t)step->mark;
            const uint8_t *const quote =
                string_by_marks(index, origin + value, walk->end, &mark, &escaped);
            if (quote == 0 || !block_matches(quote, step->bytes, step->mask)) { return 0; }
            marks = index->marks + mark - step->mark;
            if (marks - index->marks + program->marks >= index->count) { return 0; }
            close = (uint32_t)(quote - origin);
            *out++ = ((uint64_t)(close - value) << 33) + value + ((uint64_t)escaped << 32);
            value = close;
            continue;
        }
        if (kind == WEIR_WALK_TOKEN) {
            const uint32_t length = close - value;
            // Whole numbers are by far the most common; an empty one is of more than 15 bytes.
            const uint64_t other = block_other(origin + value) << ((64 - length) & 63);
            if ((length - 1 > 14 || other != 0 || (length > 1 && origin[value] == '0'))
                && ((int32_t)length <= 0
                    || NAME(_scalar)(origin + value, walk->end) != origin + close)) {
                return 0;
            }
        }
        *out++ = ((uint64_t)(close - value) << 33) + value;
        value = close;
    }
    if (!is_tolerant && program->is_long) {
        for (step = program->steps; step <= last; step++) {
            const uint32_t piece = step == program->steps
                ? (uint32_t)(p - origin) : window + marks[step->mark] - step->back;
            if (!NAME(_is_rest)(walk, step, origin + piece)) { return 0; }
        }
    }
    *first = (int32_t)(marks - index->marks) + program->marks + 1;
    return origin + value;
}

static __attribute__((noinline)) const uint8_t *NAME(_run_strict)(
    const weir_program *program, const weir_walk *walk, const uint8_t *p, int32_t *first,
    uint64_t *out) {
    return NAME(_run)(program, walk, p, first, out, 0);
}

static __attribute__((noinline)) const uint8_t *NAME(_run_tolerant)(
    const weir_program *program, const weir_walk *walk, const uint8_t *p, int32_t *first,
    uint64_t *out) {
    return NAME(_run)(program, walk, p, first, out, 1);
}

/// Finds the program that the line at `*p` keeps to, or null; `*p` and `*next` move behind its last byte.
static inline const weir_program *NAME(_choose)(
    weir_programs *programs, const weir_walk *walk, const uint8_t **p, int32_t *next,
    uint64_t *out) {
    weir_index *const index = walk->index;
    sync_newline(index, *next);
    if (index->newline == index->newline_count || programs->count == 0) { return 0; }
    // Most shapes have a number of marks of their own.
    const int32_t marks = index->newlines[index->newline] - *next;
    uint8_t *const usual = &programs->by_marks[marks & 63];
    weir_program *program = &programs->programs[*usual];
    const uint8_t *newline = 0;
    if (program->marks == marks && has_credit(&programs->strict_credit)) {
        newline = NAME(_run_strict)(program, walk, *p, next, out);
        for (int32_t place = 0; newline == 0 && place < programs->count; place++) {
            program = &programs->programs[programs->order[place]];
            if (program->marks != marks || programs->order[place] == *usual) { continue; }
            newline = NAME(_run_strict)(program, walk, *p, next, out);
            if (newline != 0) { *usual = programs->order[place]; }
        }
        give_credit(&programs->strict_credit, newline != 0);
    }
    // Then those that would have so many marks if none stood inside of a string.
    if (newline == 0 && has_credit(&programs->tolerant_credit)) {
        for (int32_t place = 0; newline == 0 && place < tolerant_max && place < programs->count; place++) {
            program = &programs->programs[programs->order[place]];
            if (program->marks >= marks) { continue; }
            newline = NAME(_run_tolerant)(program, walk, *p, next, out);
        }
        give_credit(&programs->tolerant_credit, newline != 0);
    }
    if (newline == 0) { return 0; }
    // Who is of use climbs.
    const uint8_t place = program->place;
    if (place > 0) {
        const uint8_t other = programs->order[place - 1];
        programs->order[place] = other;
        programs->programs[other].place = place;
        programs->order[place - 1] = (uint8_t)(program - programs->programs);
        program->place = place - 1;
    }
    *p = newline;
    return program;
}

#include "loose_body.h"

static void NAME(_lines)(weir_lines *lines) {
    weir_walk *const walk = &lines->walk;
    weir_index *const index = walk->index;
    weir_programs *const programs = lines->programs;
    const uint8_t *const end = walk->end;
    const uint8_t *const readable = walk->readable;
    const uint8_t *p = walk->position;
    const int32_t root = walk->node;
    uint64_t *out = walk->out;
    weir_line *line = lines->out;
    int32_t next = 0;
    lines->is_left = 1;
    lines->is_to_learn = 0;
    if (p >= index->start && p < index->end) { next = first_mark(index, p); }
    for (;;) {
        if (p >= end || line == lines->out_end || out >= walk->out_end
            || lines->loose == lines->loose_end || lines->found >= lines->found_end) {
            lines->is_left = 0;
            break;
        }
        if (p < index->start || p >= index->end) {
        reindex:
            index_lines(index, p, end, readable);
            next = 0;
        }
        if (readable - p < 64 || weir_first_bytes(p) == lines->excluded) { break; }
        const uint8_t *newline = p;
        const weir_program *program = 0;
        // A piece may be compared up to 64 bytes before the line or behind the window.
        if (readable - index->end >= 64 && p - walk->origin >= 64) {
            program = NAME(_choose)(programs, walk, &newline, &next, out);
        }
        if (program != 0) {
            line->shape = (uint32_t)program->shape;
            line->values = (uint32_t)(program->count - 1);
            out += program->count - 1;
        } else {
            // The line may go on behind the window.
            if (p != index->start && index->end != end
                && (index->newline_count == 0
                    || index->newlines[index->newline_count - 1] < next)) {
                goto reindex;
            }
            const int32_t first = next;
            weir_loose_line loose;
            newline = 0;
            if (readable - index->end >= 64 && p - walk->origin >= 64) {
                newline = NAME(_loose_line)(lines, p, &next, out, &loose);
            }
            if (newline != 0 && newline - p <= lines->length_min) { break; }
            if (newline != 0) {
                weir_structure *const seen =
                    &lines->structures[loose.structure >> 32 & (WEIR_STRUCTURES - 1)];
                if (!loose.is_unknown && seen->hash != loose.structure) {
                    *seen = (weir_structure){loose.structure, -1, 0, 0, 0};
                }
                line->values = loose.values;
                if (!loose.is_unknown && seen->leaf >= 0 && seen->codes == loose.codes
                    && memcmp(lines->known_codes + seen->first_code, lines->codes, 4 * loose.codes) == 0) {
                    line->shape = (uint32_t)walk->nodes[seen->leaf].shape;
                    if (walk->nodes[seen->leaf].ends < program_ends_min) {
                        walk->node = seen->leaf;
                        make_program(walk, programs, next - 1 - first);
                    }
                } else if (loose.is_unknown ? lines->sightings <= 1
                    : seen->leaf < 0 && ++seen->sightings >= lines->sightings) {
                    lines->is_to_learn = !loose.is_unknown;
                    lines->left_structure = loose.structure;
                    lines->left_codes = loose.codes;
                    next = first;
                    break;
                } else {
                    line->shape = WEIR_LOOSE_SHAPE + (uint32_t)(lines->loose - lines->loose_base);
                    *lines->loose++ = loose;
                    lines->found += loose.found_count;
                }
                out += loose.values;
            } else {
                walk->position = p;
                walk->node = root;
                walk->out = out;
                index->next = next;
                const int32_t shape = WALK_NAME(walk);
                if (shape < 0 || walk->nodes[walk->node].mayBePart) { break; }
                line->shape = (uint32_t)shape;
                line->values = (uint32_t)(walk->out - out);
                out = walk->out;
                next = index->next;
                newline = walk->position;
                make_program(walk, programs, next - 1 - first);
            }
        }
        if (newline - p <= lines->length_min) {
            out -= line->values;
            break;
        }
        line->start = (uint32_t)(p - walk->origin);
        line->length = (uint32_t)(newline - p);
        line++;
        p = newline < end ? newline + 1 : end;
    }
    lines->out = line;
    walk->position = p;
    walk->node = root;
    walk->out = out;
    index->next = next;
}

#undef JOIN_
#undef JOIN
#undef NAME
#undef WALK_NAME
#undef BLOCK
#undef block_unequal
#undef block_equal
#undef block_odd
#undef block_matches
#undef block_high
#undef block_other
#undef index_lines
