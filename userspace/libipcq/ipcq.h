/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libipcq: message queues of the kernel module ipcq, from C.
 *
 * Each call is one system call or a few, and there is no state behind them but that of
 * a ring: what ipcq_open() returns is an ordinary file descriptor, for poll(2), epoll(7),
 * read(2), write(2), dup(2), fork(2) and close(2).  All calls may be made from
 * any thread.  Unless said otherwise they return -1 and set errno when they fail,
 * and libipcq(3) lists the errors of each.
 */
#ifndef IPCQ_H
#define IPCQ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include <linux/ipcq.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * IPCQ_O_NEITHER - open a queue neither to send nor to receive
 *
 * For ipcq_open(): such a descriptor is for ipcq_get_attr(), ipcq_set_attr(),
 * ipcq_purge() and ipcq_shutdown().  It counts as no sender and no receiver, so
 * that looking at a queue with hang-up does not end it.  The node's mode must let
 * the caller read and write.
 */
#define IPCQ_O_NEITHER	O_ACCMODE

/**
 * IPCQ_O_UMASK - let the umask apply to the mode of a queue that is created
 *
 * For ipcq_create() and ipcq_open_or_create().
 */
#define IPCQ_O_UMASK	(1 << 30)

/**
 * ipcq_version() - version of this library
 *
 * Return: a string such as "0.1.0".
 */
const char *ipcq_version(void);

/**
 * ipcq_available() - is the module loaded, and its control device here
 *
 * Return: 1 or 0.
 */
int ipcq_available(void);

/**
 * ipcq_valid_name() - can a queue have that name
 * @name: NUL-terminated
 *
 * Return: 1 if @name is 1 to IPCQ_NAME_MAX of A-Z a-z 0-9 . _ -, does not begin
 * with a dot and is not "control"; else 0.
 */
int ipcq_valid_name(const char *name);

/**
 * ipcq_open() - open a queue that exists
 * @name: of the queue
 * @flags: O_RDONLY to receive, O_WRONLY to send, O_RDWR for both or IPCQ_O_NEITHER;
 *	with O_NONBLOCK and O_CLOEXEC
 *
 * Return: a descriptor.  ENOENT says that there is no such queue, ENODEV that the
 * module is not loaded.
 */
int ipcq_open(const char *name, int flags);

/**
 * ipcq_create() - create and open a queue
 * @name: of the queue; NULL for an anonymous one, which lives as long as it is open
 * @attr: attributes; those that its mask names.  NULL: the defaults.
 * @flags: O_RDONLY, O_WRONLY or O_RDWR, with O_NONBLOCK, O_CLOEXEC and IPCQ_O_UMASK
 *
 * Return: a descriptor.  EEXIST says that there is a queue of that name.
 */
int ipcq_create(const char *name, const struct ipcq_attr *attr, int flags);

/**
 * ipcq_open_or_create() - open a queue, and create it if it does not exist
 * @name: of the queue
 * @attr: attributes of the queue if it is created, as for ipcq_create()
 * @flags: as for ipcq_create()
 *
 * Whoever comes second finds the queue of the first, however close they come.
 *
 * Return: a descriptor.
 */
int ipcq_open_or_create(const char *name, const struct ipcq_attr *attr, int flags);

/**
 * ipcq_destroy() - destroy a queue as unlink(2) does a file
 * @name: of the queue
 * @flags: 0 or IPCQ_DESTROY_IF_EMPTY
 * @out: what was left in the queue, on success and when EBUSY says that it is not
 *	empty; or NULL
 *
 * Return: 0.
 */
int ipcq_destroy(const char *name, unsigned int flags, struct ipcq_destroy *out);

/**
 * ipcq_pair() - create an anonymous queue and open its two ends, as pipe2(2) does
 * @fds: fds[0] is set to the end that receives, fds[1] to the end that sends
 * @attr: attributes, as for ipcq_create()
 * @flags: O_NONBLOCK and O_CLOEXEC
 *
 * Return: 0.
 */
int ipcq_pair(int fds[2], const struct ipcq_attr *attr, int flags);

/**
 * ipcq_open_end() - make a new opener of the queue of a descriptor
 * @fd: the queue
 * @flags: O_RDONLY, O_WRONLY or O_RDWR, not more than @fd has, with O_NONBLOCK and
 *	O_CLOEXEC
 *
 * Return: a descriptor.
 */
int ipcq_open_end(int fd, int flags);

/**
 * ipcq_send() - send a message
 * @fd: the queue
 * @data: the payload
 * @size: its length in bytes; 0 is a message too
 * @msg: flags, prio, type and timeout_ns; what is not used must be zero.  The call
 *	sets data and size.  NULL: priority 0, type 0, for as long as it takes.
 *
 * The kernel reads @msg itself, once, when the call begins.  A signal handler that
 * sets IPCQ_MSG_NONBLOCK in it therefore keeps a call from blocking that has not
 * begun, and a call that has begun fails with EINTR: no signal is missed between.
 * The same is true of ipcq_recv().
 *
 * Return: 0.
 */
int ipcq_send(int fd, const void *data, size_t size, struct ipcq_msg *msg);

/**
 * ipcq_recv() - receive the next message
 * @fd: the queue
 * @buf: where to put the payload
 * @size: room in bytes there
 * @msg: flags and timeout_ns; on success all about the message.  What is not used
 *	must be zero before the first call; what one call left there the next one
 *	takes.  NULL: for as long as it takes.
 *
 * Return: the size of the message, which may be 0.  EPIPE says end of file.
 * EMSGSIZE says that @size is too small; the message stays in the queue and
 * msg->size is its size.
 */
ssize_t ipcq_recv(int fd, void *buf, size_t size, struct ipcq_msg *msg);

/**
 * ipcq_record_data() - the payload of a record
 * @record: the record
 *
 * Return: its address; it is record->size bytes long.
 */
static inline void *ipcq_record_data(const struct ipcq_record *record)
{
	return (void *)(uintptr_t)(record + 1);
}

/**
 * ipcq_record_next() - the record behind another one
 * @record: a record that is not the last
 *
 * Return: its address.
 */
static inline struct ipcq_record *ipcq_record_next(const struct ipcq_record *record)
{
	return (struct ipcq_record *)((char *)record + IPCQ_RECORD_SPACE(record->size));
}

/**
 * ipcq_record_add() - put a message behind others, to be sent with them
 * @records: where the records are, or will be; aligned as malloc(3) does
 * @room: bytes there
 * @used: how many of them records take already, 0 at first; updated
 * @data: the payload
 * @size: its length in bytes
 *
 * Return: the record, of priority 0 and type 0, which the caller may change; NULL if there
 * is no room for it.
 */
static inline struct ipcq_record *ipcq_record_add(void *records, size_t room, size_t *used,
						  const void *data, size_t size)
{
	struct ipcq_record *record = (struct ipcq_record *)((char *)records + *used);

	/* What leads to the next record need not be there behind the last one. */
	if (*used > room || room - *used < sizeof(*record) ||
	    room - *used - sizeof(*record) < size || size > UINT32_MAX)
		return NULL;
	memset(record, 0, sizeof(*record));
	record->size = size;
	if (size)
		memcpy(ipcq_record_data(record), data, size);
	*used += IPCQ_RECORD_SPACE(size);
	return record;
}

/**
 * ipcq_send_batch() - send many messages with one system call
 * @fd: the queue
 * @records: the messages, as ipcq_record_add() puts them or ipcq_recv_batch() got them
 * @size: bytes that they take
 * @how: count, flags and timeout_ns for the call as a whole; what is not used must be
 *	zero.  The call sets the rest.  NULL: all of them, for as long as it takes.
 *
 * Return: how many messages were sent, which may be less than there are if the next one
 * failed.  It is never 0.  -1 if it was the first that failed.
 */
int ipcq_send_batch(int fd, const void *records, size_t size, struct ipcq_batch *how);

/**
 * ipcq_recv_batch() - receive many messages with one system call
 * @fd: the queue
 * @records: where to put them; aligned as malloc(3) does
 * @size: room in bytes there
 * @how: as for ipcq_send_batch().  how->size is set to the bytes that the records take,
 *	how->lost to the messages lost, as in struct ipcq_msg.
 *
 * It blocks for the first message only, and takes as many as fit of those that wait
 * behind it.
 *
 * Return: how many messages were received, 1 or more; -1 if none was.  EMSGSIZE says that
 * the next message does not fit; it stays in the queue, and how->size is what its record
 * takes.
 */
int ipcq_recv_batch(int fd, void *records, size_t size, struct ipcq_batch *how);

/**
 * ipcq_call() - send a message, and receive another one, with one system call
 * @fd: the queue to send to
 * @data: the payload to be sent
 * @size: its length in bytes
 * @recv_fd: the queue to receive from
 * @buf: where to put what is received; it may be where @data is
 * @room: room in bytes there
 * @how: send and recv, each as for ipcq_send() and ipcq_recv(); what is not used must be
 *	zero.  The call sets data and size of both, and recv_fd; how->sent says whether
 *	the message was sent, if the call fails as well.  NULL: for as long as it takes.
 *
 * A client sends its question and waits for the answer; a server sends the answer and
 * waits for the next question.
 *
 * Return: the size of the message received.  If it fails and the message was sent, what
 * remains to be done is ipcq_recv().
 */
ssize_t ipcq_call(int fd, const void *data, size_t size, int recv_fd, void *buf,
		  size_t room, struct ipcq_call *how);

/**
 * ipcq_set_timeout() - limit the time for which a send or a receive may block
 * @msg: its flags and timeout_ns are set, other flags remain
 * @time: time from now, or a point in time; NULL for no limit
 * @how: 0 for time from now; IPCQ_MSG_ABSTIME for a point in time of
 *	CLOCK_MONOTONIC; IPCQ_MSG_ABSTIME | IPCQ_MSG_REALTIME of CLOCK_REALTIME
 *
 * A time beyond what 64 bits of nanoseconds hold is cut to 292 years.
 *
 * Return: 0, or -1 with EINVAL if @time is negative or not normalized, or @how is
 * something else.
 */
int ipcq_set_timeout(struct ipcq_msg *msg, const struct timespec *time,
		     unsigned int how);

/**
 * ipcq_get_attr() - read the attributes of a queue
 * @fd: the queue
 * @attr: filled in
 *
 * Return: 0.
 */
int ipcq_get_attr(int fd, struct ipcq_attr *attr);

/**
 * ipcq_set_attr() - change attributes of a queue that one owns
 * @fd: the queue
 * @attr: attributes; those that its mask names
 *
 * Return: 0.
 */
int ipcq_set_attr(int fd, const struct ipcq_attr *attr);

/**
 * ipcq_purge() - throw away what waits in a queue that one owns
 * @fd: the queue
 * @purged: set to the number of messages; or NULL
 *
 * Return: 0.
 */
int ipcq_purge(int fd, uint64_t *purged);

/**
 * ipcq_shutdown() - hang up a queue that one owns
 * @fd: the queue
 * @how: IPCQ_SHUT_SEND, IPCQ_SHUT_RECV, both, or 0 to open the queue again
 *
 * Return: 0.
 */
int ipcq_shutdown(int fd, unsigned int how);

/**
 * ipcq_notify() - be told when a message comes while none waits
 * @fd: the queue
 * @notify: how; what is not used must be zero.  IPCQ_NOTIFY_OFF takes back what this
 *	process has registered.
 *
 * Return: 0, or with IPCQ_NOTIFY_FD a descriptor.  EBUSY says that the queue has a
 * registration.
 */
int ipcq_notify(int fd, const struct ipcq_notify *notify);

/**
 * ipcq_ring_open() - receive without system calls, from memory that is mapped
 * @fd: the queue, in FIFO order, open for receiving; the caller owns it
 * @size: bytes of messages that may wait there, each with a header of 48 bytes: a power
 *	of two, at least a page, up to 64 MiB
 * @flags: O_NONBLOCK and O_CLOEXEC
 *
 * The ring is a receiver of its own: @fd may be closed.  For as long as there is a ring,
 * the queue is received from in no other way, and has no second one.  One thread at a
 * time may use it.  After fork(2) both processes have it, and one of them may use it.
 *
 * Return: the ring; NULL with errno set if it failed.  EBUSY says that the queue has
 * one, or that it is too small for what waits.
 */
struct ipcq_ring *ipcq_ring_open(int fd, size_t size, int flags);

/**
 * ipcq_ring_close() - stop receiving from a ring
 * @ring: the ring, not valid any more; or NULL
 *
 * Messages that were not released wait in the queue again.
 */
void ipcq_ring_close(struct ipcq_ring *ring);

/**
 * ipcq_ring_fd() - the descriptor of a ring, for poll(2) and epoll(7)
 * @ring: the ring
 *
 * It becomes readable when messages wait that were not released.
 *
 * Return: the descriptor, which is the ring's.
 */
int ipcq_ring_fd(const struct ipcq_ring *ring);

/**
 * ipcq_ring_next() - the next message, where it is
 * @ring: the ring
 *
 * It is a few instructions, no system call.
 *
 * Return: its record, with the payload behind it (ipcq_record_data()).  Both stay as they
 * are until ipcq_ring_release().  NULL if no message waits.
 */
const struct ipcq_record *ipcq_ring_next(struct ipcq_ring *ring);

/**
 * ipcq_ring_release() - give back the memory of messages
 * @ring: the ring
 *
 * All messages that ipcq_ring_next() has returned are received now, and must not be
 * looked at any more.  It is a few instructions, unless senders wait for room.
 */
void ipcq_ring_release(struct ipcq_ring *ring);

/**
 * ipcq_ring_wait() - wait until a message waits that was not released
 * @ring: the ring
 * @how: flags and timeout_ns, as for ipcq_recv(); NULL: for as long as it takes
 *
 * Return: 0.  EPIPE says end of file.
 */
int ipcq_ring_wait(struct ipcq_ring *ring, const struct ipcq_ring_wait *how);

/**
 * enum ipcq_op - what was tried, for ipcq_explain()
 * @IPCQ_OP_OPEN: ipcq_open()
 * @IPCQ_OP_CREATE: ipcq_create(), ipcq_open_or_create(), ipcq_pair()
 * @IPCQ_OP_DESTROY: ipcq_destroy()
 * @IPCQ_OP_OPEN_END: ipcq_open_end()
 * @IPCQ_OP_SEND: ipcq_send(), or write(2) to a queue
 * @IPCQ_OP_RECV: ipcq_recv(), or read(2) from a queue
 * @IPCQ_OP_GET_ATTR: ipcq_get_attr()
 * @IPCQ_OP_SET_ATTR: ipcq_set_attr()
 * @IPCQ_OP_PURGE: ipcq_purge()
 * @IPCQ_OP_SHUTDOWN: ipcq_shutdown()
 * @IPCQ_OP_NOTIFY: ipcq_notify()
 * @IPCQ_OP_RING: ipcq_ring_open()
 */
enum ipcq_op {
	IPCQ_OP_OPEN,
	IPCQ_OP_CREATE,
	IPCQ_OP_DESTROY,
	IPCQ_OP_OPEN_END,
	IPCQ_OP_SEND,
	IPCQ_OP_RECV,
	IPCQ_OP_GET_ATTR,
	IPCQ_OP_SET_ATTR,
	IPCQ_OP_PURGE,
	IPCQ_OP_SHUTDOWN,
	IPCQ_OP_NOTIFY,
	IPCQ_OP_RING,
};

/**
 * ipcq_explain() - say what an error means and what to do about it
 * @op: what was tried
 * @err: the errno with which it failed
 *
 * Return: a sentence without a full stop, such as "the module is not loaded: sudo
 * modprobe ipcq"; what strerror(3) says if the error means nothing special here.
 */
const char *ipcq_explain(enum ipcq_op op, int err);

#ifdef __cplusplus
}
#endif

#endif /* IPCQ_H */
