#define _GNU_SOURCE
#include "CFileStatus.h"

#include <fcntl.h>
#include <sys/stat.h>

int64_t weir_birth_time(int descriptor) {
#if defined(__linux__) && defined(STATX_BTIME)
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0) return 0;
    if (!(status.stx_mask & STATX_BTIME)) return 0;
    return (int64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
#else
    (void)descriptor;
    return 0;
#endif
}
