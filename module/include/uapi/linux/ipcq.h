/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * ipcq: message queues as character devices.
 *
 * The interface of /dev/ipcq/control and of every queue descriptor.  See
 * ipcq(4) for the semantics and for what each error means.
 *
 * All structures are the same bytes for 32-bit and 64-bit callers.  They may
 * grow at the end: fields added later mean nothing while they are zero, and what
 * struct ipcq_create lacks goes into its last member, the attributes.  The size a
 * caller was built with travels in the ioctl number: a caller older than the
 * kernel gets zeroes for the fields it does not know; a caller newer than the
 * kernel gets E2BIG if it uses a field that the kernel does not know.  Unknown
 * bits in any mask or flags field get EINVAL, as do reserved fields that are not
 * zero.
 */
#ifndef _UAPI_LINUX_IPCQ_H
#define _UAPI_LINUX_IPCQ_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Longest name of a queue in bytes, without the terminating NUL. */
#define IPCQ_NAME_MAX		63

/* Highest priority; 0 is the lowest and the default, as in mq_send(3). */
#define IPCQ_PRIO_MAX		32767

/**
 * enum ipcq_order - which waiting message is received next
 * @IPCQ_ORDER_FIFO: the one that was sent first, whatever its priority
 * @IPCQ_ORDER_PRIORITY: the one of the highest priority, and among those the
 *	one that was sent first
 */
enum ipcq_order {
	IPCQ_ORDER_FIFO		= 0,
	IPCQ_ORDER_PRIORITY	= 1,
};

/* Bits of struct ipcq_attr.flags. */
#define IPCQ_F_EPHEMERAL	(1u << 0) /* destroyed at the last close */
#define IPCQ_F_HANGUP		(1u << 1) /* EOF and EPIPE as for a pipe */
#define IPCQ_F_ANONYMOUS	(1u << 2) /* read only: has no name */
#define IPCQ_F_UNLINKED		(1u << 3) /* read only: destroyed, still open */
#define IPCQ_F_SHUT_SEND	(1u << 4) /* read only: see IPCQ_IOC_SHUTDOWN */
#define IPCQ_F_SHUT_RECV	(1u << 5) /* read only: see IPCQ_IOC_SHUTDOWN */
#define IPCQ_F_MAPPED		(1u << 6) /* read only: see IPCQ_IOC_RING */

/* Bits of struct ipcq_attr.mask: the fields that the caller has filled in. */
#define IPCQ_ATTR_FLAGS		(1u << 0)
#define IPCQ_ATTR_ORDER		(1u << 1)
#define IPCQ_ATTR_MAX_MSGS	(1u << 2)
#define IPCQ_ATTR_MAX_BYTES	(1u << 3)
#define IPCQ_ATTR_MAX_MSG_SIZE	(1u << 4)
#define IPCQ_ATTR_MODE		(1u << 5) /* only at creation */
#define IPCQ_ATTR_UID		(1u << 6) /* only at creation */
#define IPCQ_ATTR_GID		(1u << 7) /* only at creation */
#define IPCQ_ATTR_HIGH_PCT	(1u << 8)
#define IPCQ_ATTR_LOW_PCT	(1u << 9)

/**
 * struct ipcq_attr - the attributes of a queue
 * @mask: IPCQ_ATTR_*: on input, which of the fields below are given; the rest
 *	keep their value, or take the default at creation.  On output of
 *	IPCQ_IOC_GET_ATTR, every bit that the kernel knows.
 * @flags: IPCQ_F_*
 * @order: enum ipcq_order
 * @max_msgs: capacity in messages, 1 or more
 * @max_bytes: capacity in bytes of payload, 1 or more
 * @max_msg_size: most bytes in one message, 1 to @max_bytes
 * @mode: permission bits of the device node (0 to 0777), applied as they are
 *	unless IPCQ_CREATE_UMASK asks for the umask
 * @uid: owner, in the caller's user namespace
 * @gid: group, in the caller's user namespace
 * @high_pct: fill level in percent of @max_msgs or @max_bytes, whichever is
 *	fuller, at which the netlink event ``high-water`` is sent; 1 to 100
 * @low_pct: fill level in percent at or below which the event ``normal`` is
 *	sent afterwards; 0 to @high_pct - 1
 * @id: output only: number of the queue; with a name, the minor of its device node
 * @depth: output only: messages waiting
 * @bytes: output only: bytes of payload waiting
 * @name: output only: NUL-terminated; empty for an anonymous queue
 *
 * Output only fields are ignored on input.
 */
struct ipcq_attr {
	__u32 mask;
	__u32 flags;
	__u32 order;
	__u32 max_msgs;
	__u64 max_bytes;
	__u32 max_msg_size;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 high_pct;
	__u32 low_pct;
	__u32 id;
	__u32 depth;
	__u64 bytes;
	char name[IPCQ_NAME_MAX + 1];
};

#define IPCQ_ATTR_SIZE_VER0	128 /* sizeof the first version */

/* Bits of struct ipcq_create.flags. */
#define IPCQ_CREATE_UMASK	(1u << 0) /* the umask applies to attr.mode */

/**
 * struct ipcq_create - argument of IPCQ_IOC_CREATE
 * @name: NUL-terminated; empty for an anonymous queue.  1 to 63 of
 *	``A-Za-z0-9._-``, not starting with a dot, not ``control``.
 * @open_flags: O_RDONLY, O_WRONLY or O_RDWR, with O_NONBLOCK and O_CLOEXEC
 * @flags: IPCQ_CREATE_*
 * @attr: the attributes that @attr.mask names
 */
struct ipcq_create {
	char name[IPCQ_NAME_MAX + 1];
	__u32 open_flags;
	__u32 flags;
	struct ipcq_attr attr;
};

#define IPCQ_CREATE_SIZE_VER0	200 /* sizeof the first version */

/* Bits of struct ipcq_destroy.flags. */
#define IPCQ_DESTROY_IF_EMPTY	(1u << 0) /* EBUSY when messages wait */

/**
 * struct ipcq_destroy - argument of IPCQ_IOC_DESTROY
 * @name: as in struct ipcq_create, not empty
 * @flags: IPCQ_DESTROY_*
 * @depth: output: messages that waited in the queue.  They are dropped at the
 *	last close: now, if @openers is 0.
 * @openers: output: open descriptions that the queue still has; they go on
 * @pad: zero
 */
struct ipcq_destroy {
	char name[IPCQ_NAME_MAX + 1];
	__u32 flags;
	__u32 depth;
	__u32 openers;
	__u32 pad;
};

#define IPCQ_DESTROY_SIZE_VER0	80 /* sizeof the first version */

/* Bits of struct ipcq_msg.flags that a caller may set. */
#define IPCQ_MSG_NONBLOCK	(1u << 0) /* as if O_NONBLOCK were set */
#define IPCQ_MSG_TIMEOUT	(1u << 1) /* @timeout_ns is given */
#define IPCQ_MSG_ABSTIME	(1u << 2) /* @timeout_ns is a point in time */
#define IPCQ_MSG_REALTIME	(1u << 3) /* of CLOCK_REALTIME, with ABSTIME */
#define IPCQ_MSG_NOSIGNAL	(1u << 4) /* send: EPIPE without SIGPIPE */
#define IPCQ_MSG_WHOLE		(1u << 5) /* receive: @size must be max_msg_size or more */
#define IPCQ_MSG_TIMESPEC	(1u << 6) /* @timeout_ns is the address of a time */

/**
 * struct ipcq_msg - a message to be sent, or one that was received
 * @data: address of the payload; of the buffer to fill on receipt
 * @size: bytes at @data; on receipt the size of the buffer, replaced by the
 *	size of the message
 * @flags: IPCQ_MSG_*
 * @prio: 0 to IPCQ_PRIO_MAX; output on receipt
 * @type: a tag that the kernel carries and does not read; output on receipt
 * @pad: zero
 * @timeout_ns: nanoseconds from now, or with IPCQ_MSG_ABSTIME the point in time
 *	in nanoseconds of CLOCK_MONOTONIC (or of CLOCK_REALTIME), at which a
 *	call that cannot proceed fails with ETIMEDOUT; 0 or more.  With
 *	IPCQ_MSG_TIMESPEC the address of a struct __kernel_timespec that says so.
 *	Zero without IPCQ_MSG_TIMEOUT.
 * @seq: output on receipt: place of the message in the order in which the queue accepted
 *	messages, from 1
 * @time_ns: output on receipt: CLOCK_MONOTONIC time at which the queue accepted it
 * @lost: output on receipt: messages that the queue accepted and that were
 *	purged or dropped since this descriptor was opened or last received
 *	with IPCQ_IOC_RECV, IPCQ_IOC_RECV_BATCH or IPCQ_IOC_CALL
 * @pid: output on receipt: the sender's process, in the receiver's pid
 *	namespace; 0 if it has none there
 * @uid: output on receipt: the sender's effective uid, in the receiver's user
 *	namespace; the overflow uid if it has none there.  Of a message sent with
 *	write(2), the effective uid that opened the descriptor
 * @gid: output on receipt: the same for its effective gid
 * @pad2: zero
 *
 * Output fields are ignored on input.  IPCQ_IOC_SEND writes nothing back;
 * IPCQ_IOC_RECV does on success, and writes @size alone when it fails with
 * EMSGSIZE: the size of the message that did not fit, or with IPCQ_MSG_WHOLE the
 * max_msg_size that @size is below.
 */
struct ipcq_msg {
	__u64 data;
	__u64 size;
	__u32 flags;
	__u32 prio;
	__u32 type;
	__u32 pad;
	__s64 timeout_ns;
	__u64 seq;
	__u64 time_ns;
	__u64 lost;
	__u32 pid;
	__u32 uid;
	__u32 gid;
	__u32 pad2;
};

#define IPCQ_MSG_SIZE_VER0	80 /* sizeof the first version */

/**
 * struct ipcq_record - a message that lies in a buffer among others
 * @size: bytes of payload, which follow this header
 * @prio: 0 to IPCQ_PRIO_MAX
 * @type: a tag that the kernel carries and does not read
 * @flags: zero
 * @seq: of a message received, as in struct ipcq_msg
 * @time_ns: the same
 * @pid: the same
 * @uid: the same
 * @gid: the same
 * @pad: zero
 *
 * A record begins at a multiple of IPCQ_RECORD_ALIGN bytes.  From one to the next it is
 * IPCQ_RECORD_SPACE() of its size; what is between the payload and the next record
 * means nothing, and the kernel neither reads nor writes it.
 *
 * Of a record to be sent, the kernel reads @size, @prio, @type and @flags, and
 * nothing else of the header: a record that was received can be sent as it is.
 */
struct ipcq_record {
	__u32 size;
	__u32 prio;
	__u32 type;
	__u32 flags;
	__u64 seq;
	__u64 time_ns;
	__u32 pid;
	__u32 uid;
	__u32 gid;
	__u32 pad;
};

/* Where records begin: at multiples of this. */
#define IPCQ_RECORD_ALIGN	8

/* Bytes from a record with so many bytes of payload to the next one. */
#define IPCQ_RECORD_SPACE(size)						\
	((sizeof(struct ipcq_record) + (__u64)(size) + IPCQ_RECORD_ALIGN - 1) &	\
	 ~(__u64)(IPCQ_RECORD_ALIGN - 1))

/**
 * struct ipcq_batch - argument of IPCQ_IOC_SEND_BATCH and IPCQ_IOC_RECV_BATCH
 * @records: address of struct ipcq_record, one after the other; a multiple of 8
 * @size: bytes there; on receipt the size of the buffer, replaced by how many bytes of
 *	it the records take.  What is behind the last payload need not be there.
 * @count: most messages to be sent or received; 0: as many as there are, or as fit.
 *	IPCQ_BATCH_MAX is an end in any case.
 * @flags: IPCQ_MSG_* but IPCQ_MSG_WHOLE, for the call as a whole
 * @timeout_ns: as in struct ipcq_msg, for the call as a whole
 * @lost: output on receipt: as in struct ipcq_msg, for the call as a whole
 *
 * Both return how many messages they have sent or received.  They fail only if that
 * is none, with what IPCQ_IOC_SEND or IPCQ_IOC_RECV of the first would have failed
 * with.
 *
 * IPCQ_IOC_SEND_BATCH writes nothing back; IPCQ_IOC_RECV_BATCH does on success, and
 * writes @size when it fails with EMSGSIZE: what the record takes that did not fit.
 */
struct ipcq_batch {
	__u64 records;
	__u64 size;
	__u32 count;
	__u32 flags;
	__s64 timeout_ns;
	__u64 lost;
};

#define IPCQ_BATCH_SIZE_VER0	40 /* sizeof the first version */

/* Most messages that one call sends or receives. */
#define IPCQ_BATCH_MAX		1024

/**
 * struct ipcq_call - argument of IPCQ_IOC_CALL: send, then receive
 * @send: as for IPCQ_IOC_SEND
 * @recv: as for IPCQ_IOC_RECV
 * @recv_fd: the queue to receive from, open for reading
 * @sent: output, of success and of failure: 1 if the message was sent, else 0
 *
 * If the message cannot be sent nothing is received.  A call that has sent is not
 * restarted after a signal: it fails with EINTR, and what remains to be done is to
 * receive.
 */
struct ipcq_call {
	struct ipcq_msg send;
	struct ipcq_msg recv;
	__s32 recv_fd;
	__u32 sent;
};

#define IPCQ_CALL_SIZE_VER0	168 /* sizeof the first version */

/**
 * struct ipcq_open_end - argument of IPCQ_IOC_OPEN_END
 * @open_flags: O_RDONLY, O_WRONLY or O_RDWR, no more than the descriptor has,
 *	with O_NONBLOCK and O_CLOEXEC
 * @pad: zero
 */
struct ipcq_open_end {
	__u32 open_flags;
	__u32 pad;
};

#define IPCQ_OPEN_END_SIZE_VER0	8 /* sizeof the first version */

/**
 * struct ipcq_purge - argument of IPCQ_IOC_PURGE
 * @purged: output: messages that were thrown away
 */
struct ipcq_purge {
	__u64 purged;
};

#define IPCQ_PURGE_SIZE_VER0	8 /* sizeof the first version */

/* Bits of struct ipcq_shutdown.how. */
#define IPCQ_SHUT_SEND		(1u << 0) /* sends fail with EPIPE */
#define IPCQ_SHUT_RECV		(1u << 1) /* receives and sends end */

/**
 * struct ipcq_shutdown - argument of IPCQ_IOC_SHUTDOWN
 * @how: IPCQ_SHUT_*: the directions that are shut from now on; 0 opens both.
 *	With IPCQ_SHUT_SEND receivers drain what waits and then see end of file.
 *	With IPCQ_SHUT_RECV receivers see end of file at once, messages stay, and
 *	sends fail with EPIPE as well: nobody could receive them.
 * @pad: zero
 */
struct ipcq_shutdown {
	__u32 how;
	__u32 pad;
};

#define IPCQ_SHUTDOWN_SIZE_VER0	8 /* sizeof the first version */

/**
 * enum ipcq_notify_how - how a process is told that a message has come
 * @IPCQ_NOTIFY_OFF: not at all: what the process had registered is taken back
 * @IPCQ_NOTIFY_SILENT: not at all, but nobody else can register meanwhile
 * @IPCQ_NOTIFY_SIGNAL: by a signal with si_code SI_MESGQ and the sender's si_pid
 *	and si_uid
 * @IPCQ_NOTIFY_FD: by a descriptor, which the call returns: it becomes readable,
 *	and a read gives one struct ipcq_arrival; after that, or once the
 *	registration is taken back, it is at end of file
 */
enum ipcq_notify_how {
	IPCQ_NOTIFY_OFF		= 0,
	IPCQ_NOTIFY_SILENT	= 1,
	IPCQ_NOTIFY_SIGNAL	= 2,
	IPCQ_NOTIFY_FD		= 3,
};

/**
 * struct ipcq_notify - argument of IPCQ_IOC_NOTIFY
 * @how: enum ipcq_notify_how
 * @signo: IPCQ_NOTIFY_SIGNAL: the signal, else zero
 * @value: IPCQ_NOTIFY_SIGNAL: the bytes of its union sigval, else zero
 * @open_flags: IPCQ_NOTIFY_FD: O_NONBLOCK and O_CLOEXEC, else zero
 * @pad: zero
 *
 * A queue has one registration at a time.  It ends when a message comes to the
 * empty queue while no receive is blocked, when the process takes it back, and when
 * the process closes a descriptor of the opener through which it registered.
 */
struct ipcq_notify {
	__u32 how;
	__u32 signo;
	__u64 value;
	__u32 open_flags;
	__u32 pad;
};

#define IPCQ_NOTIFY_SIZE_VER0	24 /* sizeof the first version */

/**
 * struct ipcq_arrival - what a descriptor of IPCQ_NOTIFY_FD gives
 * @pid: the sender's process, in the reader's pid namespace; 0 if it has none there
 * @uid: its real uid, in the reader's user namespace; the overflow uid if it has
 *	none there
 */
struct ipcq_arrival {
	__u32 pid;
	__u32 uid;
};

/* Most bytes of records in a ring, and of payload in one of them. */
#define IPCQ_RING_MAX_SIZE	(1u << 26)
#define IPCQ_RING_MAX_MSG_SIZE	(1u << 16)

/**
 * struct ipcq_ring_open - argument of IPCQ_IOC_RING
 * @size: bytes of records that the ring holds: a power of two and a multiple of the page
 *	size, up to IPCQ_RING_MAX_SIZE; room for a message of the queue's max_msg_size
 * @open_flags: O_NONBLOCK and O_CLOEXEC
 *
 * The descriptor of a ring is mapped with MAP_SHARED:
 *
 *	offset 0, one page: struct ipcq_ring_position, which the receiver writes
 *	offset of one page, one page and twice @size: struct ipcq_ring_head, and behind
 *	its page the records; to be read only.  The second half shows the same
 *	records once more, so that a record that begins before the end is whole.
 *
 * A record is a struct ipcq_record, and its payload behind it.  Its pid, uid and gid are
 * as in the namespaces of the process that made the ring.
 *
 * Positions count bytes and wrap at 2^32.  The record at a position is at that position
 * modulo @size in the records.  There is one if the position is not the head; the next
 * one is IPCQ_RECORD_SPACE() of its size behind it.
 */
struct ipcq_ring_open {
	__u32 size;
	__u32 open_flags;
};

#define IPCQ_RING_OPEN_SIZE_VER0 8 /* sizeof the first version */

/* Bits of struct ipcq_ring_head.flags. */
#define IPCQ_RING_WANTED	(1u << 0) /* senders wait for room: see there */

/**
 * struct ipcq_ring_head - what the kernel tells the receiver
 * @head: position behind the last record; to be read with acquire
 * @flags: IPCQ_RING_*
 * @size: of struct ipcq_ring_open
 * @pad: zero
 *
 * With IPCQ_RING_WANTED somebody wants to know of room.  A receiver that has stored its
 * position therefore looks at @flags after a full barrier, and if the bit is set it calls
 * IPCQ_IOC_RING_WAIT, or poll(2).
 */
struct ipcq_ring_head {
	__u32 head;
	__u32 flags;
	__u32 size;
	__u32 pad;
};

/**
 * struct ipcq_ring_position - what the receiver tells the kernel
 * @position: of the first record that it has not consumed yet; to be written with
 *	release
 *
 * The kernel believes it as far as it is a boundary between records that are there.
 */
struct ipcq_ring_position {
	__u32 position;
};

/**
 * struct ipcq_ring_wait - argument of IPCQ_IOC_RING_WAIT
 * @flags: IPCQ_MSG_NONBLOCK, IPCQ_MSG_TIMEOUT, IPCQ_MSG_ABSTIME, IPCQ_MSG_REALTIME
 * @pad: zero
 * @timeout_ns: as in struct ipcq_msg
 *
 * Lets senders in for whom the receiver has made room, and waits for a record.
 */
struct ipcq_ring_wait {
	__u32 flags;
	__u32 pad;
	__s64 timeout_ns;
};

#define IPCQ_RING_WAIT_SIZE_VER0 16 /* sizeof the first version */

#define IPCQ_IOC_MAGIC		0xBE

/* On /dev/ipcq/control.  CREATE returns a descriptor of the new queue. */
#define IPCQ_IOC_CREATE		_IOWR(IPCQ_IOC_MAGIC, 0x00, struct ipcq_create)
#define IPCQ_IOC_DESTROY	_IOWR(IPCQ_IOC_MAGIC, 0x01, struct ipcq_destroy)

/*
 * On a queue.  OPEN_END returns a descriptor of the same queue, NOTIFY with
 * IPCQ_NOTIFY_FD one that tells of a message.
 */
#define IPCQ_IOC_SEND		_IOW(IPCQ_IOC_MAGIC, 0x10, struct ipcq_msg)
#define IPCQ_IOC_RECV		_IOWR(IPCQ_IOC_MAGIC, 0x11, struct ipcq_msg)
#define IPCQ_IOC_GET_ATTR	_IOR(IPCQ_IOC_MAGIC, 0x12, struct ipcq_attr)
#define IPCQ_IOC_SET_ATTR	_IOW(IPCQ_IOC_MAGIC, 0x13, struct ipcq_attr)
#define IPCQ_IOC_PURGE		_IOR(IPCQ_IOC_MAGIC, 0x14, struct ipcq_purge)
#define IPCQ_IOC_SHUTDOWN	_IOW(IPCQ_IOC_MAGIC, 0x15, struct ipcq_shutdown)
#define IPCQ_IOC_OPEN_END	_IOW(IPCQ_IOC_MAGIC, 0x16, struct ipcq_open_end)
#define IPCQ_IOC_NOTIFY		_IOW(IPCQ_IOC_MAGIC, 0x17, struct ipcq_notify)
#define IPCQ_IOC_CALL		_IOWR(IPCQ_IOC_MAGIC, 0x18, struct ipcq_call)

/* On a queue, with many messages.  Both return how many. */
#define IPCQ_IOC_SEND_BATCH	_IOW(IPCQ_IOC_MAGIC, 0x20, struct ipcq_batch)
#define IPCQ_IOC_RECV_BATCH	_IOWR(IPCQ_IOC_MAGIC, 0x21, struct ipcq_batch)

/* On a queue: returns the descriptor of a ring.  And on that. */
#define IPCQ_IOC_RING		_IOW(IPCQ_IOC_MAGIC, 0x30, struct ipcq_ring_open)
#define IPCQ_IOC_RING_WAIT	_IOW(IPCQ_IOC_MAGIC, 0x31, struct ipcq_ring_wait)

#endif /* _UAPI_LINUX_IPCQ_H */
