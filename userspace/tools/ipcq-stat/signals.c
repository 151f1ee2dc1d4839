// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for time, input and signals at once, so that no signal is missed. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "exits.h"
#include "signals.h"

#define NS_PER_SEC	1000000000ULL

static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP };

static sigset_t while_waiting;
static const sigset_t *wait_mask;	/* NULL: nothing is held */
static volatile sig_atomic_t ended, resized, stopped;

static void on_signal(int signal)
{
	switch (signal) {
	case SIGWINCH:
		resized = 1;
		break;
	case SIGTSTP:
		stopped = 1;
		break;
	default:
		ended = 1;
	}
}

void signals_hold(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction before;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		if (sigaction(held[i], NULL, &before))
			err(EXIT_FAILED, "cannot handle signals");
		/* nohup and background jobs of a plain shell ignore some. */
		if (before.sa_handler == SIG_IGN)
			continue;
		if (sigaction(held[i], &action, NULL))
			err(EXIT_FAILED, "cannot handle signals");
		sigaddset(&set, held[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, &while_waiting))
		err(EXIT_FAILED, "cannot handle signals");
	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigdelset(&while_waiting, held[i]);
	wait_mask = &while_waiting;
}

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static bool take(volatile sig_atomic_t *flag)
{
	bool was = *flag;

	*flag = 0;
	return was;
}

/* Signals are let in while ppoll() sleeps, and only then. */
enum wake signals_wait(int fd, uint64_t deadline_ns)
{
	/* Of the output only what is told unasked: nobody reads it any more. */
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	struct timespec timeout = { 0 };
	int ready;

	for (;;) {
		uint64_t now = monotonic_ns();
		uint64_t left = deadline_ns > now ? deadline_ns - now : 0;

		timeout.tv_sec = (time_t)(left / NS_PER_SEC);
		timeout.tv_nsec = (long)(left % NS_PER_SEC);
		ready = ppoll(fds, 2, deadline_ns ? &timeout : NULL, wait_mask);
		if (ready < 0 && errno != EINTR)
			err(EXIT_FAILED, "cannot wait");
		if (ended)
			return WAKE_END;
		if (take(&stopped))
			return WAKE_STOP;
		if (take(&resized))
			return WAKE_RESIZE;
		if (ready > 0)
			return fds[1].revents ? WAKE_UNREAD : WAKE_INPUT;
		if (!ready && deadline_ns)
			return WAKE_TIME;
	}
}

void signals_stop(void)
{
	raise(SIGSTOP);
}

int signals_unread(void)
{
	raise(SIGPIPE);
	warnx("cannot write to standard output: nobody reads it any more");
	return EXIT_FAILED;
}
