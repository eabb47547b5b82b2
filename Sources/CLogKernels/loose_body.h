// The loose walk, for lines of a shape that is not known: a part of walk_body.h, compiled with it for each processor.
//
// It reads a line's structure from its marks by a strict subset of JSON: keys without escapes and beyond ASCII, no white space
// but one space behind each colon and comma (or none anywhere). What it does not take is left to the other walks. The keys
// of the lines before are kept, with what is known of them.

/// Mixes a code into the hash of a structure.
static inline uint64_t NAME(_mix)(uint64_t hash, uint64_t code) {
    return (hash + code) * 0x9E3779B97F4A7C15ull;
}

/// As `weir_may_be_of_interest`, quickly for most names.
static inline int NAME(_may_be_of_interest)(const uint8_t *name, uint32_t length) {
    const int has_dot =
        length > BLOCK || (length > 0 && (block_equal(name, '.') << (64 - length)) != 0);
    return (has_dot | (int)(interesting_pairs[name[0] & 31] >> (name[1] & 31) & 1))
        && weir_may_be_of_interest(name, length);
}

/// What is known of the key at `p` in `context`: null when nothing is.
static inline const weir_name *NAME(_name)(
    const weir_names *names, const uint8_t *p, uint32_t length, uint32_t hash, int32_t context) {
    const uint32_t start = weir_name_place(hash, context);
    const uint32_t bit = weir_name_bit(start);
    if ((names->filter[bit >> 3] >> (bit & 7) & 1) == 0) { return 0; }
    for (uint32_t place = start & names->mask;; place = (place + 1) & names->mask) {
        const weir_name *const name = &names->table[place];
        if (name->context < 0) { return 0; }
        if (name->hash == hash && name->context == context && name->length == length
            && memcmp(names->bytes + name->start, p, length) == 0) {
            return name;
        }
    }
}

/// Looks up the key at `q`, `length` bytes between its quotes, which is not kept in its place: a key that counts until the
/// next call, or null when the line is not for the loose walk.
static __attribute__((noinline)) const weir_key *NAME(_find_key)(
    const weir_lines *lines, const uint8_t *q, uint32_t length, uint32_t hash, int32_t context) {
    if (*q != '"' || length > WEIR_LOOSE_KEY_MAX || q[length + 1] != '"' || q[length + 2] != ':') {
        return 0;
    }
    weir_keys *const keys = lines->keys;
    int32_t number = -1, child = -1;
    uint32_t flags = 0;
    if (context >= 0) {
        const weir_name *const known = NAME(_name)(&lines->names, q + 1, length, hash, context);
        if (known != 0) {
            number = known->number;
            child = known->child;
            flags = known->flags;
        } else if (context != 0 || NAME(_may_be_of_interest)(q + 1, length)) {
            return 0;
        }
    }
    // Kept when it is seen for the second time: keys that never come again are not worth the place.
    weir_key *key = &keys->other;
    weir_key *const place = &keys->keys[weir_name_place(hash, context) & (WEIR_KEYS - 1)];
    if (length <= 29 && place->latest == hash) {
        key = place;
        for (uint32_t i = 0; i < 32; i++) {
            key->bytes[i] = i < length + 3 ? q[i] : 0;
            key->mask[i] = i < length + 3 ? 0xff : 0;
        }
        if (keys->count < WEIR_KEY_NUMBERS) {
            key->key_number = ++keys->count;
        } else {
            key = &keys->other;
        }
    }
    if (key == &keys->other) { flags |= WEIR_KEY_UNKNOWN; }
    place->latest = hash;
    key->context = context;
    key->number = number;
    key->child = child;
    key->flags = flags;
    return key;
}

/// Walks the line at `p`, whose first mark is number `*next`: the address of its newline, or null. Writes its values to `out`
/// and its findings to where `lines` says, as `*line`, and its structure to `lines->codes`; all count only when the caller
/// counts them. `gap` is 1 when one space stands behind each colon and comma, 0 when none does.
static inline __attribute__((always_inline)) const uint8_t *NAME(_loose)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line,
    const int gap) {
    const weir_walk *const walk = &lines->walk;
    const weir_index *const index = walk->index;
    // Marks are offsets from the window, and values from the origin.
    const uint8_t *const window = index->start;
    const uint64_t window_offset = (uint64_t)(window - walk->origin);
    const weir_key *const keys = lines->keys->keys;
    const uint16_t *mark = index->marks + *next;
    // The mark at the end of the line.
    const uint16_t *const newline = index->marks + index->newlines[index->newline];
    weir_found *found = lines->found;
    uint64_t *const values = out;
    uint32_t *code = lines->codes;
    int32_t contexts[WEIR_LOOSE_DEPTH_MAX + 1];
    int32_t depth = 0, context = 0;
    uint32_t flags = 0, found_hash = 1;
    uint64_t hash = 1;
    const uint8_t *q = p + 1;
    // Each key has two quotes.
    if (newline - mark > 2 * WEIR_LOOSE_VALUES_MAX) { return 0; }
    for (;;) {
        if (mark + 1 >= newline || window + mark[0] != q) { return 0; }
        const uint32_t length = (uint32_t)(window + mark[1] - q) - 1;
        const uint32_t key_hash = weir_key_hash(q + 1, length);
        const weir_key *key = &keys[weir_name_place(key_hash, context) & (WEIR_KEYS - 1)];
        // With its quotes and its colon.
        if ((key->context != context) | !block_matches(q, key->bytes, key->mask)) {
            key = NAME(_find_key)(lines, q, length, key_hash, context);
            if (key == 0) { return 0; }
        }
        mark += 2;
        const uint8_t *value = q + length + 3 + gap;
        if (gap && value[-1] != ' ') { return 0; }
        flags |= key->flags;
        const uint32_t key_number = key->key_number;
        const uint8_t *close;
        uint64_t flag = 0;
        uint32_t is_token = 0;
        const uint8_t c = *value;
        if (c == '"') {
            value++;
            mark++;
            close = window + *mark;
            if (*close != '"') {
                uint32_t escaped = 0;
                int32_t at = (int32_t)(mark - index->marks);
                close = string_by_marks(index, value, walk->end, &at, &escaped);
                if (close == 0) { return 0; }
                mark = index->marks + at;
                flag = escaped;
            }
            mark++;
            q = close + 1;
        } else if (c == '{') {
            if (value[1] != '}') {
                if (depth == WEIR_LOOSE_DEPTH_MAX) { return 0; }
                contexts[depth++] = context;
                context = key->child;
                *code = key_number << 2 | 2;
                hash = NAME(_mix)(hash, *code++);
                q = value + 1;
                continue;
            }
            is_token = 1;
            q = close = value + 2;
        } else {
            is_token = 1;
            if (c == '[') {
                // Most often one string: the first mark behind the bracket, and the next before its fellow.
                const uint8_t *const quote = window + mark[1];
                if (value[1] == '"' && mark < newline && *quote == '"' && quote[1] == ']') {
                    close = quote + 2;
                    mark += 2;
                } else {
                    int32_t at = (int32_t)(mark - index->marks);
                    close = NAME(_array)(index, value, walk->end, walk->readable, &at, gap);
                    mark = index->marks + at;
                }
            } else {
                close = NAME(_scalar)(value, walk->end);
            }
            if (close == 0) { return 0; }
            q = close;
        }
        *out++ = (uint64_t)(value - window) + window_offset + ((uint64_t)(close - value) << 33) + (flag << 32);
        *code = key_number << 2 | is_token;
        hash = NAME(_mix)(hash, *code++);
        // Written in any case, and kept if it is of interest.
        const int is_found = key->number >= 0;
        *found = (weir_found){(uint16_t)(out - 1 - values), (uint16_t)is_token, key->number};
        found += is_found;
        const uint32_t found_next = (found_hash + ((uint32_t)key->number << 1 | is_token)) * 0x85EBCA6Bu;
        found_hash = is_found ? found_next : found_hash;
        while (*q == '}') {
            q++;
            if (depth == 0) { goto done; }
            context = contexts[--depth];
            *code++ = 3;
            hash += 0x9E3779B97F4A7C15ull;
        }
        if (*q != ',') { return 0; }
        q++;
        if (gap && *q++ != ' ') { return 0; }
    }
done:
    if (mark != newline || window + *mark != q) { return 0; }
    if ((flags & WEIR_NAME_DECLINED) != 0 || (flags & WEIR_NAME_GO_ALL) == WEIR_NAME_GO_ALL) { return 0; }
    *code++ = (uint32_t)gap;
    *line = (weir_loose_line){
        (uint32_t)(lines->found - lines->found_base), (uint32_t)(found - lines->found), found_hash ^ found_hash >> 15,
        (uint32_t)(p - walk->origin), (uint32_t)(q - p), (uint32_t)(out - values),
        (uint32_t)(code - lines->codes), (flags & WEIR_KEY_UNKNOWN) != 0,
        hash ^ (hash >> 32) ^ (uint64_t)gap << 48};
    *next = (int32_t)(mark - index->marks) + 1;
    return q;
}

static __attribute__((noinline)) const uint8_t *NAME(_loose_tight)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line) {
    return NAME(_loose)(lines, p, next, out, line, 0);
}

static __attribute__((noinline)) const uint8_t *NAME(_loose_spaced)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line) {
    return NAME(_loose)(lines, p, next, out, line, 1);
}

/// The loose walk over the line at `p`, which the window must hold whole.
static const uint8_t *NAME(_loose_line)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line) {
    weir_index *const index = lines->walk.index;
    sync_newline(index, *next);
    if (*p != '{' || index->newline == index->newline_count
        || *next + 2 >= index->newlines[index->newline]) {
        return 0;
    }
    // The line's first colon says how all are written.
    return index->start[index->marks[*next + 1] + 2] == ' '
        ? NAME(_loose_spaced)(lines, p, next, out, line) : NAME(_loose_tight)(lines, p, next, out, line);
}
