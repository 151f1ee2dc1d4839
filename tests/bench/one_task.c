// SPDX-License-Identifier: GPL-2.0-only
/* What the scenarios share in which one task sends and receives. */
#include "payload.h"
#include "scenario.h"

void one_task_open(struct one_task *task, const struct mechanism *mech,
		   const struct need *need)
{
	channel_open(&task->channel, mech, need);
	task->out = payload_new(need->size);
	task->in = payload_buffer(need->size);
}

void one_task_close(struct one_task *task)
{
	payload_check(&task->channel, task->out, task->in);
	channel_close(&task->channel);
	payload_free(task->out);
	payload_free(task->in);
}

void one_task_work(void *arg, unsigned int messages)
{
	struct one_task *task = arg;
	struct channel *channel = &task->channel;
	const struct mechanism *mech = channel->mech;

	while (messages--) {
		mech->send(channel, task->out, channel->need.size);
		mech->recv(channel, task->in, channel->need.size);
	}
}

unsigned int window_messages(const struct plan *plan, size_t size)
{
	unsigned int messages = plan->counted ? 32 : 256;

	while (messages > 1 && messages * size > 65536)
		messages /= 2;
	return messages;
}
