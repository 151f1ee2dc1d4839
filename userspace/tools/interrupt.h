/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SIGINT, SIGTERM and SIGHUP ask a tool to end, and it does so at a moment of its
 * own choosing: with no message in hand.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <poll.h>
#include <signal.h>

#include <ipcq.h>

/* The signal that came, or 0. */
extern volatile sig_atomic_t interrupt_signal;

/*
 * Catch these signals from now on, unless they are ignored.  @msg is the one that
 * the tool passes to ipcq_send() or ipcq_recv(): a call that begins after a signal
 * came does not block, and one that blocks then fails with EINTR.  The order is:
 * fill in @msg->flags, look at interrupt_signal, call.
 */
void interrupt_catch(struct ipcq_msg *msg);

/*
 * ppoll(2) which ends with EINTR also if the signal came before.  @timeout_ns < 0
 * is no limit.
 */
int interrupt_poll(struct pollfd *fds, nfds_t count, int64_t timeout_ns);

/* Die by the signal that came, so that whoever waits for us sees that. */
__attribute__((noreturn))
void interrupt_die(void);

#endif /* INTERRUPT_H */
