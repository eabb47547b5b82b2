// The loose walk, for lines of a shape that is not known: a part of walk_body.h, compiled with it for each processor.
//
// It reads a line's structure from its marks by a strict subset of JSON: keys without escapes and beyond ASCII, no white space
// but one space behind each colon and comma (or none anywhere). What it does not take is left to the other walks.
//
// The keys of the lines before are kept, with what is known of them, and so are joints: all that stands between two values.
// A joint is one comparison where its key alone would have to be looked up, and braces, comma, colon and the kind of the next
// value looked at one after the other. Lines whose joints are not known are walked without them.

/// As `weir_may_be_of_interest`, quickly for most names.
static inline __attribute__((always_inline)) int NAME(_may_be_of_interest)(const uint8_t *name, uint32_t length) {
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

/// Looks up the key at `q`, `length` bytes between its quotes, which is not kept and may be among the names: what is known of
/// it until the next call, or null when the line is not for the loose walk.
static __attribute__((noinline)) const weir_key *NAME(_find_key)(
    const weir_lines *lines, const uint8_t *q, uint32_t length, uint32_t hash, int32_t context) {
    weir_keys *const keys = lines->keys;
    const weir_name *const known = NAME(_name)(&lines->names, q + 1, length, hash, context);
    if (known == 0) {
        return context == 0 && !NAME(_may_be_of_interest)(q + 1, length) ? &unknown_key : 0;
    }
    const uint32_t place = weir_name_place(hash, context), first = place & (WEIR_KEYS - 4);
    weir_key *key = &keys->other;
    if (length <= 29) {
        uint32_t way = first;
        while (way < first + 3 && keys->keys[way].is_kept) { way++; }
        if (keys->keys[way].is_kept) { way = first + (keys->turn++ & 3); }
        key = &keys->keys[way];
        memcpy(key->bytes, q, length + 3);
        key->mask = ~0u >> (32 - (length + 3));
        key->is_kept = 1;
        keys->kept[way] = place;
    }
    key->context = context;
    key->number = known->number;
    key->child = known->child;
    key->flags = known->flags;
    return key;
}

/// What is known of the key at `q`, `length` bytes between its quotes, until the next call, or null when the line is not for the
/// loose walk.
static inline __attribute__((always_inline)) const weir_key *NAME(_key)(
    const weir_lines *lines, const uint8_t *q, uint32_t length, int32_t context) {
    uint16_t behind;
    memcpy(&behind, q + length + 1, 2);
    if ((*q != '"') | (length > WEIR_LOOSE_KEY_MAX) | (behind != ('"' | ':' << 8))) { return 0; }
    // In an object in which nothing is of interest, nobody asks for the key.
    if (context < 0) { return &unknown_key; }
    const uint32_t hash = weir_key_hash(q + 1, length);
    const uint32_t place = weir_name_place(hash, context), bit = weir_name_bit(place);
    if ((lines->names.filter[bit >> 3] >> (bit & 7) & 1) == 0) {
        // At the top every name of interest is known, but for those that follow a pattern.
        return context == 0 && !NAME(_may_be_of_interest)(q + 1, length) ? &unknown_key : 0;
    }
    const weir_keys *const keys = lines->keys;
    const uint32_t first = place & (WEIR_KEYS - 4), ways = equal_of_four(keys->kept + first, place);
    if (ways != 0) {
        // With its quotes and its colon.
        const weir_key *const key = &keys->keys[first + (uint32_t)__builtin_ctz(ways)];
        if (key->context == context && key->is_kept && block_matches(q, key->bytes, key->mask)) { return key; }
    }
    return NAME(_find_key)(lines, q, length, hash, context);
}

/// The place at which a joint is looked for behind `state`, of which `length` bytes stand before the closing quote of its key.
static inline uint32_t NAME(_joint_place)(const uint8_t *p, uint32_t length, uint32_t state, uint32_t is_string) {
    // The last bytes of the key, and not what stands before the joint.
    const uint32_t bytes = length < 8 ? length : 8;
    uint64_t a;
    memcpy(&a, p + length - bytes, 8);
    a <<= (64 - 8 * bytes) & 63;
    // What a string follows and what not never share a place.
    return ((uint32_t)((a + length + ((uint64_t)state << 8)) * 0x9E3779B97F4A7C15ull >> 52) & ((WEIR_JOINTS - 1) & ~1u)) | is_string;
}

/// Keeps the joint from `p` to the value at `value`, whose key is `key`, when it is seen for the second time. `state` is that
/// before it, in the object that the key is in.
static __attribute__((noinline)) void NAME(_keep_joint)(
    weir_keys *keys, const weir_key *key, uint32_t place, const uint8_t *p, const uint8_t *value, uint32_t state,
    uint32_t closings, const int gap) {
    weir_joint joint = {.closings = closings, .kind = WEIR_JOINT_OTHER};
    if (*value == '"') {
        joint.kind = WEIR_JOINT_STRING;
        value++;
    } else if (*value == '{' && value[1] != '}') {
        joint.kind = WEIR_JOINT_OBJECT;
        value++;
    } else if (*value == '[' && value[1] == '"') {
        joint.kind = WEIR_JOINT_STRINGS;
        value += 2;
    }
    const int is_of_interest = key->number >= 0 || key->flags != 0;
    joint.behind = is_of_interest && joint.kind != WEIR_JOINT_OBJECT ? WEIR_JOINT_FOUND : joint.kind;
    const ptrdiff_t length = value - p;
    if (length > 64 || closings > 3 || keys->count == WEIR_JOINT_NUMBERS - 1) { return; }
    uint32_t *const latest = keys->latest_joints[gap] + (place & ~3u);
    const uint32_t hash = weir_key_hash(p, (uint32_t)length) ^ state;
    if (equal_of_four(latest, hash) == 0) {
        latest[keys->turn++ & 3] = hash;
        return;
    }
    joint.length = (uint32_t)length;
    joint.mask = ~0ull >> (64 - length);
    memcpy(joint.bytes, p, (size_t)length);
    joint.number = ++keys->count;
    joint.state = closings == 0 ? state : 0;
    joint.inner_state = state;
    joint.child = key->child;
    joint.name = key->number;
    joint.flags = key->flags;
    // Each may stand in one of two places.
    weir_joint *const joints = keys->joints[gap];
    const int is_taken = joints[place].number != 0 && joints[place ^ 2].number == 0;
    joints[is_taken ? place ^ 2 : place] = joint;
}

/// Walks the line at `p`, whose first mark is number `*next`: the address of its newline, or null. Writes its values to `out`
/// and its findings to where `lines` says, as `*line`, and its structure to `lines->codes`; all count only when the caller
/// counts them. `gap` is 1 when one space stands behind each colon and comma, 0 when none does; `by_joints` says whether joints
/// are looked for first.
static inline __attribute__((always_inline)) const uint8_t *NAME(_loose)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line,
    const int gap, const int by_joints) {
    const weir_walk *const walk = &lines->walk;
    const weir_index *const index = walk->index;
    weir_keys *const keys = lines->keys;
    // Places in the line are offsets from the window, as marks are.
    const uint8_t *const window = index->start;
    const uint64_t origin = (uint64_t)(window - walk->origin);
    const uint16_t *mark = index->marks + *next;
    // The mark at the end of the line.
    const uint16_t *const newline = index->marks + index->newlines[index->newline];
    weir_found *found = lines->found;
    uint64_t *const values = out;
    uint32_t *code = lines->codes;
    // The state of each object that is open, without what ends in it; before them as many that no joint has as braces may close
    // at once.
    const uint32_t none = ~3u;
    uint32_t states[3 + WEIR_LOOSE_DEPTH_MAX + 1] = {none, none, none, weir_joint_state(0, 0)};
    uint32_t *object = states + 3;
    uint32_t flags = 0, found_hash = 1, misses = 0;
    uint64_t hash = 1;
    // Where the latest value ends, and the joint before it.
    uint32_t q = (uint32_t)(p - window) + 1;
    uint32_t state = *object | WEIR_BEHIND_BRACE;
    weir_joint *joint = &keys->first[gap];
    // Each key has two quotes.
    if (newline - mark > 2 * WEIR_LOOSE_VALUES_MAX) { return 0; }
    for (;;) {
        uint32_t value, close;
        uint64_t flag = 0;
        uint32_t place;
        if (by_joints) {
            weir_joint *following = &keys->joints[gap][joint->next];
            const int is_sure = joint->sureness >= WEIR_JOINT_SURE;
            if (!is_sure || !block_piece(window + q, following->bytes, following->mask)) {
                if (is_sure) { joint->sureness = 0; }
                if (mark + 1 >= newline) { goto by_key; }
                // The two marks are those of the key, if there is one.
                place = NAME(_joint_place)(
                    window + q, mark[1] - q, state, window[mark[1] + 2 + (uint32_t)gap] == '"');
                following = &keys->joints[gap][place];
                if (!block_piece(window + q, following->bytes, following->mask)) {
                    following = &keys->joints[gap][place ^ 2];
                    if (!block_piece(window + q, following->bytes, following->mask)) { goto by_key; }
                }
                const uint16_t at = (uint16_t)(following - keys->joints[gap]);
                joint->sureness = joint->next == at ? (uint16_t)(joint->sureness + 1) : 0;
                joint->next = at;
            }
            if (following->state != state) {
                uint32_t *const outer = object - following->closings;
                if (following->closings == 0 || following->inner_state != (*outer | (state & 3))) {
                    joint->sureness = 0;
                    goto by_key;
                }
                object = outer;
            }
            joint = following;
            value = q + joint->length;
            mark += 2;
            *code++ = joint->number;
            hash = (hash + joint->number) * 0x9E3779B97F4A7C15ull;
            if (joint->behind == WEIR_JOINT_STRING) { goto string; }
            if (joint->behind == WEIR_JOINT_STRINGS) { goto strings; }
            if (joint->kind == WEIR_JOINT_OTHER && window[value] == '{' && window[value + 1] != '}') {
                // An object where mostly none is: another structure.
                flags |= joint->flags;
                code[-1] |= WEIR_JOINT_NUMBERS;
                hash += 2;
                if (object == states + 3 + WEIR_LOOSE_DEPTH_MAX) { return 0; }
                *++object = weir_joint_state(0, joint->child);
                q = value + 1;
                state = *object | WEIR_BEHIND_BRACE;
                continue;
            }
            if (joint->behind == WEIR_JOINT_OTHER) { goto other; }
            flags |= joint->flags;
            if (joint->behind == WEIR_JOINT_OBJECT) {
                if (window[value] != '}') {
                    if (object == states + 3 + WEIR_LOOSE_DEPTH_MAX) { return 0; }
                    *++object = weir_joint_state(0, joint->child);
                    q = value;
                    state = *object | WEIR_BEHIND_BRACE;
                    continue;
                }
                // An empty one is a value, and the structure another.
                value--;
                code[-1] |= 1u << 31;
                hash++;
            }
            if (joint->name >= 0) {
                const uint32_t is_token = joint->kind != WEIR_JOINT_STRING;
                *found++ = (weir_found){(uint16_t)(out - values), (uint16_t)is_token, joint->name};
                found_hash = (found_hash + ((uint32_t)joint->name << 1 | is_token)) * 0x85EBCA6Bu;
            }
            if (joint->kind == WEIR_JOINT_STRING) { goto string; }
            if (joint->kind == WEIR_JOINT_STRINGS) { goto strings; }
            goto other;
        }
    by_key:;
        const uint32_t start = q;
        uint32_t closings = 0;
        const uint32_t before = state & 3;
        if (before != WEIR_BEHIND_BRACE) {
            q += before == WEIR_BEHIND_STRING;
            while (window[q] == '}') {
                q++;
                if (object == states + 3) { goto done; }
                object--;
                closings++;
            }
            if (window[q] != ',') { return 0; }
            q++;
            if (gap && window[q++] != ' ') { return 0; }
        }
        if (mark + 1 >= newline || mark[0] != q) { return 0; }
        const uint32_t length = mark[1] - q - 1;
        const weir_key *const key = NAME(_key)(lines, window + q, length, (int32_t)(*object >> 2) - 1);
        if (key == 0) { return 0; }
        mark += 2;
        value = q + length + 3 + (uint32_t)gap;
        if (gap && window[value - 1] != ' ') { return 0; }
        flags |= key->flags;
        if (by_joints) {
            misses++;
            joint = &keys->unknown;
            place = NAME(_joint_place)(window + start, (uint32_t)mark[-1] - start, state, window[value] == '"');
            NAME(_keep_joint)(keys, key, place, window + start, window + value, *object | before, closings, gap);
        }
        const uint8_t c = window[value];
        if (c == '{' && window[value + 1] != '}') {
            if (object == states + 3 + WEIR_LOOSE_DEPTH_MAX) { return 0; }
            *++object = weir_joint_state(0, key->child);
            q = value + 1;
            state = *object | WEIR_BEHIND_BRACE;
            continue;
        }
        const uint32_t is_token = c != '"';
        // Written in any case, and kept if it is of interest.
        const int is_found = key->number >= 0;
        *found = (weir_found){(uint16_t)(out - values), (uint16_t)is_token, key->number};
        found += is_found;
        const uint32_t found_next = (found_hash + ((uint32_t)key->number << 1 | is_token)) * 0x85EBCA6Bu;
        found_hash = is_found ? found_next : found_hash;
        if (c == '"') {
            value++;
        string:
            // `mark` is the quote before the value.
            close = mark[1];
            mark += 2;
            if (window[close] != '"') {
                uint32_t escaped = 0;
                int32_t at = (int32_t)(mark - 1 - index->marks);
                const uint8_t *const quote = string_by_marks(index, window + value, walk->end, &at, &escaped);
                if (quote == 0) { return 0; }
                close = (uint32_t)(quote - window);
                mark = index->marks + at + 1;
                flag = (uint64_t)escaped << 32;
            }
            *out++ = value + origin + ((uint64_t)(close - value) << 33) + flag;
            q = close;
            state = *object | WEIR_BEHIND_STRING;
            continue;
        }
        if (c == '[') {
        array:
            if (window[value + 1] == '"') {
                value += 2;
            strings:
                // Most often it is the only one: behind the bracket stands its opening quote, which is a mark.
                value -= 2;
                close = mark[1];
                const uint16_t *quote_mark = mark + 1;
                if (window[close] != '"') {
                    uint32_t escaped = 0;
                    int32_t at = (int32_t)(mark + 1 - index->marks);
                    const uint8_t *const quote =
                        string_by_marks(index, window + value + 2, walk->end, &at, &escaped);
                    if (quote == 0) { return 0; }
                    close = (uint32_t)(quote - window);
                    quote_mark = index->marks + at;
                }
                if (window[close + 1] == ']') {
                    close += 2;
                    mark = quote_mark + 1;
                    goto done_value;
                }
            }
            int32_t at = (int32_t)(mark - index->marks);
            const uint8_t *const behind = NAME(_array)(index, window + value, walk->end, walk->readable, &at, gap);
            if (behind == 0) { return 0; }
            close = (uint32_t)(behind - window);
            mark = index->marks + at;
        } else {
        other:;
            const uint8_t *const behind = NAME(_scalar)(window + value, walk->end);
            if (behind == 0) {
                if (window[value] == '[') { goto array; }
                if (window[value] != '{' || window[value + 1] != '}') { return 0; }
                close = value + 2;
            } else {
                close = (uint32_t)(behind - window);
            }
        }
    done_value:
        *out++ = value + origin + ((uint64_t)(close - value) << 33);
        q = close;
        state = *object | WEIR_BEHIND_OTHER;
    }
done:
    if (mark != newline || *mark != q) { return 0; }
    if ((flags & WEIR_NAME_DECLINED) != 0 || (flags & WEIR_NAME_GO_ALL) == WEIR_NAME_GO_ALL) { return 0; }
    if (by_joints) { give_credit(&keys->joint_credit, misses * 4 < (uint32_t)(out - values), 256); }
    *line = (weir_loose_line){
        (uint32_t)(lines->found - lines->found_base), (uint32_t)(found - lines->found), found_hash ^ found_hash >> 15,
        (uint32_t)(p - walk->origin), (uint32_t)(window + q - p), (uint32_t)(out - values),
        (uint32_t)(code - lines->codes), !by_joints || misses > 0, hash ^ hash >> 32};
    *next = (int32_t)(mark - index->marks) + 1;
    return window + q;
}

static __attribute__((noinline)) const uint8_t *NAME(_loose_tight)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line) {
    return NAME(_loose)(lines, p, next, out, line, 0, 0);
}

static __attribute__((noinline)) const uint8_t *NAME(_loose_spaced)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line) {
    return NAME(_loose)(lines, p, next, out, line, 1, 0);
}

static __attribute__((noinline)) const uint8_t *NAME(_joints_tight)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line) {
    return NAME(_loose)(lines, p, next, out, line, 0, 1);
}

static __attribute__((noinline)) const uint8_t *NAME(_joints_spaced)(
    const weir_lines *lines, const uint8_t *p, int32_t *next, uint64_t *out, weir_loose_line *line) {
    return NAME(_loose)(lines, p, next, out, line, 1, 1);
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
    const int is_spaced = index->start[index->marks[*next + 1] + 2] == ' ';
    if (has_credit(&lines->keys->joint_credit)) {
        return is_spaced ? NAME(_joints_spaced)(lines, p, next, out, line) : NAME(_joints_tight)(lines, p, next, out, line);
    }
    return is_spaced ? NAME(_loose_spaced)(lines, p, next, out, line) : NAME(_loose_tight)(lines, p, next, out, line);
}
