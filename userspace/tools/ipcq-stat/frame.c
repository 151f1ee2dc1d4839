// SPDX-License-Identifier: GPL-2.0-only
/* One frame of the live view. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queues.h"
#include "table.h"
#include "frame.h"

#define BLOCKED_LINES	3	/* processes named below one queue */
#define NS_PER_SEC	1e9

#define GREEN		"\033[32m"
#define RED		"\033[31m"

/* A second ago there may have been another queue of the same number. */
static bool comparable(const struct watched *w)
{
	return w->before && w->now->snapshot_ns > w->before->snapshot_ns &&
	       !strcmp(w->now->name, w->before->name);
}

static char *rate(const struct watched *w, unsigned int counter, const struct style *style,
		  char *(*format)(uint64_t value, const struct style *style))
{
	uint64_t now = w->now->counters.value[counter];
	double per_second;

	/* The counters may have been reset. */
	if (!comparable(w) || now < w->before->counters.value[counter])
		return text("-");
	per_second = (double)(now - w->before->counters.value[counter]) * NS_PER_SEC /
		     (double)(w->now->snapshot_ns - w->before->snapshot_ns);
	return format((uint64_t)(per_second + 0.5), style);
}

static char *of_capacity(char *part, char *whole)
{
	char *string = text("%s/%s", part, whole);

	free(part);
	free(whole);
	return string;
}

/*
 * The buffer in the kernel: what is filled, and where the high-water mark is.
 * With the right characters a bar is drawn to an eighth of a column.
 */
static char *bar(const void *row, const struct style *style, unsigned int width)
{
	static const char *const eighths[] = { "", "\u258f", "\u258e", "\u258d",
					       "\u258c", "\u258b", "\u258a", "\u2589" };
	const struct watched *w = row;
	unsigned int inside = width > 2 ? width - 2 : 0;
	unsigned int percent = fill_percent(w->now) < 100 ? fill_percent(w->now) : 100;
	unsigned int peak = peak_percent(w->now) < 100 ? peak_percent(w->now) : 100;
	unsigned int steps = style->utf8 ? 8 : 1;
	unsigned int filled = (percent * inside * steps + 50) / 100;
	unsigned int mark = peak ? (peak * inside + 99) / 100 - 1 : inside;
	unsigned int i;
	char *string = NULL;
	size_t size;
	FILE *out = open_memstream(&string, &size);

	if (!out)
		return text("%*s", (int)width, "");
	if (percent && !filled)
		filled = 1;
	fputs("[", out);
	for (i = 0; i < inside; i++) {
		if (filled >= steps) {
			fputs(style->utf8 ? "\u2588" : "#", out);
			filled -= steps;
		} else if (filled) {
			fputs(eighths[filled], out);
			filled = 0;
		} else if (i == mark) {
			fputs("|", out);
		} else {
			fputs(style->utf8 ? " " : ".", out);
		}
	}
	fputs("]", out);
	if (fclose(out)) {
		free(string);
		return text("%*s", (int)width, "");
	}
	return string;
}

static const char *bar_colour(const void *row)
{
	const struct watched *w = row;

	if (!w->now->depth)
		return NULL;
	return fill_percent(w->now) >= w->now->high_pct ? RED : GREEN;
}

CELL(name, struct watched, w, queue_label(w->now->name, w->now->flags))
CELL(fill, struct watched, w, text("%u%%", fill_percent(w->now)))
CELL(messages, struct watched, w,
     of_capacity(format_count(w->now->depth, style), format_count(w->now->max_msgs, style)))
CELL(bytes, struct watched, w,
     of_capacity(format_bytes(w->now->bytes, style), format_bytes(w->now->max_bytes, style)))
CELL(in, struct watched, w, rate(w, IPCQ_A_COUNTERS_SENT, style, format_count))
CELL(out, struct watched, w, rate(w, IPCQ_A_COUNTERS_RECEIVED, style, format_count))
CELL(in_bytes, struct watched, w, rate(w, IPCQ_A_COUNTERS_SENT_BYTES, style, format_bytes))
CELL(out_bytes, struct watched, w, rate(w, IPCQ_A_COUNTERS_RECEIVED_BYTES, style, format_bytes))
CELL(oldest, struct watched, w,
     w->now->depth ? format_duration(w->now->oldest_ns, style) : text("-"))

static const struct column columns[] = {
	{ "NAME", NULL, false, YIELD_CUT, 0, cell_name, NULL },
	{ "BUFFER", NULL, false, YIELD_STRETCH, 0, bar, bar_colour },
	{ "FILL", NULL, true, YIELD_NOT, 6, cell_fill, NULL },
	{ "MESSAGES", "MSGS", true, YIELD_NOT, 1, cell_messages, NULL },
	{ "BYTES", NULL, true, YIELD_NOT, 5, cell_bytes, NULL },
	{ "IN/s", NULL, true, YIELD_NOT, 2, cell_in, NULL },
	{ "OUT/s", NULL, true, YIELD_NOT, 3, cell_out, NULL },
	{ "IN-B/s", NULL, true, YIELD_NOT, 7, cell_in_bytes, NULL },
	{ "OUT-B/s", NULL, true, YIELD_NOT, 8, cell_out_bytes, NULL },
	{ "OLDEST", NULL, true, YIELD_NOT, 4, cell_oldest, NULL },
};

#define NR_COLUMNS	(sizeof(columns) / sizeof(columns[0]))

static const char *blocked_in(const struct opener *opener)
{
	if (opener->blocked_senders && opener->blocked_receivers)
		return "send and recv";
	return opener->blocked_senders ? "send" : "recv";
}

static int longest_first(const void *a, const void *b)
{
	const struct opener *x = a, *y = b;

	return (x->blocked_ns < y->blocked_ns) - (x->blocked_ns > y->blocked_ns);
}

/* The processes that wait, the longest waiting first; their number is limited. */
static void print_blocked(FILE *out, const void *row, const struct style *style)
{
	const struct watched *w = row;
	size_t calls = (size_t)w->now->blocked_senders + w->now->blocked_receivers;
	const struct opener *opener = w->openers.opener;
	size_t i, lines = 0;

	if (w->openers.count)
		qsort(w->openers.opener, w->openers.count, sizeof(*opener), longest_first);
	for (i = 0; i < w->openers.count && lines < BLOCKED_LINES; i++) {
		size_t here = (size_t)opener[i].blocked_senders + opener[i].blocked_receivers;
		char *since, *comm;

		if (!here)
			continue;
		since = format_duration(opener[i].blocked_ns, style);
		comm = format_foreign(opener[i].comm ? opener[i].comm : "");
		fprintf(out, "  %u %s blocked in %s for %s", opener[i].pid, comm,
			blocked_in(&opener[i]), since);
		if (here > 1)
			fprintf(out, " (%zu calls)", here);
		putc('\n', out);
		free(since);
		free(comm);
		calls -= here < calls ? here : calls;
		lines++;
	}
	if (calls)
		fprintf(out, "  %s%zu call%s blocked\n", lines ? "and " : "", calls,
			calls == 1 ? "" : "s");
}

static void print_title(FILE *out, const struct watched *watched, size_t count,
			const struct style *style)
{
	uint64_t messages = 0, bytes = 0;
	char *of_messages, *of_bytes;
	char clock[16] = "";
	struct tm local;
	time_t now = time(NULL);
	size_t i;

	for (i = 0; i < count; i++) {
		messages += watched[i].now->depth;
		bytes += watched[i].now->bytes;
	}
	if (localtime_r(&now, &local))
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	of_messages = format_count(messages, style);
	of_bytes = format_bytes(bytes, style);
	fprintf(out, "%s  %zu queue%s, %s message%s with %s bytes wait in the kernel\n", clock,
		count, count == 1 ? "" : "s", of_messages, messages == 1 ? "" : "s", of_bytes);
	free(of_messages);
	free(of_bytes);
}

void frame_print(FILE *out, const struct watched *watched, size_t count,
		 const struct style *style)
{
	const struct column *shown[NR_COLUMNS];
	struct table table = {
		.columns = shown,
		.nr_columns = NR_COLUMNS,
		.rows = watched,
		.nr_rows = count,
		.row_size = sizeof(*watched),
		.below = print_blocked,
	};
	size_t i;

	for (i = 0; i < NR_COLUMNS; i++)
		shown[i] = &columns[i];
	print_title(out, watched, count, style);
	table_print(out, &table, style);
}
