// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of operations against the engine and the model; one that finds
 * a difference is shrunk to the shortest that still does.
 */
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringify.h>

#include "rig.h"
#include "sequence.h"

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "of the random sequences; 0 (default): another one each time");

/* Where the parameter comes too late (Linux 6.1), this can be chosen. */
#ifndef IPCQ_KUNIT_SEQUENCES
#define IPCQ_KUNIT_SEQUENCES	400
#endif

static uint sequences = IPCQ_KUNIT_SEQUENCES;
module_param(sequences, uint, 0444);
MODULE_PARM_DESC(sequences,
		 "random sequences to run (" __stringify(IPCQ_KUNIT_SEQUENCES) ")");

#define LENGTH		64
/* While shrinking, what has not happened by then does not happen. */
#define SHRINK_MS	300
#define PATIENCE_MS	10000
#define SHRINK_S	60

/* A generator of our own: the same sequences on every kernel. */
static u32 draw(u64 *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

static const u8 kinds[] = {
	OP_SEND, OP_SEND, OP_SEND, OP_SEND, OP_SEND, OP_SEND, OP_SEND, OP_SEND,
	OP_RECEIVE, OP_RECEIVE, OP_RECEIVE, OP_RECEIVE, OP_RECEIVE, OP_RECEIVE,
	OP_GIVE_BACK, OP_GIVE_BACK, OP_PURGE, OP_SHUT, OP_SHUT, OP_RECONFIGURE,
	OP_RECONFIGURE, OP_RECONFIGURE, OP_JOIN, OP_JOIN, OP_LEAVE, OP_LEAVE,
	OP_RESET, OP_SIGNAL, OP_SIGNAL,
};

static void generate(struct op *ops, u64 *state)
{
	unsigned int i;

	for (i = 0; i < LENGTH; i++) {
		ops[i] = (struct op) {
			.kind = kinds[draw(state) % ARRAY_SIZE(kinds)],
			.a = draw(state),
			.b = draw(state),
			.c = draw(state),
			.d = draw(state),
		};
		/* A queue that is shut most of the time shows little. */
		if (ops[i].kind == OP_SHUT && draw(state) % 2)
			ops[i].a = 0;
	}
}

/* When to stop shrinking: a sequence that makes calls hang takes long to try. */
static unsigned long shrink_end;

static bool fails(struct kunit *test, const struct op *ops, unsigned int nr,
		  enum model_fault fault)
{
	struct verdict verdict;

	if (time_after(jiffies, shrink_end))
		return false;
	sequence_run(test, ops, nr, fault, SHRINK_MS, &verdict);
	return verdict.at >= 0;
}

/* Leave out @len operations from @from if it fails without them as well. */
static bool leave_out(struct kunit *test, struct op *ops, unsigned int *nr,
		      unsigned int from, unsigned int len, enum model_fault fault)
{
	struct op shorter[LENGTH];

	memcpy(shorter, ops, from * sizeof(*ops));
	memcpy(shorter + from, ops + from + len, (*nr - from - len) * sizeof(*ops));
	if (!fails(test, shorter, *nr - len, fault))
		return false;
	*nr -= len;
	memcpy(ops, shorter, *nr * sizeof(*ops));
	return true;
}

/* Make one number 0 if it fails with that as well. */
static void simplify(struct kunit *test, struct op *ops, unsigned int nr, u8 *number,
		     enum model_fault fault)
{
	u8 old = *number;

	if (!old)
		return;
	*number = 0;
	if (!fails(test, ops, nr, fault))
		*number = old;
}

static unsigned int shrink(struct kunit *test, struct op *ops, unsigned int nr,
			   enum model_fault fault)
{
	unsigned int len, from, before;

	shrink_end = jiffies + SHRINK_S * HZ;
	do {
		before = nr;
		for (len = max(nr / 2, 1U); len; len /= 2) {
			for (from = 0; from + len <= nr; ) {
				if (!leave_out(test, ops, &nr, from, len, fault))
					from += len;
			}
		}
	} while (nr < before);
	for (from = 0; from < nr; from++) {
		simplify(test, ops, nr, &ops[from].a, fault);
		simplify(test, ops, nr, &ops[from].b, fault);
		simplify(test, ops, nr, &ops[from].c, fault);
		simplify(test, ops, nr, &ops[from].d, fault);
	}
	return nr;
}

static const char * const kind_names[NR_OPS] = {
	[OP_SEND] = "send",
	[OP_RECEIVE] = "receive",
	[OP_GIVE_BACK] = "give back",
	[OP_PURGE] = "purge",
	[OP_SHUT] = "shut",
	[OP_RECONFIGURE] = "reconfigure",
	[OP_JOIN] = "join",
	[OP_LEAVE] = "leave",
	[OP_RESET] = "reset",
	[OP_SIGNAL] = "signal",
};

/*
 * Run random sequences until one finds a difference; then @ops is the shortest of
 * its kind.  Returns its length, or 0.
 */
static unsigned int find(struct kunit *test, struct op *ops, unsigned int nr_sequences,
			 enum model_fault fault, u64 state, struct verdict *verdict)
{
	unsigned int i, nr;

	for (i = 0; i < nr_sequences; i++) {
		generate(ops, &state);
		sequence_run(test, ops, LENGTH, fault,
			     fault == MODEL_RIGHT ? PATIENCE_MS : SHRINK_MS, verdict);
		if (verdict->at >= 0)
			break;
		cond_resched();
	}
	if (i == nr_sequences)
		return 0;
	/* A difference at the very end may need every operation. */
	nr = shrink(test, ops, min(verdict->at + 1, LENGTH), fault);
	sequence_run(test, ops, nr, fault, SHRINK_MS, verdict);
	return nr;
}

static void engine_does_what_the_model_does(struct kunit *test)
{
	u64 state = seed ?: get_random_u64();
	struct verdict verdict;
	struct op ops[LENGTH];
	unsigned int nr, i;

	kunit_info(test, "seed=%llu sequences=%u length=%u", state, sequences, LENGTH);
	nr = find(test, ops, sequences, MODEL_RIGHT, state, &verdict);
	if (!nr)
		return;
	for (i = 0; i < nr; i++)
		kunit_info(test, "%2u: %s a=%u b=%u c=%u d=%u", i + 1,
			   kind_names[ops[i].kind], ops[i].a, ops[i].b, ops[i].c,
			   ops[i].d);
	KUNIT_FAIL(test, "%s; shortest sequence of seed=%llu: above", verdict.what, state);
}

/* Each way to make the model wrong is noticed, and by a short sequence. */
static void a_wrong_model_is_noticed(struct kunit *test)
{
	enum model_fault fault;
	struct verdict verdict;
	struct op ops[LENGTH];
	unsigned int nr;

	for (fault = MODEL_LAST_FIRST; fault <= MODEL_COUNTS_TWICE; fault++) {
		nr = find(test, ops, 100, fault, 1, &verdict);
		kunit_info(test, "fault %u: %u operations: %s", fault, nr, verdict.what);
		KUNIT_EXPECT_GE(test, nr, 1U);
		KUNIT_EXPECT_LE(test, nr, 6U);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(engine_does_what_the_model_does),
	KUNIT_CASE(a_wrong_model_is_noticed),
	{}
};

static struct kunit_suite suite = {
	.name = "random",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
