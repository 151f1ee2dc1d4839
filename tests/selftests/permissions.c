// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what, tried as two different unprivileged users: Alice owns the queue,
 * Bob does not.
 */
#include <grp.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define ALICE	12345
#define BOB	65534
#define FRIENDS	23456	/* a group that Bob is in, and Alice is not */

FIXTURE(users) {
	struct queue q;
	int result;
};

FIXTURE_SETUP(users)
{
	ASSERT_EQ(0, geteuid())
		TH_LOG("must be root");
	self->q.fd = -1;
}

FIXTURE_TEARDOWN(users)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

/* Make a queue of Alice's with the given mode and group. */
static int of_alice(struct queue *q, uint32_t mode, gid_t gid)
{
	struct ipcq_attr attr = {
		.mask = IPCQ_ATTR_UID | IPCQ_ATTR_GID | IPCQ_ATTR_MODE,
		.uid = ALICE,
		.gid = gid,
		.mode = mode,
	};

	return queue_make(q, &attr);
}

static int become_alice(void)
{
	return become(ALICE, ALICE);
}

static int become_bob(void)
{
	gid_t group = FRIENDS;
	int err;

	if (setgroups(1, &group) || setresgid(BOB, BOB, BOB) || setresuid(BOB, BOB, BOB))
		return -errno;
	err = -1;
	/* He is in the group only if the call above was not undone. */
	return getgroups(1, &group) == 1 && group == FRIENDS ? 0 : err;
}

/* Effective capabilities without one. */
static int drop_capability(int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[CAP_TO_INDEX(cap)].effective &= ~CAP_TO_MASK(cap);
	return RESULT(syscall(SYS_capset, &header, data));
}

/* Which of read, write and both open lets the process do: a bit for each. */
static int access_of(const struct queue *q)
{
	const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
	int i, fd, may = 0;

	for (i = 0; i < 3; i++) {
		fd = queue_open(q, flags[i]);
		if (fd >= 0) {
			may |= 1 << i;
			close(fd);
		} else if (fd != -EACCES) {
			return -1;
		}
	}
	return may;
}

#define MAY_READ	1
#define MAY_WRITE	2
#define MAY_BOTH	7

static int alice_access(void *arg)
{
	return become_alice() ? 100 : access_of(arg);
}

static int bob_access(void *arg)
{
	return become_bob() ? 100 : access_of(arg);
}

TEST_F(users, the_mode_decides_who_opens)
{
	static const struct {
		uint32_t mode;
		gid_t gid;
		int alice;
		int bob;
	} cases[] = {
		{ 0600, ALICE, MAY_BOTH, 0 },
		{ 0400, ALICE, MAY_READ, 0 },
		{ 0200, ALICE, MAY_WRITE, 0 },
		{ 0000, ALICE, 0, 0 },
		{ 0666, ALICE, MAY_BOTH, MAY_BOTH },
		{ 0604, ALICE, MAY_BOTH, MAY_READ },
		{ 0602, ALICE, MAY_BOTH, MAY_WRITE },
		{ 0620, FRIENDS, MAY_BOTH, MAY_WRITE },
		{ 0640, FRIENDS, MAY_BOTH, MAY_READ },
		{ 0660, FRIENDS, MAY_BOTH, MAY_BOTH },
		{ 0606, FRIENDS, MAY_BOTH, 0 },
		{ 0066, FRIENDS, 0, MAY_BOTH },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, of_alice(&self->q, cases[i].mode, cases[i].gid));
		EXPECT_EQ(cases[i].alice, child_run(alice_access, &self->q))
			TH_LOG("mode %o", cases[i].mode);
		EXPECT_EQ(cases[i].bob, child_run(bob_access, &self->q))
			TH_LOG("mode %o", cases[i].mode);
		/* Root may always. */
		EXPECT_EQ(MAY_BOTH, access_of(&self->q));
		EXPECT_EQ(0, queue_end(&self->q));
	}
	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
}

/* What only owners may, tried on a descriptor.  0 if all of it succeeds. */
static int administer(const struct queue *q)
{
	int sum = 0;

	sum += set_max_msgs(q->fd, 100);
	sum += purge(q->fd);
	sum += shut(q->fd, 0);
	sum += queue_destroy(q->name);
	return sum;
}

static int alice_administers(void *arg)
{
	CHECK(become_alice() == 0);
	CHECK(administer(arg) == 0);
	return 0;
}

static int bob_administers(void *arg)
{
	struct queue *q = arg;
	struct ipcq_attr attr = {};

	CHECK(become_bob() == 0);
	CHECK(set_max_msgs(q->fd, 100) == -EPERM);
	CHECK(set_flags(q->fd, IPCQ_F_HANGUP) == -EPERM);
	CHECK(attr_set(q->fd, &attr) == -EPERM);
	CHECK(purge(q->fd) == -EPERM);
	CHECK(shut(q->fd, IPCQ_SHUT_SEND) == -EPERM);
	CHECK(shut(q->fd, 0) == -EPERM);
	CHECK(queue_destroy(q->name) == -EPERM);
	CHECK(attr_get(q->fd, &attr) == 0);
	CHECK(attr.max_msgs == q->attr.max_msgs);
	CHECK(attr.flags == 0);
	return 0;
}

TEST_F(users, only_the_owner_administers)
{
	ASSERT_EQ(0, of_alice(&self->q, 0666, ALICE));
	ASSERT_EQ(0, send_text(self->q.fd, "stays"));
	EXPECT_EQ(0, child_run(bob_administers, &self->q));
	EXPECT_EQ(1, nl_queue(self->q.id).depth);
	ASSERT_EQ(0, recv_text(self->q.fd, "stays"));
	EXPECT_EQ(0, child_run(alice_administers, &self->q));
}

TEST_F(users, root_administers)
{
	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
	EXPECT_EQ(0, administer(&self->q));
}

static int root_without_sys_admin(void *arg)
{
	CHECK(drop_capability(CAP_SYS_ADMIN) == 0);
	CHECK(administer(arg) == 4 * -EPERM);
	return 0;
}

TEST_F(users, it_is_cap_sys_admin_that_lets_root)
{
	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
	EXPECT_EQ(0, child_run(root_without_sys_admin, &self->q));
}

TEST_F(users, chown_and_chmod_change_who_opens_and_not_who_owns)
{
	char path[IPCQ_NAME_MAX + 20];

	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
	EXPECT_EQ(0, child_run(bob_access, &self->q));
	ASSERT_EQ(0, chown(queue_path(&self->q, path), BOB, BOB));
	EXPECT_EQ(MAY_BOTH, child_run(bob_access, &self->q));
	EXPECT_EQ(0, child_run(alice_access, &self->q));
	EXPECT_EQ(0, child_run(bob_administers, &self->q));
	ASSERT_EQ(0, chmod(path, 0604));
	EXPECT_EQ(MAY_READ, child_run(alice_access, &self->q));
	/* She has not lost it. */
	EXPECT_EQ(0, child_run(alice_administers, &self->q));
}

static int bob_uses_what_he_was_given(void *arg)
{
	struct queue *q = arg;
	int end;

	CHECK(become_bob() == 0);
	CHECK(queue_open(q, O_RDONLY) == -EACCES);
	CHECK(send_text(q->fd, "x") == 0);
	CHECK(recv_text(q->fd, "x") == 0);
	end = queue_open_end(q->fd, O_RDWR);
	CHECK(end >= 0);
	CHECK(send_text(end, "x") == 0);
	return 0;
}

TEST_F(users, a_descriptor_is_worth_what_it_is)
{
	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
	EXPECT_EQ(0, child_run(bob_uses_what_he_was_given, &self->q));
	ASSERT_EQ(0, recv_text(self->q.fd, "x"));
}

static int alice_with_a_reader(void *arg)
{
	struct queue *q = arg;
	int end;

	CHECK(become_alice() == 0);
	/* She owns the queue, but this descriptor only reads. */
	CHECK(queue_open_end(q->fd, O_WRONLY) == -EACCES);
	CHECK(send_text(q->fd, "x") == -EBADF);
	end = queue_open_end(q->fd, O_RDONLY);
	CHECK(end >= 0);
	CHECK(set_max_msgs(end, 3) == 0);
	return 0;
}

TEST_F(users, even_of_an_owner)
{
	struct queue reader;

	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
	reader = self->q;
	reader.fd = queue_open(&self->q, O_RDONLY);
	EXPECT_EQ(0, child_run(alice_with_a_reader, &reader));
	close(reader.fd);
}

/* Creation. */

static int alice_creates(void *arg)
{
	struct ipcq_attr attr = {};
	struct queue q;

	(void)arg;
	CHECK(become_alice() == 0);
	CHECK(queue_make(&q, NULL) == 0);
	CHECK(q.attr.uid == ALICE && q.attr.gid == ALICE && q.attr.mode == 0600);
	CHECK(access_of(&q) == MAY_BOTH);
	CHECK(administer(&q) == 0);
	close(q.fd);

	attr.mask = IPCQ_ATTR_UID | IPCQ_ATTR_GID;
	attr.uid = ALICE;
	attr.gid = ALICE;
	CHECK(queue_make(&q, &attr) == 0);
	CHECK(queue_destroy(q.name) == 0);
	close(q.fd);
	attr.uid = BOB;
	CHECK(queue_make(&q, &attr) == -EPERM);
	attr.uid = 0;
	CHECK(queue_make(&q, &attr) == -EPERM);
	attr.uid = ALICE;
	attr.gid = FRIENDS;
	CHECK(queue_make(&q, &attr) == -EPERM);
	return 0;
}

TEST_F(users, anybody_creates_for_themselves)
{
	EXPECT_EQ(0, child_run(alice_creates, NULL));
}

static int bob_creates_for_his_group(void *arg)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_GID, .gid = FRIENDS };
	struct queue q;

	(void)arg;
	CHECK(become_bob() == 0);
	CHECK(queue_make(&q, &attr) == 0);
	CHECK(q.attr.gid == FRIENDS);
	CHECK(queue_destroy(q.name) == 0);
	return 0;
}

TEST_F(users, and_for_their_groups)
{
	EXPECT_EQ(0, child_run(bob_creates_for_his_group, NULL));
}

static int root_without_chown(void *arg)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_UID, .uid = ALICE };
	struct queue q;

	(void)arg;
	CHECK(drop_capability(CAP_CHOWN) == 0);
	CHECK(queue_make(&q, &attr) == -EPERM);
	attr = (struct ipcq_attr) { .mask = IPCQ_ATTR_GID, .gid = ALICE };
	CHECK(queue_make(&q, &attr) == -EPERM);
	return 0;
}

TEST_F(users, it_is_cap_chown_that_lets_root)
{
	EXPECT_EQ(0, child_run(root_without_chown, NULL));
}

static int effective_alice(void *arg)
{
	struct queue *q = arg;

	CHECK(setresgid(-1, ALICE, -1) == 0);
	CHECK(setresuid(-1, ALICE, -1) == 0);
	CHECK(queue_make(q, NULL) == 0);
	CHECK(q->attr.uid == ALICE && q->attr.gid == ALICE);
	CHECK(queue_destroy(q->name) == 0);
	return 0;
}

TEST_F(users, the_effective_user_is_who_counts)
{
	struct queue q;

	EXPECT_EQ(0, child_run(effective_alice, &q));
}

/* Statistics. */

static int bob_looks(void *arg)
{
	struct queue *q = arg;

	CHECK(become_bob() == 0);
	return -nl_queue(q->id).err;
}

static int alice_looks(void *arg)
{
	struct queue *q = arg;

	CHECK(become_alice() == 0);
	return -nl_queue(q->id).err;
}

TEST_F(users, the_mode_at_creation_decides_who_sees_statistics)
{
	static const struct {
		uint32_t mode;
		gid_t gid;
		int bob;
	} cases[] = {
		{ 0600, ALICE, EACCES },
		{ 0602, ALICE, EACCES },
		{ 0604, ALICE, 0 },
		{ 0640, FRIENDS, 0 },
		{ 0604, FRIENDS, EACCES },
		{ 0640, ALICE, EACCES },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, of_alice(&self->q, cases[i].mode, cases[i].gid));
		EXPECT_EQ(cases[i].bob, child_run(bob_looks, &self->q))
			TH_LOG("mode %o", cases[i].mode);
		EXPECT_EQ(0, child_run(alice_looks, &self->q));
		EXPECT_EQ(0, nl_queue(self->q.id).err);
		EXPECT_EQ(0, queue_end(&self->q));
	}
	/* The owner sees them even if the mode lets her read no message. */
	ASSERT_EQ(0, of_alice(&self->q, 0000, ALICE));
	EXPECT_EQ(0, child_run(alice_looks, &self->q));
}

static int root_without(void *arg)
{
	struct queue *q = arg;

	CHECK(nl_queue(q->id).err == 0);
	CHECK(drop_capability(CAP_SYS_ADMIN) == 0);
	CHECK(nl_queue(q->id).err == 0);
	CHECK(nl_reset(q->id, IPCQ_RESET_PEAK) == -EPERM);
	CHECK(drop_capability(CAP_DAC_READ_SEARCH) == 0);
	CHECK(nl_queue(q->id).err == -EACCES);
	CHECK(nl_totals().err == 0);
	return 0;
}

TEST_F(users, two_capabilities_see_all)
{
	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
	EXPECT_EQ(0, child_run(root_without, &self->q));
}

static int alice_resets(void *arg)
{
	struct queue *q = arg;

	CHECK(become_alice() == 0);
	CHECK(nl_reset(q->id, IPCQ_RESET_PEAK | IPCQ_RESET_COUNTERS) == -EPERM);
	CHECK(nl_totals().err == 0);
	return 0;
}

TEST_F(users, not_even_owners_reset)
{
	ASSERT_EQ(0, of_alice(&self->q, 0600, ALICE));
	EXPECT_EQ(0, child_run(alice_resets, &self->q));
}

/* Limits that a capability exceeds are in capacity.c and quota.c. */

static int alice_writes_a_parameter(void *arg)
{
	(void)arg;
	CHECK(become_alice() == 0);
	CHECK(param_set("user_queues", "1000000") == -EACCES);
	return 0;
}

TEST_F(users, parameters_are_roots)
{
	EXPECT_EQ(0, child_run(alice_writes_a_parameter, NULL));
}

TEST_HARNESS_MAIN
