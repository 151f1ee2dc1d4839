// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "interrupt.h"
#include "pace.h"
#include "receiver.h"
#include "report.h"

#define NO_DEADLINE	(-1)

struct ipcq_msg received;

static bool fit_buffer(struct receiver *receiver)
{
	if (!receiver->data)
		receiver->data = malloc(receiver->room ? receiver->room : 1);
	return receiver->data;
}

static void grow_buffer(struct receiver *receiver, size_t room)
{
	free(receiver->data);
	receiver->data = NULL;
	receiver->room = room;
}

static int64_t deadline_of(const struct receiver *receiver)
{
	int64_t deadline;

	if (receiver->timeout_ns < 0)
		return NO_DEADLINE;
	if (__builtin_add_overflow(monotonic_ns(), receiver->timeout_ns, &deadline))
		return INT64_MAX;
	return deadline;
}

/*
 * Wait for a message and, as long as there is none, for the end of whoever reads our
 * output: a receive that blocks could not be told of that, would take the next message
 * and have nowhere to put it.
 */
static enum receive_status watch(struct receiver *receiver, int64_t deadline)
{
	struct pollfd fds[] = {
		{ .fd = receiver->queue, .events = POLLIN },
		{ .fd = receiver->sink->watched },
	};
	int64_t left = -1;
	int ready;

	if (deadline != NO_DEADLINE) {
		left = deadline - monotonic_ns();
		if (left < 0)
			left = 0;
	}
	ready = interrupt_poll(fds, 2, left);
	if (ready < 0)
		return errno == EINTR ? RECEIVE_INTERRUPTED : RECEIVE_FAILED;
	if (!ready) {
		errno = ETIMEDOUT;
		return RECEIVE_FAILED;
	}
	if (!fds[1].revents)
		return RECEIVED;
	report_reader_gone();
	return RECEIVE_UNPREPARED;
}

/* Ask the kernel for a message, once. */
static enum receive_status take(struct receiver *receiver, bool nonblock,
				int64_t deadline)
{
	struct timespec until = {
		.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000,
	};

	received.flags = nonblock ? IPCQ_MSG_NONBLOCK : 0;
	ipcq_set_timeout(&received, deadline == NO_DEADLINE ? NULL : &until,
			 IPCQ_MSG_ABSTIME);
	if (interrupt_signal)
		return RECEIVE_INTERRUPTED;
	if (ipcq_recv(receiver->queue, receiver->data, receiver->room, &received) >= 0)
		return RECEIVED;
	if (interrupt_signal && (errno == EINTR || errno == EAGAIN))
		return RECEIVE_INTERRUPTED;
	return RECEIVE_FAILED;
}

enum receive_status receive(struct receiver *receiver)
{
	bool watched = receiver->sink->watched >= 0;
	int64_t deadline = deadline_of(receiver);
	enum receive_status status;

	for (;;) {
		if (!fit_buffer(receiver))
			report_no_memory();
		if (!receiver->sink->prepare(receiver->sink, receiver->room))
			return RECEIVE_UNPREPARED;
		if (watched && !receiver->nonblock) {
			status = watch(receiver, deadline);
			if (status == RECEIVE_INTERRUPTED && !interrupt_signal)
				continue;
			if (status != RECEIVED)
				return status;
		}
		status = take(receiver, receiver->nonblock || watched, deadline);
		if (status != RECEIVE_FAILED)
			return status;
		/* The attributes have changed: this one is from before. */
		if (errno == EMSGSIZE && !receiver->fixed)
			grow_buffer(receiver, received.size);
		else if (errno == EAGAIN && !receiver->nonblock)
			continue; /* another receiver was faster */
		else if (errno != EINTR)
			return status;
	}
}
