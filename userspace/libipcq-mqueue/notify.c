// SPDX-License-Identifier: LGPL-2.1-or-later
/* mq_notify(). */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "internal.h"

static int by_signal(mqd_t mqd, const struct sigevent *event)
{
	struct ipcq_notify notify = {
		.how = IPCQ_NOTIFY_SIGNAL,
		.signo = event->sigev_signo,
	};

	/* The signal that is none comes to nobody, as on Linux. */
	if (!event->sigev_signo)
		notify.how = IPCQ_NOTIFY_SILENT;
	else
		memcpy(&notify.value, &event->sigev_value, sizeof(event->sigev_value));
	return ipcq_notify(mqd, &notify);
}

static int simply(mqd_t mqd, enum ipcq_notify_how how)
{
	return ipcq_notify(mqd, &(struct ipcq_notify) { .how = how });
}

static bool is_valid(const struct sigevent *event)
{
	switch (event->sigev_notify) {
	case SIGEV_NONE:
	case SIGEV_THREAD:
		return true;
	case SIGEV_SIGNAL:
		return event->sigev_signo >= 0 && event->sigev_signo < NSIG;
	default:
		return false;
	}
}

static int set_notification(mqd_t mqd, const struct sigevent *event)
{
	if (!event)
		return simply(mqd, IPCQ_NOTIFY_OFF);
	switch (event->sigev_notify) {
	case SIGEV_SIGNAL:
		return by_signal(mqd, event);
	case SIGEV_THREAD:
		return notify_by_thread(mqd, event);
	default:
		return simply(mqd, IPCQ_NOTIFY_SILENT);
	}
}

PUBLIC int mq_notify(mqd_t mqd, const struct sigevent *event)
{
	/* On Linux this is found out first, even if the descriptor is no queue's. */
	if (event && !is_valid(event)) {
		errno = EINVAL;
		return -1;
	}
	if (set_notification(mqd, event) < 0)
		return fail_not_a_queue(mqd);
	return 0;
}
