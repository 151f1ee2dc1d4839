// SPDX-License-Identifier: LGPL-2.1-or-later
/* Points in time, whatever the size of time_t. */
#include "internal.h"

#define NSEC_PER_SEC	1000000000

bool deadline_set(struct ipcq_msg *msg, int64_t seconds, int64_t nanoseconds)
{
	if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC)
		return false;
	msg->flags |= IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME;
	/* Nobody waits until 2262. */
	if (seconds >= INT64_MAX / NSEC_PER_SEC)
		msg->timeout_ns = INT64_MAX;
	else
		msg->timeout_ns = seconds * NSEC_PER_SEC + nanoseconds;
	return true;
}
