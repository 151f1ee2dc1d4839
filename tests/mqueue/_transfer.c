// SPDX-License-Identifier: GPL-2.0-only
/* mq_send(3), mq_receive(3), mq_getattr(3), and what poll(2) says of a queue. */
#include "mq_test.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

#include "kselftest_harness.h"

FIXTURE(queue)
{
	mqd_t mqd;
	mqd_t nonblocking;	/* another description of the same */
};

FIXTURE_SETUP(queue)
{
	self->mqd = new_pair(&self->nonblocking, O_NONBLOCK);
	ASSERT_LE(0, self->mqd);
	ASSERT_LE(0, self->nonblocking);
}

FIXTURE_TEARDOWN(queue)
{
	mq_close(self->mqd);
	mq_close(self->nonblocking);
}

TEST_F(queue, getattr_counts)
{
	struct mq_attr attr;
	int i;

	for (i = 0; i <= MSGS; i++) {
		ASSERT_EQ(0, mq_getattr(self->mqd, &attr));
		EXPECT_EQ(i, attr.mq_curmsgs);
		EXPECT_EQ(MSGS, attr.mq_maxmsg);
		EXPECT_EQ(SIZE, attr.mq_msgsize);
		EXPECT_EQ(0, attr.mq_flags);
		mq_send(self->nonblocking, "x", 1, 0);
	}
	ASSERT_EQ(0, mq_getattr(self->nonblocking, &attr));
	EXPECT_EQ(O_NONBLOCK, attr.mq_flags);
}

TEST_F(queue, setattr_sets_one_flag_only)
{
	struct mq_attr new = { .mq_flags = O_NONBLOCK, .mq_maxmsg = 1, .mq_msgsize = 1,
			       .mq_curmsgs = 9 };
	struct mq_attr old;

	EXPECT_EQ(0, mq_setattr(self->mqd, &new, &old));
	EXPECT_EQ(0, old.mq_flags);
	EXPECT_EQ(MSGS, old.mq_maxmsg);
	ASSERT_EQ(0, mq_getattr(self->mqd, &old));
	EXPECT_EQ(O_NONBLOCK, old.mq_flags);
	EXPECT_EQ(MSGS, old.mq_maxmsg);
	EXPECT_EQ(SIZE, old.mq_msgsize);
	EXPECT_EQ(0, old.mq_curmsgs);
	new.mq_flags = 0;
	EXPECT_EQ(0, mq_setattr(self->mqd, &new, &old));
	EXPECT_EQ(O_NONBLOCK, old.mq_flags);
	EXPECT_EQ(0, mq_setattr(self->mqd, &new, NULL));
	EXPECT_EQ(0, fcntl(self->mqd, F_GETFL) & O_NONBLOCK);
}

TEST_F(queue, setattr_tells_what_getattr_does)
{
	struct mq_attr new = { .mq_flags = O_NONBLOCK }, now, old;

	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	memset(&now, 0, sizeof(now));
	memset(&old, 0, sizeof(old));
	ASSERT_EQ(0, mq_getattr(self->mqd, &now));
	ASSERT_EQ(0, mq_setattr(self->mqd, &new, &old));
	EXPECT_EQ(0, memcmp(&now, &old, sizeof(now)));
}

TEST_F(queue, setattr_refuses_other_flags)
{
	struct mq_attr new = { .mq_flags = O_APPEND };
	struct mq_attr old = { .mq_maxmsg = -7 };

	EXPECT_EQ(-EINVAL, RESULT(mq_setattr(self->mqd, &new, &old)));
	new.mq_flags = O_NONBLOCK | 1;
	EXPECT_EQ(-EINVAL, RESULT(mq_setattr(self->mqd, &new, &old)));
	new.mq_flags = -1;
	EXPECT_EQ(-EINVAL, RESULT(mq_setattr(self->mqd, &new, &old)));
	EXPECT_EQ(-7, old.mq_maxmsg);
	EXPECT_EQ(0, fcntl(self->mqd, F_GETFL) & O_NONBLOCK);
}

TEST_F(queue, flag_belongs_to_the_description)
{
	struct mq_attr new = { .mq_flags = O_NONBLOCK }, now;
	mqd_t copy = dup(self->mqd);
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(mq_setattr(self->mqd, &new, NULL) != 0);
	ASSERT_EQ(0, status_of(pid));
	ASSERT_EQ(0, mq_getattr(copy, &now));
	EXPECT_EQ(O_NONBLOCK, now.mq_flags);
	new.mq_flags = 0;
	EXPECT_EQ(0, mq_setattr(copy, &new, NULL));
	ASSERT_EQ(0, mq_getattr(self->mqd, &now));
	EXPECT_EQ(0, now.mq_flags);
	/* Another description has its own. */
	ASSERT_EQ(0, mq_getattr(self->nonblocking, &now));
	EXPECT_EQ(O_NONBLOCK, now.mq_flags);
}

TEST_F(queue, flag_can_be_set_by_fcntl)
{
	char buf[SIZE];

	ASSERT_EQ(0, fcntl(self->mqd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, RESULT(mq_receive(self->mqd, buf, sizeof(buf), NULL)));
}

TEST_F(queue, messages_arrive_as_sent)
{
	char message[SIZE], buf[SIZE + 10];
	unsigned int prio;
	size_t size;
	int i;

	for (i = 0; i < SIZE; i++)
		message[i] = i * 37;
	for (size = 0; size <= SIZE; size++) {
		ASSERT_EQ(0, mq_send(self->mqd, message, size, size));
		memset(buf, 0xaa, sizeof(buf));
		ASSERT_EQ((ssize_t)size, mq_receive(self->mqd, buf, SIZE, &prio));
		EXPECT_EQ(0, memcmp(buf, message, size));
		EXPECT_EQ((char)0xaa, buf[size]);
		EXPECT_EQ(size, prio);
	}
}

TEST_F(queue, message_may_not_be_larger_than_msgsize)
{
	char message[SIZE + 1] = "";

	EXPECT_EQ(-EMSGSIZE, RESULT(mq_send(self->mqd, message, SIZE + 1, 0)));
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_send(self->mqd, message, 1 << 20, 0)));
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_send(self->mqd, message, SIZE_MAX, 0)));
	/* Even if there is no room. */
	fill(self->mqd);
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_send(self->mqd, message, SIZE + 1, 0)));
	EXPECT_EQ(MSGS, depth(self->mqd));
}

TEST_F(queue, buffer_may_not_be_smaller_than_msgsize)
{
	struct timespec past = in_seconds(-1);
	char buf[SIZE];

	/* Whether or not there is a message, and though it would fit. */
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_receive(self->mqd, buf, SIZE - 1, NULL)));
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_timedreceive(self->mqd, buf, SIZE - 1, NULL, &past)));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_receive(self->mqd, buf, SIZE - 1, NULL)));
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_receive(self->mqd, buf, 1, NULL)));
	EXPECT_EQ(-EMSGSIZE, RESULT(mq_receive(self->mqd, buf, 0, NULL)));
	EXPECT_EQ(1, depth(self->mqd));
	EXPECT_EQ(1, mq_receive(self->mqd, buf, SIZE, NULL));
}

TEST_F(queue, priority_comes_first_then_age)
{
	ASSERT_EQ(0, send_text(self->mqd, "low 1", 1));
	ASSERT_EQ(0, send_text(self->mqd, "high 1", 5));
	ASSERT_EQ(0, send_text(self->mqd, "low 2", 1));
	ASSERT_EQ(0, send_text(self->mqd, "high 2", 5));
	EXPECT_TRUE(got_text(self->mqd, "high 1", 5));
	ASSERT_EQ(0, send_text(self->mqd, "lowest", 0));
	EXPECT_TRUE(got_text(self->mqd, "high 2", 5));
	EXPECT_TRUE(got_text(self->mqd, "low 1", 1));
	EXPECT_TRUE(got_text(self->mqd, "low 2", 1));
	EXPECT_TRUE(got_text(self->mqd, "lowest", 0));
}

TEST_F(queue, priorities_have_an_end)
{
	unsigned int max = sysconf(_SC_MQ_PRIO_MAX);

	EXPECT_EQ(32768, max);
	EXPECT_EQ(0, send_text(self->mqd, "urgent", max - 1));
	EXPECT_TRUE(got_text(self->mqd, "urgent", max - 1));
	EXPECT_EQ(-EINVAL, send_text(self->mqd, "x", max));
	EXPECT_EQ(-EINVAL, send_text(self->mqd, "x", UINT_MAX));
	EXPECT_EQ(0, depth(self->mqd));
}

TEST_F(queue, nonblocking)
{
	struct timespec later = in_seconds(1000);
	char buf[SIZE];

	EXPECT_EQ(-EAGAIN, RESULT(mq_receive(self->nonblocking, buf, SIZE, NULL)));
	EXPECT_EQ(-EAGAIN, RESULT(mq_timedreceive(self->nonblocking, buf, SIZE, NULL, &later)));
	fill(self->nonblocking);
	EXPECT_EQ(MSGS, depth(self->mqd));
	EXPECT_EQ(-EAGAIN, send_text(self->nonblocking, "x", 0));
	EXPECT_EQ(-EAGAIN, RESULT(mq_timedsend(self->nonblocking, "x", 1, 0, &later)));
	EXPECT_EQ(MSGS, depth(self->mqd));
}

TEST(as_many_as_said_of_the_size_said)
{
	mqd_t mqd = new_queue(7, 300, O_NONBLOCK);
	char message[300] = "";
	int i;

	ASSERT_LE(0, mqd);
	for (i = 0; i < 7; i++)
		ASSERT_EQ(0, mq_send(mqd, message, sizeof(message), 0));
	EXPECT_EQ(-EAGAIN, RESULT(mq_send(mqd, message, 0, 0)));
}

TEST_F(queue, addresses_that_are_not_ours)
{
	char *nowhere = (char *)8;

	EXPECT_EQ(-EFAULT, RESULT(mq_send(self->mqd, nowhere, 1, 0)));
	EXPECT_EQ(0, depth(self->mqd));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(-EFAULT, RESULT(mq_receive(self->mqd, nowhere, SIZE, NULL)));
	/* The system's own has lost it now. */
	if (on_ipcq(self->mqd))
		EXPECT_TRUE(got_text(self->mqd, "x", 0));
}

/* A page that is there and may not be looked at. */
static void *forbidden(void)
{
	return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

TEST_F(queue, times_that_are_not_ours)
{
	const struct timespec *nowhere[] = { (struct timespec *)8, forbidden() };
	char buf[SIZE];
	size_t i;

	/* A time_t of 32 bits is read by the library. */
	if (sizeof(time_t) < 8)
		SKIP(return, "only where the kernel reads the time");
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EFAULT, RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, nowhere[i])));
		EXPECT_EQ(-EFAULT, RESULT(mq_timedsend(self->mqd, "x", 1, 0, nowhere[i])));
		EXPECT_EQ(0, depth(self->mqd));
		/* Whether or not the call would block. */
		ASSERT_EQ(0, send_text(self->mqd, "x", 0));
		EXPECT_EQ(-EFAULT, RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, nowhere[i])));
		EXPECT_TRUE(got_text(self->mqd, "x", 0));
	}
}

/* The four calls that block. */
enum call { SEND, RECEIVE, TIMEDSEND, TIMEDRECEIVE, NR_CALLS };

static long try_call(enum call call, mqd_t mqd)
{
	struct timespec later = in_seconds(1000);
	char buf[SIZE];

	switch (call) {
	case SEND:	return RESULT(mq_send(mqd, "sent", 4, 1));
	case RECEIVE:	return RESULT(mq_receive(mqd, buf, SIZE, NULL));
	case TIMEDSEND:	return RESULT(mq_timedsend(mqd, "sent", 4, 1, &later));
	default:	return RESULT(mq_timedreceive(mqd, buf, SIZE, NULL, &later));
	}
}

/* Make the call block, or make one that is blocked go on. */
static void obstruct(enum call call, mqd_t mqd)
{
	if (call == SEND || call == TIMEDSEND)
		fill(mqd);
}

static void release(enum call call, mqd_t mqd)
{
	char buf[SIZE];

	if (call == SEND || call == TIMEDSEND)
		mq_receive(mqd, buf, SIZE, NULL);
	else
		mq_send(mqd, "more", 4, 0);
}

static pid_t call_in_child(enum call call, mqd_t mqd)
{
	pid_t pid = fork();

	if (!pid) {
		CHILD_CHECK(try_call(call, mqd) >= 0);
		_exit(0);
	}
	return pid;
}

FIXTURE(blocked)
{
	mqd_t mqd;
};

FIXTURE_VARIANT(blocked)
{
	enum call call;
};

FIXTURE_VARIANT_ADD(blocked, send) { .call = SEND };
FIXTURE_VARIANT_ADD(blocked, receive) { .call = RECEIVE };
FIXTURE_VARIANT_ADD(blocked, timedsend) { .call = TIMEDSEND };
FIXTURE_VARIANT_ADD(blocked, timedreceive) { .call = TIMEDRECEIVE };

FIXTURE_SETUP(blocked)
{
	self->mqd = new_queue(MSGS, SIZE, 0);
	ASSERT_LE(0, self->mqd);
	obstruct(variant->call, self->mqd);
}

FIXTURE_TEARDOWN(blocked)
{
	mq_close(self->mqd);
}

TEST_F(blocked, goes_on)
{
	pid_t pid = call_in_child(variant->call, self->mqd);

	ASSERT_TRUE(WAIT_UNTIL(is_blocked(pid)));
	release(variant->call, self->mqd);
	EXPECT_EQ(0, status_of(pid));
}

TEST_F(blocked, killed_leaves_no_trace)
{
	pid_t pid = call_in_child(variant->call, self->mqd);
	long before = depth(self->mqd);

	ASSERT_TRUE(WAIT_UNTIL(is_blocked(pid)));
	kill(pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, status_of(pid));
	EXPECT_EQ(before, depth(self->mqd));
	release(variant->call, self->mqd);
	EXPECT_EQ(before ? before - 1 : 1, depth(self->mqd));
}

static int caught;
static int handled = -1;

static void handler(int signo)
{
	(void)signo;
	caught++;
	if (handled >= 0 && write(handled, "x", 1) != 1)
		_exit(1);
}

static void catch(int signo, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(signo, &action, NULL);
}

TEST_F(blocked, is_interrupted)
{
	pid_t pid = fork();

	if (!pid) {
		catch(SIGUSR1, 0);
		CHILD_CHECK(try_call(variant->call, self->mqd) == -EINTR);
		CHILD_CHECK(caught == 1);
		_exit(0);
	}
	ASSERT_TRUE(WAIT_UNTIL(is_blocked(pid)));
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, status_of(pid));
}

/* A signal is handled while the call sleeps, and the call goes on. */
TEST_F(blocked, is_restarted)
{
	int told[2];
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(told));
	pid = fork();
	if (!pid) {
		handled = told[1];
		catch(SIGUSR1, SA_RESTART);
		CHILD_CHECK(try_call(variant->call, self->mqd) >= 0);
		CHILD_CHECK(caught == 1);
		_exit(0);
	}
	ASSERT_TRUE(WAIT_UNTIL(is_blocked(pid)));
	kill(pid, SIGUSR1);
	ASSERT_EQ(1, read(told[0], &c, 1));
	ASSERT_TRUE(WAIT_UNTIL(is_blocked(pid)));
	release(variant->call, self->mqd);
	EXPECT_EQ(0, status_of(pid));
}

static pid_t call_with_priority(enum call call, mqd_t mqd, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	pid_t pid = fork();

	if (!pid) {
		if (priority)
			CHILD_CHECK(sched_setscheduler(0, SCHED_FIFO, &param) == 0);
		CHILD_CHECK(try_call(call, mqd) >= 0);
		_exit(0);
	}
	return pid;
}

/* The thread of the highest priority that has waited longest. */
TEST_F(blocked, urgent_threads_come_first)
{
	static const int priorities[] = { 0, 10, 20, 20, 0 }, order[] = { 2, 3, 1, 0, 4 };
	struct sched_param param = { .sched_priority = 1 };
	pid_t pids[5];
	int i;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		SKIP(return, "takes the right to real-time scheduling");
	param.sched_priority = 0;
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &param));
	for (i = 0; i < 5; i++) {
		pids[i] = call_with_priority(variant->call, self->mqd, priorities[i]);
		ASSERT_TRUE(WAIT_UNTIL(is_blocked(pids[i])));
	}
	for (i = 0; i < 5; i++) {
		release(variant->call, self->mqd);
		ASSERT_EQ(0, status_of(pids[order[i]]));
	}
}

struct victim {
	enum call call;
	mqd_t mqd;
	pid_t tid;
	bool cleaned;
};

static void clean(void *arg)
{
	((struct victim *)arg)->cleaned = true;
}

static void *suffer(void *arg)
{
	struct victim *victim = arg;

	pthread_cleanup_push(clean, victim);
	__atomic_store_n(&victim->tid, gettid(), __ATOMIC_RELEASE);
	try_call(victim->call, victim->mqd);
	pthread_cleanup_pop(0);
	return NULL;
}

TEST_F(blocked, is_a_cancellation_point)
{
	struct victim victim = { .call = variant->call, .mqd = self->mqd };
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, suffer, &victim));
	ASSERT_TRUE(WAIT_UNTIL(__atomic_load_n(&victim.tid, __ATOMIC_ACQUIRE) &&
			       is_blocked(victim.tid)));
	ASSERT_EQ(0, pthread_cancel(thread));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_TRUE(victim.cleaned);
	/* The queue goes on. */
	release(variant->call, self->mqd);
}

TEST_F(queue, time_limit_counts_only_if_it_would_block)
{
	struct timespec past = in_seconds(-10), zero = { 0, 0 };
	char buf[SIZE];

	EXPECT_EQ(0, mq_timedsend(self->mqd, "x", 1, 0, &past));
	EXPECT_EQ(0, mq_timedsend(self->mqd, "x", 1, 0, &zero));
	EXPECT_EQ(1, mq_timedreceive(self->mqd, buf, SIZE, NULL, &past));
	EXPECT_EQ(1, mq_timedreceive(self->mqd, buf, SIZE, NULL, &zero));
	EXPECT_EQ(-ETIMEDOUT, RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, &past)));
	EXPECT_EQ(-ETIMEDOUT, RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, &zero)));
	fill(self->mqd);
	EXPECT_EQ(-ETIMEDOUT, RESULT(mq_timedsend(self->mqd, "x", 1, 0, &past)));
	EXPECT_EQ(-ETIMEDOUT, RESULT(mq_timedsend(self->mqd, "x", 1, 0, &zero)));
	EXPECT_EQ(MSGS, depth(self->mqd));
}

TEST_F(queue, time_limit_must_be_a_time)
{
	static const struct timespec bad[] = {
		{ 1, -1 }, { 1, 1000000000 }, { -1, 0 }, { INT_MAX, LONG_MAX },
	};
	struct timespec then;
	char buf[SIZE];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		then = bad[i];
		EXPECT_EQ(-EINVAL, RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, &then)));
		/* Only if it would block: the system's own always looks. */
		if (on_ipcq(self->mqd)) {
			EXPECT_EQ(0, RESULT(mq_timedsend(self->mqd, "x", 1, 0, &then)));
			EXPECT_EQ(1, RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, &then)));
			EXPECT_EQ(-EAGAIN, RESULT(mq_timedreceive(self->nonblocking, buf, SIZE,
								  NULL, &then)));
		}
	}
	fill(self->mqd);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		then = bad[i];
		EXPECT_EQ(-EINVAL, RESULT(mq_timedsend(self->mqd, "x", 1, 0, &then)));
	}
	EXPECT_EQ(MSGS, depth(self->mqd));
}

TEST_F(queue, time_limit_may_be_none)
{
	const struct timespec *volatile none = NULL;
	char buf[SIZE];

	EXPECT_EQ(0, mq_timedsend(self->mqd, "x", 1, 0, (const struct timespec *)none));
	EXPECT_EQ(1, mq_timedreceive(self->mqd, buf, SIZE, NULL, (const struct timespec *)none));
}

static bool is_over(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > then->tv_sec ||
	       (now.tv_sec == then->tv_sec && now.tv_nsec >= then->tv_nsec);
}

TEST_F(queue, time_limit_is_kept)
{
	struct timespec soon = in_seconds(0.1);
	char buf[SIZE];

	EXPECT_EQ(-ETIMEDOUT, RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, &soon)));
	EXPECT_TRUE(is_over(&soon));
	fill(self->mqd);
	soon = in_seconds(0.1);
	EXPECT_EQ(-ETIMEDOUT, RESULT(mq_timedsend(self->mqd, "x", 1, 0, &soon)));
	EXPECT_TRUE(is_over(&soon));
	EXPECT_EQ(MSGS, depth(self->mqd));
}

TEST_F(queue, time_limit_follows_the_clock)
{
	struct timespec now, then;
	pid_t pid;

	/* Whose clock would that be? */
	if (geteuid() || access("/sys/module/ipcq", F_OK))
		SKIP(return, "takes root, and a machine for tests of ipcq");
	then = in_seconds(3600);
	pid = fork();
	if (!pid) {
		char buf[SIZE];

		CHILD_CHECK(RESULT(mq_timedreceive(self->mqd, buf, SIZE, NULL, &then)) ==
			    -ETIMEDOUT);
		_exit(0);
	}
	ASSERT_TRUE(WAIT_UNTIL(is_blocked(pid)));
	now = in_seconds(7200);
	ASSERT_EQ(0, clock_settime(CLOCK_REALTIME, &now));
	EXPECT_EQ(0, status_of(pid));
	now = in_seconds(-7200);
	ASSERT_EQ(0, clock_settime(CLOCK_REALTIME, &now));
}

TEST_F(queue, poll_and_select)
{
	struct pollfd poll_it = { .fd = self->mqd, .events = POLLIN | POLLOUT };
	struct timeval now = { 0, 0 };
	fd_set readable;

	EXPECT_EQ(1, poll(&poll_it, 1, 0));
	EXPECT_EQ(POLLOUT, poll_it.revents);
	FD_ZERO(&readable);
	FD_SET(self->mqd, &readable);
	EXPECT_EQ(0, select(self->mqd + 1, &readable, NULL, NULL, &now));

	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(1, poll(&poll_it, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, poll_it.revents);
	FD_SET(self->mqd, &readable);
	EXPECT_EQ(1, select(self->mqd + 1, &readable, NULL, NULL, &now));

	fill(self->mqd);
	EXPECT_EQ(1, poll(&poll_it, 1, 0));
	EXPECT_EQ(POLLIN, poll_it.revents);
}

TEST_F(queue, epoll_awaits_a_message)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);
	pid_t pid;

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->mqd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	pid = fork();
	if (!pid)
		_exit(send_text(self->mqd, "x", 0) != 0);
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 20000));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_EQ(0, status_of(pid));
}

TEST_F(queue, epoll_and_select_await_room)
{
	struct epoll_event event = { .events = EPOLLOUT };
	int epoll = epoll_create1(0);
	char buf[SIZE];
	fd_set writable;
	pid_t pid;

	fill(self->mqd);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->mqd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	pid = fork();
	if (!pid)
		_exit(mq_receive(self->mqd, buf, SIZE, NULL) != 4);
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 20000));
	EXPECT_EQ(EPOLLOUT, event.events);
	EXPECT_EQ(0, status_of(pid));

	fill(self->mqd);
	pid = fork();
	if (!pid)
		_exit(mq_receive(self->mqd, buf, SIZE, NULL) != 4);
	FD_ZERO(&writable);
	FD_SET(self->mqd, &writable);
	EXPECT_EQ(1, select(self->mqd + 1, NULL, &writable, NULL, NULL));
	EXPECT_EQ(0, status_of(pid));
	close(epoll);
}

/* A child has the descriptors of its parent, of the same descriptions. */
TEST_F(queue, fork_shares_descriptions)
{
	struct mq_attr nonblocking = { .mq_flags = O_NONBLOCK };
	char buf[SIZE];
	pid_t pid;

	ASSERT_EQ(0, send_text(self->mqd, "of the parent", 1));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(got_text(self->mqd, "of the parent", 1));
		CHILD_CHECK(send_text(self->mqd, "of the child", 2) == 0);
		CHILD_CHECK(mq_setattr(self->mqd, &nonblocking, NULL) == 0);
		CHILD_CHECK(mq_close(self->mqd) == 0);
		_exit(0);
	}
	ASSERT_EQ(0, status_of(pid));
	EXPECT_TRUE(got_text(self->mqd, "of the child", 2));
	EXPECT_EQ(-EAGAIN, RESULT(mq_receive(self->mqd, buf, SIZE, NULL)));
}

TEST_F(queue, dup_is_the_same_queue)
{
	mqd_t copy = dup(self->mqd);

	ASSERT_EQ(0, send_text(copy, "x", 0));
	EXPECT_EQ(0, mq_close(copy));
	EXPECT_TRUE(got_text(self->mqd, "x", 0));
}

/* Many processes: each message comes to one of them, once. */
TEST(every_message_is_received_once)
{
	enum { SENDERS = 4, RECEIVERS = 3, EACH = 500 };
	mqd_t mqd = new_queue(MSGS, SIZE, 0);
	pid_t senders[SENDERS], receivers[RECEIVERS];
	int i, j, result[2];
	long sum = 0, count = 0, one[2];

	ASSERT_LE(0, mqd);
	ASSERT_EQ(0, pipe(result));
	for (i = 0; i < RECEIVERS; i++) {
		receivers[i] = fork();
		if (!receivers[i]) {
			char buf[SIZE];
			long value;

			one[0] = 0;
			one[1] = 0;
			for (;;) {
				CHILD_CHECK(mq_receive(mqd, buf, SIZE, NULL) == sizeof(value));
				memcpy(&value, buf, sizeof(value));
				if (value < 0)
					break;
				one[0] += value;
				one[1]++;
			}
			CHILD_CHECK(write(result[1], one, sizeof(one)) == sizeof(one));
			_exit(0);
		}
	}
	for (i = 0; i < SENDERS; i++) {
		senders[i] = fork();
		if (!senders[i]) {
			for (j = 0; j < EACH; j++) {
				long value = i * EACH + j;

				CHILD_CHECK(mq_send(mqd, (char *)&value, sizeof(value),
						    1 + j % 3) == 0);
			}
			_exit(0);
		}
	}
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, status_of(senders[i]));
	for (i = 0; i < RECEIVERS; i++) {
		long end = -1;

		/* Of the lowest priority: after all others. */
		EXPECT_EQ(0, mq_send(mqd, (char *)&end, sizeof(end), 0));
	}
	for (i = 0; i < RECEIVERS; i++) {
		ASSERT_EQ((ssize_t)sizeof(one), read(result[0], one, sizeof(one)));
		sum += one[0];
		count += one[1];
		EXPECT_EQ(0, status_of(receivers[i]));
	}
	EXPECT_EQ(SENDERS * EACH, count);
	EXPECT_EQ((long)SENDERS * EACH * (SENDERS * EACH - 1) / 2, sum);
	EXPECT_EQ(0, depth(mqd));
}

/* Two processes talk. */
TEST(ping_pong)
{
	enum { TURNS = 1000 };
	mqd_t ping = new_queue(1, SIZE, 0), pong = new_queue(1, SIZE, 0);
	char buf[SIZE];
	pid_t pid;
	int i, value;

	pid = fork();
	if (!pid) {
		for (i = 0; i < TURNS; i++) {
			CHILD_CHECK(mq_receive(ping, buf, SIZE, NULL) == sizeof(value));
			CHILD_CHECK(mq_send(pong, buf, sizeof(value), 0) == 0);
		}
		_exit(0);
	}
	for (i = 0; i < TURNS; i++) {
		ASSERT_EQ(0, mq_send(ping, (char *)&i, sizeof(i), 0));
		ASSERT_EQ((ssize_t)sizeof(value), mq_receive(pong, buf, SIZE, NULL));
		memcpy(&value, buf, sizeof(value));
		ASSERT_EQ(i, value);
	}
	EXPECT_EQ(0, status_of(pid));
}

TEST_HARNESS_MAIN
