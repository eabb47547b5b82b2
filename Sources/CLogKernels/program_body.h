// Programs: shapes as lists of pieces whose places follow from a line's marks. A part of walk_body.h, compiled with it for each
// processor.

/// Whether what a piece of more than 32 bytes has behind them stands at `p` + 32.
static inline int NAME(_is_rest)(const weir_walk *walk, const weir_step *step, const uint8_t *p) {
    return step->length <= 32
        || (walk->readable - p >= (ptrdiff_t)step->length
            && memcmp(p + 32, walk->pieces + step->pieceStart + 32, (size_t)step->length - 32) == 0);
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
            // A value behind the next piece, where a long one before it has not yet been compared whole, is not to be loaded.
            if (close <= value) { return 0; }
            const uint32_t length = close - value;
            // Whole numbers are by far the most common.
            const uint64_t other = block_other(origin + value) << ((64 - length) & 63);
            if ((length > 15 || other != 0 || (length > 1 && origin[value] == '0'))
                && NAME(_scalar)(origin + value, walk->end) != origin + close) {
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
        give_credit(&programs->strict_credit, newline != 0, 64);
    }
    // Then those that would have so many marks if none stood inside of a string.
    if (newline == 0 && has_credit(&programs->tolerant_credit)) {
        for (int32_t place = 0; newline == 0 && place < tolerant_max && place < programs->count; place++) {
            program = &programs->programs[programs->order[place]];
            if (program->marks >= marks) { continue; }
            newline = NAME(_run_tolerant)(program, walk, *p, next, out);
        }
        give_credit(&programs->tolerant_credit, newline != 0, 64);
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
