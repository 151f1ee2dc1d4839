// SPDX-License-Identifier: GPL-2.0-only
/* Others wait for the queue with epoll; each message has to be told to them. */
#include <err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "scenarios/all.h"

static const struct scenario_case numbers[] = {
	{ .name = "0", .number = 0 },
	{ .name = "1", .number = 1 },
	{ .name = "16", .number = 16 },
	{ .name = "100", .number = 100 },
	{ 0 }
};

static int poller(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll == -1)
		err(1, "epoll_create1");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "EPOLL_CTL_ADD");
	return epoll;
}

static struct figure measure_pollers(const struct plan *plan, const struct mechanism *mech,
				     const struct scenario_case *variant, size_t size)
{
	struct need need = { .size = size, .depth = 2 };
	struct one_task task;
	struct figure figure;
	unsigned int i;
	int *epolls;

	epolls = calloc(variant->number + 1, sizeof(*epolls));
	if (!epolls)
		err(1, NULL);
	one_task_open(&task, mech, &need);
	for (i = 0; i < variant->number; i++)
		epolls[i] = poller(task.channel.recv_fd);
	figure = sample_work(plan, one_task_work, &task, window_messages(plan, size));
	for (i = 0; i < variant->number; i++)
		close(epolls[i]);
	one_task_close(&task);
	free(epolls);
	return figure;
}

const struct scenario pollers_scenario = {
	.name = "pollers",
	.what = "send and receive in one task while so many epoll descriptors watch the queue",
	.needs = CAN_POLL,
	.cases = numbers,
	.counted_sizes = size_64,
	.measure = measure_pollers,
};
