// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V message queues.  They have types, not priorities: a receiver that asks for
 * the lowest type first makes one of the other.
 */
#include <err.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "mechanisms/all.h"

/* The type of messages without priority, and the highest priority there is. */
#define PLAIN		1
#define MOST_URGENT	32768

static void sysv_open(struct channel *channel)
{
	struct msqid_ds info;
	size_t bytes;
	int id;

	id = msgget(IPC_PRIVATE, 0600);
	if (id == -1)
		err(1, "msgget");
	if (msgctl(id, IPC_STAT, &info))
		err(1, "IPC_STAT");
	/* As large as it comes, if that is enough; as for a pipe. */
	bytes = channel->need.size * channel->need.depth;
	if (info.msg_qbytes < bytes) {
		info.msg_qbytes = bytes;
		if (msgctl(id, IPC_SET, &info))
			err(1, "IPC_SET");
	}
	channel->recv_fd = id;
	channel->send_fd = id;
}

static void send_typed(struct channel *channel, char *data, size_t size, long type)
{
	char *message = data - sizeof(type);

	memcpy(message, &type, sizeof(type));
	if (msgsnd(channel->send_fd, message, size, 0))
		err(1, "msgsnd");
}

static void sysv_send(struct channel *channel, char *data, size_t size)
{
	send_typed(channel, data, size, PLAIN);
}

static void sysv_send_prio(struct channel *channel, char *data, size_t size,
			   unsigned int prio)
{
	send_typed(channel, data, size, MOST_URGENT - prio);
}

static void sysv_recv(struct channel *channel, char *data, size_t size)
{
	long type = channel->need.priority ? -MOST_URGENT : 0;
	ssize_t got;

	got = msgrcv(channel->recv_fd, data - sizeof(long), size, type, 0);
	if (got != (ssize_t)size)
		err(1, "msgrcv: %zd", got);
}

static void sysv_close(struct channel *channel)
{
	if (msgctl(channel->recv_fd, IPC_RMID, NULL))
		err(1, "IPC_RMID");
}

const struct mechanism sysv_mechanism = {
	.name = "sysv",
	.what = "msgsnd, msgrcv",
	.can = CAN_DELIVER | CAN_SHARE | CAN_PRIORITY,
	.open = sysv_open,
	.send = sysv_send,
	.recv = sysv_recv,
	.send_prio = sysv_send_prio,
	.close = sysv_close,
};
