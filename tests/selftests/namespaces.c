// SPDX-License-Identifier: GPL-2.0-only
/* What is told of a sender depends on the namespaces of the receiver. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

#define USER	12345
#define OTHER	23456
#define NOBODY	65534	/* the overflow uid and gid */

FIXTURE(namespaces) {
	struct queue q;
};

FIXTURE_SETUP(namespaces)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MODE, .mode = 0666 };

	ASSERT_EQ(0, queue_make(&self->q, &attr));
}

FIXTURE_TEARDOWN(namespaces)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

static int receive(int fd, struct ipcq_msg *msg)
{
	static char buf[64];

	*msg = MSG(buf, sizeof(buf), .flags = IPCQ_MSG_NONBLOCK);
	return msg_recv(fd, msg);
}

/* Enter a user namespace in which @uid and @gid are root, and nobody else exists. */
static int enter_user_namespace(uid_t uid, gid_t gid)
{
	char map[64];

	if (unshare(CLONE_NEWUSER))
		return -errno;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", map) ||
	    write_file("/proc/self/setgroups", "deny"))
		return -errno;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	if (write_file("/proc/self/gid_map", map))
		return -errno;
	return 0;
}

/* Run @fn as process 1 of a pid namespace; returns what it returns. */
static int in_pid_namespace(child_fn fn, void *arg)
{
	CHECK(unshare(CLONE_NEWPID) == 0);
	return child_run(fn, arg);
}

static int send_pid_1(void *arg)
{
	CHECK(getpid() == 1);
	CHECK(send_text(*(int *)arg, "from within") == 0);
	return 0;
}

static int send_from_pid_namespace(void *arg)
{
	return in_pid_namespace(send_pid_1, arg);
}

TEST_F(namespaces, a_sender_in_a_pid_namespace_has_a_number_outside)
{
	struct ipcq_msg msg;

	ASSERT_EQ(0, child_run(send_from_pid_namespace, &self->q.fd));
	ASSERT_EQ(0, receive(self->q.fd, &msg));
	EXPECT_GT(msg.pid, 1);
}

static int receive_pid_1(void *arg)
{
	int fd = *(int *)arg;
	struct ipcq_msg msg;

	CHECK(receive(fd, &msg) == 0);
	CHECK(msg.pid == 0);
	/* Of itself it knows the number. */
	CHECK(send_text(fd, "to myself") == 0);
	CHECK(receive(fd, &msg) == 0);
	CHECK(msg.pid == 1);
	return 0;
}

static int receive_in_pid_namespace(void *arg)
{
	return in_pid_namespace(receive_pid_1, arg);
}

TEST_F(namespaces, a_sender_outside_a_pid_namespace_has_none_inside)
{
	ASSERT_EQ(0, send_text(self->q.fd, "from outside"));
	EXPECT_EQ(0, child_run(receive_in_pid_namespace, &self->q.fd));
}

static int send_and_go(void *arg)
{
	CHECK(become(USER, OTHER) == 0);
	CHECK(send_text(*(int *)arg, "last words") == 0);
	return 0;
}

TEST_F(namespaces, a_sender_that_has_gone_is_still_told_of)
{
	pid_t pid = child_start(send_and_go, &self->q.fd);
	struct ipcq_msg msg;

	ASSERT_EQ(0, child_end(pid));
	ASSERT_EQ(0, receive(self->q.fd, &msg));
	EXPECT_EQ(USER, msg.uid);
	EXPECT_EQ(OTHER, msg.gid);
	/* A process that is no more has no number. */
	EXPECT_TRUE(msg.pid == (uint32_t)pid || msg.pid == 0);
}

static int receive_in_user_namespace(void *arg)
{
	int fd = *(int *)arg;
	struct ipcq_msg msg;

	CHECK(enter_user_namespace(0, 0) == 0);
	CHECK(receive(fd, &msg) == 0);
	/* Root is root here, ... */
	CHECK(msg.uid == 0 && msg.gid == 0);
	CHECK(receive(fd, &msg) == 0);
	/* ... and whoever has no number here is nobody. */
	CHECK(msg.uid == NOBODY && msg.gid == NOBODY);
	return 0;
}

static int try_user_namespace(void *arg)
{
	(void)arg;
	return enter_user_namespace(0, 0) ? 1 : 0;
}

#define NEED_USER_NAMESPACES()						\
	do {								\
		if (child_run(try_user_namespace, NULL))		\
			SKIP(return, "cannot make a user namespace");	\
	} while (0)

TEST_F(namespaces, uids_as_the_receiver_sees_them)
{
	NEED_USER_NAMESPACES();
	ASSERT_EQ(0, send_text(self->q.fd, "by root"));
	ASSERT_EQ(0, child_run(send_and_go, &self->q.fd));
	EXPECT_EQ(0, child_run(receive_in_user_namespace, &self->q.fd));
}

static int send_as_root_within(void *arg)
{
	CHECK(become(USER, OTHER) == 0);
	CHECK(enter_user_namespace(USER, OTHER) == 0);
	CHECK(getuid() == 0);
	CHECK(send_text(*(int *)arg, "by root, says root") == 0);
	return 0;
}

TEST_F(namespaces, root_within_is_a_user_outside)
{
	struct ipcq_msg msg;

	NEED_USER_NAMESPACES();
	ASSERT_EQ(0, child_run(send_as_root_within, &self->q.fd));
	ASSERT_EQ(0, receive(self->q.fd, &msg));
	EXPECT_EQ(USER, msg.uid);
	EXPECT_EQ(OTHER, msg.gid);
}

static int capabilities_within(void *arg)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = 1 << 20 };
	struct queue *q = arg;
	struct queue own;

	CHECK(become(USER, OTHER) == 0);
	CHECK(enter_user_namespace(USER, OTHER) == 0);
	/* All capabilities, and none that counts. */
	CHECK(purge(q->fd) == -EPERM);
	CHECK(shut(q->fd, 0) == -EPERM);
	CHECK(set_max_msgs(q->fd, 1) == -EPERM);
	CHECK(queue_destroy(q->name) == -EPERM);
	CHECK(queue_make(&own, &attr) == -ENOSPC);
	attr = (struct ipcq_attr) { .mask = IPCQ_ATTR_UID, .uid = 1 };
	CHECK(queue_make(&own, &attr) == -EINVAL);
	/* One's own, as one sees it. */
	attr.uid = 0;
	CHECK(queue_make(&own, &attr) == 0);
	CHECK(own.attr.uid == 0 && own.attr.gid == 0);
	CHECK(attr_get(q->fd, &attr) == 0);
	CHECK(attr.uid == NOBODY && attr.gid == NOBODY);
	CHECK(purge(own.fd) == 0);
	CHECK(queue_destroy(own.name) == 0);
	return 0;
}

TEST_F(namespaces, root_within_has_no_power_outside)
{
	NEED_USER_NAMESPACES();
	EXPECT_EQ(0, child_run(capabilities_within, &self->q));
}

static int node_of_a_queue_made_within(void *arg)
{
	struct queue *q = arg;

	CHECK(become(USER, OTHER) == 0);
	CHECK(enter_user_namespace(USER, OTHER) == 0);
	CHECK(queue_make(q, NULL) == 0);
	return queue_open(q, O_RDWR) < 0;
}

TEST_F(namespaces, a_queue_made_within_belongs_to_the_user_outside)
{
	char path[IPCQ_NAME_MAX + 20];
	struct queue *shared;
	struct stat st;

	NEED_USER_NAMESPACES();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, child_run(node_of_a_queue_made_within, shared));
	ASSERT_EQ(0, stat(queue_path(shared, path), &st));
	EXPECT_EQ(USER, st.st_uid);
	EXPECT_EQ(OTHER, st.st_gid);
	EXPECT_EQ(USER, nl_queue(shared->id).uid);
	EXPECT_EQ(0, queue_destroy(shared->name));
}

/* Register for a signal, say so, and get it. */
static int await_signal(int fd, int ready, siginfo_t *info)
{
	struct ipcq_notify notify = { .how = IPCQ_NOTIFY_SIGNAL, .signo = SIGURG };
	const union sigval value = { .sival_int = 42 };
	sigset_t set;

	/* Its bytes, not its number: where those of an int are depends on the machine. */
	memcpy(&notify.value, &value, sizeof(value));
	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(ioctl(fd, IPCQ_IOC_NOTIFY, &notify) == 0);
	CHECK(write(ready, "x", 1) == 1);
	CHECK(sigwaitinfo(&set, info) == SIGURG);
	CHECK(info->si_code == SI_MESGQ);
	CHECK(info->si_value.sival_int == 42);
	return 0;
}

struct await {
	int fd;
	int ready[2];
	pid_t pid;	/* negative: any */
	uid_t uid;
};

static int await_in_pid_1(void *arg)
{
	struct await *await = arg;
	siginfo_t info;

	if (await_signal(await->fd, await->ready[1], &info))
		return 1;
	CHECK(await->pid < 0 || info.si_pid == await->pid);
	CHECK(info.si_uid == await->uid);
	return 0;
}

static int await_in_pid_namespace(void *arg)
{
	return in_pid_namespace(await_in_pid_1, arg);
}

static int await_in_user_namespace(void *arg)
{
	CHECK(become(USER, OTHER) == 0);
	CHECK(enter_user_namespace(USER, OTHER) == 0);
	return await_in_pid_1(arg);
}

TEST_F(namespaces, a_signal_tells_a_pid_as_its_receiver_sees_it)
{
	struct await await = { .fd = self->q.fd, .pid = 0, .uid = 0 };
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(await.ready));
	pid = child_start(await_in_pid_namespace, &await);
	ASSERT_EQ(1, read(await.ready[0], &c, 1));
	ASSERT_EQ(0, send_text(self->q.fd, "from outside"));
	EXPECT_EQ(0, child_end(pid));
}

TEST_F(namespaces, a_signal_tells_a_uid_as_its_receiver_sees_it)
{
	struct await await = { .fd = self->q.fd };
	struct ipcq_msg msg;
	pid_t pid;
	char c;

	NEED_USER_NAMESPACES();
	ASSERT_EQ(0, pipe(await.ready));
	/* Root outside is nobody within. */
	await.pid = getpid();
	await.uid = NOBODY;
	pid = child_start(await_in_user_namespace, &await);
	ASSERT_EQ(1, read(await.ready[0], &c, 1));
	ASSERT_EQ(0, send_text(self->q.fd, "by root"));
	EXPECT_EQ(0, child_end(pid));
	ASSERT_EQ(0, receive(self->q.fd, &msg));

	/* The user that is root within is root, though a user outside. */
	await.uid = 0;
	await.pid = -1;
	pid = child_start(await_in_user_namespace, &await);
	ASSERT_EQ(1, read(await.ready[0], &c, 1));
	ASSERT_EQ(0, child_run(send_and_go, &self->q.fd));
	EXPECT_EQ(0, child_end(pid));
}

static int look_from_another_network(void *arg)
{
	struct queue *q = arg;

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK(nl_queue(q->id).err == -ENOENT);
	CHECK(nl_totals().err == -ENOENT);
	/* The queue itself does not care. */
	CHECK(send_text(q->fd, "x") == 0);
	return 0;
}

TEST_F(namespaces, the_family_is_in_the_first_network_namespace_only)
{
	EXPECT_EQ(0, child_run(look_from_another_network, &self->q));
	EXPECT_EQ(0, recv_text(self->q.fd, "x"));
}

/*
 * A user whom the administrator gave more uids makes a namespace with them: all of them
 * share the user's own quotas.
 */

#define SUBORDINATE	300000
#define QUOTA		6

struct tenant {
	int ready[2];	/* a byte when the namespace is there */
	int mapped[2];	/* a byte when its uids are */
};

/* Make queues as several of the uids, and outside.  Returns 0 if QUOTA is what there is. */
static int make_queues_as_many(void *arg)
{
	const struct tenant *t = arg;
	unsigned int made = 0;
	struct queue q;
	char byte = 0;
	uid_t uid;
	int err;

	CHECK(become(USER, USER) == 0);
	CHECK(queue_make_anonymous(&q, NULL, O_RDWR) == 0);
	made++;
	CHECK(unshare(CLONE_NEWUSER) == 0);
	CHECK(write(t->ready[1], &byte, 1) == 1);
	CHECK(read(t->mapped[0], &byte, 1) == 1);
	for (uid = 0; uid < 2 * QUOTA; uid++) {
		CHECK(seteuid(uid) == 0);
		err = queue_make_anonymous(&q, NULL, O_RDWR);
		CHECK(err == 0 || err == -EDQUOT);
		made += !err;
		CHECK(seteuid(0) == 0);
	}
	CHECK(made == QUOTA);
	return 0;
}

static int map_uids(pid_t pid)
{
	char path[32], map[64];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(map, sizeof(map), "0 %u 1\n1 %u %u", USER, SUBORDINATE, 4 * QUOTA);
	return write_file(path, map);
}

TEST_F(namespaces, subordinate_uids_have_no_quotas_of_their_own)
{
	struct tenant t;
	char quota[32], few[8], byte = 0;
	pid_t pid;

	NEED_USER_NAMESPACES();
	ASSERT_EQ(0, pipe2(t.ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(t.mapped, O_CLOEXEC));
	ASSERT_EQ(0, param_get("user_queues", quota, sizeof(quota)));
	snprintf(few, sizeof(few), "%u", QUOTA);
	ASSERT_EQ(0, param_set("user_queues", few));
	pid = child_start(make_queues_as_many, &t);
	close(t.ready[1]);
	EXPECT_EQ(1, read(t.ready[0], &byte, 1));
	EXPECT_EQ(0, map_uids(pid));
	EXPECT_EQ(1, write(t.mapped[1], &byte, 1));
	EXPECT_EQ(0, child_end(pid));
	EXPECT_EQ(0, param_set("user_queues", quota));
	close(t.ready[0]);
	close(t.mapped[0]);
	close(t.mapped[1]);
}

TEST_HARNESS_MAIN
