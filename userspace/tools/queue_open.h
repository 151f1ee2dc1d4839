/* SPDX-License-Identifier: GPL-2.0-only */
/* Open the queue that the command line names. */
#ifndef QUEUE_OPEN_H
#define QUEUE_OPEN_H

#include "attr_options.h"

/*
 * Keep descriptors 0 to 2 from being anything but what the tool was given: a queue
 * that took the place of a closed stdout would get what is printed.
 */
void keep_standard_descriptors(void);

/*
 * Open the queue @name for the access @flags; with @create, create it if need be.
 * Fills in @attr.  Returns a descriptor, or says what is wrong and returns -1.
 */
int queue_open(const char *name, int flags, const struct attr_request *create,
	       struct ipcq_attr *attr);

#endif /* QUEUE_OPEN_H */
