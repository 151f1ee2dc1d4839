// SPDX-License-Identifier: GPL-2.0-only
/* What is counted, and that the books balance. */
#include "rig.h"
#include "stats.h"

static void buckets(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, ipcq_bucket(0, 8), 0U);
	KUNIT_EXPECT_EQ(test, ipcq_bucket(1, 8), 1U);
	for (i = 1; i < 7; i++) {
		KUNIT_EXPECT_EQ(test, ipcq_bucket(BIT_ULL(i - 1), 8), i);
		KUNIT_EXPECT_EQ(test, ipcq_bucket(BIT_ULL(i) - 1, 8), i);
	}
	KUNIT_EXPECT_EQ(test, ipcq_bucket(64, 8), 7U);
	KUNIT_EXPECT_EQ(test, ipcq_bucket(U64_MAX, 8), 7U);
	KUNIT_EXPECT_EQ(test, 31U, ipcq_bucket(U64_MAX, IPCQ_SIZE_BUCKETS));
	KUNIT_EXPECT_EQ(test, 47U, ipcq_bucket(U64_MAX, IPCQ_SOJOURN_BUCKETS));
}

/* Fill every word of @stats with a number of its own, from @first. */
static void number(struct ipcq_stats *stats, u64 first)
{
	u64 *word = (u64 *)stats;
	unsigned int i;

	for (i = 0; i < sizeof(*stats) / sizeof(u64); i++)
		word[i] = first + i;
}

static void sums_have_every_word(struct kunit *test)
{
	struct ipcq_stats *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct ipcq_stats *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	unsigned int i;
	u64 *word = (u64 *)a;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	number(a, 1000);
	number(b, 5);
	ipcq_stats_add(a, b);
	for (i = 0; i < sizeof(*a) / sizeof(u64); i++)
		KUNIT_EXPECT_EQ_MSG(test, word[i], 1005ULL + 2 * i, "word %u", i);
	ipcq_stats_restart(a, 3, 70);
	for (i = 0; i < sizeof(*a) / sizeof(u64); i++)
		KUNIT_EXPECT_EQ_MSG(test, word[i], i == IPCQ_SENT ? 3ULL :
				    i == IPCQ_SENT_BYTES ? 70ULL : 0ULL, "word %u", i);
}

static void transfers(struct kunit *test)
{
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;

	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 10), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 2, 0), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 3, 100), 0);
	KUNIT_ASSERT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENT), 3ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENT_BYTES), 110ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED), 1ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED_BYTES), 10ULL);
	KUNIT_EXPECT_EQ(test, e->stats.size[0], 1ULL);
	KUNIT_EXPECT_EQ(test, e->stats.size[4], 1ULL);
	KUNIT_EXPECT_EQ(test, e->stats.size[7], 1ULL);
	KUNIT_EXPECT_EQ(test, ipcq_purge(e), 2ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_PURGED), 2ULL);
	KUNIT_EXPECT_EQ(test, rig_snap(r).bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_depth, 3U);
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_bytes, 110ULL);
}

static void refusals(struct kunit *test)
{
	const struct ipcq_patience uncounted = { .nonblock = true, .uncounted = true };
	const struct ipcq_patience late = {
		.timed = true, .clock = CLOCK_MONOTONIC, .expires = 1,
	};
	struct ipcq_receipt receipt = { .room = 100 };
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;
	struct ipcq_message *m;
	u32 i;

	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ipcq_receive(e, &r->party, &receipt, &uncounted), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_EMPTY), 1ULL);
	KUNIT_EXPECT_EQ(test, ipcq_receive(e, &r->party, &receipt, &late), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_TIMEOUT), 1ULL);

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 50), 0);
	m = rig_message(r, 10, 0, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	KUNIT_EXPECT_EQ(test, ipcq_send(e, &r->party, m, &rig_nonblock), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ipcq_send(e, &r->party, m, &uncounted), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_FULL), 1ULL);
	KUNIT_EXPECT_EQ(test, ipcq_send(e, &r->party, m, &late), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_TIMEOUT), 1ULL);
	ipcq_message_free(m);
	receipt.room = 49;
	KUNIT_EXPECT_EQ(test, -EMSGSIZE,
			ipcq_receive(e, &r->party, &receipt, &rig_nonblock));
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_TOO_SMALL), 1ULL);
	/* A call that need not wait is never late. */
	receipt.room = 50;
	KUNIT_EXPECT_EQ(test, ipcq_receive(e, &r->party, &receipt, &late), 0);
	ipcq_message_free(receipt.m);
	ipcq_count(e, IPCQ_SEND_QUOTA);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_QUOTA), 1ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_BLOCKED_SENDS), 0ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_BLOCKED_RECVS), 0ULL);
}

static void given_back_is_not_received(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 10), 0);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	KUNIT_EXPECT_TRUE(test, rig_balances(e));
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED), 1ULL);
	ipcq_give_back(e, &r->party, &receipt);
	KUNIT_EXPECT_PTR_EQ(test, receipt.m, (struct ipcq_message *)NULL);
	KUNIT_EXPECT_TRUE(test, rig_balances(e));
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED), 0ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED_BYTES), 0ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENT), 1ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_GIVEN_BACK), 1ULL);
	KUNIT_EXPECT_EQ(test, rig_snap(r).bytes, 10ULL);
	for (i = 0; i < IPCQ_SOJOURN_BUCKETS; i++)
		KUNIT_EXPECT_EQ(test, e->stats.sojourn[i], 0ULL);
}

static void a_reset_keeps_the_balance(struct kunit *test)
{
	struct ipcq_stats *forgotten = kunit_kzalloc(test, sizeof(*forgotten), GFP_KERNEL);
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, forgotten);
	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 10), 0);
	KUNIT_ASSERT_EQ(test, rig_recv(r), 0L);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	ipcq_reset(e, false, true, forgotten);
	KUNIT_EXPECT_TRUE(test, rig_balances(e));
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENT), 3ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENT_BYTES), 30ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED), 0ULL);
	/* What is forgotten here and what is kept make what there was. */
	KUNIT_EXPECT_EQ(test, forgotten->counter[IPCQ_SENT], 2ULL);
	KUNIT_EXPECT_EQ(test, forgotten->counter[IPCQ_SENT_BYTES], 20ULL);
	KUNIT_EXPECT_EQ(test, forgotten->counter[IPCQ_RECEIVED], 2ULL);
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_depth, 5U);
	/* What was on its way out then, and comes back, counts as sent. */
	ipcq_give_back(e, &r->party, &receipt);
	KUNIT_EXPECT_TRUE(test, rig_balances(e));
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENT), 4ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED), 0ULL);
	ipcq_reset(e, true, false, forgotten);
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_depth, 4U);
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_bytes, 40ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENT), 4ULL);
}

static int take_and_ask(struct rig *r, struct ipcq_party *party,
			struct ipcq_receipt *receipt)
{
	*receipt = (struct ipcq_receipt) { .room = 100, .ask_lost = true };
	return ipcq_receive(&r->engine, party, receipt, &rig_nonblock);
}

static void losses_are_told_to_each_once(struct kunit *test)
{
	struct ipcq_party other = { .access = IPCQ_ACCESS_RECV };
	struct ipcq_party late = { .access = IPCQ_ACCESS_RECV };
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;
	u32 i;

	ipcq_party_join(e, &other);
	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 2, 1), 0);
	KUNIT_ASSERT_EQ(test, ipcq_purge(e), 2ULL);
	ipcq_party_join(e, &late);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, 3, 1), 0);

	KUNIT_ASSERT_EQ(test, take_and_ask(r, &r->party, &receipt), 0);
	KUNIT_EXPECT_EQ(test, receipt.lost, 2ULL);
	/* Given back, it was not told. */
	ipcq_give_back(e, &r->party, &receipt);
	KUNIT_ASSERT_EQ(test, take_and_ask(r, &r->party, &receipt), 0);
	KUNIT_EXPECT_EQ(test, receipt.lost, 2ULL);
	ipcq_message_free(receipt.m);
	KUNIT_ASSERT_EQ(test, take_and_ask(r, &r->party, &receipt), 0);
	KUNIT_EXPECT_EQ(test, receipt.lost, 0ULL);
	ipcq_message_free(receipt.m);
	KUNIT_ASSERT_EQ(test, take_and_ask(r, &other, &receipt), 0);
	KUNIT_EXPECT_EQ(test, receipt.lost, 2ULL);
	ipcq_message_free(receipt.m);
	KUNIT_ASSERT_EQ(test, take_and_ask(r, &late, &receipt), 0);
	KUNIT_EXPECT_EQ(test, receipt.lost, 0ULL);
	ipcq_message_free(receipt.m);
	ipcq_party_leave(e, &late);
	ipcq_party_leave(e, &other);
}

static void sums_over_queues(struct kunit *test)
{
	struct ipcq_stats *stats = kunit_kzalloc(test, sizeof(*stats), GFP_KERNEL);
	struct rig *r = test->priv;
	u64 depth = 100, bytes = 1000;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, stats);
	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 10), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 2, 10), 0);
	ipcq_sum(&r->engine, stats, &depth, &bytes);
	ipcq_sum(&r->engine, stats, &depth, &bytes);
	KUNIT_EXPECT_EQ(test, depth, 104ULL);
	KUNIT_EXPECT_EQ(test, bytes, 1040ULL);
	KUNIT_EXPECT_EQ(test, stats->counter[IPCQ_SENT], 4ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(buckets),
	KUNIT_CASE(sums_have_every_word),
	KUNIT_CASE(transfers),
	KUNIT_CASE(refusals),
	KUNIT_CASE(given_back_is_not_received),
	KUNIT_CASE(a_reset_keeps_the_balance),
	KUNIT_CASE(losses_are_told_to_each_once),
	KUNIT_CASE(sums_over_queues),
	{}
};

static struct kunit_suite suite = {
	.name = "counters",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
