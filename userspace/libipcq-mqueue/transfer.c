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
#include <sys/ioctl.h>
#include <sys/single_threaded.h>

#include "internal.h"

/* Out of line: a program with one thread needs none of it. */
static __attribute__((noinline)) int ioctl_cancellable(mqd_t mqd, unsigned long request,
						       struct ipcq_msg *msg)
{
	int ret, type;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	ret = ioctl(mqd, request, msg);
	pthread_setcanceltype(type, NULL);
	return ret;
}

/**
 * struct time64 - a time as the kernel reads it
 * @seconds: since 1970
 * @nanoseconds: less than a second of them
 */
struct time64 {
	int64_t seconds;
	int64_t nanoseconds;
};

#define LIMIT	(IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME | IPCQ_MSG_TIMESPEC)

/*
 * POSIX lets a time that is none be an error only if the call would block.  The kernel
 * refuses it at once: so find out whether the call would block.
 */
static int without_limit(mqd_t mqd, unsigned long request, struct ipcq_msg *msg)
{
	msg->flags &= ~LIMIT;
	msg->flags |= IPCQ_MSG_NONBLOCK;
	msg->timeout_ns = 0;
	if (ioctl(mqd, request, msg) >= 0)
		return 0;
	if (errno == EAGAIN && !(fcntl(mqd, F_GETFL) & O_NONBLOCK))
		errno = EINVAL;
	return -1;
}

static int fail(mqd_t mqd, enum ipcq_op op)
{
	switch (errno) {
	case EDQUOT:
		explain_limit(op, "mq_send", NULL);
		return -1;
	case EAGAIN:
	case EINTR:
	case ETIMEDOUT:
	case EMSGSIZE:
		return -1;
	default:
		return fail_not_a_queue(mqd);
	}
}

/*
 * The kernel reads the time, as that of a system call is read.  <mqueue.h> tells the
 * compiler that it is never NULL.  On Linux it may be: then there is no limit.
 */
static void set_limit(struct ipcq_msg *msg, const void *volatile until)
{
	const void *address = until;

	if (!address)
		return;
	msg->flags |= LIMIT;
	msg->timeout_ns = (uintptr_t)address;
}

static inline int transfer(mqd_t mqd, unsigned long request, struct ipcq_msg *msg,
			   const void *data, size_t size)
{
	int ret;

	msg->data = (uintptr_t)data;
	msg->size = size;
	ret = __libc_single_threaded ? ioctl(mqd, request, msg) :
				       ioctl_cancellable(mqd, request, msg);
	if (ret < 0 && errno == EINVAL && msg->flags & IPCQ_MSG_TIMESPEC)
		ret = without_limit(mqd, request, msg);
	return ret;
}

static inline int send_message(mqd_t mqd, const char *data, size_t size,
			       struct ipcq_msg *msg)
{
	if (transfer(mqd, IPCQ_IOC_SEND, msg, data, size) < 0)
		return fail(mqd, IPCQ_OP_SEND);
	return 0;
}

static inline ssize_t receive_message(mqd_t mqd, char *data, size_t size,
				      unsigned int *prio, struct ipcq_msg *msg)
{
	if (transfer(mqd, IPCQ_IOC_RECV, msg, data, size) < 0)
		return fail(mqd, IPCQ_OP_RECV);
	if (prio)
		*prio = msg->prio;
	return msg->size;
}

PUBLIC int mq_send(mqd_t mqd, const char *data, size_t size, unsigned int prio)
{
	struct ipcq_msg msg = { .prio = prio, .flags = IPCQ_MSG_NOSIGNAL };

	return send_message(mqd, data, size, &msg);
}

PUBLIC ssize_t mq_receive(mqd_t mqd, char *data, size_t size, unsigned int *prio)
{
	struct ipcq_msg msg = { .flags = IPCQ_MSG_WHOLE };

	return receive_message(mqd, data, size, prio, &msg);
}

static inline int timed_send(mqd_t mqd, const char *data, size_t size, unsigned int prio,
			     const void *until)
{
	struct ipcq_msg msg = { .prio = prio, .flags = IPCQ_MSG_NOSIGNAL };

	set_limit(&msg, until);
	return send_message(mqd, data, size, &msg);
}

static inline ssize_t timed_receive(mqd_t mqd, char *data, size_t size, unsigned int *prio,
				    const void *until)
{
	struct ipcq_msg msg = { .flags = IPCQ_MSG_WHOLE };

	set_limit(&msg, until);
	return receive_message(mqd, data, size, prio, &msg);
}

#ifdef HAVE_TIME64
/* What the kernel reads, where a time_t of the program has 32 bits. */
static const void *as_time64(struct time64 *time, const struct timespec *volatile until)
{
	const struct timespec *from = until;

	if (!from)
		return NULL;
	*time = (struct time64) { from->tv_sec, from->tv_nsec };
	return time;
}
#else
static const void *as_time64(struct time64 *time, const struct timespec *until)
{
	(void)time;
	return until;
}
#endif

PUBLIC int mq_timedsend(mqd_t mqd, const char *data, size_t size, unsigned int prio,
			const struct timespec *until)
{
	struct time64 time;

	return timed_send(mqd, data, size, prio, as_time64(&time, until));
}

PUBLIC ssize_t mq_timedreceive(mqd_t mqd, char *restrict data, size_t size,
			       unsigned int *restrict prio,
			       const struct timespec *restrict until)
{
	struct time64 time;

	return timed_receive(mqd, data, size, prio, as_time64(&time, until));
}

#ifdef HAVE_TIME64
/*
 * What a program calls that was built with _TIME_BITS=64.  Its nanoseconds have 32 bits
 * and as many beside them that mean nothing: the kernel knows.
 */
PUBLIC int __mq_timedsend_time64(mqd_t mqd, const char *data, size_t size,
				 unsigned int prio, const struct time64 *until);
int __mq_timedsend_time64(mqd_t mqd, const char *data, size_t size, unsigned int prio,
			  const struct time64 *until)
{
	return timed_send(mqd, data, size, prio, until);
}

PUBLIC ssize_t __mq_timedreceive_time64(mqd_t mqd, char *data, size_t size,
					unsigned int *prio, const struct time64 *until);
ssize_t __mq_timedreceive_time64(mqd_t mqd, char *data, size_t size, unsigned int *prio,
				 const struct time64 *until)
{
	return timed_receive(mqd, data, size, prio, until);
}
#endif
