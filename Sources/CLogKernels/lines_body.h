// The walk over many lines: by a program, or loosely, or down the trie. A part of walk_body.h, compiled with it for each
// processor.

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
        if (p >= end || line == lines->out_end || out >= walk->out_end) {
            lines->is_left = 0;
            break;
        }
        if (p < index->start || p >= index->end) {
        reindex:
            index_lines(index, p, end, readable);
            next = 0;
        }
        const uint8_t *newline = p;
        // Pieces are compared up to 64 bytes behind the window, or before the line.
        const int is_window_inside = readable - index->end >= 64;
        const weir_program *const program = is_window_inside && p - walk->origin >= 64
            ? NAME(_choose)(programs, walk, &newline, &next, out) : 0;
        if (program != 0) {
            line->shape = (uint32_t)program->shape;
            line->values = (uint32_t)(program->count - 1);
            out += program->count - 1;
        } else {
            if (lines->loose == lines->loose_end || lines->found >= lines->found_end) {
                lines->is_left = 0;
                break;
            }
            if (readable - p < 64 || weir_first_bytes(p) == lines->excluded) { break; }
            // The line may go on behind the window.
            if (p != index->start && index->end != end
                && (index->newline_count == 0
                    || index->newlines[index->newline_count - 1] < next)) {
                goto reindex;
            }
            const int32_t first = next;
            weir_loose_line loose;
            newline = is_window_inside ? NAME(_loose_line)(lines, p, &next, out, &loose) : 0;
            if (newline != 0 && newline - p <= lines->length_min) { break; }
            if (newline != 0) {
                weir_structure *const seen =
                    &lines->structures[loose.structure >> 32 & (WEIR_STRUCTURES - 1)];
                if (!loose.is_unknown && seen->hash != loose.structure) {
                    *seen = (weir_structure){.hash = loose.structure, .leaf = -1};
                }
                line->values = loose.values;
                if (!loose.is_unknown && seen->leaf >= 0 && seen->codes == loose.codes
                    && memcmp(lines->known_codes + seen->first_code, lines->codes, 4 * loose.codes) == 0) {
                    line->shape = seen->shape;
                    // Whether a program would be of use shows at once, or when others have fallen out of use.
                    const uint32_t sightings = seen->sightings++;
                    if ((sightings < program_sightings || (sightings & (program_sightings - 1)) == 0)
                        && walk->nodes[seen->leaf].ends < program_ends_min) {
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
