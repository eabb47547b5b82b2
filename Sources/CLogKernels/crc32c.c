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

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(
    uint32_t crc, const uint8_t *bytes, size_t count) {
    uint64_t c = (uint32_t)~crc;
    for (; count >= 8; bytes += 8, count -= 8) { c = _mm_crc32_u64(c, weir_load64(bytes)); }
    for (; count > 0; bytes++, count--) { c = _mm_crc32_u8((uint32_t)c, *bytes); }
    return ~(uint32_t)c;
}
#endif

uint32_t weir_crc32c(uint32_t crc, const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) { return crc32c_sse42(crc, bytes, count); }
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    uint32_t c = ~crc;
    for (; count >= 8; bytes += 8, count -= 8) { c = __crc32cd(c, weir_load64(bytes)); }
    for (; count > 0; bytes++, count--) { c = __crc32cb(c, *bytes); }
    return ~c;
#endif
    return weir_crc32c_scalar(crc, bytes, count);
}
