// SPDX-License-Identifier: GPL-2.0-only
/* Many priorities in use at once: a message of each waits. */
#include "scenarios/all.h"

static const struct scenario_case numbers[] = {
	{ .name = "1", .number = 1 },
	{ .name = "32", .number = 32 },
	{ .name = "1000", .number = 1000 },
	{ 0 }
};

/**
 * struct priorities - a task that uses them in turn
 * @task: with its channel
 * @number: how many, from 0
 * @next: the next one to use
 */
struct priorities {
	struct one_task task;
	unsigned int number;
	unsigned int next;
};

static void send_next(struct priorities *state)
{
	struct channel *channel = &state->task.channel;

	/* Not in the order in which they come out: that would be the easiest case. */
	state->next = (state->next + 617) % state->number;
	channel->mech->send_prio(channel, state->task.out, channel->need.size, state->next);
}

static void recv_next(struct priorities *state)
{
	struct channel *channel = &state->task.channel;

	channel->mech->recv(channel, state->task.in, channel->need.size);
}

static void priorities_work(void *arg, unsigned int messages)
{
	while (messages--) {
		send_next(arg);
		recv_next(arg);
	}
}

static struct figure measure_priorities(const struct plan *plan, const struct mechanism *mech,
					const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = variant->number + 1, .priority = true };
	struct priorities state = { .number = variant->number };
	struct figure figure;
	unsigned int i;

	one_task_open(&state.task, mech, &need);
	for (i = 0; i < variant->number; i++)
		send_next(&state);
	figure = sample_work(plan, priorities_work, &state, window_messages(plan, size));
	for (i = 0; i < variant->number; i++)
		recv_next(&state);
	one_task_close(&state.task);
	return figure;
}

const struct scenario priorities_scenario = {
	.name = "priorities",
	.what = "send and receive in one task, so many priorities in turn, a message of each waits",
	.needs = CAN_PRIORITY,
	.cases = numbers,
	.counted_sizes = size_64,
	.measure = measure_priorities,
};
