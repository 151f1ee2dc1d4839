/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scenario is a situation in which messages are handed over.  Each is in a file of
 * scenarios/ and has a line in scenarios.c.  It is measured for each of its cases and
 * sizes, with every mechanism in turn.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "mechanism.h"
#include "sample.h"

/**
 * struct scenario_case - one variant
 * @name: as in results
 * @number: what the scenario varies; for two sides: senders
 * @receivers: the other side
 */
struct scenario_case {
	const char *name;
	unsigned int number;
	unsigned int receivers;
};

/**
 * struct scenario - what is measured
 * @name: as in results and in --scenario
 * @what: the title of its table
 * @unit: of the figures; NULL: the clock's
 * @needs: CAN_* that a mechanism must have
 * @cases: the variants, ended by one without a name
 * @counted_sizes: of the messages, if instructions are counted, ended by 0
 * @timed_sizes: if time is measured; NULL: not then
 * @fits: whether the mechanism can do that case; NULL: it can
 * @measure: measure one
 */
struct scenario {
	const char *name;
	const char *what;
	const char *unit;
	unsigned int needs;
	const struct scenario_case *cases;
	const size_t *counted_sizes;
	const size_t *timed_sizes;
	bool (*fits)(const struct mechanism *mech, const struct scenario_case *variant);
	struct figure (*measure)(const struct plan *plan, const struct mechanism *mech,
				 const struct scenario_case *variant, size_t size);
};

extern const struct scenario *const scenarios[];
extern const size_t nr_scenarios;

/* For scenarios that have one case, or one size. */
extern const struct scenario_case only_case[];
extern const size_t size_64[];

/* Whether that many messages can wait in one channel: variant->number. */
bool fits_depth(const struct mechanism *mech, const struct scenario_case *variant);

/**
 * struct one_task - a channel of which this task has both ends
 * @channel: the channel
 * @out: what is sent
 * @in: what was received last
 */
struct one_task {
	struct channel channel;
	char *out;
	char *in;
};

void one_task_open(struct one_task *task, const struct mechanism *mech,
		   const struct need *need);
/* Also looks whether what came last is what was sent. */
void one_task_close(struct one_task *task);
/* Send one message and receive one, @messages times; @arg is the struct one_task. */
void one_task_work(void *arg, unsigned int messages);

/* How many messages to put into one window, so that short ones do not drown in it. */
unsigned int window_messages(const struct plan *plan, size_t size);

#endif /* SCENARIO_H */
