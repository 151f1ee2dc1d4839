// SPDX-License-Identifier: LGPL-2.1-or-later
/* Errors in words, with what to do about them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipcq.h"

#define MODULE		"/sys/module/ipcq"
#define PARAMETERS	MODULE "/parameters/"
#define BIT(op)		(1u << (op))
#define ANY		(~0u)

static const struct {
	unsigned int ops;
	int err;
	const char *text;
} explanations[] = {
	{ ANY, ENODEV,
	  "the module is not loaded: sudo modprobe ipcq" },
	{ ANY, ENOTTY,
	  "this is not a queue" },
	{ BIT(IPCQ_OP_OPEN) | BIT(IPCQ_OP_DESTROY), EINVAL,
	  "a name is 1 to 63 of A-Z a-z 0-9 . _ -, without a dot in front, and not"
	  " 'control'" },

	{ BIT(IPCQ_OP_OPEN), ENOENT,
	  "no queue of that name: 'ipcqctl create' makes one, 'ls /dev/ipcq' shows"
	  " those there are" },
	{ BIT(IPCQ_OP_OPEN), EACCES,
	  "its mode does not let you: its owner can chmod the node in /dev/ipcq" },
	{ BIT(IPCQ_OP_OPEN), ENXIO,
	  "the queue behind this node was destroyed" },

	{ BIT(IPCQ_OP_CREATE), EEXIST,
	  "a queue of that name exists, or something else in its place in /dev/ipcq" },
	{ BIT(IPCQ_OP_CREATE), EINVAL,
	  "the name is malformed or an attribute is out of range: see ipcq(4)" },
	{ BIT(IPCQ_OP_CREATE), ENOSPC,
	  "the capacity asked for is above the maximum of one queue, see"
	  " " PARAMETERS "max_*, or every minor is taken" },
	{ BIT(IPCQ_OP_CREATE), EDQUOT,
	  "that user owns as many queues as one may: see"
	  " " PARAMETERS "user_queues" },
	{ BIT(IPCQ_OP_CREATE), EPERM,
	  "only root may give a queue to another user or to a group that one is not"
	  " in" },
	{ BIT(IPCQ_OP_CREATE) | BIT(IPCQ_OP_DESTROY), EACCES,
	  "the mode of /dev/ipcq/control does not let you" },

	{ BIT(IPCQ_OP_DESTROY), ENOENT,
	  "no queue of that name" },
	{ BIT(IPCQ_OP_DESTROY), EBUSY,
	  "messages wait in it" },
	{ BIT(IPCQ_OP_DESTROY) | BIT(IPCQ_OP_SET_ATTR) | BIT(IPCQ_OP_PURGE) |
	  BIT(IPCQ_OP_SHUTDOWN) | BIT(IPCQ_OP_RING), EPERM,
	  "only its owner or root may do that" },

	{ BIT(IPCQ_OP_OPEN_END), EACCES,
	  "the descriptor is not open for that direction" },

	{ BIT(IPCQ_OP_SEND), EAGAIN,
	  "the queue is full" },
	{ BIT(IPCQ_OP_SEND), ETIMEDOUT,
	  "timed out: the queue is still full" },
	{ BIT(IPCQ_OP_SEND), EMSGSIZE,
	  "the message is larger than the queue's max_msg_size" },
	{ BIT(IPCQ_OP_SEND), EPIPE,
	  "nobody would receive it: the receivers have gone or the queue is shut" },
	{ BIT(IPCQ_OP_SEND), EDQUOT,
	  "the messages that this user has sent and nobody has received take as much"
	  " memory as they may: see " PARAMETERS "user_bytes" },
	{ BIT(IPCQ_OP_SEND), EBADF,
	  "the descriptor is not open for sending" },

	{ BIT(IPCQ_OP_RECV), EAGAIN,
	  "the queue is empty" },
	{ BIT(IPCQ_OP_RECV), ETIMEDOUT,
	  "timed out: the queue is still empty" },
	{ BIT(IPCQ_OP_RECV), EMSGSIZE,
	  "the next message is larger than the buffer: it stays in the queue" },
	{ BIT(IPCQ_OP_RECV), EPIPE,
	  "end of file: the queue is empty and the senders have gone, or it is shut" },
	{ BIT(IPCQ_OP_RECV), EBADF,
	  "the descriptor is not open for receiving" },

	{ BIT(IPCQ_OP_SET_ATTR), EINVAL,
	  "an attribute is out of range or can be given only at creation" },
	{ BIT(IPCQ_OP_SET_ATTR), ENOSPC,
	  "the capacity asked for is above the maximum of one queue: see"
	  " " PARAMETERS "max_*" },
	{ BIT(IPCQ_OP_SET_ATTR), EBUSY,
	  "the order can be changed only while the queue is empty, and neither it nor"
	  " max_msg_size against what a receiver has mapped" },

	{ BIT(IPCQ_OP_RECV) | BIT(IPCQ_OP_PURGE), EBUSY,
	  "another receiver has mapped the queue, and only that receives" },
	{ BIT(IPCQ_OP_RING), EBUSY,
	  "the queue has a ring, or more messages wait than this one can hold" },
	{ BIT(IPCQ_OP_RING), EINVAL,
	  "the size is no power of two of pages up to 64 MiB, or the queue is in order of"
	  " priority" },
	{ BIT(IPCQ_OP_RING), EMSGSIZE,
	  "a message of the queue's max_msg_size would not fit, or that is above 64 KiB" },
	{ BIT(IPCQ_OP_RING), EDQUOT,
	  "the messages and the rings of this user would take more memory than they may:"
	  " see " PARAMETERS "user_bytes" },
	{ BIT(IPCQ_OP_RING), EBADF,
	  "the descriptor is not open for receiving" },
	{ BIT(IPCQ_OP_NOTIFY), EBUSY,
	  "another registration waits for the queue's next message" },
};

/* A container shares the kernel, but has a /dev of its own. */
static int is_loaded(void)
{
	int err = errno, loaded = access(MODULE, F_OK) == 0;

	errno = err;
	return loaded;
}

const char *ipcq_explain(enum ipcq_op op, int err)
{
	size_t i;

	if (err == ENODEV && is_loaded())
		return "the module is loaded, but its /dev/ipcq/control is not here: a"
		       " container must be given it";
	for (i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		if (explanations[i].err == err && explanations[i].ops & BIT(op))
			return explanations[i].text;
	}
	return strerror(err);
}
