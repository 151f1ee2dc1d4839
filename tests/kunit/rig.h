/* SPDX-License-Identifier: GPL-2.0-only */
/* A queue under test, and calls that block in it. */
#ifndef RIG_H
#define RIG_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/sched.h>

#include "include/uapi/linux/ipcq.h"
#include "include/uapi/linux/ipcq_netlink.h"
#include "message.h"
#include "queue.h"
#include "quota.h"

#define RIG_EVENTS	32
#define RIG_CALLS	40	/* more than two steps */

#define RIG_BOTH	(IPCQ_ACCESS_SEND | IPCQ_ACCESS_RECV)

struct rig;

/**
 * struct rig_call - a call in a thread of its own
 * @rig: where
 * @task: the thread; a reference while @running
 * @running: it was started, and nobody has awaited its end yet
 * @party: the opener
 * @patience: how long it may block
 * @m: what is sent, or NULL for a receive
 * @receipt: of a receive
 * @result: what the call returned
 * @done: it has returned
 */
struct rig_call {
	struct rig *rig;
	struct task_struct *task;
	bool running;
	struct ipcq_party *party;
	struct ipcq_patience patience;
	struct ipcq_message *m;
	struct ipcq_receipt receipt;
	int result;
	struct completion done;
};

/**
 * struct rig - a queue and what a test needs around it
 * @test: who complains
 * @engine: the queue
 * @party: an opener for both directions, which has joined
 * @account: what messages are charged to
 * @charged: what was charged to it before
 * @events: what the observer was told, the first RIG_EVENTS of it
 * @nr_events: how often it was told something
 * @calls: calls in threads
 */
struct rig {
	struct kunit *test;
	struct ipcq_engine engine;
	struct ipcq_party party;
	struct ipcq_account *account;
	long charged;
	struct ipcq_event events[RIG_EVENTS];
	unsigned int nr_events;
	struct rig_call calls[RIG_CALLS];
};

extern const struct ipcq_config rig_config;
extern const struct ipcq_patience rig_nonblock;
extern const struct ipcq_patience rig_forever;

/* The most calls that were ended while the lock was held once. */
extern unsigned int rig_ended_most;

int rig_engine_init(void);
int rig_init(struct kunit *test);
void rig_exit(struct kunit *test);

int rig_reconfigure(struct rig *r, u32 mask, struct ipcq_config config);
u64 rig_count(struct rig *r, enum ipcq_counter counter);
struct ipcq_snapshot rig_snap(struct rig *r);
bool rig_balances(struct ipcq_engine *e);

struct ipcq_message *rig_message(struct rig *r, u32 id, u32 prio, size_t size);
bool rig_is_intact(struct ipcq_message *m);
int rig_send_prio(struct rig *r, u32 id, u32 prio, size_t size);
int rig_send(struct rig *r, u32 id, size_t size);
int rig_take(struct rig *r, struct ipcq_receipt *receipt);
long rig_recv(struct rig *r);

void rig_call_send(struct rig *r, unsigned int i, u32 id, size_t size,
		   struct ipcq_patience patience);
void rig_call_recv(struct rig *r, unsigned int i, size_t room,
		   struct ipcq_patience patience);
void rig_call_start(struct rig_call *c, int cpu);
bool rig_await_blocked(struct rig *r, u32 senders, u32 receivers);
bool rig_call_await(struct rig_call *c, unsigned int ms);
int rig_call_end(struct rig *r, unsigned int i);
long rig_call_end_recv(struct rig *r, unsigned int i);
void rig_call_signal(struct rig_call *c, int sig);

#endif /* RIG_H */
