// SPDX-License-Identifier: GPL-2.0-only
/* Many receivers wait for one message: how many of them wake up? */
#include <err.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#include "crew.h"
#include "payload.h"
#include "scenarios/all.h"

#define MESSAGES	640

/* The first byte of the message that tells a receiver to end. */
#define LAST	0

static const struct scenario_case numbers[] = {
	{ .name = "64", .number = 64 },
	{ 0 }
};

/**
 * struct progress - of the receivers, in shared memory
 * @received: messages, by all of them
 * @sleeps: how often they went to sleep
 */
struct progress {
	_Atomic unsigned long received;
	_Atomic unsigned long sleeps;
};

/**
 * struct waiting - a crew that waits
 * @channel: for messages of this
 * @in: where they put one, each its own by fork(2)
 * @progress: of all of them
 */
struct waiting {
	struct channel channel;
	char *in;
	struct progress *progress;
};

static long sleeps(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		err(1, "getrusage");
	return usage.ru_nvcsw;
}

static void receiver(void *arg, unsigned int number)
{
	struct waiting *waiting = arg;
	struct channel *channel = &waiting->channel;
	long begin = sleeps();

	(void)number;
	for (;;) {
		channel->mech->recv(channel, waiting->in, channel->need.size);
		if (waiting->in[0] == LAST)
			break;
		atomic_fetch_add(&waiting->progress->received, 1);
	}
	/* One sleep was for the message that ends it. */
	atomic_fetch_add(&waiting->progress->sleeps, sleeps() - begin - 1);
}

/* Let the others run until they all sleep: on one processor, they run before we do. */
static void settle(void)
{
	struct timespec moment = { .tv_nsec = 1000000 };

	nanosleep(&moment, NULL);
}

static struct figure measure_wakeups(const struct plan *plan, const struct mechanism *mech,
				     const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = variant->number };
	char *out = payload_new(size);
	struct waiting waiting;
	struct crew crew = { 0 };
	unsigned long i;
	double value;

	(void)plan;
	waiting.in = payload_buffer(size);
	waiting.progress = shared_new(sizeof(*waiting.progress));
	channel_open(&waiting.channel, mech, &need);
	for (i = 0; i < variant->number; i++)
		crew_add(&crew, -1, receiver, &waiting, i);
	settle();
	for (i = 1; i <= MESSAGES; i++) {
		mech->send(&waiting.channel, out, size);
		while (atomic_load(&waiting.progress->received) < i)
			sched_yield();
		settle();
	}
	out[0] = LAST;
	for (i = 0; i < variant->number; i++)
		mech->send(&waiting.channel, out, size);
	crew_wait(&crew);
	value = (double)atomic_load(&waiting.progress->sleeps) / MESSAGES;
	channel_close(&waiting.channel);
	shared_free(waiting.progress, sizeof(*waiting.progress));
	payload_free(waiting.in);
	payload_free(out);
	return (struct figure){ .value = value, .low = value, .high = value, .windows = 1 };
}

const struct scenario wakeups_scenario = {
	.name = "wakeups",
	.what = "tasks that wake up for one message while so many wait for it",
	.unit = "wake-ups",
	.needs = CAN_DELIVER | CAN_SHARE,
	.cases = numbers,
	.counted_sizes = size_64,
	.measure = measure_wakeups,
};
