// SPDX-License-Identifier: GPL-2.0-only
/* POSIX message queues: the system's own, and by the same calls over ipcq. */
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mechanisms/all.h"

/* HARD_MSGMAX of the kernel. */
#define MOST_MESSAGES	65536

/* What mq_open() gives by default.  See LEAST_DEPTH in ipcq.c. */
#define LEAST_MESSAGES	10

/* The makefile says where it is. */
#define LIBRARY		"libipcq-mqueue.so.0"

/**
 * struct calls - the calls of <mqueue.h>, of one library or another
 * @open: mq_open()
 * @unlink: mq_unlink()
 * @send: mq_send()
 * @receive: mq_receive()
 */
struct calls {
	mqd_t (*open)(const char *name, int flags, ...);
	int (*unlink)(const char *name);
	int (*send)(mqd_t mqd, const char *data, size_t size, unsigned int prio);
	ssize_t (*receive)(mqd_t mqd, char *data, size_t size, unsigned int *prio);
};

static void open_by(const struct calls *calls, struct channel *channel)
{
	const struct need *need = &channel->need;
	struct mq_attr attr = {
		.mq_maxmsg = need->depth < LEAST_MESSAGES ? LEAST_MESSAGES : need->depth,
		.mq_msgsize = need->size,
	};
	char *name;

	if (asprintf(&name, "/ipcq-bench-%d", getpid()) == -1)
		err(1, NULL);
	channel->recv_fd = calls->open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600,
				       &attr);
	if (channel->recv_fd == -1)
		err(1, "mq_open for %u messages of %zu bytes", need->depth, need->size);
	channel->send_fd = channel->recv_fd;
	if (calls->unlink(name))
		err(1, "mq_unlink");
	free(name);
	channel->state = (void *)calls;
}

static void mqueue_open(struct channel *channel)
{
	static const struct calls system_calls = {
		.open = mq_open,
		.unlink = mq_unlink,
		.send = mq_send,
		.receive = mq_receive,
	};

	open_by(&system_calls, channel);
}

static void *symbol(void *library, const char *name)
{
	void *address = dlsym(library, name);

	if (!address)
		errx(1, "%s", dlerror());
	return address;
}

/* Loaded late, so that its calls do not stand in for the system's. */
static void ipcq_mqueue_open(struct channel *channel)
{
	static struct calls calls;
	void *library;

	if (!calls.open) {
		library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
		if (!library)
			errx(1, "%s", dlerror());
		calls.unlink = symbol(library, "mq_unlink");
		calls.send = symbol(library, "mq_send");
		calls.receive = symbol(library, "mq_receive");
		calls.open = symbol(library, "mq_open");
	}
	open_by(&calls, channel);
}

static void mqueue_send_prio(struct channel *channel, char *data, size_t size,
			     unsigned int prio)
{
	const struct calls *calls = channel->state;

	if (calls->send(channel->send_fd, data, size, prio))
		err(1, "mq_send");
}

static void mqueue_send(struct channel *channel, char *data, size_t size)
{
	mqueue_send_prio(channel, data, size, 0);
}

static void mqueue_recv(struct channel *channel, char *data, size_t size)
{
	const struct calls *calls = channel->state;
	ssize_t got;

	got = calls->receive(channel->recv_fd, data, size, NULL);
	if (got != (ssize_t)size)
		err(1, "mq_receive: %zd", got);
}

const struct mechanism mqueue_mechanism = {
	.name = "mqueue",
	.what = "mq_send, mq_receive",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL | CAN_PRIORITY,
	.max_depth = MOST_MESSAGES,
	.open = mqueue_open,
	.send = mqueue_send,
	.recv = mqueue_recv,
	.send_prio = mqueue_send_prio,
	.close = close_descriptors,
};

const struct mechanism ipcq_mqueue_mechanism = {
	.name = "ipcq-mqueue",
	.what = "mq_send, mq_receive of libipcq-mqueue",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL | CAN_PRIORITY,
	.open = ipcq_mqueue_open,
	.send = mqueue_send,
	.recv = mqueue_recv,
	.send_prio = mqueue_send_prio,
	.close = close_descriptors,
};
