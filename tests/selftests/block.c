// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that block: who is served, in which order, and who is woken for it.
 *
 * Every step is awaited: a call has blocked when the queue counts it among its
 * blocked ones.
 */
#include <signal.h>

#include "call.h"
#include "ipcq_test.h"
#include "kselftest_harness.h"

#define MANY 8

static const struct ipcq_msg plain;

FIXTURE(block) {
	struct queue q;
	struct call calls[MANY];
};

FIXTURE_SETUP(block)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE,
		.max_msgs = 4,
		.max_bytes = 40,
		.max_msg_size = 20,
	};

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(block)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

TEST_F(block, a_read_waits_for_a_message)
{
	struct call *c = &self->calls[0];

	ASSERT_EQ(0, call_read(c, self->q.fd));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	EXPECT_FALSE(call_is_done(c));
	ASSERT_EQ(5, write(self->q.fd, "hello", 5));
	EXPECT_EQ(5, call_end(c));
	EXPECT_STREQ("hello", c->text);
	EXPECT_EQ(0, blocked_receivers(&self->q));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_RECVS));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVER_WAKEUPS));
	/* It was handed over: it never waited. */
	EXPECT_EQ(0, nl_queue(self->q.id).peak_depth);
}

TEST_F(block, a_recv_waits_for_a_message)
{
	struct call *c = &self->calls[0];

	ASSERT_EQ(0, call_recv(c, self->q.fd, plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, msg_send(self->q.fd, &MSG("hello", 5, .prio = 3, .type = 4)));
	EXPECT_EQ(0, call_end(c));
	EXPECT_STREQ("hello", c->text);
	EXPECT_EQ(5, c->msg.size);
	EXPECT_EQ(3, c->msg.prio);
	EXPECT_EQ(4, c->msg.type);
	EXPECT_EQ(1, c->msg.seq);
	EXPECT_EQ(getpid(), c->msg.pid);
}

TEST_F(block, an_empty_message_wakes_a_receiver)
{
	struct call *c = &self->calls[0];

	ASSERT_EQ(0, call_read(c, self->q.fd));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, write(self->q.fd, "", 0));
	EXPECT_EQ(0, call_end(c));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_F(block, a_write_waits_for_room)
{
	struct call *c = &self->calls[0];

	ASSERT_EQ(4, fill(self->q.fd));
	ASSERT_EQ(0, call_write(c, self->q.fd, "fifth"));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	EXPECT_FALSE(call_is_done(c));
	/* What has not been accepted is not in the queue. */
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	/* The receive itself has admitted it. */
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
	EXPECT_EQ(5, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(5, call_end(c));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_SENDS));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_SENDER_WAKEUPS));
	EXPECT_EQ(4, nl_queue(self->q.id).peak_depth);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(0, recv_text(self->q.fd, "fifth"));
}

TEST_F(block, a_send_waits_for_bytes)
{
	struct call *c = &self->calls[0];

	ASSERT_EQ(0, send_text(self->q.fd, "01234567890123456789"));
	ASSERT_EQ(0, send_text(self->q.fd, "0123456789"));
	ASSERT_EQ(0, call_send(c, self->q.fd, "12345678901", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(0, recv_text(self->q.fd, "01234567890123456789"));
	EXPECT_EQ(0, call_end(c));
	EXPECT_EQ(21, nl_queue(self->q.id).bytes);
}

static int start_reads(FIXTURE_DATA(block) *self)
{
	for (int i = 0; i < MANY; i++) {
		if (call_recv(&self->calls[i], self->q.fd, plain) ||
		    !WAIT_UNTIL((int)blocked_receivers(&self->q) == i + 1))
			return 1;
	}
	return 0;
}

TEST_F(block, one_message_wakes_one_receiver_and_the_first)
{
	char text[8];
	int i, j;

	ASSERT_EQ(0, start_reads(self));
	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(0, send_text(self->q.fd, text));
		EXPECT_EQ(0, call_end(&self->calls[i]));
		EXPECT_STREQ(text, self->calls[i].text);
		EXPECT_EQ(MANY - 1 - i, blocked_receivers(&self->q));
		EXPECT_EQ(i + 1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVER_WAKEUPS));
		for (j = i + 1; j < MANY; j++)
			EXPECT_FALSE(call_is_done(&self->calls[j]));
	}
	EXPECT_EQ(MANY, counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_RECVS));
	EXPECT_EQ(0, nl_queue(self->q.id).peak_depth);
}

TEST_F(block, senders_are_admitted_in_their_order)
{
	char text[8];
	int i;

	ASSERT_EQ(4, fill(self->q.fd));
	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(0, call_send(&self->calls[i], self->q.fd, text, plain));
		ASSERT_TRUE(WAIT_UNTIL((int)blocked_senders(&self->q) == i + 1));
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(MANY - 4, blocked_senders(&self->q));
	for (i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(0, recv_text(self->q.fd, text));
		EXPECT_EQ(0, call_end(&self->calls[i]));
	}
	EXPECT_EQ(MANY, counted(&self->q, IPCQ_A_COUNTERS_SENDER_WAKEUPS));
	EXPECT_EQ(4, nl_queue(self->q.id).peak_depth);
}

TEST_F(block, nobody_overtakes_a_waiting_sender)
{
	struct call *large = &self->calls[0], *small = &self->calls[1];

	ASSERT_EQ(0, send_text(self->q.fd, "01234567890123456789"));
	ASSERT_EQ(0, send_text(self->q.fd, "0123456789"));
	ASSERT_EQ(0, call_send(large, self->q.fd, "ABCDEFGHIJKLMNOPQRST", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	/* This one would fit. */
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "s"));
	ASSERT_EQ(0, call_send(small, self->q.fd, "s", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 2));
	ASSERT_EQ(0, recv_text(self->q.fd, "01234567890123456789"));
	EXPECT_EQ(0, call_end(large));
	EXPECT_EQ(0, call_end(small));
	EXPECT_EQ(0, recv_text(self->q.fd, "0123456789"));
	EXPECT_EQ(0, recv_text(self->q.fd, "ABCDEFGHIJKLMNOPQRST"));
	EXPECT_EQ(0, recv_text(self->q.fd, "s"));
}

static void do_nothing(int sig)
{
	(void)sig;
}

TEST_F(block, a_large_one_that_gives_up_lets_the_small_ones_in)
{
	struct call *large = &self->calls[0], *small = &self->calls[1];
	struct sigaction action = { .sa_handler = do_nothing };

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, send_text(self->q.fd, "01234567890123456789"));
	ASSERT_EQ(0, send_text(self->q.fd, "0123456789"));
	ASSERT_EQ(0, call_send(large, self->q.fd, "ABCDEFGHIJKLMNOPQRST", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(0, call_send(small, self->q.fd, "s", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 2));
	ASSERT_EQ(0, pthread_kill(large->thread, SIGUSR1));
	EXPECT_EQ(-EINTR, call_end(large));
	EXPECT_EQ(0, call_end(small));
	EXPECT_EQ(3, nl_queue(self->q.id).depth);
	EXPECT_EQ(31, nl_queue(self->q.id).bytes);
}

TEST_F(block, room_for_many_small_ones_admits_them_all)
{
	char text[8];
	int i;

	ASSERT_EQ(0, send_text(self->q.fd, "01234567890123456789"));
	ASSERT_EQ(0, send_text(self->q.fd, "01234567890123456789"));
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ASSERT_EQ(0, call_send(&self->calls[i], self->q.fd, text, plain));
		ASSERT_TRUE(WAIT_UNTIL((int)blocked_senders(&self->q) == i + 1));
	}
	ASSERT_EQ(0, recv_text(self->q.fd, "01234567890123456789"));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, call_end(&self->calls[i]));
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
}

TEST_F(block, a_receiver_without_room_leaves_the_message_to_the_next)
{
	struct call *tight = &self->calls[0], *roomy = &self->calls[1];

	ASSERT_EQ(0, call_recv(tight, self->q.fd, (struct ipcq_msg) { .size = 3 }));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, call_recv(roomy, self->q.fd, plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 2));
	ASSERT_EQ(0, send_text(self->q.fd, "four"));
	EXPECT_EQ(-EMSGSIZE, call_end(tight));
	EXPECT_EQ(4, tight->msg.size);
	EXPECT_EQ(0, call_end(roomy));
	EXPECT_STREQ("four", roomy->text);
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECV_TOO_SMALL));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_F(block, a_message_that_no_receiver_has_room_for_stays)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, call_recv(&self->calls[i], self->q.fd,
				       (struct ipcq_msg) { .size = 3 }));
		ASSERT_TRUE(WAIT_UNTIL((int)blocked_receivers(&self->q) == i + 1));
	}
	ASSERT_EQ(0, send_text(self->q.fd, "four"));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EMSGSIZE, call_end(&self->calls[i]));
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	EXPECT_EQ(0, recv_text(self->q.fd, "four"));
}

TEST_F(block, a_larger_capacity_admits)
{
	int i;

	ASSERT_EQ(4, fill(self->q.fd));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, call_send(&self->calls[i], self->q.fd, "more", plain));
		ASSERT_TRUE(WAIT_UNTIL((int)blocked_senders(&self->q) == i + 1));
	}
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 6));
	EXPECT_EQ(0, call_end(&self->calls[0]));
	EXPECT_EQ(0, call_end(&self->calls[1]));
	EXPECT_EQ(1, blocked_senders(&self->q));
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 7));
	EXPECT_EQ(0, call_end(&self->calls[2]));
	EXPECT_EQ(7, drain(self->q.fd));
}

TEST_F(block, a_smaller_message_size_refuses_who_is_too_large)
{
	struct call *large = &self->calls[0], *small = &self->calls[1];

	ASSERT_EQ(4, fill(self->q.fd));
	ASSERT_EQ(0, call_send(large, self->q.fd, "0123456789", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(0, call_send(small, self->q.fd, "12345", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 2));
	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE,
		.max_msg_size = 5,
	}));
	EXPECT_EQ(-EMSGSIZE, call_end(large));
	EXPECT_EQ(1, blocked_senders(&self->q));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_SEND_TOO_BIG));
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(0, call_end(small));
}

TEST_F(block, a_smaller_message_size_lets_in_who_was_behind)
{
	struct call *large = &self->calls[0], *small = &self->calls[1];

	ASSERT_EQ(0, send_text(self->q.fd, "01234567890123456789"));
	ASSERT_EQ(0, send_text(self->q.fd, "0123456789"));
	ASSERT_EQ(0, call_send(large, self->q.fd, "ABCDEFGHIJKLMNOPQRST", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(0, call_send(small, self->q.fd, "s", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 2));
	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_MSG_SIZE,
		.max_msg_size = 5,
	}));
	EXPECT_EQ(-EMSGSIZE, call_end(large));
	EXPECT_EQ(0, call_end(small));
}

TEST_F(block, a_purge_admits_and_does_not_purge_who_waited)
{
	ASSERT_EQ(4, fill(self->q.fd));
	ASSERT_EQ(0, call_send(&self->calls[0], self->q.fd, "waited", plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	EXPECT_EQ(4, purge(self->q.fd));
	EXPECT_EQ(0, call_end(&self->calls[0]));
	EXPECT_EQ(0, recv_text(self->q.fd, "waited"));
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_PURGED));
}

TEST_F(block, how_long_is_counted)
{
	uint64_t began, ended;

	ASSERT_EQ(0, call_read(&self->calls[0], self->q.fd));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	began = now_ns();
	ASSERT_TRUE(WAIT_UNTIL(now_ns() > began + 5 * MS));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	ended = now_ns();
	EXPECT_EQ(1, call_end(&self->calls[0]));
	EXPECT_GE(counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_RECV_NS), 5 * MS);
	EXPECT_LE(counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_RECV_NS), ended - began + SECOND);
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_SEND_NS));

	ASSERT_EQ(4, fill(self->q.fd));
	ASSERT_EQ(0, call_write(&self->calls[0], self->q.fd, "x"));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	began = now_ns();
	ASSERT_TRUE(WAIT_UNTIL(now_ns() > began + 5 * MS));
	ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
	EXPECT_EQ(1, call_end(&self->calls[0]));
	EXPECT_GE(counted(&self->q, IPCQ_A_COUNTERS_BLOCKED_SEND_NS), 5 * MS);
}

TEST_F(block, a_queue_destroyed_by_name_keeps_its_blocked_calls)
{
	ASSERT_EQ(0, call_read(&self->calls[0], self->q.fd));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, queue_destroy(self->q.name));
	EXPECT_EQ(1, blocked_receivers(&self->q));
	ASSERT_EQ(0, send_text(self->q.fd, "goes on"));
	EXPECT_EQ(7, call_end(&self->calls[0]));
}

TEST_F(block, a_call_goes_on_when_its_descriptor_is_closed)
{
	int copy = queue_open(&self->q, O_RDONLY);

	ASSERT_GE(copy, 0);
	ASSERT_EQ(0, call_read(&self->calls[0], copy));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, close(copy));
	EXPECT_EQ(1, blocked_receivers(&self->q));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(1, call_end(&self->calls[0]));
	EXPECT_TRUE(WAIT_UNTIL(nl_queue(self->q.id).receivers == 1));
}

static int read_and_check(void *arg)
{
	char buf[16];

	CHECK(read(*(int *)arg, buf, sizeof(buf)) == 1);
	return 0;
}

TEST_F(block, receivers_in_other_processes)
{
	pid_t pids[3];
	int i;

	for (i = 0; i < 3; i++) {
		pids[i] = child_start(read_and_check, &self->q.fd);
		ASSERT_TRUE(WAIT_UNTIL((int)blocked_receivers(&self->q) == i + 1));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_text(self->q.fd, "x"));
		EXPECT_EQ(0, child_end(pids[i]));
		EXPECT_EQ(2 - i, blocked_receivers(&self->q));
	}
}

TEST_HARNESS_MAIN
