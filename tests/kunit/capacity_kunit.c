// SPDX-License-Identifier: GPL-2.0-only
/* What fits, to the message and to the byte. */
#include <linux/bits.h>
#include <linux/overflow.h>

#include "rig.h"

static void messages_up_to_the_last(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, rig_send(r, i, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 10, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_send(r, 10, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 0L);
	KUNIT_EXPECT_EQ(test, rig_send(r, 11, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 12, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 10U);
}

static void bytes_up_to_the_last(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) { .max_bytes = 250 }));
	KUNIT_EXPECT_EQ(test, rig_send(r, 0, 100), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 100), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 51), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 50), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 3, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_snap(r).bytes, 250ULL);
	/* Nothing takes no bytes. */
	KUNIT_EXPECT_EQ(test, rig_send(r, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 0L);
	KUNIT_EXPECT_EQ(test, rig_send(r, 4, 100), 0);
	KUNIT_EXPECT_EQ(test, rig_snap(r).bytes, 250ULL);
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_bytes, 250ULL);
}

static void one_message_of_one_byte(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSGS |
					IPCQ_ATTR_MAX_MSG_SIZE,
					(struct ipcq_config) {
						.max_bytes = 1,
						.max_msgs = 1,
						.max_msg_size = 1,
					}));
	KUNIT_EXPECT_EQ(test, rig_send(r, 0, 2), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_send(r, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 4, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 3L);
}

static void the_largest_message(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_EXPECT_EQ(test, rig_send(r, 0, 101), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 100), 0);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_TOO_BIG), 1ULL);
	/* That it never fits is said even while the queue is full. */
	while (!rig_send(r, 2, 1))
		;
	KUNIT_EXPECT_EQ(test, rig_send(r, 3, 101), -EMSGSIZE);
}

static void a_buffer_of_exactly_that_size(struct kunit *test)
{
	struct ipcq_receipt receipt = { .room = 49 };
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 50), 0);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE,
			ipcq_receive(&r->engine, &r->party, &receipt, &rig_nonblock));
	KUNIT_EXPECT_EQ(test, receipt.needed, (size_t)50);
	KUNIT_EXPECT_PTR_EQ(test, receipt.m, (struct ipcq_message *)NULL);
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 1U);
	receipt.room = 50;
	KUNIT_ASSERT_EQ(test, 0,
			ipcq_receive(&r->engine, &r->party, &receipt, &rig_nonblock));
	ipcq_message_free(receipt.m);
	/* Nothing fits into nothing. */
	KUNIT_ASSERT_EQ(test, rig_send(r, 2, 0), 0);
	receipt.room = 0;
	KUNIT_ASSERT_EQ(test, 0,
			ipcq_receive(&r->engine, &r->party, &receipt, &rig_nonblock));
	ipcq_message_free(receipt.m);
}

static void below_what_waits(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 100), 0);
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) {
						.max_msgs = 8, .max_bytes = 500,
					}));
	/* Nothing is lost; there is room when it is below both. */
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
		KUNIT_EXPECT_EQ(test, rig_send(r, 10, 1), -EAGAIN);
	}
	KUNIT_EXPECT_EQ(test, rig_recv(r), 5L);
	KUNIT_EXPECT_EQ(test, rig_send(r, 11, 100), 0);
	KUNIT_EXPECT_EQ(test, rig_send(r, 12, 1), -EAGAIN);
	/* More room is there at once. */
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) { .max_bytes = 501 }));
	KUNIT_EXPECT_EQ(test, rig_send(r, 13, 1), 0);
}

static void above_it_after_a_give_back(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 100), 0);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 10, 100), 0);
	ipcq_give_back(&r->engine, &r->party, &receipt);
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 11U);
	KUNIT_EXPECT_EQ(test, rig_snap(r).bytes, 1100ULL);
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_depth, 11U);
	KUNIT_EXPECT_EQ(test, rig_send(r, 11, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 0L);
	KUNIT_EXPECT_EQ(test, rig_send(r, 11, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_send(r, 11, 0), 0);
}

static void values_that_do_not_go_together(struct kunit *test)
{
	struct rig *r = test->priv;
	struct ipcq_config c = rig_config;

	c.max_msg_size = 1001;
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_MAX_MSG_SIZE, c), -EINVAL);
	c.max_bytes = 1001;
	KUNIT_EXPECT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MAX_BYTES, c));
	c.max_bytes = 1000;
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES, c), -EINVAL);
	/* What was refused has changed nothing. */
	KUNIT_EXPECT_EQ(test, rig_snap(r).config.max_bytes, 1001ULL);
	c.low_pct = 80;
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_LOW_PCT, c), -EINVAL);
	c.low_pct = 79;
	KUNIT_EXPECT_EQ(test, rig_reconfigure(r, IPCQ_ATTR_LOW_PCT, c), 0);
}

/* The greatest capacities there are; what waits is pretended. */
static void at_the_greatest_capacities(struct kunit *test)
{
	const u64 max_bytes = BIT_ULL(40);
	const u32 max_msgs = BIT(24);
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSGS |
					IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_HIGH_PCT,
					(struct ipcq_config) {
						.max_bytes = max_bytes,
						.max_msgs = max_msgs,
						.max_msg_size = BIT(26),
						.high_pct = 100,
					}));
	KUNIT_EXPECT_EQ(test, e->high_msgs, max_msgs);
	KUNIT_EXPECT_EQ(test, e->high_bytes, max_bytes);
	KUNIT_EXPECT_EQ(test, e->low_msgs, max_msgs / 2);
	KUNIT_EXPECT_EQ(test, e->low_bytes, max_bytes / 2);

	spin_lock(&e->lock);
	e->depth = max_msgs - 1;
	e->bytes = max_bytes - 4;
	spin_unlock(&e->lock);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 5), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1000), -EAGAIN);
	KUNIT_EXPECT_EQ(test, r->nr_events, 0U);
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 4), 0);
	KUNIT_EXPECT_EQ(test, r->nr_events, 1U);
	KUNIT_EXPECT_EQ(test, rig_send(r, 3, 0), -EAGAIN);
	spin_lock(&e->lock);
	e->depth -= max_msgs - 1;
	e->bytes -= max_bytes - 4;
	spin_unlock(&e->lock);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 2L);
}

/* Levels are computed without an overflow from whatever a field can hold. */
static void levels_of_the_greatest_numbers(struct kunit *test)
{
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;
	struct ipcq_config c = {
		.max_bytes = U64_MAX, .max_msgs = U32_MAX, .max_msg_size = U32_MAX,
		.high_pct = 100, .low_pct = 99,
	};

	ipcq_engine_init(e, &c, NULL);
	KUNIT_EXPECT_EQ(test, e->high_msgs, U32_MAX);
	KUNIT_EXPECT_EQ(test, e->high_bytes, U64_MAX);
	KUNIT_EXPECT_EQ(test, e->low_msgs, 4252017622U);
	KUNIT_EXPECT_EQ(test, e->low_bytes, 18262276632972456098ULL);
	c.high_pct = 1;
	c.low_pct = 0;
	ipcq_engine_init(e, &c, NULL);
	KUNIT_EXPECT_EQ(test, e->high_msgs, U32_MAX / 100 + 1);
	KUNIT_EXPECT_EQ(test, e->high_bytes, U64_MAX / 100 + 1);
	KUNIT_EXPECT_EQ(test, e->low_msgs, 0U);

	ipcq_engine_init(e, &rig_config, NULL);
}

static void writable_means_that_the_largest_fits(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 9; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 100), 0);
	KUNIT_EXPECT_TRUE(test, ipcq_poll_mask(&r->engine, IPCQ_ACCESS_SEND) & EPOLLOUT);
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) { .max_bytes = 999 }));
	KUNIT_EXPECT_FALSE(test, ipcq_poll_mask(&r->engine, IPCQ_ACCESS_SEND) & EPOLLOUT);
	KUNIT_EXPECT_EQ(test, rig_send(r, 9, 99), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 0L);
	KUNIT_EXPECT_TRUE(test, ipcq_poll_mask(&r->engine, IPCQ_ACCESS_SEND) & EPOLLOUT);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(messages_up_to_the_last),
	KUNIT_CASE(bytes_up_to_the_last),
	KUNIT_CASE(one_message_of_one_byte),
	KUNIT_CASE(the_largest_message),
	KUNIT_CASE(a_buffer_of_exactly_that_size),
	KUNIT_CASE(below_what_waits),
	KUNIT_CASE(above_it_after_a_give_back),
	KUNIT_CASE(values_that_do_not_go_together),
	KUNIT_CASE(at_the_greatest_capacities),
	KUNIT_CASE(levels_of_the_greatest_numbers),
	KUNIT_CASE(writable_means_that_the_largest_fits),
	{}
};

static struct kunit_suite suite = {
	.name = "capacity",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
