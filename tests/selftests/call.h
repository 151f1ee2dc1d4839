/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that may block, each in a thread of its own. */
#ifndef CALL_H
#define CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/ipcq.h>

#define CALL_ROOM	256

enum call_kind { CALL_SEND, CALL_RECV, CALL_WRITE, CALL_READ };

/**
 * struct call - one call
 * @thread: that makes it
 * @kind: which call
 * @fd: on what
 * @msg: its argument
 * @text: what is sent, or was received; NUL-terminated
 * @result: what it returned, or a negative errno
 * @ended_ns: when it returned, CLOCK_MONOTONIC
 * @done: it has returned
 */
struct call {
	pthread_t thread;
	enum call_kind kind;
	int fd;
	struct ipcq_msg msg;
	char text[CALL_ROOM];
	int result;
	uint64_t ended_ns;
	atomic_bool done;
};

int call_send(struct call *c, int fd, const char *text, struct ipcq_msg msg);
int call_recv(struct call *c, int fd, struct ipcq_msg msg);
int call_write(struct call *c, int fd, const char *text);
int call_read(struct call *c, int fd);
bool call_is_done(struct call *c);
int call_end(struct call *c);

#endif /* CALL_H */
