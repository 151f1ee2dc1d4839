// SPDX-License-Identifier: GPL-2.0-only
/* End of file and broken pipe, as pipes have them; shutdown by hand. */
#include <signal.h>

#include "call.h"
#include "ipcq_test.h"
#include "kselftest_harness.h"

static const struct ipcq_msg plain;
static const struct ipcq_msg nosignal = { .flags = IPCQ_MSG_NOSIGNAL };

/* At end of file read returns 0 and RECV says EPIPE. */
static bool is_at_eof(int fd)
{
	char buf[8];
	struct ipcq_msg msg = MSG(buf, sizeof(buf), .flags = IPCQ_MSG_NONBLOCK);

	return msg_recv(fd, &msg) == -EPIPE && read(fd, buf, sizeof(buf)) == 0;
}

static bool is_broken(int fd)
{
	return send_text(fd, "x") == -EPIPE;
}

/* Two ends of an anonymous queue, as of a pipe. */
FIXTURE(ends) {
	struct queue q;
	int reader;
	int writer;
};

FIXTURE_SETUP(ends)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 2 };

	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, queue_make_anonymous(&self->q, &attr, O_RDWR));
	self->reader = queue_open_end(self->q.fd, O_RDONLY);
	self->writer = queue_open_end(self->q.fd, O_WRONLY);
	ASSERT_GE(self->reader, 0);
	ASSERT_GE(self->writer, 0);
	close(self->q.fd);
	self->q.fd = -1;
}

FIXTURE_TEARDOWN(ends)
{
	close(self->reader);
	close(self->writer);
	EXPECT_EQ(0, queue_end(&self->q));
	EXPECT_EQ(-ENOENT, nl_queue(self->q.id).err);
}

static void end(int *fd)
{
	close(*fd);
	*fd = -1;
}

TEST_F(ends, carry_messages)
{
	EXPECT_EQ(-EAGAIN, recv_text(self->reader, ""));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(0, recv_text(self->reader, "x"));
	EXPECT_EQ(-EAGAIN, recv_text(self->reader, ""));
}

TEST_F(ends, end_of_file_comes_after_the_last_message)
{
	ASSERT_EQ(0, send_text(self->writer, "a"));
	ASSERT_EQ(0, send_text(self->writer, "b"));
	end(&self->writer);
	EXPECT_EQ(0, recv_text(self->reader, "a"));
	EXPECT_EQ(0, recv_text(self->reader, "b"));
	EXPECT_TRUE(is_at_eof(self->reader));
	EXPECT_TRUE(is_at_eof(self->reader));
	EXPECT_EQ(4, counted(&self->q, IPCQ_A_COUNTERS_RECV_EOF));
}

TEST_F(ends, an_empty_message_is_not_end_of_file)
{
	char buf[8];
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	ASSERT_EQ(0, send_text(self->writer, ""));
	end(&self->writer);
	/* RECV tells them apart. */
	EXPECT_EQ(0, msg_recv(self->reader, &msg));
	EXPECT_EQ(0, msg.size);
	EXPECT_EQ(-EPIPE, msg_recv(self->reader, &msg));
}

TEST_F(ends, the_last_sender_ends_blocked_receivers)
{
	struct call read, recv;

	ASSERT_EQ(0, call_read(&read, self->reader));
	ASSERT_EQ(0, call_recv(&recv, self->reader, plain));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 2));
	end(&self->writer);
	EXPECT_EQ(0, call_end(&read));
	EXPECT_EQ(-EPIPE, call_end(&recv));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_RECV_EOF));
}

TEST_F(ends, the_last_receiver_breaks_the_pipe)
{
	ASSERT_EQ(0, send_text(self->writer, "x"));
	end(&self->reader);
	EXPECT_EQ(-EPIPE, RESULT(write(self->writer, "y", 1)));
	EXPECT_TRUE(is_broken(self->writer));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SEND_HANGUP));
	/* What was sent before is still counted as waiting; nobody can get it. */
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
}

TEST_F(ends, the_last_receiver_ends_blocked_senders)
{
	struct call write, send;

	ASSERT_EQ(2, fill(self->writer));
	ASSERT_EQ(0, call_write(&write, self->writer, "w"));
	ASSERT_EQ(0, call_send(&send, self->writer, "s", nosignal));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 2));
	end(&self->reader);
	EXPECT_EQ(-EPIPE, call_end(&write));
	EXPECT_EQ(-EPIPE, call_end(&send));
	EXPECT_EQ(2, nl_queue(self->q.id).depth);
}

TEST_F(ends, a_copy_of_an_end_is_the_same_end)
{
	int copy = dup(self->writer);

	end(&self->writer);
	EXPECT_EQ(-EAGAIN, recv_text(self->reader, ""));
	end(&copy);
	EXPECT_TRUE(is_at_eof(self->reader));
}

TEST_F(ends, a_second_sender_keeps_it_open)
{
	int second = queue_open_end(self->writer, O_WRONLY);

	ASSERT_GE(second, 0);
	end(&self->writer);
	EXPECT_EQ(-EAGAIN, recv_text(self->reader, ""));
	ASSERT_EQ(0, send_text(second, "x"));
	EXPECT_EQ(0, recv_text(self->reader, "x"));
	end(&second);
	EXPECT_TRUE(is_at_eof(self->reader));
}

static int hold_writer(void *arg)
{
	FIXTURE_DATA(ends) *self = arg;
	char buf[8];

	/* Until the parent sends something, to itself and us. */
	close(self->reader);
	CHECK(read(self->q.fd, buf, 1) == 0);
	return 0;
}

TEST_F(ends, a_child_holds_the_end_it_inherited)
{
	int gate[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(gate));
	self->q.fd = gate[0];
	ASSERT_EQ(0, fcntl(gate[1], F_SETFD, FD_CLOEXEC));
	pid = fork();
	if (!pid) {
		close(gate[1]);
		_exit(hold_writer(self));
	}
	close(gate[0]);
	self->q.fd = -1;
	end(&self->writer);
	EXPECT_EQ(-EAGAIN, recv_text(self->reader, ""));
	close(gate[1]);
	EXPECT_EQ(0, child_end(pid));
	EXPECT_TRUE(is_at_eof(self->reader));
}

TEST_F(ends, messages_nobody_received_are_dropped_and_counted)
{
	uint64_t before = nl_totals().stats.counter[IPCQ_A_COUNTERS_DROPPED_DESTROYED];

	ASSERT_EQ(2, fill(self->writer));
	end(&self->writer);
	end(&self->reader);
	EXPECT_EQ(-ENOENT, nl_queue(self->q.id).err);
	EXPECT_EQ(before + 2,
		  nl_totals().stats.counter[IPCQ_A_COUNTERS_DROPPED_DESTROYED]);
}

TEST(an_anonymous_queue_with_one_end_only)
{
	struct queue q;

	/* Nobody has been there on the other side: that is not the end. */
	ASSERT_EQ(0, queue_make_anonymous(&q, NULL, O_RDONLY));
	EXPECT_EQ(-EAGAIN, recv_text(q.fd, ""));
	EXPECT_EQ(0, queue_end(&q));
	ASSERT_EQ(0, queue_make_anonymous(&q, NULL, O_WRONLY));
	EXPECT_EQ(0, send_text(q.fd, "x"));
	EXPECT_EQ(0, queue_end(&q));
}

/* A named queue, nobody has it open at first. */
FIXTURE(named) {
	struct queue q;
	int reader;
	int writer;
};

FIXTURE_VARIANT(named) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(named, with_hangup) {
	.flags = IPCQ_F_HANGUP,
};

FIXTURE_VARIANT_ADD(named, without) {
	.flags = 0,
};

FIXTURE_SETUP(named)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_FLAGS, .flags = variant->flags };

	ASSERT_EQ(0, queue_make(&self->q, &attr));
	end(&self->q.fd);
	self->reader = -1;
	self->writer = -1;
}

FIXTURE_TEARDOWN(named)
{
	close(self->reader);
	close(self->writer);
	EXPECT_EQ(0, queue_end(&self->q));
}

#define OPEN_READER() ASSERT_GE(self->reader = queue_open(&self->q, O_RDONLY), 0)
#define OPEN_WRITER() ASSERT_GE(self->writer = queue_open(&self->q, O_WRONLY), 0)

/* What is expected of a queue with hang-up; without, it is never the case. */
#define EXPECT_EOF(expected) \
	EXPECT_EQ((expected) && variant->flags, is_at_eof_now(self->reader))
#define EXPECT_BROKEN(expected) \
	EXPECT_EQ((expected) && variant->flags, is_broken(self->writer))

static bool is_at_eof_now(int fd)
{
	char buf[8];
	struct ipcq_msg msg = MSG(buf, sizeof(buf), .flags = IPCQ_MSG_NONBLOCK);

	return msg_recv(fd, &msg) == -EPIPE;
}

TEST_F(named, a_receiver_waits_for_the_first_sender)
{
	OPEN_READER();
	EXPECT_EOF(false);
	OPEN_WRITER();
	EXPECT_EOF(false);
	end(&self->writer);
	EXPECT_EOF(true);
	/* The next one makes it live again. */
	OPEN_WRITER();
	EXPECT_EOF(false);
	ASSERT_EQ(0, send_text(self->writer, "x"));
	end(&self->writer);
	EXPECT_EQ(0, recv_text(self->reader, "x"));
	EXPECT_EOF(true);
}

TEST_F(named, a_sender_need_not_wait_for_the_first_receiver)
{
	OPEN_WRITER();
	EXPECT_BROKEN(false);
	OPEN_READER();
	EXPECT_BROKEN(false);
	end(&self->reader);
	EXPECT_BROKEN(true);
	OPEN_READER();
	EXPECT_BROKEN(false);
}

TEST_F(named, what_was_left_has_an_end)
{
	OPEN_WRITER();
	ASSERT_EQ(0, send_text(self->writer, "left"));
	end(&self->writer);
	/* Nobody has it open. */
	OPEN_READER();
	EXPECT_EQ(0, recv_text(self->reader, "left"));
	EXPECT_EOF(true);
	end(&self->reader);
	/* Now it was left empty, and begins anew. */
	OPEN_READER();
	EXPECT_EOF(false);
}

TEST_F(named, what_was_left_keeps_its_end_until_it_is_drained)
{
	OPEN_WRITER();
	ASSERT_EQ(0, send_text(self->writer, "a"));
	ASSERT_EQ(0, send_text(self->writer, "b"));
	end(&self->writer);
	OPEN_READER();
	EXPECT_EQ(0, recv_text(self->reader, "a"));
	end(&self->reader);
	OPEN_READER();
	EXPECT_EQ(0, recv_text(self->reader, "b"));
	EXPECT_EOF(true);
}

TEST_F(named, a_sender_that_left_nothing_is_forgotten)
{
	OPEN_WRITER();
	end(&self->writer);
	OPEN_READER();
	EXPECT_EOF(false);
}

TEST_F(named, a_receiver_that_left_is_forgotten)
{
	OPEN_READER();
	end(&self->reader);
	OPEN_WRITER();
	EXPECT_BROKEN(false);
	/* Even if it left messages. */
	end(&self->writer);
	OPEN_READER();
	end(&self->reader);
	OPEN_WRITER();
	EXPECT_BROKEN(false);
}

TEST_F(named, who_can_do_both_counts_for_both)
{
	int both = queue_open(&self->q, O_RDWR);

	ASSERT_GE(both, 0);
	OPEN_READER();
	OPEN_WRITER();
	end(&self->writer);
	EXPECT_EOF(false);
	OPEN_WRITER();
	end(&self->reader);
	EXPECT_BROKEN(false);
	ASSERT_EQ(1, drain(both));
	end(&both);
	EXPECT_BROKEN(true);
	OPEN_READER();
	EXPECT_EQ(variant->flags ? 0 : 1, drain(self->reader));
	end(&self->writer);
	EXPECT_EOF(true);
}

TEST_F(named, the_attribute_acts_at_once)
{
	struct call c;
	int owner;

	OPEN_READER();
	OPEN_WRITER();
	end(&self->writer);
	owner = queue_open(&self->q, O_RDONLY);
	ASSERT_GE(owner, 0);
	ASSERT_EQ(0, set_flags(owner, 0));
	EXPECT_EQ(-EAGAIN, recv_text(self->reader, ""));
	ASSERT_EQ(0, call_read(&c, self->reader));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 1));
	ASSERT_EQ(0, set_flags(owner, IPCQ_F_HANGUP));
	EXPECT_EQ(0, call_end(&c));
	EXPECT_TRUE(is_at_eof(self->reader));
	end(&owner);
}

TEST_F(named, the_attribute_acts_on_blocked_senders)
{
	struct call c;
	int owner;

	OPEN_READER();
	OPEN_WRITER();
	ASSERT_EQ(0, set_flags(self->writer, 0));
	ASSERT_EQ(0, set_max_msgs(self->writer, 1));
	ASSERT_EQ(1, fill(self->writer));
	end(&self->reader);
	ASSERT_EQ(0, call_send(&c, self->writer, "x", nosignal));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	owner = queue_open_end(self->writer, O_WRONLY);
	ASSERT_EQ(0, set_flags(owner, IPCQ_F_HANGUP));
	EXPECT_EQ(-EPIPE, call_end(&c));
	end(&owner);
}

/* Shutdown. */

FIXTURE(shutdown) {
	struct queue q;
	int reader;
	int writer;
};

FIXTURE_VARIANT(shutdown) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(shutdown, with_hangup) {
	.flags = IPCQ_F_HANGUP,
};

FIXTURE_VARIANT_ADD(shutdown, without) {
	.flags = 0,
};

FIXTURE_SETUP(shutdown)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_FLAGS | IPCQ_ATTR_MAX_MSGS,
		.flags = variant->flags,
		.max_msgs = 2,
	};

	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, queue_make(&self->q, &attr));
	self->reader = queue_open(&self->q, O_RDONLY);
	self->writer = queue_open(&self->q, O_WRONLY);
	ASSERT_GE(self->reader, 0);
	ASSERT_GE(self->writer, 0);
}

FIXTURE_TEARDOWN(shutdown)
{
	close(self->reader);
	close(self->writer);
	EXPECT_EQ(0, queue_end(&self->q));
}

static uint32_t shut_flags(int fd)
{
	struct ipcq_attr attr = {};

	return attr_get(fd, &attr) ? ~0u : attr.flags & (IPCQ_F_SHUT_SEND | IPCQ_F_SHUT_RECV);
}

TEST_F(shutdown, of_sending)
{
	ASSERT_EQ(0, send_text(self->writer, "before"));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(IPCQ_F_SHUT_SEND, shut_flags(self->reader));
	EXPECT_TRUE(is_broken(self->writer));
	EXPECT_EQ(0, recv_text(self->reader, "before"));
	EXPECT_TRUE(is_at_eof(self->reader));
	ASSERT_EQ(0, shut(self->q.fd, 0));
	EXPECT_EQ(0, shut_flags(self->reader));
	EXPECT_EQ(-EAGAIN, recv_text(self->reader, ""));
	EXPECT_EQ(0, send_text(self->writer, "after"));
	EXPECT_EQ(0, recv_text(self->reader, "after"));
}

TEST_F(shutdown, of_receiving)
{
	ASSERT_EQ(0, send_text(self->writer, "before"));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_RECV));
	EXPECT_EQ(IPCQ_F_SHUT_RECV, shut_flags(self->reader));
	EXPECT_TRUE(is_at_eof(self->reader));
	EXPECT_TRUE(is_broken(self->writer));
	/* The message stays. */
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, shut(self->q.fd, 0));
	EXPECT_EQ(0, recv_text(self->reader, "before"));
	EXPECT_EQ(0, send_text(self->writer, "after"));
}

TEST_F(shutdown, from_one_to_the_other)
{
	ASSERT_EQ(0, send_text(self->writer, "a"));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND | IPCQ_SHUT_RECV));
	EXPECT_EQ(IPCQ_F_SHUT_SEND | IPCQ_F_SHUT_RECV, shut_flags(self->reader));
	EXPECT_TRUE(is_at_eof(self->reader));
	EXPECT_TRUE(is_broken(self->writer));
	/* Only receiving is opened again. */
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(0, recv_text(self->reader, "a"));
	EXPECT_TRUE(is_at_eof(self->reader));
	EXPECT_TRUE(is_broken(self->writer));
}

TEST_F(shutdown, ends_blocked_receivers)
{
	const uint32_t hows[] = { IPCQ_SHUT_SEND, IPCQ_SHUT_RECV };
	struct call read, recv;

	for (unsigned int i = 0; i < ARRAY_SIZE(hows); i++) {
		ASSERT_EQ(0, call_read(&read, self->reader));
		ASSERT_EQ(0, call_recv(&recv, self->reader, plain));
		ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->q) == 2));
		ASSERT_EQ(0, shut(self->q.fd, hows[i]));
		EXPECT_EQ(0, call_end(&read));
		EXPECT_EQ(-EPIPE, call_end(&recv));
		ASSERT_EQ(0, shut(self->q.fd, 0));
	}
}

TEST_F(shutdown, ends_blocked_senders)
{
	const uint32_t hows[] = { IPCQ_SHUT_SEND, IPCQ_SHUT_RECV };
	struct call write, send;

	ASSERT_EQ(2, fill(self->writer));
	for (unsigned int i = 0; i < ARRAY_SIZE(hows); i++) {
		ASSERT_EQ(0, call_write(&write, self->writer, "w"));
		ASSERT_EQ(0, call_send(&send, self->writer, "s", nosignal));
		ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 2));
		ASSERT_EQ(0, shut(self->q.fd, hows[i]));
		EXPECT_EQ(-EPIPE, call_end(&write));
		EXPECT_EQ(-EPIPE, call_end(&send));
		ASSERT_EQ(0, shut(self->q.fd, 0));
	}
	EXPECT_EQ(2, drain(self->reader));
}

TEST_F(shutdown, outlasts_the_openers)
{
	ASSERT_EQ(0, send_text(self->writer, "x"));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	end(&self->q.fd);
	end(&self->reader);
	end(&self->writer);
	self->writer = queue_open(&self->q, O_WRONLY);
	self->reader = queue_open(&self->q, O_RDONLY);
	EXPECT_TRUE(is_broken(self->writer));
	EXPECT_EQ(0, recv_text(self->reader, "x"));
	EXPECT_TRUE(is_at_eof(self->reader));
}

TEST_F(shutdown, does_not_keep_anybody_from_purging)
{
	ASSERT_EQ(2, fill(self->writer));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_RECV));
	EXPECT_EQ(2, purge(self->q.fd));
}

TEST_HARNESS_MAIN
