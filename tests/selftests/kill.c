// SPDX-License-Identifier: GPL-2.0-only
/* Tasks that are killed, or signalled, at the worst moment lose nothing. */
#include <sched.h>
#include <signal.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(killed) {
	struct queue q;
};

FIXTURE_SETUP(killed)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 2 };

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(killed)
{
	EXPECT_EQ(0, blocked_senders(&self->q));
	EXPECT_EQ(0, blocked_receivers(&self->q));
	EXPECT_EQ(0, queue_end(&self->q));
}

static int do_read(void *arg)
{
	char buf[16];

	return read(*(int *)arg, buf, sizeof(buf)) < 0;
}

static int do_recv(void *arg)
{
	char buf[16];

	return msg_recv(*(int *)arg, &MSG(buf, sizeof(buf))) < 0;
}

static int do_recv_timed(void *arg)
{
	char buf[16];

	return msg_recv(*(int *)arg, &MSG(buf, sizeof(buf), .flags = IPCQ_MSG_TIMEOUT,
					  .timeout_ns = 3600 * SECOND)) < 0;
}

static int do_write(void *arg)
{
	return write(*(int *)arg, "blocked", 7) < 0;
}

static int do_send(void *arg)
{
	return msg_send(*(int *)arg, &MSG("blocked", 7)) < 0;
}

static int do_send_timed(void *arg)
{
	return msg_send(*(int *)arg, &MSG("blocked", 7, .flags = IPCQ_MSG_TIMEOUT,
					  .timeout_ns = 3600 * SECOND)) < 0;
}

TEST_F(killed, blocked_receivers)
{
	const child_fn calls[] = { do_read, do_recv, do_recv_timed };
	pid_t pid;

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		pid = child_start(calls[i], &self->q.fd);
		ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(-SIGKILL, child_end(pid));
		EXPECT_EQ(0, blocked_receivers(&self->q));
	}
	EXPECT_EQ(3, counted(&self->q, IPCQ_A_COUNTERS_RECV_INTERRUPTED));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
}

TEST_F(killed, blocked_senders)
{
	const child_fn calls[] = { do_write, do_send, do_send_timed };
	pid_t pid;

	ASSERT_EQ(2, fill(self->q.fd));
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		pid = child_start(calls[i], &self->q.fd);
		ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(-SIGKILL, child_end(pid));
		EXPECT_EQ(0, blocked_senders(&self->q));
	}
	EXPECT_EQ(3, counted(&self->q, IPCQ_A_COUNTERS_SEND_INTERRUPTED));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(2, drain(self->q.fd));
}

TEST_F(killed, one_in_the_middle_of_a_row)
{
	pid_t pids[3];
	int i;

	for (i = 0; i < 3; i++) {
		pids[i] = child_start(do_read, &self->q.fd);
		ASSERT_TRUE(WAIT_UNTIL((int)blocked_receivers(&self->q) == i + 1));
	}
	ASSERT_EQ(0, kill(pids[1], SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pids[1]));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, child_end(pids[0]));
	EXPECT_EQ(1, blocked_receivers(&self->q));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, child_end(pids[2]));
}

TEST_F(killed, a_large_sender_makes_way_for_a_small_one)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE,
		.max_bytes = 10,
		.max_msg_size = 10,
	};
	pid_t pid;

	ASSERT_EQ(0, attr_set(self->q.fd, &attr));
	ASSERT_EQ(0, send_text(self->q.fd, "12345"));
	pid = child_start(do_write, &self->q.fd);
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	EXPECT_EQ(-EAGAIN, send_text(self->q.fd, "small"));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pid));
	EXPECT_EQ(0, send_text(self->q.fd, "small"));
}

TEST_F(killed, the_only_receiver_breaks_the_pipe)
{
	int writer = queue_open(&self->q, O_WRONLY);
	int reader = queue_open(&self->q, O_RDONLY);
	pid_t pid;

	ASSERT_EQ(0, set_flags(self->q.fd, IPCQ_F_HANGUP));
	pid = child_start(do_read, &reader);
	close(reader);
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	close(self->q.fd);
	self->q.fd = -1;
	/* The child has inherited both. */
	EXPECT_EQ(2, nl_queue(self->q.id).receivers);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pid));
	EXPECT_EQ(0, nl_queue(self->q.id).receivers);
	EXPECT_EQ(-EPIPE, send_text(writer, "x"));
	close(writer);
}

/*
 * Between the hand-over of a message and the receiver's return it can be killed.
 * To hit that moment for sure, the child shares one processor with the test, which
 * has real-time priority: what the test wakes does not run until the test sleeps.
 */

static int pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static int own_the_processor(void)
{
	struct sched_param param = { .sched_priority = 1 };

	return pin() || sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

static int let_others_run(void)
{
	struct sched_param param = {};

	return sched_setscheduler(0, SCHED_OTHER, &param);
}

static void nothing(int sig)
{
	(void)sig;
}

static int pinned_recv(void *arg)
{
	struct sigaction action = { .sa_handler = nothing };
	char buf[16];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	CHECK(pin() == 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(msg_recv(*(int *)arg, &msg) == 0);
	CHECK(msg.size == 6 && !memcmp(buf, "handed", 6));
	return 0;
}

static int pinned_send(void *arg)
{
	struct sigaction action = { .sa_handler = nothing };

	CHECK(pin() == 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(msg_send(*(int *)arg, &MSG("blocked", 7)) == 0);
	return 0;
}

TEST_F(killed, after_the_hand_over)
{
	pid_t pid = child_start(pinned_recv, &self->q.fd);
	struct nl_queue nl;

	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	if (own_the_processor()) {
		kill(pid, SIGKILL);
		child_end(pid);
		SKIP(return, "no real-time priority: %m");
	}
	ASSERT_EQ(0, msg_send(self->q.fd, &MSG("handed", 6, .prio = 9)));
	/* It has been received, and the receiver has not run yet. */
	nl = nl_queue(self->q.id);
	EXPECT_EQ(0, nl.depth);
	EXPECT_EQ(0, nl.blocked_receivers);
	EXPECT_EQ(1, nl.stats.counter[IPCQ_A_COUNTERS_RECEIVED]);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(0, let_others_run());
	EXPECT_EQ(-SIGKILL, child_end(pid));
	nl = nl_queue(self->q.id);
	EXPECT_EQ(1, nl.depth);
	EXPECT_EQ(6, nl.bytes);
	EXPECT_EQ(0, nl.stats.counter[IPCQ_A_COUNTERS_RECEIVED]);
	EXPECT_EQ(0, nl.stats.counter[IPCQ_A_COUNTERS_RECEIVED_BYTES]);
	EXPECT_EQ(1, nl.stats.counter[IPCQ_A_COUNTERS_RECV_GIVEN_BACK]);
	EXPECT_EQ(0, recv_text(self->q.fd, "handed"));
}

TEST_F(killed, after_the_hand_over_to_the_next_receiver)
{
	pid_t first, second;

	first = child_start(pinned_recv, &self->q.fd);
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	second = child_start(pinned_recv, &self->q.fd);
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 2));
	if (own_the_processor()) {
		kill(first, SIGKILL);
		kill(second, SIGKILL);
		child_end(first);
		child_end(second);
		SKIP(return, "no real-time priority: %m");
	}
	ASSERT_EQ(0, send_text(self->q.fd, "handed"));
	ASSERT_EQ(0, kill(first, SIGKILL));
	ASSERT_EQ(0, let_others_run());
	EXPECT_EQ(-SIGKILL, child_end(first));
	EXPECT_EQ(0, child_end(second));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECV_GIVEN_BACK));
}

TEST_F(killed, a_signal_after_the_hand_over_comes_too_late)
{
	pid_t pid = child_start(pinned_recv, &self->q.fd);

	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	if (own_the_processor()) {
		kill(pid, SIGKILL);
		child_end(pid);
		SKIP(return, "no real-time priority: %m");
	}
	ASSERT_EQ(0, send_text(self->q.fd, "handed"));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	ASSERT_EQ(0, let_others_run());
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_RECV_INTERRUPTED));
}

TEST_F(killed, a_sender_after_it_was_admitted)
{
	const int signals[] = { SIGKILL, SIGUSR1 };
	pid_t pid;

	for (unsigned int i = 0; i < ARRAY_SIZE(signals); i++) {
		ASSERT_EQ(2, fill(self->q.fd));
		pid = child_start(pinned_send, &self->q.fd);
		ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
		if (own_the_processor()) {
			kill(pid, SIGKILL);
			child_end(pid);
			SKIP(return, "no real-time priority: %m");
		}
		ASSERT_EQ(0, recv_text(self->q.fd, "fill"));
		ASSERT_EQ(0, kill(pid, signals[i]));
		ASSERT_EQ(0, let_others_run());
		/* What was accepted is accepted, and the sender, if it lives, is told so. */
		EXPECT_EQ(signals[i] == SIGKILL ? -SIGKILL : 0, child_end(pid));
		EXPECT_EQ(0, recv_text(self->q.fd, "fill"));
		EXPECT_EQ(0, recv_text(self->q.fd, "blocked"));
		EXPECT_EQ(0, counted(&self->q, IPCQ_A_COUNTERS_SEND_INTERRUPTED));
	}
}

/* At any moment. */

static int send_for_ever(void *arg)
{
	char buf[64] = {};

	for (unsigned int n = 0;; n++)
		CHECK(msg_send(*(int *)arg, &MSG(buf, n % sizeof(buf), .prio = n % 5)) == 0);
}

static int recv_for_ever(void *arg)
{
	char buf[64];

	for (;;)
		CHECK(read(*(int *)arg, buf, sizeof(buf)) >= 0);
}

TEST_F(killed, at_random)
{
	struct queue *q = &self->q;
	pid_t pids[4];
	int i;

	for (i = 0; i < 4; i++)
		pids[i] = child_start(i & 1 ? recv_for_ever : send_for_ever, &q->fd);
	for (i = 0; i < 24; i++) {
		uint64_t sent = counted(q, IPCQ_A_COUNTERS_SENT);

		/* Somebody has sent since the last one was killed. */
		ASSERT_TRUE(WAIT_UNTIL(counted(q, IPCQ_A_COUNTERS_SENT) != sent));
		ASSERT_EQ(0, kill(pids[i % 4], SIGKILL));
		EXPECT_EQ(-SIGKILL, child_end(pids[i % 4]));
		ASSERT_EQ(0, nl_books(q->id));
		pids[i % 4] = child_start(i & 1 ? recv_for_ever : send_for_ever, &q->fd);
	}
	for (i = 0; i < 4; i++) {
		kill(pids[i], SIGKILL);
		child_end(pids[i]);
	}
	/* What is given back may stand above capacity, by one for each receiver. */
	EXPECT_LE(nl_queue(q->id).depth, 2 + 2);
	EXPECT_EQ(nl_queue(q->id).depth, (uint32_t)drain(q->fd));
	EXPECT_EQ(counted(q, IPCQ_A_COUNTERS_SENT), counted(q, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_HARNESS_MAIN
