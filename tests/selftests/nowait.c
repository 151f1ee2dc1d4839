// SPDX-License-Identifier: GPL-2.0-only
/* Callers that come back by themselves: RWF_NOWAIT and io_uring. */
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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

/* The least of an io_uring: one entry at a time. */
struct ring {
	int fd;
	struct io_uring_params params;
	char *rings;
	struct io_uring_sqe *sqes;
};

static int ring_make(struct ring *r)
{
	size_t size;

	memset(r, 0, sizeof(*r));
	r->fd = RESULT(syscall(SYS_io_uring_setup, 8, &r->params));
	if (r->fd < 0)
		return r->fd;
	size = r->params.cq_off.cqes + r->params.cq_entries * sizeof(struct io_uring_cqe);
	if (size < r->params.sq_off.array + r->params.sq_entries * sizeof(uint32_t))
		size = r->params.sq_off.array + r->params.sq_entries * sizeof(uint32_t);
	r->rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
			IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->params.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
	return r->rings == MAP_FAILED || (void *)r->sqes == MAP_FAILED ||
	       !(r->params.features & IORING_FEAT_SINGLE_MMAP) ? -EINVAL : 0;
}

static int ring_submit(struct ring *r, int op, int fd, const void *buf, uint32_t size,
		       uint64_t tag)
{
	_Atomic uint32_t *tail = (_Atomic uint32_t *)(r->rings + r->params.sq_off.tail);
	uint32_t mask = *(uint32_t *)(r->rings + r->params.sq_off.ring_mask);
	uint32_t *array = (uint32_t *)(r->rings + r->params.sq_off.array);
	uint32_t at = atomic_load(tail) & mask;

	r->sqes[at] = (struct io_uring_sqe) {
		.opcode = op,
		.fd = fd,
		.off = -1,
		.addr = (uintptr_t)buf,
		.len = size,
		.user_data = tag,
	};
	array[at] = at;
	atomic_fetch_add(tail, 1);
	return RESULT(syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0));
}

/* Await one completion.  Returns its result; its tag is stored. */
static int ring_reap(struct ring *r, uint64_t *tag)
{
	_Atomic uint32_t *head = (_Atomic uint32_t *)(r->rings + r->params.cq_off.head);
	_Atomic uint32_t *tail = (_Atomic uint32_t *)(r->rings + r->params.cq_off.tail);
	uint32_t mask = *(uint32_t *)(r->rings + r->params.cq_off.ring_mask);
	struct io_uring_cqe *cqes =
		(struct io_uring_cqe *)(r->rings + r->params.cq_off.cqes), *cqe;
	int result;

	while (atomic_load(head) == atomic_load(tail)) {
		result = RESULT(syscall(SYS_io_uring_enter, r->fd, 0, 1,
					IORING_ENTER_GETEVENTS, NULL, 0));
		if (result < 0)
			return result;
	}
	cqe = &cqes[atomic_load(head) & mask];
	result = cqe->res;
	*tag = cqe->user_data;
	atomic_fetch_add(head, 1);
	return result;
}

#define NEED_RING(r)							\
	do {								\
		int __err = ring_make(r);				\
									\
		if (__err)						\
			SKIP(return, "no io_uring: %s", strerror(-__err)); \
	} while (0)

TEST_F(nowait, io_uring_transfers)
{
	struct ring ring;
	char buf[16];
	uint64_t tag;

	NEED_RING(&ring);
	ASSERT_EQ(1, ring_submit(&ring, IORING_OP_WRITE, self->q.fd, "hello", 5, 1));
	EXPECT_EQ(5, ring_reap(&ring, &tag));
	EXPECT_EQ(1, tag);
	ASSERT_EQ(1, ring_submit(&ring, IORING_OP_READ, self->q.fd, buf, sizeof(buf), 2));
	EXPECT_EQ(5, ring_reap(&ring, &tag));
	EXPECT_EQ(2, tag);
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

TEST_F(nowait, io_uring_reads_what_comes_later)
{
	struct ring ring;
	char buf[16];
	uint64_t tag;

	NEED_RING(&ring);
	ASSERT_EQ(1, ring_submit(&ring, IORING_OP_READ, self->q.fd, buf, sizeof(buf), 7));
	ASSERT_EQ(0, send_text(self->q.fd, "later"));
	EXPECT_EQ(5, ring_reap(&ring, &tag));
	EXPECT_EQ(7, tag);
	EXPECT_EQ(0, memcmp(buf, "later", 5));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
}

TEST_F(nowait, io_uring_writes_when_there_is_room)
{
	struct ring ring;
	uint64_t tag;

	NEED_RING(&ring);
	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = 10 }));
	ASSERT_EQ(2, fill(self->q.fd));
	ASSERT_EQ(1, ring_submit(&ring, IORING_OP_WRITE, self->q.fd, "later", 5, 8));
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(5, ring_reap(&ring, &tag));
	EXPECT_EQ(8, tag);
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(0, recv_text(self->q.fd, "later"));
}

TEST_F(nowait, io_uring_sees_the_end)
{
	int reader = queue_open_end(self->q.fd, O_RDONLY);
	struct ring ring;
	char buf[16];
	uint64_t tag;

	NEED_RING(&ring);
	ASSERT_EQ(1, ring_submit(&ring, IORING_OP_READ, reader, buf, sizeof(buf), 9));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(0, ring_reap(&ring, &tag));
	EXPECT_EQ(9, tag);
	close(reader);
}

TEST_F(nowait, io_uring_of_many_readers_wakes_one_at_a_time)
{
	char bufs[4][16];
	struct ring ring;
	uint64_t tag, seen = 0;
	int i;

	NEED_RING(&ring);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, ring_submit(&ring, IORING_OP_READ, self->q.fd, bufs[i], 16, i));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, send_text(self->q.fd, "each"));
		EXPECT_EQ(4, ring_reap(&ring, &tag));
		EXPECT_EQ(0, memcmp(bufs[tag & 3], "each", 4));
		seen |= 1 << tag;
	}
	EXPECT_EQ(15, seen);
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_HARNESS_MAIN
