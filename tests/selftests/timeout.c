// SPDX-License-Identifier: GPL-2.0-only
/* How long a call may block: not at all, until a time, whatever the clock does. */
#include <linux/time_types.h>
#include <time.h>

#include "call.h"
#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(timeout) {
	struct queue empty;
	struct queue full;
	struct call call;
};

FIXTURE_SETUP(timeout)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 1 };

	ASSERT_EQ(0, queue_make(&self->empty, &attr));
	ASSERT_EQ(0, queue_make(&self->full, &attr));
	ASSERT_EQ(1, fill(self->full.fd));
}

FIXTURE_TEARDOWN(timeout)
{
	EXPECT_EQ(0, queue_end(&self->empty));
	EXPECT_EQ(0, queue_end(&self->full));
}

static struct ipcq_msg until(uint32_t flags, int64_t ns)
{
	return (struct ipcq_msg) { .flags = IPCQ_MSG_TIMEOUT | flags, .timeout_ns = ns };
}

static int try_send(int fd, struct ipcq_msg msg)
{
	msg.data = (uintptr_t)"sent";
	msg.size = 4;
	return msg_send(fd, &msg);
}

static int try_recv(int fd, struct ipcq_msg msg)
{
	char buf[16];

	msg.data = (uintptr_t)buf;
	msg.size = sizeof(buf);
	return msg_recv(fd, &msg);
}

/* Both would block and both must return the same. */
#define BOTH(msg) ({						\
	struct ipcq_msg __msg = (msg);				\
	int __sent = try_send(self->full.fd, __msg);		\
	int __received = try_recv(self->empty.fd, __msg);	\
								\
	__sent == __received ? __sent : 1;			\
})

TEST_F(timeout, relative)
{
	uint64_t began = now_ns();

	EXPECT_EQ(-ETIMEDOUT, try_recv(self->empty.fd, until(0, 20 * MS)));
	EXPECT_GE(now_ns(), began + 20 * MS);
	began = now_ns();
	EXPECT_EQ(-ETIMEDOUT, try_send(self->full.fd, until(0, 20 * MS)));
	EXPECT_GE(now_ns(), began + 20 * MS);
	EXPECT_EQ(1, counted(&self->empty, IPCQ_A_COUNTERS_BLOCKED_RECVS));
	EXPECT_EQ(1, counted(&self->empty, IPCQ_A_COUNTERS_RECV_TIMEOUT));
	EXPECT_GE(counted(&self->empty, IPCQ_A_COUNTERS_BLOCKED_RECV_NS), 10 * MS);
	EXPECT_EQ(1, counted(&self->full, IPCQ_A_COUNTERS_BLOCKED_SENDS));
	EXPECT_EQ(1, counted(&self->full, IPCQ_A_COUNTERS_SEND_TIMEOUT));
	EXPECT_GE(counted(&self->full, IPCQ_A_COUNTERS_BLOCKED_SEND_NS), 10 * MS);
	/* Nobody woke them. */
	EXPECT_EQ(0, counted(&self->empty, IPCQ_A_COUNTERS_RECEIVER_WAKEUPS));
	EXPECT_EQ(0, counted(&self->full, IPCQ_A_COUNTERS_SENDER_WAKEUPS));
	EXPECT_EQ(0, blocked_receivers(&self->empty));
	EXPECT_EQ(0, blocked_senders(&self->full));
}

TEST_F(timeout, absolute)
{
	uint64_t end = now_ns() + 20 * MS;

	EXPECT_EQ(-ETIMEDOUT, try_recv(self->empty.fd, until(IPCQ_MSG_ABSTIME, end)));
	EXPECT_GE(now_ns(), end);
	end = now_ns() + 20 * MS;
	EXPECT_EQ(-ETIMEDOUT, try_send(self->full.fd, until(IPCQ_MSG_ABSTIME, end)));
	EXPECT_GE(now_ns(), end);
}

TEST_F(timeout, absolute_realtime)
{
	uint64_t end = realtime_ns() + 20 * MS;
	uint32_t flags = IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME;

	EXPECT_EQ(-ETIMEDOUT, try_recv(self->empty.fd, until(flags, end)));
	EXPECT_GE(realtime_ns(), end);
	end = realtime_ns() + 20 * MS;
	EXPECT_EQ(-ETIMEDOUT, try_send(self->full.fd, until(flags, end)));
	EXPECT_GE(realtime_ns(), end);
}

static struct ipcq_msg until_timespec(uint32_t flags, const struct __kernel_timespec *time)
{
	return until(IPCQ_MSG_TIMESPEC | flags, (uintptr_t)time);
}

TEST_F(timeout, by_the_address_of_a_time)
{
	struct __kernel_timespec time = { .tv_nsec = 20 * MS };
	uint64_t began = now_ns(), end;

	EXPECT_EQ(-ETIMEDOUT, BOTH(until_timespec(0, &time)));
	EXPECT_GE(now_ns(), began + 40 * MS);

	end = now_ns() + 20 * MS;
	time = (struct __kernel_timespec) { end / SECOND, end % SECOND };
	EXPECT_EQ(-ETIMEDOUT, BOTH(until_timespec(IPCQ_MSG_ABSTIME, &time)));
	EXPECT_GE(now_ns(), end);

	end = realtime_ns() + 20 * MS;
	time = (struct __kernel_timespec) { end / SECOND, end % SECOND };
	EXPECT_EQ(-ETIMEDOUT, BOTH(until_timespec(IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME, &time)));
	EXPECT_GE(realtime_ns(), end);

	/* As far as a time goes: not in the past because it had to be cut. */
	time = (struct __kernel_timespec) { INT64_MAX, SECOND - 1 };
	ASSERT_EQ(0, call_recv(&self->call, self->empty.fd, until_timespec(0, &time)));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->empty) == 1));
	ASSERT_EQ(0, send_text(self->empty.fd, "at last"));
	EXPECT_EQ(0, call_end(&self->call));
}

TEST_F(timeout, that_address_must_be_one_of_a_time)
{
	static const struct __kernel_timespec wrong[] = {
		{ 0, SECOND }, { 0, -1 }, { -1, 0 }, { INT64_MIN, 0 }, { 1, INT64_MAX },
	};
	const struct __kernel_timespec now = { 0, 0 };

	EXPECT_EQ(-EFAULT, BOTH(until_timespec(0, nowhere)));
	EXPECT_EQ(-EFAULT, BOTH(until_timespec(0, NULL)));
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(-EINVAL, BOTH(until_timespec(IPCQ_MSG_ABSTIME, &wrong[i])));
	/* What is wrong is so whether or not the call would block. */
	EXPECT_EQ(-EFAULT, try_send(self->empty.fd, until_timespec(0, nowhere)));
	EXPECT_EQ(-EFAULT, try_recv(self->full.fd, until_timespec(0, nowhere)));
	EXPECT_EQ(0, try_send(self->empty.fd, until_timespec(0, &now)));
	EXPECT_EQ(0, try_recv(self->full.fd, until_timespec(0, &now)));
}

TEST_F(timeout, in_the_past_ends_at_once)
{
	EXPECT_EQ(-ETIMEDOUT, BOTH(until(0, 0)));
	EXPECT_EQ(-ETIMEDOUT, BOTH(until(IPCQ_MSG_ABSTIME, 0)));
	EXPECT_EQ(-ETIMEDOUT, BOTH(until(IPCQ_MSG_ABSTIME, now_ns())));
	EXPECT_EQ(-ETIMEDOUT, BOTH(until(IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME, 0)));
	EXPECT_EQ(-ETIMEDOUT, BOTH(until(IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME,
					 realtime_ns())));
	/* None of them has blocked. */
	EXPECT_EQ(0, counted(&self->empty, IPCQ_A_COUNTERS_BLOCKED_RECVS));
	EXPECT_EQ(0, counted(&self->full, IPCQ_A_COUNTERS_BLOCKED_SENDS));
	EXPECT_EQ(5, counted(&self->empty, IPCQ_A_COUNTERS_RECV_TIMEOUT));
	EXPECT_EQ(5, counted(&self->full, IPCQ_A_COUNTERS_SEND_TIMEOUT));
}

TEST_F(timeout, counts_only_if_the_call_would_block)
{
	EXPECT_EQ(0, try_send(self->empty.fd, until(0, 0)));
	EXPECT_EQ(0, try_recv(self->empty.fd, until(0, 0)));
	EXPECT_EQ(0, try_send(self->empty.fd, until(IPCQ_MSG_ABSTIME, 0)));
	EXPECT_EQ(0, try_recv(self->empty.fd, until(IPCQ_MSG_ABSTIME, 0)));
}

TEST_F(timeout, nonblock_wins)
{
	uint64_t hour = 3600 * SECOND;

	EXPECT_EQ(-EAGAIN, BOTH(until(IPCQ_MSG_NONBLOCK, 0)));
	EXPECT_EQ(-EAGAIN, BOTH(until(IPCQ_MSG_NONBLOCK, hour)));
	EXPECT_EQ(-EAGAIN, BOTH(until(IPCQ_MSG_NONBLOCK | IPCQ_MSG_ABSTIME, 0)));
	EXPECT_EQ(-EAGAIN, BOTH((struct ipcq_msg) { .flags = IPCQ_MSG_NONBLOCK }));
	EXPECT_EQ(4, counted(&self->empty, IPCQ_A_COUNTERS_RECV_EMPTY));
	EXPECT_EQ(0, counted(&self->empty, IPCQ_A_COUNTERS_RECV_TIMEOUT));
	/* The 1 is of filling it. */
	EXPECT_EQ(1 + 4, counted(&self->full, IPCQ_A_COUNTERS_SEND_FULL));
}

TEST_F(timeout, o_nonblock_of_the_descriptor)
{
	char buf[4] = {};

	ASSERT_EQ(0, fcntl(self->empty.fd, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, fcntl(self->full.fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, RESULT(read(self->empty.fd, buf, sizeof(buf))));
	EXPECT_EQ(-EAGAIN, RESULT(write(self->full.fd, buf, sizeof(buf))));
	EXPECT_EQ(-EAGAIN, BOTH((struct ipcq_msg) {}));
	EXPECT_EQ(-EAGAIN, BOTH(until(0, 3600 * SECOND)));
	ASSERT_EQ(0, fcntl(self->empty.fd, F_SETFL, 0));
	ASSERT_EQ(0, fcntl(self->full.fd, F_SETFL, 0));
	EXPECT_EQ(-ETIMEDOUT, BOTH(until(0, 0)));
}

TEST_F(timeout, o_nonblock_from_open)
{
	int by_node = queue_open(&self->empty, O_RDONLY | O_NONBLOCK);
	int by_end = queue_open_end(self->empty.fd, O_RDONLY | O_NONBLOCK);
	struct ipcq_create create = { .open_flags = O_RDWR | O_NONBLOCK };
	int by_create = queue_create(&create);
	char buf[4];

	EXPECT_EQ(-EAGAIN, RESULT(read(by_node, buf, sizeof(buf))));
	EXPECT_EQ(-EAGAIN, RESULT(read(by_end, buf, sizeof(buf))));
	EXPECT_EQ(-EAGAIN, RESULT(read(by_create, buf, sizeof(buf))));
	close(by_node);
	close(by_end);
	close(by_create);
}

TEST_F(timeout, the_farthest_future)
{
	uint32_t flags[] = { 0, IPCQ_MSG_ABSTIME, IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_EQ(0, call_recv(&self->call, self->empty.fd, until(flags[i], INT64_MAX)));
		ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->empty) == 1));
		ASSERT_EQ(0, send_text(self->empty.fd, "at last"));
		EXPECT_EQ(0, call_end(&self->call));
	}
}

TEST_F(timeout, in_time_is_in_time)
{
	ASSERT_EQ(0, call_recv(&self->call, self->empty.fd, until(0, 3600 * SECOND)));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->empty) == 1));
	ASSERT_EQ(0, send_text(self->empty.fd, "in time"));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_STREQ("in time", self->call.text);
	ASSERT_EQ(0, call_send(&self->call, self->full.fd, "in time",
			       until(IPCQ_MSG_ABSTIME, now_ns() + 3600 * SECOND)));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->full) == 1));
	ASSERT_EQ(0, recv_text(self->full.fd, "fill"));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(0, counted(&self->full, IPCQ_A_COUNTERS_SEND_TIMEOUT));
}

static int step_realtime(int64_t seconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	return RESULT(clock_settime(CLOCK_REALTIME, &ts));
}

#define STEP 86400

TEST_F(timeout, realtime_follows_the_clock)
{
	struct ipcq_msg tomorrow = until(IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME,
					 realtime_ns() + STEP * SECOND / 2);
	struct call other;
	int err;

	ASSERT_EQ(0, call_recv(&self->call, self->empty.fd, tomorrow));
	ASSERT_EQ(0, call_send(&other, self->full.fd, "x", tomorrow));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->empty) == 1));
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->full) == 1));
	err = step_realtime(STEP);
	if (err) {
		send_text(self->empty.fd, "end");
		drain(self->full.fd);
		SKIP(return, "cannot set the clock: %s", strerror(-err));
	}
	EXPECT_EQ(-ETIMEDOUT, call_end(&self->call));
	EXPECT_EQ(-ETIMEDOUT, call_end(&other));
	ASSERT_EQ(0, step_realtime(-STEP));
}

TEST_F(timeout, monotonic_does_not)
{
	ASSERT_EQ(0, call_recv(&self->call, self->empty.fd,
			       until(IPCQ_MSG_ABSTIME, now_ns() + STEP / 2 * SECOND)));
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->empty) == 1));
	if (step_realtime(STEP))
		SKIP(return, "cannot set the clock");
	ASSERT_EQ(0, step_realtime(-STEP));
	EXPECT_EQ(1, blocked_receivers(&self->empty));
	EXPECT_FALSE(call_is_done(&self->call));
	ASSERT_EQ(0, send_text(self->empty.fd, "x"));
	EXPECT_EQ(0, call_end(&self->call));
}

TEST_HARNESS_MAIN
