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

/// Looks for the program of the line at `p`, which has `marks` marks, among all but the usual one: null when there is none.
/// `*newline` and `*next` move behind the line's last byte.
static __attribute__((noinline)) weir_program *NAME(_search)(
    weir_programs *programs, const weir_walk *walk, const uint8_t *p, int32_t marks, const uint8_t **newline,
    int32_t *next, uint64_t *out) {
    weir_program *const all = programs->programs;
    uint8_t *const usual = &programs->by_marks[marks & 63];
    if ((programs->known_marks >> (marks & 63) & 1) != 0 && has_credit(&programs->strict_credit)) {
        for (int32_t place = 0; place < programs->count; place++) {
            if (all[place].marks != marks || place == *usual) { continue; }
            *newline = NAME(_run_strict)(&all[place], walk, p, next, out);
            if (*newline != 0) {
                *usual = (uint8_t)place;
                return &all[place];
            }
        }
        give_credit(&programs->strict_credit, 0, 64);
    }
    // Then those that would have so many marks if none stood inside of a string, the latest first.
    if (!has_credit(&programs->tolerant_credit)) { return 0; }
    uint8_t *const tolerant = &programs->tolerant_by_marks[marks & 63];
    int32_t tries = 0;
    for (int32_t i = -1; tries < tolerant_max && i < programs->count; i++) {
        const int32_t place = i < 0 ? *tolerant : i;
        if (all[place].marks >= marks || i == *tolerant) { continue; }
        *newline = NAME(_run_tolerant)(&all[place], walk, p, next, out);
        if (*newline != 0) {
            *tolerant = (uint8_t)place;
            give_credit(&programs->tolerant_credit, 1, 64);
            return &all[place];
        }
        tries++;
    }
    give_credit(&programs->tolerant_credit, 0, 64);
    return 0;
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
    weir_program *program = &programs->programs[programs->by_marks[marks & 63]];
    const uint8_t *newline = 0;
    if (program->marks == marks && has_credit(&programs->strict_credit)) {
        newline = NAME(_run_strict)(program, walk, *p, next, out);
    }
    if (newline != 0) {
        give_credit(&programs->strict_credit, 1, 64);
    } else {
        program = NAME(_search)(programs, walk, *p, marks, &newline, next, out);
        if (program == 0) { return 0; }
    }
    program->latest = ++programs->turn;
    *p = newline;
    return program;
}
