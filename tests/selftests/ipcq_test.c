// SPDX-License-Identifier: GPL-2.0-only
/* What all tests need: a queue of their own, messages, awaiting, children. */
#include <grp.h>
#include <signal.h>
#include <time.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ipcq_test.h"

void *volatile nowhere = (void *)16;

unsigned int time_factor(void)
{
	const char *value = getenv("IPCQ_TIME_FACTOR");
	int factor = value ? atoi(value) : 1;

	return factor > 1 ? factor : 1;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* A name that no other test uses. */
void queue_name(char name[IPCQ_NAME_MAX + 1])
{
	static unsigned int number;

	snprintf(name, IPCQ_NAME_MAX + 1, "selftest-%d-%u", getpid(), number++);
}

/* CREATE.  Returns a descriptor of the new queue. */
int queue_create(struct ipcq_create *create)
{
	int control, fd;

	control = RESULT(open(CONTROL, O_RDWR | O_CLOEXEC));
	if (control < 0)
		return control;
	fd = RESULT(ioctl(control, IPCQ_IOC_CREATE, create));
	close(control);
	return fd;
}

/* DESTROY. */
int queue_destroy(const char *name)
{
	struct ipcq_destroy destroy = {};
	int control, err;

	strncpy(destroy.name, name, IPCQ_NAME_MAX);
	control = RESULT(open(CONTROL, O_RDWR | O_CLOEXEC));
	if (control < 0)
		return control;
	err = RESULT(ioctl(control, IPCQ_IOC_DESTROY, &destroy));
	close(control);
	return err;
}

static int make(struct queue *q, const char *name, const struct ipcq_attr *attr, int flags)
{
	struct ipcq_create create = { .open_flags = flags };

	memset(q, 0, sizeof(*q));
	strcpy(q->name, name);
	strcpy(create.name, name);
	if (attr)
		create.attr = *attr;
	q->fd = queue_create(&create);
	if (q->fd < 0)
		return q->fd;
	q->attr = create.attr;
	q->id = create.attr.id;
	return 0;
}

/* Make a named queue, open for both directions. */
int queue_make(struct queue *q, const struct ipcq_attr *attr)
{
	char name[IPCQ_NAME_MAX + 1];

	queue_name(name);
	return make(q, name, attr, O_RDWR | O_CLOEXEC);
}

/* Make an anonymous queue, open as the flags say. */
int queue_make_anonymous(struct queue *q, const struct ipcq_attr *attr, int flags)
{
	return make(q, "", attr, flags);
}

/*
 * End a test's queue, at whatever state it is left.  Returns 0 if the books balance
 * before and after that.
 */
int queue_end(struct queue *q)
{
	int wrong = 0, books;

	if (q->id) {
		books = nl_books(q->id);
		/* The test may have ended the queue. */
		if (books != -ENOENT)
			wrong += !!books;
	}
	wrong += !!nl_books_of_totals();
	if (q->fd >= 0)
		close(q->fd);
	if (q->name[0])
		queue_destroy(q->name);
	wrong += !!nl_books_of_totals();
	return wrong;
}

char *queue_path(const struct queue *q, char path[IPCQ_NAME_MAX + 20])
{
	snprintf(path, IPCQ_NAME_MAX + 20, "/dev/ipcq/%s", q->name);
	return path;
}

/* open(2) by the node. */
int queue_open(const struct queue *q, int flags)
{
	char path[IPCQ_NAME_MAX + 20];

	return RESULT(open(queue_path(q, path), flags | O_CLOEXEC));
}

/* OPEN_END. */
int queue_open_end(int fd, int flags)
{
	struct ipcq_open_end end = { .open_flags = flags };

	return RESULT(ioctl(fd, IPCQ_IOC_OPEN_END, &end));
}

int attr_get(int fd, struct ipcq_attr *attr)
{
	return RESULT(ioctl(fd, IPCQ_IOC_GET_ATTR, attr));
}

int attr_set(int fd, const struct ipcq_attr *attr)
{
	return RESULT(ioctl(fd, IPCQ_IOC_SET_ATTR, attr));
}

int set_flags(int fd, uint32_t flags)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_FLAGS, .flags = flags };

	return attr_set(fd, &attr);
}

int set_max_msgs(int fd, uint32_t max_msgs)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_MAX_MSGS, .max_msgs = max_msgs };

	return attr_set(fd, &attr);
}

int set_order(int fd, uint32_t order)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_ORDER, .order = order };

	return attr_set(fd, &attr);
}

/* PURGE.  Returns how many messages were purged. */
int purge(int fd)
{
	struct ipcq_purge purge = {};
	int err;

	err = RESULT(ioctl(fd, IPCQ_IOC_PURGE, &purge));
	return err < 0 ? err : (int)purge.purged;
}

int shut(int fd, uint32_t how)
{
	struct ipcq_shutdown shutdown = { .how = how };

	return RESULT(ioctl(fd, IPCQ_IOC_SHUTDOWN, &shutdown));
}

int msg_send(int fd, const struct ipcq_msg *msg)
{
	return RESULT(ioctl(fd, IPCQ_IOC_SEND, msg));
}

int msg_recv(int fd, struct ipcq_msg *msg)
{
	return RESULT(ioctl(fd, IPCQ_IOC_RECV, msg));
}

/* Send without blocking. */
int send_prio(int fd, const char *text, uint32_t prio)
{
	struct ipcq_msg msg = MSG(text, strlen(text), .prio = prio,
				  .flags = IPCQ_MSG_NONBLOCK | IPCQ_MSG_NOSIGNAL);

	return msg_send(fd, &msg);
}

int send_text(int fd, const char *text)
{
	return send_prio(fd, text, 0);
}

/*
 * Receive without blocking what is expected to be @text.  Returns 0 if it was, 1 if
 * it was something else, which is said, or a negative errno.
 */
int recv_text(int fd, const char *text)
{
	char buf[256] = {};
	struct ipcq_msg msg = MSG(buf, sizeof(buf) - 1, .flags = IPCQ_MSG_NONBLOCK);
	int err;

	err = msg_recv(fd, &msg);
	if (err)
		return err;
	if (msg.size == strlen(text) && !memcmp(buf, text, msg.size))
		return 0;
	fprintf(stderr, "# received '%s' instead of '%s'\n", buf, text);
	return 1;
}

/* Send "fill" until the queue is full.  Returns how often. */
int fill(int fd)
{
	int err, n = 0;

	while (!(err = send_text(fd, "fill")))
		n++;
	return err == -EAGAIN ? n : err;
}

/* Receive until the queue is empty or at end of file.  Returns how often. */
int drain(int fd)
{
	char *buf = malloc(1 << 20);
	int err, n = 0;

	for (;;) {
		struct ipcq_msg msg = MSG(buf, 1 << 20, .flags = IPCQ_MSG_NONBLOCK);

		err = msg_recv(fd, &msg);
		if (err)
			break;
		n++;
	}
	free(buf);
	return err == -EAGAIN || err == -EPIPE ? n : err;
}

uint32_t blocked_senders(const struct queue *q)
{
	return nl_queue(q->id).blocked_senders;
}

uint32_t blocked_receivers(const struct queue *q)
{
	return nl_queue(q->id).blocked_receivers;
}

/* A counter of a queue, IPCQ_A_COUNTERS_*. */
uint64_t counted(const struct queue *q, int counter)
{
	return nl_counter(q->id, counter);
}

pid_t child_start(child_fn fn, void *arg)
{
	pid_t parent = getpid(), seen, pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have gone before that; from within a pid namespace it is 0. */
	seen = getppid();
	if (seen && seen != parent)
		_exit(1);
	_exit(fn(arg));
}

/* Await a child.  Returns its exit status, or the negative signal that ended it. */
int child_end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int child_run(child_fn fn, void *arg)
{
	return child_end(child_start(fn, arg));
}

/* Become another user, without groups and capabilities.  0 or a negative errno. */
int become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	/* The change of identity has undone this, ... */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* ... and has made /proc/self root's. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

/* Read all of a file as text.  0 or a negative errno. */
int read_file(const char *path, char *text, size_t size)
{
	ssize_t len;
	int fd;

	fd = RESULT(open(path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	len = RESULT(read(fd, text, size - 1));
	close(fd);
	if (len < 0)
		return len;
	text[len] = '\0';
	return 0;
}

/* Write a file with one write.  0 or a negative errno. */
int write_file(const char *path, const char *text)
{
	ssize_t len;
	int fd;

	fd = RESULT(open(path, O_WRONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	len = RESULT(write(fd, text, strlen(text)));
	close(fd);
	return len < 0 ? len : 0;
}

static void param_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/sys/module/ipcq/parameters/%s", name);
}

/* Read a parameter of the module.  0 or a negative errno. */
int param_get(const char *name, char *value, size_t size)
{
	char path[128];
	int err;

	param_path(name, path, sizeof(path));
	err = read_file(path, value, size);
	if (!err)
		value[strcspn(value, "\n")] = '\0';
	return err;
}

/* Write a parameter of the module.  0 or a negative errno. */
int param_set(const char *name, const char *value)
{
	char path[128];

	param_path(name, path, sizeof(path));
	return write_file(path, value);
}
