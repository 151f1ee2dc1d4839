// SPDX-License-Identifier: GPL-2.0-only
/* Who owns a message and what it holds: memory, a charge, its sender's pid. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/pid.h>
#include <linux/sched/task.h>

#include "rig.h"

static long charged(struct rig *r)
{
	return atomic_long_read(&r->account->bytes) - r->charged;
}

static unsigned int pid_references(void)
{
	return refcount_read(&task_tgid(current)->count);
}

static void a_message_holds_what_it_says(struct kunit *test)
{
	static const size_t sizes[] = { 0, 1, 100, 4096, 100000, 1 << 20 };
	unsigned int i, pids = pid_references();
	struct rig *r = test->priv;
	struct ipcq_message *m;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		m = ipcq_message_new(NULL, r->account, current_cred(), sizes[i]);
		KUNIT_ASSERT_FALSE(test, IS_ERR(m));
		KUNIT_EXPECT_EQ(test, (size_t)m->size, sizes[i]);
		KUNIT_EXPECT_EQ(test, m->prio, 0);
		KUNIT_EXPECT_EQ(test, m->type, 0U);
		KUNIT_EXPECT_PTR_EQ(test, m->pid, task_tgid(current));
		KUNIT_EXPECT_EQ(test, pid_references(), pids + 1);
		KUNIT_EXPECT_TRUE(test, uid_eq(m->uid, current_euid()));
		KUNIT_EXPECT_TRUE(test, gid_eq(m->gid, current_egid()));
		KUNIT_EXPECT_EQ(test, charged(r), (long)ipcq_message_memory(sizes[i]));
		/* All of it is there. */
		memset(ipcq_message_data(m), 0x5a, sizes[i]);
		ipcq_message_free(m);
		KUNIT_EXPECT_EQ(test, charged(r), 0L);
		KUNIT_EXPECT_EQ(test, pid_references(), pids);
	}
}

static void a_refused_message_is_the_senders(struct kunit *test)
{
	struct rig *r = test->priv;
	struct ipcq_message *m;

	m = rig_message(r, 7, 3, 101);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE,
			ipcq_send(&r->engine, &r->party, m, &rig_nonblock));
	KUNIT_EXPECT_EQ(test, m->type, 7U);
	KUNIT_EXPECT_EQ(test, m->prio, 3);
	ipcq_message_free(m);
}

static void dropped_with_the_queue(struct kunit *test)
{
	unsigned int pids = pid_references();
	struct rig *r = test->priv;
	struct ipcq_waiting messages = {};
	u32 i;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_ORDER,
					(struct ipcq_config) { .order = IPCQ_ORDER_PRIORITY }));
	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send_prio(r, i, i % 3, 10), 0);
	KUNIT_EXPECT_EQ(test, pid_references(), pids + 10);
	KUNIT_EXPECT_EQ(test, ipcq_engine_drain(&r->engine, &messages), 10U);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_DROPPED_DESTROYED), 10ULL);
	/* They wait no more, but nobody has freed them. */
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 0U);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
	KUNIT_EXPECT_EQ(test, charged(r), 10L * (long)ipcq_message_memory(10));
	ipcq_free_all(&messages);
	KUNIT_EXPECT_EQ(test, charged(r), 0L);
	KUNIT_EXPECT_EQ(test, pid_references(), pids);
	/* The queue can be used after that. */
	KUNIT_EXPECT_EQ(test, rig_send_prio(r, 1, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_send_prio(r, 2, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 2L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
}

static void purged_messages_are_freed(struct kunit *test)
{
	unsigned int pids = pid_references();
	struct rig *r = test->priv;
	u32 i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 10), 0);
	KUNIT_EXPECT_EQ(test, ipcq_purge(&r->engine), 10ULL);
	KUNIT_EXPECT_EQ(test, charged(r), 0L);
	KUNIT_EXPECT_EQ(test, pid_references(), pids);
}

/* What was received is kept for what comes, up to an end, and charged to nobody. */
static void spares_cost_nobody_anything(struct kunit *test)
{
	unsigned int pids = pid_references(), many = 4 * IPCQ_MAX_SPARES, round, i;
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rig_reconfigure(r, IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES |
					IPCQ_ATTR_MAX_MSG_SIZE,
					(struct ipcq_config) {
						.max_msgs = many,
						.max_bytes = many * 5000,
						.max_msg_size = 5000,
					}));
	for (round = 0; round < 3; round++) {
		/* Sizes with and without a buffer, each after each. */
		for (i = 0; i < many; i++)
			KUNIT_ASSERT_EQ(test, 0, rig_send(r, i, (i + round) % 3 * 2500));
		for (i = 0; i < many; i++)
			KUNIT_EXPECT_EQ(test, rig_recv(r), (long)i);
		KUNIT_EXPECT_EQ(test, charged(r), 0L);
		/* One more may be on its way in, and one on its way out. */
		KUNIT_EXPECT_LE(test, pid_references(), pids + IPCQ_MAX_SPARES + 2);
		KUNIT_EXPECT_GT(test, pid_references(), pids);
	}
	ipcq_party_leave(&r->engine, &r->party);
	KUNIT_EXPECT_EQ(test, pid_references(), pids);
	ipcq_party_join(&r->engine, &r->party);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, pid_references(), pids + 1);
	ipcq_purge(&r->engine);
	KUNIT_EXPECT_EQ(test, pid_references(), pids);
}

/* A blocked call holds a reference to nothing once it has ended. */
static void waiters_leave_nothing(struct kunit *test)
{
	unsigned long end = jiffies + 20 * HZ;
	struct rig *r = test->priv;
	struct task_struct *task;

	rig_call_recv(r, 0, 100, rig_forever);
	KUNIT_ASSERT_TRUE(test, rig_await_blocked(r, 0, 1));
	task = get_task_struct(r->calls[0].task);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_call_end_recv(r, 0), 1L);
	/* The thread's own reference goes when it is reaped, a moment later. */
	while (refcount_read(&task->usage) > 1 && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, refcount_read(&task->usage), 1U);
	put_task_struct(task);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_message_holds_what_it_says),
	KUNIT_CASE(a_refused_message_is_the_senders),
	KUNIT_CASE(dropped_with_the_queue),
	KUNIT_CASE(purged_messages_are_freed),
	KUNIT_CASE(spares_cost_nobody_anything),
	KUNIT_CASE(waiters_leave_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "lifetime",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
