// SPDX-License-Identifier: GPL-2.0-only
/* POSIX message queues. */
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mechanisms/all.h"

/* HARD_MSGMAX of the kernel. */
#define MOST_MESSAGES	65536

static void mqueue_open(struct channel *channel)
{
	struct mq_attr attr = {
		.mq_maxmsg = channel->need.depth,
		.mq_msgsize = channel->need.size,
	};
	char *name;

	if (asprintf(&name, "/ipcq-bench-%d", getpid()) == -1)
		err(1, NULL);
	channel->recv_fd = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	if (channel->recv_fd == -1)
		err(1, "mq_open for %u messages of %zu bytes", channel->need.depth,
		    channel->need.size);
	channel->send_fd = channel->recv_fd;
	if (mq_unlink(name))
		err(1, "mq_unlink");
	free(name);
}

static void mqueue_send_prio(struct channel *channel, char *data, size_t size,
			     unsigned int prio)
{
	if (mq_send(channel->send_fd, data, size, prio))
		err(1, "mq_send");
}

static void mqueue_send(struct channel *channel, char *data, size_t size)
{
	mqueue_send_prio(channel, data, size, 0);
}

static void mqueue_recv(struct channel *channel, char *data, size_t size)
{
	ssize_t got;

	got = mq_receive(channel->recv_fd, data, size, NULL);
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
