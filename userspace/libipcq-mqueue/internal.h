/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libipcq-mqueue share.
 *
 * The library gives the calls of <mqueue.h> over queues of ipcq.  It keeps nothing:
 * a mqd_t is the descriptor of the queue, and what a call must know the kernel knows.
 */
#ifndef IPCQ_MQUEUE_INTERNAL_H
#define IPCQ_MQUEUE_INTERNAL_H

#include <mqueue.h>
#include <stdbool.h>
#include <stdint.h>

#include <ipcq.h>

#define PUBLIC	__attribute__((visibility("default")))

/* Where glibc has calls with a time_t of 32 bits, it has others with one of 64. */
#if defined(__TIMESIZE) && __TIMESIZE == 32
#define HAVE_TIME64
#endif

/**
 * queue_name() - what the queue of a POSIX name is called
 * @queue: filled in
 * @name: as given to mq_open()
 *
 * Return: 0, or -1 with EINVAL, ENOENT, EACCES or ENAMETOOLONG.
 */
int queue_name(char queue[IPCQ_NAME_MAX + 1], const char *name);

/**
 * digest() - SHA-256
 * @out: the digest
 * @data: of what
 * @size: its length in bytes
 */
void digest(unsigned char out[32], const void *data, size_t size);

/**
 * fail_not_a_queue() - set errno after a call on a descriptor failed
 * @mqd: the descriptor
 *
 * A descriptor that is no queue's is EBADF, whatever else it answered.
 *
 * Return: -1.
 */
int fail_not_a_queue(mqd_t mqd);

/**
 * notify_by_thread() - register for SIGEV_THREAD
 * @mqd: the queue
 * @event: what is to be called, and in what kind of thread
 *
 * Return: 0, or -1 and errno.
 */
int notify_by_thread(mqd_t mqd, const struct sigevent *event);

/**
 * explain_limit() - say which limit was met, if the user wants to know
 * @op: what failed, with errno
 * @name: on what
 * @attr: with which attributes, or NULL
 *
 * Keeps errno.
 */
void explain_limit(enum ipcq_op op, const char *name, const struct ipcq_attr *attr);

#endif /* IPCQ_MQUEUE_INTERNAL_H */
