/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the POSIX calls share.
 *
 * Each program runs twice: against the system's own queues, which shows that what it
 * asserts is so, and under ipcq-mq.  It makes no difference between the two but where
 * on_ipcq() says why.
 */
#ifndef MQ_TEST_H
#define MQ_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE		64
#define MSGS		4

/* The result of a call that returns -1 and sets errno. */
#define RESULT(call) ({					\
	long __result = (call);				\
							\
	__result < 0 ? -errno : __result;		\
})

#define WAIT_UNTIL(condition) ({			\
	time_t __end = time(NULL) + 20;			\
	bool __met;					\
							\
	while (!(__met = (condition)) && time(NULL) < __end)	\
		sched_yield();				\
	__met;						\
})

/* A child says what is not so and ends with status 1. */
#define CHILD_CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "# %s:%d: child: not so: %s (%m)\n",	\
				__FILE__, __LINE__, #condition);	\
			_exit(1);					\
		}							\
	} while (0)

static inline struct mq_attr attr_of(long msgs, long size)
{
	return (struct mq_attr) { .mq_maxmsg = msgs, .mq_msgsize = size };
}

/* A name that nobody else uses. */
static inline const char *new_name(void)
{
	static char name[NAME_MAX];
	static unsigned int number;

	snprintf(name, sizeof(name), "/mq-test-%d-%u", getpid(), ++number);
	return name;
}

/* A new queue, for reading and writing, that goes with its last descriptor. */
static inline mqd_t new_queue(long msgs, long size, int flags)
{
	struct mq_attr attr = attr_of(msgs, size);
	const char *name = new_name();
	mqd_t mqd = mq_open(name, O_CREAT | O_EXCL | O_RDWR | flags, 0600, &attr);

	if (mqd >= 0)
		mq_unlink(name);
	return mqd;
}

/* Another open description of the queue of @mqd cannot be had by name: make both. */
static inline mqd_t new_pair(mqd_t *other, int flags)
{
	struct mq_attr attr = attr_of(MSGS, SIZE);
	const char *name = new_name();
	mqd_t mqd = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);

	*other = mq_open(name, O_RDWR | flags);
	mq_unlink(name);
	return mqd;
}

static inline bool on_ipcq(mqd_t mqd)
{
	char path[40], target[100] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)mqd);
	return readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "ipcq");
}

static inline long depth(mqd_t mqd)
{
	struct mq_attr attr;

	return mq_getattr(mqd, &attr) ? -errno : attr.mq_curmsgs;
}

static inline int send_text(mqd_t mqd, const char *text, unsigned int prio)
{
	return RESULT(mq_send(mqd, text, strlen(text), prio));
}

/* Receive; whether it was that. */
static inline bool got_text(mqd_t mqd, const char *text, unsigned int prio)
{
	char buf[8192];
	unsigned int got = UINT_MAX;
	ssize_t size = mq_receive(mqd, buf, sizeof(buf), &got);

	return size == (ssize_t)strlen(text) && memcmp(buf, text, size) == 0 && got == prio;
}

static inline void fill(mqd_t mqd)
{
	struct mq_attr attr;

	mq_getattr(mqd, &attr);
	while (attr.mq_curmsgs++ < attr.mq_maxmsg)
		mq_send(mqd, "full", 4, 0);
}

/* Is a thread asleep in a call on a queue? */
static inline bool is_blocked(pid_t tid)
{
	char path[40], text[40] = "";
	ssize_t size;
	long number;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0 || sscanf(text, "%ld", &number) != 1)
		return false;
	return number == SYS_mq_timedsend || number == SYS_mq_timedreceive ||
	       number == SYS_ioctl;
}

static inline struct timespec in_seconds(double seconds)
{
	struct timespec now;
	long long ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = now.tv_nsec + (long long)(seconds * 1e9);
	now.tv_sec += ns / 1000000000;
	now.tv_nsec = ns % 1000000000;
	if (now.tv_nsec < 0) {
		now.tv_nsec += 1000000000;
		now.tv_sec--;
	}
	return now;
}

static inline int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline int become(uid_t uid, gid_t gid)
{
	return setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid);
}

#endif /* MQ_TEST_H */
