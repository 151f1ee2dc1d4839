// SPDX-License-Identifier: GPL-2.0-only
/* To send and to receive with one call: both, or an honest word of what was done. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define ROOM	4096
#define HEADER	sizeof(struct ipcq_record)

FIXTURE(reply) {
	struct queue there;
	struct queue back;
	char *out;
	char *in;
	char *nothing;	/* behind @in */
	size_t used;
};

FIXTURE_SETUP(reply)
{
	size_t page = sysconf(_SC_PAGESIZE);

	ASSERT_EQ(0, queue_make(&self->there, NULL));
	ASSERT_EQ(0, queue_make(&self->back, NULL));
	self->out = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->out);
	self->in = self->out + page;
	self->nothing = self->in + page;
	ASSERT_EQ(0, mprotect(self->nothing, page, PROT_NONE));
	self->used = 0;
}

FIXTURE_TEARDOWN(reply)
{
	EXPECT_EQ(0, queue_end(&self->there));
	EXPECT_EQ(0, queue_end(&self->back));
	munmap(self->out, self->nothing + sysconf(_SC_PAGESIZE) - self->out);
}

/* Put one more message among those to be sent. */
static struct ipcq_record *add(FIXTURE_DATA(reply) *self, const char *text)
{
	struct ipcq_record *record = (struct ipcq_record *)(self->out + self->used);

	*record = (struct ipcq_record) { .size = strlen(text), .type = 5 };
	memcpy(record + 1, text, record->size);
	self->used += IPCQ_RECORD_SPACE(record->size);
	return record;
}

/* Fields that follow replace those of every call. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define CALL(self, ...)							\
	((struct ipcq_call) {						\
		.send = (uintptr_t)(self)->out, .send_size = (self)->used,	\
		.recv = (uintptr_t)(self)->in, .recv_size = ROOM,		\
		.recv_fd = (self)->back.fd, .sent = 77, .lost = 77, __VA_ARGS__ })

static int do_call(int fd, struct ipcq_call *call)
{
	return RESULT(ioctl(fd, IPCQ_IOC_CALL, call));
}

/* Whether the first record at @at is that. */
static bool is_text(const char *at, const char *text)
{
	const struct ipcq_record *record = (const struct ipcq_record *)at;

	return record->size == strlen(text) && record->pid == (uint32_t)getpid() &&
	       !record->flags && !record->pad && !memcmp(record + 1, text, record->size);
}

TEST_F(reply, sends_and_receives)
{
	struct ipcq_call call;

	add(self, "question");
	ASSERT_EQ(0, send_text(self->back.fd, "answer"));
	call = CALL(self);
	EXPECT_EQ(1, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(0, call.lost);
	EXPECT_EQ(IPCQ_RECORD_SPACE(6), call.recv_size);
	EXPECT_TRUE(is_text(self->in, "answer"));
	EXPECT_EQ(0, recv_text(self->there.fd, "question"));
	EXPECT_EQ(0, nl_queue(self->back.id).depth);
}

TEST_F(reply, through_one_queue)
{
	struct ipcq_call call;

	add(self, "to myself");
	call = CALL(self, .recv_fd = -1);
	EXPECT_EQ(1, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_TRUE(is_text(self->in, "to myself"));
	call = CALL(self, .recv_fd = self->there.fd);
	EXPECT_EQ(1, do_call(self->there.fd, &call));
	EXPECT_TRUE(is_text(self->in, "to myself"));
}

TEST_F(reply, several)
{
	struct ipcq_call call;

	add(self, "one");
	add(self, "two");
	add(self, "three");
	ASSERT_EQ(0, send_text(self->back.fd, "four"));
	ASSERT_EQ(0, send_text(self->back.fd, "five"));
	ASSERT_EQ(0, send_text(self->back.fd, "six"));
	call = CALL(self, .recv_count = 2);
	EXPECT_EQ(2, do_call(self->there.fd, &call));
	EXPECT_EQ(3, call.sent);
	EXPECT_TRUE(is_text(self->in, "four"));
	EXPECT_TRUE(is_text(self->in + IPCQ_RECORD_SPACE(4), "five"));
	EXPECT_EQ(2 * IPCQ_RECORD_SPACE(4), call.recv_size);
	EXPECT_EQ(1, nl_queue(self->back.id).depth);
	EXPECT_EQ(3, drain(self->there.fd));
}

#define ROUNDS	100

static void *serve(void *arg)
{
	FIXTURE_DATA(reply) *self = arg;
	_Alignas(8) char in[256];
	struct ipcq_batch batch = { .records = (uintptr_t)in, .size = sizeof(in) };
	struct ipcq_call call = {
		.send = (uintptr_t)in, .recv = (uintptr_t)in, .recv_fd = self->there.fd,
		.recv_count = 1,
	};
	struct ipcq_record *record = (struct ipcq_record *)in;

	if (ioctl(self->there.fd, IPCQ_IOC_RECV_BATCH, &batch) != 1)
		return "no first question";
	for (int i = 0; i < ROUNDS; i++) {
		record->type++;
		call.send_size = HEADER + record->size;
		call.recv_size = sizeof(in);
		/* The last answer is followed by nothing. */
		if (i == ROUNDS - 1)
			call.flags = IPCQ_MSG_NONBLOCK;
		if ((ioctl(self->back.fd, IPCQ_IOC_CALL, &call) != 1) != (i == ROUNDS - 1))
			return "no question";
	}
	return call.sent == 1 && errno == EAGAIN ? NULL : "no last answer";
}

TEST_F(reply, client_and_server)
{
	struct ipcq_record *out = add(self, "ping"), *in = (struct ipcq_record *)self->in;
	struct ipcq_call call;
	pthread_t thread;
	void *wrong;

	ASSERT_EQ(0, pthread_create(&thread, NULL, serve, self));
	for (int i = 0; i < ROUNDS; i++) {
		out->type = 2 * i;
		call = CALL(self);
		ASSERT_EQ(1, do_call(self->there.fd, &call));
		ASSERT_EQ(2 * i + 1, in->type);
		ASSERT_TRUE(is_text(self->in, "ping"));
	}
	pthread_join(thread, &wrong);
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", (char *)wrong);
	EXPECT_EQ(ROUNDS, counted(&self->there, IPCQ_A_COUNTERS_RECEIVED));
	EXPECT_EQ(ROUNDS, counted(&self->back, IPCQ_A_COUNTERS_RECEIVED));
}

TEST_F(reply, what_is_not_sent_is_not_answered)
{
	struct ipcq_record *bad;
	struct ipcq_call call;

	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	for (int before = 0; before < 4; before++) {
		self->used = 0;
		for (int i = 0; i < before; i++)
			add(self, "good");
		bad = add(self, "bad");
		bad->prio = IPCQ_PRIO_MAX + 1;
		call = CALL(self);
		EXPECT_EQ(-EINVAL, do_call(self->there.fd, &call));
		EXPECT_EQ(before, call.sent);
		EXPECT_EQ(before, drain(self->there.fd));

		bad->prio = 0;
		ASSERT_EQ(0, set_max_msgs(self->there.fd, before ?: 1));
		if (!before)
			ASSERT_EQ(1, fill(self->there.fd));
		call = CALL(self, .flags = IPCQ_MSG_NONBLOCK);
		EXPECT_EQ(-EAGAIN, do_call(self->there.fd, &call));
		EXPECT_EQ(before, call.sent);
		drain(self->there.fd);
		if (!before)
			ASSERT_EQ(1, fill(self->there.fd));
		call = CALL(self, .flags = IPCQ_MSG_TIMEOUT, .timeout_ns = MS);
		EXPECT_EQ(-ETIMEDOUT, do_call(self->there.fd, &call));
		EXPECT_EQ(before, call.sent);
		drain(self->there.fd);
		ASSERT_EQ(0, set_max_msgs(self->there.fd, 1000));
	}
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
}

TEST_F(reply, no_more_than_a_limit)
{
	size_t size = (IPCQ_BATCH_MAX + 1) * HEADER;
	char *records = calloc(1, size);
	struct ipcq_call call;

	ASSERT_NE(NULL, records);
	ASSERT_EQ(0, set_max_msgs(self->there.fd, 2 * IPCQ_BATCH_MAX));
	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	call = CALL(self, .send = (uintptr_t)records, .send_size = size);
	EXPECT_EQ(-EINVAL, do_call(self->there.fd, &call));
	EXPECT_EQ(IPCQ_BATCH_MAX, call.sent);
	EXPECT_EQ(IPCQ_BATCH_MAX, drain(self->there.fd));
	call = CALL(self, .send = (uintptr_t)records, .send_size = size - HEADER);
	EXPECT_EQ(1, do_call(self->there.fd, &call));
	EXPECT_EQ(IPCQ_BATCH_MAX, call.sent);
	free(records);
}

TEST_F(reply, no_answer)
{
	struct ipcq_call call;

	add(self, "question");
	call = CALL(self, .flags = IPCQ_MSG_NONBLOCK);
	EXPECT_EQ(-EAGAIN, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	call = CALL(self, .flags = IPCQ_MSG_TIMEOUT, .timeout_ns = MS);
	EXPECT_EQ(-ETIMEDOUT, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	/* Each of the two descriptors says for itself whether it may block. */
	ASSERT_EQ(0, fcntl(self->back.fd, F_SETFL, O_RDWR | O_NONBLOCK));
	call = CALL(self);
	EXPECT_EQ(-EAGAIN, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	ASSERT_EQ(0, fcntl(self->back.fd, F_SETFL, O_RDWR));
	ASSERT_EQ(0, fcntl(self->there.fd, F_SETFL, O_RDWR | O_NONBLOCK));
	call = CALL(self, .flags = IPCQ_MSG_TIMEOUT, .timeout_ns = MS);
	EXPECT_EQ(-ETIMEDOUT, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	/* Nobody can answer any more: no signal. */
	ASSERT_EQ(0, shut(self->back.fd, IPCQ_SHUT_SEND));
	call = CALL(self);
	EXPECT_EQ(-EPIPE, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(5, drain(self->there.fd));
}

static int broken(void *arg)
{
	FIXTURE_DATA(reply) *self = arg;

	do_call(self->there.fd, &CALL(self));
	return 1;
}

TEST_F(reply, nobody_to_be_asked)
{
	struct ipcq_call call;

	add(self, "question");
	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	ASSERT_EQ(0, shut(self->there.fd, IPCQ_SHUT_SEND));
	call = CALL(self, .flags = IPCQ_MSG_NOSIGNAL);
	EXPECT_EQ(-EPIPE, do_call(self->there.fd, &call));
	EXPECT_EQ(0, call.sent);
	EXPECT_EQ(-SIGPIPE, child_run(broken, self));
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
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
	struct ipcq_call call = CALL(self);

	sigaction(SIGUSR1, &action, NULL);
	CHECK(do_call(self->there.fd, &call) == -EINTR);
	CHECK(call.sent == 1);
	return 0;
}

TEST_F(reply, a_signal_while_it_receives)
{
	pid_t pid;

	add(self, "question");
	pid = child_start(interrupted, self);
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->back) == 1));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(1, drain(self->there.fd));
}

static int restarted(void *arg)
{
	FIXTURE_DATA(reply) *self = arg;
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct ipcq_call call = CALL(self);

	sigaction(SIGUSR1, &action, NULL);
	CHECK(do_call(self->there.fd, &call) == 1);
	CHECK(call.sent == 1);
	return 0;
}

TEST_F(reply, a_signal_while_it_sends)
{
	pid_t pid;

	add(self, "question");
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
	pid_t pid;

	add(self, "question");
	pid = child_start(interrupted, self);
	ASSERT_TRUE(WAIT_UNTIL(blocked_receivers(&self->back) == 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pid));
	EXPECT_EQ(0, recv_text(self->there.fd, "question"));
	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
}

TEST_F(reply, an_answer_that_does_not_fit)
{
	struct ipcq_call call;

	add(self, "question");
	ASSERT_EQ(0, msg_send(self->back.fd, &MSG(self->in, 100)));
	call = CALL(self, .recv_size = HEADER + 99);
	EXPECT_EQ(-EMSGSIZE, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.sent);
	EXPECT_EQ(IPCQ_RECORD_SPACE(100), call.recv_size);
	EXPECT_EQ(1, drain(self->back.fd));
	EXPECT_EQ(1, drain(self->there.fd));
}

TEST_F(reply, an_answer_that_does_not_arrive)
{
	struct ipcq_call call;

	add(self, "question");
	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	for (size_t in = 0; in < HEADER + 4; in += 8) {
		call = CALL(self, .recv = (uintptr_t)self->nothing - in);
		EXPECT_EQ(-EFAULT, do_call(self->there.fd, &call));
		EXPECT_EQ(1, call.sent);
		EXPECT_EQ(1, drain(self->there.fd));
	}
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
}

TEST_F(reply, lost)
{
	struct ipcq_call call;

	add(self, "question");
	ASSERT_EQ(0, send_text(self->back.fd, "one"));
	ASSERT_EQ(1, purge(self->back.fd));
	ASSERT_EQ(0, send_text(self->back.fd, "two"));
	call = CALL(self);
	EXPECT_EQ(1, do_call(self->there.fd, &call));
	EXPECT_EQ(1, call.lost);
}

TEST_F(reply, other_versions)
{
	struct {
		struct ipcq_call call;
		uint64_t more;
	} newer = {};
	unsigned int request = _IOC(_IOC_READ | _IOC_WRITE, IPCQ_IOC_MAGIC, 0x22, sizeof(newer));

	add(self, "question");
	ASSERT_EQ(0, send_text(self->back.fd, "answer"));
	newer.call = CALL(self);
	newer.more = 1;
	EXPECT_EQ(-E2BIG, RESULT(ioctl(self->there.fd, request, &newer)));
	newer.more = 0;
	EXPECT_EQ(1, RESULT(ioctl(self->there.fd, request, &newer)));
	EXPECT_EQ(1, newer.call.sent);
}

TEST_F(reply, errors)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), control = open(CONTROL, O_RDWR);
	int in = queue_open_end(self->there.fd, O_WRONLY);
	int out = queue_open_end(self->there.fd, O_RDONLY);
	const struct {
		int fd;
		struct ipcq_call call;
		int err;
	} wrong[] = {
		{ out, CALL(self), -EBADF },
		{ in, CALL(self, .recv_fd = -1), -EBADF },
		{ self->there.fd, CALL(self, .recv_fd = in), -EBADF },
		{ self->there.fd, CALL(self, .recv_fd = -2), -EBADF },
		{ self->there.fd, CALL(self, .recv_fd = 999), -EBADF },
		{ self->there.fd, CALL(self, .recv_fd = null), -EINVAL },
		{ self->there.fd, CALL(self, .recv_fd = control), -EINVAL },
		{ self->there.fd, CALL(self, .flags = 1u << 31), -EINVAL },
		{ self->there.fd, CALL(self, .flags = IPCQ_MSG_WHOLE), -EINVAL },
		{ self->there.fd, CALL(self, .timeout_ns = 1), -EINVAL },
		{ self->there.fd, CALL(self, .send_size = 0), -EINVAL },
		{ self->there.fd, CALL(self, .send_size = HEADER - 1), -EINVAL },
		{ self->there.fd, CALL(self, .send = (uintptr_t)self->out + 4), -EINVAL },
		{ self->there.fd, CALL(self, .send = (uintptr_t)self->nothing), -EFAULT },
		{ self->there.fd, CALL(self, .recv_size = HEADER - 1), -EINVAL },
		{ self->there.fd, CALL(self, .recv = (uintptr_t)self->in + 1), -EINVAL },
	};
	struct ipcq_call *call = (struct ipcq_call *)self->in;
	size_t page = self->in - self->out;

	add(self, "question");
	ASSERT_EQ(0, send_text(self->back.fd, "kept"));
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		*call = wrong[i].call;
		if (call->send_size == 0 && i != 10)
			call->send_size = self->used;
		EXPECT_EQ(wrong[i].err, do_call(wrong[i].fd, call)) TH_LOG("%u", i);
	}
	EXPECT_EQ(-EFAULT, do_call(self->there.fd, nowhere));
	/* What can be read and not written. */
	*call = CALL(self, .recv = (uintptr_t)self->out);
	ASSERT_EQ(0, mprotect(self->in, page, PROT_READ));
	EXPECT_EQ(-EFAULT, do_call(self->there.fd, call));
	ASSERT_EQ(0, mprotect(self->in, page, PROT_READ | PROT_WRITE));
	/* Nothing of all that was sent, or received. */
	EXPECT_EQ(0, counted(&self->there, IPCQ_A_COUNTERS_SENT));
	EXPECT_EQ(0, recv_text(self->back.fd, "kept"));
	close(null);
	close(control);
	close(in);
	close(out);
}

TEST_HARNESS_MAIN
