/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The netlink family: what the kernel is asked and what it announces.
 *
 * Functions that return int give 0, or a negative errno and leave the reason
 * in family_error().
 */
#ifndef IPCQ_STAT_FAMILY_H
#define IPCQ_STAT_FAMILY_H

#include "model.h"

struct family;

/* Returns NULL and prints why when there is no such family. */
struct family *family_open(void);
void family_close(struct family *family);

/* In the kernel's words where it gave any; valid until the next call. */
const char *family_error(const struct family *family);

int family_get_queue(struct family *family, const struct selector *selector,
		     struct queue *queue);

/*
 * Replaces the list by all queues that may be seen.  Returns 1 when queues came
 * and went all the while, so that one of those may be missing.
 */
int family_dump_queues(struct family *family, struct queue_list *list);

/* Appends to the list. */
int family_dump_openers(struct family *family, const struct selector *selector,
			struct opener_list *list);

int family_get_totals(struct family *family, struct totals *totals);

/* mask: IPCQ_RESET_* */
int family_reset(struct family *family, const struct selector *selector, uint32_t mask);

/* From here on family_read_events() is what may be called. */
int family_follow(struct family *family);

/* What to poll for events. */
int family_fd(const struct family *family);

/*
 * Hands over each event that has arrived, without waiting for more.  -ENOBUFS:
 * events were lost; those after them can still be read.  Stops early, with 0,
 * when the callback returns false.
 */
int family_read_events(struct family *family,
		       bool (*each)(const struct event *event, void *arg), void *arg);

#endif
