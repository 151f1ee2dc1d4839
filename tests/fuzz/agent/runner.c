// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <linux/ipcq.h>

#include "cover.h"
#include "futex.h"
#include "memory.h"
#include "ops.h"
#include "runner.h"
#include "signals.h"

#define ALARM_US	10000
#define STACK		(64 << 10)

/**
 * struct hand - what a thread other than the first is given to do
 * @op: the operations; NULL stands for the end of the case
 * @given: how many; the thread waits for it to grow
 * @done: how many are done; the first thread waits for it when it has ended
 * @tid: the thread
 */
struct hand {
	const struct op *op[CASE_OPS];
	_Atomic uint32_t given;
	_Atomic uint32_t done;
	_Atomic uint32_t is_awaited;
	_Atomic pid_t tid;
};

static struct thread threads[CASE_THREADS];
static struct hand hands[CASE_THREADS];

static _Atomic int slots[CASE_SLOTS];
static struct mapping maps[CASE_MAPS];
static _Atomic uint32_t last_created;

/* The names of the queues that the case has made, to be destroyed at its end. */
static struct {
	_Atomic uint32_t n;
	char name[CASE_OPS][IPCQ_NAME_MAX + 1];
} made;

static pid_t process;
static int control;	/* kept, for the end of each case too */
static int store;

int runner_store(void)
{
	return store;
}

/* Returns the same file at a number that no case gets near, or -1. */
int fd_move_up(int fd)
{
	int up;

	if (fd < 0)
		return fd;
	up = fcntl(fd, F_DUPFD_CLOEXEC, OWN_FD);
	close(fd);
	return up;
}

int slot_get(const struct thread *t, uint64_t slot)
{
	return t->slots[slot % CASE_SLOTS];
}

/* What was in the slot is closed.  Returns the new descriptor. */
long slot_put(struct thread *t, uint64_t slot, int fd)
{
	int old = atomic_exchange(&t->slots[slot % CASE_SLOTS], fd);

	if (old >= 0)
		close(old);
	return fd;
}

/* An operation in a process that the thread has just made, which shares its memory. */
struct child {
	struct thread thread;
	_Atomic int slots[CASE_SLOTS];
	const struct op *op;
	unsigned int ops;
	int is_killed;
};

static void do_op(struct thread *t, const struct op *op)
{
	const struct op_type *type = &op_types[op->type];
	long ret = type->fn(t, type, op->arg);

	if (ret != OP_SKIPPED && !type->free)
		atomic_fetch_add_explicit(&t->done, 1, memory_order_relaxed);
}

static int child_run(void *arg)
{
	const struct itimerval alarm = { { 0, ALARM_US }, { 0, ALARM_US } };
	struct child *child = arg;
	unsigned int i;

	/* What it blocks in must end, too: its memory is that of who waits for it. */
	setitimer(ITIMER_REAL, &alarm, NULL);
	for (i = 0; i < child->ops; i++)
		do_op(&child->thread, &child->op[i]);
	if (child->is_killed)
		syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
	syscall(SYS_exit_group, 0);
	return 0;
}

/* Have a child do the operations.  Only the first thread does. */
static void run_child(struct thread *t, const struct op *op, unsigned int n)
{
	static char stack[STACK] __attribute__((aligned(16)));
	static struct child child;
	int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	unsigned int i;
	pid_t pid;

	child.thread = *t;
	child.thread.done = 0;
	for (i = 0; i < CASE_SLOTS; i++)
		child.slots[i] = t->slots[i];
	child.op = op + 1;
	child.ops = n;
	child.is_killed = op->arg[2] & 1;
	if (op->arg[1] & 1)
		flags |= CLONE_FILES;	/* and slots, by their place */
	else
		child.thread.slots = child.slots;
	pid = clone(child_run, stack + STACK, flags, &child);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	t->done += child.thread.done;
}

static bool is_child(const struct op *op)
{
	return op_types[op->type].fn == do_child;
}

/* What of a thread only the thread itself can put right. */
static void restore(struct thread *t)
{
	sigset_t blocked;

	if (!t->is_changed)
		return;
	syscall(SYS_setresuid, -1, 0, -1);
	sigemptyset(&blocked);
	if (t->index)
		sigaddset(&blocked, SIGALRM);
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);
	t->is_changed = 0;
}

static void *hand_run(void *arg)
{
	struct thread *t = arg;
	struct hand *hand = &hands[t->index];
	uint32_t done;

	hand->tid = syscall(SYS_gettid);
	cover_thread(t->index);
	hand->done = 0;
	for (done = 0;; done = hand->done) {
		if (done == hand->given) {
			futex_wait(&hand->given, done, FUTEX_PRIVATE_FLAG);
			continue;
		}
		if (hand->op[done % CASE_OPS])
			do_op(t, hand->op[done % CASE_OPS]);
		else
			restore(t);
		hand->done = done + 1;
		if (hand->is_awaited)
			futex_wake(&hand->done, FUTEX_PRIVATE_FLAG);
	}
	return NULL;
}

static void hand_give(struct hand *hand, const struct op *op)
{
	uint32_t given = hand->given;

	hand->op[given % CASE_OPS] = op;
	hand->given = given + 1;
	futex_wake(&hand->given, FUTEX_PRIVATE_FLAG);
}

/* Wait until the thread has done everything; the alarm ends what it blocks in. */
static void hand_await(struct hand *hand)
{
	uint32_t done;

	hand->is_awaited = 1;
	while ((done = hand->done) != hand->given)
		futex_wait(&hand->done, done, FUTEX_PRIVATE_FLAG);
	hand->is_awaited = 0;
}

static void on_alarm(int signo)
{
	int i, saved = errno;

	(void)signo;
	for (i = 1; i < CASE_THREADS; i++) {
		if (hands[i].done != hands[i].given)
			syscall(SYS_tgkill, process, hands[i].tid, SIGUSR1);
	}
	errno = saved;
}

static void on_signal(int signo)
{
	(void)signo;
}

long runner_signal(unsigned int thread, int signo)
{
	pid_t tid = thread % CASE_THREADS ? hands[thread % CASE_THREADS].tid : process;

	return RESULT(syscall(SYS_tgkill, process, tid, signo));
}

static int signals_init(void)
{
	const struct itimerval alarm = { { 0, ALARM_US }, { 0, ALARM_US } };
	/* Not restarted: what blocks ends. */
	struct sigaction action = { .sa_handler = on_signal };
	int signo;

	for (signo = 1; signo <= SIGRTMAX; signo++) {
		action.sa_handler = signo == SIGALRM ? on_alarm : on_signal;
		if (harmless(signo) == signo || signo == SIGALRM || signo == SIGUSR1)
			sigaction(signo, &action, NULL);
	}
	return setitimer(ITIMER_REAL, &alarm, NULL) ? -errno : 0;
}

static int threads_init(unsigned int worker)
{
	sigset_t alarm, old;
	pthread_t thread;
	unsigned int i;
	int err = 0;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	/* The first thread alone takes it. */
	pthread_sigmask(SIG_BLOCK, &alarm, &old);
	for (i = 0; i < CASE_THREADS; i++) {
		threads[i] = (struct thread) {
			.index = i,
			.worker = worker,
			.slots = slots,
			.maps = maps,
			.created = &last_created,
		};
		if (!i)
			continue;
		hands[i].done = 1;
		err = -pthread_create(&thread, NULL, hand_run, &threads[i]);
		if (err)
			break;
		/* Until it waits. */
		while (hands[i].done)
			sched_yield();
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

static int control_open(void)
{
	return open("/dev/ipcq/control", O_RDWR | O_CLOEXEC);
}

/* Make the calling process one that runs cases.  Returns 0 or a negative errno. */
int runner_init(unsigned int worker)
{
	unsigned int i;
	int err;

	process = getpid();
	for (i = 0; i < CASE_SLOTS; i++)
		slots[i] = -1;
	control = fd_move_up(control_open());
	store = fd_move_up(memfd_create("store", 0));
	if (control < 0 || store < 0)
		return -errno;
	err = memory_init();
	if (!err)
		err = cover_thread(0);
	if (!err)
		err = threads_init(worker);
	if (!err)
		err = signals_init();
	return err;
}

/*
 * A queue was made, of which this is a descriptor.  What it is called the queue must say:
 * another thread may have changed what the call was given.
 */
void runner_made(struct thread *t, int fd)
{
	struct ipcq_attr attr;
	uint32_t at;

	if (ioctl(fd, IPCQ_IOC_GET_ATTR, &attr))
		return;
	*t->created = attr.id;
	if (!*attr.name)
		return;
	at = atomic_fetch_add(&made.n, 1);
	if (at < CASE_OPS)
		memcpy(made.name[at], attr.name, sizeof(attr.name));
}

/* Take away the queues with names: whoever has them open goes on with them. */
static void destroy_names(void)
{
	uint32_t i;

	for (i = 0; i < made.n; i++) {
		struct ipcq_destroy destroy = { .flags = 0 };

		memcpy(destroy.name, made.name[i], sizeof(destroy.name));
		ioctl(control, IPCQ_IOC_DESTROY, &destroy);
	}
	made.n = 0;
}

/* Leave nothing of the case behind. */
void runner_reset(void)
{
	unsigned int i;

	for (i = 0; i < CASE_MAPS; i++) {
		if (maps[i].at)
			munmap(maps[i].at, maps[i].size);
		maps[i] = (struct mapping) { NULL, 0 };
	}
	for (i = 0; i < CASE_SLOTS; i++)
		slot_put(&threads[0], i, -1);
	destroy_names();
}

/* Run a case.  It leaves descriptors and queues, which runner_reset() takes away. */
void runner_run(const struct fuzz_case *c)
{
	unsigned int i, n;

	slots[SLOT_CONTROL] = dup(control);
	cover_begin();
	for (i = 0; i < c->ops; i++) {
		const struct op *op = &c->op[i];

		if (op->thread) {
			hand_give(&hands[op->thread % CASE_THREADS], op);
		} else if (is_child(op)) {
			n = op->arg[0] < c->ops - i - 1 ? op->arg[0] : c->ops - i - 1;
			run_child(&threads[0], op, n);
			i += n;
		} else {
			do_op(&threads[0], op);
		}
	}
	for (i = 1; i < CASE_THREADS; i++)
		hand_await(&hands[i]);
	for (i = 1; i < CASE_THREADS; i++) {
		if (threads[i].is_changed) {
			hand_give(&hands[i], NULL);
			hand_await(&hands[i]);
		}
	}
	restore(&threads[0]);
}

/* The descriptor in a slot, or -1. */
int runner_slot(unsigned int slot)
{
	return slots[slot];
}

/* Operations done so far. */
uint64_t runner_done(void)
{
	uint64_t done = 0;
	unsigned int i;

	for (i = 0; i < CASE_THREADS; i++)
		done += threads[i].done;
	return done;
}
