// SPDX-License-Identifier: GPL-2.0-only
/* mq_notify(3). */
#include "mq_test.h"

#include <dirent.h>
#include <sys/prctl.h>

#include "kselftest_harness.h"

#define SIGNAL		SIGUSR2

FIXTURE(queue)
{
	mqd_t mqd;
	mqd_t other;	/* another description of the same */
	struct sigevent event;
	sigset_t signals;
};

FIXTURE_SETUP(queue)
{
	self->mqd = new_pair(&self->other, 0);
	ASSERT_LE(0, self->mqd);
	self->event = (struct sigevent) {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGNAL,
		.sigev_value.sival_ptr = (void *)0x12345678,
	};
	sigemptyset(&self->signals);
	sigaddset(&self->signals, SIGNAL);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &self->signals, NULL));
}

FIXTURE_TEARDOWN(queue)
{
	mq_close(self->mqd);
	mq_close(self->other);
}

/* The signal that is pending, or 0. */
static int pending(const sigset_t *signals, siginfo_t *info)
{
	struct timespec now = { 0, 0 };
	int signo = sigtimedwait(signals, info, &now);

	return signo < 0 ? 0 : signo;
}

static bool is_quiet(const sigset_t *signals)
{
	return pending(signals, NULL) == 0;
}

static int notify(mqd_t mqd, const struct sigevent *event)
{
	return RESULT(mq_notify(mqd, event));
}

static int send_as(mqd_t mqd, uid_t uid)
{
	pid_t pid = fork();

	if (!pid) {
		CHILD_CHECK(setresuid(uid, uid, uid) == 0);
		CHILD_CHECK(send_text(mqd, "x", 0) == 0);
		_exit(0);
	}
	return status_of(pid) == 0 ? pid : -1;
}

TEST_F(queue, tells_who_sent_it)
{
	siginfo_t info;
	pid_t sender;

	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_TRUE(is_quiet(&self->signals));
	sender = send_as(self->mqd, geteuid() ? geteuid() : 1234);
	memset(&info, 0xff, sizeof(info));
	ASSERT_EQ(SIGNAL, pending(&self->signals, &info));
	EXPECT_EQ(SIGNAL, info.si_signo);
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(0, info.si_errno);
	EXPECT_EQ((void *)0x12345678, info.si_value.sival_ptr);
	EXPECT_EQ(sender, info.si_pid);
	EXPECT_EQ(geteuid() ? geteuid() : 1234, info.si_uid);
	EXPECT_EQ(1, depth(self->mqd));
}

TEST_F(queue, tells_the_real_uid)
{
	siginfo_t info;
	pid_t pid;

	if (geteuid())
		SKIP(return, "takes root");
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(setresuid(1234, 4321, 0) == 0);
		CHILD_CHECK(send_text(self->mqd, "x", 0) == 0);
		_exit(0);
	}
	ASSERT_EQ(SIGNAL, sigwaitinfo(&self->signals, &info));
	EXPECT_EQ(1234, info.si_uid);
	EXPECT_EQ(pid, info.si_pid);
	EXPECT_EQ(0, status_of(pid));
}

/* A process of an inner namespace has a pid in the outer one too, but not the other way. */
TEST_F(queue, tells_the_pid_that_the_receiver_knows)
{
	int told[2], ready[2];
	pid_t pid, inner;
	siginfo_t info;
	char c;

	if (geteuid())
		SKIP(return, "takes root");
	ASSERT_EQ(0, pipe(told));
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(unshare(CLONE_NEWPID) == 0);
		inner = fork();
		if (!inner) {
			CHILD_CHECK(getpid() == 1);
			CHILD_CHECK(send_text(self->mqd, "x", 0) == 0);
			_exit(0);
		}
		CHILD_CHECK(write(told[1], &inner, sizeof(inner)) == sizeof(inner));
		_exit(status_of(inner) != 0);
	}
	ASSERT_EQ((ssize_t)sizeof(inner), read(told[0], &inner, sizeof(inner)));
	ASSERT_EQ(0, status_of(pid));
	ASSERT_EQ(SIGNAL, pending(&self->signals, &info));
	EXPECT_EQ(inner, info.si_pid);
	EXPECT_TRUE(got_text(self->mqd, "x", 0));

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(unshare(CLONE_NEWPID) == 0);
		inner = fork();
		if (!inner) {
			CHILD_CHECK(notify(self->mqd, &self->event) == 0);
			CHILD_CHECK(write(ready[1], "x", 1) == 1);
			CHILD_CHECK(sigwaitinfo(&self->signals, &info) == SIGNAL);
			CHILD_CHECK(info.si_pid == 0);
			CHILD_CHECK(info.si_code == SI_MESGQ);
			_exit(0);
		}
		_exit(status_of(inner) != 0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(0, status_of(pid));
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return written ? 0 : -1;
}

TEST_F(queue, tells_the_uid_that_the_receiver_knows)
{
	siginfo_t info;
	pid_t pid;

	if (geteuid())
		SKIP(return, "takes root");
	/* The system's own translates it twice. */
	if (!on_ipcq(self->mqd))
		return;
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(setresuid(1234, 1234, 1234) == 0);
		CHILD_CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
		CHILD_CHECK(unshare(CLONE_NEWUSER) == 0);
		CHILD_CHECK(write_file("/proc/self/uid_map", "0 1234 1") == 0);
		CHILD_CHECK(getuid() == 0);
		CHILD_CHECK(send_text(self->mqd, "x", 0) == 0);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	ASSERT_EQ(SIGNAL, pending(&self->signals, &info));
	EXPECT_EQ(1234, info.si_uid);
}

static volatile sig_atomic_t caught;
static siginfo_t caught_info;

static void catch(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	caught++;
	caught_info = *info;
}

TEST_F(queue, handler_runs_before_one_s_own_send_returns)
{
	struct sigaction action = { .sa_sigaction = catch, .sa_flags = SA_SIGINFO };

	ASSERT_EQ(0, sigaction(SIGNAL, &action, NULL));
	ASSERT_EQ(0, sigprocmask(SIG_UNBLOCK, &self->signals, NULL));
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(1, caught);
	EXPECT_EQ(SI_MESGQ, caught_info.si_code);
	EXPECT_EQ(getpid(), caught_info.si_pid);
	EXPECT_EQ(getuid(), caught_info.si_uid);
}

TEST_F(queue, realtime_signals_carry_values)
{
	siginfo_t info;
	mqd_t second = new_queue(MSGS, SIZE, 0);

	self->event.sigev_signo = SIGRTMAX;
	sigaddset(&self->signals, SIGRTMAX);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &self->signals, NULL));
	self->event.sigev_value.sival_int = 1;
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	self->event.sigev_value.sival_int = -2;
	ASSERT_EQ(0, notify(second, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_EQ(0, send_text(second, "x", 0));
	ASSERT_EQ(SIGRTMAX, pending(&self->signals, &info));
	EXPECT_EQ(1, info.si_value.sival_int);
	ASSERT_EQ(SIGRTMAX, pending(&self->signals, &info));
	EXPECT_EQ(-2, info.si_value.sival_int);
	EXPECT_TRUE(is_quiet(&self->signals));
}

TEST_F(queue, happens_once)
{
	char buf[SIZE];

	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
	ASSERT_EQ(1, mq_receive(self->mqd, buf, SIZE, NULL));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_TRUE(is_quiet(&self->signals));
	ASSERT_EQ(1, mq_receive(self->mqd, buf, SIZE, NULL));
	/* Until it is asked for again. */
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
}

TEST_F(queue, is_for_an_empty_queue)
{
	char buf[SIZE];

	ASSERT_EQ(0, send_text(self->mqd, "first", 0));
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_TRUE(is_quiet(&self->signals));
	ASSERT_EQ(0, send_text(self->mqd, "second", 0));
	EXPECT_TRUE(is_quiet(&self->signals));
	ASSERT_EQ(5, mq_receive(self->mqd, buf, SIZE, NULL));
	ASSERT_EQ(6, mq_receive(self->mqd, buf, SIZE, NULL));
	EXPECT_TRUE(is_quiet(&self->signals));
	/* It has stayed registered all the while. */
	ASSERT_EQ(0, send_text(self->mqd, "third", 0));
	EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
}

TEST_F(queue, a_receiver_that_waits_comes_first)
{
	pid_t pid;

	ASSERT_EQ(0, notify(self->mqd, &self->event));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(got_text(self->mqd, "x", 0));
		_exit(0);
	}
	ASSERT_TRUE(WAIT_UNTIL(is_blocked(pid)));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(0, status_of(pid));
	EXPECT_TRUE(is_quiet(&self->signals));
	EXPECT_EQ(-EBUSY, notify(self->other, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
}

TEST_F(queue, one_at_a_time)
{
	pid_t pid;

	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(-EBUSY, notify(self->mqd, &self->event));
	EXPECT_EQ(-EBUSY, notify(self->other, &self->event));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(notify(self->mqd, &self->event) == -EBUSY);
		/* It is not the child's to take back. */
		CHILD_CHECK(notify(self->mqd, NULL) == 0);
		CHILD_CHECK(notify(self->mqd, &self->event) == -EBUSY);
		CHILD_CHECK(mq_close(self->mqd) == 0);
		CHILD_CHECK(notify(self->other, &self->event) == -EBUSY);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(-EBUSY, notify(self->mqd, &self->event));
	/* It is told, though others have closed and ended. */
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
	EXPECT_EQ(0, notify(self->mqd, &self->event));
}

TEST_F(queue, null_takes_it_back)
{
	EXPECT_EQ(0, notify(self->mqd, NULL));
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(0, notify(self->mqd, NULL));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_TRUE(is_quiet(&self->signals));
	EXPECT_EQ(0, notify(self->other, &self->event));
}

TEST_F(queue, close_takes_it_back)
{
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(0, mq_close(self->mqd));
	EXPECT_EQ(0, notify(self->other, &self->event));
	EXPECT_EQ(0, close(self->other));
	self->mqd = -1;
	self->other = -1;
}

TEST_F(queue, close_of_what_was_not_registered_with_does_not)
{
	mqd_t queue = self->mqd;

	/* The system's own takes it back whichever descriptor is closed. */
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(0, mq_close(self->other));
	if (on_ipcq(queue)) {
		ASSERT_EQ(0, send_text(self->mqd, "x", 0));
		EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
	}
	self->other = -1;
}

/* How a process may end. */
FIXTURE(end)
{
	mqd_t mqd;
};

FIXTURE_VARIANT(end)
{
	enum { EXIT, KILLED, EXEC, CLOSED } how;
};

FIXTURE_VARIANT_ADD(end, exit) { .how = EXIT };
FIXTURE_VARIANT_ADD(end, kill) { .how = KILLED };
FIXTURE_VARIANT_ADD(end, exec) { .how = EXEC };
FIXTURE_VARIANT_ADD(end, close) { .how = CLOSED };

FIXTURE_SETUP(end)
{
	self->mqd = new_queue(MSGS, SIZE, 0);
	ASSERT_LE(0, self->mqd);
}

FIXTURE_TEARDOWN(end)
{
	mq_close(self->mqd);
}

static void never(union sigval value)
{
	(void)value;
	_exit(99);
}

static void end_child(int how, mqd_t mqd, int ready)
{
	switch (how) {
	case KILLED:
		CHILD_CHECK(write(ready, "x", 1) == 1);
		pause();
		break;
	case EXEC:
		execl("/bin/sh", "sh", "-c", "echo x >&3; exec cat <&4", NULL);
		break;
	case CLOSED:
		CHILD_CHECK(close(mqd) == 0);
		CHILD_CHECK(write(ready, "x", 1) == 1);
		pause();
		break;
	}
	_exit(0);
}

static void child_ends(struct __test_metadata *_metadata, mqd_t mqd, int how,
		       const struct sigevent *event)
{
	struct sigevent silent = { .sigev_notify = SIGEV_NONE };
	int ready[2], go[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(notify(mqd, event) == 0);
		if (how == EXEC) {
			dup2(go[0], 24);
			dup2(ready[1], 23);
			dup2(23, 3);
			dup2(24, 4);
			if (mqd != 3 && mqd != 4)
				fcntl(mqd, F_SETFD, FD_CLOEXEC);
			for (int fd = 5; fd < 30; fd++)
				fcntl(fd, F_SETFD, FD_CLOEXEC);
		}
		close(go[1]);
		end_child(how, mqd, how == EXEC ? 3 : ready[1]);
	}
	close(go[0]);
	close(ready[1]);
	if (how != EXIT) {
		ASSERT_EQ(1, read(ready[0], &c, 1));
		if (how == KILLED)
			kill(pid, SIGKILL);
	}
	if (how == EXIT || how == KILLED)
		EXPECT_LE(-SIGKILL, status_of(pid));
	/* Its place is free, and what runs there now is not told. */
	EXPECT_EQ(0, notify(mqd, &silent));
	EXPECT_EQ(0, notify(mqd, NULL));
	EXPECT_EQ(0, send_text(mqd, "x", 0));
	close(go[1]);
	if (how == EXEC)
		EXPECT_EQ(0, status_of(pid));
	if (how == CLOSED) {
		kill(pid, SIGKILL);
		EXPECT_EQ(-SIGKILL, status_of(pid));
	}
	close(ready[0]);
}

TEST_F(end, takes_back_a_signal)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM };

	child_ends(_metadata, self->mqd, variant->how, &event);
}

TEST_F(end, takes_back_a_thread)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD,
				  .sigev_notify_function = never };

	child_ends(_metadata, self->mqd, variant->how, &event);
}

TEST_F(queue, child_does_not_inherit_it)
{
	pid_t pid;

	ASSERT_EQ(0, notify(self->mqd, &self->event));
	pid = fork();
	if (!pid) {
		CHILD_CHECK(send_text(self->mqd, "x", 0) == 0);
		CHILD_CHECK(is_quiet(&self->signals));
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
}

TEST_F(queue, sigev_none_is_silent)
{
	self->event.sigev_notify = SIGEV_NONE;
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(-EBUSY, notify(self->other, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	EXPECT_TRUE(is_quiet(&self->signals));
	/* It is used up all the same. */
	EXPECT_EQ(0, notify(self->other, &self->event));
}

TEST_F(queue, event_must_be_one)
{
	static const int bad_signals[] = { -1, 65, 1000 };
	size_t i;

	for (i = 0; i < sizeof(bad_signals) / sizeof(bad_signals[0]); i++) {
		self->event.sigev_signo = bad_signals[i];
		EXPECT_EQ(-EINVAL, notify(self->mqd, &self->event));
	}
	/* That is seen before the descriptor is looked at. */
	EXPECT_EQ(-EINVAL, notify(-1, &self->event));
	self->event.sigev_signo = SIGNAL;
	EXPECT_EQ(-EBADF, notify(-1, &self->event));
	self->event.sigev_notify = 77;
	EXPECT_EQ(-EINVAL, notify(self->mqd, &self->event));
	EXPECT_EQ(-EINVAL, notify(-1, &self->event));
	self->event.sigev_notify = SIGEV_SIGNAL;
	EXPECT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(0, notify(self->mqd, NULL));
	/* The signal that is none is no error, and comes to nobody. */
	self->event.sigev_signo = 0;
	EXPECT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(-EBUSY, notify(self->mqd, &self->event));
}

TEST_F(queue, works_with_any_access)
{
	const char *name = new_name();
	mqd_t writer, reader;

	ASSERT_LE(0, RESULT(mq_open(name, O_CREAT | O_RDWR, 0600, NULL)));
	writer = mq_open(name, O_WRONLY);
	reader = mq_open(name, O_RDONLY);
	EXPECT_EQ(0, mq_unlink(name));
	EXPECT_EQ(0, notify(reader, &self->event));
	EXPECT_EQ(0, send_text(writer, "x", 0));
	EXPECT_EQ(SIGNAL, pending(&self->signals, NULL));
	EXPECT_EQ(0, notify(writer, &self->event));
}

/* A thread that waits for the signal, while the others block it. */
static void *await_signal(void *arg)
{
	sigset_t signals;
	siginfo_t info;

	sigemptyset(&signals);
	sigaddset(&signals, SIGNAL);
	__atomic_store_n((pid_t *)arg, gettid(), __ATOMIC_RELEASE);
	return sigwaitinfo(&signals, &info) == SIGNAL ? info.si_value.sival_ptr : NULL;
}

static bool is_in_sigwait(pid_t tid)
{
	char path[40], text[40] = "";
	long number;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		return false;
	fclose(file);
	return sscanf(text, "%ld", &number) == 1 && number == SYS_rt_sigtimedwait;
}

TEST_F(queue, signal_comes_to_a_thread_that_waits_for_it)
{
	pthread_t thread;
	pid_t tid = 0;
	void *value;

	ASSERT_EQ(0, pthread_create(&thread, NULL, await_signal, &tid));
	ASSERT_TRUE(WAIT_UNTIL(__atomic_load_n(&tid, __ATOMIC_ACQUIRE) && is_in_sigwait(tid)));
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_EQ(0, pthread_join(thread, &value));
	EXPECT_EQ((void *)0x12345678, value);
}

static void *unblock_and_wait(void *arg)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	__atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
	while (!caught)
		sched_yield();
	return NULL;
}

TEST_F(queue, signal_comes_to_a_thread_that_does_not_block_it)
{
	struct sigaction action = { .sa_sigaction = catch, .sa_flags = SA_SIGINFO };
	pthread_t thread;
	int ready = 0;

	ASSERT_EQ(0, sigaction(SIGNAL, &action, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, unblock_and_wait, &ready));
	ASSERT_TRUE(WAIT_UNTIL(__atomic_load_n(&ready, __ATOMIC_ACQUIRE)));
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(1, caught);
}

/* What the function of SIGEV_THREAD has seen. */
static struct seen {
	int calls;
	pid_t tid;
	union sigval value;
	size_t stack;
	char *local;
	mqd_t mqd;
	struct sigevent *again;
	int left;
} seen;

static void see(union sigval value)
{
	pthread_attr_t attr;
	char buf[SIZE];

	seen.tid = gettid();
	seen.local = buf;
	seen.value = value;
	if (!pthread_getattr_np(pthread_self(), &attr)) {
		pthread_attr_getstacksize(&attr, &seen.stack);
		pthread_attr_destroy(&attr);
	}
	if (seen.left > 0) {
		seen.left--;
		mq_notify(seen.mqd, seen.again);
		mq_receive(seen.mqd, buf, SIZE, NULL);
	}
	__atomic_add_fetch(&seen.calls, 1, __ATOMIC_RELEASE);
}

static int calls(void)
{
	return __atomic_load_n(&seen.calls, __ATOMIC_ACQUIRE);
}

static int entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* The thread that the C library keeps for this does not count. */
static int threads(void)
{
	return entries("/proc/self/task");
}

FIXTURE(thread)
{
	mqd_t mqd;
	struct sigevent event;
};

FIXTURE_SETUP(thread)
{
	self->mqd = new_queue(MSGS, SIZE, 0);
	ASSERT_LE(0, self->mqd);
	memset(&seen, 0, sizeof(seen));
	self->event = (struct sigevent) {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = see,
		.sigev_value.sival_ptr = (void *)0x87654321,
	};
}

FIXTURE_TEARDOWN(thread)
{
	mq_close(self->mqd);
}

TEST_F(thread, is_another)
{
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	EXPECT_EQ(-EBUSY, notify(self->mqd, &self->event));
	EXPECT_EQ(0, calls());
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_TRUE(WAIT_UNTIL(calls() == 1));
	EXPECT_NE(gettid(), seen.tid);
	EXPECT_EQ((void *)0x87654321, seen.value.sival_ptr);
	EXPECT_EQ(1, depth(self->mqd));
	EXPECT_EQ(0, notify(self->mqd, &self->event));
}

TEST_F(thread, has_the_attributes_given)
{
	pthread_attr_t attr;

	ASSERT_EQ(0, pthread_attr_init(&attr));
	ASSERT_EQ(0, pthread_attr_setstacksize(&attr, 1234 * 1024));
	self->event.sigev_notify_attributes = &attr;
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	/* They are no longer needed. */
	pthread_attr_destroy(&attr);
	memset(&attr, 0xff, sizeof(attr));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_TRUE(WAIT_UNTIL(calls() == 1));
	EXPECT_LE(1200 * 1024, seen.stack);
	EXPECT_GE(1300 * 1024, seen.stack);
}

TEST_F(thread, has_a_stack_that_was_given)
{
	size_t size = 256 * 1024;
	char *stack = aligned_alloc(4096, size);
	pthread_attr_t attr;

	ASSERT_NE(NULL, stack);
	ASSERT_EQ(0, pthread_attr_init(&attr));
	self->event.sigev_notify_attributes = &attr;
	/* As they are to begin with. */
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, notify(self->mqd, NULL));
	ASSERT_EQ(0, pthread_attr_setstack(&attr, stack, size));
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_TRUE(WAIT_UNTIL(calls() == 1));
	EXPECT_LE(stack, seen.local);
	EXPECT_GT(stack + size, seen.local);
	pthread_attr_destroy(&attr);
}

TEST_F(thread, may_ask_again)
{
	int i;

	seen.mqd = self->mqd;
	seen.again = &self->event;
	seen.left = 20;
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	for (i = 1; i <= 20; i++) {
		ASSERT_EQ(0, send_text(self->mqd, "x", 0));
		ASSERT_TRUE(WAIT_UNTIL(calls() == i));
	}
}

TEST_F(thread, leaves_nothing_when_taken_back)
{
	int i, fds, tasks;

	/* Whatever is made once, is now. */
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_TRUE(WAIT_UNTIL(calls() == 1));
	ASSERT_TRUE(WAIT_UNTIL(threads() <= 2 + 2));
	fds = entries("/proc/self/fd");
	tasks = threads();
	for (i = 0; i < 50; i++) {
		mqd_t mqd = new_queue(MSGS, SIZE, 0);

		ASSERT_EQ(0, notify(mqd, &self->event));
		if (i % 2)
			ASSERT_EQ(0, notify(mqd, NULL));
		ASSERT_EQ(0, close(mqd));
	}
	EXPECT_TRUE(WAIT_UNTIL(threads() <= tasks));
	EXPECT_TRUE(WAIT_UNTIL(entries("/proc/self/fd") <= fds));
	EXPECT_EQ(1, calls());
}

static void unsuspecting(int signo)
{
	(void)signo;
	if (gettid() != getpid())
		_exit(1);
}

TEST_F(thread, gets_no_signals_of_others)
{
	int i;

	signal(SIGUSR1, unsuspecting);
	ASSERT_EQ(0, notify(self->mqd, &self->event));
	for (i = 0; i < 100; i++)
		kill(getpid(), SIGUSR1);
	ASSERT_EQ(0, send_text(self->mqd, "x", 0));
	ASSERT_TRUE(WAIT_UNTIL(calls() == 1));
}

TEST_HARNESS_MAIN
