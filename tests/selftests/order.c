// SPDX-License-Identifier: GPL-2.0-only
/* Which message is next: FIFO, priority, and FIFO within a priority. */
#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(order) {
	struct queue q;
};

FIXTURE_VARIANT(order) {
	uint32_t order;
	unsigned int priorities;
};

FIXTURE_VARIANT_ADD(order, fifo) {
	.order = IPCQ_ORDER_FIFO,
	.priorities = IPCQ_PRIO_MAX + 1,
};

FIXTURE_VARIANT_ADD(order, two_priorities) {
	.order = IPCQ_ORDER_PRIORITY,
	.priorities = 2,
};

FIXTURE_VARIANT_ADD(order, some_priorities) {
	.order = IPCQ_ORDER_PRIORITY,
	.priorities = 16,
};

FIXTURE_VARIANT_ADD(order, all_priorities) {
	.order = IPCQ_ORDER_PRIORITY,
	.priorities = IPCQ_PRIO_MAX + 1,
};

FIXTURE_SETUP(order)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_ORDER,
		.order = variant->order,
	};

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(order)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

/* What a queue is: an unsorted heap of (priority, number), searched naively. */
struct model {
	struct { unsigned int prio, number; } waiting[512];
	unsigned int depth;
	bool by_priority;
};

static unsigned int model_take(struct model *m)
{
	unsigned int best = 0, number, i;

	for (i = 1; i < m->depth; i++) {
		bool higher = m->by_priority && m->waiting[i].prio > m->waiting[best].prio;
		bool same = !m->by_priority || m->waiting[i].prio == m->waiting[best].prio;

		if (higher || (same && m->waiting[i].number < m->waiting[best].number))
			best = i;
	}
	number = m->waiting[best].number;
	m->waiting[best] = m->waiting[--m->depth];
	return number;
}

TEST_F(order, agrees_with_a_model)
{
	struct model model = { .by_priority = variant->order == IPCQ_ORDER_PRIORITY };
	unsigned int number = 0, expected, got, step, seed = 20240229;

	for (step = 0; step < 3000; step++) {
		/* It grows for a while, then it shrinks. */
		bool send = (unsigned int)rand_r(&seed) % 100 < (step % 600 < 300 ? 70 : 30);

		if (send && model.depth < ARRAY_SIZE(model.waiting)) {
			unsigned int prio = rand_r(&seed) % variant->priorities;

			number++;
			model.waiting[model.depth].prio = prio;
			model.waiting[model.depth++].number = number;
			ASSERT_EQ(0, msg_send(self->q.fd, &MSG(&number, sizeof(number),
							       .prio = prio)));
		} else if (model.depth) {
			struct ipcq_msg msg = MSG(&got, sizeof(got));

			expected = model_take(&model);
			ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
			ASSERT_EQ(expected, got);
			ASSERT_EQ(expected, msg.seq);
		}
	}
	while (model.depth) {
		struct ipcq_msg msg = MSG(&got, sizeof(got));

		expected = model_take(&model);
		ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
		ASSERT_EQ(expected, got);
	}
	ASSERT_EQ(-EAGAIN, recv_text(self->q.fd, ""));
}

TEST_F(order, the_extremes_of_priority)
{
	bool by_priority = variant->order == IPCQ_ORDER_PRIORITY;

	ASSERT_EQ(0, send_prio(self->q.fd, "low", 0));
	ASSERT_EQ(0, send_prio(self->q.fd, "high", IPCQ_PRIO_MAX));
	ASSERT_EQ(-EINVAL, send_prio(self->q.fd, "higher", IPCQ_PRIO_MAX + 1));
	EXPECT_EQ(0, recv_text(self->q.fd, by_priority ? "high" : "low"));
	EXPECT_EQ(0, recv_text(self->q.fd, by_priority ? "low" : "high"));
}

TEST_F(order, write_has_the_lowest_priority)
{
	ASSERT_EQ(1, write(self->q.fd, "w", 1));
	ASSERT_EQ(0, send_prio(self->q.fd, "s", 1));
	if (variant->order == IPCQ_ORDER_PRIORITY) {
		EXPECT_EQ(0, recv_text(self->q.fd, "s"));
	}
	EXPECT_EQ(0, recv_text(self->q.fd, "w"));
}

TEST_F(order, a_reader_with_a_short_buffer_does_not_change_it)
{
	char buf[1];

	ASSERT_EQ(0, send_prio(self->q.fd, "first", 1));
	ASSERT_EQ(0, send_prio(self->q.fd, "x", 1));
	EXPECT_EQ(-EMSGSIZE, RESULT(read(self->q.fd, buf, sizeof(buf))));
	EXPECT_EQ(0, recv_text(self->q.fd, "first"));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
}

TEST_F(order, oldest_is_the_one_sent_first)
{
	uint64_t first;

	ASSERT_EQ(0, send_prio(self->q.fd, "old", 1));
	first = now_ns();
	ASSERT_TRUE(WAIT_UNTIL(now_ns() > first + 2 * MS));
	ASSERT_EQ(0, send_prio(self->q.fd, "young", 0));
	EXPECT_GE(nl_queue(self->q.id).oldest_ns, 2 * MS);
	ASSERT_EQ(0, recv_text(self->q.fd, "old"));
	EXPECT_LT(nl_queue(self->q.id).oldest_ns, nl_queue(self->q.id).snapshot_ns - first);
	ASSERT_EQ(0, recv_text(self->q.fd, "young"));
	EXPECT_EQ(0, nl_queue(self->q.id).oldest_ns);
}

FIXTURE(reorder) {
	struct queue q;
};

FIXTURE_SETUP(reorder)
{
	ASSERT_EQ(0, queue_make(&self->q, NULL));
}

FIXTURE_TEARDOWN(reorder)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

TEST_F(reorder, takes_an_empty_queue)
{
	ASSERT_EQ(0, send_text(self->q.fd, "waits"));
	EXPECT_EQ(-EBUSY, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	/* What it already is, it may be set to. */
	EXPECT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_FIFO));
	ASSERT_EQ(0, recv_text(self->q.fd, "waits"));
	EXPECT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	ASSERT_EQ(0, send_prio(self->q.fd, "low", 1));
	ASSERT_EQ(0, send_prio(self->q.fd, "high", 2));
	EXPECT_EQ(0, recv_text(self->q.fd, "high"));
	EXPECT_EQ(-EBUSY, set_order(self->q.fd, IPCQ_ORDER_FIFO));
	ASSERT_EQ(1, purge(self->q.fd));
	EXPECT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_FIFO));
	ASSERT_EQ(0, send_prio(self->q.fd, "low", 1));
	ASSERT_EQ(0, send_prio(self->q.fd, "high", 2));
	EXPECT_EQ(0, recv_text(self->q.fd, "low"));
	EXPECT_EQ(0, recv_text(self->q.fd, "high"));
}

TEST_F(reorder, a_purge_forgets_every_level)
{

	ASSERT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(0, send_prio(self->q.fd, "p", i % 7));
	ASSERT_EQ(100, purge(self->q.fd));
	ASSERT_EQ(0, send_prio(self->q.fd, "q", 3));
	ASSERT_EQ(0, recv_text(self->q.fd, "q"));
	EXPECT_EQ(-EAGAIN, recv_text(self->q.fd, ""));
}

TEST_HARNESS_MAIN
