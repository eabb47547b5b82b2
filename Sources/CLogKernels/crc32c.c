#include "CLogKernels.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

static uint32_t table[8][256];
static int table_ready;

// Idempotent: two threads that fill it at once write the same values.
static void fill_table(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) { c = (c & 1) ? (c >> 1) ^ 0x82F63B78u : c >> 1; }
        table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int k = 1; k < 8; k++) {
            table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 0xff];
        }
    }
    __atomic_store_n(&table_ready, 1, __ATOMIC_RELEASE);
}

uint32_t weir_crc32c_scalar(uint32_t crc, const uint8_t *bytes, size_t count) {
    if (!__atomic_load_n(&table_ready, __ATOMIC_ACQUIRE)) { fill_table(); }
    uint32_t c = ~crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        const uint64_t v = weir_load64(bytes) ^ c;
        c = table[7][v & 0xff] ^ table[6][(v >> 8) & 0xff] ^ table[5][(v >> 16) & 0xff]
            ^ table[4][(v >> 24) & 0xff] ^ table[3][(v >> 32) & 0xff] ^ table[2][(v >> 40) & 0xff]
            ^ table[1][(v >> 48) & 0xff] ^ table[0][v >> 56];
    }
    for (; count > 0; bytes++, count--) { c = (c >> 8) ^ table[0][(c ^ *bytes) & 0xff]; }
    return ~c;
}

// The processor's instruction takes three cycles and one can begin in each: three runs of bytes side by side keep it busy. Each
// run's CRC is then moved over the bytes behind it, which is a multiplication by a constant and so linear in the CRC's bytes
// (Mark Adler's way): `shift[k][b]` is byte k of value b moved over `RUN_BYTES` zero bytes.
enum { RUN_BYTES = 1024 };
static uint32_t shift[4][256];
static int shift_ready;

// Idempotent, as `fill_table`. Each bit is moved by itself; a byte is the sum of its bits.
static void fill_shift(void) {
    static const uint8_t zeros[RUN_BYTES];
    for (uint32_t k = 0; k < 4; k++) {
        shift[k][0] = 0;
        for (uint32_t bit = 0; bit < 8; bit++) {
            // The scalar function inverts before and after; moving a CRC does not.
            const uint32_t moved = ~weir_crc32c_scalar(~(1u << (8 * k + bit)), zeros, RUN_BYTES);
            for (uint32_t b = 0; b < 1u << bit; b++) { shift[k][1u << bit | b] = shift[k][b] ^ moved; }
        }
    }
    __atomic_store_n(&shift_ready, 1, __ATOMIC_RELEASE);
}

static inline uint32_t moved(uint32_t c) {
    return shift[0][c & 0xff] ^ shift[1][(c >> 8) & 0xff] ^ shift[2][(c >> 16) & 0xff]
        ^ shift[3][c >> 24];
}

#if defined(__x86_64__)
#define CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_STEP64(c, v) (uint32_t)_mm_crc32_u64(c, v)
#define CRC_STEP8(c, v) _mm_crc32_u8(c, v)
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define CRC_TARGET
#define CRC_STEP64(c, v) __crc32cd(c, v)
#define CRC_STEP8(c, v) __crc32cb(c, v)
#endif

#if defined(CRC_TARGET)
CRC_TARGET static uint32_t crc32c_by_instruction(
    uint32_t crc, const uint8_t *bytes, size_t count) {
    uint32_t c = ~crc;
    if (count >= 3 * RUN_BYTES && !__atomic_load_n(&shift_ready, __ATOMIC_ACQUIRE)) {
        fill_shift();
    }
    for (; count >= 3 * RUN_BYTES; bytes += 3 * RUN_BYTES, count -= 3 * RUN_BYTES) {
        uint32_t second = 0, third = 0;
        for (size_t i = 0; i < RUN_BYTES; i += 8) {
            c = CRC_STEP64(c, weir_load64(bytes + i));
            second = CRC_STEP64(second, weir_load64(bytes + RUN_BYTES + i));
            third = CRC_STEP64(third, weir_load64(bytes + 2 * RUN_BYTES + i));
        }
        c = moved(moved(c) ^ second) ^ third;
    }
    for (; count >= 8; bytes += 8, count -= 8) { c = CRC_STEP64(c, weir_load64(bytes)); }
    for (; count > 0; bytes++, count--) { c = CRC_STEP8(c, *bytes); }
    return ~c;
}
#endif

uint32_t weir_crc32c(uint32_t crc, const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) { return crc32c_by_instruction(crc, bytes, count); }
#elif defined(CRC_TARGET)
    return crc32c_by_instruction(crc, bytes, count);
#endif
    return weir_crc32c_scalar(crc, bytes, count);
}
