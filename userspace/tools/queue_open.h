/* SPDX-License-Identifier: GPL-2.0-only */
/* Open the queue that the command line names. */
#ifndef QUEUE_OPEN_H
#define QUEUE_OPEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "attr_options.h"

/* What stands where the node of the queue @name belongs?  False if nothing does. */
bool queue_node(const char *name, struct stat *node);

/*
 * Say why @op failed with @err, which was to give the attributes @asked to the queue
 * @name: one that has @now, or a new one if that is NULL.
 */
void report_attr_failure(enum ipcq_op op, const char *name, const struct ipcq_attr *asked,
			 const struct ipcq_attr *now, int err);

/*
 * Open the queue @name for the access @flags; with @create, create it if need be.
 * Fills in @attr.  Returns a descriptor, or says what is wrong and returns -1.
 */
int queue_open(const char *name, int flags, const struct attr_request *create,
	       struct ipcq_attr *attr);

#endif /* QUEUE_OPEN_H */
