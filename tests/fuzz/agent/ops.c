// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of operations.  What is added here is generated, mutated, printed, read and
 * run without another line of code, if it is an ioctl whose structure has all it needs.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <linux/ipcq.h>
#include <linux/ipcq_netlink.h>

#include "memory.h"
#include "names.h"
#include "ops.h"

#define VALUES(...) \
	.choice = (const uint64_t []){ __VA_ARGS__ }, \
	.choices = sizeof((const uint64_t []){ __VA_ARGS__ }) / sizeof(uint64_t)

#define FD	{ "fd", K_SLOT, .usual = 1 }
#define TO	{ "to", K_FRESH, .usual = 1 }
#define AT	{ "at", K_POINTER, .usual = POINTER(B_RW, AREA_ARG) }
#define DATA	{ "data", K_POINTER, .usual = POINTER(B_RW, AREA_DATA) }
#define SIZE	{ "size", K_SIZE, .usual = 64 }
#define NAME	{ "name", K_NAME, .usual = NAME_OWN_A }

/*
 * The arguments of an ioctl begin with where its structure lies, its length in the ioctl
 * number, the byte that follows a structure that is longer than ours, and whether it is
 * a call of a 32-bit program; see do_ioctl().
 */
#define IOCTL(structure) \
	AT, \
	{ "length", K_LENGTH, .usual = sizeof(struct structure) }, \
	{ "tail", K_NUMBER, .usual = 0, .some = 1 }, \
	{ "compat", K_NUMBER, .usual = 0, .some = 1 }
#define FIELD_OF(structure, field, text, kind, ...) \
	{ text, kind, .offset = offsetof(struct structure, field), \
	  .width = sizeof(((struct structure *)0)->field), __VA_ARGS__ }
#define FIELD(structure, field, kind, ...) \
	FIELD_OF(structure, field, #field, kind, __VA_ARGS__)

#define OPEN_FLAGS	(O_WRONLY | O_RDWR | O_NONBLOCK | O_CLOEXEC)

#define QUEUE_FLAGS	(IPCQ_F_EPHEMERAL | IPCQ_F_HANGUP | IPCQ_F_ANONYMOUS | \
			 IPCQ_F_UNLINKED | IPCQ_F_SHUT_SEND | IPCQ_F_SHUT_RECV | \
			 IPCQ_F_MAPPED)
#define ATTR_MASK	(IPCQ_ATTR_FLAGS | IPCQ_ATTR_ORDER | IPCQ_ATTR_MAX_MSGS | \
			 IPCQ_ATTR_MAX_BYTES | IPCQ_ATTR_MAX_MSG_SIZE | IPCQ_ATTR_MODE | \
			 IPCQ_ATTR_UID | IPCQ_ATTR_GID | IPCQ_ATTR_HIGH_PCT | \
			 IPCQ_ATTR_LOW_PCT)
#define MSG_FLAGS	(IPCQ_MSG_NONBLOCK | IPCQ_MSG_TIMEOUT | IPCQ_MSG_ABSTIME | \
			 IPCQ_MSG_REALTIME | IPCQ_MSG_NOSIGNAL | IPCQ_MSG_WHOLE | \
			 IPCQ_MSG_TIMESPEC)

/* The attributes of a queue, where they lie in a structure. */
#define ATTR(structure, in) \
	FIELD_OF(structure, in mask, "mask", K_BITS, .some = ATTR_MASK), \
	FIELD_OF(structure, in flags, "flags", K_BITS, .some = QUEUE_FLAGS), \
	FIELD_OF(structure, in order, "order", K_NUMBER, .some = 1), \
	FIELD_OF(structure, in max_msgs, "max_msgs", K_NUMBER, .usual = 4, .some = 8), \
	FIELD_OF(structure, in max_bytes, "max_bytes", K_SIZE, .usual = 4096), \
	FIELD_OF(structure, in max_msg_size, "max_msg_size", K_SIZE, .usual = 256), \
	FIELD_OF(structure, in mode, "mode", K_NUMBER, .usual = 0666, .some = 0777), \
	FIELD_OF(structure, in uid, "uid", K_CHOICE, VALUES(0, 1000, 65534, -1)), \
	FIELD_OF(structure, in gid, "gid", K_CHOICE, VALUES(0, 1000, 65534, -1)), \
	FIELD_OF(structure, in high_pct, "high_pct", K_NUMBER, .usual = 80, .some = 101), \
	FIELD_OF(structure, in low_pct, "low_pct", K_NUMBER, .usual = 50, .some = 101)

/* What lies where a batch points to; see prepare_records(). */
#define RECORDS \
	{ "each", K_SIZE, .usual = 16 }, \
	{ "odd", K_NUMBER, .usual = -1, .some = 20 }, \
	{ "how", K_NUMBER, .some = 7 }
#define BATCH \
	RECORDS, \
	FIELD(ipcq_batch, records, K_POINTER, .usual = POINTER(B_RW, AREA_RECORDS)), \
	FIELD(ipcq_batch, size, K_SIZE, .usual = 1024), \
	FIELD(ipcq_batch, count, K_NUMBER, .usual = 3, .some = 40), \
	FIELD(ipcq_batch, flags, K_BITS, .some = MSG_FLAGS), \
	FIELD(ipcq_batch, timeout_ns, K_TIME)

const struct op_type op_types[] = {
	/* The control device. */
	{ "create", 8, do_ioctl, IPCQ_IOC_CREATE, .arg = {
		{ "fd", K_SLOT, .usual = SLOT_CONTROL }, IOCTL(ipcq_create),
		TO, FIELD(ipcq_create, name, K_NAME),
		FIELD(ipcq_create, open_flags, K_BITS, .usual = O_RDWR | O_NONBLOCK,
		      .some = OPEN_FLAGS),
		FIELD_OF(ipcq_create, flags, "create_flags", K_BITS,
			 .some = IPCQ_CREATE_UMASK),
		ATTR(ipcq_create, attr.) } },
	{ "destroy", 2, do_ioctl, IPCQ_IOC_DESTROY, .arg = {
		{ "fd", K_SLOT, .usual = SLOT_CONTROL }, IOCTL(ipcq_destroy),
		FIELD(ipcq_destroy, name, K_NAME, .usual = NAME_OWN_A),
		FIELD(ipcq_destroy, flags, K_BITS, .some = IPCQ_DESTROY_IF_EMPTY),
		FIELD(ipcq_destroy, pad, K_NUMBER) } },

	/* A queue. */
	{ "send", 40, do_ioctl, IPCQ_IOC_SEND, .arg = {
		FD, IOCTL(ipcq_msg),
		FIELD(ipcq_msg, data, K_POINTER, .usual = POINTER(B_RW, AREA_DATA)),
		FIELD(ipcq_msg, size, K_SIZE, .usual = 64),
		FIELD(ipcq_msg, flags, K_BITS, .some = MSG_FLAGS),
		FIELD(ipcq_msg, prio, K_NUMBER, .some = IPCQ_PRIO_MAX),
		FIELD(ipcq_msg, type, K_NUMBER),
		FIELD(ipcq_msg, timeout_ns, K_TIME),
		FIELD(ipcq_msg, pad, K_NUMBER), FIELD(ipcq_msg, pad2, K_NUMBER) } },
	{ "recv", 40, do_ioctl, IPCQ_IOC_RECV, .arg = {
		FD, IOCTL(ipcq_msg),
		FIELD(ipcq_msg, data, K_POINTER, .usual = POINTER(B_RW, AREA_DATA)),
		FIELD(ipcq_msg, size, K_SIZE, .usual = 256),
		FIELD(ipcq_msg, flags, K_BITS, .some = MSG_FLAGS),
		FIELD(ipcq_msg, timeout_ns, K_TIME),
		FIELD(ipcq_msg, pad, K_NUMBER), FIELD(ipcq_msg, pad2, K_NUMBER) } },
	{ "send_batch", 14, do_ioctl, IPCQ_IOC_SEND_BATCH, prepare_records, .arg = {
		FD, IOCTL(ipcq_batch), BATCH } },
	{ "recv_batch", 14, do_ioctl, IPCQ_IOC_RECV_BATCH, prepare_records, .arg = {
		FD, IOCTL(ipcq_batch), BATCH } },
	{ "call", 12, do_ioctl, IPCQ_IOC_CALL, .arg = {
		FD, IOCTL(ipcq_call),
		FIELD(ipcq_call, send.data, K_POINTER, .usual = POINTER(B_RW, AREA_DATA)),
		FIELD(ipcq_call, send.size, K_SIZE, .usual = 16),
		FIELD(ipcq_call, send.flags, K_BITS, .some = MSG_FLAGS),
		FIELD(ipcq_call, send.prio, K_NUMBER, .some = IPCQ_PRIO_MAX),
		FIELD(ipcq_call, send.timeout_ns, K_TIME),
		FIELD(ipcq_call, recv.data, K_POINTER, .usual = POINTER(B_RW, AREA_DATA)),
		FIELD(ipcq_call, recv.size, K_SIZE, .usual = 256),
		FIELD(ipcq_call, recv.flags, K_BITS, .some = MSG_FLAGS),
		FIELD(ipcq_call, recv.timeout_ns, K_TIME),
		FIELD(ipcq_call, recv_fd, K_SLOT, .usual = 1) } },
	{ "get_attr", 6, do_ioctl, IPCQ_IOC_GET_ATTR, .arg = {
		FD, IOCTL(ipcq_attr) } },
	{ "set_attr", 14, do_ioctl, IPCQ_IOC_SET_ATTR, .arg = {
		FD, IOCTL(ipcq_attr), ATTR(ipcq_attr, ) } },
	{ "purge", 6, do_ioctl, IPCQ_IOC_PURGE, .arg = {
		FD, IOCTL(ipcq_purge) } },
	{ "shutdown", 5, do_ioctl, IPCQ_IOC_SHUTDOWN, .arg = {
		FD, IOCTL(ipcq_shutdown),
		FIELD(ipcq_shutdown, how, K_BITS, .some = IPCQ_SHUT_SEND | IPCQ_SHUT_RECV),
		FIELD(ipcq_shutdown, pad, K_NUMBER) } },
	{ "open_end", 4, do_ioctl, IPCQ_IOC_OPEN_END, .arg = {
		FD, IOCTL(ipcq_open_end), TO,
		FIELD(ipcq_open_end, open_flags, K_BITS, .usual = O_NONBLOCK,
		      .some = OPEN_FLAGS),
		FIELD(ipcq_open_end, pad, K_NUMBER) } },
	{ "notify", 5, do_ioctl, IPCQ_IOC_NOTIFY, .arg = {
		FD, IOCTL(ipcq_notify), TO,
		FIELD(ipcq_notify, how, K_NUMBER, .usual = IPCQ_NOTIFY_SIGNAL,
		      .some = IPCQ_NOTIFY_FD),
		FIELD(ipcq_notify, signo, K_NUMBER, .some = 65),
		FIELD(ipcq_notify, value, K_NUMBER),
		FIELD(ipcq_notify, open_flags, K_BITS, .some = O_NONBLOCK | O_CLOEXEC),
		FIELD(ipcq_notify, pad, K_NUMBER) } },
	{ "ring", 4, do_ioctl, IPCQ_IOC_RING, .arg = {
		FD, IOCTL(ipcq_ring_open), { "to", K_FRESH, .usual = 2 },
		FIELD(ipcq_ring_open, size, K_CHOICE, VALUES(4096, 4096, 8192, 65536, 0, 2048,
			12288, 1 << 26, 1 << 27), .usual = 4096),
		FIELD(ipcq_ring_open, open_flags, K_BITS, .some = O_NONBLOCK | O_CLOEXEC) } },
	{ "ring_wait", 12, do_ioctl, IPCQ_IOC_RING_WAIT, .arg = {
		{ "fd", K_SLOT, .usual = 2 }, IOCTL(ipcq_ring_wait),
		FIELD(ipcq_ring_wait, flags, K_BITS, .usual = IPCQ_MSG_NONBLOCK,
		      .some = MSG_FLAGS),
		FIELD(ipcq_ring_wait, timeout_ns, K_TIME),
		FIELD(ipcq_ring_wait, pad, K_NUMBER) } },
	{ "ioctl", 2, do_raw_ioctl, .arg = {
		FD, { "number", K_CHOICE, VALUES(FIONREAD, FIONBIO, FIOASYNC, FIOCLEX, TCGETS,
				0xBE00, 0xBE13, 0xBEFF, IPCQ_IOC_SEND | 0x80000000) },
		{ "value", K_POINTER, .usual = POINTER(B_RW, AREA_DATA) } } },

	/* Files. */
	{ "open", 2, do_open, .arg = {
		NAME, { "flags", K_BITS, .usual = O_RDWR | O_NONBLOCK,
			.some = OPEN_FLAGS | O_APPEND | O_ASYNC | O_PATH | O_TRUNC }, TO } },
	{ "close", 5, do_close, .arg = { FD } },
	{ "dup", 4, do_dup, .arg = { FD, TO } },
	{ "read", 24, do_read, .arg = { FD, DATA, SIZE } },
	{ "write", 24, do_write, .arg = { FD, DATA, SIZE } },
	{ "readv", 8, do_readv, .arg = {
		FD, DATA, SIZE, { "parts", K_NUMBER, .usual = 2, .some = 8 },
		{ "flags", K_BITS, .some = RWF_HIPRI | RWF_DSYNC | RWF_NOWAIT | RWF_APPEND } } },
	{ "writev", 8, do_writev, .arg = {
		FD, DATA, SIZE, { "parts", K_NUMBER, .usual = 2, .some = 8 },
		{ "flags", K_BITS, .some = RWF_HIPRI | RWF_DSYNC | RWF_NOWAIT | RWF_APPEND } } },
	{ "pread", 1, do_pread, .arg = { FD, DATA, SIZE, { "offset", K_NUMBER } } },
	{ "pwrite", 1, do_pwrite, .arg = { FD, DATA, SIZE, { "offset", K_NUMBER } } },
	{ "seek", 1, do_seek, .arg = {
		FD, { "offset", K_NUMBER }, { "whence", K_NUMBER, .some = 4 } } },
	{ "poll", 10, do_poll, .arg = {
		FD, { "other", K_SLOT, .usual = 2 },
		{ "events", K_BITS, .usual = POLLIN | POLLOUT, .some = 0x7ff },
		{ "timeout_ns", K_TIME } } },
	{ "select", 3, do_select, .arg = {
		FD, { "sets", K_BITS, .usual = 3, .some = 7 }, { "timeout_ns", K_TIME } } },
	{ "epoll", 2, do_epoll, .arg = { TO } },
	{ "watch", 6, do_watch, .arg = {
		{ "epoll", K_SLOT, .usual = 2 }, FD,
		{ "how", K_CHOICE, VALUES(EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, 0),
		  .usual = EPOLL_CTL_ADD },
		{ "events", K_BITS, .usual = EPOLLIN | EPOLLOUT,
		  .some = 0x7ff | EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP } } },
	{ "epoll_wait", 6, do_epoll_wait, .arg = {
		{ "epoll", K_SLOT, .usual = 2 }, { "count", K_NUMBER, .usual = 4, .some = 8 },
		{ "timeout_ns", K_TIME } } },
	{ "fcntl", 6, do_fcntl, .arg = {
		FD, { "command", K_CHOICE, VALUES(F_SETFL, F_SETOWN, F_SETSIG, F_GETFL, F_SETFD,
			F_GETFD, F_GETOWN, F_GETSIG, F_SETOWN_EX, F_SETLK, F_SETLEASE,
			F_SETPIPE_SZ, F_NOTIFY, F_ADD_SEALS), .usual = F_SETFL },
		{ "value", K_CHOICE, VALUES(O_NONBLOCK, O_NONBLOCK | O_ASYNC, O_ASYNC, 0, 1,
			SIGUSR2, 64, 65, O_APPEND | O_DIRECT, -1) } } },
	{ "mmap", 3, do_mmap, .arg = {
		FD, { "map", K_MAP }, { "size", K_CHOICE, VALUES(4096, 4096, 12288, 12288, 20480,
			8192, 65536, 0, 1ULL << 40), .usual = 4096 },
		{ "protection", K_BITS, .usual = PROT_READ | PROT_WRITE,
		  .some = PROT_READ | PROT_WRITE | PROT_EXEC },
		{ "flags", K_CHOICE, VALUES(MAP_SHARED, MAP_PRIVATE, MAP_SHARED | MAP_POPULATE,
			MAP_SHARED_VALIDATE), .usual = MAP_SHARED },
		{ "offset", K_CHOICE, VALUES(0, 0, 4096, 65536, 1ULL << 32) } } },
	{ "munmap", 1, do_munmap, .arg = {
		{ "map", K_MAP }, { "offset", K_CHOICE, VALUES(0, 0, 4096) },
		{ "size", K_SIZE, .usual = 65536 } } },
	{ "poke", 12, do_poke, .free = 1, .arg = {
		{ "at", K_POINTER, .usual = POINTER(B_MAP, 0) }, { "value", K_NUMBER },
		{ "width", K_CHOICE, VALUES(4, 4, 8, 2, 1), .usual = 4 } } },
	{ "pipe", 1, do_pipe, .arg = { TO, { "other", K_FRESH, .usual = 2 } } },
	{ "splice", 1, do_splice, .arg = {
		FD, { "other", K_SLOT, .usual = 2 }, SIZE,
		{ "how", K_NUMBER, .some = 2 } } },
	{ "fstat", 1, do_fstat, .arg = { FD } },
	{ "fdinfo", 1, do_fdinfo, .arg = { FD } },

	/* Nodes. */
	{ "chmod", 1, do_chmod, .arg = {
		NAME, { "mode", K_NUMBER, .usual = 0600, .some = 0777 } } },
	{ "chown", 1, do_chown, .arg = {
		NAME, { "uid", K_CHOICE, VALUES(0, 1000, -1) },
		{ "gid", K_CHOICE, VALUES(0, 1000, -1) } } },
	{ "unlink", 1, do_unlink, .arg = { NAME } },

	/* netlink. */
	{ "netlink", 2, do_netlink, .arg = { TO } },
	{ "request", 6, do_request, .arg = {
		FD, { "at", K_POINTER, .usual = POINTER(B_RW, AREA_DATA) },
		{ "command", K_NUMBER, .usual = IPCQ_CMD_QUEUE_GET, .some = IPCQ_CMD_MAX + 1 },
		{ "flags", K_BITS, .usual = NLM_F_REQUEST,
		  .some = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | NLM_F_DUMP },
		{ "type", K_CHOICE, VALUES(0, 0, 0, 0, GENL_ID_CTRL, 1, 2, 3) },
		{ "version", K_NUMBER, .usual = IPCQ_FAMILY_VERSION, .some = 2 },
		{ "attr", K_NUMBER, .some = IPCQ_A_QUEUE_MAX + 1 },
		{ "value", K_NUMBER, .some = 4 },
		{ "width", K_CHOICE, VALUES(4, 4, 8, 2, 1, 0, 64), .usual = 4 },
		{ "attr2", K_NUMBER, .some = IPCQ_A_QUEUE_MAX + 1 },
		{ "value2", K_NUMBER, .some = 4 },
		{ "width2", K_CHOICE, VALUES(4, 4, 8, 2, 1, 0, 64), .usual = 4 },
		{ "bits", K_BITS, .some = NLA_F_NESTED | NLA_F_NET_BYTEORDER },
		{ "less", K_CHOICE, VALUES(0, 0, 0, 1, 4, 8, 20, -4, -64) } } },
	{ "reply", 6, do_reply, .arg = {
		FD, DATA, { "size", K_SIZE, .usual = 8192 },
		{ "flags", K_BITS, .some = MSG_PEEK | MSG_TRUNC } } },
	{ "group", 2, do_group, .arg = {
		FD, { "option", K_CHOICE, VALUES(NETLINK_ADD_MEMBERSHIP,
			NETLINK_DROP_MEMBERSHIP, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK,
			NETLINK_CAP_ACK, NETLINK_NO_ENOBUFS), .usual = NETLINK_ADD_MEMBERSHIP },
		{ "more", K_NUMBER, .some = 2 } } },

	/* Threads, processes, users. */
	{ "signal", 2, do_signal, .free = 1, .arg = {
		{ "signo", K_NUMBER, .usual = SIGUSR2, .some = 64 },
		{ "thread", K_NUMBER, .some = 2 } } },
	{ "mask", 1, do_mask, .free = 1, .arg = {
		{ "how", K_NUMBER, .some = 2 }, { "signals", K_NUMBER } } },
	{ "user", 2, do_user, .free = 1, .arg = {
		{ "uid", K_CHOICE, VALUES(0, 1000, 1001) } } },
	{ "yield", 3, do_yield, .free = 1, .arg = {
		{ "times", K_NUMBER, .usual = 1, .some = 8 } } },
	{ "child", 1, do_child, .free = 1, .arg = {
		{ "ops", K_NUMBER, .usual = 2, .some = 6 },
		{ "files", K_NUMBER, .some = 1 }, { "kill", K_NUMBER, .some = 1 } } },
};

const unsigned int nr_op_types = sizeof(op_types) / sizeof(*op_types);
