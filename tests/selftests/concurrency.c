// SPDX-License-Identifier: GPL-2.0-only
/* Many senders and many receivers at once: each message arrives once, and in order. */
#include <pthread.h>
#include <stdatomic.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define SENDERS		4
#define RECEIVERS_MAX	4
#define EACH		400
#define PRIORITIES	3

/* What is sent. */
struct item {
	uint32_t sender;
	uint32_t prio;
	uint32_t number;	/* of this sender and priority, ascending */
};

FIXTURE(crowd) {
	struct queue q;
	atomic_uint arrived[SENDERS][PRIORITIES][EACH];
	atomic_uint wrong;
	atomic_bool enough;
	unsigned int seed;
};

FIXTURE_VARIANT(crowd) {
	uint32_t order;
	int receivers;
	uint32_t max_msgs;
	bool disturb;
};

FIXTURE_VARIANT_ADD(crowd, fifo_one_receiver) {
	.order = IPCQ_ORDER_FIFO,
	.receivers = 1,
	.max_msgs = 4,
};

FIXTURE_VARIANT_ADD(crowd, priority_one_receiver) {
	.order = IPCQ_ORDER_PRIORITY,
	.receivers = 1,
	.max_msgs = 16,
};

FIXTURE_VARIANT_ADD(crowd, fifo_many_receivers) {
	.order = IPCQ_ORDER_FIFO,
	.receivers = RECEIVERS_MAX,
	.max_msgs = 3,
};

FIXTURE_VARIANT_ADD(crowd, one_place) {
	.order = IPCQ_ORDER_PRIORITY,
	.receivers = RECEIVERS_MAX,
	.max_msgs = 1,
};

FIXTURE_VARIANT_ADD(crowd, disturbed) {
	.order = IPCQ_ORDER_PRIORITY,
	.receivers = 1,
	.max_msgs = 4,
	.disturb = true,
};

FIXTURE_SETUP(crowd)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_ORDER | IPCQ_ATTR_MAX_MSGS,
		.order = variant->order,
		.max_msgs = variant->max_msgs,
	};

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(crowd)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

struct member {
	pthread_t thread;
	FIXTURE_DATA(crowd) *crowd;
	uint32_t number;
	bool in_order;	/* of a receiver: it is the only one */
};

static void *sender(void *arg)
{
	struct member *m = arg;
	uint32_t numbers[PRIORITIES] = {};
	unsigned int seed = m->number, i;

	for (i = 0; i < EACH; i++) {
		struct item item = { .sender = m->number };

		item.prio = rand_r(&seed) % PRIORITIES;
		item.number = numbers[item.prio]++;
		if (msg_send(m->crowd->q.fd, &MSG(&item, sizeof(item), .prio = item.prio)))
			atomic_fetch_add(&m->crowd->wrong, 1);
	}
	return NULL;
}

static void *receiver(void *arg)
{
	uint32_t next[SENDERS][PRIORITIES] = {};
	struct member *m = arg;
	uint64_t seq = 0;

	for (;;) {
		struct item item;
		struct ipcq_msg msg = MSG(&item, sizeof(item));
		int err = msg_recv(m->crowd->q.fd, &msg);

		if (err == -EPIPE)
			return NULL;
		if (err || msg.size != sizeof(item) || item.sender >= SENDERS ||
		    item.prio != msg.prio || item.number >= EACH) {
			atomic_fetch_add(&m->crowd->wrong, 1);
			continue;
		}
		atomic_fetch_add(&m->crowd->arrived[item.sender][item.prio][item.number], 1);
		if (!m->in_order)
			continue;
		if (item.number != next[item.sender][item.prio]++)
			atomic_fetch_add(&m->crowd->wrong, 1);
		if (m->crowd->q.attr.order == IPCQ_ORDER_FIFO && msg.seq != ++seq)
			atomic_fetch_add(&m->crowd->wrong, 1);
	}
}

/* Change what can be changed, and look, all the while. */
static void *disturber(void *arg)
{
	struct member *m = arg;
	struct queue *q = &m->crowd->q;
	unsigned int seed = 4711;

	while (!atomic_load(&m->crowd->enough)) {
		struct ipcq_attr attr = {
			.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES |
				IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_FLAGS |
				IPCQ_ATTR_HIGH_PCT | IPCQ_ATTR_LOW_PCT,
			.max_msgs = 1 + rand_r(&seed) % 8,
			.max_msg_size = sizeof(struct item) + rand_r(&seed) % 100,
			.max_bytes = 200 + rand_r(&seed) % 100,
			.flags = rand_r(&seed) % 2 ? IPCQ_F_HANGUP : 0,
			.high_pct = 51 + rand_r(&seed) % 50,
			.low_pct = rand_r(&seed) % 50,
		};

		if (attr_set(q->fd, &attr) || nl_books(q->id) ||
		    nl_reset(q->id, IPCQ_RESET_PEAK))
			atomic_fetch_add(&m->crowd->wrong, 1);
	}
	return NULL;
}

TEST_F(crowd, everything_arrives_once)
{
	struct member senders[SENDERS] = {}, receivers[RECEIVERS_MAX] = {}, other = {};
	unsigned int arrived = 0, twice = 0;
	int i, j, k;

	for (i = 0; i < variant->receivers; i++) {
		receivers[i] = (struct member) {
			.crowd = self, .in_order = variant->receivers == 1
		};
		ASSERT_EQ(0, pthread_create(&receivers[i].thread, NULL, receiver,
					    &receivers[i]));
	}
	for (i = 0; i < SENDERS; i++) {
		senders[i] = (struct member) { .crowd = self, .number = i };
		ASSERT_EQ(0, pthread_create(&senders[i].thread, NULL, sender, &senders[i]));
	}
	other.crowd = self;
	if (variant->disturb) {
		ASSERT_EQ(0, pthread_create(&other.thread, NULL, disturber, &other));
	}
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i].thread, NULL);
	atomic_store(&self->enough, true);
	if (variant->disturb)
		pthread_join(other.thread, NULL);
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	for (i = 0; i < variant->receivers; i++)
		pthread_join(receivers[i].thread, NULL);

	for (i = 0; i < SENDERS; i++)
		for (j = 0; j < PRIORITIES; j++)
			for (k = 0; k < EACH; k++) {
				arrived += self->arrived[i][j][k] > 0;
				twice += self->arrived[i][j][k] > 1;
			}
	EXPECT_EQ(SENDERS * EACH, arrived);
	EXPECT_EQ(0, twice);
	EXPECT_EQ(0, self->wrong);
	EXPECT_EQ(SENDERS * EACH, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(SENDERS * EACH, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	if (!variant->disturb) {
		EXPECT_GE(variant->max_msgs, nl_queue(self->q.id).peak_depth);
	}
}

TEST_HARNESS_MAIN
