// The loose walk, for lines of a shape that is not known: a part of walk_body.h, compiled with it for each processor.
//
// It reads a line's structure from its marks by a strict subset of JSON: keys without escapes and beyond ASCII, no white space
// but one space behind each colon and comma (or none anywhere). What it does not take is left to the other walks. The keys
// of the lines before are kept, with what is known of them.

/// Mixes a field or a bracket into the hash of a structure.
static inline uint64_t NAME(_mix)(uint64_t hash, uint64_t field) {
    hash = (hash ^ field) * 0x9E3779B97F4A7C15ull;
    return hash ^ (hash >> 29);
}

/// As `weir_may_be_of_interest`, quickly for most names.
static inline int NAME(_may_be_of_interest)(const uint8_t *name, uint32_t length) {
    // One bit for each first letter of the words, and separators.
    const uint32_t letters = 1u << ('d' & 31) | 1u << ('l' & 31) | 1u << ('e' & 31) | 1u << ('t' & 31)
        | 1u << ('r' & 31) | 1u << ('p' & 31) | 1u << ('c' & 31) | 1u << ('h' & 31)
        | 1u << ('o' & 31) | 1u << ('s' & 31) | 1u << ('_' & 31) | 1u << ('-' & 31);
    const int has_dot =
        length > BLOCK || (length > 0 && (block_equal(name, '.') << (64 - length)) != 0);
    return (has_dot | (int)(letters >> (name[0] & 31) & 1)) && weir_may_be_of_interest(name, length);
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
    }
    place->latest = hash;
    key->context = context;
    key->number = number;
    key->child = child;
    key->flags = flags;
    return key;
}

/// Walks the line at `p`, whose first mark is number `*next`: the address of its newline, or null. Writes its values to `out`
/// and its findings to where `lines` says, as `*line`, all of which count only when the caller counts them.
static __attribute__((noinline)) const uint8_t *NAME(_loose)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line,
    uint64_t *structure) {
    const weir_walk *const walk = &lines->walk;
    const weir_index *const index = walk->index;
    const uint8_t *const window = index->start;
    const uint8_t *const origin = walk->origin;
    const uint16_t *const marks = index->marks;
    const int32_t count = index->count;
    weir_found *found = lines->found;
    uint64_t *const values = out;
    uint64_t *const values_end = out + WEIR_LOOSE_VALUES_MAX;
    int32_t contexts[WEIR_LOOSE_DEPTH_MAX + 1];
    int32_t depth = 0, context = 0, mark = *next;
    uint32_t flags = 0;
    uint64_t hash = 1;
    uint32_t found_hash = 1;
    if (*p != '{') { return 0; }
    const uint8_t *q = p + 1;
    // One space behind each colon and comma, or none: the line's first colon says.
    if (mark + 1 >= count) { return 0; }
    const int gap = window[marks[mark + 1] + 2] == ' ';
    for (;;) {
        if (mark + 2 >= count || window + marks[mark] != q) { return 0; }
        const uint32_t length = (uint32_t)(window + marks[mark + 1] - q) - 1;
        const uint32_t key_hash = weir_key_hash(q + 1, length);
        const weir_key *key = &lines->keys->keys[weir_name_place(key_hash, context) & (WEIR_KEYS - 1)];
        // With its quotes and its colon.
        if (key->context != context || !block_matches(q, key->bytes, key->mask)) {
            key = NAME(_find_key)(lines, q, length, key_hash, context);
            if (key == 0) { return 0; }
        }
        mark += 2;
        const uint8_t *value = q + length + 3 + gap;
        if (gap && value[-1] != ' ') { return 0; }
        flags |= key->flags;
        const uint8_t *close;
        uint64_t flag = 0;
        int is_token = 0;
        const uint8_t c = *value;
        if (c == '"') {
            value++;
            mark++;
            if (mark >= count) { return 0; }
            close = window + marks[mark];
            if (*close != '"') {
                uint32_t escaped = 0;
                close = string_by_marks(index, value, walk->end, &mark, &escaped);
                if (close == 0) { return 0; }
                flag = escaped;
            }
            mark++;
            q = close + 1;
        } else if (c == '{') {
            if (value[1] != '}') {
                if (depth == WEIR_LOOSE_DEPTH_MAX) { return 0; }
                contexts[depth++] = context;
                context = key->child;
                hash = NAME(_mix)(hash, (uint64_t)key_hash << 3 | 4);
                q = value + 1;
                continue;
            }
            is_token = 1;
            q = close = value + 2;
        } else {
            is_token = 1;
            if (c == '[') {
                // Most often one string: the first mark behind the bracket, and the next before its fellow.
                const uint8_t *const quote = mark + 1 < count ? window + marks[mark + 1] : value;
                if (value[1] == '"' && *quote == '"' && quote[1] == ']') {
                    close = quote + 2;
                    mark += 2;
                } else {
                    close = NAME(_array)(index, value, walk->end, walk->readable, &mark, gap);
                }
            } else {
                close = NAME(_scalar)(value, walk->end);
            }
            if (close == 0) { return 0; }
            q = close;
        }
        if (out == values_end) { return 0; }
        *out++ = (uint64_t)(uint32_t)(value - origin) | (uint64_t)(close - value) << 33 | flag << 32;
        hash = NAME(_mix)(hash, (uint64_t)key_hash << 3 | (uint64_t)is_token);
        if (key->number >= 0) {
            *found++ = (weir_found){(uint16_t)(out - 1 - values), (uint16_t)is_token, key->number};
            found_hash = (found_hash ^ ((uint32_t)key->number << 1 | (uint32_t)is_token)) * 0x85EBCA6Bu;
            found_hash ^= found_hash >> 15;
        }
        while (*q == '}') {
            q++;
            if (depth == 0) { goto done; }
            context = contexts[--depth];
            hash = NAME(_mix)(hash, 5);
        }
        if (*q != ',') { return 0; }
        q++;
        if (gap && *q++ != ' ') { return 0; }
    }
done:
    if (mark >= count || window + marks[mark] != q || *q != '\n') { return 0; }
    if ((flags & WEIR_NAME_DECLINED) != 0 || (flags & WEIR_NAME_GO_ALL) == WEIR_NAME_GO_ALL) { return 0; }
    *line = (weir_loose_line){
        (uint32_t)(lines->found - lines->found_base), (uint32_t)(found - lines->found), found_hash,
        (uint32_t)(p - origin), (uint32_t)(q - p), (uint32_t)(out - values)};
    // 0 stands for no hash.
    *structure = NAME(_mix)(hash, (uint64_t)gap) | 1;
    *next = mark + 1;
    return q;
}

/// Whether a line, whose values the loose walk has written to `out`, has the shape that ends in the node `leaf`.
static inline int NAME(_is_shape)(
    const weir_walk *walk, int32_t leaf, const weir_loose_line *line, const uint64_t *out) {
    const weir_node *const nodes = walk->nodes;
    if (nodes[leaf].fieldCount != (int32_t)line->values) { return 0; }
    // From the last piece to the first: a node knows its parent.
    uint32_t behind = line->start + line->length;
    uint32_t value = line->values;
    for (int32_t node = leaf;; node = nodes[node].parent) {
        const weir_node *const n = &nodes[node];
        const uint32_t start = value == 0
            ? line->start : (uint32_t)out[value - 1] + (uint32_t)(out[value - 1] >> 33);
        if (behind - start != (uint32_t)n->pieceLength
            || !NAME(_is_piece)(walk->origin + start, walk->pieces + n->pieceStart, n->pieceLength)) {
            return 0;
        }
        if (value == 0) { return nodes[n->parent].parent < 0; }
        value--;
        behind = (uint32_t)out[value];
    }
}
