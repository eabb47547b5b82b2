#include "CLogKernels.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void weir_keep_freed(int mapped_min, int kept_max) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, mapped_min);
    mallopt(M_TRIM_THRESHOLD, kept_max);
#else
    (void)mapped_min;
    (void)kept_max;
#endif
}

void *weir_resize(void *memory, size_t bytes) {
    void *resized = realloc(memory, bytes);
    if (resized == NULL) {
        fprintf(stderr, "weir: no memory left: %zu bytes were refused\n", bytes);
        abort();
    }
    return resized;
}

void weir_free(void *memory) { free(memory); }

void weir_prefer_large_pages(void *memory, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    const uintptr_t page = (uintptr_t)2 << 20;
    const uintptr_t start = ((uintptr_t)memory + page - 1) & ~(page - 1);
    const uintptr_t end = ((uintptr_t)memory + bytes) & ~(page - 1);
    if (start < end) { (void)madvise((void *)start, end - start, MADV_HUGEPAGE); }
#else
    (void)memory;
    (void)bytes;
#endif
}
