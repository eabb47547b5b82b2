// The index of marks, compiled once for each processor. Who includes this defines
//
//     INDEX_NAME                      the name of the function
//     block_marks(p)                  a bit for each of 64 bytes that is a mark
//     block_places(bits, base, out)   writes base + the number of each bit that is set, and up to 64 numbers in all

static __attribute__((noinline)) void INDEX_NAME(
    weir_index *index, const uint8_t *p, const uint8_t *end, const uint8_t *readable) {
    uint16_t *const marks = index->marks;
    uint16_t *out = marks;
    uint32_t block = 0;
    index->start = p;
    // Whole blocks, and then what is left of the last.
    for (; block < WEIR_INDEX_BLOCKS && end - p >= 64; block++, p += 64) {
        index->before[block] = (uint16_t)(out - marks);
        out = block_places(block_marks(p), block * 64, out);
    }
    if (block < WEIR_INDEX_BLOCKS && p < end) {
        const uint8_t *from = p;
        uint8_t copy[64];
        if (readable - p < 64) {
            memset(copy, 'x', sizeof copy);
            memcpy(copy, p, (size_t)(end - p));
            from = copy;
        }
        index->before[block] = (uint16_t)(out - marks);
        out = block_places(block_marks(from) & ((1ull << (end - p)) - 1), block * 64, out);
        p = end;
    }
    index->end = p;
    index->count = (int32_t)(out - marks);
}

#undef INDEX_NAME
#undef block_marks
#undef block_places
