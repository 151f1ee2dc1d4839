// SPDX-License-Identifier: GPL-2.0-only
/* Pairs of AF_UNIX sockets; several messages go with sendmmsg(2) where they are kept apart. */
#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "mechanisms/all.h"

/* What the kernel charges a message for beyond its bytes, at the most. */
#define SKB_OVERHEAD	2048

/**
 * struct many - the arguments of one sendmmsg or recvmmsg
 * @count: messages
 * @vector: the buffer, the same for all
 * @headers: of the messages
 */
struct many {
	unsigned int count;
	struct iovec vector;
	struct mmsghdr *headers;
};

static void open_pair(struct channel *channel, int type)
{
	size_t room = (channel->need.size * 2 + SKB_OVERHEAD) * channel->need.depth;
	int fds[2], half;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds))
		err(1, "socketpair");
	/* The kernel doubles it. */
	half = room > 1u << 30 ? 1 << 29 : room / 2;
	if (half > 1 << 16 && setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &half, sizeof(half)))
		err(1, "SO_SNDBUFFORCE");
	channel->recv_fd = fds[0];
	channel->send_fd = fds[1];
}

static void stream_open(struct channel *channel)
{
	open_pair(channel, SOCK_STREAM);
}

static void open_with_many(struct channel *channel, int type)
{
	channel->state = calloc(1, sizeof(struct many));
	if (!channel->state)
		err(1, NULL);
	open_pair(channel, type);
}

static void dgram_open(struct channel *channel)
{
	open_with_many(channel, SOCK_DGRAM);
}

static void seqpacket_open(struct channel *channel)
{
	open_with_many(channel, SOCK_SEQPACKET);
}

static void close_with_many(struct channel *channel)
{
	struct many *many = channel->state;

	free(many->headers);
	free(many);
	close_descriptors(channel);
}

static void send_packet(struct channel *channel, char *data, size_t size)
{
	ssize_t sent;

	sent = send(channel->send_fd, data, size, 0);
	if (sent != (ssize_t)size)
		err(1, "%s: send: %zd", channel->mech->name, sent);
}

static void recv_packet(struct channel *channel, char *data, size_t size)
{
	ssize_t got;

	got = recv(channel->recv_fd, data, size, 0);
	if (got != (ssize_t)size)
		err(1, "%s: recv: %zd", channel->mech->name, got);
}

static struct mmsghdr *headers(struct channel *channel, char *data, size_t size,
			       unsigned int count)
{
	struct many *many = channel->state;
	unsigned int i;

	if (many->count != count) {
		free(many->headers);
		many->headers = calloc(count, sizeof(*many->headers));
		if (!many->headers)
			err(1, NULL);
		for (i = 0; i < count; i++) {
			many->headers[i].msg_hdr.msg_iov = &many->vector;
			many->headers[i].msg_hdr.msg_iovlen = 1;
		}
		many->count = count;
	}
	many->vector = (struct iovec){ .iov_base = data, .iov_len = size };
	return many->headers;
}

static void send_packets(struct channel *channel, char *data, size_t size,
			 unsigned int count)
{
	int sent;

	sent = sendmmsg(channel->send_fd, headers(channel, data, size, count), count, 0);
	if (sent != (int)count)
		err(1, "%s: sendmmsg: %d", channel->mech->name, sent);
}

static void recv_packets(struct channel *channel, char *data, size_t size,
			 unsigned int count)
{
	int got;

	got = recvmmsg(channel->recv_fd, headers(channel, data, size, count), count, 0, NULL);
	if (got != (int)count)
		err(1, "%s: recvmmsg: %d", channel->mech->name, got);
}

const struct mechanism unix_stream_mechanism = {
	.name = "unix-stream",
	.what = "write, read",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL,
	.open = stream_open,
	.send = send_by_write,
	.recv = recv_by_read,
	.close = close_descriptors,
};

const struct mechanism unix_dgram_mechanism = {
	.name = "unix-dgram",
	.what = "send, recv; sendmmsg, recvmmsg",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL,
	.open = dgram_open,
	.send = send_packet,
	.recv = recv_packet,
	.send_many = send_packets,
	.recv_many = recv_packets,
	.close = close_with_many,
};

const struct mechanism unix_seqpacket_mechanism = {
	.name = "unix-seqpacket",
	.what = "send, recv; sendmmsg, recvmmsg",
	.can = CAN_DELIVER | CAN_SHARE | CAN_POLL,
	.open = seqpacket_open,
	.send = send_packet,
	.recv = recv_packet,
	.send_many = send_packets,
	.recv_many = recv_packets,
	.close = close_with_many,
};
