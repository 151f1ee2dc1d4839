// SPDX-License-Identifier: GPL-2.0-only
/* Many messages with one call: as many single ones, and an honest count. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"
#include "slow_page.h"

#define MANY	100
#define ROOM	(MANY * 512)
#define HEADER	sizeof(struct ipcq_record)

FIXTURE(batch) {
	struct queue q;
	char *buf;		/* ROOM bytes, ... */
	char *nothing;		/* ... behind which there is nothing */
	size_t used;		/* of them by records */
	struct ipcq_record *record[MANY];
};

FIXTURE_SETUP(batch)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 1000 };
	size_t page = sysconf(_SC_PAGESIZE), room = (ROOM + page - 1) / page * page;

	ASSERT_EQ(0, queue_make(&self->q, &attr));
	self->buf = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->buf);
	self->nothing = self->buf + room;
	ASSERT_EQ(0, mprotect(self->nothing, page, PROT_NONE));
}

FIXTURE_TEARDOWN(batch)
{
	EXPECT_EQ(0, nl_books(self->q.id));
	EXPECT_EQ(0, queue_end(&self->q));
	munmap(self->buf, self->nothing - self->buf);
}

#define BATCH(records_, size_, ...)						\
	((struct ipcq_batch) { .records = (uintptr_t)(records_), .size = (size_),	\
			       __VA_ARGS__ })

static int send_batch(int fd, const struct ipcq_batch *batch)
{
	return RESULT(ioctl(fd, IPCQ_IOC_SEND_BATCH, batch));
}

static int recv_batch(int fd, struct ipcq_batch *batch)
{
	return RESULT(ioctl(fd, IPCQ_IOC_RECV_BATCH, batch));
}

static struct ipcq_record *next(const struct ipcq_record *record)
{
	return (struct ipcq_record *)((char *)record + IPCQ_RECORD_SPACE(record->size));
}

/* Within a message, of several words and bytes, and with memory of their own. */
static size_t size_of(int i)
{
	return i % 7 ? i : i + 300;
}

/*
 * Records of @n messages, each different, from the given number on; between them is what
 * nobody may see.
 */
static void prepare_at(FIXTURE_DATA(batch) *self, char *at, int from, int n)
{
	char *begin = at;

	for (int i = 0; i < n; i++) {
		struct ipcq_record *record = (struct ipcq_record *)at;

		*record = (struct ipcq_record) {
			.size = size_of(i), .prio = i % 3, .type = from + i,
			/* As of a message that was received. */
			.seq = 7, .time_ns = 8, .pid = 9, .uid = 10, .gid = 11, .pad = 12,
		};
		memset(record + 1, '!', IPCQ_RECORD_SPACE(record->size) - HEADER);
		memset(record + 1, from + i, record->size);
		self->record[i] = record;
		at += IPCQ_RECORD_SPACE(record->size);
	}
	self->used = at - begin;
}

static void prepare(FIXTURE_DATA(batch) *self, int from)
{
	prepare_at(self, self->buf, from, MANY);
}

/* The same, such that the last of them ends where nothing is. */
static void prepare_at_end(FIXTURE_DATA(batch) *self, int from, int n)
{
	prepare_at(self, self->buf, from, n);
	prepare_at(self, self->nothing - self->used, from, n);
}

static int send_prepared(FIXTURE_DATA(batch) *self)
{
	return send_batch(self->q.fd, &BATCH(self->record[0], self->used));
}

/* Receive into all of the buffer, and find the records. */
static int receive(FIXTURE_DATA(batch) *self, struct ipcq_batch *batch)
{
	struct ipcq_record *record = (struct ipcq_record *)self->buf;
	int got;

	memset(self->buf, '.', ROOM);
	*batch = BATCH(self->buf, ROOM, .lost = 77);
	got = recv_batch(self->q.fd, batch);
	for (int i = 0; i < got && i < MANY; i++, record = next(record))
		self->record[i] = record;
	self->used = (char *)record - self->buf;
	return got;
}

/* Whether it is the message prepared as number @i, and all is as it should be. */
static bool is_message(const struct ipcq_record *r, int i, int from)
{
	const char *payload = (const char *)(r + 1);
	size_t b;

	if (r->size != size_of(i) || r->type != (uint32_t)(from + i) ||
	    r->prio != (uint32_t)i % 3 || r->flags || r->pad ||
	    r->pid != (uint32_t)getpid() || r->uid != geteuid() || r->gid != getegid())
		return false;
	for (b = 0; b < r->size; b++)
		if (payload[b] != (char)(from + i))
			return false;
	/* Up to the next record nothing is written. */
	for (; b < IPCQ_RECORD_SPACE(r->size) - HEADER; b++)
		if (payload[b] != '.')
			return false;
	return true;
}

TEST_F(batch, arrives_as_it_was_sent)
{
	struct ipcq_batch batch;
	uint64_t before, after;

	for (int from = 1; from < 4; from++) {
		prepare(self, from);
		before = now_ns();
		ASSERT_EQ(MANY, send_prepared(self));
		after = now_ns();
		ASSERT_EQ(MANY, nl_queue(self->q.id).depth);
		ASSERT_EQ(MANY, receive(self, &batch));
		for (int i = 0; i < MANY; i++) {
			const struct ipcq_record *r = self->record[i];

			EXPECT_TRUE(is_message(r, i, from)) TH_LOG("message %d", i);
			EXPECT_EQ((from - 1) * MANY + i + 1, r->seq);
			EXPECT_LE(before, r->time_ns);
			EXPECT_GE(after, r->time_ns);
		}
		for (size_t i = self->used; i < ROOM; i++)
			ASSERT_EQ('.', self->buf[i]);
		EXPECT_EQ(self->used, batch.size);
		EXPECT_EQ(0, batch.lost);
		EXPECT_EQ((uintptr_t)self->buf, batch.records);
		EXPECT_EQ(0, batch.count | batch.flags | batch.timeout_ns);
	}
	EXPECT_EQ(3 * MANY, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(3 * MANY, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_F(batch, what_was_received_can_be_sent_on)
{
	struct ipcq_batch batch;

	prepare(self, 1);
	ASSERT_EQ(MANY, send_prepared(self));
	ASSERT_EQ(MANY, receive(self, &batch));
	ASSERT_EQ(MANY, send_batch(self->q.fd, &BATCH(self->buf, batch.size)));
	ASSERT_EQ(MANY, receive(self, &batch));
	for (int i = 0; i < MANY; i++) {
		EXPECT_TRUE(is_message(self->record[i], i, 1)) TH_LOG("message %d", i);
	}
}

TEST_F(batch, goes_with_single_calls)
{
	struct ipcq_batch batch;
	char buf[512];

	prepare(self, 1);
	for (int i = 0; i < 40; i++) {
		const struct ipcq_record *r = self->record[i];

		ASSERT_EQ(0, msg_send(self->q.fd, &MSG(r + 1, r->size, .prio = r->prio,
						       .type = r->type)));
	}
	ASSERT_EQ(40, receive(self, &batch));
	for (int i = 0; i < 40; i++) {
		EXPECT_TRUE(is_message(self->record[i], i, 1)) TH_LOG("message %d", i);
	}
	prepare(self, 2);
	ASSERT_EQ(MANY, send_prepared(self));
	for (int i = 0; i < MANY; i++) {
		struct ipcq_msg msg = MSG(buf, sizeof(buf));

		ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
		EXPECT_EQ(size_of(i), msg.size);
		EXPECT_EQ(2 + i, msg.type);
		EXPECT_EQ(i % 3, msg.prio);
		EXPECT_EQ(0, memcmp(buf, self->record[i] + 1, msg.size));
	}
}

TEST_F(batch, by_priority)
{
	struct ipcq_batch batch;

	ASSERT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	prepare(self, 1);
	ASSERT_EQ(MANY, send_prepared(self));
	ASSERT_EQ(MANY, receive(self, &batch));
	for (int i = 1; i < MANY; i++) {
		EXPECT_GE(self->record[i - 1]->prio, self->record[i]->prio);
		if (self->record[i - 1]->prio == self->record[i]->prio)
			EXPECT_LT(self->record[i - 1]->seq, self->record[i]->seq);
	}
}

TEST_F(batch, no_more_than_a_count)
{
	size_t room = (IPCQ_BATCH_MAX + 1) * HEADER;
	char *records = calloc(1, room);
	int fd = self->q.fd;

	ASSERT_NE(NULL, records);
	ASSERT_EQ(0, set_max_msgs(fd, 3 * IPCQ_BATCH_MAX));
	EXPECT_EQ(IPCQ_BATCH_MAX, send_batch(fd, &BATCH(records, room)));
	EXPECT_EQ(IPCQ_BATCH_MAX, send_batch(fd, &BATCH(records, room, .count = -1)));
	EXPECT_EQ(33, send_batch(fd, &BATCH(records, room, .count = 33)));
	EXPECT_EQ(1, send_batch(fd, &BATCH(records, HEADER, .count = 2)));
	EXPECT_EQ(IPCQ_BATCH_MAX, recv_batch(fd, &BATCH(records, room)));
	EXPECT_EQ(IPCQ_BATCH_MAX, recv_batch(fd, &BATCH(records, room, .count = -1)));
	EXPECT_EQ(1, recv_batch(fd, &BATCH(records, room, .count = 1)));
	EXPECT_EQ(32, recv_batch(fd, &BATCH(records, room, .count = 32)));
	EXPECT_EQ(1, recv_batch(fd, &BATCH(records, room, .count = 2)));
	free(records);
}

TEST_F(batch, sends_what_fits)
{
	int fd = self->q.fd;

	prepare(self, 1);
	ASSERT_EQ(0, set_max_msgs(fd, 50));
	EXPECT_EQ(50, send_batch(fd, &BATCH(self->buf, self->used,
					    .flags = IPCQ_MSG_NONBLOCK)));
	EXPECT_EQ(-EAGAIN, send_batch(fd, &BATCH(self->buf, self->used,
						 .flags = IPCQ_MSG_NONBLOCK)));
	EXPECT_EQ(50, drain(fd));
	EXPECT_EQ(-EAGAIN, recv_batch(fd, &BATCH(self->buf, ROOM,
						 .flags = IPCQ_MSG_NONBLOCK)));
	EXPECT_EQ(50, send_batch(fd, &BATCH(self->buf, self->used,
					    .flags = IPCQ_MSG_TIMEOUT)));
	EXPECT_EQ(-ETIMEDOUT, send_batch(fd, &BATCH(self->buf, self->used,
						    .flags = IPCQ_MSG_TIMEOUT)));
	EXPECT_EQ(50, drain(fd));
	EXPECT_EQ(-ETIMEDOUT, recv_batch(fd, &BATCH(self->buf, ROOM,
						    .flags = IPCQ_MSG_TIMEOUT,
						    .timeout_ns = MS)));
}

static void *receive_all(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;
	_Alignas(8) char buf[4096];
	int received = 0, got;

	while (received < MANY) {
		const struct ipcq_record *record = (struct ipcq_record *)buf;

		got = recv_batch(self->q.fd, &BATCH(buf, sizeof(buf), .count = 7));
		if (got <= 0)
			break;
		for (int i = 0; i < got; i++, record = next(record))
			if (record->type != (uint32_t)(received + i + 1))
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
	EXPECT_EQ(MANY, send_prepared(self));
	pthread_join(thread, &received);
	EXPECT_EQ(MANY, (long)received);
	EXPECT_EQ(MANY, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

static int send_as_child(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;

	prepare(self, 1);
	return send_prepared(self);
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

static int interrupted(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;
	struct sigaction action = { .sa_handler = ignore };
	struct ipcq_batch batch;

	sigaction(SIGUSR1, &action, NULL);
	return receive(self, &batch) != -EINTR;
}

TEST_F(batch, a_signal_ends_a_receive)
{
	pid_t pid = child_start(interrupted, self);

	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	EXPECT_EQ(0, child_end(pid));
}

TEST_F(batch, broken)
{
	struct ipcq_batch batch;

	prepare(self, 1);
	ASSERT_EQ(MANY, send_prepared(self));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(-EPIPE, send_batch(self->q.fd, &BATCH(self->buf, self->used,
							.flags = IPCQ_MSG_NOSIGNAL)));
	EXPECT_EQ(MANY, receive(self, &batch));
	EXPECT_EQ(-EPIPE, receive(self, &batch));
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
	static const struct {
		struct ipcq_record record;
		int err;
	} wrong[] = {
		{ { .flags = 1 }, -EINVAL },
		{ { .flags = 1u << 31 }, -EINVAL },
		{ { .prio = IPCQ_PRIO_MAX + 1 }, -EINVAL },
		{ { .prio = -1 }, -EINVAL },
		/* Larger than the queue allows; than what is there; than anything. */
		{ { .size = 600 }, -EMSGSIZE },
		{ { .size = ROOM }, -EINVAL },
		{ { .size = (1u << 31) - HEADER }, -EINVAL },
		{ { .size = -(int)HEADER }, -EINVAL },
		{ { .size = -1 }, -EINVAL },
	};
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = 500 };
	int fd = self->q.fd;

	ASSERT_EQ(0, attr_set(fd, &attr));
	for (int bad = 0; bad < 80; bad += 3) {
		for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
			prepare(self, 1);
			*self->record[bad] = wrong[i].record;
			EXPECT_EQ(bad ?: wrong[i].err, send_prepared(self))
				TH_LOG("%u at %d", i, bad);
			EXPECT_EQ(bad, drain(fd));
			EXPECT_EQ(wrong[i].err,
				  send_batch(fd, &BATCH(self->record[bad],
							(char *)self->record[0] +
							self->used -
							(char *)self->record[bad])))
				TH_LOG("%u at %d", i, bad);
			EXPECT_EQ(0, drain(fd));
		}
	}
}

/* A small queue: what a message has room for is not what it may hold. */
TEST_F(batch, smaller_than_small)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = 10 };
	int fd = self->q.fd;

	prepare(self, 1);
	ASSERT_EQ(MANY, send_prepared(self));
	ASSERT_EQ(MANY, drain(fd));
	ASSERT_EQ(0, attr_set(fd, &attr));
	EXPECT_EQ(6, send_batch(fd, &BATCH(self->record[1],
					   self->used - IPCQ_RECORD_SPACE(size_of(0)))));
	EXPECT_EQ(-EMSGSIZE, send_batch(fd, &BATCH(self->record[11],
						   IPCQ_RECORD_SPACE(11))));
	EXPECT_EQ(6, drain(fd));
}

TEST_F(batch, records_that_are_cut)
{
	int fd = self->q.fd;

	/* With memory used again, and without. */
	for (int round = 0; round < 2; round++) {
		prepare_at_end(self, 1, 20);
		/* The last one may lack what would lead to the next one. */
		ASSERT_NE(0, self->record[19]->size % 8);
		EXPECT_EQ(20, send_batch(fd, &BATCH(self->record[0],
						    (char *)(self->record[19] + 1) + 19 -
						    (char *)self->record[0])));
		EXPECT_EQ(20, drain(fd));
		/* One byte less, or not even all of the header. */
		for (size_t less = 1; less < HEADER + 19; less++) {
			size_t size = (char *)(self->record[19] + 1) + 19 - less -
				      (char *)self->record[0];

			EXPECT_EQ(19, send_batch(fd, &BATCH(self->record[0], size)))
				TH_LOG("%zu less", less);
			EXPECT_EQ(19, drain(fd));
		}
		/* They go on where nothing is. */
		EXPECT_EQ(20, send_batch(fd, &BATCH(self->record[0], self->used + 1000)));
		EXPECT_EQ(20, drain(fd));
		EXPECT_EQ(-EFAULT, send_batch(fd, &BATCH(self->nothing, 1000)));
		/* A payload does, or a header. */
		for (size_t in = 8; in < HEADER + 19; in += 8) {
			char *at = self->nothing - self->used + in;

			prepare_at(self, self->buf, 1, 20);
			memmove(at, self->buf, self->nothing - at);
			EXPECT_EQ(19, send_batch(fd, &BATCH(at, self->used)))
				TH_LOG("%zu", in);
			EXPECT_EQ(19, drain(fd));
		}
	}
}

TEST_F(batch, what_does_not_arrive_stays)
{
	struct ipcq_batch batch;
	int fd = self->q.fd, got;

	for (int bad = 0; bad < 40; bad += 2) {
		/* The fault is in the header of a message, or in its payload. */
		for (size_t in = 0; in < HEADER + size_of(bad); in += in < HEADER ? 24 : 8) {
			prepare(self, 1);
			self->used = (char *)self->record[40] - self->buf;
			ASSERT_EQ(40, send_prepared(self));
			got = recv_batch(fd, &BATCH(self->nothing - in -
						    ((char *)self->record[bad] - self->buf),
						    ROOM));
			ASSERT_EQ(bad ?: -EFAULT, got);
			ASSERT_EQ(40 - bad, nl_queue(self->q.id).depth);
			for (int i = 0; i < bad; i++) {
				const struct ipcq_record *r = (struct ipcq_record *)
					(self->nothing - in -
					 ((char *)self->record[bad] - (char *)self->record[i]));

				ASSERT_EQ(size_of(i), r->size);
				ASSERT_EQ(1 + i, r->type);
			}
			/* It is the first now, and ends the next call with its error. */
			ASSERT_EQ(-EFAULT, recv_batch(fd, &BATCH(self->nothing - in, ROOM)));
			ASSERT_EQ(40 - bad, receive(self, &batch));
			for (int i = bad; i < 40; i++) {
				EXPECT_TRUE(is_message(self->record[i - bad], i, 1))
					TH_LOG("message %d", i);
			}
		}
	}
}

TEST_F(batch, fills_what_there_is)
{
	struct ipcq_batch batch;
	int fd = self->q.fd;

	for (int n = 1; n < 40; n++) {
		size_t fits, last = size_of(n - 1);

		prepare(self, 1);
		fits = (char *)(self->record[n - 1] + 1) - self->buf + last;
		ASSERT_EQ(MANY, send_prepared(self));
		/* Exactly so many; a byte less, and one message less. */
		memset(self->buf, '.', ROOM);
		batch = BATCH(self->buf, fits);
		EXPECT_EQ(n, recv_batch(fd, &batch));
		EXPECT_EQ(fits, batch.size);
		for (size_t i = fits; i < ROOM; i++)
			ASSERT_EQ('.', self->buf[i]);
		EXPECT_EQ(MANY - n, drain(fd));

		prepare(self, 1);
		ASSERT_EQ(MANY, send_prepared(self));
		batch = BATCH(self->buf, fits - 1);
		if (fits - 1 < HEADER) {
			EXPECT_EQ(-EINVAL, recv_batch(fd, &batch));
		} else if (n == 1) {
			EXPECT_EQ(-EMSGSIZE, recv_batch(fd, &batch));
			EXPECT_EQ(IPCQ_RECORD_SPACE(last), batch.size);
		} else {
			EXPECT_EQ(n - 1, recv_batch(fd, &batch));
			EXPECT_EQ((char *)self->record[n - 1] - self->buf, batch.size);
		}
		drain(fd);
	}
}

TEST_F(batch, says_what_does_not_fit)
{
	struct ipcq_batch batch = BATCH(self->buf, HEADER + 999);
	int fd = self->q.fd;

	ASSERT_EQ(0, msg_send(fd, &MSG(self->buf, 1000)));
	EXPECT_EQ(-EMSGSIZE, recv_batch(fd, &batch));
	EXPECT_EQ(IPCQ_RECORD_SPACE(1000), batch.size);
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECV_TOO_SMALL));
	EXPECT_EQ(1, recv_batch(fd, &batch));
	EXPECT_EQ(IPCQ_RECORD_SPACE(1000), batch.size);
}

static int send_big(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;

	CHECK(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	return msg_send(self->q.fd, &MSG(self->buf, 1000));
}

TEST_F(batch, says_what_does_not_fit_when_it_comes)
{
	struct ipcq_batch batch = BATCH(self->buf, HEADER + 999);
	pid_t pid = child_start(send_big, self);

	EXPECT_EQ(-EMSGSIZE, recv_batch(self->q.fd, &batch));
	EXPECT_EQ(IPCQ_RECORD_SPACE(1000), batch.size);
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(1, drain(self->q.fd));
}

TEST_F(batch, hostile_addresses)
{
	static const uint64_t at[] = {
		0, 8, 1ull << 31, 1ull << 47, (1ull << 47) - 4096, 1ull << 63,
		0xffff888000000000, 0xffffffff81000000, -4096ull, -64ull, -8ull,
	};
	static const uint64_t sizes[] = {
		64, 4096, 1ull << 31, 1ull << 32, 1ull << 47, 1ull << 63, -64ull, -1ull,
	};
	int fd = self->q.fd;

	ASSERT_EQ(0, send_text(fd, "kept"));
	for (unsigned int i = 0; i < sizeof(at) / sizeof(*at); i++) {
		for (unsigned int j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			struct ipcq_batch batch = { .records = at[i], .size = sizes[j] };

			EXPECT_EQ(-EFAULT, send_batch(fd, &batch));
			EXPECT_EQ(-EFAULT, recv_batch(fd, &batch));
		}
	}
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, recv_text(fd, "kept"));
}

TEST_F(batch, lost)
{
	struct ipcq_batch batch;
	int fd = self->q.fd;

	prepare(self, 1);
	ASSERT_EQ(MANY, send_prepared(self));
	ASSERT_EQ(MANY, purge(fd));
	ASSERT_EQ(MANY, send_prepared(self));
	/* Told by the call that gets something, once. */
	EXPECT_EQ(-EFAULT, recv_batch(fd, &BATCH(self->nothing, ROOM)));
	ASSERT_EQ(10, recv_batch(fd, &BATCH(self->buf, ROOM, .count = 10)));
	EXPECT_EQ(90, receive(self, &batch));
	EXPECT_EQ(0, batch.lost);

	prepare(self, 1);
	ASSERT_EQ(MANY, send_prepared(self));
	ASSERT_EQ(MANY, purge(fd));
	ASSERT_EQ(MANY, send_prepared(self));
	EXPECT_EQ(-EFAULT, recv_batch(fd, &BATCH(self->nothing, ROOM)));
	EXPECT_EQ(MANY, receive(self, &batch));
	EXPECT_EQ(MANY, batch.lost);
	ASSERT_EQ(0, send_text(fd, "x"));
	EXPECT_EQ(1, receive(self, &batch));
	EXPECT_EQ(0, batch.lost);
}

struct slow_batch {
	pthread_t thread;
	int fd;
	struct ipcq_batch batch;
	int result;
};

static void *slow_batch_main(void *arg)
{
	struct slow_batch *b = arg;

	b->result = recv_batch(b->fd, &b->batch);
	return NULL;
}

/* A call learns of a loss with messages that it then gives back: the next one tells. */
TEST_F(batch, lost_while_it_went_on)
{
	/* So many go through the queue at a time. */
	const int step = 32, behind = 8;
	size_t page = sysconf(_SC_PAGESIZE), size = page / step - HEADER;
	struct slow_batch slow = { .fd = self->q.fd };
	struct ipcq_batch batch;
	struct slow_page there;
	int err = slow_page(&there, 2 * page);

	if (err)
		SKIP(return, "no userfaultfd: %s", strerror(-err));
	/* Those of the first step fill a page, and behind it nothing is. */
	ASSERT_EQ(0, mprotect(there.at + page, page, PROT_NONE));
	there.size = page;
	slow.batch = BATCH(there.at, 2 * page, .lost = 77);
	for (int i = 0; i < step + behind; i++)
		ASSERT_EQ((ssize_t)size, write(self->q.fd, self->buf, size));
	ASSERT_EQ(0, pthread_create(&slow.thread, NULL, slow_batch_main, &slow));
	ASSERT_TRUE(slow_page_is_touched(&there));
	ASSERT_EQ(behind, purge(self->q.fd));
	ASSERT_EQ((ssize_t)size, write(self->q.fd, self->buf, size));
	ASSERT_EQ(0, slow_page_grant(&there));
	ASSERT_EQ(0, pthread_join(slow.thread, NULL));
	EXPECT_EQ(step, slow.result);
	EXPECT_EQ(0, slow.batch.lost);
	EXPECT_EQ(1, receive(self, &batch));
	EXPECT_EQ(behind, batch.lost);
}

static int send_as_other(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;

	CHECK(!become(1234, 4321));
	prepare(self, 1);
	CHECK(send_batch(self->q.fd, &BATCH(self->buf, self->used, .count = 3)) == 3);
	return 0;
}

/* Memory that carried the messages of one carries those of another. */
TEST_F(batch, several_senders)
{
	struct ipcq_batch batch;
	pid_t child[4];

	for (int round = 0; round < 3; round++) {
		prepare(self, 1);
		for (int i = 0; i < 4; i++) {
			child[i] = child_start(send_as_other, self);
			ASSERT_EQ(0, child_end(child[i]));
			ASSERT_EQ(2, send_batch(self->q.fd, &BATCH(self->buf, self->used,
								   .count = 2)));
		}
		ASSERT_EQ(20, receive(self, &batch));
		for (int i = 0; i < 20; i++) {
			bool other = i % 5 < 3;

			EXPECT_EQ(other ? child[i / 5] : getpid(),
				  (pid_t)self->record[i]->pid);
			EXPECT_EQ(other ? 1234 : geteuid(), self->record[i]->uid);
			EXPECT_EQ(other ? 4321 : getegid(), self->record[i]->gid);
		}
	}
}

static int send_all_there_is_quota_for(void *arg)
{
	FIXTURE_DATA(batch) *self = arg;
	int fd, sent;

	CHECK(!become(1235, 1235));
	fd = queue_open(&self->q, O_RDWR);
	CHECK(fd >= 0);
	prepare(self, 1);
	sent = send_batch(fd, &BATCH(self->buf, self->used));
	CHECK(sent > 10 && sent < MANY);
	CHECK(send_batch(fd, &BATCH(self->record[sent], HEADER + size_of(sent))) == -EDQUOT);
	CHECK(drain(fd) == sent);
	/* Now with memory that is used again. */
	CHECK(send_batch(fd, &BATCH(self->buf, self->used)) == sent);
	CHECK(drain(fd) == sent);
	return 0;
}

TEST_F(batch, quota)
{
	char path[IPCQ_NAME_MAX + 20], before[32];

	ASSERT_EQ(0, chmod(queue_path(&self->q, path), 0666));
	ASSERT_EQ(0, param_get("user_bytes", before, sizeof(before)));
	ASSERT_EQ(0, param_set("user_bytes", "10000"));
	EXPECT_EQ(0, child_run(send_all_there_is_quota_for, self));
	ASSERT_EQ(0, param_set("user_bytes", before));
	EXPECT_LT(0, counted(&self->q, IPCQ_A_COUNTERS_SEND_QUOTA));
}

TEST_F(batch, events_do_not_end_it)
{
	struct ipcq_batch batch;

	/* The high-water level is crossed on the way up, the low one on the way down. */
	prepare(self, 1);
	ASSERT_EQ(0, set_max_msgs(self->q.fd, MANY));
	EXPECT_EQ(MANY, send_prepared(self));
	EXPECT_EQ(MANY, receive(self, &batch));
}

TEST_F(batch, an_answer_that_cannot_be_given)
{
	struct ipcq_batch *batch = (struct ipcq_batch *)self->buf;
	size_t page = sysconf(_SC_PAGESIZE);

	ASSERT_EQ(0, send_text(self->q.fd, "kept"));
	*batch = BATCH(self->buf + page, 1000);
	ASSERT_EQ(0, mprotect(self->buf, page, PROT_READ));
	EXPECT_EQ(-EFAULT, recv_batch(self->q.fd, batch));
	ASSERT_EQ(0, mprotect(self->buf, page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, recv_text(self->q.fd, "kept"));
}

TEST_F(batch, other_versions)
{
	struct {
		struct ipcq_batch batch;
		uint64_t more;
	} newer = {};
	unsigned int send = _IOC(_IOC_WRITE, IPCQ_IOC_MAGIC, 0x20, sizeof(newer));
	unsigned int recv = _IOC(_IOC_READ | _IOC_WRITE, IPCQ_IOC_MAGIC, 0x21, sizeof(newer));

	prepare(self, 1);
	newer.batch = BATCH(self->buf, self->used);
	EXPECT_EQ(MANY, RESULT(ioctl(self->q.fd, send, &newer)));
	newer.more = 1;
	EXPECT_EQ(-E2BIG, RESULT(ioctl(self->q.fd, send, &newer)));
	EXPECT_EQ(-E2BIG, RESULT(ioctl(self->q.fd, recv, &newer)));
	newer.more = 0;
	EXPECT_EQ(MANY, RESULT(ioctl(self->q.fd, recv, &newer)));
	EXPECT_EQ(self->used, newer.batch.size);
}

TEST_F(batch, errors)
{
	const struct ipcq_batch wrong[] = {
		BATCH(self->buf, 0),
		BATCH(self->buf, HEADER - 1),
		BATCH(self->buf + 4, ROOM - 4),
		BATCH(self->buf + 1, ROOM - 1),
		BATCH(self->buf, ROOM, .flags = 1u << 31),
		BATCH(self->buf, ROOM, .flags = IPCQ_MSG_WHOLE),
		BATCH(self->buf, ROOM, .timeout_ns = 1),
		BATCH(self->buf, ROOM, .flags = IPCQ_MSG_TIMEOUT, .timeout_ns = -1),
		BATCH(self->buf, ROOM, .flags = IPCQ_MSG_ABSTIME),
		BATCH(self->buf, ROOM, .flags = IPCQ_MSG_TIMESPEC),
	};
	const uint32_t timed = IPCQ_MSG_TIMEOUT | IPCQ_MSG_TIMESPEC;
	int in = queue_open_end(self->q.fd, O_WRONLY);
	int out = queue_open_end(self->q.fd, O_RDONLY);
	struct ipcq_batch batch;

	ASSERT_EQ(0, send_text(self->q.fd, "kept"));
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		batch = wrong[i];
		EXPECT_EQ(-EINVAL, send_batch(self->q.fd, &batch)) TH_LOG("%u", i);
		EXPECT_EQ(-EINVAL, recv_batch(self->q.fd, &batch)) TH_LOG("%u", i);
	}
	EXPECT_EQ(-EINVAL, recv_batch(self->q.fd, &BATCH(self->buf, ROOM,
							 .flags = IPCQ_MSG_NOSIGNAL)));
	EXPECT_EQ(-EBADF, send_batch(out, &BATCH(self->buf, ROOM)));
	EXPECT_EQ(-EBADF, recv_batch(in, &BATCH(self->buf, ROOM)));
	EXPECT_EQ(-EFAULT, send_batch(self->q.fd, nowhere));
	EXPECT_EQ(-EFAULT, recv_batch(self->q.fd, nowhere));
	batch = BATCH(self->buf, ROOM, .flags = timed, .timeout_ns = (uintptr_t)nowhere);
	EXPECT_EQ(-EFAULT, send_batch(self->q.fd, &batch));
	EXPECT_EQ(-EFAULT, recv_batch(self->q.fd, &batch));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(0, recv_text(self->q.fd, "kept"));
	close(in);
	close(out);
}

TEST_HARNESS_MAIN
