#include "CLogKernels.h"

#include <stdlib.h>

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
