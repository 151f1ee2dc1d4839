// SPDX-License-Identifier: GPL-2.0-only
/* Messages that wait: what one more costs among them, and what memory they take. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "scenarios/all.h"

static const struct scenario_case depths[] = {
	{ .name = "0", .number = 0 },
	{ .name = "1000", .number = 1000 },
	{ .name = "60000", .number = 60000 },
	{ .name = "100000", .number = 100000 },
	{ 0 }
};
static const struct scenario_case deep[] = {
	{ .name = "60000", .number = 60000 },
	{ 0 }
};

/* A pipe counts in pages, so that some more must fit than what waits. */
#define SPARE	64

static void open_filled(struct one_task *task, const struct mechanism *mech,
			size_t size, unsigned int depth)
{
	struct need need = { .size = size, .depth = depth + SPARE };
	unsigned int i;

	one_task_open(task, mech, &need);
	for (i = 0; i < depth; i++)
		mech->send(&task->channel, task->out, size);
}

static void close_drained(struct one_task *task, unsigned int depth)
{
	const struct mechanism *mech = task->channel.mech;
	unsigned int i;

	for (i = 0; i < depth; i++)
		mech->recv(&task->channel, task->in, task->channel.need.size);
	one_task_close(task);
}

static struct figure measure_depth(const struct plan *plan, const struct mechanism *mech,
				   const struct scenario_case *variant, size_t size)
{
	struct one_task task;
	struct figure figure;

	open_filled(&task, mech, size, variant->number);
	figure = sample_work(plan, one_task_work, &task, window_messages(plan, size));
	close_drained(&task, variant->number);
	return figure;
}

/* Free pages of the machine, those that the processors keep for themselves included. */
static long free_pages(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	long pages = 0, value;
	size_t room = 0;
	char *line = NULL;

	if (!file)
		err(1, "/proc/zoneinfo");
	while (getline(&line, &room, file) != -1) {
		if (sscanf(line, " nr_free_pages %ld", &value) == 1 ||
		    sscanf(line, " count: %ld", &value) == 1)
			pages += value;
	}
	free(line);
	fclose(file);
	return pages;
}

static struct figure measure_memory(const struct plan *plan, const struct mechanism *mech,
				    const struct scenario_case *variant, size_t size)
{
	struct one_task task;
	double bytes;
	long before;

	(void)plan;
	/* Once, so that what is kept for later is there: only what waits is to count. */
	open_filled(&task, mech, size, variant->number);
	close_drained(&task, variant->number);
	before = free_pages();
	open_filled(&task, mech, size, variant->number);
	bytes = (double)(before - free_pages()) * 4096 / variant->number;
	close_drained(&task, variant->number);
	return (struct figure){ .value = bytes, .low = bytes, .high = bytes, .windows = 1 };
}

const struct scenario depth_scenario = {
	.name = "depth",
	.what = "send and receive in one task while so many wait",
	.needs = CAN_DELIVER,
	.cases = depths,
	.counted_sizes = size_64,
	.fits = fits_depth,
	.measure = measure_depth,
};

const struct scenario memory_scenario = {
	.name = "memory",
	.what = "bytes of memory that each of so many waiting messages takes",
	.unit = "bytes",
	.needs = CAN_DELIVER,
	.cases = deep,
	.counted_sizes = size_64,
	.fits = fits_depth,
	.measure = measure_memory,
};
