// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "queue_open.h"
#include "report.h"

bool queue_node(const char *name, struct stat *node)
{
	char path[sizeof(QUEUE_DIRECTORY "/") + IPCQ_NAME_MAX];

	snprintf(path, sizeof(path), QUEUE_DIRECTORY "/%s", name);
	return lstat(path, node) == 0;
}

/* EEXIST has three reasons, each with another remedy. */
static const char *why_taken(const char *name)
{
	struct stat node;

	if (!queue_node(name, &node))
		return "a queue of that name exists, but its node is not in this"
		       " " QUEUE_DIRECTORY;
	if (!S_ISCHR(node.st_mode))
		return "something else stands in its place in " QUEUE_DIRECTORY
		       ": remove that";
	return "a queue of that name exists: 'ipcqctl rm' would destroy it";
}

void report_attr_failure(enum ipcq_op op, const char *name, const struct ipcq_attr *asked,
			 const struct ipcq_attr *now, int err)
{
	const char *reason = NULL;

	if (err == EINVAL)
		reason = attr_conflict(asked, now);
	else if (err == EEXIST)
		reason = why_taken(name);
	report_refusal(op, name, reason ?: ipcq_explain(op, err));
}

static int open_as_asked(const char *name, int flags, const struct attr_request *create)
{
	struct ipcq_attr attr;

	if (!create)
		return ipcq_open(name, flags);
	attr_for_creation(create, &attr);
	return ipcq_open_or_create(name, &attr, flags);
}

int queue_open(const char *name, int flags, const struct attr_request *create,
	       struct ipcq_attr *attr)
{
	int fd = open_as_asked(name, flags | O_CLOEXEC, create);

	if (fd < 0) {
		/* Only opening looks at the mode of the queue itself. */
		if (create && errno != EACCES)
			report_attr_failure(IPCQ_OP_CREATE, name, &create->attr, NULL,
					    errno);
		else
			report_failure(IPCQ_OP_OPEN, name, errno);
		return -1;
	}
	if (ipcq_get_attr(fd, attr) == 0)
		return fd;
	if (errno == ENOTTY)
		report("'" QUEUE_DIRECTORY "/%s' is not a queue: something else stands there,"
		       " remove it", name);
	else
		report_failure(IPCQ_OP_GET_ATTR, name, errno);
	close(fd);
	return -1;
}
