// SPDX-License-Identifier: LGPL-2.1-or-later
/* mq_getattr(), mq_setattr(). */
#include <errno.h>
#include <sys/ioctl.h>

#include "internal.h"

PUBLIC int mq_getattr(mqd_t mqd, struct mq_attr *attr)
{
	struct ipcq_attr now;
	int flags;

	if (ipcq_get_attr(mqd, &now) < 0)
		return fail_not_a_queue(mqd);
	flags = fcntl(mqd, F_GETFL);
	if (flags < 0)
		return -1;
	*attr = (struct mq_attr) {
		.mq_flags = flags & O_NONBLOCK,
		.mq_maxmsg = now.max_msgs,
		.mq_msgsize = now.max_msg_size,
		.mq_curmsgs = now.depth,
	};
	return 0;
}

PUBLIC int mq_setattr(mqd_t mqd, const struct mq_attr *restrict new,
		      struct mq_attr *restrict old)
{
	struct mq_attr before;
	int nonblock;

	if (new->mq_flags & ~(long)O_NONBLOCK) {
		errno = EINVAL;
		return -1;
	}
	if (mq_getattr(mqd, &before) < 0)
		return -1;
	/* Touches that one flag, and none that another thread sets. */
	nonblock = !!new->mq_flags;
	if (ioctl(mqd, FIONBIO, &nonblock) < 0)
		return -1;
	if (old)
		*old = before;
	return 0;
}

int fail_not_a_queue(mqd_t mqd)
{
	struct ipcq_attr attr;
	int err = errno;

	if (err != EBADF && ipcq_get_attr(mqd, &attr) < 0)
		err = EBADF;
	errno = err;
	return -1;
}
