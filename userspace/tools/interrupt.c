// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "interrupt.h"

#define NSEC_PER_SEC	1000000000L

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
#define NR_SIGNALS	(sizeof(signals) / sizeof(signals[0]))

volatile sig_atomic_t interrupt_signal;
static struct ipcq_msg *next_call;

static void on_signal(int signal)
{
	interrupt_signal = signal;
	__atomic_fetch_or(&next_call->flags, IPCQ_MSG_NONBLOCK, __ATOMIC_RELAXED);
}

void interrupt_catch(struct ipcq_msg *msg)
{
	/* Without SA_RESTART: what blocks shall end. */
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction now;
	size_t i;

	next_call = msg;
	for (i = 0; i < NR_SIGNALS; i++)
		sigaddset(&action.sa_mask, signals[i]);
	for (i = 0; i < NR_SIGNALS; i++) {
		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

int interrupt_poll(struct pollfd *fds, nfds_t count, int64_t timeout_ns)
{
	struct timespec timeout = {
		.tv_sec = timeout_ns / NSEC_PER_SEC,
		.tv_nsec = timeout_ns % NSEC_PER_SEC,
	};
	sigset_t block, before;
	int ready, err;
	size_t i;

	sigemptyset(&block);
	for (i = 0; i < NR_SIGNALS; i++)
		sigaddset(&block, signals[i]);
	sigprocmask(SIG_BLOCK, &block, &before);
	if (interrupt_signal) {
		ready = -1;
		err = EINTR;
	} else {
		ready = ppoll(fds, count, timeout_ns < 0 ? NULL : &timeout, &before);
		err = errno;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return ready;
}

void interrupt_die(void)
{
	sigset_t one;

	signal(interrupt_signal, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, interrupt_signal);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(interrupt_signal);
	exit(128 + interrupt_signal);
}
