// SPDX-License-Identifier: GPL-2.0-only
/* The sums over all queues there have been. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "json.h"
#include "view.h"

#define NAME_WIDTH	18	/* of the longest, receiver-wakeups, and some air */

static void line(const char *name, char *figure)
{
	printf("%-*s %s\n", NAME_WIDTH, name, figure);
	free(figure);
}

static char *format_counter(unsigned int counter, uint64_t value, const struct style *style)
{
	switch (counter) {
	case IPCQ_A_COUNTERS_SENT_BYTES:
	case IPCQ_A_COUNTERS_RECEIVED_BYTES:
		return format_bytes(value, style);
	case IPCQ_A_COUNTERS_BLOCKED_SEND_NS:
	case IPCQ_A_COUNTERS_BLOCKED_RECV_NS:
		return format_duration(value, style);
	default:
		return format_count(value, style);
	}
}

/* A duration is shown with its unit, or in seconds: the name must not say ns. */
static void counter_line(unsigned int counter, uint64_t value, const struct style *style)
{
	char *name = text("%s", counter_name(counter));
	char *unit = strstr(name, "-ns");

	if (unit)
		memcpy(unit, "-s", sizeof("-s"));
	line(name, format_counter(counter, value, style));
	free(name);
}

static void print(const struct totals *totals, const struct style *style)
{
	unsigned int i;

	line("queues", format_count(totals->queues, style));
	line("created", format_count(totals->created, style));
	line("destroyed", format_count(totals->destroyed, style));
	line("messages", format_count(totals->depth, style));
	line("bytes", format_bytes(totals->bytes, style));
	line("msg-overhead", format_bytes(totals->msg_overhead, style));
	for (i = 1; i < IPCQ_A_COUNTERS_PAD; i++)
		counter_line(i, totals->counters.value[i], style);
}

int view_totals(const struct request *request)
{
	struct totals totals;

	if (family_get_totals(request->family, &totals)) {
		warnx("cannot get the totals: %s", family_error(request->family));
		return EXIT_FAILED;
	}
	if (request->json)
		json_totals(stdout, &totals, request->style.terminal);
	else
		print(&totals, &request->style);
	return EXIT_OK;
}
