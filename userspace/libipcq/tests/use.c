/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Uses every call of libipcq from a program built as C or as C++, linked with the
 * static or with the shared library.  It needs no module: calls on a descriptor
 * that is not open, or on a name that cannot be, fail in a known way.
 */
#include <errno.h>
#include <ipcq.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int tests, failures;

static void ok(int passed, const char *what)
{
	tests++;
	if (!passed)
		failures++;
	printf("%sok %d %s\n", passed ? "" : "not ", tests, what);
}

static int fails_with(long ret, int err)
{
	return ret == -1 && errno == err;
}

static void test_names(void)
{
	char name[IPCQ_NAME_MAX + 2];

	memset(name, 'a', sizeof(name));
	name[IPCQ_NAME_MAX + 1] = '\0';
	ok(!ipcq_valid_name(name), "a name of 64 bytes is too long");
	name[IPCQ_NAME_MAX] = '\0';
	ok(ipcq_valid_name(name), "a name of 63 bytes is not");
	ok(ipcq_valid_name("a") && ipcq_valid_name("A.b_c-9") &&
	   ipcq_valid_name("-") && ipcq_valid_name("controls"), "names that may be");
	ok(!ipcq_valid_name("") && !ipcq_valid_name(".") && !ipcq_valid_name(".a") &&
	   !ipcq_valid_name("a/b") && !ipcq_valid_name("a b") &&
	   !ipcq_valid_name("\xc3\xa9") && !ipcq_valid_name("control"),
	   "names that may not be");
}

static void test_timeouts(void)
{
	struct ipcq_msg msg;
	struct timespec time;

	memset(&msg, 0, sizeof(msg));
	msg.flags = IPCQ_MSG_NONBLOCK;
	time.tv_sec = 1;
	time.tv_nsec = 5;
	ok(ipcq_set_timeout(&msg, &time, 0) == 0 && msg.timeout_ns == 1000000005 &&
	   msg.flags == (IPCQ_MSG_NONBLOCK | IPCQ_MSG_TIMEOUT), "time from now");
	ok(ipcq_set_timeout(&msg, &time, IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME) == 0 &&
	   msg.flags == (IPCQ_MSG_NONBLOCK | IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME |
			 IPCQ_MSG_REALTIME), "point in time");
	ok(ipcq_set_timeout(&msg, NULL, 0) == 0 && msg.timeout_ns == 0 &&
	   msg.flags == IPCQ_MSG_NONBLOCK, "no limit");
	ok(fails_with(ipcq_set_timeout(&msg, &time, IPCQ_MSG_REALTIME), EINVAL),
	   "REALTIME without ABSTIME is EINVAL");
	time.tv_nsec = 1000000000;
	ok(fails_with(ipcq_set_timeout(&msg, &time, 0), EINVAL),
	   "a second of nanoseconds is EINVAL");
	time.tv_nsec = -1;
	ok(fails_with(ipcq_set_timeout(&msg, &time, 0), EINVAL),
	   "negative nanoseconds are EINVAL");
	time.tv_nsec = 0;
	time.tv_sec = -1;
	ok(fails_with(ipcq_set_timeout(&msg, &time, 0), EINVAL),
	   "negative seconds are EINVAL");
	if (sizeof(time.tv_sec) == 8) {
		time.tv_sec = (time_t)INT64_MAX;
		ok(ipcq_set_timeout(&msg, &time, 0) == 0 &&
		   msg.timeout_ns == INT64_MAX, "too long a time is cut");
	}
}

static void test_names_are_checked(void)
{
	struct ipcq_destroy gone;
	struct ipcq_attr attr;
	int fds[2];

	memset(&attr, 0, sizeof(attr));
	ok(fails_with(ipcq_open("a/b", O_RDONLY), EINVAL), "open: bad name");
	ok(fails_with(ipcq_open("a", O_RDONLY | O_CREAT), EINVAL), "open: O_CREAT");
	ok(fails_with(ipcq_create("../a", &attr, O_RDWR), EINVAL), "create: bad name");
	ok(fails_with(ipcq_open_or_create("", &attr, O_RDWR), EINVAL),
	   "open or create: bad name");
	ok(fails_with(ipcq_destroy("control", 0, &gone), EINVAL), "destroy: bad name");
	ok(fails_with(ipcq_pair(fds, &attr, O_RDWR), EINVAL), "pair: bad flags");
}

static void test_bad_descriptor(void)
{
	struct ipcq_msg msg;
	struct ipcq_attr attr;
	struct ipcq_batch how;
	uint64_t records[8];
	struct ipcq_notify notify;
	uint64_t purged;
	char byte = 0;

	memset(&msg, 0, sizeof(msg));
	memset(&attr, 0, sizeof(attr));
	memset(&how, 0, sizeof(how));
	memset(&notify, 0, sizeof(notify));
	ok(fails_with(ipcq_send(-1, "x", 1, &msg), EBADF) &&
	   fails_with(ipcq_send(-1, "x", 1, NULL), EBADF), "send: EBADF");
	ok(fails_with(ipcq_recv(-1, &byte, 1, &msg), EBADF) &&
	   fails_with(ipcq_recv(-1, &byte, 1, NULL), EBADF), "recv: EBADF");
	ok(fails_with(ipcq_send_batch(-1, records, 64, &how), EBADF) &&
	   fails_with(ipcq_recv_batch(-1, records, 64, NULL), EBADF) &&
	   how.records == (uintptr_t)records && how.size == 64, "batches: EBADF");
	ok(fails_with(ipcq_call(-1, "x", 1, 0, &byte, 1, NULL), EBADF),
	   "call: EBADF");
	ok(fails_with(ipcq_get_attr(-1, &attr), EBADF), "get_attr: EBADF");
	ok(fails_with(ipcq_set_attr(-1, &attr), EBADF), "set_attr: EBADF");
	ok(fails_with(ipcq_purge(-1, &purged), EBADF), "purge: EBADF");
	ok(fails_with(ipcq_shutdown(-1, IPCQ_SHUT_SEND), EBADF), "shutdown: EBADF");
	ok(fails_with(ipcq_open_end(-1, O_RDONLY), EBADF), "open_end: EBADF");
	ok(fails_with(ipcq_notify(-1, &notify), EBADF), "notify: EBADF");
	ok(ipcq_ring_open(-1, 4096, 0) == NULL && errno == EBADF, "ring_open: EBADF");
	ipcq_ring_close(NULL);
}

static void test_words(void)
{
	ok(strcmp(ipcq_version(), IPCQ_VERSION) == 0, "version");
	ok(strstr(ipcq_explain(IPCQ_OP_SEND, ENODEV),
		  access("/sys/module/ipcq", F_OK) == 0 ? "/dev/ipcq" : "modprobe ipcq") != NULL,
	   "ENODEV says what to do");
	ok(strcmp(ipcq_explain(IPCQ_OP_SEND, EAGAIN),
		  ipcq_explain(IPCQ_OP_RECV, EAGAIN)) != 0,
	   "EAGAIN is full here and empty there");
	ok(strcmp(ipcq_explain(IPCQ_OP_SEND, EIO), strerror(EIO)) == 0,
	   "an error that means nothing special");
	ok(ipcq_available() == 0 || ipcq_available() == 1, "available or not");
}

int main(void)
{
	puts("TAP version 13");
	test_names();
	test_timeouts();
	test_names_are_checked();
	test_bad_descriptor();
	test_words();
	printf("1..%d\n", tests);
	return failures != 0;
}
