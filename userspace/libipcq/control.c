// SPDX-License-Identifier: LGPL-2.1-or-later
/* Queues come and go: open, create, destroy. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipcq.h"

#define DIRECTORY	"/dev/ipcq/"
#define CONTROL		DIRECTORY "control"

/*
 * The structures of the UAPI are part of this library's ABI.  When one grows, the
 * calls that take it need a new symbol version: programs linked before would else
 * have their smaller structure overrun.
 */
_Static_assert(sizeof(struct ipcq_attr) == 128, "ipcq_attr has grown");
_Static_assert(sizeof(struct ipcq_destroy) == 80, "ipcq_destroy has grown");
_Static_assert(sizeof(struct ipcq_msg) == 80, "ipcq_msg has grown");

static int check_flags(int flags, int allowed)
{
	if (!(flags & ~allowed))
		return 0;
	errno = EINVAL;
	return -1;
}

static int check_name(const char *name)
{
	if (ipcq_valid_name(name))
		return 0;
	errno = EINVAL;
	return -1;
}

static void close_keeping_errno(int fd)
{
	int err = errno;

	close(fd);
	errno = err;
}

int ipcq_available(void)
{
	return access(CONTROL, F_OK) == 0;
}

#define PATH_SIZE	(sizeof(DIRECTORY) + IPCQ_NAME_MAX)

static void node_path(char path[PATH_SIZE], const char *name)
{
	snprintf(path, PATH_SIZE, DIRECTORY "%s", name);
}

/*
 * Root may have written a plain file into /dev/ipcq ("echo > /dev/ipcq/typo").  The
 * kernel would make a queue whose node nobody sees.
 */
static int name_is_taken_by_a_file(const char *name)
{
	char path[PATH_SIZE];
	struct stat st;

	node_path(path, name);
	return lstat(path, &st) == 0 && !S_ISCHR(st.st_mode);
}

int ipcq_open(const char *name, int flags)
{
	char path[PATH_SIZE];
	int fd;

	/* O_CREAT, say, would leave a plain file among the queues. */
	if (check_flags(flags, O_ACCMODE | O_NONBLOCK | O_CLOEXEC) ||
	    check_name(name))
		return -1;
	node_path(path, name);
	fd = open(path, flags);
	if (fd < 0 && errno == ENOENT && !ipcq_available())
		errno = ENODEV;
	return fd;
}

static int open_control(void)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);

	/* A node without its driver says ENXIO or ENODEV. */
	if (fd < 0 && (errno == ENOENT || errno == ENXIO))
		errno = ENODEV;
	return fd;
}

int ipcq_create(const char *name, const struct ipcq_attr *attr, int flags)
{
	struct ipcq_create create = {
		.open_flags = flags & ~IPCQ_O_UMASK,
		.flags = flags & IPCQ_O_UMASK ? IPCQ_CREATE_UMASK : 0,
	};
	int control, fd;

	if (name) {
		if (check_name(name))
			return -1;
		if (name_is_taken_by_a_file(name)) {
			errno = EEXIST;
			return -1;
		}
		strcpy(create.name, name);
	}
	if (attr)
		create.attr = *attr;
	control = open_control();
	if (control < 0)
		return -1;
	fd = ioctl(control, IPCQ_IOC_CREATE, &create);
	close_keeping_errno(control);
	return fd;
}

int ipcq_open_or_create(const char *name, const struct ipcq_attr *attr, int flags)
{
	/*
	 * Each turn that fails means that somebody else has just created or
	 * destroyed the queue.  A node that is not in this /dev looks the same
	 * for ever, hence an end.
	 */
	int turns = 1000, fd;

	if (check_flags(flags, O_ACCMODE | O_NONBLOCK | O_CLOEXEC | IPCQ_O_UMASK))
		return -1;
	do {
		fd = ipcq_open(name, flags & ~IPCQ_O_UMASK);
		if (fd >= 0 || (errno != ENOENT && errno != ENXIO))
			return fd;
		fd = ipcq_create(name, attr, flags);
	} while (fd < 0 && errno == EEXIST && --turns);
	return fd;
}

int ipcq_destroy(const char *name, unsigned int flags, struct ipcq_destroy *out)
{
	struct ipcq_destroy destroy = { .flags = flags };
	int control, ret;

	if (check_name(name))
		return -1;
	strcpy(destroy.name, name);
	control = open_control();
	if (control < 0)
		return -1;
	ret = ioctl(control, IPCQ_IOC_DESTROY, &destroy);
	close_keeping_errno(control);
	if (out)
		*out = destroy;
	return ret;
}

int ipcq_open_end(int fd, int flags)
{
	struct ipcq_open_end end = { .open_flags = flags };

	return ioctl(fd, IPCQ_IOC_OPEN_END, &end);
}

int ipcq_pair(int fds[2], const struct ipcq_attr *attr, int flags)
{
	int both, receive, send;

	if (check_flags(flags, O_NONBLOCK | O_CLOEXEC))
		return -1;
	both = ipcq_create(NULL, attr, O_RDWR | O_CLOEXEC);
	if (both < 0)
		return -1;
	receive = ipcq_open_end(both, O_RDONLY | flags);
	if (receive < 0)
		goto close_both;
	send = ipcq_open_end(both, O_WRONLY | flags);
	if (send < 0)
		goto close_receive;
	close(both);
	fds[0] = receive;
	fds[1] = send;
	return 0;

close_receive:
	close_keeping_errno(receive);
close_both:
	close_keeping_errno(both);
	return -1;
}
