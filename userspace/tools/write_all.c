// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "write_all.h"

bool write_all(int fd, const char *data, size_t size)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t written;

	while (size) {
		written = write(fd, data, size);
		if (written >= 0) {
			data += written;
			size -= written;
		} else if (errno == EAGAIN) {
			/* Somebody else made our output nonblocking. */
			poll(&room, 1, -1);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}
