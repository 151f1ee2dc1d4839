// SPDX-License-Identifier: GPL-2.0-only
/* The table of queues. */
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "json.h"
#include "queues.h"
#include "view.h"

/* Brackets occur in no name, so nothing is mistaken for one. */
char *queue_label(const char *name, uint32_t flags)
{
	if (!*name)
		return text("(anonymous)");
	return text("%s%s", name, flags & IPCQ_F_UNLINKED ? "(unlinked)" : "");
}

#define COUNTER(q, which)	((q)->counters.value[IPCQ_A_COUNTERS_##which])

static char *flag_names(uint32_t flags)
{
	char *names = text("%s", "");
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		const char *name = flag_name(bit);
		char *longer;

		if (!(flags & 1u << bit) || !name)
			continue;
		longer = text("%s%s%s", names, *names ? "," : "", name);
		free(names);
		names = longer;
	}
	if (*names)
		return names;
	free(names);
	return text("-");
}

CELL(id, struct queue, q, text("%u", q->id))
CELL(name, struct queue, q, queue_label(q->name, q->flags))
CELL(owner, struct queue, q, format_user(q->uid))
CELL(group, struct queue, q, format_group(q->gid))
CELL(perms, struct queue, q, text("%04o", q->mode))
CELL(messages, struct queue, q, format_count(q->depth, style))
CELL(bytes, struct queue, q, format_bytes(q->bytes, style))
CELL(fill, struct queue, q, text("%u%%", fill_percent(q)))
CELL(high_water, struct queue, q, format_count(q->peak_depth, style))
CELL(high_bytes, struct queue, q, format_bytes(q->peak_bytes, style))
CELL(senders, struct queue, q, text("%u", q->senders))
CELL(receivers, struct queue, q, text("%u", q->receivers))
CELL(sent, struct queue, q, format_count(COUNTER(q, SENT), style))
CELL(received, struct queue, q, format_count(COUNTER(q, RECEIVED), style))
CELL(dropped, struct queue, q, format_count(counters_lost(&q->counters), style))
CELL(oldest, struct queue, q, q->depth ? format_duration(q->oldest_ns, style) : text("-"))
CELL(order, struct queue, q,
     order_name(q->order) ? text("%s", order_name(q->order)) : text("%u", q->order))
CELL(flags, struct queue, q, flag_names(q->flags))
CELL(max_messages, struct queue, q, format_count(q->max_msgs, style))
CELL(max_bytes, struct queue, q, format_bytes(q->max_bytes, style))
CELL(max_size, struct queue, q, format_bytes(q->max_msg_size, style))
CELL(high, struct queue, q, text("%u%%", q->high_pct))
CELL(low, struct queue, q, text("%u%%", q->low_pct))
CELL(blocked_senders, struct queue, q, text("%u", q->blocked_senders))
CELL(blocked_receivers, struct queue, q, text("%u", q->blocked_receivers))

/* The first are the default. */
#define NR_DEFAULT	14

const struct column queue_columns[] = {
	{ "ID", NULL, true, YIELD_NOT, 14, cell_id, NULL },
	{ "NAME", NULL, false, YIELD_CUT, 0, cell_name, NULL },
	{ "OWNER", NULL, false, YIELD_CUT, 10, cell_owner, NULL },
	{ "PERMS", NULL, false, YIELD_NOT, 13, cell_perms, NULL },
	{ "MESSAGES", "MSGS", true, YIELD_NOT, 0, cell_messages, NULL },
	{ "BYTES", NULL, true, YIELD_NOT, 2, cell_bytes, NULL },
	{ "FILL", NULL, true, YIELD_NOT, 1, cell_fill, NULL },
	{ "HIGH-WATER", "HIGH", true, YIELD_NOT, 9, cell_high_water, NULL },
	{ "SENDERS", "SND", true, YIELD_NOT, 7, cell_senders, NULL },
	{ "RECEIVERS", "RCV", true, YIELD_NOT, 8, cell_receivers, NULL },
	{ "SENT", NULL, true, YIELD_NOT, 3, cell_sent, NULL },
	{ "RECEIVED", "RECVD", true, YIELD_NOT, 4, cell_received, NULL },
	{ "DROPPED", "DROP", true, YIELD_NOT, 5, cell_dropped, NULL },
	{ "OLDEST", NULL, true, YIELD_NOT, 6, cell_oldest, NULL },
	{ "GROUP", NULL, false, YIELD_CUT, 0, cell_group, NULL },
	{ "ORDER", NULL, false, YIELD_NOT, 0, cell_order, NULL },
	{ "FLAGS", NULL, false, YIELD_NOT, 0, cell_flags, NULL },
	{ "MAX-MESSAGES", "MAX-MSGS", true, YIELD_NOT, 0, cell_max_messages, NULL },
	{ "MAX-BYTES", NULL, true, YIELD_NOT, 0, cell_max_bytes, NULL },
	{ "MAX-SIZE", NULL, true, YIELD_NOT, 0, cell_max_size, NULL },
	{ "HIGH-BYTES", NULL, true, YIELD_NOT, 0, cell_high_bytes, NULL },
	{ "HIGH-PCT", NULL, true, YIELD_NOT, 0, cell_high, NULL },
	{ "LOW-PCT", NULL, true, YIELD_NOT, 0, cell_low, NULL },
	{ "BLOCKED-SENDERS", "BLK-SND", true, YIELD_NOT, 0, cell_blocked_senders, NULL },
	{ "BLOCKED-RECEIVERS", "BLK-RCV", true, YIELD_NOT, 0, cell_blocked_receivers, NULL },
};

const size_t nr_queue_columns = sizeof(queue_columns) / sizeof(queue_columns[0]);

void queues_print(FILE *out, const struct queue_list *list, const struct column **columns,
		  size_t nr_columns, const struct style *style)
{
	const struct column *usual[NR_DEFAULT];
	struct table table = {
		.columns = columns,
		.nr_columns = nr_columns,
		.rows = list->queue,
		.nr_rows = list->count,
		.row_size = sizeof(*list->queue),
		.keep_columns = columns,
	};
	size_t i;

	if (!columns) {
		for (i = 0; i < NR_DEFAULT; i++)
			usual[i] = &queue_columns[i];
		table.columns = usual;
		table.nr_columns = NR_DEFAULT;
	}
	table_print(out, &table, style);
}

int view_queues(const struct request *request)
{
	struct queue_list list = { 0 };
	int result = collect_queues(request, &list);

	if (request->json)
		json_queues(stdout, &list, request->style.terminal);
	else if (list.count || !request->nr_selectors)
		queues_print(stdout, &list, request->columns, request->nr_columns,
			     &request->style);
	queue_list_clear(&list);
	return result;
}
