// SPDX-License-Identifier: GPL-2.0-only
/* Callers that come back by themselves: RWF_NOWAIT.  For io_uring see uring.c. */
#include <sys/uio.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(nowait) {
	struct queue q;
};

FIXTURE_SETUP(nowait)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 2 };

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(nowait)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

static int read_nowait(int fd, void *buf, size_t size)
{
	struct iovec iov = { buf, size };

	return RESULT(preadv2(fd, &iov, 1, -1, RWF_NOWAIT));
}

static int write_nowait(int fd, const void *buf, size_t size)
{
	struct iovec iov = { (void *)buf, size };

	return RESULT(pwritev2(fd, &iov, 1, -1, RWF_NOWAIT));
}

TEST_F(nowait, transfers)
{
	char buf[16];

	ASSERT_EQ(5, write_nowait(self->q.fd, "hello", 5));
	ASSERT_EQ(5, read_nowait(self->q.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

TEST_F(nowait, never_blocks)
{
	char buf[16] = {};

	EXPECT_EQ(-EAGAIN, read_nowait(self->q.fd, buf, sizeof(buf)));
	ASSERT_EQ(2, fill(self->q.fd));
	EXPECT_EQ(-EAGAIN, write_nowait(self->q.fd, buf, 1));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_RECVS));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_SENDS));
	/* No program was refused: the 1 is of filling it. */
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_RECV_EMPTY));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_SEND_FULL));
}

TEST_F(nowait, other_errors_are_as_ever)
{
	char buf[4] = {};

	ASSERT_EQ(0, send_text(self->q.fd, "hello"));
	EXPECT_EQ(-EMSGSIZE, read_nowait(self->q.fd, buf, sizeof(buf)));
	EXPECT_EQ(-EFAULT, read_nowait(self->q.fd, nowhere, 100));
	EXPECT_EQ(-EFAULT, write_nowait(self->q.fd, nowhere, 1));
	ASSERT_EQ(0, recv_text(self->q.fd, "hello"));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_RECV));
	EXPECT_EQ(0, read_nowait(self->q.fd, buf, sizeof(buf)));
}

/* EAGAIN means that the queue is full: otherwise who polls for room would spin. */
TEST_F(nowait, waits_for_no_room_but_for_memory)
{
	/* No allocator has this in one piece. */
	size_t size = 8 << 20;
	char *data = calloc(1, size);

	ASSERT_NE(NULL, data);
	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MAX_BYTES,
		.max_msg_size = size, .max_bytes = size }));
	ASSERT_EQ((int)size, write_nowait(self->q.fd, data, size));
	EXPECT_EQ(-EAGAIN, write_nowait(self->q.fd, data, 1));
	EXPECT_EQ((int)size, read_nowait(self->q.fd, data, size));
	free(data);
}

TEST_HARNESS_MAIN
