// SPDX-License-Identifier: GPL-2.0-only
/* Queues of ipcq, by read and write, and by the ioctls. */
#include <err.h>
#include <errno.h>
#include <ipcq.h>

#include "mechanisms/all.h"

/*
 * The peers have more room than is asked for, a pipe 64 KiB.  And a queue of one message
 * crosses its high-water level with each: that is another thing to measure.
 */
#define LEAST_DEPTH	64

void ipcq_bench_open(struct channel *channel)
{
	const struct need *need = &channel->need;
	unsigned int depth = need->depth < LEAST_DEPTH && !need->exact ? LEAST_DEPTH :
									 need->depth;
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE |
			IPCQ_ATTR_ORDER,
		.max_msgs = depth,
		.max_bytes = (__u64)need->size * depth,
		.max_msg_size = need->size,
		.order = need->priority ? IPCQ_ORDER_PRIORITY : IPCQ_ORDER_FIFO,
	};
	int fds[2];

	if (ipcq_pair(fds, &attr, O_CLOEXEC))
		err(1, "ipcq_pair: %s", ipcq_explain(IPCQ_OP_CREATE, errno));
	channel->recv_fd = fds[0];
	channel->send_fd = fds[1];
}

static void ipcq_bench_send_prio(struct channel *channel, char *data, size_t size,
				 unsigned int prio)
{
	struct ipcq_msg msg = { .prio = prio };

	if (ipcq_send(channel->send_fd, data, size, &msg))
		err(1, "ipcq_send");
}

static void ipcq_bench_send(struct channel *channel, char *data, size_t size)
{
	ipcq_bench_send_prio(channel, data, size, 0);
}

static void ipcq_bench_recv(struct channel *channel, char *data, size_t size)
{
	struct ipcq_msg msg = { 0 };
	ssize_t got;

	got = ipcq_recv(channel->recv_fd, data, size, &msg);
	if (got != (ssize_t)size)
		err(1, "ipcq_recv: %zd", got);
}

const struct mechanism ipcq_mechanism = {
	.name = "ipcq",
	.what = "write, read",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL | CAN_BOUND,
	.open = ipcq_bench_open,
	.send = send_by_write,
	.recv = recv_by_read,
	.close = close_descriptors,
};

const struct mechanism ipcq_ioctl_mechanism = {
	.name = "ipcq-ioctl",
	.what = "IPCQ_IOC_SEND, IPCQ_IOC_RECV",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL | CAN_BOUND | CAN_PRIORITY,
	.open = ipcq_bench_open,
	.send = ipcq_bench_send,
	.recv = ipcq_bench_recv,
	.send_prio = ipcq_bench_send_prio,
	.close = close_descriptors,
};
