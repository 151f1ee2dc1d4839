// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a message is used again for the next one: nobody may see what was in
 * it, nobody may pay for it twice, and it must be given back.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define LARGEST	(3 * 4096)
#define SHRINK	"/sys/kernel/slab/ipcq_message/shrink"

/* Payloads within a message, in a buffer of their own, and at every edge of these. */
static const size_t sizes[] = {
	0, 1, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 96, 127, 128, 129, 200, 831, 832, 833,
	1000, 2048, 2049, 4095, 4096, 4097, 8192, LARGEST,
};

#define NR_SIZES (sizeof(sizes) / sizeof(*sizes))

FIXTURE(recycle) {
	struct queue q;
	size_t page;
	char *buf;	/* LARGEST bytes and more */
	char *nothing;	/* where a buffer ends */
};

FIXTURE_SETUP(recycle)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MAX_MSGS,
		.max_msg_size = LARGEST,
		.max_msgs = 1000,
	};
	size_t room = 4 * LARGEST;

	self->page = sysconf(_SC_PAGESIZE);
	self->buf = mmap(NULL, room + self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->buf);
	self->nothing = self->buf + room;
	ASSERT_EQ(0, mprotect(self->nothing, self->page, PROT_NONE));
	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(recycle)
{
	EXPECT_EQ(0, queue_end(&self->q));
	munmap(self->buf, self->nothing - self->buf + self->page);
}

/* Every way to receive.  Each has more room than it takes. */
#define WAYS 3

static int receive(int fd, void *buf, size_t room, int way)
{
	struct iovec iov[] = { { buf, 5 }, { (char *)buf + 5, room - 5 } };
	struct ipcq_msg msg = MSG(buf, room);

	switch (way) {
	case 0:
		return RESULT(read(fd, buf, room));
	case 1:
		return RESULT(readv(fd, iov, 2));
	default:
		return msg_recv(fd, &msg) ?: (int)msg.size;
	}
}

static int transmit(int fd, void *buf, size_t size, int way)
{
	struct iovec iov[] = { { buf, size / 3 }, { (char *)buf + size / 3, size - size / 3 } };

	/* writev(2) of nothing does nothing. */
	switch (size ? way : 0) {
	case 0:
		return RESULT(write(fd, buf, size)) == (long)size ? 0 : -1;
	case 1:
		return RESULT(writev(fd, iov, 2)) == (long)size ? 0 : -1;
	default:
		return msg_send(fd, &MSG(buf, size));
	}
}

static bool is_all(const char *buf, char c, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (buf[i] != c)
			return false;
	}
	return true;
}

TEST_F(recycle, no_byte_of_an_earlier_message_is_seen)
{
	char *buf = self->buf;
	int way;

	for (size_t before = 0; before < NR_SIZES; before++) {
		for (size_t i = 0; i < NR_SIZES; i++) {
			way = (before + i) % WAYS;
			memset(buf, 's', sizes[before]);
			ASSERT_EQ(0, transmit(self->q.fd, buf, sizes[before], i % WAYS));
			ASSERT_EQ(sizes[before], receive(self->q.fd, buf, LARGEST + 10, way));
			memset(buf, 'n', sizes[i]);
			ASSERT_EQ(0, transmit(self->q.fd, buf, sizes[i], before % WAYS));
			memset(buf, '.', LARGEST + 10);
			ASSERT_EQ(sizes[i], receive(self->q.fd, buf, LARGEST + 10, way));
			ASSERT_TRUE(is_all(buf, 'n', sizes[i]))
				TH_LOG("%zu after %zu", sizes[i], sizes[before]);
			ASSERT_TRUE(is_all(buf + sizes[i], '.', LARGEST + 10 - sizes[i]))
				TH_LOG("%zu after %zu", sizes[i], sizes[before]);
		}
	}
}

/* The bytes of a message, each of which says where it belongs. */
static void mark(char *buf, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = i * 151 + size;
}

static bool is_marked(const char *buf, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (buf[i] != (char)(i * 151 + size))
			return false;
	}
	return true;
}

/* Small payloads are copied by other means than larger ones: each size, any alignment. */
TEST_F(recycle, each_byte_arrives_at_its_place)
{
	char *out, *in;
	int way;

	for (size_t size = 0; size <= 1100; size++) {
		for (int shift = 0; shift < 8; shift++) {
			way = (size + shift) % WAYS;
			/* Nothing beyond the end is touched: there is nothing. */
			out = self->nothing - size;
			mark(out, size);
			ASSERT_EQ(0, transmit(self->q.fd, out, size, way));
			in = self->buf + shift;
			memset(self->buf, '.', size + 20);
			ASSERT_EQ(size, receive(self->q.fd, in, 1200, shift % WAYS));
			ASSERT_TRUE(is_marked(in, size)) TH_LOG("%zu at %d", size, shift);
			ASSERT_TRUE(is_all(self->buf, '.', shift));
			ASSERT_TRUE(is_all(in + size, '.', 20 - shift));

			out = self->buf + shift;
			mark(out, size);
			ASSERT_EQ(0, transmit(self->q.fd, out, size, shift % WAYS));
			in = self->nothing - size;
			memset(in - 8, '.', size + 8);
			ASSERT_EQ(0, msg_recv(self->q.fd, &MSG(in, size)));
			ASSERT_TRUE(is_marked(in, size)) TH_LOG("%zu at %d", size, shift);
			ASSERT_TRUE(is_all(in - 8, '.', 8));
		}
	}
}

TEST_F(recycle, each_byte_may_be_missing)
{
	char *buf = self->buf, *end = self->nothing;

	for (size_t size = 1; size <= 900; size++) {
		for (size_t missing = 1; missing <= size && missing <= 9; missing++) {
			mark(buf, size);
			ASSERT_EQ(-EFAULT, msg_send(self->q.fd, &MSG(end - size + missing, size)));
			ASSERT_EQ(0, msg_send(self->q.fd, &MSG(buf, size)));
			ASSERT_EQ(-EFAULT, msg_recv(self->q.fd, &MSG(end - size + missing, size)));
			memset(buf, '.', size);
			ASSERT_EQ(0, msg_recv(self->q.fd, &MSG(buf, size)));
			ASSERT_TRUE(is_marked(buf, size));
		}
	}
	EXPECT_EQ(0, nl_books(self->q.id));
}

/* A copy that ends early leaves what was there before behind it. */
TEST_F(recycle, a_fault_in_a_send_shows_nothing)
{
	char *buf = self->buf, *half;

	for (size_t i = 2; i < NR_SIZES; i++) {
		half = self->nothing - sizes[i] / 2;
		memset(buf, 's', sizes[i]);
		ASSERT_EQ(0, transmit(self->q.fd, buf, sizes[i], i % WAYS));
		ASSERT_EQ(sizes[i], read(self->q.fd, buf, LARGEST));
		memset(half, 'h', sizes[i] / 2);
		ASSERT_EQ(-EFAULT, RESULT(write(self->q.fd, half, sizes[i])));
		ASSERT_EQ(-EFAULT, msg_send(self->q.fd, &MSG(half, sizes[i])));
		ASSERT_EQ(0, nl_queue(self->q.id).depth);
		ASSERT_EQ(1, write(self->q.fd, "x", 1));
		memset(buf, '.', sizes[i]);
		ASSERT_EQ(1, read(self->q.fd, buf, LARGEST));
		ASSERT_EQ('x', buf[0]);
		ASSERT_TRUE(is_all(buf + 1, '.', sizes[i] - 1));
	}
}

TEST_F(recycle, a_fault_in_a_receive_keeps_the_message)
{
	char *buf = self->buf, *half;

	for (size_t i = 2; i < NR_SIZES; i++) {
		half = self->nothing - sizes[i] / 2;
		memset(buf, 'm', sizes[i]);
		ASSERT_EQ(0, transmit(self->q.fd, buf, sizes[i], i % WAYS));
		for (int again = 0; again < 3; again++) {
			ASSERT_EQ(-EFAULT, RESULT(read(self->q.fd, half, LARGEST)));
			ASSERT_EQ(-EFAULT, msg_recv(self->q.fd, &MSG(half, LARGEST)));
		}
		ASSERT_EQ(1, nl_queue(self->q.id).depth);
		memset(buf, '.', LARGEST);
		ASSERT_EQ(sizes[i], read(self->q.fd, buf, LARGEST));
		ASSERT_TRUE(is_all(buf, 'm', sizes[i]));
		ASSERT_TRUE(is_all(buf + sizes[i], '.', LARGEST - sizes[i]));
	}
	EXPECT_EQ(0, nl_books(self->q.id));
}

/* Each message says what is in it; nobody may write into another's memory. */

#define THREADS	3
#define EACH	3000

struct crowd {
	int fd;
	atomic_int wrong;
	atomic_int received;
};

static void *send_many(void *arg)
{
	static atomic_uint seed;
	struct crowd *crowd = arg;
	unsigned int random = ++seed * 2654435761u;
	char buf[5000];

	for (int i = 0; i < EACH; i++) {
		random = random * 1664525 + 1013904223;
		size_t size = 1 + (random >> 16) % (random & 1 ? 80 : sizeof(buf));

		memset(buf, (size ^ random >> 8) & 0xff, size);
		if (write(crowd->fd, buf, size) != (ssize_t)size)
			crowd->wrong++;
	}
	return NULL;
}

static void *receive_many(void *arg)
{
	struct crowd *crowd = arg;
	char buf[5000];

	while (atomic_fetch_add(&crowd->received, 1) < THREADS * EACH) {
		ssize_t size = read(crowd->fd, buf, sizeof(buf));

		if (size <= 0 || !is_all(buf, buf[0], size))
			crowd->wrong++;
	}
	return NULL;
}

TEST_F(recycle, many_at_once_do_not_share_memory)
{
	struct crowd crowd = { .fd = self->q.fd };
	pthread_t threads[2 * THREADS];
	int i;

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 40));
	for (i = 0; i < 2 * THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL,
					    i < THREADS ? send_many : receive_many, &crowd));
	for (i = 0; i < 2 * THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, crowd.wrong);
	EXPECT_EQ(0, nl_books(self->q.id));
}

/* How many messages the kernel has memory for, or -1 if it does not say. */
static long in_memory(void)
{
	char line[256];
	long active = -1;
	FILE *f;
	int fd;

	/* What it counts is exact once no processor keeps free ones. */
	fd = open(SHRINK, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		return -1;
	close(fd);
	f = fopen("/proc/slabinfo", "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "ipcq_message %ld", &active) == 1)
			break;
	}
	fclose(f);
	return active;
}

static int send_sizes(int fd, char *buf, int how_many)
{
	for (int i = 0; i < how_many; i++) {
		if (msg_send(fd, &MSG(buf, sizes[i % NR_SIZES], .flags = IPCQ_MSG_NONBLOCK)))
			return -1;
	}
	return 0;
}

/* The queue keeps this many, and no more: of MANY, more are small than that. */
#define KEPT	514
#define MANY	1500

TEST_F(recycle, memory_is_given_back)
{
	long before = in_memory();
	int fd;

	if (before < 0)
		SKIP(return, "the kernel does not tell what a slab cache holds");
	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES,
		.max_msgs = MANY, .max_bytes = MANY * LARGEST }));
	ASSERT_EQ(0, send_sizes(self->q.fd, self->buf, MANY));
	EXPECT_EQ(before + MANY, in_memory());
	/* Drained, the queue keeps a few. */
	ASSERT_EQ(MANY, drain(self->q.fd));
	EXPECT_GE(before + KEPT, in_memory());
	EXPECT_LT(before, in_memory());
	/* Others find them. */
	ASSERT_EQ(0, send_sizes(self->q.fd, self->buf, MANY));
	EXPECT_GE(before + MANY + 1, in_memory());
	/* A purge gives back what it throws away, and those kept. */
	ASSERT_EQ(MANY, purge(self->q.fd));
	EXPECT_EQ(before, in_memory());

	/* So does the last close of a queue that goes on. */
	ASSERT_EQ(0, send_sizes(self->q.fd, self->buf, 10));
	ASSERT_EQ(10, drain(self->q.fd));
	EXPECT_LT(before, in_memory());
	close(self->q.fd);
	EXPECT_EQ(before, in_memory());
	/* Messages that wait are not touched by it. */
	fd = queue_open(&self->q, O_WRONLY);
	ASSERT_EQ(0, send_sizes(fd, self->buf, 5));
	close(fd);
	EXPECT_EQ(before + 5, in_memory());
	self->q.fd = queue_open(&self->q, O_RDWR);
	EXPECT_EQ(5, drain(self->q.fd));
	/* And so does the end of a queue. */
	EXPECT_EQ(0, queue_end(&self->q));
	EXPECT_EQ(before, in_memory());
	ASSERT_EQ(0, queue_make(&self->q, NULL));
}

#define BOB	65534

/* One message fills the quota, whatever memory it finds. */
static int fills_quota(void *arg)
{
	FIXTURE_DATA(recycle) *self = arg;
	int fd;

	CHECK(become(BOB, BOB) == 0);
	fd = queue_open_end(self->q.fd, O_RDWR);
	for (size_t i = 0; i < NR_SIZES; i++) {
		for (int again = 0; again < 3; again++) {
			CHECK(msg_send(fd, &MSG(self->buf, LARGEST)) == 0);
			CHECK(msg_send(fd, &MSG(self->buf, 1)) == -EDQUOT);
			CHECK(drain(fd) == 1);
			CHECK(msg_send(fd, &MSG(self->buf, sizes[i])) == 0);
			CHECK(msg_send(fd, &MSG(self->buf, LARGEST - sizes[i])) == -EDQUOT);
			CHECK(drain(fd) == 1);
		}
	}
	CHECK(msg_send(fd, &MSG(self->buf, LARGEST)) == 0);
	CHECK(drain(fd) == 1);
	return 0;
}

TEST_F(recycle, a_quota_is_exact)
{
	char saved[32], text[32];

	ASSERT_EQ(0, param_get("user_bytes", saved, sizeof(saved)));
	snprintf(text, sizeof(text), "%u", LARGEST + nl_totals().msg_overhead);
	ASSERT_EQ(0, param_set("user_bytes", text));
	EXPECT_EQ(0, child_run(fills_quota, self));
	EXPECT_EQ(0, param_set("user_bytes", saved));
}

TEST_HARNESS_MAIN
