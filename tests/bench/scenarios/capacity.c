// SPDX-License-Identifier: GPL-2.0-only
/* Queues that hold few messages: each one may cross a level that others are told of. */
#include "scenarios/all.h"

static const struct scenario_case capacities[] = {
	{ .name = "1", .number = 1 },
	{ .name = "2", .number = 2 },
	{ .name = "64", .number = 64 },
	{ 0 }
};

static struct figure measure_capacity(const struct plan *plan, const struct mechanism *mech,
				      const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = variant->number, .exact = true };
	struct one_task task;
	struct figure figure;

	one_task_open(&task, mech, &need);
	figure = sample_work(plan, one_task_work, &task, window_messages(plan, size));
	one_task_close(&task);
	return figure;
}

const struct scenario capacity_scenario = {
	.name = "capacity",
	.what = "send and receive in one task, by a queue that holds so many messages",
	.needs = CAN_BOUND,
	.cases = capacities,
	.counted_sizes = size_64,
	.measure = measure_capacity,
};
