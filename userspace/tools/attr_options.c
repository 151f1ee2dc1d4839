// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attr_options.h"
#include "options.h"
#include "report.h"

/* No queue can have more, whoever asks: see ipcq(4). */
#define MAX_MSGS_END		(1u << 24)
#define MAX_BYTES_END		(1ull << 40)
#define MAX_MSG_SIZE_END	(1u << 26)

/* Of a new queue.  Without one of its own, max_msg_size fits itself to max_bytes. */
static const struct ipcq_attr defaults = {
	.max_bytes = 1 << 20,
	.high_pct = 80,
	.low_pct = 50,
};

static unsigned int order_option(const char *text)
{
	if (strcmp(text, "fifo") == 0)
		return IPCQ_ORDER_FIFO;
	if (strcmp(text, "priority") == 0)
		return IPCQ_ORDER_PRIORITY;
	report_misuse("--order is fifo or priority, not '%s'", text);
}

static void set_flag(struct attr_request *request, unsigned int flag, bool on)
{
	request->set &= ~flag;
	request->clear &= ~flag;
	*(on ? &request->set : &request->clear) |= flag;
}

bool attr_option(struct attr_request *request, int option, const char *text)
{
	struct ipcq_attr *attr = &request->attr;

	switch (option) {
	case OPTION_MAX_MSGS:
		attr->max_msgs = option_number("--max-msgs", text, 1, MAX_MSGS_END);
		attr->mask |= IPCQ_ATTR_MAX_MSGS;
		break;
	case OPTION_MAX_BYTES:
		attr->max_bytes = option_size("--max-bytes", text, 1, MAX_BYTES_END);
		attr->mask |= IPCQ_ATTR_MAX_BYTES;
		break;
	case OPTION_MAX_MSG_SIZE:
		attr->max_msg_size = option_size("--max-msg-size", text, 1,
						 MAX_MSG_SIZE_END);
		attr->mask |= IPCQ_ATTR_MAX_MSG_SIZE;
		break;
	case OPTION_ORDER:
		attr->order = order_option(text);
		attr->mask |= IPCQ_ATTR_ORDER;
		break;
	case OPTION_EPHEMERAL:
	case OPTION_PERSISTENT:
		set_flag(request, IPCQ_F_EPHEMERAL, option == OPTION_EPHEMERAL);
		break;
	case OPTION_HANGUP:
	case OPTION_NO_HANGUP:
		set_flag(request, IPCQ_F_HANGUP, option == OPTION_HANGUP);
		break;
	case OPTION_HIGH_WATER:
		attr->high_pct = option_number("--high-water", text, 1, 100);
		attr->mask |= IPCQ_ATTR_HIGH_PCT;
		break;
	case OPTION_LOW_WATER:
		attr->low_pct = option_number("--low-water", text, 0, 99);
		attr->mask |= IPCQ_ATTR_LOW_PCT;
		break;
	case OPTION_MODE:
		attr->mode = option_mode("--mode", text);
		attr->mask |= IPCQ_ATTR_MODE;
		break;
	case OPTION_OWNER:
		attr->uid = option_user("--owner", text);
		attr->mask |= IPCQ_ATTR_UID;
		break;
	case OPTION_GROUP:
		attr->gid = option_group("--group", text);
		attr->mask |= IPCQ_ATTR_GID;
		break;
	default:
		return false;
	}
	return true;
}

bool attr_requested(const struct attr_request *request)
{
	return request->attr.mask || request->set || request->clear;
}

void attr_for_creation(const struct attr_request *request, struct ipcq_attr *attr)
{
	*attr = request->attr;
	attr->flags = request->set;
	attr->mask |= IPCQ_ATTR_FLAGS;
}

void attr_for_change(const struct attr_request *request, unsigned int flags,
		     struct ipcq_attr *attr)
{
	const unsigned int settable = IPCQ_F_EPHEMERAL | IPCQ_F_HANGUP;

	*attr = request->attr;
	if (request->set || request->clear) {
		attr->flags = ((flags & settable) | request->set) & ~request->clear;
		attr->mask |= IPCQ_ATTR_FLAGS;
	}
}

const char *attr_conflict(const struct ipcq_attr *asked, const struct ipcq_attr *now)
{
	struct ipcq_attr then = now ? *now : defaults;
	static char text[100];

	if (asked->mask & IPCQ_ATTR_MAX_BYTES)
		then.max_bytes = asked->max_bytes;
	if (asked->mask & IPCQ_ATTR_MAX_MSG_SIZE)
		then.max_msg_size = asked->max_msg_size;
	if (asked->mask & IPCQ_ATTR_HIGH_PCT)
		then.high_pct = asked->high_pct;
	if (asked->mask & IPCQ_ATTR_LOW_PCT)
		then.low_pct = asked->low_pct;
	if (then.max_msg_size > then.max_bytes)
		snprintf(text, sizeof(text), "max_msg_size %u would be above max_bytes %"
			 PRIu64, then.max_msg_size, (uint64_t)then.max_bytes);
	else if (then.low_pct >= then.high_pct)
		snprintf(text, sizeof(text), "low_water %u %% would not be below"
			 " high_water %u %%", then.low_pct, then.high_pct);
	else
		return NULL;
	return text;
}
