// SPDX-License-Identifier: GPL-2.0-only
/* Who has queues open. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>

#include "exits.h"
#include "json.h"
#include "queues.h"
#include "view.h"

static const char *access_name(uint32_t access)
{
	switch (access) {
	case IPCQ_ACCESS_RECV:
		return "recv";
	case IPCQ_ACCESS_SEND:
		return "send";
	case IPCQ_ACCESS_RECV | IPCQ_ACCESS_SEND:
		return "send,recv";
	default:
		return "-";
	}
}

/* In the words of access: what its blocked calls do. */
static uint32_t blocked_in(const struct opener *opener)
{
	return (opener->blocked_senders ? IPCQ_ACCESS_SEND : 0) |
	       (opener->blocked_receivers ? IPCQ_ACCESS_RECV : 0);
}

CELL(queue, struct opener, o, queue_label(o->queue_name, 0))
CELL(id, struct opener, o, text("%u", o->queue_id))
CELL(pid, struct opener, o, o->pid ? text("%u", o->pid) : text("-"))
CELL(command, struct opener, o, o->comm && *o->comm ? format_foreign(o->comm) : text("-"))
CELL(user, struct opener, o, format_user(o->uid))
CELL(access, struct opener, o, text("%s", access_name(o->access)))
CELL(blocked, struct opener, o, text("%s", access_name(blocked_in(o))))
CELL(since, struct opener, o,
     blocked_in(o) ? format_duration(o->blocked_ns, style) : text("-"))

static const struct column opener_columns[] = {
	{ "QUEUE", NULL, false, YIELD_CUT, 0, cell_queue, NULL },
	{ "ID", NULL, true, YIELD_NOT, 4, cell_id, NULL },
	{ "PID", NULL, true, YIELD_NOT, 0, cell_pid, NULL },
	{ "COMMAND", NULL, false, YIELD_CUT, 0, cell_command, NULL },
	{ "USER", NULL, false, YIELD_CUT, 3, cell_user, NULL },
	{ "ACCESS", NULL, false, YIELD_NOT, 2, cell_access, NULL },
	{ "BLOCKED", NULL, false, YIELD_NOT, 0, cell_blocked, NULL },
	{ "SINCE", NULL, true, YIELD_NOT, 1, cell_since, NULL },
};

#define NR_COLUMNS	(sizeof(opener_columns) / sizeof(opener_columns[0]))

static void print(const struct opener_list *list, const struct style *style)
{
	const struct column *columns[NR_COLUMNS];
	struct table table = {
		.columns = columns,
		.nr_columns = NR_COLUMNS,
		.rows = list->opener,
		.nr_rows = list->count,
		.row_size = sizeof(*list->opener),
	};
	size_t i;

	for (i = 0; i < NR_COLUMNS; i++)
		columns[i] = &opener_columns[i];
	table_print(stdout, &table, style);
}

/*
 * Of all queues: those of others, which may be seen but not their openers, and
 * those that have gone meanwhile are no failure.
 */
static int collect_of_all(const struct request *request, struct opener_list *list)
{
	struct queue_list queues = { 0 };
	int result = collect_queues(request, &queues);
	size_t i, hidden = 0;

	for (i = 0; i < queues.count; i++) {
		struct selector selector = { .id = queues.queue[i].id };
		int status = family_dump_openers(request->family, &selector, list);

		if (status == -EPERM || status == -EACCES) {
			hidden++;
		} else if (status && status != -ENOENT) {
			complain(request, &selector, status);
			result = EXIT_FAILED;
		}
	}
	if (hidden)
		warnx("left out %zu queues: only their owners may see that; try sudo", hidden);
	queue_list_clear(&queues);
	return result;
}

static int collect_of_selected(const struct request *request, struct opener_list *list)
{
	int result = EXIT_OK;
	size_t i;

	for (i = 0; i < request->nr_selectors; i++) {
		const struct selector *selector = &request->selectors[i];
		int status = family_dump_openers(request->family, selector, list);

		if (!status)
			continue;
		complain(request, selector, status);
		result = EXIT_FAILED;
	}
	return result;
}

int view_openers(const struct request *request)
{
	struct opener_list list = { 0 };
	int result;

	if (request->nr_selectors)
		result = collect_of_selected(request, &list);
	else
		result = collect_of_all(request, &list);
	if (request->json)
		json_openers(stdout, &list, request->style.terminal);
	else if (list.count || result == EXIT_OK)
		print(&list, &request->style);
	opener_list_clear(&list);
	return result;
}
