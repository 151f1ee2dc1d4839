// SPDX-License-Identifier: LGPL-2.1-or-later
/* mq_open(), mq_close(), mq_unlink(). */

/* Fortified, <mqueue.h> has a mq_open() of its own. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* What mq_overview(7) says of a queue whose attributes were not given. */
#define DEFAULT_MSGS	10
#define DEFAULT_SIZE	8192

/* Fill in @attr; false if that cannot be a queue. */
static bool describe(struct ipcq_attr *attr, mode_t mode, const struct mq_attr *given)
{
	long msgs = given ? given->mq_maxmsg : DEFAULT_MSGS;
	long size = given ? given->mq_msgsize : DEFAULT_SIZE;

	if (msgs <= 0 || size <= 0 || msgs > INT32_MAX || size > INT32_MAX)
		return false;
	*attr = (struct ipcq_attr) {
		.mask = IPCQ_ATTR_ORDER | IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES |
			IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MODE,
		.order = IPCQ_ORDER_PRIORITY,
		.max_msgs = msgs,
		/* There is always room for that many of that size. */
		.max_bytes = (uint64_t)msgs * size,
		.max_msg_size = size,
		.mode = mode & 0777,
	};
	return true;
}

/* The errors of mq_open(3) and mq_unlink(3) for those of ipcq. */
static int posix_error(int err)
{
	switch (err) {
	case ENODEV:
		return ENOSYS;
	case ENXIO:
		return ENOENT;
	case EDQUOT:
		return ENOSPC;
	case EPERM:
		return EACCES;
	default:
		return err;
	}
}

static bool same_queue(int a, int b)
{
	struct ipcq_attr of_a, of_b;

	return ipcq_get_attr(a, &of_a) == 0 && ipcq_get_attr(b, &of_b) == 0 &&
	       of_a.id == of_b.id;
}

/*
 * The descriptor that comes of a creation does not belong to the node: fstat() would
 * not tell the owner, nor fchmod() change the mode.  Take one that does, unless the
 * mode keeps the creator out.
 */
static int by_its_node(int fd, const char *queue, int flags)
{
	struct stat stat;
	int node;

	if (fstat(fd, &stat) < 0 || S_ISCHR(stat.st_mode))
		return fd;
	node = ipcq_open(queue, flags);
	if (node < 0)
		return fd;
	if (same_queue(fd, node))
		dup3(node, fd, O_CLOEXEC);
	close(node);
	return fd;
}

static int create(const char *queue, int oflag, int flags, mode_t mode,
		  const struct mq_attr *given)
{
	struct ipcq_attr attr;
	int fd;

	if (!describe(&attr, mode, given)) {
		/* They do not matter if the queue exists. */
		fd = ipcq_open(queue, flags);
		if (fd >= 0 && oflag & O_EXCL) {
			close(fd);
			fd = -1;
			errno = EEXIST;
		} else if (fd < 0 && errno == ENOENT) {
			errno = EINVAL;
		}
		return fd;
	}
	if (oflag & O_EXCL)
		fd = ipcq_create(queue, &attr, flags | IPCQ_O_UMASK);
	else
		fd = ipcq_open_or_create(queue, &attr, flags | IPCQ_O_UMASK);
	if (fd < 0) {
		explain_limit(IPCQ_OP_CREATE, queue, &attr);
		return -1;
	}
	return by_its_node(fd, queue, flags);
}

static mqd_t open_queue(const char *name, int oflag, mode_t mode,
			const struct mq_attr *attr)
{
	int fd, flags = (oflag & (O_ACCMODE | O_NONBLOCK)) | O_CLOEXEC;
	char queue[IPCQ_NAME_MAX + 1];

	if ((oflag & O_ACCMODE) == O_ACCMODE) {
		errno = EINVAL;
		return -1;
	}
	if (queue_name(queue, name))
		return -1;
	if (oflag & O_CREAT) {
		fd = create(queue, oflag, flags, mode, attr);
	} else {
		fd = ipcq_open(queue, flags);
		if (fd < 0)
			explain_limit(IPCQ_OP_OPEN, queue, NULL);
	}
	if (fd < 0)
		errno = posix_error(errno);
	return fd;
}

PUBLIC mqd_t mq_open(const char *name, int oflag, ...)
{
	const struct mq_attr *attr = NULL;
	mode_t mode = 0;
	va_list rest;

	if (oflag & O_CREAT) {
		va_start(rest, oflag);
		mode = va_arg(rest, mode_t);
		attr = va_arg(rest, const struct mq_attr *);
		va_end(rest);
	}
	return open_queue(name, oflag, mode, attr);
}

/* What a fortified program calls that gives no mode and no attributes. */
PUBLIC mqd_t __mq_open_2(const char *name, int oflag);
mqd_t __mq_open_2(const char *name, int oflag)
{
	if (oflag & O_CREAT) {
		fputs("mq_open: O_CREAT takes a mode and attributes\n", stderr);
		abort();
	}
	return open_queue(name, oflag, 0, NULL);
}

PUBLIC int mq_close(mqd_t mqd)
{
	struct ipcq_attr attr;

	if (ipcq_get_attr(mqd, &attr) < 0) {
		errno = EBADF;
		return -1;
	}
	return close(mqd);
}

PUBLIC int mq_unlink(const char *name)
{
	char queue[IPCQ_NAME_MAX + 1];

	if (queue_name(queue, name))
		return -1;
	if (ipcq_destroy(queue, 0, NULL) < 0) {
		errno = posix_error(errno);
		return -1;
	}
	return 0;
}
