// System calls of Linux that glibc's headers show to GNU sources only, and so not to Swift.
#ifndef WEIR_CSOCKETS_H
#define WEIR_CSOCKETS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/// Takes a connection from a listening socket, closed on exec and never waiting; -1 and `errno` where there is none.
int weir_accept(int listener);

/// An epoll set; -1 on failure.
int weir_poll_make(void);
/// Watches `descriptor` for reading, level-triggered; 0 on success.
int weir_poll_add(int poll, int descriptor);
/// Watches it no more; 0 on success.
int weir_poll_remove(int poll, int descriptor);
/// Waits for at most `milliseconds` (-1: for ever) and writes the descriptors that can be read or have ended; their number,
/// or -1 on failure.
int weir_poll_wait(int poll, int32_t *_Nonnull descriptors, int capacity, int milliseconds);

/// The datagrams that one call of `weir_receive` may take.
#define WEIR_DATAGRAMS_MAX 64

/// Takes the datagrams that have arrived, at most `count` and WEIR_DATAGRAMS_MAX, the first into `base`, each next one `stride`
/// bytes further; never waits. `lengths` gets their sizes, of one that was longer than `room` its true size.
/// The number of datagrams, or -1 and `errno`.
int weir_receive(
    int socket, uint8_t *_Nonnull base, size_t stride, size_t room, int count,
    uint32_t *_Nonnull lengths);

/// The datagrams that the kernel has dropped for lack of room in the socket's buffer since it was made; -1 where it cannot
/// tell.
int64_t weir_socket_drops(int socket);

#endif
