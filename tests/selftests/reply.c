// SPDX-License-Identifier: GPL-2.0-only
/* To send and to receive with one call: both, or an honest word of what was done. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define ROOM	4096

FIXTURE(reply) {
	struct queue there;
	struct queue back;
	char *buf;
	char *nothing;	/* behind it */
};

FIXTURE_SETUP(reply)
{
	size_t page = sysconf(_SC_PAGESIZE);

	ASSERT_EQ(0, queue_make(&self->there, NULL));
	ASSERT_EQ(0, queue_make(&self->back, NULL));
	self->buf = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->buf);
	self->nothing = self->buf + page;
	ASSERT_EQ(0, mprotect(self->nothing, page, PROT_NONE));
}

FIXTURE_TEARDOWN(reply)
{
	EXPECT_EQ(0, queue_end(&self->there));
	EXPECT_EQ(0, queue_end(&self->back));
	munmap(self->buf, self->nothing - self->buf + sysconf(_SC_PAGESIZE));
}

/* A question that waits for its answer as long as it takes. */
static struct ipcq_call question(FIXTURE_DATA(reply) *self)
{
	return (struct ipcq_call) {
		.send = MSG("question", 8, .prio = 3, .type = 5),
		.recv = MSG(self->buf, ROOM),
		.recv_fd = self->back.fd,
		.sent = 77,
	};
}

static int do_call(int fd, struct ipcq_call *call)
{
	return RESULT(ioctl(fd, IPCQ_IOC_CALL, call));
}

static int ask(FIXTURE_DATA(reply) *self, struct ipcq_call *call)
{
	return do_call(self->there.fd, call);
}

TEST_F(reply, sends_and_receives)
{
	struct ipcq_call call = question(self);
	struct ipcq_msg msg = MSG(self->buf, ROOM);

	ASSERT_EQ(0, msg_send(self->back.fd, &MSG("answer", 6, .prio = 7, .type = 9)));
	EXPECT_EQ(0, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(6, call.recv.size);
	EXPECT_EQ(0, memcmp(self->buf, "answer", 6));
	EXPECT_EQ(7, call.recv.prio);
	EXPECT_EQ(9, call.recv.type);
	EXPECT_EQ(1, call.recv.seq);
	EXPECT_EQ(getpid(), (pid_t)call.recv.pid);
	EXPECT_EQ(geteuid(), call.recv.uid);
	/* What was said of the message that was sent is left as it was. */
	EXPECT_EQ(8, call.send.size);
	EXPECT_EQ(0, call.send.seq);
	ASSERT_EQ(0, msg_recv(self->there.fd, &msg));
	EXPECT_EQ(8, msg.size);
	EXPECT_EQ(3, msg.prio);
	EXPECT_EQ(5, msg.type);
	EXPECT_EQ(0, memcmp(self->buf, "question", 8));
	EXPECT_EQ(0, nl_queue(self->back.id).depth);
}

TEST_F(reply, through_one_queue)
{
	struct ipcq_call call = question(self);

	call.recv_fd = self->there.fd;
	EXPECT_EQ(0, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(8, call.recv.size);
	EXPECT_EQ(0, memcmp(self->buf, "question", 8));
}

#define ROUNDS	100

static void *serve(void *arg)
{
	FIXTURE_DATA(reply) *self = arg;
	char buf[64];
	struct ipcq_call call = { .recv_fd = self->there.fd };
	struct ipcq_msg msg = MSG(buf, sizeof(buf));

	if (msg_recv(self->there.fd, &msg))
		return "no first question";
	for (int i = 0; i < ROUNDS; i++) {
		call.send = MSG(buf, msg.size, .type = msg.type + 1);
		call.recv = MSG(buf, sizeof(buf));
		/* The last answer is followed by nothing. */
		if (i == ROUNDS - 1)
			call.recv.flags = IPCQ_MSG_NONBLOCK;
		if (do_call(self->back.fd, &call) != (i == ROUNDS - 1 ? -EAGAIN : 0))
			return "no question";
		msg = call.recv;
	}
	return call.sent == 1 ? NULL : "no last answer";
}

TEST_F(reply, client_and_server)
{
	struct ipcq_call call;
	pthread_t thread;
	void *wrong;

	ASSERT_EQ(0, pthread_create(&thread, NULL, serve, self));
	for (int i = 0; i < ROUNDS; i++) {
		call = question(self);
		call.send.type = 2 * i;
		ASSERT_EQ(0, ask(self, &call));
		ASSERT_EQ(2 * i + 1, call.recv.type);
		ASSERT_EQ(8, call.recv.size);
		ASSERT_EQ(0, memcmp(self->buf, "question", 8));
	}
	pthread_join(thread, &wrong);
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", (char *)wrong);
	EXPECT_EQ(ROUNDS, counted(&self->there, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(ROUNDS, counted(&self->back, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_F(reply, what_is_not_sent_is_not_answered)
{
	struct ipcq_call call;

	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	call = question(self);
	call.send.size = 1 << 20;
	EXPECT_EQ(-EMSGSIZE, ask(self, &call));
	EXPECT_EQ(0, call.sent);
	call = question(self);
	call.send.data = (uintptr_t)self->nothing;
	EXPECT_EQ(-EFAULT, ask(self, &call));
	EXPECT_EQ(0, call.sent);
	ASSERT_EQ(0, set_max_msgs(self->there.fd, 1));
	ASSERT_EQ(1, fill(self->there.fd));
	call = question(self);
	call.send.flags = IPCQ_MSG_NONBLOCK;
	EXPECT_EQ(-EAGAIN, ask(self, &call));
	EXPECT_EQ(0, call.sent);
	call = question(self);
	call.send.flags = IPCQ_MSG_TIMEOUT;
	call.send.timeout_ns = MS;
	EXPECT_EQ(-ETIMEDOUT, ask(self, &call));
	EXPECT_EQ(0, call.sent);
	ASSERT_EQ(0, shut(self->there.fd, IPCQ_SHUT_SEND));
	call = question(self);
	call.send.flags = IPCQ_MSG_NOSIGNAL;
	EXPECT_EQ(-EPIPE, ask(self, &call));
	EXPECT_EQ(0, call.sent);
	EXPECT_EQ(0, recv_text(self->there.fd, "fill"));
	EXPECT_EQ(-EPIPE, recv_text(self->there.fd, ""));
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
}

static int broken(void *arg)
{
	FIXTURE_DATA(reply) *self = arg;
	struct ipcq_call call = question(self);

	ask(self, &call);
	return 1;
}

TEST_F(reply, sigpipe)
{
	ASSERT_EQ(0, shut(self->there.fd, IPCQ_SHUT_SEND));
	EXPECT_EQ(-SIGPIPE, child_run(broken, self));
}

TEST_F(reply, no_answer)
{
	struct ipcq_call call;

	call = question(self);
	call.recv.flags = IPCQ_MSG_NONBLOCK;
	EXPECT_EQ(-EAGAIN, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	call = question(self);
	call.recv.flags = IPCQ_MSG_TIMEOUT;
	call.recv.timeout_ns = MS;
	EXPECT_EQ(-ETIMEDOUT, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	/* Each of the two descriptors says for itself whether it may block. */
	ASSERT_EQ(0, fcntl(self->back.fd, F_SETFL, O_RDWR | O_NONBLOCK));
	call = question(self);
	EXPECT_EQ(-EAGAIN, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	ASSERT_EQ(0, fcntl(self->back.fd, F_SETFL, O_RDWR));
	ASSERT_EQ(0, fcntl(self->there.fd, F_SETFL, O_RDWR | O_NONBLOCK));
	call = question(self);
	call.recv.flags = IPCQ_MSG_TIMEOUT;
	call.recv.timeout_ns = MS;
	EXPECT_EQ(-ETIMEDOUT, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	/* Nobody can answer any more: no signal. */
	ASSERT_EQ(0, shut(self->back.fd, IPCQ_SHUT_SEND));
	call = question(self);
	EXPECT_EQ(-EPIPE, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(5, drain(self->there.fd));
}

static void ignore(int signal)
{
	(void)signal;
}

static int interrupted(void *arg)
{
	FIXTURE_DATA(reply) *self = arg;
	/* It must not be restarted: it would send again. */
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct ipcq_call call = question(self);

	sigaction(SIGUSR1, &action, NULL);
	CHECK(ask(self, &call) == -EINTR);
	CHECK(call.sent == 1);
	return 0;
}

TEST_F(reply, a_signal_while_it_receives)
{
	pid_t pid = child_start(interrupted, self);

	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->back) == 1));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(1, drain(self->there.fd));
}

static int restarted(void *arg)
{
	FIXTURE_DATA(reply) *self = arg;
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct ipcq_call call = question(self);

	sigaction(SIGUSR1, &action, NULL);
	CHECK(ask(self, &call) == 0);
	CHECK(call.sent == 1);
	return 0;
}

TEST_F(reply, a_signal_while_it_sends)
{
	pid_t pid;

	ASSERT_EQ(0, set_max_msgs(self->there.fd, 1));
	ASSERT_EQ(1, fill(self->there.fd));
	ASSERT_EQ(0, send_text(self->back.fd, "answer"));
	pid = child_start(restarted, self);
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->there) == 1));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	ASSERT_TRUE(WAIT_UNTIL(counted(&self->there, IPCQ_A_COUNTERS_SEND_INTERRUPTED) == 1 &&
			       blocked_senders(&self->there) == 1));
	EXPECT_EQ(0, recv_text(self->there.fd, "fill"));
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(0, recv_text(self->there.fd, "question"));
	EXPECT_EQ(0, nl_queue(self->back.id).depth);
}

TEST_F(reply, killed)
{
	pid_t pid = child_start(interrupted, self);

	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->back) == 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pid));
	EXPECT_EQ(0, recv_text(self->there.fd, "question"));
	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
}

TEST_F(reply, an_answer_that_does_not_fit)
{
	struct ipcq_call call = question(self);

	ASSERT_EQ(0, msg_send(self->back.fd, &MSG(self->buf, 100)));
	call.recv.size = 99;
	EXPECT_EQ(-EMSGSIZE, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(100, call.recv.size);
	EXPECT_EQ(1, drain(self->back.fd));
	/* What WHOLE refuses is refused after the question was sent, too. */
	call = question(self);
	call.recv.flags = IPCQ_MSG_WHOLE;
	EXPECT_EQ(-EMSGSIZE, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(self->back.attr.max_msg_size, call.recv.size);
	EXPECT_EQ(2, drain(self->there.fd));
}

TEST_F(reply, an_answer_that_does_not_arrive)
{
	struct ipcq_call call = question(self);

	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	call.recv.data = (uintptr_t)self->nothing - 3;
	EXPECT_EQ(-EFAULT, ask(self, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(1, drain(self->there.fd));
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
}

TEST_F(reply, lost)
{
	struct ipcq_call call = question(self);

	ASSERT_EQ(0, send_text(self->back.fd, "one"));
	ASSERT_EQ(1, purge(self->back.fd));
	ASSERT_EQ(0, send_text(self->back.fd, "two"));
	EXPECT_EQ(0, ask(self, &call));
	EXPECT_EQ(1, call.recv.lost);
}

TEST_F(reply, other_versions)
{
	struct {
		struct ipcq_call call;
		uint64_t more;
	} newer = { .call = question(self), .more = 1 };
	unsigned int request = _IOC(_IOC_READ | _IOC_WRITE, IPCQ_IOC_MAGIC, 0x18, sizeof(newer));

	ASSERT_EQ(0, send_text(self->back.fd, "answer"));
	EXPECT_EQ(-E2BIG, RESULT(ioctl(self->there.fd, request, &newer)));
	newer.more = 0;
	EXPECT_EQ(0, RESULT(ioctl(self->there.fd, request, &newer)));
	EXPECT_EQ(1, newer.call.sent);
	EXPECT_EQ(6, newer.call.recv.size);
}

TEST_F(reply, errors)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int control = open(CONTROL, O_RDWR | O_CLOEXEC);
	int in = queue_open_end(self->there.fd, O_WRONLY);
	int out = queue_open_end(self->there.fd, O_RDONLY);
	const struct {
		int fd;
		int recv_fd;
		struct ipcq_msg send;
		struct ipcq_msg recv;
		int err;
	} wrong[] = {
		{ out, self->back.fd, {}, {}, -EBADF },
		{ self->there.fd, in, {}, {}, -EBADF },
		{ self->there.fd, -1, {}, {}, -EBADF },
		{ self->there.fd, 999, {}, {}, -EBADF },
		{ self->there.fd, null, {}, {}, -EINVAL },
		{ self->there.fd, control, {}, {}, -EINVAL },
		{ self->there.fd, self->back.fd, { .flags = 1u << 31 }, {}, -EINVAL },
		{ self->there.fd, self->back.fd, { .flags = IPCQ_MSG_WHOLE }, {}, -EINVAL },
		{ self->there.fd, self->back.fd, { .prio = IPCQ_PRIO_MAX + 1 }, {}, -EINVAL },
		{ self->there.fd, self->back.fd, { .timeout_ns = 1 }, {}, -EINVAL },
		{ self->there.fd, self->back.fd, { .pad = 1 }, {}, -EINVAL },
		{ self->there.fd, self->back.fd, { .pad2 = 1 }, {}, -EINVAL },
		{ self->there.fd, self->back.fd, {}, { .flags = 1u << 31 }, -EINVAL },
		{ self->there.fd, self->back.fd, {}, { .flags = IPCQ_MSG_NOSIGNAL }, -EINVAL },
		{ self->there.fd, self->back.fd, {}, { .timeout_ns = 1 }, -EINVAL },
		{ self->there.fd, self->back.fd, {}, { .pad = 1 }, -EINVAL },
		{ self->there.fd, self->back.fd, {}, { .pad2 = 1 }, -EINVAL },
	};
	struct ipcq_call *call = (struct ipcq_call *)self->buf;

	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		*call = (struct ipcq_call) {
			.send = wrong[i].send, .recv = wrong[i].recv,
			.recv_fd = wrong[i].recv_fd,
		};
		call->recv.data = (uintptr_t)self->buf + ROOM / 2;
		call->recv.size = ROOM / 2;
		EXPECT_EQ(wrong[i].err, do_call(wrong[i].fd, call)) TH_LOG("%u", i);
	}
	EXPECT_EQ(-EFAULT, do_call(self->there.fd, nowhere));
	/* What can be read and not written. */
	*call = question(self);
	ASSERT_EQ(0, mprotect(self->buf, ROOM, PROT_READ));
	EXPECT_EQ(-EFAULT, ask(self, call));
	ASSERT_EQ(0, mprotect(self->buf, ROOM, PROT_READ | PROT_WRITE));
	/* Nothing of all that was sent, or received. */
	EXPECT_EQ(0, counted(&self->there, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
	close(null);
	close(control);
	close(in);
	close(out);
}

TEST_HARNESS_MAIN
