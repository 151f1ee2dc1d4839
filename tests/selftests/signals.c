// SPDX-License-Identifier: GPL-2.0-only
/* Signals: what interrupts, what restarts, and the signals that queues send. */
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <sys/wait.h>

#include "call.h"
#include "ipcq_test.h"
#include "kselftest_harness.h"

static atomic_int handled;

static void handler(int sig)
{
	(void)sig;
	atomic_fetch_add(&handled, 1);
}

static void handle(int sig, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

/* A blocked call of each kind, that a signal meets. */
FIXTURE(blocked) {
	struct queue empty;
	struct queue full;
	struct call call;
};

FIXTURE_VARIANT(blocked) {
	enum call_kind kind;
	uint32_t flags;
	/* The call goes on after a handler with SA_RESTART. */
	bool restarts;
};

FIXTURE_VARIANT_ADD(blocked, read) {
	.kind = CALL_READ,
	.restarts = true,
};

FIXTURE_VARIANT_ADD(blocked, write) {
	.kind = CALL_WRITE,
	.restarts = true,
};

FIXTURE_VARIANT_ADD(blocked, recv) {
	.kind = CALL_RECV,
	.restarts = true,
};

FIXTURE_VARIANT_ADD(blocked, send) {
	.kind = CALL_SEND,
	.restarts = true,
};

FIXTURE_VARIANT_ADD(blocked, recv_relative) {
	.kind = CALL_RECV,
	.flags = IPCQ_MSG_TIMEOUT,
};

FIXTURE_VARIANT_ADD(blocked, send_relative) {
	.kind = CALL_SEND,
	.flags = IPCQ_MSG_TIMEOUT,
};

FIXTURE_VARIANT_ADD(blocked, recv_absolute) {
	.kind = CALL_RECV,
	.flags = IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME,
	.restarts = true,
};

FIXTURE_VARIANT_ADD(blocked, send_absolute) {
	.kind = CALL_SEND,
	.flags = IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME,
	.restarts = true,
};

FIXTURE_VARIANT_ADD(blocked, recv_realtime) {
	.kind = CALL_RECV,
	.flags = IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME,
	.restarts = true,
};

static bool receives(const FIXTURE_VARIANT(blocked) *variant)
{
	return variant->kind == CALL_READ || variant->kind == CALL_RECV;
}

FIXTURE_SETUP(blocked)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 1 };

	ASSERT_EQ(0, queue_make(&self->empty, &attr));
	ASSERT_EQ(0, queue_make(&self->full, &attr));
	ASSERT_EQ(1, fill(self->full.fd));
}

FIXTURE_TEARDOWN(blocked)
{
	EXPECT_EQ(0, queue_end(&self->empty));
	EXPECT_EQ(0, queue_end(&self->full));
}

static struct queue *queue_of(FIXTURE_DATA(blocked) *self,
			      const FIXTURE_VARIANT(blocked) *variant)
{
	return receives(variant) ? &self->empty : &self->full;
}

/* How often calls have blocked. */
static uint64_t blocks(FIXTURE_DATA(blocked) *self, const FIXTURE_VARIANT(blocked) *variant)
{
	return counted(queue_of(self, variant),
		       receives(variant) ? IPCQ_A_COUNTERS_BLOCKED_RECVS :
					   IPCQ_A_COUNTERS_BLOCKED_SENDS);
}

static uint64_t interrupts(FIXTURE_DATA(blocked) *self,
			   const FIXTURE_VARIANT(blocked) *variant)
{
	return counted(queue_of(self, variant),
		       receives(variant) ? IPCQ_A_COUNTERS_RECV_INTERRUPTED :
					   IPCQ_A_COUNTERS_SEND_INTERRUPTED);
}

static struct ipcq_msg msg_of(const FIXTURE_VARIANT(blocked) *variant)
{
	struct ipcq_msg msg = { .flags = variant->flags };

	if (variant->flags & IPCQ_MSG_TIMEOUT)
		msg.timeout_ns = 3600 * SECOND;
	if (variant->flags & IPCQ_MSG_REALTIME)
		msg.timeout_ns += realtime_ns();
	else if (variant->flags & IPCQ_MSG_ABSTIME)
		msg.timeout_ns += now_ns();
	return msg;
}

static int start(FIXTURE_DATA(blocked) *self, const FIXTURE_VARIANT(blocked) *variant)
{
	struct call *c = &self->call;
	int err = -EINVAL;

	switch (variant->kind) {
	case CALL_READ:
		err = call_read(c, self->empty.fd);
		break;
	case CALL_WRITE:
		err = call_write(c, self->full.fd, "text");
		break;
	case CALL_RECV:
		err = call_recv(c, self->empty.fd, msg_of(variant));
		break;
	case CALL_SEND:
		err = call_send(c, self->full.fd, "text", msg_of(variant));
		break;
	}
	if (err)
		return err;
	return WAIT_UNTIL(blocks(self, variant) == 1) ? 0 : -ETIME;
}

/* Let the call succeed. */
static int release(FIXTURE_DATA(blocked) *self, const FIXTURE_VARIANT(blocked) *variant)
{
	return receives(variant) ? send_text(self->empty.fd, "text") :
				   recv_text(self->full.fd, "fill");
}

static int success(const FIXTURE_VARIANT(blocked) *variant)
{
	return variant->kind == CALL_READ || variant->kind == CALL_WRITE ? 4 : 0;
}

TEST_F(blocked, a_handler_without_sa_restart_interrupts)
{
	handle(SIGUSR1, 0);
	ASSERT_EQ(0, start(self, variant));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, call_end(&self->call));
	EXPECT_EQ(1, handled);
	EXPECT_EQ(1, interrupts(self, variant));
	EXPECT_EQ(0, blocked_receivers(&self->empty));
	EXPECT_EQ(0, blocked_senders(&self->full));
	/* It has neither sent nor received. */
	EXPECT_EQ(0, counted(&self->empty, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(1, counted(&self->full, IPCQ_A_COUNTERS_SENT));
}

TEST_F(blocked, a_handler_with_sa_restart)
{
	handle(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, start(self, variant));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	if (!variant->restarts) {
		EXPECT_EQ(-EINTR, call_end(&self->call));
		EXPECT_EQ(1, handled);
		return;
	}
	ASSERT_TRUE(WAIT_UNTIL(blocks(self, variant) == 2));
	EXPECT_EQ(1, handled);
	EXPECT_EQ(1, interrupts(self, variant));
	ASSERT_EQ(0, release(self, variant));
	EXPECT_EQ(success(variant), call_end(&self->call));
}

TEST_F(blocked, an_ignored_signal_is_not_noticed)
{
	signal(SIGUSR1, SIG_IGN);
	ASSERT_EQ(0, start(self, variant));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	ASSERT_EQ(0, release(self, variant));
	EXPECT_EQ(success(variant), call_end(&self->call));
	EXPECT_EQ(1, blocks(self, variant));
	EXPECT_EQ(0, interrupts(self, variant));
}

TEST_F(blocked, a_blocked_signal_is_not_noticed)
{
	sigset_t set;

	handle(SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, start(self, variant));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	ASSERT_EQ(0, release(self, variant));
	EXPECT_EQ(success(variant), call_end(&self->call));
	EXPECT_EQ(1, blocks(self, variant));
	EXPECT_EQ(0, handled);
}

struct stopped {
	FIXTURE_DATA(blocked) *self;
	const FIXTURE_VARIANT(blocked) *variant;
};

/* The call of the variant, in this process.  Returns what errno it ends with. */
static int make_the_call(void *arg)
{
	struct stopped *s = arg;
	struct ipcq_msg msg = msg_of(s->variant);
	char buf[16] = "text";
	int result = -EINVAL;

	msg.data = (uintptr_t)buf;
	msg.size = 4;
	switch (s->variant->kind) {
	case CALL_READ:
		result = RESULT(read(s->self->empty.fd, buf, sizeof(buf)));
		break;
	case CALL_WRITE:
		result = RESULT(write(s->self->full.fd, buf, 4));
		break;
	case CALL_RECV:
		result = msg_recv(s->self->empty.fd, &msg);
		break;
	case CALL_SEND:
		result = msg_send(s->self->full.fd, &msg);
		break;
	}
	return result == success(s->variant) ? 0 : -result;
}

TEST_F(blocked, stopping_and_going_on)
{
	struct stopped arg = { self, variant };
	int status;
	pid_t pid;

	pid = child_start(make_the_call, &arg);
	ASSERT_GT(pid, 0);
	ASSERT_TRUE(WAIT_UNTIL(blocks(self, variant) == 1));
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	/* While it is stopped it does not wait, and nothing is handed to it. */
	EXPECT_EQ(0, blocked_receivers(&self->empty));
	EXPECT_EQ(0, blocked_senders(&self->full));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	if (!variant->restarts) {
		EXPECT_EQ(EINTR, child_end(pid));
		return;
	}
	ASSERT_TRUE(WAIT_UNTIL(blocks(self, variant) == 2));
	ASSERT_EQ(0, release(self, variant));
	EXPECT_EQ(0, child_end(pid));
}

TEST_F(blocked, what_comes_while_stopped)
{
	struct stopped arg = { self, variant };
	int status;
	pid_t pid;

	pid = child_start(make_the_call, &arg);
	ASSERT_TRUE(WAIT_UNTIL(blocks(self, variant) == 1));
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_EQ(0, release(self, variant));
	EXPECT_EQ(receives(variant), nl_queue(self->empty.id).depth);
	EXPECT_EQ(receives(variant), nl_queue(self->full.id).depth);
	ASSERT_EQ(0, kill(pid, SIGCONT));
	if (!variant->restarts) {
		EXPECT_EQ(EINTR, child_end(pid));
		return;
	}
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(0, nl_queue(self->empty.id).depth);
	EXPECT_EQ(1, nl_queue(self->full.id).depth);
}

/* SIGPIPE. */

FIXTURE(broken) {
	struct queue q;
};

FIXTURE_SETUP(broken)
{
	int writer;

	ASSERT_EQ(0, queue_make_anonymous(&self->q, NULL, O_RDWR));
	writer = queue_open_end(self->q.fd, O_WRONLY);
	ASSERT_GE(writer, 0);
	/* The only receiver goes. */
	close(self->q.fd);
	self->q.fd = writer;
}

FIXTURE_TEARDOWN(broken)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

static int write_one(void *arg)
{
	return write(*(int *)arg, "x", 1) == 1 ? 0 : 2;
}

static int send_one(void *arg)
{
	return msg_send(*(int *)arg, &MSG("x", 1)) == 0 ? 0 : 2;
}

TEST_F(broken, sigpipe_kills)
{
	EXPECT_EQ(-SIGPIPE, child_run(write_one, &self->q.fd));
	EXPECT_EQ(-SIGPIPE, child_run(send_one, &self->q.fd));
	EXPECT_EQ(2, counted(&self->q, IPCQ_A_COUNTERS_SEND_HANGUP));
}

TEST_F(broken, epipe_with_sigpipe_handled)
{
	handle(SIGPIPE, 0);
	EXPECT_EQ(-EPIPE, RESULT(write(self->q.fd, "x", 1)));
	EXPECT_EQ(1, handled);
	EXPECT_EQ(-EPIPE, msg_send(self->q.fd, &MSG("x", 1)));
	EXPECT_EQ(2, handled);
}

TEST_F(broken, nosignal)
{
	EXPECT_EQ(-EPIPE, msg_send(self->q.fd, &MSG("x", 1, .flags = IPCQ_MSG_NOSIGNAL)));
	handle(SIGPIPE, 0);
	EXPECT_EQ(-EPIPE, msg_send(self->q.fd, &MSG("x", 1, .flags = IPCQ_MSG_NOSIGNAL)));
	EXPECT_EQ(0, handled);
}

/* SIGIO. */

FIXTURE(sigio) {
	struct queue q;
	int reader;
	int writer;
	int sig;
	sigset_t set;
};

static int async(int fd, int sig)
{
	return fcntl(fd, F_SETOWN, getpid()) || fcntl(fd, F_SETSIG, sig) ||
	       fcntl(fd, F_SETFL, O_ASYNC);
}

FIXTURE_SETUP(sigio)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_MAX_MSGS | IPCQ_ATTR_FLAGS,
		.max_msgs = 1,
		.flags = IPCQ_F_HANGUP,
	};

	self->sig = SIGRTMIN + 1;
	sigemptyset(&self->set);
	sigaddset(&self->set, self->sig);
	sigaddset(&self->set, SIGIO);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &self->set, NULL));
	ASSERT_EQ(0, queue_make(&self->q, &attr));
	self->reader = queue_open(&self->q, O_RDONLY);
	self->writer = queue_open(&self->q, O_WRONLY);
	close(self->q.fd);
	self->q.fd = -1;
	ASSERT_GE(self->reader, 0);
	ASSERT_GE(self->writer, 0);
}

FIXTURE_TEARDOWN(sigio)
{
	close(self->reader);
	close(self->writer);
	EXPECT_EQ(0, queue_end(&self->q));
}

/* The next signal that has been sent, or 0 if there is none. */
static int next_signal(FIXTURE_DATA(sigio) *self, siginfo_t *info)
{
	struct timespec now = {};
	int sig = sigtimedwait(&self->set, info, &now);

	return sig < 0 ? 0 : sig;
}

TEST_F(sigio, a_message_came)
{
	siginfo_t info;

	ASSERT_EQ(0, async(self->reader, self->sig));
	EXPECT_EQ(0, next_signal(self, &info));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	ASSERT_EQ(self->sig, next_signal(self, &info));
	EXPECT_EQ(POLL_IN, info.si_code);
	EXPECT_EQ(self->reader, info.si_fd);
	EXPECT_EQ(POLLIN | POLLRDNORM, info.si_band);
	EXPECT_EQ(0, next_signal(self, &info));
	/* Receiving it is no event for receivers. */
	ASSERT_EQ(0, recv_text(self->reader, "x"));
	EXPECT_EQ(0, next_signal(self, &info));
}

TEST_F(sigio, without_a_chosen_signal_it_is_sigio)
{
	siginfo_t info;

	ASSERT_EQ(0, async(self->reader, 0));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(SIGIO, next_signal(self, &info));
}

TEST_F(sigio, room_came)
{
	siginfo_t info;

	ASSERT_EQ(0, async(self->writer, self->sig));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(0, next_signal(self, &info));
	ASSERT_EQ(0, recv_text(self->reader, "x"));
	ASSERT_EQ(self->sig, next_signal(self, &info));
	EXPECT_EQ(POLL_OUT, info.si_code);
	EXPECT_EQ(self->writer, info.si_fd);
}

TEST_F(sigio, the_senders_have_gone)
{
	siginfo_t info;

	ASSERT_EQ(0, async(self->reader, self->sig));
	close(self->writer);
	self->writer = -1;
	EXPECT_EQ(self->sig, next_signal(self, &info));
}

TEST_F(sigio, the_receivers_have_gone)
{
	siginfo_t info;

	ASSERT_EQ(0, async(self->writer, self->sig));
	close(self->reader);
	self->reader = -1;
	EXPECT_EQ(self->sig, next_signal(self, &info));
}

TEST_F(sigio, no_more_once_switched_off)
{
	siginfo_t info;

	ASSERT_EQ(0, async(self->reader, self->sig));
	ASSERT_EQ(0, fcntl(self->reader, F_SETFL, 0));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(0, next_signal(self, &info));
}

TEST_F(sigio, a_descriptor_for_both_directions_gets_both)
{
	int fd = queue_open(&self->q, O_RDWR);
	siginfo_t info;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, async(fd, self->sig));
	ASSERT_EQ(0, send_text(self->writer, "x"));
	ASSERT_EQ(self->sig, next_signal(self, &info));
	EXPECT_EQ(POLL_IN, info.si_code);
	ASSERT_EQ(0, recv_text(self->reader, "x"));
	ASSERT_EQ(self->sig, next_signal(self, &info));
	EXPECT_EQ(POLL_OUT, info.si_code);
	close(fd);
	/* A closed descriptor has left both lists. */
	ASSERT_EQ(0, send_text(self->writer, "x"));
	EXPECT_EQ(0, next_signal(self, &info));
}

TEST_HARNESS_MAIN
