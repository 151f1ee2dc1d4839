// SPDX-License-Identifier: GPL-2.0-only
/* The live view. */
#include <err.h>
#include <stdlib.h>

#include "exits.h"
#include "frame.h"
#include "json.h"
#include "screen.h"
#include "signals.h"
#include "view.h"

#define NS_PER_SEC	1e9

static int by_id(const void *a, const void *b)
{
	const struct queue *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void *must(void *memory)
{
	if (!memory)
		err(EXIT_FAILED, "cannot draw");
	return memory;
}

/* before: sorted by id. */
static struct watched *compare(const struct request *request, const struct queue_list *now,
			       const struct queue_list *before)
{
	struct watched *watched = must(calloc(now->count + 1, sizeof(*watched)));
	size_t i;

	for (i = 0; i < now->count; i++) {
		const struct queue *queue = &now->queue[i];
		struct selector selector = { .id = queue->id };

		watched[i].now = queue;
		if (before->count)
			watched[i].before = bsearch(queue, before->queue, before->count,
						    sizeof(*queue), by_id);
		/* Not ours to know: then the frame tells how many, not who. */
		if (queue->blocked_senders || queue->blocked_receivers)
			(void)family_dump_openers(request->family, &selector,
						  &watched[i].openers);
	}
	return watched;
}

static void draw(const struct request *request, const struct style *style,
		 const struct queue_list *now, const struct queue_list *before)
{
	struct watched *watched = compare(request, now, before);
	char *frame = NULL;
	size_t size, i;
	FILE *out = must(open_memstream(&frame, &size));

	frame_print(out, watched, now->count, style);
	if (!style->terminal)
		putc('\n', out);
	if (fclose(out))
		err(EXIT_FAILED, "cannot draw");
	screen_show(frame, style);
	for (i = 0; i < now->count; i++)
		opener_list_clear(&watched[i].openers);
	free(watched);
	free(frame);
}

/* False at the end, of which *result is the exit status. */
static bool pause_until(uint64_t deadline, struct style *style, int *result)
{
	switch (signals_wait(-1, deadline)) {
	case WAKE_END:
		return false;
	case WAKE_UNREAD:
		*result = signals_unread();
		return false;
	case WAKE_STOP:
		screen_leave(style);
		signals_stop();
		screen_restart(style);
		return true;
	case WAKE_RESIZE:
		screen_measure(style);
		screen_restart(style);
		return true;
	default:
		return true;
	}
}

int view_watch(const struct request *request)
{
	struct queue_list now = { 0 }, before = { 0 };
	struct style style = request->style;
	uint64_t interval = (uint64_t)(request->interval * NS_PER_SEC);
	uint64_t deadline = monotonic_ns();
	unsigned long frames = 0;
	int result = EXIT_OK;

	if (style.terminal)
		signals_hold();
	for (;;) {
		result = collect_queues(request, &now);
		if (result != EXIT_OK && !now.count)
			break;
		if (request->json) {
			json_queues(stdout, &now, false);
			fflush(stdout);
		} else {
			draw(request, &style, &now, &before);
		}
		if (ferror(stdout) || ++frames == request->count)
			break;

		queue_list_clear(&before);
		before = now;
		now = (struct queue_list){ 0 };
		if (before.count)
			qsort(before.queue, before.count, sizeof(*before.queue), by_id);
		/* The next frame falls due by the clock, not by how long this took. */
		deadline += interval;
		if (deadline < monotonic_ns())
			deadline = monotonic_ns();
		if (!pause_until(deadline, &style, &result))
			break;
	}
	screen_leave(&style);
	queue_list_clear(&before);
	queue_list_clear(&now);
	return result;
}
