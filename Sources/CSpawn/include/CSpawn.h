// Starting programs: calls of the C library that it shows only to those who ask for GNU's extensions.
#pragma once

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Starts `arguments[0]` in `directory`, as the leader of a process group of its own, with `input` as its standard input, `output` as
/// its standard output and error, no other descriptor, no signal blocked or ignored. 0, or an errno.
int weir_spawn(
    pid_t *process, char *const arguments[], char *const environment[], const char *directory,
    int input, int output);

/// A file in memory that is closed in programs that are started; -1 with errno.
int weir_memory_file(void);

/// A pipe, the end to read from without waiting, both closed in programs that are started. 0, or -1 with errno.
int weir_output_pipe(int *reading, int *writing);

#ifdef __cplusplus
}
#endif
