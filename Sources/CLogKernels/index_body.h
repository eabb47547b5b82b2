// The index of marks, compiled once for each processor. Who includes this defines
//
//     INDEX_NAME                      the name of the function
//     block_marks(p, &newlines)       a bit for each of 64 bytes that is a mark, and for each that is a newline
//     block_places(bits, base, out)   writes base + the number of each bit that is set, and up to 64 numbers in all

static __attribute__((noinline)) void INDEX_NAME(
    weir_index *index, const uint8_t *p, const uint8_t *end, const uint8_t *readable) {
    uint16_t *const marks = index->marks;
    uint16_t *line = index->newlines;
    uint32_t count = 0, block = 0;
    const ptrdiff_t length = end - p;
    const uint32_t whole = length / 64 < WEIR_INDEX_BLOCKS ? (uint32_t)(length / 64) : WEIR_INDEX_BLOCKS;
    index->start = p;
    for (; block < whole; block++, p += 64) {
        // The next window comes from memory while the walk is busy with this one.
        __builtin_prefetch(p + WEIR_INDEX_BLOCKS * 64);
        uint64_t newlines;
        const uint64_t bits = block_marks(p, &newlines);
        index->before[block] = (uint16_t)count;
        block_places(bits, block * 64, marks + count);
        // Most blocks have one newline or none: written in any case, kept if there is one.
        *line = (uint16_t)(count + (uint32_t)__builtin_popcountll(bits & (newlines ^ (newlines - 1))) - 1);
        line += newlines != 0;
        newlines &= newlines - 1;
        while (__builtin_expect(newlines != 0, 0)) {
            *line++ = (uint16_t)(count + (uint32_t)__builtin_popcountll(bits & (newlines ^ (newlines - 1))) - 1);
            newlines &= newlines - 1;
        }
        count += (uint32_t)__builtin_popcountll(bits);
    }
    if (block < WEIR_INDEX_BLOCKS && p < end) {
        const uint64_t inside = (1ull << (end - p)) - 1;
        const uint8_t *from = p;
        uint8_t copy[64];
        if (readable - p < 64) {
            memset(copy, 'x', sizeof copy);
            memcpy(copy, p, (size_t)(end - p));
            from = copy;
        }
        uint64_t newlines;
        const uint64_t bits = block_marks(from, &newlines) & inside;
        index->before[block] = (uint16_t)count;
        block_places(bits, block * 64, marks + count);
        for (newlines &= inside; newlines != 0; newlines &= newlines - 1) {
            *line++ = (uint16_t)(count + (uint32_t)__builtin_popcountll(bits & (newlines ^ (newlines - 1))) - 1);
        }
        count += (uint32_t)__builtin_popcountll(bits);
        p = end;
    }
    index->newline_count = (int32_t)(line - index->newlines);
    index->newline = 0;
    index->next = 0;
    index->end = p;
    index->count = (int32_t)count;
}

#undef INDEX_NAME
#undef block_marks
#undef block_places
