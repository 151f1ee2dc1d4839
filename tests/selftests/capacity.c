// SPDX-License-Identifier: GPL-2.0-only
/* What fits: messages, bytes, the size of one; changes on a live queue; purges. */
#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(capacity) {
	struct queue q;
};

FIXTURE_SETUP(capacity)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE,
		.max_msgs = 4,
		.max_bytes = 20,
		.max_msg_size = 10,
	};

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(capacity)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

static int send_bytes(int fd, size_t size)
{
	char *buf = calloc(1, size + 1);
	int err = msg_send(fd, &MSG(buf, size, .flags = IPCQ_MSG_NONBLOCK));

	free(buf);
	return err;
}

static int set_max_bytes(int fd, uint64_t max_bytes)
{
	return attr_set(fd, &(struct ipcq_attr) { .mask = IPCQ_ATTR_MAX_BYTES,
						  .max_bytes = max_bytes });
}

static int set_max_msg_size(int fd, uint32_t size)
{
	return attr_set(fd, &(struct ipcq_attr) { .mask = IPCQ_ATTR_MAX_MSG_SIZE,
						  .max_msg_size = size });
}

TEST_F(capacity, messages)
{
	char buf[1];

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, send_bytes(self->q.fd, 1));
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 1));
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 0));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SEND_FULL));
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
	ASSERT_EQ(1, read(self->q.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, send_bytes(self->q.fd, 1));
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 1));
}

TEST_F(capacity, bytes)
{
	ASSERT_EQ(0, send_bytes(self->q.fd, 10));
	ASSERT_EQ(0, send_bytes(self->q.fd, 9));
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 2));
	/* To the byte. */
	EXPECT_EQ(0, send_bytes(self->q.fd, 1));
	EXPECT_EQ(20, nl_queue(self->q.id).bytes);
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 1));
	/* An empty message takes none. */
	EXPECT_EQ(0, send_bytes(self->q.fd, 0));
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 0));
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
}

TEST_F(capacity, size_of_one)
{
	EXPECT_EQ(-EMSGSIZE, send_bytes(self->q.fd, 11));
	EXPECT_EQ(0, send_bytes(self->q.fd, 10));
	EXPECT_EQ(0, send_bytes(self->q.fd, 10));
	/* Too large for ever comes before too large for now. */
	EXPECT_EQ(-EMSGSIZE, send_bytes(self->q.fd, 11));
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 10));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SEND_TOO_BIG));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_SEND_FULL));
}

TEST_F(capacity, of_one)
{
	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE,
		.max_msgs = 1,
		.max_bytes = 1,
		.max_msg_size = 1,
	}));
	EXPECT_EQ(-EMSGSIZE, send_bytes(self->q.fd, 2));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, send_text(self->q.fd, "x"));
		EXPECT_EQ(-EAGAIN, send_text(self->q.fd, ""));
		EXPECT_EQ(0, recv_text(self->q.fd, "x"));
	}
}

TEST_F(capacity, fewer_messages_on_a_live_queue)
{
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, send_prio(self->q.fd, i & 1 ? "odd" : "even", i));
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 2));
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, recv_text(self->q.fd, "even"));
	ASSERT_EQ(0, recv_text(self->q.fd, "odd"));
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, recv_text(self->q.fd, "even"));
	EXPECT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, recv_text(self->q.fd, "odd"));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
}

TEST_F(capacity, fewer_bytes_on_a_live_queue)
{
	char buf[10];

	ASSERT_EQ(0, send_bytes(self->q.fd, 10));
	ASSERT_EQ(0, send_bytes(self->q.fd, 10));
	ASSERT_EQ(0, set_max_bytes(self->q.fd, 10));
	EXPECT_EQ(20, nl_queue(self->q.id).bytes);
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 0));
	ASSERT_EQ(10, read(self->q.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, send_bytes(self->q.fd, 0));
	EXPECT_EQ(-EAGAIN, send_bytes(self->q.fd, 1));
}

TEST_F(capacity, a_smaller_size_does_not_touch_what_waits)
{
	ASSERT_EQ(0, send_text(self->q.fd, "0123456789"));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 3));
	EXPECT_EQ(-EMSGSIZE, send_bytes(self->q.fd, 4));
	EXPECT_EQ(0, send_text(self->q.fd, "abc"));
	EXPECT_EQ(0, recv_text(self->q.fd, "0123456789"));
	EXPECT_EQ(0, recv_text(self->q.fd, "abc"));
}

TEST_F(capacity, more_at_once)
{
	EXPECT_EQ(4, fill(self->q.fd));
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 5));
	EXPECT_EQ(1, fill(self->q.fd));
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 6));
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, set_max_bytes(self->q.fd, 21));
	EXPECT_EQ(0, send_text(self->q.fd, "x"));
}

TEST_F(capacity, purge)
{
	EXPECT_EQ(0, purge(self->q.fd));
	EXPECT_EQ(4, fill(self->q.fd));
	EXPECT_EQ(4, purge(self->q.fd));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, nl_queue(self->q.id).bytes);
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_PURGED));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(-EAGAIN, recv_text(self->q.fd, ""));
	EXPECT_EQ(4, fill(self->q.fd));
	EXPECT_EQ(4, drain(self->q.fd));
	EXPECT_EQ(0, purge(self->q.fd));
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_PURGED));
}

TEST_F(capacity, a_purge_of_many)
{
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 5000));
	ASSERT_EQ(0, set_max_bytes(self->q.fd, 1 << 20));
	ASSERT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	for (int i = 0; i < 5000; i++)
		ASSERT_EQ(0, send_prio(self->q.fd, "many", i * 7919 % 101));
	EXPECT_EQ(5000, purge(self->q.fd));
	EXPECT_EQ(-EAGAIN, recv_text(self->q.fd, ""));
}

TEST_F(capacity, high_water_mark)
{
	ASSERT_EQ(0, send_bytes(self->q.fd, 3));
	ASSERT_EQ(0, send_bytes(self->q.fd, 4));
	ASSERT_EQ(2, drain(self->q.fd));
	ASSERT_EQ(0, send_bytes(self->q.fd, 2));
	EXPECT_EQ(2, nl_queue(self->q.id).peak_depth);
	EXPECT_EQ(7, nl_queue(self->q.id).peak_bytes);
	ASSERT_EQ(0, nl_reset(self->q.id, IPCQ_RESET_PEAK));
	EXPECT_EQ(1, nl_queue(self->q.id).peak_depth);
	EXPECT_EQ(2, nl_queue(self->q.id).peak_bytes);
}

TEST_F(capacity, a_reset_keeps_the_books)
{
	struct nl_totals before, after;

	ASSERT_EQ(4, fill(self->q.fd));
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	before = nl_totals();
	ASSERT_EQ(0, nl_reset(self->q.id, IPCQ_RESET_COUNTERS));
	after = nl_totals();
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(8, counted(&self->q, IPCQ_A_COUNTERS_SENT_BYTES));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(0, nl_books(self->q.id));
	/* The totals have not noticed. */
	EXPECT_EQ(0, memcmp(&before.stats, &after.stats, sizeof(after.stats)));
	EXPECT_EQ(0, recv_text(self->q.fd, "fill"));
}

/* Limits. */

TEST_F(capacity, the_largest_message)
{
	const size_t size = 1 << 26;
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MAX_MSGS,
		.max_msgs = 1 << 24,
		.max_bytes = 1ull << 40,
		.max_msg_size = size,
	};
	struct ipcq_msg msg;
	char *buf;

	ASSERT_EQ(0, attr_set(self->q.fd, &attr));
	buf = malloc(size + 1);
	ASSERT_NE(NULL, buf);
	for (size_t i = 0; i < size; i += 4096)
		buf[i] = i >> 12;
	buf[size - 1] = 'z';
	EXPECT_EQ(-EMSGSIZE, msg_send(self->q.fd, &MSG(buf, size + 1)));
	msg = MSG(buf, size);
	ASSERT_EQ(0, msg_send(self->q.fd, &msg));
	memset(buf, 0, size);
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(size, msg.size);
	EXPECT_EQ('z', buf[size - 1]);
	for (size_t i = 0; i < size - 4096; i += 4096)
		ASSERT_EQ((char)(i >> 12), buf[i]);
	free(buf);
}

struct limit {
	const char *param;
	uint32_t bit;
	uint64_t default_limit;
	uint64_t end;
};

static const struct limit limits[] = {
	{ "max_msgs_limit", IPCQ_ATTR_MAX_MSGS, 65536, 1 << 24 },
	{ "max_bytes_limit", IPCQ_ATTR_MAX_BYTES, 16 << 20, 1ull << 40 },
	{ "max_msg_size_limit", IPCQ_ATTR_MAX_MSG_SIZE, 1 << 20, 1 << 26 },
};

/* Attributes that say @value where the limit is, and what goes with it. */
static struct ipcq_attr attr_of(const struct limit *limit, uint64_t value)
{
	struct ipcq_attr attr = { .mask = limit->bit };

	switch (limit->bit) {
	case IPCQ_ATTR_MAX_MSGS:
		attr.max_msgs = value;
		break;
	case IPCQ_ATTR_MAX_BYTES:
		attr.max_bytes = value;
		break;
	case IPCQ_ATTR_MAX_MSG_SIZE:
		attr.max_msg_size = value;
		attr.mask |= IPCQ_ATTR_MAX_BYTES;
		attr.max_bytes = 16 << 20;
		break;
	}
	return attr;
}

static int create_and_set(const struct limit *limit, uint64_t value)
{
	struct ipcq_attr attr = attr_of(limit, value);
	struct queue q;
	int made, set;

	made = queue_make(&q, &attr);
	if (!made)
		queue_end(&q);
	if (queue_make(&q, NULL))
		return 1;
	set = attr_set(q.fd, &attr);
	queue_end(&q);
	return set == made ? set : 1;
}

static int unprivileged_limits(void *arg)
{
	unsigned int i;

	(void)arg;
	CHECK(become(12345, 12345) == 0);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		CHECK(create_and_set(&limits[i], limits[i].default_limit) == 0);
		CHECK(create_and_set(&limits[i], limits[i].default_limit + 1) == -ENOSPC);
		CHECK(create_and_set(&limits[i], limits[i].end) == -ENOSPC);
		CHECK(create_and_set(&limits[i], limits[i].end + 1) == -EINVAL);
	}
	return 0;
}

TEST(limits_of_the_unprivileged)
{
	EXPECT_EQ(0, child_run(unprivileged_limits, NULL));
}

TEST(limits_of_the_privileged)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		EXPECT_EQ(0, create_and_set(&limits[i], limits[i].default_limit + 1));
		EXPECT_EQ(-EINVAL, create_and_set(&limits[i], limits[i].end + 1));
	}
	/* A message cannot be larger than the queue: the end takes a large queue. */
	EXPECT_EQ(0, create_and_set(&limits[0], limits[0].end));
	EXPECT_EQ(0, create_and_set(&limits[1], limits[1].end));
}

static int lowered_limit(void *arg)
{
	const struct limit *limit = arg;

	CHECK(become(12345, 12345) == 0);
	CHECK(create_and_set(limit, 65) == -ENOSPC);
	CHECK(create_and_set(limit, 64) != -ENOSPC);
	return 0;
}

TEST(limits_can_be_changed_at_run_time)
{
	char old[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		ASSERT_EQ(0, param_get(limits[i].param, old, sizeof(old)));
		EXPECT_EQ(limits[i].default_limit, strtoull(old, NULL, 10));
		ASSERT_EQ(0, param_set(limits[i].param, "64"));
		EXPECT_EQ(0, child_run(lowered_limit, (void *)&limits[i]));
		ASSERT_EQ(0, param_set(limits[i].param, old));
	}
}

TEST_HARNESS_MAIN
