// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages: send, receive, be told of them. */
#include <errno.h>
#include <sys/ioctl.h>

#include "ipcq.h"

#define NSEC_PER_SEC	1000000000L

int ipcq_send(int fd, const void *data, size_t size, struct ipcq_msg *msg)
{
	struct ipcq_msg plain = { 0 };

	if (!msg)
		msg = &plain;
	msg->data = (uintptr_t)data;
	msg->size = size;
	return ioctl(fd, IPCQ_IOC_SEND, msg);
}

ssize_t ipcq_recv(int fd, void *buf, size_t size, struct ipcq_msg *msg)
{
	struct ipcq_msg plain = { 0 };

	if (!msg)
		msg = &plain;
	msg->data = (uintptr_t)buf;
	msg->size = size;
	if (ioctl(fd, IPCQ_IOC_RECV, msg) < 0)
		return -1;
	return msg->size;
}

static int transfer_batch(int fd, unsigned long request, uintptr_t records, size_t size,
			  struct ipcq_batch *how)
{
	struct ipcq_batch plain = { 0 };

	if (!how)
		how = &plain;
	how->records = records;
	how->size = size;
	return ioctl(fd, request, how);
}

int ipcq_send_batch(int fd, const void *records, size_t size, struct ipcq_batch *how)
{
	return transfer_batch(fd, IPCQ_IOC_SEND_BATCH, (uintptr_t)records, size, how);
}

int ipcq_recv_batch(int fd, void *records, size_t size, struct ipcq_batch *how)
{
	return transfer_batch(fd, IPCQ_IOC_RECV_BATCH, (uintptr_t)records, size, how);
}

ssize_t ipcq_call(int fd, const void *data, size_t size, int recv_fd, void *buf,
		  size_t room, struct ipcq_call *how)
{
	struct ipcq_call plain = { 0 };

	if (!how)
		how = &plain;
	how->send.data = (uintptr_t)data;
	how->send.size = size;
	how->recv.data = (uintptr_t)buf;
	how->recv.size = room;
	how->recv_fd = recv_fd;
	if (ioctl(fd, IPCQ_IOC_CALL, how) < 0)
		return -1;
	return how->recv.size;
}

int ipcq_notify(int fd, const struct ipcq_notify *notify)
{
	return ioctl(fd, IPCQ_IOC_NOTIFY, notify);
}

static int64_t nanoseconds(const struct timespec *time)
{
	/* A time_t of 32 bits fits as well, and would make the test pointless. */
	int64_t seconds = time->tv_sec;

	if (seconds >= INT64_MAX / NSEC_PER_SEC)
		return INT64_MAX;
	return seconds * NSEC_PER_SEC + time->tv_nsec;
}

int ipcq_set_timeout(struct ipcq_msg *msg, const struct timespec *time,
		     unsigned int how)
{
	if (how && how != IPCQ_MSG_ABSTIME &&
	    how != (IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME))
		goto invalid;
	if (time && (time->tv_sec < 0 || time->tv_nsec < 0 ||
		     time->tv_nsec >= NSEC_PER_SEC))
		goto invalid;
	msg->flags &= ~(IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME);
	msg->timeout_ns = 0;
	if (time) {
		msg->flags |= IPCQ_MSG_TIMEOUT | how;
		msg->timeout_ns = nanoseconds(time);
	}
	return 0;

invalid:
	errno = EINVAL;
	return -1;
}
