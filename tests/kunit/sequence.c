// SPDX-License-Identifier: GPL-2.0-only
/* Sequences of operations, run against both the engine and the model. */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "rig.h"
#include "sequence.h"

#define HELD	4

/**
 * struct watch - a poller that is never asked, only woken
 * @entry: in a list of pollers
 * @seen: the events that it was woken for
 */
struct watch {
	wait_queue_entry_t entry;
	__poll_t seen;
};

/**
 * struct held - a message that was taken out and is neither freed nor given back
 * @used: there is one
 * @party: who has it
 * @receipt: the engine's
 * @expected: the model's
 */
struct held {
	bool used;
	u32 party;
	struct ipcq_receipt receipt;
	struct model_receipt expected;
};

/**
 * struct bench - an engine and a model side by side
 * @rig: the engine
 * @model: the model
 * @party: openers of the engine
 * @held: messages under way
 * @recv: polls to receive
 * @send: polls to send
 * @last_id: of the messages made
 * @patience_ms: for what must happen in another thread
 * @what: the first difference found
 */
struct bench {
	struct rig rig;
	struct model model;
	struct ipcq_party party[MODEL_PARTIES];
	struct held held[HELD];
	struct watch recv;
	struct watch send;
	u32 last_id;
	unsigned int patience_ms;
	char *what;
};

/* Note a difference, unless there is one already.  Returns false. */
static __printf(2, 3) bool differ(struct bench *b, const char *format, ...)
{
	va_list args;

	if (b->what[0])
		return false;
	va_start(args, format);
	vscnprintf(b->what, sizeof_field(struct verdict, what), format, args);
	va_end(args);
	return false;
}

static bool same(struct bench *b, const char *of, s64 engine, s64 model)
{
	if (engine == model)
		return true;
	return differ(b, "%s: %lld, should be %lld", of, engine, model);
}

static int watch_wake(wait_queue_entry_t *entry, unsigned int mode, int flags,
		      void *key)
{
	struct watch *watch = container_of(entry, struct watch, entry);

	watch->seen |= key_to_poll(key);
	return 0;
}

static void watch_begin(struct watch *watch, wait_queue_head_t *head)
{
	init_waitqueue_func_entry(&watch->entry, watch_wake);
	add_wait_queue(head, &watch->entry);
}

/* Whatever has become true since @before has been told to who polls. */
static bool compare_poll(struct bench *b, struct watch *watch, u32 access,
			 __poll_t before)
{
	__poll_t now = ipcq_poll_mask(&b->rig.engine, access);

	return same(b, "events", (__force u32)now,
		    (__force u32)model_poll(&b->model, access)) &&
	       same(b, "events without a wake-up",
		    (__force u32)(now & ~before & ~watch->seen), 0);
}

static const char * const counter_names[IPCQ_NR_COUNTERS] = {
	[IPCQ_SENT] = "sent",
	[IPCQ_SENT_BYTES] = "sent-bytes",
	[IPCQ_RECEIVED] = "received",
	[IPCQ_RECEIVED_BYTES] = "received-bytes",
	[IPCQ_DROPPED_DESTROYED] = "dropped-destroyed",
	[IPCQ_PURGED] = "purged",
	[IPCQ_SEND_FULL] = "send-full",
	[IPCQ_SEND_TIMEOUT] = "send-timeout",
	[IPCQ_SEND_INTERRUPTED] = "send-interrupted",
	[IPCQ_SEND_TOO_BIG] = "send-too-big",
	[IPCQ_SEND_QUOTA] = "send-quota",
	[IPCQ_SEND_HANGUP] = "send-hangup",
	[IPCQ_RECV_EMPTY] = "recv-empty",
	[IPCQ_RECV_TIMEOUT] = "recv-timeout",
	[IPCQ_RECV_INTERRUPTED] = "recv-interrupted",
	[IPCQ_RECV_TOO_SMALL] = "recv-too-small",
	[IPCQ_RECV_GIVEN_BACK] = "recv-given-back",
	[IPCQ_RECV_EOF] = "recv-eof",
	[IPCQ_BLOCKED_SENDS] = "blocked-sends",
	[IPCQ_BLOCKED_RECVS] = "blocked-recvs",
	[IPCQ_SENDER_WAKEUPS] = "sender-wakeups",
	[IPCQ_RECEIVER_WAKEUPS] = "receiver-wakeups",
	/* What has no name is time, and no model knows that. */
};

static bool compare_counters(struct bench *b, const struct ipcq_stats *stats)
{
	unsigned int i;

	for (i = 0; i < IPCQ_NR_COUNTERS; i++) {
		if (counter_names[i] && !same(b, counter_names[i], stats->counter[i],
					      b->model.counter[i]))
			return false;
	}
	return true;
}

static bool compare_events(struct bench *b)
{
	unsigned int i;

	if (!same(b, "events told", b->rig.nr_events, b->model.events))
		return false;
	for (i = 0; i < min_t(u32, b->model.events, MODEL_EVENTS); i++) {
		if (!same(b, "event", b->rig.events[i].type, b->model.event[i]))
			return false;
	}
	b->rig.nr_events = 0;
	b->model.events = 0;
	return true;
}

static bool compare_state(struct bench *b)
{
	struct model *m = &b->model;
	struct ipcq_snapshot snap;
	struct ipcq_stats stats;

	ipcq_snap(&b->rig.engine, &snap, &stats);
	return same(b, "depth", snap.depth, m->depth) &&
	       same(b, "bytes", snap.bytes, model_bytes(m)) &&
	       same(b, "peak depth", snap.peak_depth, m->peak_depth) &&
	       same(b, "peak bytes", snap.peak_bytes, m->peak_bytes) &&
	       same(b, "something is oldest", snap.oldest_ns > 0, snap.depth > 0) &&
	       same(b, "senders", snap.senders, model_with(m, IPCQ_ACCESS_SEND)) &&
	       same(b, "receivers", snap.receivers, model_with(m, IPCQ_ACCESS_RECV)) &&
	       same(b, "blocked senders", snap.blocked_senders, model_blocked(m, true)) &&
	       same(b, "blocked receivers", snap.blocked_receivers,
		    model_blocked(m, false)) &&
	       same(b, "shut", snap.shut, m->shut) &&
	       same(b, "order", snap.config.order, m->config.order) &&
	       same(b, "max_msgs", snap.config.max_msgs, m->config.max_msgs) &&
	       same(b, "max_bytes", snap.config.max_bytes, m->config.max_bytes) &&
	       same(b, "max_msg_size", snap.config.max_msg_size,
		    m->config.max_msg_size) &&
	       compare_counters(b, &stats) && compare_events(b) &&
	       (rig_balances(&b->rig.engine) || differ(b, "the books do not balance"));
}

static bool compare_receipt(struct bench *b, const struct ipcq_receipt *receipt,
			    const struct model_receipt *expected)
{
	const struct ipcq_message *m = receipt->m;

	return same(b, "received", m->type, expected->m.id) &&
	       same(b, "its number", m->seq, expected->m.seq) &&
	       same(b, "its priority", m->prio, expected->m.prio) &&
	       same(b, "its size", m->size, expected->m.size) &&
	       same(b, "losses", receipt->lost, expected->lost) &&
	       (rig_is_intact(receipt->m) ||
		differ(b, "message %u has other bytes than were sent", m->type));
}

/* Await that a call which the model has ended returns, and compare. */
static bool end_call(struct bench *b, unsigned int i)
{
	struct model_call *expected = &b->model.call[i];
	struct rig_call *c = &b->rig.calls[i];

	if (!rig_call_await(c, b->patience_ms))
		return differ(b, "call %u blocks, should return %d", i, expected->result);
	b->model.party[expected->party].busy--;
	if (c->m && c->result)
		ipcq_message_free(c->m);
	if (!same(b, "returned", c->result, expected->result)) {
		if (!c->m && !c->result)
			ipcq_message_free(c->receipt.m);
		return false;
	}
	if (c->m)
		return true;
	if (c->result)
		return same(b, "needed", c->receipt.needed, expected->receipt.needed);
	compare_receipt(b, &c->receipt, &expected->receipt);
	ipcq_recycle(&b->rig.engine, c->receipt.m);
	return !b->what[0];
}

static bool end_calls(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < MODEL_CALLS; i++) {
		if (b->rig.calls[i].running && b->model.call[i].result != MODEL_BLOCKS &&
		    !end_call(b, i))
			return false;
	}
	return true;
}

static bool start_call(struct bench *b, unsigned int i, u32 party,
		       struct ipcq_message *m, size_t room)
{
	struct rig_call *c = &b->rig.calls[i];
	unsigned long end = jiffies + msecs_to_jiffies(b->patience_ms);
	struct ipcq_snapshot snap;

	*c = (struct rig_call) {
		.rig = &b->rig,
		.party = &b->party[party],
		.m = m,
		.receipt = { .room = room, .ask_lost = true },
	};
	b->model.party[party].busy++;
	rig_call_start(c, -1);
	for (;;) {
		snap = rig_snap(&b->rig);
		if (snap.blocked_senders + snap.blocked_receivers == b->model.in_line)
			return true;
		if (completion_done(&c->done))
			return differ(b, "returned %d, should block", c->result);
		if (time_after(jiffies, end))
			return differ(b, "neither blocks nor returns");
		usleep_range(10, 50);
	}
}

/* A call number that is free, or MODEL_CALLS. */
static unsigned int free_call(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < MODEL_CALLS && b->rig.calls[i].running; i++)
		;
	return i;
}

/* What becomes of a call that cannot be served at once; *@p is for the engine. */
static int otherwise(struct bench *b, u8 d, struct ipcq_patience *p)
{
	*p = (struct ipcq_patience) { .nonblock = true };
	switch (d % 8) {
	case 0:
		p->uncounted = true;
		return -EAGAIN;
	case 1:
		*p = (struct ipcq_patience) {
			.timed = true, .clock = CLOCK_MONOTONIC, .expires = 1,
		};
		return -ETIMEDOUT;
	case 2 ... 4:
		return -EAGAIN;
	default:
		return free_call(b) < MODEL_CALLS ? MODEL_BLOCKS : -EAGAIN;
	}
}

/* The opener number @a, if it has that access, or the next that has. */
static u32 pick_party(struct bench *b, u8 a, u32 access)
{
	u32 i, n;

	for (i = 0; i < MODEL_PARTIES; i++) {
		n = (a + i) % MODEL_PARTIES;
		if (b->model.party[n].access & access)
			return n;
	}
	return MODEL_PARTIES;
}

static bool do_send(struct bench *b, const struct op *op)
{
	u32 party = pick_party(b, op->a, IPCQ_ACCESS_SEND);
	struct model_message msg = { .prio = op->b % 4, .size = op->c % 24 };
	unsigned int call = free_call(b);
	struct ipcq_patience patience;
	struct ipcq_message *m;
	int result, err;

	if (party == MODEL_PARTIES)
		return true;
	msg.id = ++b->last_id;
	m = rig_message(&b->rig, msg.id, msg.prio, msg.size);
	if (!m)
		return differ(b, "no memory");
	result = otherwise(b, op->d, &patience);
	result = model_send(&b->model, party, msg, result, !patience.uncounted, call);
	if (result == MODEL_BLOCKS)
		return start_call(b, call, party, m, 0);
	err = ipcq_send(&b->rig.engine, &b->party[party], m, &patience);
	if (err)
		ipcq_recycle(&b->rig.engine, m);
	return same(b, "send returned", err, result);
}

static bool do_receive(struct bench *b, const struct op *op)
{
	u32 party = pick_party(b, op->a, IPCQ_ACCESS_RECV);
	struct ipcq_receipt receipt = { .room = op->b % 2 ? op->b % 24 : 24 };
	unsigned int call = free_call(b), i;
	struct model_receipt expected;
	struct ipcq_patience patience;
	int result, err;

	if (party == MODEL_PARTIES)
		return true;
	receipt.ask_lost = true;
	result = otherwise(b, op->d, &patience);
	result = model_receive(&b->model, party, receipt.room, result,
			       !patience.uncounted, call, &expected);
	if (result == MODEL_BLOCKS)
		return start_call(b, call, party, NULL, receipt.room);
	err = ipcq_receive(&b->rig.engine, &b->party[party], &receipt, &patience);
	if (err) {
		same(b, "receive returned", err, result);
		return same(b, "needed", receipt.needed, expected.needed);
	}
	if (!same(b, "receive returned", err, result) ||
	    !compare_receipt(b, &receipt, &expected)) {
		ipcq_message_free(receipt.m);
		return false;
	}
	for (i = 0; op->c % 4 == 0 && i < HELD; i++) {
		if (b->held[i].used)
			continue;
		b->held[i] = (struct held) { true, party, receipt, expected };
		b->model.party[party].busy++;
		return true;
	}
	ipcq_recycle(&b->rig.engine, receipt.m);
	return true;
}

static bool do_give_back(struct bench *b, const struct op *op)
{
	unsigned int i;

	for (i = 0; i < HELD; i++) {
		struct held *held = &b->held[(op->a + i) % HELD];

		if (!held->used)
			continue;
		model_give_back(&b->model, held->party, &held->expected);
		ipcq_give_back(&b->rig.engine, &b->party[held->party], &held->receipt);
		b->model.party[held->party].busy--;
		held->used = false;
		return true;
	}
	return true;
}

static bool do_reconfigure(struct bench *b, const struct op *op)
{
	const struct ipcq_config c = {
		.flags = op->b & 1 ? IPCQ_F_HANGUP : 0,
		.order = op->b & 2 ? IPCQ_ORDER_PRIORITY : IPCQ_ORDER_FIFO,
		.max_msgs = 1 + op->c % 6,
		.max_bytes = 1 + op->d % 80,
		.max_msg_size = 1 + (op->b >> 2) % 20,
		.high_pct = 1 + (op->c ^ op->d) % 100,
		.low_pct = op->c % 100,
	};

	return same(b, "reconfigure returned",
		    ipcq_reconfigure(&b->rig.engine, &c, op->a & 0x7f),
		    model_reconfigure(&b->model, op->a & 0x7f, &c));
}

static bool do_join(struct bench *b, const struct op *op)
{
	u32 party = op->a % MODEL_PARTIES;

	if (b->model.party[party].access)
		return true;
	b->party[party].access = 1 + op->b % 3;
	model_join(&b->model, party, b->party[party].access);
	ipcq_party_join(&b->rig.engine, &b->party[party]);
	return true;
}

static bool do_leave(struct bench *b, const struct op *op)
{
	u32 party = op->a % MODEL_PARTIES;

	if (!b->model.party[party].access || b->model.party[party].busy)
		return true;
	model_leave(&b->model, party);
	ipcq_party_leave(&b->rig.engine, &b->party[party]);
	return true;
}

static bool do_reset(struct bench *b, const struct op *op)
{
	struct ipcq_stats forgotten;

	ipcq_reset(&b->rig.engine, op->a & 1, op->a & 2, &forgotten);
	model_reset(&b->model, op->a & 1, op->a & 2);
	return true;
}

static bool do_signal(struct bench *b, const struct op *op)
{
	u32 call;

	if (!b->model.in_line)
		return true;
	call = b->model.line[op->a % b->model.in_line];
	model_interrupt(&b->model, call);
	rig_call_signal(&b->rig.calls[call], SIGINT);
	return true;
}

static bool perform(struct bench *b, const struct op *op)
{
	switch (op->kind) {
	case OP_SEND:
		return do_send(b, op);
	case OP_RECEIVE:
		return do_receive(b, op);
	case OP_GIVE_BACK:
		return do_give_back(b, op);
	case OP_PURGE:
		return same(b, "purged", ipcq_purge(&b->rig.engine),
			    model_purge(&b->model));
	case OP_SHUT:
		ipcq_shut(&b->rig.engine, op->a % 4);
		model_shut(&b->model, op->a % 4);
		return true;
	case OP_RECONFIGURE:
		return do_reconfigure(b, op);
	case OP_JOIN:
		return do_join(b, op);
	case OP_LEAVE:
		return do_leave(b, op);
	case OP_RESET:
		return do_reset(b, op);
	default:
		return do_signal(b, op);
	}
}

static bool step(struct bench *b, const struct op *op)
{
	struct ipcq_engine *e = &b->rig.engine;
	__poll_t recv = ipcq_poll_mask(e, IPCQ_ACCESS_RECV);
	__poll_t send = ipcq_poll_mask(e, IPCQ_ACCESS_SEND);

	b->recv.seen = 0;
	b->send.seen = 0;
	return perform(b, op) && end_calls(b) && compare_state(b) &&
	       compare_poll(b, &b->recv, IPCQ_ACCESS_RECV, recv) &&
	       compare_poll(b, &b->send, IPCQ_ACCESS_SEND, send);
}

static void begin(struct bench *b, struct kunit *test, enum model_fault fault)
{
	static const struct ipcq_config config = {
		.order = IPCQ_ORDER_FIFO,
		.max_bytes = 64,
		.max_msgs = 4,
		.max_msg_size = 16,
		.high_pct = 80,
		.low_pct = 50,
	};
	struct rig *rig = test->priv;

	b->rig.test = test;
	b->rig.account = rig->account;
	/* As the rig that the test has; so it has the same observer. */
	ipcq_engine_init(&b->rig.engine, &config, rig->engine.observer);
	model_init(&b->model, &config, fault);
	b->party[0].access = RIG_BOTH;
	ipcq_party_join(&b->rig.engine, &b->party[0]);
	model_join(&b->model, 0, RIG_BOTH);
	watch_begin(&b->recv, &b->rig.engine.recv_poll);
	watch_begin(&b->send, &b->rig.engine.send_poll);
}

/* Take everything out, in the order of the model if there was no difference. */
static void empty(struct bench *b)
{
	const struct op open = { .kind = OP_SHUT }, receive = { .kind = OP_RECEIVE, .c = 1 };
	const struct op join = { .kind = OP_JOIN, .b = 2 };
	unsigned int i;

	for (i = 0; i < MODEL_CALLS && !b->what[0]; i++)
		step(b, &(struct op) { .kind = OP_SIGNAL });
	for (i = 0; i < HELD && !b->what[0]; i++)
		step(b, &(struct op) { .kind = OP_GIVE_BACK });
	if (!b->what[0])
		step(b, &open);
	if (!b->what[0])
		step(b, &(struct op) { .kind = OP_LEAVE });
	if (!b->what[0])
		step(b, &join);
	while (!b->what[0] && b->model.depth)
		step(b, &receive);
}

static void finish(struct bench *b)
{
	struct ipcq_engine *e = &b->rig.engine;
	struct ipcq_waiting messages = {};
	unsigned int i;

	for (i = 0; i < MODEL_CALLS; i++) {
		struct rig_call *c = &b->rig.calls[i];

		if (!c->running)
			continue;
		rig_call_signal(c, SIGINT);
		/* If not even a signal ends it, its stack must not be missed. */
		while (!rig_call_await(c, 1000))
			;
		if (c->m && c->result)
			ipcq_message_free(c->m);
		else if (!c->m && !c->result)
			ipcq_message_free(c->receipt.m);
	}
	for (i = 0; i < HELD; i++) {
		if (b->held[i].used)
			ipcq_message_free(b->held[i].receipt.m);
	}
	remove_wait_queue(&e->recv_poll, &b->recv.entry);
	remove_wait_queue(&e->send_poll, &b->send.entry);
	ipcq_engine_drain(e, &messages);
	ipcq_free_all(&messages);
	/* Its openers have not left: it still has spares. */
	ipcq_purge(e);
}

/**
 * sequence_run() - run a sequence against engine and model
 * @test: its priv is a rig
 * @ops: the sequence
 * @nr: its length
 * @fault: how the model is wrong
 * @patience_ms: how long to wait for what must happen in other threads
 * @verdict: filled in
 */
void sequence_run(struct kunit *test, const struct op *ops, unsigned int nr,
		  enum model_fault fault, unsigned int patience_ms,
		  struct verdict *verdict)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);
	unsigned int i;

	verdict->at = -1;
	verdict->what[0] = '\0';
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	b->what = verdict->what;
	b->patience_ms = patience_ms;
	begin(b, test, fault);
	for (i = 0; i < nr && step(b, &ops[i]); i++)
		;
	if (i < nr) {
		verdict->at = i;
	} else {
		empty(b);
		if (b->what[0])
			verdict->at = nr;
	}
	finish(b);
	kfree(b);
}
