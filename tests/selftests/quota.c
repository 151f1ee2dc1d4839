// SPDX-License-Identifier: GPL-2.0-only
/* What one user may have: queues, and memory of messages. */
#include <signal.h>
#include <sys/stat.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define ALICE	12345
#define BOB	65534

FIXTURE(quota) {
	char queues[32];
	char bytes[32];
	struct queue q;
	uint64_t overhead;
};

FIXTURE_SETUP(quota)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_UID | IPCQ_ATTR_MODE,
		.uid = ALICE,
		.mode = 0666,
	};

	ASSERT_EQ(0, param_get("user_queues", self->queues, sizeof(self->queues)));
	ASSERT_EQ(0, param_get("user_bytes", self->bytes, sizeof(self->bytes)));
	ASSERT_EQ(0, queue_make(&self->q, &attr));
	self->overhead = nl_totals().msg_overhead;
	ASSERT_NE(0, self->overhead);
}

FIXTURE_TEARDOWN(quota)
{
	EXPECT_EQ(0, param_set("user_queues", self->queues));
	EXPECT_EQ(0, param_set("user_bytes", self->bytes));
	EXPECT_EQ(0, queue_end(&self->q));
}

static int set_number(const char *param, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return param_set(param, text);
}

TEST_F(quota, defaults)
{
	EXPECT_STREQ("256", self->queues);
	EXPECT_STREQ("67108864", self->bytes);
}

/* Queues. */

static int alice_makes_three(void *arg)
{
	struct queue a, b, c;

	(void)arg;
	CHECK(become(ALICE, ALICE) == 0);
	/* One of hers exists already. */
	CHECK(queue_make(&a, NULL) == 0);
	CHECK(queue_make_anonymous(&b, NULL, O_RDWR) == 0);
	CHECK(queue_make(&c, NULL) == -EDQUOT);
	CHECK(queue_make_anonymous(&c, NULL, O_RDWR) == -EDQUOT);
	/* A queue without a name is one until it is closed. */
	CHECK(queue_destroy(a.name) == 0);
	CHECK(queue_make(&c, NULL) == -EDQUOT);
	close(a.fd);
	CHECK(queue_make(&c, NULL) == 0);
	close(c.fd);
	CHECK(queue_make(&a, NULL) == -EDQUOT);
	CHECK(queue_destroy(c.name) == 0);
	CHECK(queue_make(&a, NULL) == 0);
	CHECK(queue_destroy(a.name) == 0);
	return 0;
}

static int bob_makes_one(void *arg)
{
	struct queue q;

	(void)arg;
	CHECK(become(BOB, BOB) == 0);
	CHECK(queue_make(&q, NULL) == 0);
	CHECK(queue_destroy(q.name) == 0);
	return 0;
}

static int makes_none(void *arg)
{
	struct queue q;

	CHECK(become(*(uid_t *)arg, 1) == 0);
	CHECK(queue_make(&q, NULL) == -EDQUOT);
	return 0;
}

TEST_F(quota, of_queues)
{
	uid_t bob = BOB;

	ASSERT_EQ(0, set_number("user_queues", 3));
	EXPECT_EQ(0, child_run(alice_makes_three, NULL));
	/* Everybody has their own. */
	EXPECT_EQ(0, child_run(bob_makes_one, NULL));
	/* It can be none. */
	ASSERT_EQ(0, set_number("user_queues", 0));
	EXPECT_EQ(0, child_run(makes_none, &bob));
}

TEST_F(quota, of_queues_is_exceeded_with_a_capability)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_UID, .uid = ALICE };
	struct queue q;

	ASSERT_EQ(0, set_number("user_queues", 1));
	/* Root makes them for her. */
	ASSERT_EQ(0, queue_make(&q, &attr));
	EXPECT_EQ(0, queue_end(&q));
}

static int alice_fails_to_create(void *arg)
{
	const struct queue *q = arg;
	struct ipcq_create create = { .open_flags = O_RDWR };

	CHECK(become(ALICE, ALICE) == 0);
	/* What has failed is not charged. */
	strcpy(create.name, q->name);
	for (int i = 0; i < 10; i++)
		CHECK(queue_create(&create) == -EEXIST);
	return 0;
}

TEST_F(quota, a_failed_create_is_not_charged)
{
	ASSERT_EQ(0, set_number("user_queues", 3));
	EXPECT_EQ(0, child_run(alice_fails_to_create, &self->q));
	EXPECT_EQ(0, child_run(alice_makes_three, NULL));
}

/* Bytes: of messages sent, by whom the descriptor was opened. */

#define SIZE 100

static int send_size(int fd)
{
	char buf[SIZE] = {};

	return msg_send(fd, &MSG(buf, sizeof(buf), .flags = IPCQ_MSG_NONBLOCK));
}

/* As Bob, fill his quota, which has room for exactly three. */
static int fill_quota(void *arg)
{
	struct queue *q = arg;
	char buf[SIZE];
	int fd;

	CHECK(become(BOB, BOB) == 0);
	fd = queue_open(q, O_RDWR);
	CHECK(fd >= 0);
	CHECK(send_size(fd) == 0);
	CHECK(send_size(fd) == 0);
	CHECK(send_size(fd) == 0);
	CHECK(send_size(fd) == -EDQUOT);
	CHECK(RESULT(write(fd, "", 0)) == -EDQUOT);
	CHECK(read(fd, buf, sizeof(buf)) == SIZE);
	CHECK(send_size(fd) == 0);
	CHECK(send_size(fd) == -EDQUOT);
	return 0;
}

static int bob_cannot_send(void *arg)
{
	struct queue *q = arg;
	struct queue own;
	int fd;

	CHECK(become(BOB, BOB) == 0);
	fd = queue_open(q, O_RDWR);
	CHECK(fd >= 0);
	CHECK(send_size(fd) == -EDQUOT);
	/* To no other queue either. */
	CHECK(queue_make_anonymous(&own, NULL, O_RDWR) == 0);
	CHECK(send_size(own.fd) == -EDQUOT);
	return 0;
}

static int alice_sends(void *arg)
{
	struct queue *q = arg;
	int fd;

	CHECK(become(ALICE, ALICE) == 0);
	fd = queue_open(q, O_WRONLY);
	CHECK(send_size(fd) == 0);
	return 0;
}

static int three_messages(FIXTURE_DATA(quota) *self)
{
	return set_number("user_bytes", 3 * (SIZE + self->overhead));
}

TEST_F(quota, of_bytes)
{
	ASSERT_EQ(0, three_messages(self));
	EXPECT_EQ(0, child_run(fill_quota, &self->q));
	EXPECT_EQ(3, counted(&self->q, IPCQ_A_COUNTERS_SEND_QUOTA));
	/* He has gone, and they still take his memory. */
	EXPECT_EQ(0, child_run(bob_cannot_send, &self->q));
	/* Everybody has their own. */
	EXPECT_EQ(0, child_run(alice_sends, &self->q));
	EXPECT_EQ(4, nl_queue(self->q.id).depth);
}

TEST_F(quota, of_bytes_is_exceeded_with_a_capability)
{
	ASSERT_EQ(0, three_messages(self));
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(0, send_size(self->q.fd));
}

TEST_F(quota, of_bytes_is_given_back_by_every_end_of_a_message)
{
	ASSERT_EQ(0, three_messages(self));
	ASSERT_EQ(0, child_run(fill_quota, &self->q));
	ASSERT_EQ(3, purge(self->q.fd));
	ASSERT_EQ(0, child_run(fill_quota, &self->q));
	/* Whoever receives them. */
	ASSERT_EQ(3, drain(self->q.fd));
	ASSERT_EQ(0, child_run(fill_quota, &self->q));
	EXPECT_EQ(0, queue_end(&self->q));
	ASSERT_EQ(0, queue_make(&self->q, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_UID | IPCQ_ATTR_MODE, .uid = ALICE, .mode = 0666 }));
	ASSERT_EQ(0, child_run(fill_quota, &self->q));
}

static int bob_with_a_descriptor(void *arg)
{
	struct queue *q = arg;
	int own;

	CHECK(become(BOB, BOB) == 0);
	/* Root has opened this one, but its capability is not handed on. */
	CHECK(send_size(q->fd) == 0);
	CHECK(send_size(q->fd) == 0);
	CHECK(send_size(q->fd) == 0);
	CHECK(send_size(q->fd) == -EDQUOT);
	/* An end that he opens is his, and nothing of it is used up. */
	own = queue_open_end(q->fd, O_WRONLY);
	CHECK(send_size(own) == 0);
	CHECK(send_size(own) == 0);
	CHECK(send_size(own) == 0);
	CHECK(send_size(own) == -EDQUOT);
	return 0;
}

TEST_F(quota, of_bytes_is_of_who_opened_the_descriptor)
{
	ASSERT_EQ(0, three_messages(self));
	EXPECT_EQ(0, child_run(bob_with_a_descriptor, &self->q));
}

static int write_to_what_bob_opened(void *arg)
{
	const struct queue *q = arg;
	char buf[SIZE] = {};
	int fd;

	CHECK(setresuid(-1, BOB, 0) == 0);
	fd = queue_open(q, O_WRONLY);
	CHECK(fd >= 0);
	CHECK(setresuid(-1, 0, 0) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(write(fd, buf, sizeof(buf)) == SIZE);
	CHECK(RESULT(write(fd, buf, sizeof(buf))) == -EDQUOT);
	CHECK(send_size(fd) == -EDQUOT);
	return 0;
}

TEST_F(quota, of_bytes_holds_for_a_capability_that_is_lent)
{
	ASSERT_EQ(0, three_messages(self));
	EXPECT_EQ(0, child_run(write_to_what_bob_opened, &self->q));
}

static int fail_in_every_way(void *arg)
{
	struct queue *q = arg;
	char buf[SIZE] = {};
	int fd;

	CHECK(become(BOB, BOB) == 0);
	fd = queue_open(q, O_RDWR);
	for (int i = 0; i < 10; i++) {
		CHECK(msg_send(fd, &MSG(nowhere, SIZE)) == -EFAULT);
		CHECK(msg_send(fd, &MSG(buf, 1 << 20)) == -EMSGSIZE);
		CHECK(msg_send(fd, &MSG(buf, SIZE, .prio = -1)) == -EINVAL);
	}
	CHECK(send_size(fd) == 0);
	for (int i = 0; i < 10; i++) {
		CHECK(send_size(fd) == -EAGAIN);
		CHECK(msg_send(fd, &MSG(buf, SIZE, .flags = IPCQ_MSG_TIMEOUT)) == -ETIMEDOUT);
	}
	/* A message given back and one that is received. */
	CHECK(RESULT(read(fd, nowhere, SIZE)) == -EFAULT);
	CHECK(read(fd, buf, sizeof(buf)) == SIZE);
	return 0;
}

static int fail_broken(void *arg)
{
	struct queue *q = arg;
	char buf[SIZE] = {};
	int fd;

	CHECK(become(BOB, BOB) == 0);
	fd = queue_open(q, O_RDWR);
	for (int i = 0; i < 10; i++)
		CHECK(msg_send(fd, &MSG(buf, SIZE, .flags = IPCQ_MSG_NOSIGNAL)) == -EPIPE);
	return 0;
}

TEST_F(quota, of_bytes_is_given_back_by_every_failure)
{
	ASSERT_EQ(0, three_messages(self));
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 1));
	ASSERT_EQ(0, child_run(fail_in_every_way, &self->q));
	ASSERT_EQ(0, shut(self->q.fd, IPCQ_SHUT_SEND));
	ASSERT_EQ(0, child_run(fail_broken, &self->q));
	ASSERT_EQ(0, shut(self->q.fd, 0));
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 100));
	EXPECT_EQ(0, child_run(fill_quota, &self->q));
}

static int block_as_bob(void *arg)
{
	struct queue *q = arg;
	char buf[SIZE] = {};
	int fd;

	CHECK(become(BOB, BOB) == 0);
	fd = queue_open(q, O_RDWR);
	CHECK(msg_send(fd, &MSG(buf, SIZE)) == 0);
	return 0;
}

TEST_F(quota, blocked_senders_are_charged)
{
	pid_t pid;

	ASSERT_EQ(0, set_number("user_bytes", SIZE + self->overhead));
	ASSERT_EQ(0, set_max_msgs(self->q.fd, 1));
	ASSERT_EQ(0, send_size(self->q.fd));
	pid = child_start(block_as_bob, &self->q);
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	/* Not EAGAIN: he has no memory left for a second one to wait in. */
	EXPECT_EQ(0, child_run(bob_cannot_send, &self->q));
	ASSERT_EQ(2, drain(self->q.fd));
	EXPECT_EQ(0, child_end(pid));
	/* One that is killed gives it back. */
	ASSERT_EQ(0, send_size(self->q.fd));
	pid = child_start(block_as_bob, &self->q);
	ASSERT_TRUE(WAIT_UNTIL(blocked_senders(&self->q) == 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_end(pid));
	ASSERT_EQ(1, drain(self->q.fd));
	EXPECT_EQ(0, child_run(block_as_bob, &self->q));
}

TEST_F(quota, can_be_lowered_below_what_is_used)
{
	ASSERT_EQ(0, three_messages(self));
	ASSERT_EQ(0, child_run(fill_quota, &self->q));
	ASSERT_EQ(0, set_number("user_bytes", 1));
	EXPECT_EQ(0, child_run(bob_cannot_send, &self->q));
	/* What waits is not touched. */
	EXPECT_EQ(3, drain(self->q.fd));
	EXPECT_EQ(0, child_run(bob_cannot_send, &self->q));
}

/* The memory cgroup. */

#define CGROUPS	"/sys/fs/cgroup"
#define CGROUP	CGROUPS "/ipcq-selftest"
#define LARGE	(64 << 10)
#define HOW_MANY 128

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static long long memory_current(void)
{
	char text[32] = {};
	int fd = open(CGROUP "/memory.current", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	close(fd);
	return atoll(text);
}

static int send_from_cgroup(void *arg)
{
	int fd = *(int *)arg;
	char *buf = calloc(1, LARGE), pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	CHECK(write_text(CGROUP "/cgroup.procs", pid) == 0);
	for (int i = 0; i < HOW_MANY; i++)
		CHECK(msg_send(fd, &MSG(buf, LARGE, .flags = IPCQ_MSG_NONBLOCK)) == 0);
	return 0;
}

TEST_F(quota, memory_is_charged_to_the_senders_cgroup)
{
	const long long all = (long long)LARGE * HOW_MANY;
	long long before, during, after;
	char *buf = malloc(LARGE);

	ASSERT_EQ(0, attr_set(self->q.fd, &(struct ipcq_attr) {
		.mask = IPCQ_ATTR_MAX_BYTES, .max_bytes = 16 << 20 }));
	write_text(CGROUPS "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		SKIP(return, "cannot make a cgroup: %m");
	before = memory_current();
	if (before < 0)
		SKIP(goto out, "no memory controller in " CGROUPS);
	/* The sender has gone when its memory is looked at. */
	ASSERT_EQ(0, child_run(send_from_cgroup, &self->q.fd));
	during = memory_current();
	EXPECT_GE(during - before, all);
	for (int i = 0; i < HOW_MANY; i++)
		ASSERT_EQ(LARGE, read(self->q.fd, buf, LARGE));
	after = memory_current();
	EXPECT_GE(during - after, all - all / 16);
	EXPECT_LE(after - before, all / 16);
out:
	rmdir(CGROUP);
	free(buf);
}

TEST_HARNESS_MAIN
