// SPDX-License-Identifier: GPL-2.0-only
/*
 * Being told that a message has come to an empty queue.
 *
 * What mq_notify(3) does with it is in tests/mqueue; here is what it cannot show.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"
#include "slow_page.h"

FIXTURE(notify) {
	struct queue q;
};

FIXTURE_SETUP(notify)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_MODE,
				  .max_msgs = 1, .mode = 0666 };

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(notify)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

#define NOTIFY(fd, ...)							\
	RESULT(ioctl(fd, IPCQ_IOC_NOTIFY, &(struct ipcq_notify) { __VA_ARGS__ }))

/* A descriptor that tells of the next message. */
static int notify_fd(int fd, uint32_t flags)
{
	return NOTIFY(fd, .how = IPCQ_NOTIFY_FD, .open_flags = flags);
}

static int poll_now(int fd)
{
	struct pollfd poll_it = { .fd = fd, .events = POLLIN };

	return poll(&poll_it, 1, 0) ? poll_it.revents : 0;
}

static int read_arrival(int fd, struct ipcq_arrival *arrival)
{
	return RESULT(read(fd, arrival, sizeof(*arrival)));
}

TEST_F(notify, a_descriptor_tells_of_one_message)
{
	struct ipcq_arrival arrival = {};
	int fd = notify_fd(self->q.fd, O_NONBLOCK);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, poll_now(fd));
	EXPECT_EQ(-EAGAIN, read_arrival(fd, &arrival));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(POLLIN, poll_now(fd));
	EXPECT_EQ(-EINVAL, RESULT(read(fd, &arrival, sizeof(arrival) - 1)));
	EXPECT_EQ(-EFAULT, RESULT(read(fd, nowhere, sizeof(arrival))));
	ASSERT_EQ((int)sizeof(arrival), read_arrival(fd, &arrival));
	EXPECT_EQ((uint32_t)getpid(), arrival.pid);
	EXPECT_EQ(getuid(), arrival.uid);
	/* That was all. */
	EXPECT_EQ(POLLIN | POLLHUP, poll_now(fd));
	EXPECT_EQ(0, read_arrival(fd, &arrival));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
}

static int read_one(void *arg)
{
	struct ipcq_arrival arrival;

	return read_arrival(*(int *)arg, &arrival) == sizeof(arrival) ? 0 : 1;
}

static int read_end(void *arg)
{
	struct ipcq_arrival arrival;

	return read_arrival(*(int *)arg, &arrival) == 0 ? 0 : 1;
}

static bool is_asleep(pid_t pid)
{
	char path[40], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'S';
}

TEST_F(notify, a_read_waits)
{
	int fd = notify_fd(self->q.fd, 0);
	pid_t pid = child_start(read_one, &fd);

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(WAIT_UNTIL(is_asleep(pid)));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	EXPECT_EQ(0, child_end(pid));
}

TEST_F(notify, a_read_ends_when_the_registration_does)
{
	int again = queue_open(&self->q, O_RDWR);
	int fd = notify_fd(again, 0);
	pid_t pid = child_start(read_end, &fd);

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(WAIT_UNTIL(is_asleep(pid)));
	EXPECT_EQ(-EBUSY, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
	EXPECT_EQ(0, close(again));
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(0, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
	/* It is not this one that is closed. */
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(-EBUSY, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
}

struct slow_read {
	pthread_t thread;
	int fd;
	struct slow_page page;
	int result;
};

static void *slow_read_main(void *arg)
{
	struct slow_read *r = arg;

	r->result = read_arrival(r->fd, (void *)r->page.at);
	return NULL;
}

TEST_F(notify, a_read_whose_copy_stalls_takes_nothing)
{
	int fd = notify_fd(self->q.fd, O_NONBLOCK);
	struct slow_read slow = { .fd = fd };
	int err = slow_page(&slow.page, sysconf(_SC_PAGESIZE));
	struct ipcq_arrival arrival = {};

	if (err)
		SKIP(return, "no userfaultfd: %s", strerror(-err));
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, pthread_create(&slow.thread, NULL, slow_read_main, &slow));
	ASSERT_TRUE(slow_page_is_touched(&slow.page));
	/* It may never arrive: another one has to tell of the message. */
	EXPECT_EQ(POLLIN, poll_now(fd));
	EXPECT_EQ((int)sizeof(arrival), read_arrival(fd, &arrival));
	EXPECT_EQ((uint32_t)getpid(), arrival.pid);
	EXPECT_EQ(POLLIN | POLLHUP, poll_now(fd));
	ASSERT_EQ(0, slow_page_grant(&slow.page));
	ASSERT_EQ(0, pthread_join(slow.thread, NULL));
	EXPECT_EQ(0, slow.result);
}

static int poll_for_the_end(void *arg)
{
	struct pollfd poll_it = { .fd = *(int *)arg };

	return poll(&poll_it, 1, -1) == 1 && poll_it.revents == POLLHUP ? 0 : 1;
}

TEST_F(notify, a_read_ends_it_for_those_who_poll)
{
	int fd = notify_fd(self->q.fd, 0);
	pid_t pid = child_start(poll_for_the_end, &fd);
	struct ipcq_arrival arrival;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	ASSERT_TRUE(WAIT_UNTIL(is_asleep(pid)));
	ASSERT_EQ((int)sizeof(arrival), read_arrival(fd, &arrival));
	EXPECT_EQ(0, child_end(pid));
}

TEST_F(notify, closing_the_descriptor_takes_it_back)
{
	int fd = notify_fd(self->q.fd, O_CLOEXEC);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(-EBUSY, notify_fd(self->q.fd, 0));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
}

static int close_in_child(void *arg)
{
	CHECK(close(*(int *)arg) == 0);
	return 0;
}

TEST_F(notify, a_child_takes_nothing_back)
{
	int fd = notify_fd(self->q.fd, O_NONBLOCK);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, child_run(close_in_child, &fd));
	EXPECT_EQ(0, child_run(close_in_child, &self->q.fd));
	EXPECT_EQ(0, poll_now(fd));
	EXPECT_EQ(-EBUSY, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
}

TEST_F(notify, the_descriptor_outlives_the_queue)
{
	struct ipcq_arrival arrival;
	struct queue other;
	int fd;

	ASSERT_EQ(0, queue_make(&other, NULL));
	fd = notify_fd(other.fd, 0);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, queue_end(&other));
	EXPECT_EQ(0, read_arrival(fd, &arrival));
	EXPECT_EQ(0, close(fd));
}

static int send_two(void *arg)
{
	CHECK(send_text(*(int *)arg, "first") == 0);
	CHECK(write(*(int *)arg, "second", 6) == 6);
	return 0;
}

/* A receiver makes room, and so the message of a blocked sender comes in. */
TEST_F(notify, a_message_that_was_blocked_counts_when_it_comes)
{
	int fd;
	pid_t pid = child_start(send_two, &self->q.fd);
	struct ipcq_arrival arrival;

	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	fd = notify_fd(self->q.fd, O_NONBLOCK);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EAGAIN, read_arrival(fd, &arrival));
	EXPECT_EQ(0, recv_text(self->q.fd, "first"));
	ASSERT_EQ((int)sizeof(arrival), read_arrival(fd, &arrival));
	EXPECT_EQ((uint32_t)pid, arrival.pid);
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(0, recv_text(self->q.fd, "second"));
}

TEST_F(notify, what_is_purged_makes_room_as_well)
{
	pid_t pid = child_start(send_two, &self->q.fd);
	struct ipcq_arrival arrival;
	int fd;

	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	fd = notify_fd(self->q.fd, O_NONBLOCK);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(1, purge(self->q.fd));
	EXPECT_EQ((int)sizeof(arrival), read_arrival(fd, &arrival));
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(0, recv_text(self->q.fd, "second"));
}

TEST_F(notify, write_counts_as_a_message)
{
	int fd = notify_fd(self->q.fd, O_NONBLOCK);

	ASSERT_EQ(1, write(self->q.fd, "x", 1));
	EXPECT_EQ(POLLIN, poll_now(fd));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
}

/* With a table of descriptors that is shared, the last to close may be another. */
static int register_and_end(void *arg)
{
	return NOTIFY(*(int *)arg, .how = IPCQ_NOTIFY_SILENT);
}

TEST_F(notify, a_shared_table_is_closed_by_another)
{
	static char stack[64 << 10];
	int again = queue_open(&self->q, O_RDWR), status;
	pid_t pid;

	ASSERT_GE(again, 0);
	pid = clone(register_and_end, stack + sizeof(stack), CLONE_FILES | SIGCHLD, &again);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-EBUSY, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
	EXPECT_EQ(0, close(again));
	EXPECT_EQ(0, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
}

/* Registrations come and go while messages do. */
static int register_forever(void *arg)
{
	int fd = *(int *)arg, registered;
	unsigned int turn;

	for (turn = 0; ; turn++) {
		registered = NOTIFY(fd, .how = turn % 2 ? IPCQ_NOTIFY_SIGNAL : IPCQ_NOTIFY_FD,
				    .signo = turn % 2 ? SIGURG : 0);
		if (registered > 0)
			close(registered);
		else if (turn % 3)
			NOTIFY(fd, .how = IPCQ_NOTIFY_OFF);
	}
	return 1;
}

static int pass_messages(void *arg)
{
	int i, fd = *(int *)arg;

	for (i = 0; i < 3000; i++) {
		CHECK(send_text(fd, "x") == 0);
		CHECK(recv_text(fd, "x") == 0);
	}
	return 0;
}

TEST_F(notify, survives_being_killed_at_any_time)
{
	pid_t busy = child_start(pass_messages, &self->q.fd);
	pid_t pids[2];
	int turn;

	for (turn = 0; turn < 30; turn++) {
		pids[0] = child_start(register_forever, &self->q.fd);
		pids[1] = child_start(register_forever, &self->q.fd);
		sched_yield();
		kill(pids[0], SIGKILL);
		kill(pids[1], SIGKILL);
		child_end(pids[0]);
		child_end(pids[1]);
	}
	EXPECT_EQ(0, child_end(busy));
	EXPECT_EQ(0, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
}

TEST_F(notify, einval)
{
	struct ipcq_notify notify = { .how = IPCQ_NOTIFY_SILENT };
	unsigned int bit, how;
	int fd = self->q.fd;

	EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = 4));
	EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = ~0u));
	EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = IPCQ_NOTIFY_SIGNAL));
	EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = IPCQ_NOTIFY_SIGNAL, .signo = 65));
	EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = IPCQ_NOTIFY_SIGNAL, .signo = ~0u));
	EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = IPCQ_NOTIFY_SIGNAL, .signo = SIGURG,
				  .open_flags = O_CLOEXEC));
	for (how = IPCQ_NOTIFY_OFF; how <= IPCQ_NOTIFY_FD; how++) {
		EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = how, .pad = 1, .signo =
					  how == IPCQ_NOTIFY_SIGNAL ? SIGURG : 0));
		if (how == IPCQ_NOTIFY_SIGNAL)
			continue;
		EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = how, .signo = SIGURG));
		EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = how, .value = 1));
	}
	for (bit = 0; bit < 32; bit++) {
		if ((1u << bit) & (O_NONBLOCK | O_CLOEXEC))
			continue;
		EXPECT_EQ(-EINVAL, NOTIFY(fd, .how = IPCQ_NOTIFY_FD, .open_flags = 1u << bit));
	}
	EXPECT_EQ(-EFAULT, RESULT(ioctl(fd, IPCQ_IOC_NOTIFY, nowhere)));
	EXPECT_EQ(-EINVAL, RESULT(ioctl(fd, _IOC(_IOC_WRITE, IPCQ_IOC_MAGIC, 0x17,
						 sizeof(notify) - 1), &notify)));
	/* Nothing of all that has registered. */
	EXPECT_EQ(0, NOTIFY(fd, .how = IPCQ_NOTIFY_SILENT));
}

static int register_without_descriptors(void *arg)
{
	int fd = *(int *)arg;
	int last;

	do
		last = dup(fd);
	while (last >= 0);
	CHECK(notify_fd(fd, 0) == -EMFILE);
	CHECK(NOTIFY(fd, .how = IPCQ_NOTIFY_SILENT) == 0);
	return 0;
}

TEST_F(notify, emfile)
{
	EXPECT_EQ(0, child_run(register_without_descriptors, &self->q.fd));
	EXPECT_EQ(0, NOTIFY(self->q.fd, .how = IPCQ_NOTIFY_SILENT));
}

/* A receiver may ask that any message would fit. */
TEST_F(notify, whole)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSG_SIZE, .max_msg_size = 100 };
	char buf[100];
	struct ipcq_msg msg = MSG(buf, 99, .flags = IPCQ_MSG_WHOLE);

	ASSERT_EQ(0, attr_set(self->q.fd, &attr));
	ASSERT_EQ(0, send_text(self->q.fd, "short"));
	EXPECT_EQ(-EMSGSIZE, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(100, msg.size);
	EXPECT_EQ(1, counted(&self->q, IPCQ_A_COUNTERS_RECV_TOO_SMALL));
	EXPECT_EQ(0, msg_recv(self->q.fd, &msg));
	EXPECT_EQ(5, msg.size);
	msg = MSG("x", 1, .flags = IPCQ_MSG_WHOLE);
	EXPECT_EQ(-EINVAL, msg_send(self->q.fd, &msg));
}

TEST_HARNESS_MAIN
