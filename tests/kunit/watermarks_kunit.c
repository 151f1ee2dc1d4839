// SPDX-License-Identifier: GPL-2.0-only
/* High-water events: one on the way up, one on the way down. */
#include "rig.h"

static void fill_to(struct rig *r, u32 depth)
{
	while (ipcq_depth(&r->engine) < depth)
		KUNIT_ASSERT_EQ(r->test, rig_send(r, 0, 1), 0);
}

static void drain_to(struct rig *r, u32 depth)
{
	while (ipcq_depth(&r->engine) > depth)
		KUNIT_ASSERT_EQ(r->test, rig_recv(r), 0L);
}

/* Expect that the events so far are those in @types; they are forgotten then. */
static void expect_events(struct rig *r, const enum ipcq_event_type *types,
			  unsigned int nr)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(r->test, r->nr_events, nr);
	for (i = 0; i < min(nr, r->nr_events); i++)
		KUNIT_EXPECT_EQ_MSG(r->test, r->events[i].type, types[i],
				    "event %u", i);
	r->nr_events = 0;
}

#define EXPECT_EVENTS(r, ...) do {					\
	const enum ipcq_event_type types[] = { __VA_ARGS__ };		\
									\
	expect_events(r, types, ARRAY_SIZE(types));			\
} while (0)

static void one_event_each_way(struct kunit *test)
{
	struct rig *r = test->priv;

	fill_to(r, 7);
	EXPECT_EVENTS(r);
	fill_to(r, 8);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	fill_to(r, 10);
	drain_to(r, 6);
	fill_to(r, 10);
	drain_to(r, 6);
	EXPECT_EVENTS(r);
	drain_to(r, 5);
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
	drain_to(r, 0);
	fill_to(r, 7);
	EXPECT_EVENTS(r);
	fill_to(r, 8);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
}

static void it_tells_what_was(struct kunit *test)
{
	struct ipcq_event *event;
	struct rig *r = test->priv;
	u64 before = rig_snap(r).now_ns;

	fill_to(r, 8);
	event = &r->events[0];
	KUNIT_EXPECT_EQ(test, event->depth, 8U);
	KUNIT_EXPECT_EQ(test, event->bytes, 8ULL);
	KUNIT_EXPECT_EQ(test, event->max_msgs, 10U);
	KUNIT_EXPECT_EQ(test, event->max_bytes, 1000ULL);
	KUNIT_EXPECT_GE(test, event->now_ns, before);
	KUNIT_EXPECT_LE(test, event->now_ns, rig_snap(r).now_ns);
}

static void bytes_count_as_well(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 7; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 100), 0);
	KUNIT_ASSERT_EQ(test, rig_send(r, 7, 99), 0);
	/* Eight messages are high, 799 bytes are not. */
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	/* Five messages are low, and 499 bytes as well. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) { .max_bytes = 623 }));
	/* 499 bytes are 80 percent of 623 and more, 498 were not. */
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 3L);
	EXPECT_EVENTS(r);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 4L);
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
}

/* Rounding must not make the two levels meet: that would be an event a message. */
static void a_queue_of_one(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_HIGH_PCT |
					IPCQ_ATTR_LOW_PCT,
					(struct ipcq_config) {
						.max_msgs = 1,
						.high_pct = 100,
						.low_pct = 99,
					}));
	EXPECT_EVENTS(r);
	fill_to(r, 1);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	drain_to(r, 0);
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
	KUNIT_EXPECT_EQ(test, r->engine.high_msgs, 1U);
	KUNIT_EXPECT_EQ(test, r->engine.low_msgs, 0U);
}

/* Half of a queue of two is not 80 percent: one message at a time is no event. */
static void a_queue_of_two(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_HIGH_PCT |
					IPCQ_ATTR_LOW_PCT,
					(struct ipcq_config) {
						.max_msgs = 2,
						.high_pct = 80,
						.low_pct = 50,
					}));
	fill_to(r, 1);
	drain_to(r, 0);
	EXPECT_EVENTS(r);
	fill_to(r, 2);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	drain_to(r, 1);
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
}

/* The smallest percentage of a small queue is still more than nothing. */
static void empty_is_never_high(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_HIGH_PCT | IPCQ_ATTR_LOW_PCT,
					(struct ipcq_config) { .high_pct = 1 }));
	EXPECT_EVENTS(r);
	fill_to(r, 1);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	drain_to(r, 0);
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
}

static void a_purge_is_told_first(struct kunit *test)
{
	struct rig *r = test->priv;

	fill_to(r, 9);
	KUNIT_EXPECT_EQ(test, ipcq_purge(&r->engine), 9ULL);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER, IPCQ_EVENT_DROPPED, IPCQ_EVENT_NORMAL);
	KUNIT_EXPECT_EQ(test, r->events[1].dropped, 9ULL);
	KUNIT_EXPECT_EQ(test, r->events[1].reason, (u32)IPCQ_DROP_PURGED);
	/* Nothing is dropped where nothing is. */
	KUNIT_EXPECT_EQ(test, ipcq_purge(&r->engine), 0ULL);
	EXPECT_EVENTS(r);
}

static void a_change_of_capacity_can_cross(struct kunit *test)
{
	struct rig *r = test->priv;

	fill_to(r, 6);
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS,
					(struct ipcq_config) { .max_msgs = 7 }));
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS,
					(struct ipcq_config) { .max_msgs = 12 }));
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
}

static void given_back_can_cross(struct kunit *test)
{
	struct ipcq_receipt receipt[4];
	struct rig *r = test->priv;
	unsigned int i;

	fill_to(r, 8);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, rig_take(r, &receipt[i]), 0);
	EXPECT_EVENTS(r, IPCQ_EVENT_NORMAL);
	for (i = 0; i < 4; i++)
		ipcq_give_back(&r->engine, &r->party, &receipt[i]);
	EXPECT_EVENTS(r, IPCQ_EVENT_HIGH_WATER);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(one_event_each_way),
	KUNIT_CASE(it_tells_what_was),
	KUNIT_CASE(bytes_count_as_well),
	KUNIT_CASE(a_queue_of_one),
	KUNIT_CASE(a_queue_of_two),
	KUNIT_CASE(empty_is_never_high),
	KUNIT_CASE(a_purge_is_told_first),
	KUNIT_CASE(a_change_of_capacity_can_cross),
	KUNIT_CASE(given_back_can_cross),
	{}
};

static struct kunit_suite suite = {
	.name = "watermarks",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
