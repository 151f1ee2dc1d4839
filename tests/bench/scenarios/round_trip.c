// SPDX-License-Identifier: GPL-2.0-only
/* A question to another process and its answer. */
#include "crew.h"
#include "payload.h"
#include "scenarios/all.h"

static const size_t sizes[] = { 64, 4096, 0 };

/* The first byte of a question that wants no answer. */
#define LAST	0

/**
 * struct round_trip - two processes and what lies between them
 * @there: the channel of the questions
 * @back: the channel of the answers
 * @out: the question
 * @in: the answer
 */
struct round_trip {
	struct channel there;
	struct channel back;
	char *out;
	char *in;
};

static void answer(void *arg, unsigned int number)
{
	struct round_trip *trip = arg;

	(void)number;
	trip->there.mech->recv(&trip->there, trip->in, trip->there.need.size);
	while (trip->in[0] != LAST)
		channel_reply(&trip->back, trip->in, &trip->there, trip->in);
}

static void ask(void *arg, unsigned int messages)
{
	struct round_trip *trip = arg;

	while (messages--)
		channel_reply(&trip->there, trip->out, &trip->back, trip->in);
}

static struct figure measure_round_trip(const struct plan *plan, const struct mechanism *mech,
					const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = 2 };
	struct round_trip trip;
	struct crew crew = { 0 };
	struct figure figure;

	(void)variant;
	channel_open(&trip.there, mech, &need);
	channel_open(&trip.back, mech, &need);
	trip.out = payload_new(size);
	trip.in = payload_buffer(size);
	crew_add(&crew, 1, answer, &trip, 0);
	stay_on(0);
	figure = sample_work(plan, ask, &trip, plan->counted ? 32 : 64);
	stay_on(-1);
	payload_check(&trip.back, trip.out, trip.in);
	trip.out[0] = LAST;
	mech->send(&trip.there, trip.out, size);
	crew_wait(&crew);
	channel_close(&trip.there);
	channel_close(&trip.back);
	payload_free(trip.out);
	payload_free(trip.in);
	return figure;
}

const struct scenario round_trip_scenario = {
	.name = "round-trip",
	.what = "a message to another task and one back",
	.needs = CAN_DELIVER,
	.cases = only_case,
	.counted_sizes = sizes,
	.timed_sizes = sizes,
	.measure = measure_round_trip,
};
