// SPDX-License-Identifier: GPL-2.0-only
/* Calls that wait: who is served, in which order, who is woken, who gives up. */
#include <linux/delay.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "rig.h"

static void fill(struct rig *r)
{
	u32 i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(r->test, rig_send(r, i, 10), 0);
}

static struct ipcq_patience within_ms(unsigned int ms)
{
	return (struct ipcq_patience) {
		.timed = true,
		.clock = CLOCK_MONOTONIC,
		.expires = ktime_add_ms(ktime_get(), ms),
	};
}

static void receivers_are_served_in_their_order(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 4; i++) {
		rig_call_recv(r, i, 100, rig_forever);
		KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, i + 1));
	}
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, rig_send(r, 10 + i, 1), 0);
		/* Handed over, it has never waited. */
		KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 0U);
		KUNIT_EXPECT_EQ(test, rig_call_end_recv(r, i), 10L + i);
		KUNIT_EXPECT_EQ(test, rig_snap(r).blocked_receivers, 3 - i);
	}
	KUNIT_EXPECT_EQ(test, rig_snap(r).peak_depth, 0U);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_BLOCKED_RECVS), 4ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVER_WAKEUPS), 4ULL);
}

static void senders_are_admitted_in_their_order(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	fill(r);
	for (i = 0; i < 4; i++) {
		rig_call_send(r, i, 10 + i, 10, rig_forever);
		KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, i + 1, 0));
	}
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
		/* Admitted by the receiver: the queue is full all the while. */
		KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 10U);
		KUNIT_EXPECT_EQ(test, rig_call_end(r, i), 0);
		KUNIT_EXPECT_EQ(test, rig_snap(r).blocked_senders, 3 - i);
	}
	for (i = 4; i < 14; i++)
		KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_BLOCKED_SENDS), 4ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SENDER_WAKEUPS), 4ULL);
}

/* How often the threads have gone to sleep of their own accord. */
static unsigned long sleeps(struct rig *r, unsigned int first, unsigned int last)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = first; i <= last; i++)
		sum += READ_ONCE(r->calls[i].task->nvcsw);
	return sum;
}

static bool is_running(struct task_struct *task)
{
#ifdef CONFIG_SMP
	if (READ_ONCE(task->on_cpu))
		return true;
#endif
	return READ_ONCE(task->on_rq);
}

/* Await that a thread sleeps, so that a wake-up would show as one more sleep. */
static void await_sleep(struct rig *r, unsigned int i)
{
	struct task_struct *task = r->calls[i].task;
	unsigned long end = jiffies + 20 * HZ;

	while (is_running(task)) {
		KUNIT_ASSERT_TRUE(r->test, time_before(jiffies, end));
		usleep_range(10, 50);
	}
}

/*
 * A message wakes the one who gets it.  Were others woken as well, they would have
 * gone back to sleep by the time that the last message has been received.
 */
static void a_message_wakes_one(struct kunit *test)
{
	struct rig *r = test->priv;
	unsigned long before;
	u32 i;

	for (i = 0; i < RIG_CALLS; i++) {
		rig_call_recv(r, i, 100, rig_forever);
		KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, i + 1));
		await_sleep(r, i);
	}
	before = sleeps(r, 4, RIG_CALLS - 1);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 1), 0);
		KUNIT_EXPECT_EQ(test, rig_call_end_recv(r, i), (long)i);
	}
	for (i = 4; i < RIG_CALLS; i++)
		await_sleep(r, i);
	KUNIT_EXPECT_EQ(test, sleeps(r, 4, RIG_CALLS - 1), before);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVER_WAKEUPS), 4ULL);
	ipcq_shut(&r->engine, IPCQ_SHUT_RECV);
	for (i = 4; i < RIG_CALLS; i++)
		KUNIT_EXPECT_EQ(test, rig_call_end_recv(r, i), -EPIPE);
}

static void nobody_overtakes_who_waits(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	/* 850 bytes. */
	for (i = 0; i < 9; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, i ? 100 : 50), 0);
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) { .max_bytes = 900 }));
	rig_call_send(r, 0, 9, 100, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 1, 0));
	/* A small one would fit, but others were there first. */
	KUNIT_EXPECT_EQ(test, rig_send(r, 10, 10), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, ipcq_poll_mask(&r->engine, IPCQ_ACCESS_SEND));
	rig_call_send(r, 1, 11, 10, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 2, 0));
	KUNIT_EXPECT_EQ(test, rig_recv(r), 0L);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), 0);
	KUNIT_EXPECT_EQ(test, rig_snap(r).blocked_senders, 1U);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 1), 0);
}

static void the_first_gives_up_and_a_smaller_one_fits(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 9; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 100), 0);
	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) { .max_bytes = 950 }));
	rig_call_send(r, 0, 9, 100, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 1, 0));
	rig_call_send(r, 1, 10, 50, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 2, 0));
	rig_call_signal(&r->calls[0], SIGINT);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_INTERRUPTED), 1ULL);
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 10U);
}

static void a_receiver_without_room_is_passed_over(struct kunit *test)
{
	struct rig *r = test->priv;

	rig_call_recv(r, 0, 5, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, 1));
	rig_call_recv(r, 1, 10, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, 2));
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 10), 0);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, r->calls[0].receipt.needed, (size_t)10);
	KUNIT_EXPECT_EQ(test, rig_call_end_recv(r, 1), 1L);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_TOO_SMALL), 1ULL);
	/* If there is no other, it stays. */
	rig_call_recv(r, 0, 5, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, 1));
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 10), 0);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 2L);
}

static void given_back_to_who_waits(struct kunit *test)
{
	struct ipcq_receipt receipt;
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 10), 0);
	KUNIT_ASSERT_EQ(test, rig_take(r, &receipt), 0);
	rig_call_recv(r, 0, 10, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, 1));
	ipcq_give_back(&r->engine, &r->party, &receipt);
	KUNIT_EXPECT_EQ(test, rig_call_end_recv(r, 0), 1L);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED), 1ULL);
}

static void deadlines(struct kunit *test)
{
	struct rig *r = test->priv;
	ktime_t before = ktime_get();

	rig_call_recv(r, 0, 10, within_ms(200));
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), before), 200LL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_TIMEOUT), 1ULL);
	/* On a busy machine the thread may have begun after its deadline. */
	if (rig_count(r, IPCQ_BLOCKED_RECVS))
		KUNIT_EXPECT_GE(test, rig_count(r, IPCQ_BLOCKED_RECV_NS), 1ULL);

	fill(r);
	before = ktime_get();
	rig_call_send(r, 0, 10, 10, (struct ipcq_patience) {
		.timed = true,
		.clock = CLOCK_REALTIME,
		.expires = ktime_add_ms(ktime_get_real(), 20),
	});
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), before), 19LL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_TIMEOUT), 1ULL);
	/* Whoever is served before it is in time. */
	rig_call_send(r, 0, 10, 10, within_ms(60000));
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 1, 0));
	KUNIT_EXPECT_EQ(test, rig_recv(r), 0L);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), 0);
}

static void signals(struct kunit *test)
{
	struct rig *r = test->priv;

	rig_call_recv(r, 0, 10, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, 1));
	rig_call_signal(&r->calls[0], SIGINT);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_INTERRUPTED), 1ULL);
	KUNIT_EXPECT_EQ(test, rig_snap(r).blocked_receivers, 0U);
	/* What comes then is for others. */
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
}

/*
 * A message is handed to a receiver that a signal has reached already: with a
 * processor shared by both, it cannot run in between.
 */
static int hand_over_and_signal(struct rig *r, int sig)
{
	struct kunit *test = r->test;
	struct rig_call *c = &r->calls[0];
	struct ipcq_message *m;
	int err, cpu;

	m = rig_message(r, 1, 0, 10);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	*c = (struct rig_call) {
		.rig = r, .party = &r->party, .receipt = { .room = 100 },
	};
	migrate_disable();
	cpu = smp_processor_id();
	rig_call_start(c, cpu);
	if (!rig_await_blocked(r, 0, 1)) {
		migrate_enable();
		return -ETIME;
	}
	preempt_disable();
	err = ipcq_send(&r->engine, &r->party, m, &rig_nonblock);
	rig_call_signal(c, sig);
	preempt_enable();
	migrate_enable();
	KUNIT_EXPECT_EQ(test, err, 0);
	return 0;
}

static void killed_with_a_message_in_hand(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, hand_over_and_signal(r, SIGKILL), 0);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EINTR);
	/* Nobody would have seen it: it is back. */
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 1U);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECEIVED), 0ULL);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_GIVEN_BACK), 1ULL);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
}

static void interrupted_with_a_message_in_hand(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, hand_over_and_signal(r, SIGINT), 0);
	/* It has the message; the signal waits. */
	KUNIT_EXPECT_EQ(test, rig_call_end_recv(r, 0), 1L);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_INTERRUPTED), 0ULL);
}

static void a_purge_lets_senders_in(struct kunit *test)
{
	struct rig *r = test->priv;

	fill(r);
	rig_call_send(r, 0, 10, 10, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 1, 0));
	KUNIT_EXPECT_EQ(test, ipcq_purge(&r->engine), 10ULL);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 10L);
}

static void more_capacity_lets_senders_in(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	fill(r);
	for (i = 0; i < 3; i++) {
		rig_call_send(r, i, 10 + i, 10, rig_forever);
		KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, i + 1, 0));
	}
	KUNIT_EXPECT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS,
					(struct ipcq_config) { .max_msgs = 12 }));
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), 0);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_snap(r).blocked_senders, 1U);
	/* What has become too large for ever is refused; what has not, is not. */
	KUNIT_EXPECT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSG_SIZE,
					(struct ipcq_config) { .max_msg_size = 10 }));
	KUNIT_EXPECT_EQ(test, rig_snap(r).blocked_senders, 1U);
	KUNIT_EXPECT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSG_SIZE,
					(struct ipcq_config) { .max_msg_size = 9 }));
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 2), -EMSGSIZE);
}

static void who_waits_and_since_when(struct kunit *test)
{
	struct ipcq_party other = { .access = RIG_BOTH };
	struct rig *r = test->priv;
	u32 senders, receivers;

	ipcq_party_join(&r->engine, &other);
	KUNIT_EXPECT_EQ(test, 0ULL,
			ipcq_party_blocked_ns(&r->engine, &r->party, &senders, &receivers));
	KUNIT_EXPECT_EQ(test, senders + receivers, 0U);
	rig_call_recv(r, 0, 10, rig_forever);
	rig_call_recv(r, 1, 10, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, 2));
	udelay(1);
	KUNIT_EXPECT_GE(test, 1000ULL + ipcq_party_blocked_ns(&r->engine, &r->party,
							      &senders, &receivers),
			1001ULL);
	KUNIT_EXPECT_EQ(test, senders, 0U);
	KUNIT_EXPECT_EQ(test, receivers, 2U);
	KUNIT_EXPECT_EQ(test, 0ULL,
			ipcq_party_blocked_ns(&r->engine, &other, &senders, &receivers));
	KUNIT_EXPECT_EQ(test, receivers, 0U);
	ipcq_shut(&r->engine, IPCQ_SHUT_RECV);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 1), -EPIPE);
	ipcq_party_blocked_ns(&r->engine, &r->party, &senders, &receivers);
	KUNIT_EXPECT_EQ(test, receivers, 0U);
	ipcq_party_leave(&r->engine, &other);
}

/* Calls that all end at once are ended in steps, between which others get the lock. */

static void block_receivers(struct rig *r)
{
	u32 i;

	for (i = 0; i < RIG_CALLS; i++)
		rig_call_recv(r, i, 100, rig_forever);
	KUNIT_ASSERT_TRUE(r->test, rig_await_blocked(r, 0, RIG_CALLS));
	rig_ended_most = 0;
}

static void block_senders(struct rig *r, size_t size)
{
	u32 i;

	for (i = 0; i < RIG_CALLS; i++) {
		rig_call_send(r, i, 100 + i, size, rig_forever);
		KUNIT_ASSERT_TRUE(r->test, rig_await_blocked(r, i + 1, 0));
	}
	rig_ended_most = 0;
}

static void expect_all_ended(struct rig *r, int result)
{
	u32 i;

	/* When the one who ends them returns, there are none any more. */
	KUNIT_EXPECT_EQ(r->test, rig_snap(r).blocked_senders, 0U);
	KUNIT_EXPECT_EQ(r->test, rig_snap(r).blocked_receivers, 0U);
	for (i = 0; i < RIG_CALLS; i++)
		KUNIT_EXPECT_EQ(r->test, rig_call_end(r, i), result);
	KUNIT_EXPECT_GT(r->test, rig_ended_most, 0U);
	KUNIT_EXPECT_LE(r->test, rig_ended_most, (unsigned int)IPCQ_STEP);
}

static void expect_all_sent_in_order(struct rig *r)
{
	u32 i;

	for (i = 0; i < RIG_CALLS; i++)
		KUNIT_EXPECT_EQ(r->test, rig_recv(r), 100L + i);
}

static void many_receivers_at_end_of_file(struct kunit *test)
{
	struct rig *r = test->priv;

	block_receivers(r);
	ipcq_shut(&r->engine, IPCQ_SHUT_RECV);
	expect_all_ended(r, -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_EOF), (u64)RIG_CALLS);
}

static void many_senders_that_are_shut_out(struct kunit *test)
{
	struct rig *r = test->priv;

	fill(r);
	block_senders(r, 10);
	ipcq_shut(&r->engine, IPCQ_SHUT_SEND);
	expect_all_ended(r, -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_HANGUP), (u64)RIG_CALLS);
}

static void many_senders_for_whom_there_is_room(struct kunit *test)
{
	struct rig *r = test->priv;

	fill(r);
	block_senders(r, 10);
	KUNIT_EXPECT_EQ(test, ipcq_purge(&r->engine), 10ULL);
	/* The room is for ten. */
	KUNIT_EXPECT_EQ(test, rig_snap(r).blocked_senders, RIG_CALLS - 10U);
	KUNIT_EXPECT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS,
					(struct ipcq_config) { .max_msgs = 100 }));
	expect_all_ended(r, 0);
	expect_all_sent_in_order(r);
}

static void many_senders_behind_a_large_message(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES,
					(struct ipcq_config) { .max_msgs = 100,
							       .max_bytes = 100 }));
	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 100), 0);
	block_senders(r, 1);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	expect_all_ended(r, 0);
	expect_all_sent_in_order(r);
}

static void many_senders_that_are_too_large(struct kunit *test)
{
	struct rig *r = test->priv;

	fill(r);
	block_senders(r, 50);
	KUNIT_EXPECT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSG_SIZE,
					(struct ipcq_config) { .max_msg_size = 49 }));
	expect_all_ended(r, -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_TOO_BIG), (u64)RIG_CALLS);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(receivers_are_served_in_their_order),
	KUNIT_CASE(senders_are_admitted_in_their_order),
	KUNIT_CASE(a_message_wakes_one),
	KUNIT_CASE(nobody_overtakes_who_waits),
	KUNIT_CASE(the_first_gives_up_and_a_smaller_one_fits),
	KUNIT_CASE(a_receiver_without_room_is_passed_over),
	KUNIT_CASE(given_back_to_who_waits),
	KUNIT_CASE(deadlines),
	KUNIT_CASE(signals),
	KUNIT_CASE(killed_with_a_message_in_hand),
	KUNIT_CASE(interrupted_with_a_message_in_hand),
	KUNIT_CASE(a_purge_lets_senders_in),
	KUNIT_CASE(more_capacity_lets_senders_in),
	KUNIT_CASE(who_waits_and_since_when),
	KUNIT_CASE(many_receivers_at_end_of_file),
	KUNIT_CASE(many_senders_that_are_shut_out),
	KUNIT_CASE(many_senders_for_whom_there_is_room),
	KUNIT_CASE(many_senders_behind_a_large_message),
	KUNIT_CASE(many_senders_that_are_too_large),
	{}
};

static struct kunit_suite suite = {
	.name = "blocking",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
