// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which limit was met: POSIX has one errno for several. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define PARAMETERS	"/sys/module/ipcq/parameters/"

/* Say that @value is above a parameter of the module, if it is. */
static bool is_above(const char *name, const char *parameter, const char *what,
		     uint64_t value)
{
	char path[100];
	uint64_t limit;
	bool above;
	FILE *file;

	snprintf(path, sizeof(path), PARAMETERS "%s", parameter);
	file = fopen(path, "re");
	if (!file)
		return false;
	above = fscanf(file, "%" SCNu64, &limit) == 1 && value > limit;
	fclose(file);
	if (above)
		fprintf(stderr, "ipcq-mq: %s: %s of %" PRIu64 " is above %s, which is %"
			PRIu64 "\n", name, what, value, path, limit);
	return above;
}

static bool is_above_any(const char *name, const struct ipcq_attr *attr)
{
	return is_above(name, "max_msgs_limit", "mq_maxmsg", attr->max_msgs) ||
	       is_above(name, "max_msg_size_limit", "mq_msgsize", attr->max_msg_size) ||
	       is_above(name, "max_bytes_limit", "mq_maxmsg * mq_msgsize",
			attr->max_bytes);
}

static bool is_limit(int err)
{
	return err == ENOSPC || err == EDQUOT || err == ENODEV || err == EMFILE ||
	       err == ENFILE;
}

void explain_limit(enum ipcq_op op, const char *name, const struct ipcq_attr *attr)
{
	int err = errno;

	if (is_limit(err) && secure_getenv("IPCQ_MQUEUE_VERBOSE") &&
	    !(err == ENOSPC && attr && is_above_any(name, attr)))
		fprintf(stderr, "ipcq-mq: %s: %s\n", name, ipcq_explain(op, err));
	errno = err;
}
