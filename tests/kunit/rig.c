// SPDX-License-Identifier: GPL-2.0-only
/* A queue under test, and calls that block in it. */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "rig.h"

/* Whatever takes longer than this will not happen any more. */
#define RIG_PATIENCE_MS	10000

const struct ipcq_config rig_config = {
	.order = IPCQ_ORDER_FIFO,
	.max_bytes = 1000,
	.max_msgs = 10,
	.max_msg_size = 100,
	.high_pct = 80,
	.low_pct = 50,
};

const struct ipcq_patience rig_nonblock = { .nonblock = true };
const struct ipcq_patience rig_forever = { };

static void rig_observe(struct ipcq_engine *e, const struct ipcq_event *event)
{
	struct rig *r = container_of(e, struct rig, engine);

	if (r->nr_events < RIG_EVENTS)
		r->events[r->nr_events] = *event;
	r->nr_events++;
}

/* The init function of suites: the queue is in test->priv. */
int rig_init(struct kunit *test)
{
	struct rig *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	if (!r || rig_engine_init())
		return -ENOMEM;
	test->priv = r;
	r->test = test;
	r->account = ipcq_account_of(GLOBAL_ROOT_UID);
	if (!r->account)
		return -ENOMEM;
	r->charged = atomic_long_read(&r->account->bytes);
	ipcq_engine_init(&r->engine, &rig_config, rig_observe);
	r->party.access = RIG_BOTH;
	ipcq_party_join(&r->engine, &r->party);
	return 0;
}

/* The exit function of suites: after every test the books must balance. */
void rig_exit(struct kunit *test)
{
	struct rig *r = test->priv;
	struct ipcq_engine *e = &r->engine;
	struct ipcq_snapshot snap;
	struct ipcq_waiting messages = {};
	unsigned int i;

	/* A test that failed may have left calls behind. */
	for (i = 0; i < RIG_CALLS; i++) {
		struct rig_call *c = &r->calls[i];

		if (!c->running)
			continue;
		KUNIT_FAIL(test, "call %u was not awaited", i);
		rig_call_signal(c, SIGINT);
		rig_call_await(c, RIG_PATIENCE_MS);
		if (c->m && c->result)
			ipcq_message_free(c->m);
		else if (c->receipt.m)
			ipcq_message_free(c->receipt.m);
	}

	KUNIT_EXPECT_TRUE(test, rig_balances(e));
	ipcq_party_leave(e, &r->party);
	ipcq_snap(e, &snap, NULL);
	KUNIT_EXPECT_EQ(test, snap.senders, 0U);
	KUNIT_EXPECT_EQ(test, snap.receivers, 0U);
	KUNIT_EXPECT_EQ(test, snap.blocked_senders, 0U);
	KUNIT_EXPECT_EQ(test, snap.blocked_receivers, 0U);

	KUNIT_EXPECT_EQ(test, ipcq_engine_drain(e, &messages), snap.depth);
	KUNIT_EXPECT_TRUE(test, rig_balances(e));
	ipcq_free_all(&messages);
	KUNIT_EXPECT_EQ(test, ipcq_depth(e), 0U);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&r->account->bytes), r->charged);
}

/* Change what @mask says. */
int rig_reconfigure(struct rig *r, u32 mask, struct ipcq_config config)
{
	return ipcq_reconfigure(&r->engine, &config, mask);
}

u64 rig_count(struct rig *r, enum ipcq_counter counter)
{
	struct ipcq_snapshot snap;
	struct ipcq_stats stats;

	ipcq_snap(&r->engine, &snap, &stats);
	return stats.counter[counter];
}

struct ipcq_snapshot rig_snap(struct rig *r)
{
	struct ipcq_snapshot snap;

	ipcq_snap(&r->engine, &snap, NULL);
	return snap;
}

/* Whether the accounting invariant holds, and everything else that always does. */
bool rig_balances(struct ipcq_engine *e)
{
	u64 sizes = 0, sojourns = 0;
	struct ipcq_snapshot snap;
	struct ipcq_stats stats;
	unsigned int i;

	ipcq_snap(e, &snap, &stats);
	for (i = 0; i < IPCQ_SIZE_BUCKETS; i++)
		sizes += stats.size[i];
	for (i = 0; i < IPCQ_SOJOURN_BUCKETS; i++)
		sojourns += stats.sojourn[i];
	return stats.counter[IPCQ_SENT] == stats.counter[IPCQ_RECEIVED] +
	       snap.depth + stats.counter[IPCQ_DROPPED_DESTROYED] +
	       stats.counter[IPCQ_PURGED] &&
	       stats.counter[IPCQ_RECEIVED] == sojourns &&
	       stats.counter[IPCQ_SENT] >= sizes &&
	       snap.peak_depth >= snap.depth && snap.peak_bytes >= snap.bytes &&
	       (snap.depth || !snap.bytes);
}

/* A message, known by its type; every byte of it is the last byte of that. */
struct ipcq_message *rig_message(struct rig *r, u32 id, u32 prio, size_t size)
{
	struct ipcq_message *m;

	m = ipcq_message_new(ipcq_spare(&r->engine), r->account, current_cred(), size);
	if (IS_ERR(m))
		return NULL;
	m->type = id;
	m->prio = prio;
	memset(ipcq_message_data(m), id, size);
	return m;
}

/* Send without blocking. */
int rig_send_prio(struct rig *r, u32 id, u32 prio, size_t size)
{
	struct ipcq_message *m = rig_message(r, id, prio, size);
	int err;

	if (!m)
		return -ENOMEM;
	err = ipcq_send(&r->engine, &r->party, m, &rig_nonblock);
	if (err)
		ipcq_recycle(&r->engine, m);
	return err;
}

int rig_send(struct rig *r, u32 id, size_t size)
{
	return rig_send_prio(r, id, 0, size);
}

/* Take a message out, without blocking, to free it or to give it back. */
int rig_take(struct rig *r, struct ipcq_receipt *receipt)
{
	*receipt = (struct ipcq_receipt) { .room = SIZE_MAX };
	return ipcq_receive(&r->engine, &r->party, receipt, &rig_nonblock);
}

/* Whether a message has the payload that rig_message() gave it. */
bool rig_is_intact(struct ipcq_message *m)
{
	return !m->size || !memchr_inv(ipcq_message_data(m), (u8)m->type, m->size);
}

static long rig_id(struct rig *r, struct ipcq_message *m)
{
	long id = rig_is_intact(m) ? m->type : -EBADMSG;

	ipcq_recycle(&r->engine, m);
	return id;
}

/* Receive without blocking.  Returns which message it was. */
long rig_recv(struct rig *r)
{
	struct ipcq_receipt receipt;
	int err;

	err = rig_take(r, &receipt);
	return err ? err : rig_id(r, receipt.m);
}

static int rig_call_main(void *arg)
{
	struct rig_call *c = arg;
	struct ipcq_engine *e = &c->rig->engine;

	allow_signal(SIGINT);
	allow_signal(SIGKILL);
	if (c->m)
		c->result = ipcq_send(e, c->party, c->m, &c->patience);
	else
		c->result = ipcq_receive(e, c->party, &c->receipt, &c->patience);
	/* Not complete(): this module may be gone by the time that returns. */
	kthread_complete_and_exit(&c->done, 0);
}

/* Start a call whose fields are set, on processor @cpu, or on any with -1. */
void rig_call_start(struct rig_call *c, int cpu)
{
	struct kunit *test = c->rig->test;

	init_completion(&c->done);
	c->result = 0;
	c->task = kthread_create(rig_call_main, c, "ipcq_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(c->task));
	if (cpu >= 0)
		kthread_bind(c->task, cpu);
	get_task_struct(c->task);
	c->running = true;
	wake_up_process(c->task);
}

/* Send message @id of @size bytes in thread @i. */
void rig_call_send(struct rig *r, unsigned int i, u32 id, size_t size,
		   struct ipcq_patience patience)
{
	struct rig_call *c = &r->calls[i];

	*c = (struct rig_call) {
		.rig = r,
		.party = &r->party,
		.patience = patience,
		.m = rig_message(r, id, 0, size),
	};
	KUNIT_ASSERT_NOT_ERR_OR_NULL(r->test, c->m);
	rig_call_start(c, -1);
}

/* Receive in thread @i. */
void rig_call_recv(struct rig *r, unsigned int i, size_t room,
		   struct ipcq_patience patience)
{
	struct rig_call *c = &r->calls[i];

	*c = (struct rig_call) {
		.rig = r,
		.party = &r->party,
		.patience = patience,
		.receipt = { .room = room },
	};
	rig_call_start(c, -1);
}

/* Await that so many calls block.  Returns whether they do. */
bool rig_await_blocked(struct rig *r, u32 senders, u32 receivers)
{
	unsigned long end = jiffies + msecs_to_jiffies(RIG_PATIENCE_MS);
	struct ipcq_snapshot snap;

	for (;;) {
		snap = rig_snap(r);
		if (snap.blocked_senders == senders &&
		    snap.blocked_receivers == receivers)
			return true;
		if (time_after(jiffies, end))
			return false;
		usleep_range(10, 50);
	}
}

/* Await that a call returns.  Returns whether it did, in @ms milliseconds. */
bool rig_call_await(struct rig_call *c, unsigned int ms)
{
	if (!wait_for_completion_timeout(&c->done, msecs_to_jiffies(ms)))
		return false;
	put_task_struct(c->task);
	c->running = false;
	return true;
}

/* Await that call @i returns.  Returns its result; a message stays the test's. */
int rig_call_end(struct rig *r, unsigned int i)
{
	struct rig_call *c = &r->calls[i];

	KUNIT_ASSERT_TRUE(r->test, rig_call_await(c, RIG_PATIENCE_MS));
	if (c->m && c->result)
		ipcq_message_free(c->m);
	c->m = NULL;
	return c->result;
}

/* The same for a receive.  Returns which message it was, or a negative errno. */
long rig_call_end_recv(struct rig *r, unsigned int i)
{
	int err = rig_call_end(r, i);

	return err ? err : rig_id(r, r->calls[i].receipt.m);
}

void rig_call_signal(struct rig_call *c, int sig)
{
	send_sig(sig, c->task, 1);
}
