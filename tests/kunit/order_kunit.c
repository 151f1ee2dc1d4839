// SPDX-License-Identifier: GPL-2.0-only
/* Which message is next. */
#include <linux/random.h>

#include "rig.h"

static void fifo_ignores_priority(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send_prio(r, i, (i * 7) % 10, 1), 0);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
}

static void set_priority_order(struct rig *r)
{
	KUNIT_ASSERT_EQ(r->test, 0,
			rig_reconfigure(r, IPCQ_ATTR_ORDER | IPCQ_ATTR_MAX_MSGS,
					(struct ipcq_config) {
						.order = IPCQ_ORDER_PRIORITY,
						.max_msgs = 1000,
					}));
}

static void priority_first_then_order_of_sending(struct kunit *test)
{
	static const u32 prios[] = { 5, 0, 5, IPCQ_PRIO_MAX, 0, 5, IPCQ_PRIO_MAX };
	static const long expected[] = { 3, 6, 0, 2, 5, 1, 4 };
	struct rig *r = test->priv;
	unsigned int i;

	set_priority_order(r);
	for (i = 0; i < ARRAY_SIZE(prios); i++)
		KUNIT_ASSERT_EQ(test, rig_send_prio(r, i, prios[i], 1), 0);
	for (i = 0; i < ARRAY_SIZE(expected); i++)
		KUNIT_EXPECT_EQ(test, rig_recv(r), expected[i]);
}

/* Many levels, each with several messages, sent in an order without a pattern. */
static void priority_with_many_levels(struct kunit *test)
{
	const u32 levels = 97, each = 4;
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	u32 last_prio = U32_MAX, i;
	u64 last_seq = 0;

	set_priority_order(r);
	/* 61 is no divisor of 97: every level comes once a round. */
	for (i = 0; i < levels * each; i++)
		KUNIT_ASSERT_EQ(test, 0, rig_send_prio(r, i, i * 61 % levels, 1));
	for (i = 0; i < levels * each; i++) {
		KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
		KUNIT_EXPECT_LE(test, (u32)receipt.m->prio, last_prio);
		if (receipt.m->prio == last_prio)
			KUNIT_EXPECT_GT(test, receipt.m->seq, last_seq);
		last_prio = receipt.m->prio;
		last_seq = receipt.m->seq;
		ipcq_message_free(receipt.m);
	}
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
}

static void numbers_go_up_by_one(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	u64 seq;

	for (seq = 1; seq < 30; seq++) {
		KUNIT_ASSERT_EQ(test, rig_send(r, 1, 1), 0);
		/* Refused messages take no number. */
		KUNIT_EXPECT_EQ(test, rig_send(r, 1, 101), -EMSGSIZE);
		KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
		KUNIT_EXPECT_EQ(test, receipt.m->seq, seq);
		ipcq_message_free(receipt.m);
	}
}

static void it_changes_only_while_nothing_waits(struct kunit *test)
{
	const struct ipcq_config priority = { .order = IPCQ_ORDER_PRIORITY };
	const struct ipcq_config fifo = { .order = IPCQ_ORDER_FIFO };
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 1, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_ORDER, priority), -EBUSY);
	/* What does not change it is no change. */
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_ORDER, fifo), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_ORDER, priority), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 2, 2, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 3, 3, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_ORDER, fifo), -EBUSY);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 3L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 2L);
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_ORDER, fifo), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 4, 4, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 5, 5, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 4L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 5L);
}

#define HELD 4

/* The order in which @nr of HELD things are given back: permutation @nr of them. */
static void permutation(unsigned int nr, unsigned int order[HELD])
{
	unsigned int i, j, tmp;

	for (i = 0; i < HELD; i++)
		order[i] = i;
	for (i = 0; i < HELD - 1; i++) {
		j = i + nr % (HELD - i);
		nr /= HELD - i;
		tmp = order[i];
		order[i] = order[j];
		order[j] = tmp;
	}
}

/*
 * Six messages, the first four of which are taken and given back in every possible
 * order, must come out as if nothing had been.
 */
static void check_given_back(struct rig *r, const u32 prios[6],
			     const long expected[6])
{
	struct ipcq_receipt receipt[HELD];
	unsigned int nr, i, order[HELD];
	struct kunit *test = r->test;

	for (nr = 0; nr < 24; nr++) {
		permutation(nr, order);
		for (i = 0; i < 6; i++)
			KUNIT_ASSERT_EQ(test, 0, rig_send_prio(r, i, prios[i], 1));
		for (i = 0; i < HELD; i++)
			KUNIT_ASSERT_EQ(test, rig_take(r, &receipt[i]), 0);
		for (i = 0; i < HELD; i++)
			ipcq_give_back(&r->engine, &r->party, &receipt[order[i]]);
		KUNIT_EXPECT_TRUE(test, rig_balances(&r->engine));
		for (i = 0; i < 6; i++)
			KUNIT_EXPECT_EQ_MSG(test, rig_recv(r), expected[i],
					    "permutation %u, place %u", nr, i);
	}
}

static void given_back_keeps_its_place(struct kunit *test)
{
	static const u32 prios[6];
	static const long expected[] = { 0, 1, 2, 3, 4, 5 };

	check_given_back(test->priv, prios, expected);
}

static void given_back_keeps_its_place_in_its_level(struct kunit *test)
{
	static const u32 one_level[6] = { 3, 3, 3, 3, 3, 3 };
	static const u32 all_levels[6] = { 0, 1, 2, 3, 4, 5 };
	static const u32 two_levels[6] = { 1, 2, 1, 2, 1, 2 };
	static const long as_sent[] = { 0, 1, 2, 3, 4, 5 };
	static const long backwards[] = { 5, 4, 3, 2, 1, 0 };
	static const long odd_first[] = { 1, 3, 5, 0, 2, 4 };
	struct rig *r = test->priv;

	set_priority_order(r);
	check_given_back(r, one_level, as_sent);
	check_given_back(r, all_levels, backwards);
	check_given_back(r, two_levels, odd_first);
}

/* A message that comes back finds its place among those sent meanwhile. */
static void given_back_stands_before_what_came_later(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 2, 1), 0);
	ipcq_give_back(&r->engine, &r->party, &receipt);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 2L);
}

/* The search for the place of one has an end: behind that, the last one comes first. */
static void give_back_many(struct rig *r, u32 order)
{
	const u32 passed = 1024, n = passed + 100;
	struct kunit *test = r->test;
	struct ipcq_receipt *receipts;
	u32 i;

	receipts = kunit_kcalloc(test, n, sizeof(*receipts), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, receipts);
	KUNIT_ASSERT_EQ(test, 0, rig_reconfigure(r, IPCQ_ATTR_ORDER | IPCQ_ATTR_MAX_MSGS,
						 (struct ipcq_config) {
							.order = order,
							.max_msgs = n + 1,
						 }));
	for (i = 0; i <= n; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 0), 0);
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, rig_take(r, &receipts[i]), 0);
	for (i = 0; i < n; i++)
		ipcq_give_back(&r->engine, &r->party, &receipts[i]);
	for (i = 0; i < passed; i++)
		KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
	for (i = n; i-- > passed; )
		KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
	KUNIT_EXPECT_EQ(test, rig_recv(r), (long)n);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
}

static void given_back_among_many(struct kunit *test)
{
	give_back_many(test->priv, IPCQ_ORDER_FIFO);
}

static void given_back_among_many_of_its_level(struct kunit *test)
{
	give_back_many(test->priv, IPCQ_ORDER_PRIORITY);
}

/* The order changed while nothing waited, but one was on its way out. */
static void given_back_after_a_change_of_order(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 1, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	set_priority_order(r);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 2, 2, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 0, 0, 1), 0);
	ipcq_give_back(&r->engine, &r->party, &receipt);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 2L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 0L);
}

static void the_age_is_that_of_the_oldest(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	struct ipcq_snapshot snap;
	u64 time_ns;

	KUNIT_EXPECT_EQ(test, rig_snap(r).oldest_ns, 0ULL);
	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 2, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	time_ns = receipt.m->time_ns;
	ipcq_give_back(&r->engine, &r->party, &receipt);
	snap = rig_snap(r);
	KUNIT_EXPECT_EQ(test, snap.oldest_ns, snap.now_ns - time_ns);
}

/* What is given back may be older than the level that it comes to, and all above it. */
static void the_age_with_levels(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	struct ipcq_snapshot snap;
	u64 time_ns;

	set_priority_order(r);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 1, 5, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 2, 9, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 2L);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	time_ns = receipt.m->time_ns;
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 3, 9, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 4, 6, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send_prio(r, 5, 5, 1), 0);
	ipcq_give_back(&r->engine, &r->party, &receipt);
	snap = rig_snap(r);
	KUNIT_EXPECT_EQ(test, snap.oldest_ns, snap.now_ns - time_ns);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 3L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 4L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 5L);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(fifo_ignores_priority),
	KUNIT_CASE(priority_first_then_order_of_sending),
	KUNIT_CASE(priority_with_many_levels),
	KUNIT_CASE(numbers_go_up_by_one),
	KUNIT_CASE(it_changes_only_while_nothing_waits),
	KUNIT_CASE(given_back_keeps_its_place),
	KUNIT_CASE(given_back_keeps_its_place_in_its_level),
	KUNIT_CASE(given_back_stands_before_what_came_later),
	KUNIT_CASE(given_back_among_many),
	KUNIT_CASE(given_back_among_many_of_its_level),
	KUNIT_CASE(given_back_after_a_change_of_order),
	KUNIT_CASE(the_age_is_that_of_the_oldest),
	KUNIT_CASE(the_age_with_levels),
	{}
};

static struct kunit_suite suite = {
	.name = "order",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
