// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a queue is like, and what its owner may do to it. */
#include <sys/ioctl.h>

#include "ipcq.h"

int ipcq_get_attr(int fd, struct ipcq_attr *attr)
{
	return ioctl(fd, IPCQ_IOC_GET_ATTR, attr);
}

int ipcq_set_attr(int fd, const struct ipcq_attr *attr)
{
	return ioctl(fd, IPCQ_IOC_SET_ATTR, attr);
}

int ipcq_purge(int fd, uint64_t *purged)
{
	struct ipcq_purge purge = { 0 };

	if (ioctl(fd, IPCQ_IOC_PURGE, &purge) < 0)
		return -1;
	if (purged)
		*purged = purge.purged;
	return 0;
}

int ipcq_shutdown(int fd, unsigned int how)
{
	struct ipcq_shutdown shutdown = { .how = how };

	return ioctl(fd, IPCQ_IOC_SHUTDOWN, &shutdown);
}
