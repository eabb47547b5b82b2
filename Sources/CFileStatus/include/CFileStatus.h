#ifndef WEIR_FILE_STATUS_H
#define WEIR_FILE_STATUS_H

#include <stdint.h>

/// When the open file was made, nanoseconds since the epoch; 0 where the system or the file system does not say.
///
/// statx(2), which glibc shows to GNU sources only.
int64_t weir_birth_time(int descriptor);

#endif
