// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: a write and a read of devices that do nothing.  It delivers nothing, and
 * shows what two system calls cost by themselves.
 */
#include <err.h>
#include <fcntl.h>

#include "mechanisms/all.h"

static void floor_open(struct channel *channel)
{
	channel->send_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (channel->send_fd == -1)
		err(1, "/dev/null");
	channel->recv_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (channel->recv_fd == -1)
		err(1, "/dev/zero");
}

const struct mechanism floor_mechanism = {
	.name = "floor",
	.what = "write /dev/null, read /dev/zero",
	.open = floor_open,
	.send = send_by_write,
	.recv = recv_by_read,
	.close = close_descriptors,
};
