/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for time, input and signals at once, so that no signal is missed. */
#ifndef IPCQ_STAT_SIGNALS_H
#define IPCQ_STAT_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

enum wake {
	WAKE_TIME,	/* the time has come */
	WAKE_INPUT,	/* the descriptor can be read */
	WAKE_END,	/* SIGINT, SIGTERM or SIGHUP */
	WAKE_RESIZE,	/* SIGWINCH */
	WAKE_STOP,	/* SIGTSTP: the caller tidies up and calls signals_stop() */
	WAKE_UNREAD,	/* whoever read the output has gone: call signals_unread() */
};

/*
 * From here on these signals arrive in signals_wait() only.  For those who must
 * tidy up a terminal; others can just be killed, even while a full pipe blocks
 * them.
 */
void signals_hold(void);

uint64_t monotonic_ns(void);

/* fd: -1 for none.  deadline_ns: of CLOCK_MONOTONIC; 0 for none. */
enum wake signals_wait(int fd, uint64_t deadline_ns);

/* Stops as SIGTSTP does; returns when continued. */
void signals_stop(void);

/* Ends as a write to the output would; returns the exit status if SIGPIPE is ignored. */
int signals_unread(void);

#endif
