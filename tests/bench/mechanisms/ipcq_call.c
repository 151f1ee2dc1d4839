// SPDX-License-Identifier: GPL-2.0-only
/* Queues of ipcq, to send to one and receive from another with a call. */
#include <err.h>
#include <ipcq.h>

#include "mechanisms/all.h"

static void call_reply(struct channel *to, char *out, struct channel *from, char *in,
		       size_t size)
{
	ssize_t got;

	got = ipcq_call(to->send_fd, out, size, from->recv_fd, in, size, NULL);
	if (got != (ssize_t)size)
		err(1, "ipcq_call: %zd", got);
}

const struct mechanism ipcq_call_mechanism = {
	.name = "ipcq-call",
	.what = "IPCQ_IOC_CALL",
	.can = CAN_DELIVER,
	.open = ipcq_bench_open,
	.send = send_by_write,
	.recv = recv_by_read,
	.reply = call_reply,
	.only = "round-trip",
	.close = close_descriptors,
};
