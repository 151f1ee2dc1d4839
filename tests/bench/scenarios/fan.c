// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages that flow from some processes to others: one each, or several.  They flow
 * in passes: all begin at rest, and it ends when the last message has arrived.  So a
 * pass has everything in it that its messages cost, however large a queue is and
 * whoever runs when.
 */
#include <err.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "clock.h"
#include "crew.h"
#include "payload.h"
#include "scenarios/all.h"

/* So many bytes may wait, which is what a pipe holds; but two messages at the least. */
#define CAPACITY	65536

/* The least messages of a pass. */
#define LEAST		256

#define PASSES		5

/* The first byte of the message that tells a receiver to end. */
#define LAST		0

static const size_t stream_counted_sizes[] = { 64, 1024, 4096, 65536, 0 };
static const size_t stream_timed_sizes[] = { 64, 4096, 0 };
static const struct scenario_case pair[] = {
	{ .name = "1x1", .number = 1, .receivers = 1 },
	{ 0 }
};
static const struct scenario_case fans[] = {
	{ .name = "4x1", .number = 4, .receivers = 1 },
	{ .name = "1x4", .number = 1, .receivers = 4 },
	{ .name = "4x4", .number = 4, .receivers = 4 },
	{ 0 }
};

/**
 * struct pass - in shared memory
 * @go: posted once for each sender when a pass begins
 * @done: posted when it has ended
 * @each: messages of each sender; 0 ends the senders
 * @all: messages of all of them
 * @received: messages so far
 * @end: when the last one came
 */
struct pass {
	sem_t go;
	sem_t done;
	unsigned long each;
	unsigned long all;
	_Atomic unsigned long received;
	uint64_t end;
};

/**
 * struct fan - who sends what to whom
 * @channel: the one that they share
 * @senders: how many
 * @receivers: how many
 * @out: what is sent
 * @in: what came last; each receiver's own, by fork(2)
 * @pass: the current one
 */
struct fan {
	struct channel channel;
	unsigned int senders;
	unsigned int receivers;
	char *out;
	char *in;
	struct pass *pass;
};

static void wait_for(sem_t *semaphore)
{
	if (sem_wait(semaphore))
		err(1, "sem_wait");
}

static void post(sem_t *semaphore)
{
	if (sem_post(semaphore))
		err(1, "sem_post");
}

static void sender(void *arg, unsigned int number)
{
	struct fan *fan = arg;
	struct channel *channel = &fan->channel;
	unsigned long i;

	(void)number;
	for (;;) {
		wait_for(&fan->pass->go);
		if (!fan->pass->each)
			return;
		for (i = 0; i < fan->pass->each; i++)
			channel->mech->send(channel, fan->out, channel->need.size);
	}
}

static void receiver(void *arg, unsigned int number)
{
	struct fan *fan = arg;
	struct channel *channel = &fan->channel;
	struct pass *pass = fan->pass;
	bool any = false;

	(void)number;
	for (;;) {
		channel->mech->recv(channel, fan->in, channel->need.size);
		if (fan->in[0] == LAST)
			break;
		any = true;
		if (atomic_fetch_add(&pass->received, 1) + 1 == pass->all) {
			pass->end = clock_now();
			post(&pass->done);
		}
	}
	fan->in[0] = fan->out[0];
	if (any)
		payload_check(channel, fan->out, fan->in);
}

/* What a message costs in a pass of about so many. */
static double pass(struct fan *fan, unsigned long messages)
{
	struct pass *pass = fan->pass;
	uint64_t begin;
	unsigned int i;

	pass->each = messages / fan->senders;
	pass->all = pass->each * fan->senders;
	atomic_store(&pass->received, 0);
	clock_settle();
	begin = clock_now();
	for (i = 0; i < fan->senders; i++)
		post(&pass->go);
	wait_for(&pass->done);
	return (double)(pass->end - begin - clock_overhead()) / pass->all;
}

/* Passes, after a first one that does not count, or only tells how many fit the time. */
static struct figure passes(const struct plan *plan, struct fan *fan)
{
	unsigned long messages = fan->channel.need.depth * 2;
	double values[PASSES], first, fitting;
	unsigned int i;

	if (messages < LEAST)
		messages = LEAST;
	first = pass(fan, messages);
	fitting = plan->budget / (first * PASSES + 1);
	if (!plan->counted && fitting > messages)
		messages = fitting;
	for (i = 0; i < PASSES; i++)
		values[i] = pass(fan, messages);
	return sample_figure(values, PASSES);
}

static struct figure measure_fan(const struct plan *plan, const struct mechanism *mech,
				 const struct scenario_case *variant, size_t size)
{
	struct need need = {
		.size = size,
		.depth = size > CAPACITY / 2 ? 2 : CAPACITY / size,
	};
	bool alone = variant->number == 1 && variant->receivers == 1;
	struct fan fan = { .senders = variant->number, .receivers = variant->receivers };
	struct crew crew = { 0 };
	struct figure figure;
	unsigned int i;

	fan.pass = shared_new(sizeof(*fan.pass));
	if (sem_init(&fan.pass->go, true, 0) || sem_init(&fan.pass->done, true, 0))
		err(1, "sem_init");
	fan.out = payload_new(size);
	fan.in = payload_buffer(size);
	channel_open(&fan.channel, mech, &need);
	for (i = 0; i < fan.receivers; i++)
		crew_add(&crew, alone ? 1 : -1, receiver, &fan, i);
	for (i = 0; i < fan.senders; i++)
		crew_add(&crew, alone ? 0 : -1, sender, &fan, i);
	figure = passes(plan, &fan);
	fan.pass->each = 0;
	for (i = 0; i < fan.senders; i++)
		post(&fan.pass->go);
	fan.out[0] = LAST;
	for (i = 0; i < fan.receivers; i++)
		mech->send(&fan.channel, fan.out, size);
	crew_wait(&crew);
	channel_close(&fan.channel);
	payload_free(fan.out);
	payload_free(fan.in);
	shared_free(fan.pass, sizeof(*fan.pass));
	return figure;
}

const struct scenario stream_scenario = {
	.name = "stream",
	.what = "one task sends all the time, another receives; 64 KiB may wait",
	.needs = CAN_DELIVER,
	.cases = pair,
	.counted_sizes = stream_counted_sizes,
	.timed_sizes = stream_timed_sizes,
	.measure = measure_fan,
};

const struct scenario fan_scenario = {
	.name = "fan",
	.what = "so many senders x receivers, for each message; 64 KiB may wait",
	.needs = CAN_DELIVER | CAN_SHARE,
	.cases = fans,
	.counted_sizes = size_64,
	.timed_sizes = size_64,
	.measure = measure_fan,
};
