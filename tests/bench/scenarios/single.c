// SPDX-License-Identifier: GPL-2.0-only
/* One task sends and receives: one message at a time, or several. */
#include "scenarios/all.h"

static const size_t all_sizes[] = {
	8, 64, 256, 1024, 4096, 8192, 16384, 65536, 262144, 1048576, 0
};
static const size_t some_sizes[] = { 64, 4096, 65536, 0 };
static const struct scenario_case bursts[] = {
	{ .name = "8", .number = 8 },
	{ .name = "32", .number = 32 },
	{ 0 }
};

static struct figure measure_single(const struct plan *plan, const struct mechanism *mech,
				    const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = 2 };
	struct one_task task;
	struct figure figure;

	(void)variant;
	one_task_open(&task, mech, &need);
	figure = sample_work(plan, one_task_work, &task, window_messages(plan, size));
	one_task_close(&task);
	return figure;
}

/**
 * struct burst - a task that sends several messages and then receives them
 * @task: with its channel
 * @length: how many
 */
struct burst {
	struct one_task task;
	unsigned int length;
};

static void burst_work(void *arg, unsigned int messages)
{
	struct burst *burst = arg;
	struct one_task *task = &burst->task;

	for (; messages; messages -= burst->length) {
		channel_send_many(&task->channel, task->out, burst->length);
		channel_recv_many(&task->channel, task->in, burst->length);
	}
}

static struct figure measure_burst(const struct plan *plan, const struct mechanism *mech,
				   const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = variant->number + 1 };
	struct burst burst = { .length = variant->number };
	struct figure figure;

	one_task_open(&burst.task, mech, &need);
	figure = sample_work(plan, burst_work, &burst, variant->number * 4);
	one_task_close(&burst.task);
	return figure;
}

const struct scenario single_scenario = {
	.name = "single",
	.what = "send and receive in one task",
	.cases = only_case,
	.counted_sizes = all_sizes,
	.timed_sizes = some_sizes,
	.measure = measure_single,
};

const struct scenario burst_scenario = {
	.name = "burst",
	.what = "so many sent, then received, by one task",
	.cases = bursts,
	.counted_sizes = size_64,
	.measure = measure_burst,
};
