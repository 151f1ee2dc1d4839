// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "report.h"
#include "sink.h"

void report_reader_gone(void)
{
	report("nobody reads standard output any more: messages stay in the queue");
}

void report_eaten(const struct ipcq_msg *msg, int err)
{
	report("MESSAGE LOST: message %" PRIu64 ", %" PRIu64 " bytes, was received and"
	       " could not be written: %s", (uint64_t)msg->seq, (uint64_t)msg->size,
	       strerror(err));
}
