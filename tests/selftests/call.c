// SPDX-License-Identifier: GPL-2.0-only
/* Calls that may block, each in a thread of its own. */
#include <stddef.h>

#include "call.h"
#include "ipcq_test.h"

static int make_call(struct call *c)
{
	switch (c->kind) {
	case CALL_SEND:
		return msg_send(c->fd, &c->msg);
	case CALL_RECV:
		return msg_recv(c->fd, &c->msg);
	case CALL_WRITE:
		return RESULT(write(c->fd, c->text, strlen(c->text)));
	case CALL_READ:
		return RESULT(read(c->fd, c->text, sizeof(c->text) - 1));
	}
	return -EINVAL;
}

static void *call_main(void *arg)
{
	struct call *c = arg;

	c->result = make_call(c);
	c->ended_ns = now_ns();
	atomic_store(&c->done, true);
	return NULL;
}

static int call_start(struct call *c, enum call_kind kind, int fd, const char *text)
{
	memset(c, 0, offsetof(struct call, msg));
	memset(c->text, 0, sizeof(c->text));
	c->kind = kind;
	c->fd = fd;
	strncpy(c->text, text, sizeof(c->text) - 1);
	atomic_store(&c->done, false);
	return -pthread_create(&c->thread, NULL, call_main, c);
}

/* SEND.  @msg says everything but the payload.  0 or a negative errno. */
int call_send(struct call *c, int fd, const char *text, struct ipcq_msg msg)
{
	c->msg = msg;
	c->msg.data = (uintptr_t)c->text;
	c->msg.size = strlen(text);
	return call_start(c, CALL_SEND, fd, text);
}

/* RECV.  @msg.size may give less room than there is. */
int call_recv(struct call *c, int fd, struct ipcq_msg msg)
{
	c->msg = msg;
	c->msg.data = (uintptr_t)c->text;
	if (!c->msg.size)
		c->msg.size = sizeof(c->text) - 1;
	return call_start(c, CALL_RECV, fd, "");
}

int call_write(struct call *c, int fd, const char *text)
{
	return call_start(c, CALL_WRITE, fd, text);
}

int call_read(struct call *c, int fd)
{
	return call_start(c, CALL_READ, fd, "");
}

/* Has it returned? */
bool call_is_done(struct call *c)
{
	return atomic_load(&c->done);
}

/* Await its return.  What it returned, or a negative errno. */
int call_end(struct call *c)
{
	pthread_join(c->thread, NULL);
	return c->result;
}
