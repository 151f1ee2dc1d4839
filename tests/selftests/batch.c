// SPDX-License-Identifier: GPL-2.0-only
/* Many messages with one call: as many single ones, and an honest count. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define MANY	100
#define ROOM	200

FIXTURE(batch) {
	struct queue q;
	struct ipcq_msg msgs[MANY];
	char bufs[MANY][ROOM];
	char *nothing;
};

FIXTURE_SETUP(batch)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 1000 };

	ASSERT_EQ(0, queue_make(&self->q, &attr));
	self->nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->nothing);
}

FIXTURE_TEARDOWN(batch)
{
	EXPECT_EQ(0, nl_books(self->q.id));
	EXPECT_EQ(0, queue_end(&self->q));
}

#define BATCH(msgs_, count_, ...)					\
	((struct ipcq_batch) { .msgs = (uintptr_t)(msgs_), .count = (count_),	\
			       .msg_size = sizeof(struct ipcq_msg), __VA_ARGS__ })

static int send_batch(int fd, const struct ipcq_batch *batch)
{
	return RESULT(ioctl(fd, IPCQ_IOC_SEND_BATCH, batch));
}

static int recv_batch(int fd, const struct ipcq_batch *batch)
{
	return RESULT(ioctl(fd, IPCQ_IOC_RECV_BATCH, batch));
}

static size_t size_of(int i)
{
	return i % 7 ? i : i + 100;
}

/* Messages to be sent, each different, from the given number on. */
static void prepare(FIXTURE_DATA(batch) *self, int from)
{
	for (int i = 0; i < MANY; i++) {
		memset(self->bufs[i], from + i, ROOM);
		self->msgs[i] = MSG(self->bufs[i], size_of(i), .prio = i % 3, .type = from + i);
	}
}

static void buffers(FIXTURE_DATA(batch) *self)
{
	for (int i = 0; i < MANY; i++) {
		memset(self->bufs[i], '.', ROOM);
		self->msgs[i] = MSG(self->bufs[i], ROOM);
	}
}

/* Whether the message at @at is the one prepared as number @i. */
static bool is_message(FIXTURE_DATA(batch) *self, int at, int i, int from)
{
	const struct ipcq_msg *m = &self->msgs[at];
	const char *buf = self->bufs[at];
	size_t b;

	if (m->size != size_of(i) || m->type != (uint32_t)(from + i) ||
	    m->prio != (uint32_t)i % 3 || m->pid != (uint32_t)getpid() ||
	    m->data != (uintptr_t)buf || m->flags || m->timeout_ns || m->pad || m->pad2)
		return false;
	for (b = 0; b < m->size; b++)
		if (buf[b] != (char)(from + i))
			return false;
	for (; b < ROOM; b++)
		if (buf[b] != '.')
			return false;
	return true;
}

TEST_F(batch, arrives_as_it_was_sent)
{
	for (int from = 1; from < 4; from++) {
		prepare(self, from);
		ASSERT_EQ(MANY, send_batch(self->q.fd, &BATCH(self->msgs, MANY)));
		ASSERT_EQ(MANY, nl_queue(self->q.id).depth);
		buffers(self);
		ASSERT_EQ(MANY, recv_batch(self->q.fd, &BATCH(self->msgs, MANY)));
		for (int i = 0; i < MANY; i++) {
			EXPECT_TRUE(is_message(self, i, i, from)) TH_LOG("message %d", i);
			EXPECT_EQ((from - 1) * MANY + i + 1, self->msgs[i].seq);
		}
	}
	EXPECT_EQ(3 * MANY, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(3 * MANY, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_F(batch, goes_with_single_calls)
{
	prepare(self, 1);
	for (int i = 0; i < 40; i++)
		ASSERT_EQ(0, msg_send(self->q.fd, &self->msgs[i]));
	buffers(self);
	ASSERT_EQ(40, recv_batch(self->q.fd, &BATCH(self->msgs, MANY)));
	for (int i = 0; i < 40; i++) {
		EXPECT_TRUE(is_message(self, i, i, 1)) TH_LOG("message %d", i);
	}
	/* What is said of the others is not touched. */
	for (int i = 40; i < MANY; i++)
		EXPECT_EQ(ROOM, self->msgs[i].size);
	prepare(self, 2);
	ASSERT_EQ(MANY, send_batch(self->q.fd, &BATCH(self->msgs, MANY)));
	buffers(self);
	for (int i = 0; i < MANY; i++) {
		ASSERT_EQ(0, msg_recv(self->q.fd, &self->msgs[i]));
		EXPECT_TRUE(is_message(self, i, i, 2)) TH_LOG("message %d", i);
	}
}

TEST_F(batch, by_priority)
{
	ASSERT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	prepare(self, 1);
	ASSERT_EQ(MANY, send_batch(self->q.fd, &BATCH(self->msgs, MANY)));
	buffers(self);
	ASSERT_EQ(MANY, recv_batch(self->q.fd, &BATCH(self->msgs, MANY)));
	for (int i = 1; i < MANY; i++) {
		EXPECT_GE(self->msgs[i - 1].prio, self->msgs[i].prio);
		if (self->msgs[i - 1].prio == self->msgs[i].prio)
			EXPECT_LT(self->msgs[i - 1].seq, self->msgs[i].seq);
	}
}

TEST_F(batch, no_more_than_a_limit)
{
	struct ipcq_msg *msgs = calloc(IPCQ_BATCH_MAX + 1, sizeof(*msgs));

	ASSERT_NE(NULL, msgs);
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 2 * IPCQ_BATCH_MAX));
	EXPECT_EQ(IPCQ_BATCH_MAX, send_batch(self->q.fd, &BATCH(msgs, IPCQ_BATCH_MAX + 1)));
	EXPECT_EQ(1, send_batch(self->q.fd, &BATCH(msgs, 1)));
	EXPECT_EQ(IPCQ_BATCH_MAX, recv_batch(self->q.fd, &BATCH(msgs, -1)));
	EXPECT_EQ(1, recv_batch(self->q.fd, &BATCH(msgs, -1)));
	free(msgs);
}

TEST_F(batch, sends_what_fits)
{
	struct ipcq_batch batch = BATCH(self->msgs, MANY, .flags = IPCQ_MSG_NONBLOCK);

	prepare(self, 1);
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 50));
	EXPECT_EQ(50, send_batch(self->q.fd, &batch));
	EXPECT_EQ(-EAGAIN, send_batch(self->q.fd, &batch));
	EXPECT_EQ(50, drain(self->q.fd));
	EXPECT_EQ(-EAGAIN, recv_batch(self->q.fd, &batch));
	batch.flags = IPCQ_MSG_TIMEOUT;
	EXPECT_EQ(50, send_batch(self->q.fd, &batch));
	EXPECT_EQ(-ETIMEDOUT, send_batch(self->q.fd, &batch));
	EXPECT_EQ(50, drain(self->q.fd));
	EXPECT_EQ(-ETIMEDOUT, recv_batch(self->q.fd, &batch));
}

static void *receive_all(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;
	struct ipcq_msg msgs[7] = {};
	int received = 0, got;
	char buf[ROOM];

	while (received < MANY) {
		for (int i = 0; i < 7; i++)
			msgs[i] = MSG(buf, ROOM);
		got = recv_batch(self->q.fd, &BATCH(msgs, 7));
		if (got <= 0)
			break;
		for (int i = 0; i < got; i++)
			if (msgs[i].type != (uint32_t)(received + i + 1))
				return (void *)-1;
		received += got;
	}
	return (void *)(long)received;
}

TEST_F(batch, blocks_until_all_is_sent)
{
	pthread_t thread;
	void *received;

	prepare(self, 1);
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 3));
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_all, self));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	EXPECT_EQ(MANY, send_batch(self->q.fd, &BATCH(self->msgs, MANY)));
	pthread_join(thread, &received);
	EXPECT_EQ(MANY, (long)received);
	EXPECT_EQ(MANY, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

static int send_as_child(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;

	prepare(self, 1);
	return send_batch(self->q.fd, &BATCH(self->msgs, MANY));
}

static void ignore(int signal)
{
	(void)signal;
}

static int send_until_signal(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;
	struct sigaction action = { .sa_handler = ignore };

	sigaction(SIGUSR1, &action, NULL);
	/* The ten that fit; not EINTR. */
	return send_as_child(self) - 10;
}

TEST_F(batch, a_signal_ends_it_with_what_was_done)
{
	pid_t pid;

	ASSERT_EQ(0, set_max_msgs(self->q.fd, 10));
	pid = child_start(send_until_signal, self);
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	EXPECT_EQ(0, child_end(pid));
	/* One that is killed leaves nothing behind that is not counted. */
	EXPECT_EQ(10, drain(self->q.fd));
	pid = child_start(send_as_child, self);
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pid));
	EXPECT_EQ(10, drain(self->q.fd));
	EXPECT_EQ(20, counted(&self->q, IPCQ_A_COUNTERS_SENT));
}

TEST_F(batch, broken)
{
	struct ipcq_batch batch = BATCH(self->msgs, MANY, .flags = IPCQ_MSG_NOSIGNAL);

	prepare(self, 1);
	ASSERT_EQ(MANY, send_batch(self->q.fd, &batch));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(-EPIPE, send_batch(self->q.fd, &batch));
	buffers(self);
	batch.flags = 0;
	EXPECT_EQ(MANY, recv_batch(self->q.fd, &batch));
	EXPECT_EQ(-EPIPE, recv_batch(self->q.fd, &batch));
	ASSERT_EQ(0, shut(self->q.fd, 0));
}

static int broken_with_a_signal(void *arg)
{
	send_as_child(arg);
	return 1;
}

TEST_F(batch, sigpipe)
{
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(-SIGPIPE, child_run(broken_with_a_signal, self));
	ASSERT_EQ(0, shut(self->q.fd, 0));
}

/* For every place at which something is wrong, what comes before is done. */
TEST_F(batch, what_is_wrong_ends_it_before)
{
	int fd = self->q.fd;

	for (int bad = 0; bad < 40; bad += 3) {
		static const struct {
			struct ipcq_msg msg;
			int err;
		} wrong[] = {
			{ { .flags = IPCQ_MSG_NONBLOCK }, -EINVAL },
			{ { .timeout_ns = 1 }, -EINVAL },
			{ { .pad = 1 }, -EINVAL },
			{ { .pad2 = 1 }, -EINVAL },
			{ { .prio = IPCQ_PRIO_MAX + 1 }, -EINVAL },
			{ { .size = 1 << 30 }, -EMSGSIZE },
			{ { .size = -1 }, -EMSGSIZE },
			{ { .data = 8, .size = 10 }, -EFAULT },
		};

		for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
			prepare(self, 1);
			self->msgs[bad] = wrong[i].msg;
			EXPECT_EQ(bad ?: wrong[i].err,
				  send_batch(fd, &BATCH(self->msgs, MANY)))
				TH_LOG("%u at %d", i, bad);
			EXPECT_EQ(bad, drain(fd));
		}
		for (int i = 0; i < 4; i++) {
			prepare(self, 1);
			ASSERT_EQ(40, send_batch(fd, &BATCH(self->msgs, 40)));
			buffers(self);
			self->msgs[bad] = wrong[i].msg;
			EXPECT_EQ(bad ?: wrong[i].err,
				  recv_batch(fd, &BATCH(self->msgs, MANY)))
				TH_LOG("%u at %d", i, bad);
			EXPECT_EQ(40 - bad, drain(fd));
		}
	}
}

TEST_F(batch, what_does_not_arrive_stays)
{
	int fd = self->q.fd;
	for (int bad = 1; bad < 40; bad += 2) {
		prepare(self, 1);
		ASSERT_EQ(40, send_batch(fd, &BATCH(self->msgs, 40)));
		buffers(self);
		self->msgs[bad].data = (uintptr_t)self->nothing;
		ASSERT_EQ(bad, recv_batch(fd, &BATCH(self->msgs, MANY)));
		ASSERT_EQ(40 - bad, nl_queue(self->q.id).depth);
		for (int i = 0; i < bad; i++) {
			EXPECT_TRUE(is_message(self, i, i, 1)) TH_LOG("message %d", i);
		}
		/* It is the first now, and ends the next call with its error. */
		self->msgs[0] = self->msgs[bad];
		ASSERT_EQ(-EFAULT, recv_batch(fd, &BATCH(self->msgs, MANY)));
		buffers(self);
		ASSERT_EQ(40 - bad, recv_batch(fd, &BATCH(self->msgs, MANY)));
		for (int i = bad; i < 40; i++) {
			EXPECT_TRUE(is_message(self, i - bad, i, 1)) TH_LOG("message %d", i);
		}
	}
}

TEST_F(batch, a_buffer_too_small_ends_it_before)
{
	int fd = self->q.fd;

	prepare(self, 1);
	ASSERT_EQ(40, send_batch(fd, &BATCH(self->msgs, 40)));
	buffers(self);
	self->msgs[20].size = size_of(20) - 1;
	EXPECT_EQ(20, recv_batch(fd, &BATCH(self->msgs, MANY)));
	EXPECT_EQ(size_of(20) - 1, self->msgs[20].size);
	EXPECT_EQ(-EMSGSIZE, recv_batch(fd, &BATCH(&self->msgs[20], 5)));
	EXPECT_EQ(size_of(20), self->msgs[20].size);
	EXPECT_EQ(20, recv_batch(fd, &BATCH(&self->msgs[20], 30)));
}

TEST_F(batch, an_array_half_there)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcq_msg *msgs;

	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, mprotect(pages + 4096, 4096, PROT_NONE));
	msgs = (struct ipcq_msg *)(pages + 4096) - 5;
	EXPECT_EQ(5, send_batch(self->q.fd, &BATCH(msgs, 10)));
	EXPECT_EQ(-EFAULT, send_batch(self->q.fd, &BATCH(msgs + 5, 10)));
	EXPECT_EQ(5, send_batch(self->q.fd, &BATCH(msgs, 5)));
	EXPECT_EQ(5, recv_batch(self->q.fd, &BATCH(msgs, 10)));
	/* What can be read and not written. */
	memset(msgs, 0, 5 * sizeof(*msgs));
	ASSERT_EQ(0, mprotect(pages, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, recv_batch(self->q.fd, &BATCH(msgs, 5)));
	EXPECT_EQ(5, nl_queue(self->q.id).depth);
	EXPECT_EQ(5, drain(self->q.fd));
	munmap(pages, 8192);
}

TEST_F(batch, other_versions)
{
	struct {
		struct ipcq_msg msg;
		uint64_t more;
	} newer[3] = {}, got[3] = {};
	struct ipcq_batch batch = BATCH(newer, 3);

	batch.msg_size = sizeof(newer[0]);
	EXPECT_EQ(3, send_batch(self->q.fd, &batch));
	newer[1].more = 1;
	EXPECT_EQ(1, send_batch(self->q.fd, &batch));
	newer[0].more = 1;
	EXPECT_EQ(-E2BIG, send_batch(self->q.fd, &batch));
	batch.msgs = (uintptr_t)got;
	EXPECT_EQ(3, recv_batch(self->q.fd, &batch));
	EXPECT_EQ(3, got[2].msg.seq);
	EXPECT_EQ(1, drain(self->q.fd));
	batch.msg_size = sizeof(struct ipcq_msg) - 1;
	EXPECT_EQ(-EINVAL, send_batch(self->q.fd, &batch));
	EXPECT_EQ(-EINVAL, recv_batch(self->q.fd, &batch));
	batch.msg_size = 1 << 20;
	EXPECT_EQ(-E2BIG, send_batch(self->q.fd, &batch));
	EXPECT_EQ(-E2BIG, recv_batch(self->q.fd, &batch));
}

TEST_F(batch, errors)
{
	const struct ipcq_batch wrong[] = {
		BATCH(self->msgs, 0),
		BATCH(self->msgs, 1, .pad = 1),
		BATCH(self->msgs, 1, .flags = 1u << 31),
		BATCH(self->msgs, 1, .timeout_ns = 1),
		BATCH(self->msgs, 1, .flags = IPCQ_MSG_TIMEOUT, .timeout_ns = -1),
		BATCH(self->msgs, 1, .flags = IPCQ_MSG_ABSTIME),
	};
	int in = queue_open_end(self->q.fd, O_WRONLY);
	int out = queue_open_end(self->q.fd, O_RDONLY);

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		EXPECT_EQ(-EINVAL, send_batch(self->q.fd, &wrong[i])) TH_LOG("%u", i);
		EXPECT_EQ(-EINVAL, recv_batch(self->q.fd, &wrong[i])) TH_LOG("%u", i);
	}
	EXPECT_EQ(-EINVAL, recv_batch(self->q.fd,
				      &BATCH(self->msgs, 1, .flags = IPCQ_MSG_NOSIGNAL)));
	EXPECT_EQ(-EBADF, send_batch(out, &BATCH(self->msgs, 1)));
	EXPECT_EQ(-EBADF, recv_batch(in, &BATCH(self->msgs, 1)));
	EXPECT_EQ(-EFAULT, send_batch(self->q.fd, nowhere));
	EXPECT_EQ(-EFAULT, send_batch(self->q.fd, &BATCH(self->nothing, 1)));
	EXPECT_EQ(-EFAULT, recv_batch(self->q.fd, &BATCH(self->nothing, 1)));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	close(in);
	close(out);
}

TEST_HARNESS_MAIN
