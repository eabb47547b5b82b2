// Decoding of what EntropyCoder.swift and EntropyIntegers.swift write: the inner loops of reading cold segments.
#include "CLogKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LOWEST (1u << 16)
#define SCALE_BITS_MAX 14
#define ALPHABET_MAX 4096

static inline uint32_t load_word(const uint8_t *words, size_t index) {
    uint16_t word;
    memcpy(&word, words + 2 * index, 2);
    return word;
}

// What a stream's decoding goes by. A slot of a state says the symbol, the symbol its share: its frequency, and where its slots
// begin. At a scale of 12 bits and 256 symbols one table of 16 KiB says all of it.
typedef struct {
    unsigned scale_bits;
    // At 12 bits: symbol << 24 | (frequency − 1) << 12 | place among the symbol's slots.
    uint32_t packed[1 << 12];
    // Else: the symbol of each slot (one more, because vectors load four bytes), and frequency << 16 | first slot of each symbol.
    uint16_t slots[(1 << SCALE_BITS_MAX) + 1];
    uint32_t shares[ALPHABET_MAX];
} tables;

static inline int is_packed(unsigned scale_bits) { return scale_bits == 12; }

static int fill_tables(
    tables *t, const uint32_t *frequencies, size_t alphabet, unsigned scale_bits) {
    const uint32_t scale = 1u << scale_bits;
    t->scale_bits = scale_bits;
    if (alphabet > (is_packed(scale_bits) ? 256 : ALPHABET_MAX)) { return 0; }
    uint32_t start = 0;
    for (size_t symbol = 0; symbol < alphabet; symbol++) {
        const uint32_t frequency = frequencies[symbol];
        if (frequency > scale - start) { return 0; }
        if (is_packed(scale_bits)) {
            const uint32_t head = (uint32_t)symbol << 24 | ((frequency - 1) & 0xfff) << 12;
            for (uint32_t slot = 0; slot < frequency; slot++) { t->packed[start + slot] = head | slot; }
        } else {
            for (uint32_t slot = 0; slot < frequency; slot++) {
                t->slots[start + slot] = (uint16_t)symbol;
            }
            t->shares[symbol] = frequency << 16 | (start & 0xffff);
        }
        start += frequency;
    }
    t->slots[1 << SCALE_BITS_MAX] = 0;
    return start == scale;
}

// One step of a state: its slot says the symbol. Taking in a word is a select and no branch, because nobody can foretell it.
static inline __attribute__((always_inline)) uint32_t step(
    const tables *t, int packed, uint32_t state, uint32_t word, size_t *next, uint16_t *out) {
    if (packed) {
        const uint32_t entry = t->packed[state & 0xfff];
        state = (((entry >> 12) & 0xfff) + 1) * (state >> 12) + (entry & 0xfff);
        *out = (uint16_t)(entry >> 24);
    } else {
        const uint32_t slot = state & ((1u << SCALE_BITS_MAX) - 1);
        const uint32_t symbol = t->slots[slot];
        const uint32_t share = t->shares[symbol];
        state = (share >> 16) * (state >> SCALE_BITS_MAX) + slot - (share & 0xffff);
        *out = (uint16_t)symbol;
    }
    const uint32_t low = state < LOWEST;
    const uint32_t taken = (state << 16) | word;
    *next += low;
    return low ? taken : state;
}

// Decodes from symbol `index`, of which `lanes` divides the number, to the end; −1: there are too few words, else how many were taken.
static inline __attribute__((always_inline)) ptrdiff_t decode_lanes(
    const tables *t, int packed, size_t lanes, uint32_t *states, const uint8_t *words,
    size_t word_count, size_t next, uint16_t *out, size_t index, size_t count) {
    for (; index + lanes <= count && next + lanes <= word_count; index += lanes) {
        for (size_t lane = 0; lane < lanes; lane++) {
            states[lane] = step(
                t, packed, states[lane], load_word(words, next), &next, out + index + lane);
        }
    }
    for (; index < count; index++) {
        const uint32_t word = next < word_count ? load_word(words, next) : 0;
        const size_t lane = index & (lanes - 1);
        states[lane] = step(t, packed, states[lane], word, &next, out + index);
        if (next > word_count) { return -1; }
    }
    return (ptrdiff_t)next;
}

#if defined(__x86_64__)
// The lanes of eight states that take in a word get the next ones in their order: for each set of them, which word goes to which.
#define BELOW(k, j) __builtin_popcount((k) & ((1 << (j)) - 1))
#define ROW(k) {BELOW(k, 0), BELOW(k, 1), BELOW(k, 2), BELOW(k, 3), BELOW(k, 4), BELOW(k, 5), BELOW(k, 6), BELOW(k, 7)}
#define ROWS4(k) ROW(k), ROW(k + 1), ROW(k + 2), ROW(k + 3)
#define ROWS16(k) ROWS4(k), ROWS4(k + 4), ROWS4(k + 8), ROWS4(k + 12)
#define ROWS64(k) ROWS16(k), ROWS16(k + 16), ROWS16(k + 32), ROWS16(k + 48)
static const uint8_t word_of_lane[256][8] = {ROWS64(0), ROWS64(64), ROWS64(128), ROWS64(192)};

#define VECTOR_TARGET __attribute__((target("avx2,popcnt")))

// Eight states take one step; their symbols.
VECTOR_TARGET static inline __attribute__((always_inline)) __m256i step_vector(
    const tables *t, int packed, __m256i *states, const uint8_t *words, size_t *next) {
    __m256i state = *states, symbol;
    if (packed) {
        const __m256i mask = _mm256_set1_epi32(0xfff);
        const __m256i entry = _mm256_i32gather_epi32(
            (const int *)t->packed, _mm256_and_si256(state, mask), 4);
        const __m256i frequency = _mm256_add_epi32(
            _mm256_and_si256(_mm256_srli_epi32(entry, 12), mask), _mm256_set1_epi32(1));
        state = _mm256_add_epi32(
            _mm256_mullo_epi32(frequency, _mm256_srli_epi32(state, 12)),
            _mm256_and_si256(entry, mask));
        symbol = _mm256_srli_epi32(entry, 24);
    } else {
        const __m256i low = _mm256_set1_epi32(0xffff);
        const __m256i slot = _mm256_and_si256(
            state, _mm256_set1_epi32((1 << SCALE_BITS_MAX) - 1));
        symbol = _mm256_and_si256(
            _mm256_i32gather_epi32((const int *)t->slots, slot, 2), low);
        const __m256i share = _mm256_i32gather_epi32((const int *)t->shares, symbol, 4);
        state = _mm256_add_epi32(
            _mm256_mullo_epi32(
                _mm256_srli_epi32(share, 16), _mm256_srli_epi32(state, SCALE_BITS_MAX)),
            _mm256_sub_epi32(slot, _mm256_and_si256(share, low)));
    }
    const __m256i is_low = _mm256_cmpeq_epi32(
        _mm256_srli_epi32(state, 16), _mm256_setzero_si256());
    const unsigned lanes = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(is_low));
    const __m256i taken = _mm256_permutevar8x32_epi32(
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(words + 2 * *next))),
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)word_of_lane[lanes])));
    *states = _mm256_blendv_epi8(
        state, _mm256_or_si256(_mm256_slli_epi32(state, 16), taken), is_low);
    *next += (size_t)__builtin_popcount(lanes);
    return symbol;
}

// Decodes whole rounds of 32 states as long as there are words for one; the number of symbols.
VECTOR_TARGET static inline __attribute__((always_inline)) size_t decode_vectors(
    const tables *t, int packed, uint32_t *states, const uint8_t *words, size_t word_count,
    size_t *next, uint16_t *out, size_t count) {
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)states);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(states + 8));
    __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(states + 16));
    __m256i d = _mm256_loadu_si256((const __m256i *)(const void *)(states + 24));
    size_t index = 0, at = *next;
    for (; index + 32 <= count && at + 32 <= word_count; index += 32) {
        const __m256i first = step_vector(t, packed, &a, words, &at);
        const __m256i second = step_vector(t, packed, &b, words, &at);
        const __m256i third = step_vector(t, packed, &c, words, &at);
        const __m256i fourth = step_vector(t, packed, &d, words, &at);
        _mm256_storeu_si256(
            (__m256i *)(void *)(out + index),
            _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xd8));
        _mm256_storeu_si256(
            (__m256i *)(void *)(out + index + 16),
            _mm256_permute4x64_epi64(_mm256_packus_epi32(third, fourth), 0xd8));
    }
    _mm256_storeu_si256((__m256i *)(void *)states, a);
    _mm256_storeu_si256((__m256i *)(void *)(states + 8), b);
    _mm256_storeu_si256((__m256i *)(void *)(states + 16), c);
    _mm256_storeu_si256((__m256i *)(void *)(states + 24), d);
    *next = at;
    return index;
}

VECTOR_TARGET static size_t decode_wide(
    const tables *t, uint32_t *states, const uint8_t *words, size_t word_count, size_t *next,
    uint16_t *out, size_t count) {
    // The last words once more, with room behind: streams of few bits a symbol are mostly decoded of these.
    uint8_t last[2 * (32 + 32)] = {0};
    const int packed = is_packed(t->scale_bits);
    size_t done = packed ? decode_vectors(t, 1, states, words, word_count, next, out, count)
                         : decode_vectors(t, 0, states, words, word_count, next, out, count);
    if (*next + 32 <= word_count) { return done; }
    const size_t rest = word_count - *next;
    memcpy(last, words + 2 * *next, 2 * rest);
    while (done + 32 <= count) {
        size_t taken = *next + rest - word_count;
        // A round needs at most 32 words, which are there.
        const size_t more = packed
            ? decode_vectors(t, 1, states, last, taken + 32, &taken, out + done, 32)
            : decode_vectors(t, 0, states, last, taken + 32, &taken, out + done, 32);
        *next = word_count - rest + taken;
        done += more;
        if (*next > word_count) { return done; }
    }
    return done;
}
#endif

static int decode(
    const uint32_t *frequencies, size_t alphabet, unsigned scale_bits, uint32_t *states,
    size_t lanes, const uint8_t *words, size_t word_count, uint16_t *out, size_t count,
    int has_vectors) {
    tables t;
    if (!fill_tables(&t, frequencies, alphabet, scale_bits)) { return 0; }
    size_t next = 0, done = 0;
    (void)has_vectors;
#if defined(__x86_64__)
    if (lanes == 32 && has_vectors) {
        done = decode_wide(&t, states, words, word_count, &next, out, count);
        if (next > word_count) { return 0; }
    }
#endif
#define DECODE(PACKED, LANES)                                                                      \
    decode_lanes(&t, PACKED, LANES, states, words, word_count, next, out, done, count)
    ptrdiff_t taken;
    if (is_packed(scale_bits)) {
        taken = lanes == 32 ? DECODE(1, 32) : lanes == 4 ? DECODE(1, 4) : DECODE(1, 1);
    } else {
        taken = lanes == 32 ? DECODE(0, 32)
            : lanes == 4    ? DECODE(0, 4)
            : lanes == 2    ? DECODE(0, 2)
                            : DECODE(0, 1);
    }
    if (taken != (ptrdiff_t)word_count) { return 0; }
    for (size_t lane = 0; lane < lanes; lane++) {
        if (states[lane] != LOWEST) { return 0; }
    }
    return 1;
}

int weir_entropy_decode(
    const uint32_t *frequencies, size_t alphabet, unsigned scale_bits, uint32_t *states,
    size_t lanes, const uint8_t *words, size_t word_count, uint16_t *out, size_t count) {
#if defined(__x86_64__)
    const int has_vectors = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
#else
    const int has_vectors = 0;
#endif
    return decode(
        frequencies, alphabet, scale_bits, states, lanes, words, word_count, out, count,
        has_vectors);
}

int weir_entropy_decode_scalar(
    const uint32_t *frequencies, size_t alphabet, unsigned scale_bits, uint32_t *states,
    size_t lanes, const uint8_t *words, size_t word_count, uint16_t *out, size_t count) {
    return decode(
        frequencies, alphabet, scale_bits, states, lanes, words, word_count, out, count, 0);
}

// What a symbol of an integer says: what its bits are added to, and how many there are.
typedef struct {
    uint64_t base;
    uint64_t width;
} integer_symbol;

static integer_symbol integer_symbols[256];
static int symbols_ready;

// Idempotent: two threads that fill them at once write the same values.
static void fill_symbols(void) {
    for (unsigned symbol = 0; symbol < 256; symbol++) {
        const unsigned exponent = symbol < 16 ? 2 : (symbol - 16) / 4 + 4;
        const unsigned width = (exponent - 2) & 63;
        integer_symbols[symbol].base =
            symbol < 16 ? symbol : (uint64_t)(4 | (symbol & 3)) << width;
        integer_symbols[symbol].width = width;
    }
    __atomic_store_n(&symbols_ready, 1, __ATOMIC_RELEASE);
}

// What a symbol and the bits behind it say.
static inline __attribute__((always_inline)) int64_t integer(
    uint64_t value, int folded, int differences, int64_t smallest, int64_t divisor,
    uint64_t *previous) {
    value = folded ? (value >> 1) ^ (0 - (value & 1)) : value + (uint64_t)smallest;
    if (differences) {
        value += *previous;
        *previous = value;
    }
    return (int64_t)(value * (uint64_t)divisor);
}

// One load has at least so many bits.
#define LOADED_BITS 57
// So many integers are read without asking whether there are bits.
#define INTEGERS_AT_ONCE 8

static inline __attribute__((always_inline)) int integers(
    const uint16_t *symbols, size_t count, const uint8_t *bits, size_t bit_bytes, int folded,
    int differences, int64_t smallest, int64_t divisor, int64_t *out) {
    uint32_t largest = 0;
    for (size_t index = 0; index < count; index++) {
        largest = symbols[index] > largest ? symbols[index] : largest;
    }
    if (largest > 255) { return 0; }
    size_t position = 0, index = 0;
    uint64_t previous = 0;
    const size_t slack = 8 + INTEGERS_AT_ONCE * 8;
    if (integer_symbols[largest].width <= LOADED_BITS && bit_bytes >= slack) {
        const size_t last = (bit_bytes - slack) * 8;
        for (; index + INTEGERS_AT_ONCE <= count && position <= last; index += INTEGERS_AT_ONCE) {
            for (size_t lane = 0; lane < INTEGERS_AT_ONCE; lane++) {
                const integer_symbol *symbol = integer_symbols + symbols[index + lane];
                const uint64_t loaded = weir_load64(bits + (position >> 3)) >> (position & 7);
                const uint64_t below = loaded & (((uint64_t)1 << symbol->width) - 1);
                position += symbol->width;
                out[index + lane] = integer(
                    symbol->base | below, folded, differences, smallest, divisor, &previous);
            }
        }
    }
    for (; index < count; index++) {
        const integer_symbol *symbol = integer_symbols + symbols[index];
        const uint64_t below = weir_bits_at(bits, bit_bytes, position, (unsigned)symbol->width);
        position += symbol->width;
        out[index] = integer(
            symbol->base | below, folded, differences, smallest, divisor, &previous);
    }
    return 1;
}

#define INTEGERS(FOLDED, DIFFERENCES)                                                              \
    integers(                                                                                      \
        symbols, count, bits, bit_bytes, FOLDED, DIFFERENCES, smallest, divisor, out)
#define ALL_INTEGERS                                                                               \
    folded ? (differences ? INTEGERS(1, 1) : INTEGERS(1, 0))                                       \
           : (differences ? INTEGERS(0, 1) : INTEGERS(0, 0))

#if defined(__x86_64__)
// Shifts by a register and masks of so many bits are one instruction each here.
__attribute__((target("bmi,bmi2"))) static int integers_by_bmi2(
    const uint16_t *symbols, size_t count, const uint8_t *bits, size_t bit_bytes, int folded,
    int differences, int64_t smallest, int64_t divisor, int64_t *out) {
    return ALL_INTEGERS;
}
#endif

int weir_entropy_integers(
    const uint16_t *symbols, size_t count, const uint8_t *bits, size_t bit_bytes, int folded,
    int differences, int64_t smallest, int64_t divisor, int64_t *out) {
    if (!__atomic_load_n(&symbols_ready, __ATOMIC_ACQUIRE)) { fill_symbols(); }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
        return integers_by_bmi2(
            symbols, count, bits, bit_bytes, folded, differences, smallest, divisor, out);
    }
#endif
    return ALL_INTEGERS;
}

void weir_count_codes(const uint32_t *codes, size_t count, size_t limit, size_t *counts) {
    // Four tables: a code that repeats need not wait for its last count.
    uint32_t tables[4][32] = {{0}};
    size_t index = 0;
    for (; index + 4 <= count; index += 4) {
        for (size_t lane = 0; lane < 4; lane++) { tables[lane][codes[index + lane] & 31]++; }
    }
    for (; index < count; index++) { tables[0][codes[index] & 31]++; }
    for (size_t code = 0; code < limit; code++) {
        counts[code] = (size_t)tables[0][code] + tables[1][code] + tables[2][code] + tables[3][code];
    }
}

void weir_interleave(
    const int64_t *values, size_t *next, const uint32_t *codes, size_t count, int64_t *out,
    uint8_t *narrow) {
    // Mostly the first two groups take turns: their places stay in registers.
    size_t first = next[0], second = next[1];
    for (size_t index = 0; index < count; index++) {
        const uint32_t code = codes[index];
        narrow[index] = (uint8_t)code;
        if (__builtin_expect(code > 1, 0)) {
            out[index] = values[next[code]++];
            continue;
        }
        out[index] = values[code ? second : first];
        second += code;
        first += code ^ 1;
    }
}

int weir_recent_codes(
    const uint32_t *distances, size_t count, const uint32_t *numbers, size_t fresh, uint32_t *out) {
    size_t zeros = 0, taken = 0;
    for (size_t row = 0; row < count; row++) { zeros += distances[row] == 0; }
    for (size_t row = 0; row < count && row < WEIR_DISTANCE_MAX; row++) {
        if (distances[row] > row) { return 0; }
    }
    if (zeros != fresh) { return 0; }
    uint32_t any = 0;
    size_t row = 0;
    for (; row < count && taken < fresh; row++) {
        // Which of both it is cannot be foretold: both are loaded.
        const uint32_t distance = distances[row], is_new = distance == 0;
        const uint32_t number = numbers ? numbers[taken] : (uint32_t)taken;
        const uint32_t back = out[row - (is_new ? row : (distance & WEIR_DISTANCE_MAX))];
        any |= distance;
        out[row] = is_new ? number : back;
        taken += is_new;
    }
    for (; row < count; row++) {
        any |= distances[row];
        out[row] = out[row - (distances[row] & WEIR_DISTANCE_MAX)];
    }
    return any <= WEIR_DISTANCE_MAX;
}

void weir_places(const uint32_t *codes, size_t count, const uint8_t *has, uint32_t *places) {
    uint32_t next = 0;
    for (size_t row = 0; row < count; row++) {
        places[row] = next;
        next += has[codes[row]];
    }
    places[count] = next;
}

void weir_places_by_counter(
    const uint32_t *codes, size_t count, const uint32_t *counters, const uint32_t *steps,
    uint32_t *next, uint32_t *places) {
    for (size_t row = 0; row < count; row++) {
        const uint32_t code = codes[row], counter = counters[code];
        places[row] = next[counter];
        next[counter] += steps[code];
    }
}
