// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <unistd.h>

#include "mechanism.h"

void channel_open(struct channel *channel, const struct mechanism *mech,
		  const struct need *need)
{
	*channel = (struct channel){
		.mech = mech, .need = *need, .recv_fd = -1, .send_fd = -1,
	};
	mech->open(channel);
}

void channel_close(struct channel *channel)
{
	channel->mech->close(channel);
}

void channel_send_many(struct channel *channel, char *data, unsigned int count)
{
	const struct mechanism *mech = channel->mech;

	if (mech->send_many) {
		mech->send_many(channel, data, channel->need.size, count);
		return;
	}
	while (count--)
		mech->send(channel, data, channel->need.size);
}

void channel_recv_many(struct channel *channel, char *data, unsigned int count)
{
	const struct mechanism *mech = channel->mech;

	if (mech->recv_many) {
		mech->recv_many(channel, data, channel->need.size, count);
		return;
	}
	while (count--)
		mech->recv(channel, data, channel->need.size);
}

void channel_reply(struct channel *to, char *out, struct channel *from, char *in)
{
	const struct mechanism *mech = to->mech;

	if (mech->reply) {
		mech->reply(to, out, from, in, to->need.size);
		return;
	}
	mech->send(to, out, to->need.size);
	mech->recv(from, in, from->need.size);
}

void close_descriptors(struct channel *channel)
{
	close(channel->recv_fd);
	if (channel->send_fd != channel->recv_fd)
		close(channel->send_fd);
}

void send_by_write(struct channel *channel, char *data, size_t size)
{
	ssize_t sent;

	/* A stream may take a long message in pieces. */
	do {
		sent = write(channel->send_fd, data, size);
		if (sent <= 0)
			err(1, "%s: write: %zd", channel->mech->name, sent);
		data += sent;
		size -= sent;
	} while (size);
}

void recv_by_read(struct channel *channel, char *data, size_t size)
{
	ssize_t got;

	do {
		got = read(channel->recv_fd, data, size);
		if (got <= 0)
			err(1, "%s: read: %zd", channel->mech->name, got);
		data += got;
		size -= got;
	} while (size);
}
