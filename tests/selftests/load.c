// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading the module.  It ends loaded as it was. */
#include <signal.h>
#include <sys/stat.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"
#include "module.h"

static int open_node(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/dev/ipcq/%s", name);
	return RESULT(open(path, O_RDWR | O_CLOEXEC));
}

/* The parameters it was loaded with, but those that can be changed any time. */
FIXTURE(load) {
	char params[4096];
};

FIXTURE_SETUP(load)
{
	char queues[4000];

	/* A test that did not end in time has left it unloaded. */
	if (!is_loaded()) {
		ASSERT_EQ(0, load(""));
	}
	ASSERT_EQ(0, param_get("queues", queues, sizeof(queues)));
	snprintf(self->params, sizeof(self->params), "queues=%s", queues);
	/* Somebody uses it: then it cannot be tried. */
	ASSERT_EQ(0, unload())
		TH_LOG("the module is in use by others");
}

FIXTURE_TEARDOWN(load)
{
	if (is_loaded()) {
		EXPECT_EQ(0, unload());
	}
	ASSERT_EQ(0, load(self->params));
	EXPECT_EQ(0, nl_books_of_totals());
}

TEST_F(load, leaves_nothing_behind)
{
	EXPECT_FALSE(is_loaded());
	EXPECT_FALSE(has_node("control"));
	EXPECT_FALSE(has_node("default"));
	EXPECT_EQ(-ENOENT, RESULT(access("/dev/ipcq", F_OK)));
	EXPECT_EQ(-ENOENT, RESULT(access("/sys/class/ipcq", F_OK)));
	EXPECT_EQ(-ENOENT, nl_totals().err);
	EXPECT_EQ(-ENOENT, RESULT(open(CONTROL, O_RDWR)));
}

TEST_F(load, makes_one_queue_by_default)
{
	struct ipcq_attr attr = {};
	struct stat st;
	int fd;

	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, stat("/dev/ipcq/default", &st));
	EXPECT_EQ(0666, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	ASSERT_EQ(0, stat(CONTROL, &st));
	EXPECT_EQ(0666, st.st_mode & 07777);
	fd = open_node("default");
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, attr_get(fd, &attr));
	EXPECT_STREQ("default", attr.name);
	EXPECT_EQ(0, attr.flags);
	EXPECT_EQ(1, nl_totals().queues);
	EXPECT_EQ(0, send_text(fd, "x"));
	EXPECT_EQ(0, recv_text(fd, "x"));
	close(fd);
}

TEST_F(load, makes_the_queues_it_is_told_to)
{
	ASSERT_EQ(0, load("queues=a,b.c,d-e_f"));
	EXPECT_TRUE(has_node("a") && has_node("b.c") && has_node("d-e_f"));
	EXPECT_FALSE(has_node("default"));
	EXPECT_EQ(3, nl_totals().queues);
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load("queues="));
	EXPECT_EQ(0, nl_totals().queues);
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load("queues=,a,,b,"));
	EXPECT_EQ(2, nl_totals().queues);
}

TEST_F(load, refuses_names_that_are_none)
{
	static const char * const wrong[] = {
		"queues=a/b", "queues=control", "queues=.a", "queues=ok,not\\ok",
		"queues=n234567890123456789012345678901234567890123456789012345678901234",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, load(wrong[i]));
		EXPECT_FALSE(is_loaded());
		EXPECT_EQ(-ENOENT, RESULT(access("/dev/ipcq", F_OK)));
	}
	/* And can be loaded after that. */
	EXPECT_EQ(0, load("queues=ok"));
}

TEST_F(load, with_limits)
{
	char value[32];

	ASSERT_EQ(0, load("user_queues=7 max_msgs_limit=123"));
	ASSERT_EQ(0, param_get("user_queues", value, sizeof(value)));
	EXPECT_STREQ("7", value);
	ASSERT_EQ(0, param_get("max_msgs_limit", value, sizeof(value)));
	EXPECT_STREQ("123", value);
}

TEST_F(load, not_twice)
{
	ASSERT_EQ(0, load(""));
	EXPECT_EQ(-EEXIST, load(""));
	EXPECT_TRUE(has_node("default"));
}

/* rmmod(8) says "in use" and EBUSY; the system call says EWOULDBLOCK. */
#define IN_USE (-EWOULDBLOCK)

TEST_F(load, an_open_queue_keeps_it)
{
	int fd;

	ASSERT_EQ(0, load(""));
	fd = open_node("default");
	ASSERT_GE(fd, 0);
	EXPECT_EQ(IN_USE, unload());
	EXPECT_EQ(0, send_text(fd, "x"));
	EXPECT_EQ(0, recv_text(fd, "x"));
	close(fd);
	EXPECT_EQ(0, unload());
}

TEST_F(load, open_control_keeps_it)
{
	int fd;

	ASSERT_EQ(0, load(""));
	fd = RESULT(open(CONTROL, O_RDWR | O_CLOEXEC));
	ASSERT_GE(fd, 0);
	EXPECT_EQ(IN_USE, unload());
	close(fd);
	EXPECT_EQ(0, unload());
}

TEST_F(load, an_anonymous_queue_keeps_it)
{
	struct queue q;
	int end;

	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, queue_make_anonymous(&q, NULL, O_RDWR));
	end = queue_open_end(q.fd, O_RDONLY);
	EXPECT_EQ(IN_USE, unload());
	close(q.fd);
	EXPECT_EQ(IN_USE, unload());
	close(end);
	EXPECT_EQ(0, unload());
}

TEST_F(load, waiting_messages_keep_it)
{
	int fd;

	ASSERT_EQ(0, load("queues=a,b"));
	fd = open_node("a");
	ASSERT_EQ(0, send_text(fd, "precious"));
	close(fd);
	EXPECT_EQ(IN_USE, unload());
	/* Opening and closing it does not change that. */
	fd = open_node("a");
	close(fd);
	EXPECT_EQ(IN_USE, unload());
	fd = open_node("b");
	ASSERT_EQ(0, send_text(fd, "precious, too"));
	close(fd);
	EXPECT_EQ(IN_USE, unload());
	/* Nothing is lost. */
	fd = open_node("a");
	EXPECT_EQ(0, recv_text(fd, "precious"));
	close(fd);
	EXPECT_EQ(IN_USE, unload());
	fd = open_node("b");
	EXPECT_EQ(0, recv_text(fd, "precious, too"));
	close(fd);
	EXPECT_EQ(0, unload());
}

TEST_F(load, purged_messages_do_not_keep_it)
{
	int fd;

	ASSERT_EQ(0, load(""));
	fd = open_node("default");
	ASSERT_EQ(0, send_text(fd, "x"));
	close(fd);
	EXPECT_EQ(IN_USE, unload());
	fd = open_node("default");
	ASSERT_EQ(1, purge(fd));
	close(fd);
	EXPECT_EQ(0, unload());
}

TEST_F(load, destroyed_messages_do_not_keep_it)
{
	int fd;

	ASSERT_EQ(0, load(""));
	fd = open_node("default");
	ASSERT_EQ(0, send_text(fd, "x"));
	close(fd);
	EXPECT_EQ(IN_USE, unload());
	ASSERT_EQ(0, queue_destroy("default"));
	EXPECT_EQ(0, unload());
}

TEST_F(load, empty_queues_go_with_it)
{
	struct queue q;

	ASSERT_EQ(0, load(""));
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, queue_make(&q, NULL));
		ASSERT_EQ(0, send_text(q.fd, "x"));
		ASSERT_EQ(0, recv_text(q.fd, "x"));
		close(q.fd);
	}
	EXPECT_EQ(0, unload());
	ASSERT_EQ(0, load(""));
	EXPECT_EQ(1, nl_totals().queues);
	EXPECT_EQ(1, nl_totals().created);
}

/*
 * IPCQ_LOAD_ROUNDS times, by default a hundred: half a second each in emulation on a
 * busy machine.
 */
TEST_F_TIMEOUT(load, again_and_again, 200)
{
	const char *rounds = getenv("IPCQ_LOAD_ROUNDS");
	struct queue q;
	int i, fd;

	for (i = 0; i < (rounds ? atoi(rounds) : 100); i++) {
		ASSERT_EQ(0, load(i % 2 ? "queues=a,b,c" : ""));
		fd = open_node(i % 2 ? "b" : "default");
		ASSERT_EQ(0, send_text(fd, "x"));
		ASSERT_EQ(0, queue_make(&q, NULL));
		ASSERT_EQ(0, recv_text(fd, "x"));
		ASSERT_EQ(0, nl_books_of_totals());
		close(fd);
		close(q.fd);
		ASSERT_EQ(0, unload());
	}
}

/* Unloading while others come and go either wins or loses; nobody crashes. */

static int come_and_go(void *arg)
{
	struct ipcq_create create;
	int fd;

	(void)arg;
	for (;;) {
		create = (struct ipcq_create) { .open_flags = O_RDWR };
		fd = queue_create(&create);
		if (fd >= 0)
			close(fd);
		fd = open_node("default");
		if (fd >= 0) {
			send_text(fd, "x");
			drain(fd);
			close(fd);
		}
		nl_totals();
	}
	return 0;
}

TEST_F(load, while_others_come_and_go)
{
	pid_t pids[2];
	int i, err, unloads = 0;

	for (i = 0; i < 2; i++)
		pids[i] = child_start(come_and_go, NULL);
	for (i = 0; i < 20; i++) {
		err = load("");
		ASSERT_TRUE(err == 0 || err == -EEXIST);
		sched_yield();
		err = unload();
		ASSERT_TRUE(err == 0 || err == IN_USE);
		unloads += err == 0;
	}
	for (i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		EXPECT_EQ(-SIGKILL, child_end(pids[i]));
	}
	EXPECT_GT(unloads, 0);
	/* A message that a killed one left keeps the module. */
	if (is_loaded()) {
		int fd = open_node("default");

		drain(fd);
		close(fd);
	}
}

TEST_HARNESS_MAIN
