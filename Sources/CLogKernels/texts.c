// Texts of a field into places of a table: what metrics and rules ask of every record.
#include "CLogKernels.h"

#include <string.h>

static inline uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    return word;
}

static inline weir_text_place take(
    weir_text_table *table, uint32_t *first, uint32_t *second, int32_t index, int *is_second) {
    table->misses++;
    // Each place of a pair is taken in its turn.
    *is_second = *first > *second;
    uint32_t *generation = *is_second ? second : first;
    return (weir_text_place){index + *is_second, ++*generation};
}

static __attribute__((noinline)) weir_text_place remember_short(
    weir_text_table *table, uint64_t bytes, uint32_t count, size_t pair) {
    weir_short_text *entry = table->shorts + 2 * pair;
    int is_second;
    const weir_text_place place =
        take(table, &entry[0].generation, &entry[1].generation, (int32_t)(1 + 2 * pair), &is_second);
    entry[is_second].bytes = bytes;
    entry[is_second].count = count;
    return place;
}

static __attribute__((noinline)) weir_text_place remember_medium(
    weir_text_table *table, const uint64_t *words, uint32_t count, size_t pair) {
    weir_medium_text *entry = table->mediums + 2 * pair;
    int is_second;
    const weir_text_place place = take(
        table, &entry[0].generation, &entry[1].generation,
        (int32_t)(1 + 2 * (WEIR_SHORT_PAIRS + pair)), &is_second);
    memcpy(entry[is_second].words, words, sizeof entry->words);
    entry[is_second].count = count;
    return place;
}

static inline weir_text_place place_of_short(weir_text_table *table, const uint8_t *text, uint32_t count) {
    const uint64_t bytes = load(text) & (~0ull >> (64 - 8 * count));
    const size_t pair = (bytes * 0x9E3779B97F4A7C15u) >> (64 - WEIR_SHORT_PAIR_BITS);
    const weir_short_text *entry = table->shorts + 2 * pair;
    for (int32_t side = 0; side < 2; side++) {
        if (((entry[side].bytes ^ bytes) | (entry[side].count ^ count)) == 0) {
            return (weir_text_place){(int32_t)(1 + 2 * pair) + side, entry[side].generation};
        }
    }
    return remember_short(table, bytes, count, pair);
}

static inline weir_text_place place_of_medium(weir_text_table *table, const uint8_t *text, uint32_t count) {
    // Four loads cover the text; they overlap where it is shorter, so that no branch depends on its length.
    const uint32_t back = count - 8;
    const uint64_t words[4] = {
        load(text), load(text + (back < 8 ? back : 8)), load(text + (back < 8 ? 0 : back - 8)), load(text + back)};
    const uint64_t mixed =
        ((words[0] ^ words[1] * 0xD6E8FEB86659FD93u ^ words[2] * 0xA24BAED4963EE407u) ^ words[3]) + count;
    // Folded, since texts that differ at their ends only differ in the highest bits, which a product keeps there.
    const unsigned __int128 product = (unsigned __int128)mixed * 0x9E3779B97F4A7C15u;
    const size_t pair =
        (((uint64_t)(product >> 64) ^ (uint64_t)product) >> 16) & (WEIR_MEDIUM_PAIRS - 1);
    const weir_medium_text *entry = table->mediums + 2 * pair;
    for (int32_t side = 0; side < 2; side++) {
        const uint64_t *known = entry[side].words;
        const uint64_t front = (known[0] ^ words[0]) | (known[1] ^ words[1]);
        const uint64_t end = (known[2] ^ words[2]) | (known[3] ^ words[3]);
        if ((front | end | (entry[side].count ^ count)) == 0) {
            return (weir_text_place){
                (int32_t)(1 + 2 * (WEIR_SHORT_PAIRS + pair)) + side, entry[side].generation};
        }
    }
    return remember_medium(table, words, count, pair);
}

void weir_find_texts(
    const weir_field_view *view, weir_text_table *table, uint64_t rows, weir_text_place *places) {
    const uint8_t *const records = view->records, *const origin = view->origin;
    const uint32_t *const spans = view->spans;
    const int32_t *const slots = view->slots;
    const size_t record_bytes = view->record_bytes, width = view->width;
    const uint32_t loose_shape = view->loose_shape, transform_bits = view->transform_bits;
    const int32_t transforms = (1 << transform_bits) - 1;
    while (rows != 0) {
        const int row = __builtin_ctzll(rows);
        rows &= rows - 1;
        const weir_record_head *record = (const weir_record_head *)(records + (size_t)row * record_bytes);
        const int32_t slot = __builtin_expect(record->shape < loose_shape, 1)
                                 ? slots[(size_t)record->shape * width]
                                 : view->loose_slots[(size_t)(record->shape - loose_shape) * width];
        if (slot < 0) {
            places[row] = (weir_text_place){0, WEIR_TEXT_ABSENT};
            continue;
        }
        const uint32_t *span = spans + 2 * ((size_t)record->first_value + (size_t)(slot >> transform_bits));
        const uint8_t *text = origin + span[0];
        const uint32_t count = span[1] >> 1;
        // Escaped or made of something else, empty, too long; four bytes that begin with n may be `null`.
        if ((slot & transforms) != 0 || (span[1] & 1) != 0 || count - 1 >= WEIR_TEXT_MAX
            || (count == 4 && text[0] == 'n')) {
            places[row] = (weir_text_place){0, WEIR_TEXT_NONE};
            continue;
        }
        table->looks++;
        places[row] = count <= 8 ? place_of_short(table, text, count) : place_of_medium(table, text, count);
    }
}
