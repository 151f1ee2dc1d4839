// SPDX-License-Identifier: GPL-2.0-only
/* Many queues, used in turn by one task. */
#include <err.h>
#include <stdlib.h>

#include "payload.h"
#include "scenarios/all.h"

static const struct scenario_case numbers[] = {
	{ .name = "1", .number = 1 },
	{ .name = "100", .number = 100 },
	{ .name = "10000", .number = 10000 },
	{ 0 }
};

#define WARM_UP	3

/* Each of a hundred queues is in every window. */
#define WINDOW	100

/**
 * struct queues - all of them
 * @channels: the queues
 * @number: how many
 * @next: which one to use next
 * @out: what is sent
 * @in: what was received last
 */
struct queues {
	struct channel *channels;
	unsigned int number;
	unsigned int next;
	char *out;
	char *in;
};

static void queues_work(void *arg, unsigned int messages)
{
	struct queues *queues = arg;
	struct channel *channel;

	while (messages--) {
		channel = &queues->channels[queues->next];
		channel->mech->send(channel, queues->out, channel->need.size);
		channel->mech->recv(channel, queues->in, channel->need.size);
		if (++queues->next == queues->number)
			queues->next = 0;
	}
}

static struct figure measure_queues(const struct plan *plan, const struct mechanism *mech,
				    const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = 2 };
	struct queues queues = { .number = variant->number };
	struct figure figure;
	unsigned int i;

	queues.channels = calloc(queues.number, sizeof(*queues.channels));
	if (!queues.channels)
		err(1, NULL);
	queues.out = payload_new(size);
	queues.in = payload_buffer(size);
	for (i = 0; i < queues.number; i++)
		channel_open(&queues.channels[i], mech, &need);
	/* The first messages of a queue may cost more than those that come later. */
	for (i = 0; i < WARM_UP; i++)
		queues_work(&queues, queues.number);
	figure = sample_work(plan, queues_work, &queues, WINDOW);
	payload_check(&queues.channels[0], queues.out, queues.in);
	for (i = 0; i < queues.number; i++)
		channel_close(&queues.channels[i]);
	payload_free(queues.out);
	payload_free(queues.in);
	free(queues.channels);
	return figure;
}

const struct scenario queues_scenario = {
	.name = "queues",
	.what = "send and receive in one task, so many queues in turn",
	.needs = CAN_DELIVER,
	.cases = numbers,
	.counted_sizes = size_64,
	.measure = measure_queues,
};
