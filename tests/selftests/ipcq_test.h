/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all tests need: a queue of their own, messages, awaiting, children.
 *
 * Functions that make system calls return a negative errno where the call sets
 * errno, so that a test can name the error it expects.
 */
#ifndef IPCQ_TEST_H
#define IPCQ_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include <linux/ipcq.h>

#include "nl.h"

#define CONTROL		"/dev/ipcq/control"

/* The result of a call that returns -1 and sets errno. */
#define RESULT(call) ({					\
	long __result = (call);				\
							\
	__result < 0 ? -errno : __result;		\
})

/*
 * Look at the state of things until it is as expected.  False if that takes so long
 * that it will not happen any more: a test then fails.
 */
#define WAIT_UNTIL(condition) ({			\
	uint64_t __end = now_ns() +			\
		20 * SECOND * time_factor();		\
	bool __met;					\
							\
	while (!(__met = (condition)) &&		\
	       now_ns() < __end)			\
		sched_yield();				\
	__met;						\
})

#define MS		1000000ull
#define SECOND		1000000000ull

/* An address that is nobody's; volatile lest the compiler warns of it. */
extern void *volatile nowhere;

/*
 * How many times longer than usual all may take on this machine, which may be an
 * emulated one whose kernel checks every access: IPCQ_TIME_FACTOR, or else 1.
 */
unsigned int time_factor(void);

/* The kernel's harness, which comes after this, ends tests by alarm(). */
#define alarm(seconds) alarm((seconds) * time_factor())

uint64_t now_ns(void);
uint64_t realtime_ns(void);

/**
 * struct queue - a queue made for a test
 * @name: empty if it is anonymous
 * @id: its number
 * @fd: of its making
 * @attr: its attributes then
 */
struct queue {
	char name[IPCQ_NAME_MAX + 1];
	uint32_t id;
	int fd;
	struct ipcq_attr attr;
};

void queue_name(char name[IPCQ_NAME_MAX + 1]);
int queue_create(struct ipcq_create *create);
int queue_destroy(const char *name);
int queue_make(struct queue *q, const struct ipcq_attr *attr);
int queue_make_anonymous(struct queue *q, const struct ipcq_attr *attr, int flags);
int queue_end(struct queue *q);
int queue_open(const struct queue *q, int flags);
int queue_open_end(int fd, int flags);
char *queue_path(const struct queue *q, char path[IPCQ_NAME_MAX + 20]);

int attr_get(int fd, struct ipcq_attr *attr);
int attr_set(int fd, const struct ipcq_attr *attr);
int set_flags(int fd, uint32_t flags);
int set_max_msgs(int fd, uint32_t max_msgs);
int set_order(int fd, uint32_t order);
int purge(int fd);
int shut(int fd, uint32_t how);

/* A message of @size_ bytes at @data_, with other fields of struct ipcq_msg. */
#define MSG(data_, size_, ...)				\
	((struct ipcq_msg) { .data = (uintptr_t)(data_), .size = (size_), __VA_ARGS__ })

int msg_send(int fd, const struct ipcq_msg *msg);
int msg_recv(int fd, struct ipcq_msg *msg);
int send_text(int fd, const char *text);
int send_prio(int fd, const char *text, uint32_t prio);
int recv_text(int fd, const char *text);
int fill(int fd);
int drain(int fd);

/* Tests of blocking look at a queue from outside. */
uint32_t blocked_senders(const struct queue *q);
uint32_t blocked_receivers(const struct queue *q);
uint64_t counted(const struct queue *q, int counter);

/*
 * A child process runs @fn and ends with its result as the status: 0 is success.
 * It ends with its parent.
 */
typedef int (*child_fn)(void *arg);
pid_t child_start(child_fn fn, void *arg);
int child_end(pid_t pid);
int child_run(child_fn fn, void *arg);
int become(uid_t uid, gid_t gid);

/* In a child, say what went wrong and return that it did. */
#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "# %s:%d: child: not so: %s (%m)\n",	\
				__FILE__, __LINE__, #condition);	\
			return 1;					\
		}							\
	} while (0)

/* Small files of the kernel's. */
int read_file(const char *path, char *text, size_t size);
int write_file(const char *path, const char *text);

/* Parameters of the module. */
int param_get(const char *name, char *value, size_t size);
int param_set(const char *name, const char *value);

#endif /* IPCQ_TEST_H */
