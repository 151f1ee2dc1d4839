// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SIGEV_THREAD.
 *
 * For each registration a thread reads the descriptor that tells of the message.  It
 * ends when a message has come, and when the registration is taken back: the kernel
 * tells of both.  Nothing is shared between registrations, so there is nothing to
 * lock, nor to put right after a fork().
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/**
 * struct watch - one registration
 * @fd: tells of the message
 * @call: what the program wants to be called
 * @value: its argument
 * @attr: of the thread in which it is called, if @has_attr
 * @has_attr: the program has given attributes
 */
struct watch {
	int fd;
	void (*call)(union sigval value);
	union sigval value;
	pthread_attr_t attr;
	bool has_attr;
};

/* The program may destroy its attributes before they are used. */
static int copy_attr(pthread_attr_t *to, const pthread_attr_t *from)
{
	struct sched_param param;
	size_t guard, size;
	cpu_set_t cpus;
	int err, value;
	void *stack;

	err = pthread_attr_init(to);
	if (err)
		return err;
	pthread_attr_setdetachstate(to, PTHREAD_CREATE_DETACHED);
	if (!pthread_attr_getinheritsched(from, &value))
		pthread_attr_setinheritsched(to, value);
	if (!pthread_attr_getschedpolicy(from, &value))
		pthread_attr_setschedpolicy(to, value);
	if (!pthread_attr_getschedparam(from, &param))
		pthread_attr_setschedparam(to, &param);
	if (!pthread_attr_getscope(from, &value))
		pthread_attr_setscope(to, value);
	if (!pthread_attr_getguardsize(from, &guard))
		pthread_attr_setguardsize(to, guard);
	/* All processors there could be: none was chosen. */
	if (!pthread_attr_getaffinity_np(from, sizeof(cpus), &cpus) &&
	    CPU_COUNT(&cpus) < CPU_SETSIZE)
		pthread_attr_setaffinity_np(to, sizeof(cpus), &cpus);
	/* A stack that was not given ends at the address 0. */
	if (!pthread_attr_getstack(from, &stack, &size) && (uintptr_t)stack + size)
		err = pthread_attr_setstack(to, stack, size);
	else if (!pthread_attr_getstacksize(from, &size))
		err = pthread_attr_setstacksize(to, size);
	if (err)
		pthread_attr_destroy(to);
	return err;
}

static struct watch *watch_new(const struct sigevent *event)
{
	struct watch *watch = malloc(sizeof(*watch));
	int err = 0;

	if (!watch)
		return NULL;
	*watch = (struct watch) {
		.call = event->sigev_notify_function,
		.value = event->sigev_value,
		.has_attr = event->sigev_notify_attributes,
	};
	if (watch->has_attr)
		err = copy_attr(&watch->attr, event->sigev_notify_attributes);
	if (err) {
		free(watch);
		errno = err;
		return NULL;
	}
	return watch;
}

static void watch_free(struct watch *watch)
{
	if (watch->has_attr)
		pthread_attr_destroy(&watch->attr);
	free(watch);
}

static void *call(void *arg)
{
	struct watch watch = *(struct watch *)arg;

	watch_free(arg);
	watch.call(watch.value);
	return NULL;
}

/* Has a message come, or was the registration taken back? */
static bool await_message(int fd)
{
	struct ipcq_arrival arrival;
	ssize_t got;

	do
		got = read(fd, &arrival, sizeof(arrival));
	while (got < 0 && errno == EINTR);
	return got == sizeof(arrival);
}

static void *wait_and_call(void *arg)
{
	struct watch *watch = arg;
	pthread_t thread;
	bool came;

	came = await_message(watch->fd);
	close(watch->fd);
	if (!came) {
		watch_free(watch);
		return NULL;
	}
	/* If there can be no such thread, better in this one than not at all. */
	if (!watch->has_attr || pthread_create(&thread, &watch->attr, call, watch))
		call(watch);
	return NULL;
}

/* Signals are for the threads of the program. */
static int start_thread(struct watch *watch)
{
	pthread_attr_t attr;
	sigset_t all, mask;
	pthread_t thread;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return err;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	err = pthread_create(&thread, &attr, wait_and_call, watch);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

int notify_by_thread(mqd_t mqd, const struct sigevent *event)
{
	struct ipcq_notify notify = {
		.how = IPCQ_NOTIFY_FD,
		.open_flags = O_CLOEXEC,
	};
	struct watch *watch;
	int err;

	watch = watch_new(event);
	if (!watch)
		return -1;
	watch->fd = ipcq_notify(mqd, &notify);
	if (watch->fd < 0) {
		err = errno;
		goto free;
	}
	err = start_thread(watch);
	if (!err)
		return 0;
	close(watch->fd);
free:
	watch_free(watch);
	errno = err;
	return -1;
}
