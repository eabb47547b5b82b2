// Decoding of what EntropyCoder.swift and EntropyIntegers.swift write: the inner loops of reading cold segments.
#include "CLogKernels.h"

#define SCALE_BITS 14
#define SCALE (1u << SCALE_BITS)
#define LOWEST (1u << 16)

static inline uint32_t load_word(const uint8_t *words, size_t index) {
    uint16_t word;
    memcpy(&word, words + 2 * index, 2);
    return word;
}

// One step of a state: the slot says the symbol, the symbol its share. Taking in a word is a select and no branch, because nobody
// can foretell it; `WORD` is only looked at when the state is low.
#define STEP(state, out, WORD)                                                                     \
    do {                                                                                           \
        const uint32_t slot = state & (SCALE - 1);                                                 \
        const uint32_t symbol = slots[slot];                                                       \
        const uint32_t share = shares[symbol];                                                     \
        state = (share >> 16) * (state >> SCALE_BITS) + slot - (share & 0xffff);                   \
        const uint32_t low = state < LOWEST;                                                       \
        const uint32_t taken = (state << 16) | (WORD);                                             \
        state = low ? taken : state;                                                               \
        next += low;                                                                               \
        out = (uint16_t)symbol;                                                                    \
    } while (0)

// `slots` is a table of bytes or of 16-bit numbers: the smaller one stays in the first-level cache.
#define DECODE(NAME, SLOT)                                                                         \
    static int NAME(                                                                               \
        const SLOT *slots, const uint32_t *shares, uint32_t first, uint32_t second,                \
        const uint8_t *words, size_t word_count, uint16_t *out, size_t count) {                    \
        size_t next = 0, index = 0;                                                                \
        while (index + 2 <= count && next + 2 <= word_count) {                                     \
            STEP(first, out[index], load_word(words, next));                                       \
            STEP(second, out[index + 1], load_word(words, next));                                  \
            index += 2;                                                                            \
        }                                                                                          \
        for (; index < count; index++) {                                                           \
            const uint32_t word = next < word_count ? load_word(words, next) : 0;                  \
            if (index & 1) {                                                                       \
                STEP(second, out[index], word);                                                    \
            } else {                                                                               \
                STEP(first, out[index], word);                                                     \
            }                                                                                      \
            if (next > word_count) { return 0; }                                                   \
        }                                                                                          \
        return first == LOWEST && second == LOWEST && next == word_count;                          \
    }

DECODE(decode_small, uint8_t)
DECODE(decode_large, uint16_t)

int weir_entropy_decode(
    const uint32_t *frequencies, size_t alphabet, uint32_t first, uint32_t second,
    const uint8_t *words, size_t word_count, uint16_t *out, size_t count) {
    uint32_t shares[4096];
    if (alphabet > 4096) { return 0; }
    uint32_t start = 0;
    if (alphabet <= 256) {
        uint8_t slots[SCALE];
        for (size_t symbol = 0; symbol < alphabet; symbol++) {
            const uint32_t frequency = frequencies[symbol];
            if (frequency > SCALE - start) { return 0; }
            memset(slots + start, (int)symbol, frequency);
            shares[symbol] = frequency << 16 | (start & 0xffff);
            start += frequency;
        }
        if (start != SCALE) { return 0; }
        return decode_small(slots, shares, first, second, words, word_count, out, count);
    }
    uint16_t slots[SCALE];
    for (size_t symbol = 0; symbol < alphabet; symbol++) {
        const uint32_t frequency = frequencies[symbol];
        if (frequency > SCALE - start) { return 0; }
        for (uint32_t slot = 0; slot < frequency; slot++) { slots[start + slot] = (uint16_t)symbol; }
        shares[symbol] = frequency << 16 | (start & 0xffff);
        start += frequency;
    }
    if (start != SCALE) { return 0; }
    return decode_large(slots, shares, first, second, words, word_count, out, count);
}

// The bits [position, position + width) of `bytes`, least significant first; bits beyond the bytes are zero. width ≤ 63.
static inline uint64_t bits_at(const uint8_t *bytes, size_t count, size_t position, unsigned width) {
    const size_t byte = position >> 3;
    const unsigned shift = position & 7;
    uint64_t low = 0;
    if (byte + 8 <= count) {
        low = weir_load64(bytes + byte);
    } else {
        for (size_t index = byte; index < count; index++) {
            low |= (uint64_t)bytes[index] << (8 * (index - byte));
        }
    }
    low >>= shift;
    if (width + shift > 64 && byte + 8 < count) {
        low |= (uint64_t)bytes[byte + 8] << (64 - shift);
    }
    return low & (((uint64_t)1 << width) - 1);
}

int weir_entropy_integers(
    const uint16_t *symbols, size_t count, const uint8_t *bits, size_t bit_bytes, int folded,
    int differences, int64_t smallest, int64_t divisor, int64_t *out) {
    uint64_t base[256];
    uint8_t width[256];
    for (unsigned symbol = 0; symbol < 256; symbol++) {
        if (symbol < 16) {
            base[symbol] = symbol;
            width[symbol] = 0;
        } else {
            const unsigned exponent = (symbol - 16) / 4 + 4;
            base[symbol] = (uint64_t)(4 | (symbol & 3)) << ((exponent - 2) & 63);
            width[symbol] = (uint8_t)((exponent - 2) & 63);
        }
    }
    size_t position = 0;
    uint64_t previous = 0;
    uint32_t all = 0;
    for (size_t index = 0; index < count; index++) {
        const uint32_t symbol = symbols[index];
        all |= symbol;
        const unsigned extra = width[symbol & 255];
        uint64_t value = base[symbol & 255] | bits_at(bits, bit_bytes, position, extra);
        position += extra;
        value = folded ? (value >> 1) ^ (0 - (value & 1)) : value + (uint64_t)smallest;
        if (differences) {
            value += previous;
            previous = value;
        }
        out[index] = (int64_t)(value * (uint64_t)divisor);
    }
    return all < 256;
}
