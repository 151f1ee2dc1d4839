// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that are not there, or only half: a send that fails has sent nothing, and
 * a receive that fails has lost nothing.
 */
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "call.h"
#include "ipcq_test.h"
#include "slow_page.h"
#include "kselftest_harness.h"

FIXTURE(fault) {
	struct queue q;
	size_t page;
	char *half;	/* the last ten bytes before nothing */
	char *nothing;
	struct ipcq_msg *fixed;	/* a descriptor that cannot be written */
};

FIXTURE_SETUP(fault)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 4 };
	char *pages;

	self->page = sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	self->nothing = pages + self->page;
	self->half = self->nothing - 10;
	memset(pages, 'h', 2 * self->page);
	ASSERT_EQ(0, mprotect(self->nothing, self->page, PROT_NONE));
	self->fixed = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->fixed);
	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

TEST_F(fault, a_send_enqueues_nothing)
{
	struct iovec iov[] = { { "good", 4 }, { self->nothing, 4 } };
	int fd = self->q.fd;

	/* Ten bytes are there, of eleven. */
	EXPECT_EQ(-EFAULT, RESULT(write(fd, self->half, 11)));
	EXPECT_EQ(-EFAULT, RESULT(write(fd, self->half, 20)));
	EXPECT_EQ(-EFAULT, RESULT(write(fd, self->nothing, 1)));
	EXPECT_EQ(-EFAULT, msg_send(fd, &MSG(self->half, 11)));
	EXPECT_EQ(-EFAULT, RESULT(writev(fd, iov, 2)));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(10, write(fd, self->half, 10));
	EXPECT_EQ(0, msg_send(fd, &MSG(self->half, 10)));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	/* An address of nothing is never looked at. */
	EXPECT_EQ(0, write(fd, self->nothing, 0));
	EXPECT_EQ(0, msg_send(fd, &MSG(self->nothing, 0)));
}

TEST_F(fault, a_descriptor_half_there)
{
	struct ipcq_msg *half = (struct ipcq_msg *)(self->nothing - sizeof(*half) + 8);

	memset(half, 0, sizeof(*half) - 8);
	EXPECT_EQ(-EFAULT, msg_send(self->q.fd, half));
	EXPECT_EQ(-EFAULT, msg_recv(self->q.fd, half));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SENT));
}

/* Every way to fail to receive the next message of eleven bytes. */
static int fail_to_receive(FIXTURE_DATA(fault) *self, int way)
{
	struct iovec iov[] = { { self->half, 4 }, { self->nothing, 20 } };
	char buf[64];

	switch (way) {
	case 0:
		return RESULT(read(self->q.fd, self->half, 100));
	case 1:
		return RESULT(read(self->q.fd, self->nothing, 100));
	case 2:
		return RESULT(readv(self->q.fd, iov, 2));
	case 3:
		return msg_recv(self->q.fd, &MSG(self->half, 100));
	case 4:
		/* The payload arrives, the description cannot. */
		mprotect(self->fixed, self->page, PROT_READ | PROT_WRITE);
		*self->fixed = MSG(buf, sizeof(buf));
		mprotect(self->fixed, self->page, PROT_READ);
		return msg_recv(self->q.fd, self->fixed);
	}
	return 1;
}

#define WAYS 5

TEST_F(fault, a_receive_loses_nothing)
{
	struct nl_queue before, after;
	struct ipcq_msg msg;
	char buf[64];
	int way;

	ASSERT_EQ(0, msg_send(self->q.fd, &MSG("hello world", 11, .prio = 5, .type = 6)));
	for (way = 0; way < WAYS; way++) {
		before = nl_queue(self->q.id);
		EXPECT_EQ(-EFAULT, fail_to_receive(self, way))
			TH_LOG("way %d", way);
		after = nl_queue(self->q.id);
		EXPECT_EQ(before.depth, after.depth);
		EXPECT_EQ(before.bytes, after.bytes);
		EXPECT_EQ(0, after.stats.counter[IPCQ_A_COUNTERS_RECEIVED]);
		EXPECT_EQ(0, after.stats.counter[IPCQ_A_COUNTERS_RECEIVED_BYTES]);
		EXPECT_EQ(way + 1, (int)after.stats.counter[IPCQ_A_COUNTERS_RECV_GIVEN_BACK]);
		EXPECT_EQ(1, after.peak_depth);
		EXPECT_EQ(0, nl_books(self->q.id));
	}
	msg = MSG(buf, sizeof(buf));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(0, memcmp(buf, "hello world", 11));
	EXPECT_EQ(1, msg.seq);
	EXPECT_EQ(5, msg.prio);
	EXPECT_EQ(6, msg.type);
	EXPECT_EQ(getpid(), msg.pid);
}

TEST_F(fault, the_age_of_what_was_given_back_goes_on)
{
	uint64_t sent;

	ASSERT_EQ(0, send_text(self->q.fd, "hello world"));
	sent = now_ns();
	ASSERT_TRUE(WAIT_UNTIL(now_ns() > sent + 2 * MS));
	ASSERT_EQ(-EFAULT, fail_to_receive(self, 0));
	EXPECT_GE(nl_queue(self->q.id).oldest_ns, 2 * MS);
}

TEST_F(fault, a_short_buffer_that_is_not_there)
{
	/* That the message does not fit is found out first. */
	ASSERT_EQ(0, send_text(self->q.fd, "hello world"));
	EXPECT_EQ(-EMSGSIZE, RESULT(read(self->q.fd, self->nothing, 5)));
	EXPECT_EQ(-EMSGSIZE, msg_recv(self->q.fd, &MSG(self->nothing, 5)));
	/* But if the size cannot be told, this is what there is to tell. */
	*self->fixed = MSG(self->nothing, 5);
	mprotect(self->fixed, self->page, PROT_READ);
	EXPECT_EQ(-EFAULT, msg_recv(self->q.fd, self->fixed));
	EXPECT_EQ(0, recv_text(self->q.fd, "hello world"));
	/* An empty message needs no buffer. */
	ASSERT_EQ(0, send_text(self->q.fd, ""));
	EXPECT_EQ(0, read(self->q.fd, self->nothing, 5));
	EXPECT_EQ(1 + 1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_F(fault, the_order_is_as_before)
{
	const uint32_t orders[] = { IPCQ_ORDER_FIFO, IPCQ_ORDER_PRIORITY };
	char text[2][4][16] = {
		{ "first  (1)", "second (2)", "third  (1)", "fourth (2)" },
		{ "second (2)", "fourth (2)", "first  (1)", "third  (1)" },
	};
	unsigned int o, i;

	for (o = 0; o < 2; o++) {
		ASSERT_EQ(0, set_order(self->q.fd, orders[o]));
		for (i = 0; i < 4; i++)
			ASSERT_EQ(0, send_prio(self->q.fd, text[0][i], 1 + i % 2));
		for (i = 0; i < 4; i++) {
			/* Twice, as the message stands elsewhere the second time. */
			EXPECT_EQ(-EFAULT, RESULT(read(self->q.fd, self->nothing, 100)));
			EXPECT_EQ(-EFAULT, RESULT(read(self->q.fd, self->nothing, 100)));
			EXPECT_EQ(0, recv_text(self->q.fd, text[o][i]));
		}
	}
}

TEST_F(fault, it_may_stand_above_capacity)
{
	struct call c;

	ASSERT_EQ(4, fill(self->q.fd));
	ASSERT_EQ(0, call_write(&c, self->q.fd, "fifth"));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	/* Taking it out lets the sender in; then it comes back. */
	EXPECT_EQ(-EFAULT, RESULT(read(self->q.fd, self->nothing, 100)));
	EXPECT_EQ(5, call_end(&c));
	EXPECT_EQ(5, nl_queue(self->q.id).depth);
	EXPECT_EQ(5, nl_queue(self->q.id).peak_depth);
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(0, send_text(self->q.fd, "x"));
}

TEST_F(fault, losses_are_told_again)
{
	char buf[16];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	ASSERT_EQ(1, purge(self->q.fd));
	ASSERT_EQ(0, send_text(self->q.fd, "y"));
	EXPECT_EQ(-EFAULT, msg_recv(self->q.fd, &MSG(self->nothing, 10)));
	ASSERT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(1, msg.lost);
}

struct slow_recv {
	pthread_t thread;
	int fd;
	struct ipcq_msg msg;
	int result;
};

static void *slow_recv_main(void *arg)
{
	struct slow_recv *r = arg;

	r->result = msg_recv(r->fd, &r->msg);
	return NULL;
}

/* Begin to receive into the page.  True once the message is out of the queue. */
static bool slow_recv_start(struct slow_recv *r, int fd, struct slow_page *p)
{
	r->fd = fd;
	r->msg = MSG(p->at, p->size);
	return !pthread_create(&r->thread, NULL, slow_recv_main, r) && slow_page_is_touched(p);
}

static int slow_recv_end(struct slow_recv *r)
{
	pthread_join(r->thread, NULL);
	return r->result;
}

#define NEED_SLOW_PAGE(p)						\
	do {								\
		int __err = slow_page(p, self->page);			\
									\
		if (__err)						\
			SKIP(return, "no userfaultfd: %s", strerror(-__err)); \
	} while (0)

TEST_F(fault, a_slow_receiver_holds_nobody_up)
{
	struct slow_page page;
	struct slow_recv r;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, send_text(self->q.fd, "slow"));
	ASSERT_TRUE(slow_recv_start(&r, self->q.fd, &page));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	EXPECT_EQ(4, fill(self->q.fd));
	EXPECT_EQ(4, drain(self->q.fd));
	EXPECT_EQ(0, nl_books(self->q.id));
	ASSERT_EQ(0, slow_page_grant(&page));
	EXPECT_EQ(0, slow_recv_end(&r));
	EXPECT_EQ(4, r.msg.size);
	EXPECT_STREQ("slow", page.at);
}

TEST_F(fault, given_back_to_the_front)
{
	struct slow_page page;
	struct slow_recv r;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, send_text(self->q.fd, "one"));
	ASSERT_EQ(0, send_text(self->q.fd, "two"));
	ASSERT_TRUE(slow_recv_start(&r, self->q.fd, &page));
	ASSERT_EQ(0, send_text(self->q.fd, "three"));
	ASSERT_EQ(0, slow_page_refuse(&page));
	EXPECT_EQ(-EFAULT, slow_recv_end(&r));
	EXPECT_EQ(0, recv_text(self->q.fd, "one"));
	EXPECT_EQ(0, recv_text(self->q.fd, "two"));
	EXPECT_EQ(0, recv_text(self->q.fd, "three"));
}

TEST_F(fault, two_given_back_in_the_wrong_order)
{
	const uint32_t orders[] = { IPCQ_ORDER_FIFO, IPCQ_ORDER_PRIORITY };
	struct slow_page pages[3];
	struct slow_recv r[3];
	/* Which of three receivers gives back first, then, and last. */
	const int sequences[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	const char *text[] = { "one", "two", "three", "four" };
	unsigned int o, s, i;

	for (o = 0; o < ARRAY_SIZE(orders); o++) {
		ASSERT_EQ(0, set_order(self->q.fd, orders[o]));
		for (s = 0; s < ARRAY_SIZE(sequences); s++) {
			for (i = 0; i < 4; i++)
				ASSERT_EQ(0, send_prio(self->q.fd, text[i], 3));
			for (i = 0; i < 3; i++) {
				NEED_SLOW_PAGE(&pages[i]);
				ASSERT_TRUE(slow_recv_start(&r[i], self->q.fd, &pages[i]));
			}
			for (i = 0; i < 3; i++) {
				ASSERT_EQ(0, slow_page_refuse(&pages[sequences[s][i]]));
				EXPECT_EQ(-EFAULT, slow_recv_end(&r[sequences[s][i]]));
			}
			for (i = 0; i < 4; i++)
				EXPECT_EQ(0, recv_text(self->q.fd, text[i]))
					TH_LOG("order %u, sequence %u", o, s);
		}
	}
}

TEST_F(fault, given_back_behind_a_higher_priority)
{
	struct slow_page page;
	struct slow_recv r;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	ASSERT_EQ(0, send_prio(self->q.fd, "middle", 5));
	ASSERT_TRUE(slow_recv_start(&r, self->q.fd, &page));
	ASSERT_EQ(0, send_prio(self->q.fd, "high", 6));
	ASSERT_EQ(0, send_prio(self->q.fd, "later", 5));
	ASSERT_EQ(0, send_prio(self->q.fd, "low", 4));
	ASSERT_EQ(0, slow_page_refuse(&page));
	EXPECT_EQ(-EFAULT, slow_recv_end(&r));
	EXPECT_EQ(0, recv_text(self->q.fd, "high"));
	EXPECT_EQ(0, recv_text(self->q.fd, "middle"));
	EXPECT_EQ(0, recv_text(self->q.fd, "later"));
	EXPECT_EQ(0, recv_text(self->q.fd, "low"));
}

TEST_F(fault, given_back_to_a_receiver_that_waits)
{
	struct slow_page page;
	struct slow_recv r;
	struct call c;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, send_text(self->q.fd, "passed on"));
	ASSERT_TRUE(slow_recv_start(&r, self->q.fd, &page));
	ASSERT_EQ(0, call_recv(&c, self->q.fd, (struct ipcq_msg) {}));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, slow_page_refuse(&page));
	EXPECT_EQ(-EFAULT, slow_recv_end(&r));
	EXPECT_EQ(0, call_end(&c));
	EXPECT_STREQ("passed on", c.text);
	EXPECT_EQ(1, c.msg.seq);
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(9, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED_BYTES));
}

TEST_F(fault, given_back_after_a_purge_is_not_purged)
{
	struct slow_page page;
	struct slow_recv r;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, send_text(self->q.fd, "survives"));
	ASSERT_EQ(0, send_text(self->q.fd, "does not"));
	ASSERT_TRUE(slow_recv_start(&r, self->q.fd, &page));
	EXPECT_EQ(1, purge(self->q.fd));
	ASSERT_EQ(0, slow_page_refuse(&page));
	EXPECT_EQ(-EFAULT, slow_recv_end(&r));
	EXPECT_EQ(0, recv_text(self->q.fd, "survives"));
	EXPECT_EQ(-EAGAIN, recv_text(self->q.fd, ""));
}

TEST_F(fault, given_back_after_a_change_of_order)
{
	struct slow_page page;
	struct slow_recv r;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, send_prio(self->q.fd, "back", 5));
	ASSERT_TRUE(slow_recv_start(&r, self->q.fd, &page));
	/* The queue is empty, as far as anybody can see. */
	ASSERT_EQ(0, set_order(self->q.fd, IPCQ_ORDER_PRIORITY));
	ASSERT_EQ(0, send_prio(self->q.fd, "high", 6));
	ASSERT_EQ(0, send_prio(self->q.fd, "low", 4));
	ASSERT_EQ(0, slow_page_refuse(&page));
	EXPECT_EQ(-EFAULT, slow_recv_end(&r));
	EXPECT_EQ(0, recv_text(self->q.fd, "high"));
	EXPECT_EQ(0, recv_text(self->q.fd, "back"));
	EXPECT_EQ(0, recv_text(self->q.fd, "low"));
}

TEST_F(fault, the_books_balance_across_a_reset)
{
	struct slow_page page;
	struct slow_recv r;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, send_text(self->q.fd, "hello"));
	ASSERT_EQ(0, send_text(self->q.fd, "world"));
	ASSERT_TRUE(slow_recv_start(&r, self->q.fd, &page));
	ASSERT_EQ(0, nl_reset(self->q.id, IPCQ_RESET_COUNTERS));
	EXPECT_EQ(0, nl_books(self->q.id));
	ASSERT_EQ(0, slow_page_refuse(&page));
	EXPECT_EQ(-EFAULT, slow_recv_end(&r));
	EXPECT_EQ(0, nl_books(self->q.id));
	EXPECT_EQ(0, nl_books_of_totals());
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(10, counted(&self->q, IPCQ_A_COUNTERS_SENT_BYTES));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(0, recv_text(self->q.fd, "hello"));
	EXPECT_EQ(0, recv_text(self->q.fd, "world"));
}

/* Never returns: the page never comes. */
static int recv_for_ever(void *arg)
{
	struct slow_page page;
	int err = slow_page(&page, sysconf(_SC_PAGESIZE));

	return err ? -err : msg_recv(*(int *)arg, &MSG(page.at, page.size));
}

TEST_F(fault, killed_while_copying)
{
	struct slow_page page;
	pid_t pid;

	NEED_SLOW_PAGE(&page);
	ASSERT_EQ(0, send_text(self->q.fd, "survives"));
	pid = child_start(recv_for_ever, &self->q.fd);
	ASSERT_TRUE(WAIT_UNTIL(counted(&self->q, IPCQ_A_COUNTERS_RECEIVED) == 1));
	EXPECT_EQ(0, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pid));
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(0, recv_text(self->q.fd, "survives"));
}

TEST_HARNESS_MAIN
