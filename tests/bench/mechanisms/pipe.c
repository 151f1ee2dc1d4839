// SPDX-License-Identifier: GPL-2.0-only
/* Pipes, without and with a name. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mechanisms/all.h"

/*
 * A pipe is counted in pages, and a message takes at least a part of one: a message
 * that does not fit what is left of the last page begins another.  It is as large as
 * it comes, if that is enough.
 */
static void make_room(const struct channel *channel)
{
	unsigned long page = sysconf(_SC_PAGESIZE), pages;
	size_t size = channel->need.size;

	if (size < page)
		pages = (channel->need.depth + page / size - 1) / (page / size);
	else
		pages = (size + page - 1) / page * channel->need.depth;
	if (pages * page <= 65536)
		return;
	if (fcntl(channel->send_fd, F_SETPIPE_SZ, pages * page) == -1)
		err(1, "F_SETPIPE_SZ to %lu pages", pages);
}

static void pipe_open(struct channel *channel)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		err(1, "pipe2");
	channel->recv_fd = fds[0];
	channel->send_fd = fds[1];
	make_room(channel);
}

static void fifo_open(struct channel *channel)
{
	char dir[] = "/dev/shm/bench-XXXXXX";
	char *path;

	if (!mkdtemp(dir) || asprintf(&path, "%s/fifo", dir) == -1)
		err(1, "%s", dir);
	if (mkfifo(path, 0600))
		err(1, "mkfifo %s", path);
	/* The first one to open must not wait for the other. */
	channel->recv_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	channel->send_fd = open(path, O_WRONLY | O_CLOEXEC);
	if (channel->recv_fd == -1 || channel->send_fd == -1)
		err(1, "open %s", path);
	if (fcntl(channel->recv_fd, F_SETFL, 0))
		err(1, "F_SETFL");
	if (unlink(path) || rmdir(dir))
		err(1, "unlink %s", path);
	free(path);
	make_room(channel);
}

const struct mechanism pipe_mechanism = {
	.name = "pipe",
	.what = "write, read",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL,
	.open = pipe_open,
	.send = send_by_write,
	.recv = recv_by_read,
	.close = close_descriptors,
};

const struct mechanism fifo_mechanism = {
	.name = "fifo",
	.what = "write, read",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL,
	.open = fifo_open,
	.send = send_by_write,
	.recv = recv_by_read,
	.close = close_descriptors,
};
