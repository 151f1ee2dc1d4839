/* SPDX-License-Identifier: GPL-2.0-only */
/* The views: what one run of ipcq-stat shows. */
#ifndef IPCQ_STAT_VIEW_H
#define IPCQ_STAT_VIEW_H

#include "family.h"
#include "format.h"
#include "table.h"

struct request {
	struct family *family;
	const struct selector *selectors;	/* none: all queues */
	size_t nr_selectors;
	struct style style;
	bool json;
	double interval;			/* of a live view, in seconds */
	unsigned long count;			/* frames or events; 0: no end */
	uint32_t reset;				/* IPCQ_RESET_* */
	bool of_totals;				/* histograms of all queues together */
	const struct column **columns;		/* chosen by the user, or NULL */
	size_t nr_columns;
};

/* Each shows its view and returns the exit status. */
int view_queues(const struct request *request);
int view_watch(const struct request *request);
int view_events(const struct request *request);
int view_openers(const struct request *request);
int view_histograms(const struct request *request);
int view_totals(const struct request *request);
int view_check(const struct request *request);
int view_reset(const struct request *request);

/*
 * Replaces the list by the queues that were asked for.  Says on stderr which of
 * them cannot be had.
 *
 * Return: EXIT_OK or EXIT_FAILED.
 */
int collect_queues(const struct request *request, struct queue_list *list);

/* Says on stderr why a queue cannot be had. */
void complain(const struct request *request, const struct selector *selector, int error);

#endif
