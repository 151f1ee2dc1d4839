// SPDX-License-Identifier: GPL-2.0-only
/*
 * A receiver that maps its queue: what comes, what it may do, what happens when it goes,
 * and that it can hurt nobody but itself.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "call.h"
#include "ipcq_test.h"
#include "mapped.h"
#include "slow_page.h"
#include "kselftest_harness.h"

#define ROOM		(1 << 20)
#define LARGEST		IPCQ_RING_MAX_MSG_SIZE
#define STRANGER	23456
#define NOBODY		65534

FIXTURE(ring) {
	struct queue q;
	uint32_t page;
	char *buf;
};

FIXTURE_SETUP(ring)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE |
			IPCQ_ATTR_MODE,
		.max_msgs = 1000,
		.max_bytes = 16 << 20,
		.max_msg_size = LARGEST,
		.mode = 0666,
	};

	ASSERT_EQ(0, queue_make(&self->q, &attr));
	self->page = sysconf(_SC_PAGESIZE);
	self->buf = malloc(LARGEST + 1);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(ring)
{
	EXPECT_EQ(0, blocked_senders(&self->q));
	EXPECT_EQ(0, blocked_receivers(&self->q));
	EXPECT_EQ(0, nl_books(self->q.id));
	EXPECT_EQ(0, queue_end(&self->q));
	free(self->buf);
}

static int set_max_msg_size(int fd, uint32_t size)
{
	return attr_set(fd, &(struct ipcq_attr) { .mask = IPCQ_ATTR_MAX_MSG_SIZE,
						  .max_msg_size = size });
}

/* Each message is different from others of its size. */
static char pattern(uint32_t number, size_t at)
{
	return number * 37 + at * 11 + (at >> 8);
}

static void paint(char *buf, size_t size, uint32_t number)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = pattern(number, i);
}

static bool is_painted(const void *data, size_t size, uint32_t number)
{
	const char *buf = data;

	for (size_t i = 0; i < size; i++)
		if (buf[i] != pattern(number, i))
			return false;
	return true;
}

/* Send a message of that size and pattern, as type @number, without blocking. */
static int send_painted(int fd, char *buf, size_t size, uint32_t number)
{
	paint(buf, size, number);
	return msg_send(fd, &MSG(buf, size, .type = number, .flags = IPCQ_MSG_NONBLOCK |
								    IPCQ_MSG_NOSIGNAL));
}

/* Whether the queue has a ring; a message that waits is not received. */
static bool has_ring(const struct queue *q)
{
	struct ipcq_msg msg = MSG(NULL, 0, .flags = IPCQ_MSG_NONBLOCK);

	return msg_recv(q->fd, &msg) == -EBUSY;
}

TEST_F(ring, arrives_as_it_was_sent)
{
	const struct ipcq_record *record;
	uint64_t before = now_ns();
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	EXPECT_EQ(ROOM, r.shared->size);
	EXPECT_EQ(NULL, mapped_next(&r));
	ASSERT_EQ(0, msg_send(self->q.fd, &MSG("hello", 5, .prio = 7, .type = 0xfedcba98)));
	ASSERT_EQ(4, write(self->q.fd, "plus", 4));
	record = mapped_next(&r);
	ASSERT_NE(NULL, record);
	EXPECT_EQ(5, record->size);
	EXPECT_EQ(0, memcmp(record + 1, "hello", 5));
	EXPECT_EQ(7, record->prio);
	EXPECT_EQ(0xfedcba98, record->type);
	EXPECT_EQ(0, record->flags);
	EXPECT_EQ(1, record->seq);
	EXPECT_LE(before, record->time_ns);
	EXPECT_GE(now_ns(), record->time_ns);
	EXPECT_EQ(getpid(), record->pid);
	EXPECT_EQ(geteuid(), record->uid);
	EXPECT_EQ(getegid(), record->gid);
	EXPECT_EQ(0, record->pad);
	/* It waits until it is released. */
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
	EXPECT_EQ(9, nl_queue(self->q.id).bytes);
	mapped_release(&r);
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	EXPECT_EQ(4, nl_queue(self->q.id).bytes);
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(5, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED_BYTES));
	EXPECT_EQ(0, mapped_text(&r, "plus"));
	EXPECT_EQ(NULL, mapped_next(&r));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, nl_queue(self->q.id).oldest_ns);
	mapped_close(&r);
}

TEST_F(ring, whichever_way_it_was_sent)
{
	const struct iovec iov[] = { { "gath", 4 }, { "ered", 4 } };
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(8, writev(self->q.fd, iov, 2));
	ASSERT_EQ(8, pwritev2(self->q.fd, iov, 2, -1, RWF_NOWAIT));
	ASSERT_EQ(0, write(self->q.fd, "", 0));
	ASSERT_EQ(0, send_text(self->q.fd, "sent"));
	EXPECT_EQ(0, mapped_text(&r, "gathered"));
	EXPECT_EQ(0, mapped_text(&r, "gathered"));
	EXPECT_EQ(0, mapped_text(&r, ""));
	EXPECT_EQ(0, mapped_text(&r, "sent"));
	EXPECT_EQ(-EAGAIN, mapped_text(&r, ""));
	mapped_close(&r);
}

/* Records to be sent with one call. */
struct batch {
	char *records;
	size_t used;
};

static struct ipcq_record *batch_add(struct batch *b, size_t size, uint32_t number)
{
	struct ipcq_record *record = (void *)(b->records + b->used);

	*record = (struct ipcq_record) { .size = size, .type = number, .prio = number % 5 };
	paint((char *)(record + 1), size, number);
	b->used += IPCQ_RECORD_SPACE(size);
	return record;
}

static int batch_send(int fd, const struct batch *b, uint32_t count)
{
	struct ipcq_batch how = {
		.records = (uintptr_t)b->records,
		.size = b->used,
		.count = count,
		.flags = IPCQ_MSG_NONBLOCK,
	};

	return RESULT(ioctl(fd, IPCQ_IOC_SEND_BATCH, &how));
}

TEST_F(ring, batches)
{
	struct batch b = { .records = malloc(16 << 20) };
	const struct ipcq_record *record;
	uint32_t number = 0, next = 0;
	struct mapped r;

	ASSERT_NE(NULL, b.records);
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 8 << 20));
	for (int count = 1; count < 400; count = count * 3 + 1) {
		b.used = 0;
		for (int i = 0; i < count; i++, number++)
			batch_add(&b, number % 20 ? number % 700 : number % 40000, number);
		ASSERT_EQ(count, batch_send(self->q.fd, &b, 0));
		EXPECT_EQ(count, nl_queue(self->q.id).depth);
		EXPECT_EQ(0, nl_books(self->q.id));
		for (int i = 0; i < count; i++, next++) {
			record = mapped_next(&r);
			ASSERT_NE(NULL, record);
			ASSERT_EQ(next, record->type);
			ASSERT_EQ(next % 5, record->prio);
			ASSERT_EQ(next + 1, record->seq);
			ASSERT_EQ(next % 20 ? next % 700 : next % 40000, record->size);
			ASSERT_EQ(getpid(), record->pid);
			ASSERT_EQ(0, record->flags);
			ASSERT_EQ(0, record->pad);
			ASSERT_TRUE(is_painted(record + 1, record->size, next));
		}
		EXPECT_EQ(NULL, mapped_next(&r));
		mapped_release(&r);
	}
	EXPECT_EQ(number, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	/* No more than asked for. */
	ASSERT_EQ(3, batch_send(self->q.fd, &b, 3));
	EXPECT_EQ(3, nl_queue(self->q.id).depth);
	mapped_close(&r);
	EXPECT_EQ(3, drain(self->q.fd));
	free(b.records);
}

TEST_F(ring, a_batch_ends_before_what_is_wrong)
{
	struct batch b = { .records = malloc(1 << 20) };
	struct ipcq_record *wrong;
	struct mapped r;

	ASSERT_NE(NULL, b.records);
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 1000));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 16384));
	for (int i = 0; i < 3; i++)
		batch_add(&b, 10, i);
	wrong = batch_add(&b, 10, 3);
	batch_add(&b, 10, 4);
	wrong->flags = 1;
	EXPECT_EQ(3, batch_send(self->q.fd, &b, 0));
	wrong->flags = 0;
	wrong->prio = IPCQ_PRIO_MAX + 1;
	EXPECT_EQ(3, batch_send(self->q.fd, &b, 0));
	wrong->prio = 0;
	wrong->size = 1001;
	EXPECT_EQ(3, batch_send(self->q.fd, &b, 0));
	wrong->size = 10;
	/* The last one is not all there. */
	b.used -= 8;
	EXPECT_EQ(4, batch_send(self->q.fd, &b, 0));
	/* The first one is wrong. */
	((struct ipcq_record *)b.records)->size = 1001;
	EXPECT_EQ(-EINVAL, batch_send(self->q.fd, &b, 0));
	b.used += 1000;
	EXPECT_EQ(-EMSGSIZE, batch_send(self->q.fd, &b, 0));
	((struct ipcq_record *)b.records)->size = 0xfffffff0;
	EXPECT_GT(0, batch_send(self->q.fd, &b, 0));
	EXPECT_EQ(13, nl_queue(self->q.id).depth);
	for (int i = 0; i < 13; i++)
		ASSERT_EQ(10, mapped_next(&r)->size);
	mapped_release(&r);
	/* As many as there is room for. */
	b.used = 0;
	for (int i = 0; i < 300; i++)
		batch_add(&b, 100, i);
	EXPECT_EQ(16384 / IPCQ_RECORD_SPACE(100), batch_send(self->q.fd, &b, 0));
	EXPECT_EQ(-EAGAIN, batch_send(self->q.fd, &b, 0));
	EXPECT_EQ(0, nl_books(self->q.id));
	mapped_close(&r);
	EXPECT_EQ(16384 / IPCQ_RECORD_SPACE(100), drain(self->q.fd));
	free(b.records);
}

TEST_F(ring, a_batch_that_is_half_there)
{
	struct batch b = { .records = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) };
	struct mapped r;
	int n = 0;

	ASSERT_NE(MAP_FAILED, (void *)b.records);
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	while (b.used < self->page) {
		batch_add(&b, 64, n);
		n++;
	}
	/* The last record ends beyond the page, or with it. */
	batch_add(&b, 64, n);
	ASSERT_EQ(0, munmap(b.records + self->page, self->page));
	n = self->page / IPCQ_RECORD_SPACE(64);
	EXPECT_EQ(n, batch_send(self->q.fd, &b, 0));
	for (int i = 0; i < n; i++)
		ASSERT_TRUE(is_painted(mapped_next(&r) + 1, 64, i));
	EXPECT_EQ(NULL, mapped_next(&r));
	mapped_release(&r);
	mapped_close(&r);
	munmap(b.records, self->page);
}

TEST_F(ring, every_length)
{
	const struct ipcq_record *record;
	struct mapped r;
	uint32_t number = 0;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 2 * LARGEST));
	for (size_t size = 0; size <= LARGEST; size += size < 1100 ? 1 : 1021, number++) {
		if (size + 1021 > LARGEST)
			size = LARGEST;
		ASSERT_EQ(0, send_painted(self->q.fd, self->buf, size, number));
		record = mapped_next(&r);
		ASSERT_NE(NULL, record);
		ASSERT_EQ(size, record->size);
		ASSERT_EQ(number, record->type);
		ASSERT_TRUE(is_painted(record + 1, size, number)) TH_LOG("size %zu", size);
		mapped_release(&r);
	}
	EXPECT_EQ(-EMSGSIZE, send_painted(self->q.fd, self->buf, LARGEST + 1, 0));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	mapped_close(&r);
}

TEST_F(ring, wraps_around_at_every_offset)
{
	uint32_t sent = 0, received = 0, largest = self->page - 48;
	const struct ipcq_record *record;
	struct mapped r;
	int err;

	ASSERT_EQ(0, set_max_msg_size(self->q.fd, largest));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, self->page));
	/* In every turn the end of the memory is met elsewhere in a record. */
	while (received < 20000) {
		size_t size = (sent * 7 + sent / 13) % (sent % 50 ? 300 : largest + 1);

		err = send_painted(self->q.fd, self->buf, size, sent);
		if (!err) {
			sent++;
			continue;
		}
		ASSERT_EQ(-EAGAIN, err);
		record = mapped_next(&r);
		ASSERT_NE(NULL, record);
		ASSERT_EQ(received, record->type);
		ASSERT_EQ(received + 1, record->seq);
		ASSERT_TRUE(is_painted(record + 1, record->size, received));
		received++;
		mapped_release(&r);
	}
	EXPECT_EQ(sent - received, nl_queue(self->q.id).depth);
	mapped_close(&r);
}

TEST_F_TIMEOUT(ring, positions_wrap_as_well, 200)
{
	const size_t size = 4096;
	uint64_t bytes = 0;
	struct mapped r;
	uint32_t i = 0;

	if (time_factor() > 1)
		SKIP(return, "4 GiB take too long on this machine");
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 2 * LARGEST));
	/* One more than 2^32 bytes. */
	for (; bytes <= 1ull << 32; bytes += IPCQ_RECORD_SPACE(size), i++) {
		const struct ipcq_record *record;

		ASSERT_EQ(size, write(self->q.fd, self->buf, size));
		record = mapped_next(&r);
		ASSERT_NE(NULL, record);
		ASSERT_EQ(size, record->size);
		ASSERT_EQ(i + 1, record->seq);
		mapped_release(&r);
	}
	EXPECT_EQ(i, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_GT(r.next, 0);
	EXPECT_LT(r.next, 1 << 20);
	mapped_close(&r);
}

TEST_F(ring, nobody_else_receives)
{
	struct ipcq_attr attr = {};
	struct mapped r;
	struct call c;
	char buf[8];

	ASSERT_EQ(0, call_recv(&c, self->q.fd, MSG(NULL, 0)));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	EXPECT_EQ(-EBUSY, call_end(&c));
	ASSERT_EQ(0, send_text(self->q.fd, "mine"));
	EXPECT_EQ(-EBUSY, recv_text(self->q.fd, "mine"));
	EXPECT_EQ(-EBUSY, RESULT(read(self->q.fd, buf, sizeof(buf))));
	EXPECT_EQ(-EBUSY, ring_open(self->q.fd, ROOM, 0));
	EXPECT_EQ(0, mapped_text(&r, "mine"));
	EXPECT_EQ(-EBUSY, recv_text(self->q.fd, "mine"));
	ASSERT_EQ(0, attr_get(self->q.fd, &attr));
	EXPECT_EQ(0, attr.depth);
	EXPECT_EQ(IPCQ_F_MAPPED, attr.flags);
	EXPECT_EQ(IPCQ_F_MAPPED, nl_queue(self->q.id).flags);
	mapped_close(&r);
	EXPECT_EQ(0, nl_queue(self->q.id).flags);
	EXPECT_EQ(-EAGAIN, recv_text(self->q.fd, "mine"));
}

static int try_as_stranger(void *arg)
{
	struct queue *q = arg;
	int fd;

	CHECK(become(STRANGER, STRANGER) == 0);
	fd = queue_open(q, O_RDWR);
	CHECK(fd >= 0);
	CHECK(ring_open(fd, ROOM, 0) == -EPERM);
	CHECK(ring_open(q->fd, ROOM, 0) == -EPERM);
	return 0;
}

static int receive_as_stranger(void *arg)
{
	struct mapped *r = arg;

	CHECK(become(STRANGER, STRANGER) == 0);
	CHECK(mapped_map(r) == 0);
	CHECK(mapped_wait(r, 0, 0) == 0);
	CHECK(mapped_text(r, "for a stranger") == 0);
	return 0;
}

TEST_F(ring, the_owner_decides_who_receives)
{
	struct mapped r = { .size = ROOM };

	EXPECT_EQ(0, child_run(try_as_stranger, &self->q));
	r.fd = ring_open(self->q.fd, ROOM, O_CLOEXEC);
	ASSERT_LE(0, r.fd);
	ASSERT_EQ(0, send_text(self->q.fd, "for a stranger"));
	EXPECT_EQ(0, child_run(receive_as_stranger, &r));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	close(r.fd);
}

TEST_F(ring, refuses_what_does_not_go_with_it)
{
	struct ipcq_attr order = { .mask = IPCQ_ATTR_ORDER, .order = IPCQ_ORDER_PRIORITY };
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 2 * LARGEST));
	EXPECT_EQ(-EBUSY, attr_set(self->q.fd, &order));
	EXPECT_EQ(-EBUSY, set_max_msg_size(self->q.fd, LARGEST + 1));
	EXPECT_EQ(-EBUSY, purge(self->q.fd));
	EXPECT_EQ(0, set_max_msg_size(self->q.fd, 1000));
	EXPECT_EQ(0, set_max_msgs(self->q.fd, 500));
	mapped_close(&r);
	EXPECT_EQ(0, purge(self->q.fd));
	EXPECT_EQ(0, attr_set(self->q.fd, &order));
	EXPECT_EQ(-EINVAL, ring_open(self->q.fd, ROOM, 0));
	ASSERT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_FIFO));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, LARGEST + 1));
	EXPECT_EQ(-EMSGSIZE, ring_open(self->q.fd, ROOM, 0));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, self->page));
	EXPECT_EQ(-EMSGSIZE, ring_open(self->q.fd, self->page, 0));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, self->page - 48));
	r.fd = ring_open(self->q.fd, self->page, 0);
	EXPECT_LE(0, r.fd);
	close(r.fd);
}

TEST_F(ring, bad_arguments)
{
	struct {
		struct ipcq_ring_open how;
		uint64_t more;
	} longer = { .how.size = ROOM };
	int fd, sender;

	EXPECT_EQ(-EINVAL, ring_open(self->q.fd, 0, 0));
	EXPECT_EQ(-EINVAL, ring_open(self->q.fd, self->page / 2, 0));
	EXPECT_EQ(-EINVAL, ring_open(self->q.fd, 3 * self->page, 0));
	EXPECT_EQ(-EINVAL, ring_open(self->q.fd, 2 * IPCQ_RING_MAX_SIZE, 0));
	EXPECT_EQ(-EINVAL, ring_open(self->q.fd, ROOM, O_RDWR));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(self->q.fd, IPCQ_IOC_RING, nowhere)));
	EXPECT_EQ(-EINVAL, RESULT(ioctl(self->q.fd, _IOW(IPCQ_IOC_MAGIC, 0x30, uint32_t),
					&longer)));
	longer.more = 1;
	EXPECT_EQ(-E2BIG, RESULT(ioctl(self->q.fd, _IOW(IPCQ_IOC_MAGIC, 0x30, longer),
				       &longer)));
	sender = queue_open(&self->q, O_WRONLY);
	ASSERT_LE(0, sender);
	EXPECT_EQ(-EBADF, ring_open(sender, ROOM, 0));
	close(sender);
	EXPECT_EQ(-ENOTTY, RESULT(ioctl(self->q.fd, IPCQ_IOC_RING_WAIT, &longer)));

	fd = ring_open(self->q.fd, ROOM, O_CLOEXEC | O_NONBLOCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR | O_NONBLOCK, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, RESULT(ioctl(fd, IPCQ_IOC_RING_WAIT,
					&(struct ipcq_ring_wait) { 0 })));
	EXPECT_EQ(-EINVAL, RESULT(ioctl(fd, IPCQ_IOC_RING_WAIT,
					&(struct ipcq_ring_wait) { .pad = 1 })));
	EXPECT_EQ(-EINVAL, RESULT(ioctl(fd, IPCQ_IOC_RING_WAIT, &(struct ipcq_ring_wait) {
				.flags = IPCQ_MSG_NOSIGNAL })));
	EXPECT_EQ(-EINVAL, RESULT(ioctl(fd, IPCQ_IOC_RING_WAIT, &(struct ipcq_ring_wait) {
				.timeout_ns = 1 })));
	EXPECT_EQ(-EFAULT, RESULT(ioctl(fd, IPCQ_IOC_RING_WAIT, nowhere)));
	EXPECT_EQ(-ENOTTY, RESULT(ioctl(fd, IPCQ_IOC_RING, &longer)));
	EXPECT_EQ(-ENOTTY, RESULT(ioctl(fd, IPCQ_IOC_RECV, &MSG(self->buf, 1))));
	EXPECT_GT(0, read(fd, self->buf, 1));
	EXPECT_GT(0, write(fd, "x", 1));
	close(fd);
}

/* Writing where one only may read. */

static sigjmp_buf after_fault;

static void on_fault(int signo)
{
	siglongjmp(after_fault, signo);
}

static int try_to_write(void *arg)
{
	volatile char *at = arg;

	signal(SIGSEGV, on_fault);
	if (sigsetjmp(after_fault, 1))
		return 0;
	*at = 1;
	return 1;
}

static int write_through_proc(void *at)
{
	int fd = RESULT(open("/proc/self/mem", O_RDWR | O_CLOEXEC)), err;

	if (fd < 0)
		return fd;
	err = RESULT(pwrite(fd, "x", 1, (uintptr_t)at));
	close(fd);
	return err;
}

TEST_F(ring, only_the_position_can_be_written)
{
	const size_t size = self->page + 2 * ROOM;
	struct mapped r;
	void *at;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, send_text(self->q.fd, "as it was"));
	EXPECT_EQ(1, try_to_write((void *)r.position));
	EXPECT_EQ(0, try_to_write((void *)r.shared));
	EXPECT_EQ(0, try_to_write((char *)r.records));
	EXPECT_EQ(0, try_to_write((char *)r.records + ROOM));
	EXPECT_EQ(-EACCES, RESULT(mprotect((void *)r.shared, size, PROT_READ | PROT_WRITE)));
	EXPECT_EQ(-EACCES, RESULT(mprotect((void *)r.records, self->page, PROT_WRITE)));
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r.fd, self->page);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(EACCES, errno);
	at = mmap(NULL, size, PROT_WRITE, MAP_SHARED, r.fd, self->page);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(EACCES, errno);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, r.fd, self->page);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(EINVAL, errno);
	at = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_PRIVATE, r.fd, 0);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(EINVAL, errno);
	/* As a debugger does. */
	EXPECT_GT(0, write_through_proc((void *)r.records));
	EXPECT_GT(0, write_through_proc((void *)r.shared));
	r.position->position = 0;
	EXPECT_EQ(0, mapped_text(&r, "as it was"));
	mapped_close(&r);
}

TEST_F(ring, what_can_be_mapped)
{
	struct mapped r = { .size = ROOM };
	void *at;

	r.fd = ring_open(self->q.fd, ROOM, O_CLOEXEC);
	ASSERT_LE(0, r.fd);
	/* The position alone. */
	at = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE, MAP_SHARED, r.fd, 0);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(EINVAL, errno);
	/* Not beyond the end. */
	at = mmap(NULL, 2 * self->page + 2 * ROOM, PROT_READ, MAP_SHARED, r.fd, self->page);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(EINVAL, errno);
	at = mmap(NULL, self->page, PROT_READ, MAP_SHARED, r.fd, 2 * self->page + 2 * ROOM);
	EXPECT_EQ(MAP_FAILED, at);
	EXPECT_EQ(EINVAL, errno);
	/* Less is possible, several times too. */
	at = mmap(NULL, self->page, PROT_READ, MAP_SHARED, r.fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(0, munmap(at, self->page));
	ASSERT_EQ(0, mapped_map(&r));
	at = mmap(NULL, self->page, PROT_READ, MAP_SHARED, r.fd, 2 * self->page);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, send_text(self->q.fd, "seen twice"));
	EXPECT_EQ(0, memcmp((char *)at + 48, "seen twice", 10));
	EXPECT_EQ(0, memcmp(r.records + 48, "seen twice", 10));
	EXPECT_EQ(0, memcmp(r.records + ROOM + 48, "seen twice", 10));
	EXPECT_EQ(0, munmap(at, self->page));
	EXPECT_EQ(0, mapped_text(&r, "seen twice"));
	/* Not larger afterwards. */
	at = mremap((void *)r.position, self->page, 2 * self->page, MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, at);
	mapped_close(&r);
}

TEST_F(ring, what_waits_comes_first)
{
	const struct ipcq_record *record;
	struct mapped r;
	uint64_t sent[3];

	for (int i = 0; i < 3; i++) {
		sent[i] = now_ns();
		ASSERT_EQ(0, send_painted(self->q.fd, self->buf, 1000 * i, i));
	}
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	EXPECT_EQ(3, nl_queue(self->q.id).depth);
	EXPECT_EQ(3000, nl_queue(self->q.id).bytes);
	EXPECT_LE(now_ns() - sent[1], nl_queue(self->q.id).oldest_ns);
	ASSERT_EQ(0, send_painted(self->q.fd, self->buf, 3000, 3));
	for (uint32_t i = 0; i < 4; i++) {
		record = mapped_next(&r);
		ASSERT_NE(NULL, record);
		EXPECT_EQ(i, record->type);
		EXPECT_EQ(i + 1, record->seq);
		EXPECT_EQ(1000 * i, record->size);
		EXPECT_EQ(getpid(), record->pid);
		if (i < 3)
			EXPECT_LE(sent[i], record->time_ns);
		EXPECT_TRUE(is_painted(record + 1, record->size, i));
		mapped_release(&r);
	}
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	mapped_close(&r);
}

TEST_F(ring, stays_out_if_too_small_for_what_waits)
{
	uint64_t charged;
	struct mapped r;

	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 1000));
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, send_painted(self->q.fd, self->buf, 1000, i));
	charged = nl_queue(self->q.id).bytes;
	EXPECT_EQ(-EBUSY, ring_open(self->q.fd, 4096, 0));
	EXPECT_EQ(charged, nl_queue(self->q.id).bytes);
	EXPECT_EQ(5, nl_queue(self->q.id).depth);
	/* All is as before. */
	ASSERT_EQ(0, send_painted(self->q.fd, self->buf, 1000, 5));
	for (uint32_t i = 0; i < 2; i++) {
		struct ipcq_msg msg = MSG(self->buf, LARGEST);

		ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
		EXPECT_EQ(i, msg.type);
	}
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 16384));
	for (uint32_t i = 2; i < 6; i++) {
		const struct ipcq_record *record = mapped_next(&r);

		ASSERT_NE(NULL, record);
		EXPECT_EQ(i, record->type);
	}
	mapped_close(&r);
	EXPECT_EQ(4, drain(self->q.fd));
}

TEST_F(ring, what_was_not_released_waits_in_the_queue_again)
{
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(0, msg_send(self->q.fd, &MSG(self->buf, i * 500, .type = i,
						       .prio = i)));
	for (int i = 0; i < 4; i++)
		ASSERT_NE(NULL, mapped_next(&r));
	mapped_release(&r);
	/* Seen, not released. */
	ASSERT_NE(NULL, mapped_next(&r));
	mapped_close(&r);
	EXPECT_EQ(6, nl_queue(self->q.id).depth);
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	ASSERT_EQ(0, send_text(self->q.fd, "afterwards"));
	for (uint32_t i = 4; i < 10; i++) {
		struct ipcq_msg msg = MSG(self->buf, LARGEST);

		ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
		EXPECT_EQ(i, msg.type);
		EXPECT_EQ(i, msg.prio);
		EXPECT_EQ(i + 1, msg.seq);
		EXPECT_EQ(i * 500, msg.size);
		EXPECT_EQ(getpid(), msg.pid);
		EXPECT_EQ(0, msg.lost);
	}
	EXPECT_EQ(0, recv_text(self->q.fd, "afterwards"));
	EXPECT_EQ(11, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

static int send_as_stranger(void *arg)
{
	char name[IPCQ_NAME_MAX + 20];
	int fd;

	CHECK(become(STRANGER, STRANGER + 1) == 0);
	fd = RESULT(open(queue_path(arg, name), O_WRONLY));
	CHECK(fd >= 0);
	CHECK(write(fd, "stranger", 8) == 8);
	return 0;
}

TEST_F(ring, tells_the_senders_apart)
{
	const struct ipcq_record *record;
	struct ipcq_msg msg;
	struct mapped r;
	pid_t pids[3];

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_text(self->q.fd, "mine"));
		pids[i] = child_start(send_as_stranger, &self->q);
		ASSERT_EQ(0, child_end(pids[i]));
	}
	for (int i = 0; i < 2; i++) {
		record = mapped_next(&r);
		ASSERT_NE(NULL, record);
		EXPECT_EQ(getpid(), record->pid);
		EXPECT_EQ(0, record->uid);
		record = mapped_next(&r);
		ASSERT_NE(NULL, record);
		EXPECT_EQ(pids[i], record->pid);
		EXPECT_EQ(STRANGER, record->uid);
		EXPECT_EQ(STRANGER + 1, record->gid);
	}
	mapped_release(&r);
	/* And so does the queue, of what it gets back. */
	mapped_close(&r);
	msg = MSG(self->buf, LARGEST);
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(0, msg.uid);
	msg = MSG(self->buf, LARGEST);
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(pids[2], msg.pid);
	EXPECT_EQ(STRANGER, msg.uid);
	EXPECT_EQ(STRANGER + 1, msg.gid);
}

static int receive_from_within(void *arg)
{
	const struct ipcq_record *record;
	struct queue *q = arg;
	struct mapped r;

	/* In a user namespace that knows nobody. */
	CHECK(unshare(CLONE_NEWUSER) == 0);
	CHECK(mapped_open(&r, q->fd, ROOM) == 0);
	for (int i = 0; i < 2; i++) {
		while (!(record = mapped_next(&r)))
			CHECK(mapped_wait(&r, 0, 0) == 0);
		CHECK(record->pid == (uint32_t)getppid());
		CHECK(record->uid == NOBODY);
		CHECK(record->gid == NOBODY);
	}
	return 0;
}

TEST_F(ring, senders_are_numbered_as_the_receiver_sees_them)
{
	struct ipcq_msg msg = MSG(self->buf, LARGEST);
	pid_t pid;

	ASSERT_EQ(0, send_text(self->q.fd, "before"));
	pid = child_start(receive_from_within, &self->q);
	ASSERT_TRUE(WAIT_UNTIL(has_ring(&self->q)));
	ASSERT_EQ(0, send_text(self->q.fd, "after"));
	ASSERT_EQ(0, child_end(pid));
	/* It was not released: here the sender has its name. */
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(0, msg.uid);
	EXPECT_EQ(0, recv_text(self->q.fd, "after"));
}

TEST_F(ring, goes_with_the_last_of_descriptors_and_mappings)
{
	struct mapped r;
	int copy;

	/* The descriptor goes first. */
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, close(r.fd));
	ASSERT_EQ(0, send_text(self->q.fd, "one"));
	EXPECT_EQ(0, memcmp(mapped_next(&r) + 1, "one", 3));
	EXPECT_TRUE(has_ring(&self->q));
	ASSERT_EQ(0, munmap((void *)r.shared, self->page + 2 * ROOM));
	EXPECT_TRUE(has_ring(&self->q));
	ASSERT_EQ(0, munmap((void *)r.position, self->page));
	EXPECT_EQ(0, recv_text(self->q.fd, "one"));
	/* The other way round. */
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, send_text(self->q.fd, "two"));
	ASSERT_EQ(0, munmap((void *)r.position, self->page));
	ASSERT_EQ(0, munmap((void *)r.shared, self->page + 2 * ROOM));
	EXPECT_TRUE(has_ring(&self->q));
	/* And it can be mapped again. */
	ASSERT_EQ(0, mapped_map(&r));
	EXPECT_EQ(0, mapped_text(&r, "two"));
	mapped_unmap(&r);
	copy = dup(r.fd);
	ASSERT_EQ(0, close(r.fd));
	EXPECT_TRUE(has_ring(&self->q));
	ASSERT_EQ(0, close(copy));
	EXPECT_FALSE(has_ring(&self->q));
	/* Piece by piece. */
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, close(r.fd));
	for (uint32_t at = 0; at < 2 * ROOM; at += 8 * self->page)
		ASSERT_EQ(0, munmap((char *)r.records + at, 4 * self->page));
	EXPECT_TRUE(has_ring(&self->q));
	mapped_unmap(&r);
	EXPECT_FALSE(has_ring(&self->q));
}

static int read_on(void *arg)
{
	struct mapped *r = arg;

	CHECK(mapped_text(r, "for the child") == 0);
	while (mapped_wait(r, 0, 0) == 0)
		CHECK(mapped_next(r));
	return 1;
}

TEST_F(ring, goes_on_in_a_child)
{
	struct mapped r;
	pid_t pid;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, send_text(self->q.fd, "for the child"));
	pid = child_start(read_on, &r);
	mapped_close(&r);
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	EXPECT_TRUE(has_ring(&self->q));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	kill(pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_end(pid));
	EXPECT_FALSE(has_ring(&self->q));
}

static int receive_for_ever(void *arg)
{
	struct queue *q = arg;
	struct mapped r;

	CHECK(mapped_open(&r, q->fd, ROOM) == 0);
	for (;;) {
		while (mapped_next(&r))
			mapped_release(&r);
		CHECK(mapped_wait(&r, 0, 0) == 0);
	}
}

TEST_F(ring, a_killed_receiver_loses_nothing)
{
	uint64_t sent = 0, back = 0;

	for (int i = 0; i < 30; i++) {
		pid_t pid = child_start(receive_for_ever, &self->q);
		struct nl_queue q;

		ASSERT_TRUE(WAIT_UNTIL(has_ring(&self->q)));
		for (int j = 0; j < 50 + 10 * i; j++, sent++)
			ASSERT_EQ(0, msg_send(self->q.fd, &MSG(self->buf, j % 200,
							       .type = sent)));
		kill(pid, SIGKILL);
		ASSERT_EQ(-SIGKILL, child_end(pid));
		q = nl_queue(self->q.id);
		ASSERT_EQ(sent, q.stats.counter[IPCQ_A_COUNTERS_SENT]);
		ASSERT_EQ(sent, q.stats.counter[IPCQ_A_COUNTERS_RECEIVED] + q.depth);
		/* What is left are the last ones. */
		for (uint64_t n = sent - q.depth; n < sent; n++, back++) {
			struct ipcq_msg msg = MSG(self->buf, LARGEST);

			ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
			ASSERT_EQ(n, msg.type);
		}
	}
	EXPECT_EQ(sent, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

/* Full */

TEST_F(ring, full_by_number)
{
	struct mapped r;

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 4));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	for (int round = 0; round < 10; round++) {
		EXPECT_EQ(4, fill(self->q.fd));
		EXPECT_EQ(IPCQ_RING_WANTED, r.shared->flags);
		/* Where nobody tells it, the kernel finds out with the next send. */
		ASSERT_NE(NULL, mapped_next(&r));
		r.position->position = r.next;
		EXPECT_EQ(0, send_text(self->q.fd, "fill"));
		EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "fill"));
		for (int i = 0; i < 4; i++)
			EXPECT_EQ(0, mapped_text(&r, "fill"));
		EXPECT_EQ(0, r.shared->flags);
	}
	mapped_close(&r);
}

TEST_F(ring, full_by_room)
{
	struct mapped r;
	int n;

	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 100));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, self->page));
	n = self->page / IPCQ_RECORD_SPACE(4);
	EXPECT_EQ(n, fill(self->q.fd));
	for (int i = 0; i < n; i++)
		EXPECT_EQ(0, mapped_text(&r, "fill"));
	EXPECT_EQ(-EAGAIN, mapped_text(&r, ""));
	/* Exactly full. */
	for (uint32_t i = 0; i < self->page / 64; i++)
		ASSERT_EQ(0, msg_send(self->q.fd, &MSG(self->buf, 16)));
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, ""));
	for (uint32_t i = 0; i < self->page / 64; i++)
		ASSERT_NE(NULL, mapped_next(&r));
	EXPECT_EQ(NULL, mapped_next(&r));
	mapped_release(&r);
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	mapped_close(&r);
}

TEST_F(ring, blocked_senders_come_in_their_order)
{
	struct call calls[5];
	struct mapped r;
	char text[2] = "a";

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 2));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	EXPECT_EQ(2, fill(self->q.fd));
	for (int i = 0; i < 5; i++) {
		text[0] = 'a' + i;
		ASSERT_EQ(0, i % 2 ? call_send(&calls[i], self->q.fd, text, MSG(NULL, 0)) :
				     call_write(&calls[i], self->q.fd, text));
		ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == (uint32_t)i + 1));
	}
	EXPECT_EQ(IPCQ_RING_WANTED, r.shared->flags);
	EXPECT_EQ(0, mapped_text(&r, "fill"));
	EXPECT_LE(0, call_end(&calls[0]));
	EXPECT_EQ(4, blocked_senders(&self->q));
	EXPECT_EQ(0, mapped_text(&r, "fill"));
	EXPECT_LE(0, call_end(&calls[1]));
	for (int i = 0; i < 5; i++) {
		text[0] = 'a' + i;
		EXPECT_EQ(0, mapped_text(&r, text));
	}
	for (int i = 2; i < 5; i++)
		EXPECT_LE(0, call_end(&calls[i]));
	EXPECT_EQ(0, r.shared->flags);
	mapped_close(&r);
}

TEST_F(ring, blocked_senders_come_in_when_it_goes)
{
	struct mapped r;
	struct call c;

	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 1000));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, self->page));
	EXPECT_EQ(self->page / IPCQ_RECORD_SPACE(4), fill(self->q.fd));
	ASSERT_EQ(0, call_write(&c, self->q.fd, "late"));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	mapped_close(&r);
	EXPECT_EQ(4, call_end(&c));
	EXPECT_EQ(self->page / IPCQ_RECORD_SPACE(4) + 1, drain(self->q.fd));
}

TEST_F(ring, poll_for_room)
{
	struct pollfd pfd = { .fd = self->q.fd, .events = POLLOUT };
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct mapped r;

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 1));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->q.fd, &event));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	/* Whoever polls has asked for it. */
	EXPECT_EQ(IPCQ_RING_WANTED, r.shared->flags);
	EXPECT_EQ(0, mapped_text(&r, "x"));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(0, r.shared->flags);
	close(epoll);
	mapped_close(&r);
}

/* Waiting */

struct waiting {
	pthread_t thread;
	struct mapped *r;
	uint32_t flags;
	int64_t timeout_ns;
	int result;
};

static void *wait_main(void *arg)
{
	struct waiting *w = arg;

	w->result = mapped_wait(w->r, w->flags, w->timeout_ns);
	return NULL;
}

#define WAIT_FOR_RECORD(w, r_)						\
	do {								\
		*(w) = (struct waiting) { .r = (r_) };			\
		ASSERT_EQ(0, pthread_create(&(w)->thread, NULL, wait_main, (w)));	\
		ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));		\
	} while (0)

static int waited(struct waiting *w)
{
	pthread_join(w->thread, NULL);
	return w->result;
}

static int send_two(int fd)
{
	_Alignas(8) char records[2 * IPCQ_RECORD_SPACE(1)];
	struct batch b = { .records = records };

	*(char *)(batch_add(&b, 1, 0) + 1) = '1';
	*(char *)(batch_add(&b, 1, 0) + 1) = '2';
	return batch_send(fd, &b, 0);
}

TEST_F(ring, wait_for_a_record)
{
	const struct iovec iov = { "vec", 3 };
	struct waiting w;
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 2 * LARGEST));
	EXPECT_EQ(-EAGAIN, mapped_wait(&r, IPCQ_MSG_NONBLOCK, 0));
	EXPECT_EQ(-ETIMEDOUT, mapped_wait(&r, IPCQ_MSG_TIMEOUT, MS));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECV_EMPTY));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECV_TIMEOUT));
	WAIT_FOR_RECORD(&w, &r);
	ASSERT_EQ(1, write(self->q.fd, "w", 1));
	EXPECT_EQ(0, waited(&w));
	EXPECT_EQ(0, mapped_wait(&r, 0, 0));
	EXPECT_EQ(0, mapped_text(&r, "w"));
	WAIT_FOR_RECORD(&w, &r);
	ASSERT_EQ(3, writev(self->q.fd, &iov, 1));
	EXPECT_EQ(0, waited(&w));
	EXPECT_EQ(0, mapped_text(&r, "vec"));
	WAIT_FOR_RECORD(&w, &r);
	ASSERT_EQ(0, send_painted(self->q.fd, self->buf, LARGEST, 1));
	EXPECT_EQ(0, waited(&w));
	ASSERT_NE(NULL, mapped_next(&r));
	mapped_release(&r);
	mapped_release(&r);
	WAIT_FOR_RECORD(&w, &r);
	ASSERT_EQ(2, send_two(self->q.fd));
	EXPECT_EQ(0, waited(&w));
	EXPECT_EQ(0, mapped_text(&r, "1"));
	EXPECT_EQ(0, mapped_text(&r, "2"));
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_RECEIVER_WAKEUPS));
	mapped_close(&r);
}

static void on_alarm(int signo)
{
	(void)signo;
}

TEST_F(ring, wait_and_be_interrupted)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct waiting w;
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	WAIT_FOR_RECORD(&w, &r);
	pthread_kill(w.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, waited(&w));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECV_INTERRUPTED));
	mapped_close(&r);
}

TEST_F(ring, end_of_file)
{
	struct queue q;
	struct mapped r;
	int in, out;

	ASSERT_EQ(0, queue_make_anonymous(&q, NULL, O_RDWR | O_CLOEXEC));
	in = queue_open_end(q.fd, O_RDONLY);
	out = queue_open_end(q.fd, O_WRONLY);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	close(q.fd);
	q.fd = -1;
	ASSERT_EQ(0, mapped_open(&r, in, ROOM));
	/* The ring is a receiver by itself. */
	close(in);
	ASSERT_EQ(4, write(out, "last", 4));
	EXPECT_EQ(0, mapped_wait(&r, 0, 0));
	close(out);
	EXPECT_EQ(POLLIN | POLLHUP, ({
		struct pollfd pfd = { .fd = r.fd, .events = POLLIN };

		poll(&pfd, 1, 0);
		pfd.revents;
	}));
	EXPECT_EQ(0, mapped_wait(&r, 0, 0));
	EXPECT_EQ(0, mapped_text(&r, "last"));
	EXPECT_EQ(-EPIPE, mapped_wait(&r, 0, 0));
	mapped_close(&r);
	EXPECT_EQ(0, queue_end(&q));
}

TEST_F(ring, hang_up_while_it_waits)
{
	struct waiting w;
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	WAIT_FOR_RECORD(&w, &r);
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(-EPIPE, waited(&w));
	EXPECT_EQ(-EPIPE, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, shut(self->q.fd, 0));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_RECV));
	EXPECT_EQ(-EPIPE, mapped_wait(&r, 0, 0));
	ASSERT_EQ(0, shut(self->q.fd, 0));
	EXPECT_EQ(0, mapped_wait(&r, 0, 0));
	EXPECT_EQ(0, mapped_text(&r, "x"));
	mapped_close(&r);
}

TEST_F(ring, broken_pipe_when_it_goes)
{
	struct queue q;
	struct mapped r;
	int in, out;

	ASSERT_EQ(0, queue_make_anonymous(&q, NULL, O_RDWR | O_CLOEXEC));
	in = queue_open_end(q.fd, O_RDONLY);
	out = queue_open_end(q.fd, O_WRONLY);
	close(q.fd);
	q.fd = -1;
	ASSERT_EQ(0, mapped_open(&r, in, ROOM));
	close(in);
	EXPECT_EQ(0, send_text(out, "x"));
	mapped_close(&r);
	EXPECT_EQ(-EPIPE, send_text(out, "x"));
	close(out);
	EXPECT_EQ(0, queue_end(&q));
}

TEST_F(ring, poll_for_a_record)
{
	struct pollfd pfd = { .events = POLLIN };
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, r.fd, &event));
	pfd.fd = r.fd;
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_text(self->q.fd, "x"));
		EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
		EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	}
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(POLLIN, pfd.revents);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(1, poll(&pfd, 1, 0));
		EXPECT_EQ(0, mapped_text(&r, "x"));
	}
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	close(epoll);
	mapped_close(&r);
}

TEST_F(ring, notice_of_a_record)
{
	struct ipcq_notify notify = { .how = IPCQ_NOTIFY_FD, .open_flags = O_NONBLOCK };
	struct ipcq_arrival arrival = {};
	struct mapped r;
	int fd;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	fd = ioctl(self->q.fd, IPCQ_IOC_NOTIFY, &notify);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(-EAGAIN, RESULT(read(fd, &arrival, sizeof(arrival))));
	EXPECT_EQ(0, mapped_text(&r, "x"));
	EXPECT_EQ(0, mapped_text(&r, "x"));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(sizeof(arrival), read(fd, &arrival, sizeof(arrival)));
	EXPECT_EQ(getpid(), arrival.pid);
	close(fd);
	mapped_close(&r);
}

TEST_F(ring, levels_are_told)
{
	struct mapped r;
	int events;

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 10));
	events = nl_listen();
	ASSERT_LE(0, events);
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(IPCQ_CMD_HIGH_WATER_NTF, nl_event(events));
	EXPECT_EQ(8, nl_queue(self->q.id).peak_depth);
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(0, mapped_text(&r, "x"));
	/* The kernel learns of it with the next call. */
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(IPCQ_CMD_NORMAL_NTF, nl_event(events));
	EXPECT_EQ(8, nl_queue(self->q.id).peak_depth);
	close(events);
	mapped_close(&r);
}

TEST_F(ring, a_reset_leaves_the_books_in_order)
{
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, send_text(self->q.fd, "x"));
	for (int i = 0; i < 2; i++)
		ASSERT_NE(NULL, mapped_next(&r));
	mapped_release(&r);
	ASSERT_EQ(0, nl_reset(self->q.id, IPCQ_RESET_PEAK | IPCQ_RESET_COUNTERS));
	EXPECT_EQ(3, nl_queue(self->q.id).peak_depth);
	EXPECT_EQ(3, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(0, nl_books(self->q.id));
	EXPECT_EQ(0, nl_books_of_totals());
	mapped_close(&r);
	EXPECT_EQ(3, drain(self->q.fd));
}

/* Senders whose memory is not there */

TEST_F(ring, a_send_that_faults_has_sent_nothing)
{
	char *half = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mapped r;

	ASSERT_NE(MAP_FAILED, half);
	ASSERT_EQ(0, mprotect(half + self->page, self->page, PROT_NONE));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	EXPECT_EQ(-EFAULT, RESULT(write(self->q.fd, nowhere, 10)));
	EXPECT_EQ(-EFAULT, RESULT(write(self->q.fd, half + self->page - 5, 10)));
	EXPECT_EQ(-EFAULT, RESULT(write(self->q.fd, half + self->page - 600, 5000)));
	EXPECT_EQ(-EFAULT, RESULT(write(self->q.fd, (void *)-4096l, 100)));
	EXPECT_EQ(-EFAULT, msg_send(self->q.fd, &MSG(nowhere, 3)));
	EXPECT_EQ(NULL, mapped_next(&r));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	ASSERT_EQ(0, send_text(self->q.fd, "whole"));
	EXPECT_EQ(0, mapped_text(&r, "whole"));
	/* Memory that has never been touched is memory. */
	ASSERT_EQ(0, madvise(half, self->page, MADV_DONTNEED));
	EXPECT_EQ(100, write(self->q.fd, half, 100));
	ASSERT_NE(NULL, mapped_next(&r));
	mapped_release(&r);
	mapped_close(&r);
	munmap(half, 2 * self->page);
}

static void *send_slowly(void *arg)
{
	struct call *call = arg;

	call->result = msg_send(call->fd, &call->msg);
	return NULL;
}

static void *recv_slowly(void *arg)
{
	struct call *call = arg;

	call->result = msg_recv(call->fd, &call->msg);
	return NULL;
}

TEST_F(ring, a_slow_sender_holds_nobody_up)
{
	struct slow_page page;
	struct mapped r;
	struct call c;
	pthread_t thread;
	int err = slow_page(&page, self->page);

	if (err)
		SKIP(return, "no userfaultfd: %s", strerror(-err));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	c = (struct call) { .fd = self->q.fd, .msg = MSG(page.at, 20) };
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_slowly, &c));
	ASSERT_TRUE(slow_page_is_touched(&page));
	EXPECT_EQ(NULL, mapped_next(&r));
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, send_text(self->q.fd, "fast"));
		ASSERT_EQ(0, mapped_text(&r, "fast"));
	}
	ASSERT_EQ(0, slow_page_grant(&page));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, c.result);
	EXPECT_EQ(20, mapped_next(&r)->size);
	mapped_release(&r);
	mapped_close(&r);
}

TEST_F(ring, what_another_receiver_gives_back_comes_in)
{
	struct slow_page page;
	struct mapped r;
	struct call c, recv;
	pthread_t thread;
	int err = slow_page(&page, self->page);

	if (err)
		SKIP(return, "no userfaultfd: %s", strerror(-err));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, self->page - 48));
	ASSERT_EQ(0, send_painted(self->q.fd, self->buf, 1000, 1));
	recv = (struct call) { .fd = self->q.fd, .msg = MSG(page.at, self->page) };
	ASSERT_EQ(0, pthread_create(&thread, NULL, recv_slowly, &recv));
	ASSERT_TRUE(slow_page_is_touched(&page));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, self->page));
	/* There is no room for what comes back. */
	for (int i = 2; !(err = send_painted(self->q.fd, self->buf, 500, i)); i++)
		;
	EXPECT_EQ(-EAGAIN, err);
	ASSERT_EQ(0, slow_page_refuse(&page));
	pthread_join(thread, NULL);
	EXPECT_EQ(-EFAULT, recv.result);
	EXPECT_EQ(0, nl_books(self->q.id));
	ASSERT_EQ(0, call_write(&c, self->q.fd, "new"));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(2, mapped_next(&r)->type);
	mapped_release(&r);
	/* Not before there is room for all of it, and nobody overtakes it. */
	EXPECT_EQ(1, blocked_senders(&self->q));
	ASSERT_EQ(3, mapped_next(&r)->type);
	mapped_release(&r);
	EXPECT_EQ(3, call_end(&c));
	for (const struct ipcq_record *record; (record = mapped_next(&r)); ) {
		if (record->type != 1)
			continue;
		EXPECT_EQ(1000, record->size);
		EXPECT_EQ(1, record->seq);
		EXPECT_TRUE(is_painted(record + 1, 1000, 1));
		mapped_release(&r);
		EXPECT_EQ(0, mapped_text(&r, "new"));
		EXPECT_EQ(NULL, mapped_next(&r));
		goto found;
	}
	EXPECT_TRUE(false) TH_LOG("it has not come in");
found:
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	mapped_close(&r);
}

TEST_F(ring, what_could_not_come_in_goes_back)
{
	struct slow_page page;
	struct ipcq_msg msg;
	struct mapped r;
	struct call recv;
	pthread_t thread;
	int err = slow_page(&page, self->page), n;

	if (err)
		SKIP(return, "no userfaultfd: %s", strerror(-err));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 1000));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, send_painted(self->q.fd, self->buf, 1000, i));
	recv = (struct call) { .fd = self->q.fd, .msg = MSG(page.at, self->page) };
	ASSERT_EQ(0, pthread_create(&thread, NULL, recv_slowly, &recv));
	ASSERT_TRUE(slow_page_is_touched(&page));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, self->page));
	for (n = 3; !send_painted(self->q.fd, self->buf, 900, n); n++)
		;
	ASSERT_EQ(0, slow_page_refuse(&page));
	pthread_join(thread, NULL);
	EXPECT_EQ(-EFAULT, recv.result);
	mapped_close(&r);
	for (int i = 0; i < n; i++) {
		msg = MSG(self->buf, LARGEST);
		ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
		EXPECT_EQ(i, (int)msg.type);
	}
	EXPECT_EQ(-EAGAIN, recv_text(self->q.fd, ""));
}

TEST_F(ring, what_is_too_large_for_it_waits)
{
	struct slow_page page;
	struct call recv;
	struct mapped r;
	pthread_t thread;
	int err = slow_page(&page, 2 * self->page);

	if (err)
		SKIP(return, "no userfaultfd: %s", strerror(-err));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, self->page));
	ASSERT_EQ(0, send_painted(self->q.fd, self->buf, self->page, 1));
	recv = (struct call) { .fd = self->q.fd, .msg = MSG(page.at, 2 * self->page) };
	ASSERT_EQ(0, pthread_create(&thread, NULL, recv_slowly, &recv));
	ASSERT_TRUE(slow_page_is_touched(&page));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 1000));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, self->page));
	ASSERT_EQ(0, slow_page_refuse(&page));
	pthread_join(thread, NULL);
	EXPECT_EQ(-EFAULT, recv.result);
	/* It is in nobody's way. */
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	EXPECT_EQ(-EAGAIN, mapped_wait(&r, IPCQ_MSG_NONBLOCK, 0));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, mapped_wait(&r, IPCQ_MSG_NONBLOCK, 0));
	EXPECT_EQ(0, mapped_text(&r, "x"));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(-EPIPE, mapped_wait(&r, 0, 0));
	mapped_close(&r);
	recv.msg = MSG(self->buf, LARGEST);
	ASSERT_EQ(0, msg_recv(self->q.fd, &recv.msg));
	EXPECT_EQ(self->page, recv.msg.size);
	EXPECT_EQ(1, recv.msg.type);
}

#define HOLDERS		300
#define HELD		32

struct holder {
	pthread_t thread;
	int fd;
	struct ipcq_batch batch;
	int result;
};

static void *hold_batch(void *arg)
{
	struct holder *h = arg;

	h->result = RESULT(ioctl(h->fd, IPCQ_IOC_RECV_BATCH, &h->batch));
	return NULL;
}

/* Many come back while there is no room, some of them too large: all of them, and soon. */
TEST_F(ring, what_many_give_back_goes_back)
{
	const size_t room = 2 * self->page;
	uint64_t began, ended, sent_ns;
	struct holder holders[HOLDERS];
	int received = 0, sent = HOLDERS * HELD;
	bool seen[HOLDERS * HELD] = {};
	struct slow_page pages;
	struct ipcq_msg msg;
	pthread_attr_t attr;
	struct mapped r;
	int err = slow_page(&pages, HOLDERS * room);

	if (err)
		SKIP(return, "no userfaultfd: %s", strerror(-err));
	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
			.mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 2 * sent }));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, self->page));
	began = now_ns();
	for (int i = 0; i < sent; i++)
		ASSERT_EQ(0, send_painted(self->q.fd, self->buf, i % HELD ? 0 : self->page, i));
	ended = now_ns();

	ASSERT_EQ(0, pthread_attr_init(&attr));
	ASSERT_EQ(0, pthread_attr_setstacksize(&attr, 64 << 10));
	for (int i = 0; i < HOLDERS; i++) {
		holders[i] = (struct holder) {
			.fd = self->q.fd,
			.batch = { .records = (uintptr_t)(pages.at + i * room), .size = room,
				   .count = HELD },
		};
		ASSERT_EQ(0, pthread_create(&holders[i].thread, &attr, hold_batch,
					    &holders[i]));
	}
	ASSERT_TRUE(WAIT_UNTIL(!nl_queue(self->q.id).depth));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 100));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, self->page));
	for (; !(err = send_painted(self->q.fd, self->buf, 0, sent)); sent++)
		;
	EXPECT_EQ(-EAGAIN, err);

	ASSERT_EQ(0, slow_page_refuse(&pages));
	for (int i = 0; i < HOLDERS; i++) {
		pthread_join(holders[i].thread, NULL);
		EXPECT_EQ(-EFAULT, holders[i].result);
	}
	EXPECT_EQ(sent, (int)nl_queue(self->q.id).depth);
	/* The lock is held while they go back: in less time than it took to send them. */
	sent_ns = ended - began;
	began = now_ns();
	mapped_close(&r);
	ended = now_ns();
	EXPECT_LT(ended - began, sent_ns);

	for (; msg = MSG(self->buf, LARGEST, .flags = IPCQ_MSG_NONBLOCK),
	       !msg_recv(self->q.fd, &msg); received++) {
		if (received < HOLDERS * HELD) {
			ASSERT_LT((int)msg.type, HOLDERS * HELD);
			ASSERT_FALSE(seen[msg.type]);
			seen[msg.type] = true;
		} else {
			ASSERT_GE((int)msg.type, HOLDERS * HELD);
		}
	}
	EXPECT_EQ(sent, received);
}

/* Memory */

static int make_rings(void *arg)
{
	struct queue q, other;
	struct mapped r;

	(void)arg;
	CHECK(become(STRANGER, STRANGER) == 0);
	CHECK(queue_make_anonymous(&q, NULL, O_RDWR) == 0);
	CHECK(queue_make_anonymous(&other, NULL, O_RDWR) == 0);
	/* What it takes is more than the records. */
	CHECK(ring_open(q.fd, 1 << 20, 0) == -EDQUOT);
	CHECK(mapped_open(&r, q.fd, 1 << 19) == 0);
	CHECK(ring_open(other.fd, 1 << 19, 0) == -EDQUOT);
	/* What is in it is charged to no sender. */
	for (int i = 0; i < 1000; i++)
		CHECK(send_text(q.fd, "this is not charged to whoever sends it") == 0);
	for (int i = 0; i < 1000; i++)
		CHECK(mapped_text(&r, "this is not charged to whoever sends it") == 0);
	mapped_close(&r);
	for (int i = 0; i < 100; i++) {
		CHECK(mapped_open(&r, other.fd, 1 << 19) == 0);
		mapped_close(&r);
	}
	return 0;
}

TEST_F(ring, its_memory_is_charged)
{
	char bytes[32];

	ASSERT_EQ(0, param_get("user_bytes", bytes, sizeof(bytes)));
	ASSERT_EQ(0, param_set("user_bytes", "1048576"));
	EXPECT_EQ(0, child_run(make_rings, NULL));
	EXPECT_EQ(0, param_set("user_bytes", bytes));
}

static int fill_and_go(void *arg)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_MSG_SIZE,
		.max_msgs = 60000,
		.max_msg_size = 1000,
	};
	uint32_t size = 4 * sysconf(_SC_PAGESIZE);
	int n = size / IPCQ_RECORD_SPACE(4);
	struct mapped r;
	struct queue q;

	(void)arg;
	CHECK(become(STRANGER, STRANGER) == 0);
	CHECK(queue_make_anonymous(&q, &attr, O_RDWR) == 0);
	CHECK(mapped_open(&r, q.fd, size) == 0);
	CHECK(fill(q.fd) == n);
	mapped_close(&r);
	/* They are all there, and nothing more can be sent. */
	CHECK(send_text(q.fd, "more") == -EDQUOT);
	CHECK(drain(q.fd) == n);
	CHECK(send_text(q.fd, "more") == 0);
	CHECK(recv_text(q.fd, "more") == 0);
	return 0;
}

TEST_F(ring, goes_back_beyond_the_quota)
{
	char bytes[32], least[32];

	ASSERT_EQ(0, param_get("user_bytes", bytes, sizeof(bytes)));
	/* Enough for the ring. */
	snprintf(least, sizeof(least), "%u", 10 * self->page);
	ASSERT_EQ(0, param_set("user_bytes", least));
	EXPECT_EQ(0, child_run(fill_and_go, NULL));
	EXPECT_EQ(0, param_set("user_bytes", bytes));
}

/* Hostile receivers */

TEST_F(ring, a_position_that_is_none)
{
	struct pollfd pfd = { .events = POLLIN };
	const struct ipcq_record *record;
	uint32_t ends[6] = { 0 };
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	pfd.fd = r.fd;
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, send_painted(self->q.fd, self->buf, 10 * i, i));
		ASSERT_NE(NULL, mapped_next(&r));
		ends[i + 1] = r.next;
	}

	const uint32_t wrong[] = {
		-1u, -8u, ends[5] + 1, ends[5] + 8, ROOM, ROOM + ends[1], 1u << 31,
		ends[5] + 0x10000, 0x7fffffff,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		r.position->position = wrong[i];
		EXPECT_EQ(-EPROTO, mapped_wait(&r, 0, 0)) TH_LOG("%x", wrong[i]);
		EXPECT_EQ(1, poll(&pfd, 1, 0));
		EXPECT_EQ(POLLIN | POLLERR, pfd.revents);
		EXPECT_EQ(5, nl_queue(self->q.id).depth);
	}
	/* Within a record: those before it are received. */
	r.position->position = ends[2] + 8;
	EXPECT_EQ(-EPROTO, mapped_wait(&r, 0, 0));
	EXPECT_EQ(3, nl_queue(self->q.id).depth);
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	/* Not back again. */
	r.position->position = ends[1];
	EXPECT_EQ(-EPROTO, mapped_wait(&r, 0, 0));
	r.position->position = 0;
	EXPECT_EQ(-EPROTO, mapped_wait(&r, 0, 0));
	ASSERT_EQ(0, send_text(self->q.fd, "sent nonetheless"));
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
	/* What is right is believed again. */
	r.position->position = ends[4];
	EXPECT_EQ(0, mapped_wait(&r, 0, 0));
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
	r.next = ends[4];
	record = mapped_next(&r);
	ASSERT_NE(NULL, record);
	EXPECT_EQ(4, record->type);
	mapped_release(&r);
	EXPECT_EQ(0, mapped_text(&r, "sent nonetheless"));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	mapped_close(&r);
}

TEST_F(ring, a_wrong_position_at_the_end_loses_nothing)
{
	struct mapped r;

	ASSERT_EQ(0, mapped_open(&r, self->q.fd, ROOM));
	for (int i = 0; i < 5; i++)
		ASSERT_EQ(0, send_text(self->q.fd, "kept"));
	r.position->position = 0xdeadbeef;
	mapped_close(&r);
	EXPECT_EQ(5, nl_queue(self->q.id).depth);
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(0, recv_text(self->q.fd, "kept"));
}

/**
 * struct storm - a receiver that writes what it likes while others send
 * @q: the queue
 * @r: the ring
 * @end: it is over
 * @sent: how many have been sent
 */
struct storm {
	struct queue *q;
	struct mapped r;
	atomic_bool end;
	atomic_ulong sent;
};

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *storm_position(void *arg)
{
	struct storm *s = arg;
	uint64_t random = 88172645463325252ull;
	uint32_t last = 0;

	while (!atomic_load(&s->end)) {
		uint64_t dice = random_next(&random);
		uint32_t head = s->r.shared->head;

		switch (dice % 8) {
		case 0:
			s->r.position->position = dice >> 32;
			break;
		case 1:
			s->r.position->position = head + (dice >> 40) % 4096;
			break;
		case 2:
			s->r.position->position = head - (dice >> 40) % 8192;
			break;
		case 3:
			s->r.position->position = last - (dice >> 40) % 4096;
			break;
		case 4:
			s->r.position->position = (head - (dice >> 40) % 8192) & ~7u;
			break;
		case 5:
			last = head;
			s->r.position->position = head;
			break;
		default:
			s->r.position->position = last;
		}
		if (!(dice >> 20 & 63))
			mapped_wait(&s->r, IPCQ_MSG_NONBLOCK, 0);
	}
	return NULL;
}

static void *storm_send(void *arg)
{
	struct storm *s = arg;
	uint64_t random = (uintptr_t)&random | 1;
	char buf[3000];

	memset(buf, 'x', sizeof(buf));
	while (!atomic_load(&s->end)) {
		size_t size = random_next(&random) % (random & 1 ? 100 : sizeof(buf));
		uint32_t flags = random & 2 ? IPCQ_MSG_NONBLOCK : 0;
		int err = msg_send(s->q->fd, &MSG(buf, size, .flags = flags));

		if (!err)
			atomic_fetch_add(&s->sent, 1);
		else if (err != -EAGAIN)
			return (void *)(intptr_t)err;
	}
	return NULL;
}

/* Receive properly until a thread has ended; those that block get room so. */
static void *storm_end(struct storm *s, pthread_t thread)
{
	void *result;

	while (pthread_tryjoin_np(thread, &result)) {
		s->r.position->position = s->r.shared->head;
		mapped_wait(&s->r, IPCQ_MSG_NONBLOCK, 0);
		sched_yield();
	}
	return result;
}

TEST_F_TIMEOUT(ring, hurts_only_itself, 200)
{
	struct storm s = { .q = &self->q };
	pthread_t threads[3];
	void *result;

	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 4000));
	for (int round = 0; round < 3; round++) {
		atomic_store(&s.end, false);
		ASSERT_EQ(0, mapped_open(&s.r, self->q.fd, 8192 << round));
		ASSERT_EQ(0, pthread_create(&threads[0], NULL, storm_position, &s));
		ASSERT_EQ(0, pthread_create(&threads[1], NULL, storm_send, &s));
		ASSERT_EQ(0, pthread_create(&threads[2], NULL, storm_send, &s));
		for (int i = 0; i < 300; i++) {
			struct nl_queue q = nl_queue(self->q.id);

			ASSERT_EQ(0, q.err);
			ASSERT_EQ(q.stats.counter[IPCQ_A_COUNTERS_SENT],
				  q.stats.counter[IPCQ_A_COUNTERS_RECEIVED] + q.depth);
			ASSERT_EQ(q.stats.counter[IPCQ_A_COUNTERS_SENT_BYTES],
				  q.stats.counter[IPCQ_A_COUNTERS_RECEIVED_BYTES] + q.bytes);
			ASSERT_GE(8192 << round, q.bytes + 48 * q.depth);
			sched_yield();
		}
		atomic_store(&s.end, true);
		for (int i = 0; i < 3; i++) {
			result = storm_end(&s, threads[i]);
			EXPECT_EQ(NULL, result) TH_LOG("error %ld", (long)result);
		}
		EXPECT_EQ(atomic_load(&s.sent), counted(&self->q, IPCQ_A_COUNTERS_SENT));
		mapped_close(&s.r);
		EXPECT_LE(0, drain(self->q.fd));
		EXPECT_EQ(atomic_load(&s.sent), counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	}
}

/* Many senders */

#define SENDERS		4
#define EACH		3000

static int send_many(void *arg)
{
	struct queue *q = arg;
	uint64_t random = getpid() * 2654435761u + 1;
	char buf[9000];
	int fd = queue_open(q, O_WRONLY);

	CHECK(fd >= 0);
	for (uint32_t i = 0; i < EACH; i++) {
		size_t size = random_next(&random) % (i % 16 ? 200 : sizeof(buf));

		paint(buf, size, i);
		CHECK(msg_send(fd, &MSG(buf, size, .type = i)) == 0);
	}
	return 0;
}

TEST_F_TIMEOUT(ring, many_senders, 200)
{
	uint32_t next[SENDERS] = { 0 }, total = 0, unreleased = 0;
	const struct ipcq_record *record;
	pid_t pids[SENDERS];
	uint64_t seq = 0;
	struct mapped r;
	int i;

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 50));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 9000));
	ASSERT_EQ(0, mapped_open(&r, self->q.fd, 65536));
	for (i = 0; i < SENDERS; i++)
		pids[i] = child_start(send_many, &self->q);
	while (total < SENDERS * EACH) {
		record = mapped_next(&r);
		if (!record) {
			mapped_release(&r);
			ASSERT_EQ(0, mapped_wait(&r, 0, 0));
			continue;
		}
		total++;
		ASSERT_EQ(++seq, record->seq);
		for (i = 0; i < SENDERS && record->pid != (uint32_t)pids[i]; i++)
			;
		ASSERT_LT(i, SENDERS);
		ASSERT_EQ(next[i]++, record->type);
		ASSERT_TRUE(is_painted(record + 1, record->size, record->type));
		if (++unreleased == 7) {
			mapped_release(&r);
			unreleased = 0;
		}
	}
	mapped_release(&r);
	EXPECT_EQ(NULL, mapped_next(&r));
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, child_end(pids[i]));
	EXPECT_EQ(SENDERS * EACH, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	mapped_close(&r);
}

static int come_and_go(void *arg)
{
	uint64_t random = getpid() * 2654435761u + 1;
	struct queue *q = arg;
	struct mapped r;

	for (;;) {
		int err = mapped_open(&r, q->fd, 65536);

		if (err == -EBUSY) {
			drain(q->fd);
			continue;
		}
		CHECK(err == 0);
		for (int i = random_next(&random) % 50; i; i--) {
			if (mapped_next(&r))
				mapped_release(&r);
			else
				mapped_wait(&r, IPCQ_MSG_NONBLOCK, 0);
		}
		mapped_close(&r);
	}
}

static int send_on(void *arg)
{
	uint64_t random = getpid() * 2654435761u + 1;
	char buf[3000] = { 0 };
	struct queue *q = arg;

	for (int i = 0; i < EACH; i++) {
		size_t size = random_next(&random) % sizeof(buf);

		CHECK(msg_send(q->fd, &MSG(buf, size)) == 0);
	}
	return 0;
}

TEST_F_TIMEOUT(ring, comes_and_goes_while_others_send, 200)
{
	pid_t senders[3], receivers[2];

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 20));
	ASSERT_EQ(0, set_max_msg_size(self->q.fd, 3000));
	for (int i = 0; i < 2; i++)
		receivers[i] = child_start(come_and_go, &self->q);
	for (int i = 0; i < 3; i++)
		senders[i] = child_start(send_on, &self->q);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, child_end(senders[i]));
	for (int i = 0; i < 2; i++) {
		kill(receivers[i], SIGKILL);
		EXPECT_EQ(-SIGKILL, child_end(receivers[i]));
	}
	EXPECT_EQ(0, nl_books(self->q.id));
	EXPECT_LE(0, drain(self->q.fd));
	EXPECT_EQ(3 * EACH, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(3 * EACH, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_HARNESS_MAIN
