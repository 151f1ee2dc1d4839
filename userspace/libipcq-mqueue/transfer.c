// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mq_send(), mq_receive() and those with a time limit.
 *
 * Each is one ioctl().  POSIX makes them cancellation points, which ioctl() is not: so
 * a thread that others could cancel lets them do so while it is in the kernel, as the
 * C library itself does around its system calls.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/single_threaded.h>

#include "internal.h"

static int send_cancellable(mqd_t mqd, const char *data, size_t size, struct ipcq_msg *msg)
{
	int ret, type;

	if (__libc_single_threaded)
		return ipcq_send(mqd, data, size, msg);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	ret = ipcq_send(mqd, data, size, msg);
	pthread_setcanceltype(type, NULL);
	return ret;
}

static ssize_t recv_cancellable(mqd_t mqd, char *data, size_t size, struct ipcq_msg *msg)
{
	ssize_t ret;
	int type;

	if (__libc_single_threaded)
		return ipcq_recv(mqd, data, size, msg);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	ret = ipcq_recv(mqd, data, size, msg);
	pthread_setcanceltype(type, NULL);
	return ret;
}

/* @invalid: the time limit was no time, and the call was kept from blocking. */
static int fail(mqd_t mqd, enum ipcq_op op, bool invalid)
{
	switch (errno) {
	case EAGAIN:
		if (invalid && !(fcntl(mqd, F_GETFL) & O_NONBLOCK))
			errno = EINVAL;
		return -1;
	case EDQUOT:
		explain_limit(op, "mq_send", NULL);
		return -1;
	case EINTR:
	case ETIMEDOUT:
	case EMSGSIZE:
		return -1;
	default:
		return fail_not_a_queue(mqd);
	}
}

/* POSIX lets a time that is none be an error only if the call would block. */
static bool set_limit(struct ipcq_msg *msg, int64_t seconds, int64_t nanoseconds)
{
	if (deadline_set(msg, seconds, nanoseconds))
		return true;
	msg->flags |= IPCQ_MSG_NONBLOCK;
	return false;
}

static int send_message(mqd_t mqd, const char *data, size_t size, struct ipcq_msg *msg,
			bool valid)
{
	if (send_cancellable(mqd, data, size, msg) < 0)
		return fail(mqd, IPCQ_OP_SEND, !valid);
	return 0;
}

static ssize_t receive_message(mqd_t mqd, char *data, size_t size, unsigned int *prio,
			       struct ipcq_msg *msg, bool valid)
{
	ssize_t received = recv_cancellable(mqd, data, size, msg);

	if (received < 0)
		return fail(mqd, IPCQ_OP_RECV, !valid);
	if (prio)
		*prio = msg->prio;
	return received;
}

PUBLIC int mq_send(mqd_t mqd, const char *data, size_t size, unsigned int prio)
{
	struct ipcq_msg msg = { .prio = prio, .flags = IPCQ_MSG_NOSIGNAL };

	return send_message(mqd, data, size, &msg, true);
}

PUBLIC ssize_t mq_receive(mqd_t mqd, char *data, size_t size, unsigned int *prio)
{
	struct ipcq_msg msg = { .flags = IPCQ_MSG_WHOLE };

	return receive_message(mqd, data, size, prio, &msg, true);
}

/*
 * <mqueue.h> tells the compiler that the time is never NULL.  On Linux it may be: then
 * there is no limit.
 */
PUBLIC int mq_timedsend(mqd_t mqd, const char *data, size_t size, unsigned int prio,
			const struct timespec *until)
{
	const struct timespec *volatile limit = until;
	struct ipcq_msg msg = { .prio = prio, .flags = IPCQ_MSG_NOSIGNAL };
	bool valid = !limit || set_limit(&msg, until->tv_sec, until->tv_nsec);

	return send_message(mqd, data, size, &msg, valid);
}

PUBLIC ssize_t mq_timedreceive(mqd_t mqd, char *restrict data, size_t size,
			       unsigned int *restrict prio,
			       const struct timespec *restrict until)
{
	const struct timespec *volatile limit = until;
	struct ipcq_msg msg = { .flags = IPCQ_MSG_WHOLE };
	bool valid = !limit || set_limit(&msg, until->tv_sec, until->tv_nsec);

	return receive_message(mqd, data, size, prio, &msg, valid);
}

#ifdef HAVE_TIME64
/* What a program calls that was built with _TIME_BITS=64. */
struct timespec64 {
	int64_t seconds;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	int32_t pad;
#endif
	int32_t nanoseconds;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	int32_t pad;
#endif
};

PUBLIC int __mq_timedsend_time64(mqd_t mqd, const char *data, size_t size,
				 unsigned int prio, const struct timespec64 *until);
int __mq_timedsend_time64(mqd_t mqd, const char *data, size_t size, unsigned int prio,
			  const struct timespec64 *until)
{
	struct ipcq_msg msg = { .prio = prio, .flags = IPCQ_MSG_NOSIGNAL };
	bool valid = !until || set_limit(&msg, until->seconds, until->nanoseconds);

	return send_message(mqd, data, size, &msg, valid);
}

PUBLIC ssize_t __mq_timedreceive_time64(mqd_t mqd, char *data, size_t size,
					unsigned int *prio,
					const struct timespec64 *until);
ssize_t __mq_timedreceive_time64(mqd_t mqd, char *data, size_t size, unsigned int *prio,
				 const struct timespec64 *until)
{
	struct ipcq_msg msg = { .flags = IPCQ_MSG_WHOLE };
	bool valid = !until || set_limit(&msg, until->seconds, until->nanoseconds);

	return receive_message(mqd, data, size, prio, &msg, valid);
}
#endif
