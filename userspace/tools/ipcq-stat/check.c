// SPDX-License-Identifier: GPL-2.0-only
/* The accounting invariant: sent = received + depth + dropped + purged. */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "exits.h"
#include "queues.h"
#include "view.h"

char *check_balance(const struct counters *counters, uint64_t depth)
{
	uint64_t sent = counters->value[IPCQ_A_COUNTERS_SENT];
	uint64_t received = counters->value[IPCQ_A_COUNTERS_RECEIVED];
	uint64_t dropped = counters->value[IPCQ_A_COUNTERS_DROPPED_DESTROYED];
	uint64_t purged = counters->value[IPCQ_A_COUNTERS_PURGED];
	uint64_t sum = received + depth + dropped + purged;

	if (sent == sum)
		return NULL;
	return text("sent %" PRIu64 ", but received %" PRIu64 " + waiting %" PRIu64
		    " + dropped %" PRIu64 " + purged %" PRIu64 " = %" PRIu64,
		    sent, received, depth, dropped, purged, sum);
}

/* True when the figures balance. */
static bool report(const char *whose, const struct counters *counters, uint64_t depth)
{
	char *fault = check_balance(counters, depth);

	if (!fault)
		return true;
	warnx("%s: out of balance: %s", whose, fault);
	free(fault);
	return false;
}

static bool check_queue(const struct queue *queue)
{
	char *label = queue_label(queue->name, queue->flags);
	char *whose = text("queue %s, id %u", label, queue->id);
	bool balanced = report(whose, &queue->counters, queue->depth);

	free(label);
	free(whose);
	return balanced;
}

int view_check(const struct request *request)
{
	struct queue_list list = { 0 };
	struct totals totals;
	int result = collect_queues(request, &list);
	size_t i;

	for (i = 0; i < list.count; i++)
		if (!check_queue(&list.queue[i]))
			result = EXIT_FAILED;
	if (family_get_totals(request->family, &totals)) {
		warnx("cannot get the totals: %s", family_error(request->family));
		result = EXIT_FAILED;
	} else if (!report("totals", &totals.counters, totals.depth)) {
		result = EXIT_FAILED;
	}
	if (result == EXIT_OK)
		printf("balanced: %zu queue%s and the totals\n", list.count,
		       list.count == 1 ? "" : "s");
	queue_list_clear(&list);
	return result;
}
