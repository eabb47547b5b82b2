// Counts the blocks that a program takes from the heap: allocation functions in front of the C library's.
#ifndef WEIR_HEAPHOOK_H
#define WEIR_HEAPHOOK_H

#include <stdint.h>

/// The number of calls of malloc, calloc, realloc and their aligned kin so far.
uint64_t weir_bench_mallocs(void);

#endif
