#define _GNU_SOURCE
#include "CSockets.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

int weir_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int weir_poll_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

int weir_poll_add(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

int weir_poll_remove(int poll, int descriptor) {
    return epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, NULL);
}

int weir_poll_wait(int poll, int32_t *descriptors, int capacity, int milliseconds) {
    struct epoll_event events[256];
    if (capacity > 256) capacity = 256;
    int count = epoll_wait(poll, events, capacity, milliseconds);
    for (int i = 0; i < count; i++) descriptors[i] = events[i].data.fd;
    return count;
}

int weir_receive(
    int socket, uint8_t *base, size_t stride, size_t room, int count, uint32_t *lengths) {
    struct mmsghdr messages[WEIR_DATAGRAMS_MAX];
    struct iovec parts[WEIR_DATAGRAMS_MAX];
    if (count > WEIR_DATAGRAMS_MAX) count = WEIR_DATAGRAMS_MAX;
    memset(messages, 0, sizeof messages[0] * count);
    for (int i = 0; i < count; i++) {
        parts[i].iov_base = base + (size_t)i * stride;
        parts[i].iov_len = room;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    // MSG_TRUNC asks for the true length of what did not fit.
    int got = recvmmsg(socket, messages, count, MSG_DONTWAIT | MSG_TRUNC, NULL);
    for (int i = 0; i < got; i++) lengths[i] = messages[i].msg_len;
    return got;
}

int64_t weir_socket_drops(int socket) {
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof memory;
    if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) return -1;
    if (size < (SK_MEMINFO_DROPS + 1) * sizeof memory[0]) return -1;
    return memory[SK_MEMINFO_DROPS];
}
