// SPDX-License-Identifier: GPL-2.0-only
/* System calls on descriptors and nodes, signals, users, processes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "memory.h"
#include "names.h"
#include "ops.h"
#include "runner.h"
#include "signals.h"

#define PARTS		8
#define MAP_GAP		(256 << 10)
#define LONGEST_WAIT	2000000		/* ns */

#define CALL(name) \
	long do_##name(struct thread *t __attribute__((unused)), \
		       const struct op_type *type __attribute__((unused)), \
		       const uint64_t *arg __attribute__((unused)))

/* The descriptor in slot arg[index], or the operation is over. */
#define DESCRIPTOR(var, index) \
	int var = slot_get(t, arg[index]); \
	if (var < 0) \
		return OP_SKIPPED

static void *address(const struct thread *t, uint64_t pointer)
{
	return (void *)(uintptr_t)pointer_address(t, pointer);
}

/* /dev/ipcq/NAME; the one without a name is the directory. */
static const char *path_of(const struct thread *t, uint64_t name,
			   char path[sizeof("/dev/ipcq/") + IPCQ_NAME_MAX + 1])
{
	char text[IPCQ_NAME_MAX + 1];

	name_fill(text, name, t->worker);
	sprintf(path, "/dev/ipcq/%.*s", (int)sizeof(text), text);
	return path;
}

#define PATH(var, index) \
	char var##_text[sizeof("/dev/ipcq/") + IPCQ_NAME_MAX + 1]; \
	const char *var = path_of(t, arg[index], var##_text)

static struct timespec wait_time(uint64_t ns)
{
	if (ns > LONGEST_WAIT)
		ns = LONGEST_WAIT;
	return (struct timespec) { .tv_nsec = ns };
}

CALL(open)
{
	PATH(path, 0);
	long fd = RESULT(open(path, arg[1] & ~(O_CREAT | O_TMPFILE)));

	return fd < 0 ? fd : slot_put(t, arg[2], fd);
}

CALL(close)
{
	unsigned int slot = arg[0] % CASE_SLOTS;
	int fd = atomic_exchange(&t->slots[slot], -1);

	if (fd < 0)
		return OP_SKIPPED;
	return RESULT(close(fd));
}

CALL(dup)
{
	DESCRIPTOR(fd, 0);
	long new = RESULT(dup(fd));

	return new < 0 ? new : slot_put(t, arg[1], new);
}

CALL(read)
{
	DESCRIPTOR(fd, 0);
	return RESULT(syscall(SYS_read, fd, address(t, arg[1]), arg[2]));
}

CALL(write)
{
	DESCRIPTOR(fd, 0);
	return RESULT(syscall(SYS_write, fd, address(t, arg[1]), arg[2]));
}

/* Parts of a buffer, with gaps between them. */
static int split(const struct thread *t, const uint64_t *arg, struct iovec *part)
{
	uint64_t i, n = arg[3] % (PARTS + 1), each = n ? arg[2] / n : 0;
	char *at = address(t, arg[1]);

	for (i = 0; i < n; i++) {
		part[i].iov_base = at + i * (each + 1);
		part[i].iov_len = i + 1 < n ? each : arg[2] - each * i;
	}
	return n;
}

CALL(readv)
{
	struct iovec part[PARTS];
	DESCRIPTOR(fd, 0);
	int n = split(t, arg, part);

	return RESULT(syscall(SYS_preadv2, fd, part, n, -1L, -1L, (int)arg[4]));
}

CALL(writev)
{
	struct iovec part[PARTS];
	DESCRIPTOR(fd, 0);
	int n = split(t, arg, part);

	return RESULT(syscall(SYS_pwritev2, fd, part, n, -1L, -1L, (int)arg[4]));
}

CALL(pread)
{
	DESCRIPTOR(fd, 0);
	return RESULT(syscall(SYS_pread64, fd, address(t, arg[1]), arg[2], arg[3]));
}

CALL(pwrite)
{
	DESCRIPTOR(fd, 0);
	return RESULT(syscall(SYS_pwrite64, fd, address(t, arg[1]), arg[2], arg[3]));
}

CALL(seek)
{
	DESCRIPTOR(fd, 0);
	return RESULT(lseek(fd, arg[1], arg[2]));
}

CALL(poll)
{
	struct timespec time = wait_time(arg[3]);
	struct pollfd fds[2];
	DESCRIPTOR(fd, 0);

	fds[0] = (struct pollfd) { .fd = fd, .events = arg[2] };
	fds[1] = (struct pollfd) { .fd = slot_get(t, arg[1]), .events = arg[2] };
	return RESULT(ppoll(fds, 2, &time, NULL));
}

CALL(select)
{
	struct timespec time = wait_time(arg[2]);
	fd_set sets[3];
	DESCRIPTOR(fd, 0);
	int i;

	if (fd >= FD_SETSIZE)
		return OP_SKIPPED;
	for (i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		if (arg[1] & 1 << i)
			FD_SET(fd, &sets[i]);
	}
	return RESULT(pselect(fd + 1, &sets[0], &sets[1], &sets[2], &time, NULL));
}

CALL(epoll)
{
	long fd = RESULT(epoll_create1(0));

	return fd < 0 ? fd : slot_put(t, arg[0], fd);
}

CALL(watch)
{
	struct epoll_event event = { .events = arg[3] };
	DESCRIPTOR(epoll, 0);
	DESCRIPTOR(fd, 1);

	return RESULT(epoll_ctl(epoll, arg[2], fd, &event));
}

CALL(epoll_wait)
{
	struct timespec time = wait_time(arg[2]);
	struct epoll_event events[8];
	DESCRIPTOR(epoll, 0);

	return RESULT(epoll_wait(epoll, events, arg[1] % 9, time.tv_nsec / 1000000));
}

CALL(fcntl)
{
	struct f_owner_ex owner = { .type = F_OWNER_TID, .pid = syscall(SYS_gettid) };
	struct flock lock = { .l_type = arg[2] % 3 };
	uint64_t value = arg[2];
	DESCRIPTOR(fd, 0);

	switch ((int)arg[1]) {
	case F_SETSIG:
		value = harmless(value);
		break;
	case F_SETOWN:
		/* Oneself, one's group's absence, or what there is none of. */
		value = value == 1 ? 1 << 30 : value % 2 ? 0 : syscall(SYS_gettid);
		break;
	case F_SETOWN_EX:
		return RESULT(fcntl(fd, F_SETOWN_EX, &owner));
	case F_SETLK:
		return RESULT(fcntl(fd, F_SETLK, &lock));
	case F_DUPFD: case F_DUPFD_CLOEXEC: case F_SETLKW: case F_OFD_SETLKW:
		return OP_SKIPPED;
	}
	return RESULT(fcntl(fd, (int)arg[1], value));
}

CALL(mmap)
{
	struct mapping *map = &t->maps[arg[1] % CASE_MAPS];
	size_t size = arg[2] + MAP_GAP;
	DESCRIPTOR(fd, 0);
	void *at;

	/* Only the first thread changes them, or a third might unmap what is in use. */
	if (t->index)
		return OP_SKIPPED;
	/* Whatever is written past its end must not be the agent's own. */
	at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return OP_SKIPPED;
	if (mmap(at, arg[2], arg[3], (arg[4] & ~MAP_ANONYMOUS) | MAP_FIXED, fd, arg[5]) ==
	    MAP_FAILED) {
		int err = errno;

		munmap(at, size);
		return -err;
	}
	if (map->at)
		munmap(map->at, map->size);
	*map = (struct mapping) { at, size };
	return 0;
}

CALL(munmap)
{
	struct mapping *map = &t->maps[arg[0] % CASE_MAPS];

	if (t->index || !map->at)
		return OP_SKIPPED;
	/* A part of it may go; the rest goes when the case ends. */
	if (arg[1] >= map->size || arg[2] > map->size - arg[1])
		return OP_SKIPPED;
	return RESULT(munmap((char *)map->at + arg[1], arg[2]));
}

/*
 * Write into memory, as a hostile program would at any moment.  A system call does it:
 * it fails where a store would end the agent.
 */
CALL(poke)
{
	size_t width = arg[2] > sizeof(arg[1]) ? sizeof(arg[1]) : arg[2];
	off_t at = t->index * sizeof(arg[1]);

	if (pwrite(runner_store(), &arg[1], sizeof(arg[1]), at) < 0)
		return -errno;
	return RESULT(pread(runner_store(), address(t, arg[0]), width, at));
}

CALL(pipe)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK))
		return -errno;
	slot_put(t, arg[0], ends[0]);
	return slot_put(t, arg[1], ends[1]);
}

CALL(splice)
{
	DESCRIPTOR(fd, 0);
	DESCRIPTOR(other, 1);

	switch (arg[3] % 3) {
	case 0:
		return RESULT(splice(fd, NULL, other, NULL, arg[2], SPLICE_F_NONBLOCK));
	case 1:
		return RESULT(tee(fd, other, arg[2], SPLICE_F_NONBLOCK));
	default:
		return RESULT(syscall(SYS_sendfile, fd, other, NULL, arg[2]));
	}
}

CALL(fstat)
{
	struct stat stat;
	DESCRIPTOR(fd, 0);

	return RESULT(fstat(fd, &stat));
}

CALL(fdinfo)
{
	char path[64];
	DESCRIPTOR(fd, 0);
	ssize_t size;
	char text[512];
	int info;

	sprintf(path, "/proc/thread-self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return -errno;
	size = RESULT(read(info, text, sizeof(text)));
	close(info);
	return size;
}

/* Nodes that are not the cases' stay as they are: every case relies on them. */
static bool is_of_cases(uint64_t name)
{
	name %= names;
	return name >= NAME_OWN_A && name <= NAME_LONG;
}

CALL(chmod)
{
	PATH(path, 0);
	if (!is_of_cases(arg[0]))
		return OP_SKIPPED;
	return RESULT(chmod(path, arg[1] & 07777));
}

CALL(chown)
{
	PATH(path, 0);
	if (!is_of_cases(arg[0]))
		return OP_SKIPPED;
	return RESULT(chown(path, arg[1], arg[2]));
}

CALL(unlink)
{
	PATH(path, 0);
	if (!is_of_cases(arg[0]))
		return OP_SKIPPED;
	return RESULT(unlink(path));
}

CALL(signal)
{
	return runner_signal(arg[1], harmless(arg[0] % 65));
}

CALL(mask)
{
	uint64_t set = arg[1];
	int signo;

	/* Those that end what blocks must come through, or stay blocked. */
	for (signo = 1; signo <= 64; signo++) {
		if (harmless(signo) != signo)
			set &= ~(1ULL << (signo - 1));
	}
	t->is_changed = 1;
	return RESULT(syscall(SYS_rt_sigprocmask, arg[0] % 2, &set, NULL, sizeof(set)));
}

CALL(user)
{
	/* Of this thread alone; the library would change all of them. */
	long ret = RESULT(syscall(SYS_setresuid, -1, (uid_t)arg[0], -1));

	t->is_changed = 1;
	return ret;
}

CALL(yield)
{
	unsigned int i;

	for (i = 0; i < arg[0] % 16; i++)
		sched_yield();
	return 0;
}

/* The runner does this one. */
CALL(child)
{
	return OP_SKIPPED;
}
