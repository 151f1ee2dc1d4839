// SPDX-License-Identifier: GPL-2.0-only
/* Follows what the kernel announces. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "exits.h"
#include "json.h"
#include "queues.h"
#include "signals.h"
#include "view.h"

struct follower {
	const struct request *request;
	unsigned long shown;
};

static void print_time(void)
{
	struct timespec now;
	struct tm local;
	char clock[16] = "";

	clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &local))
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	printf("%s.%03ld ", clock, now.tv_nsec / 1000000);
}

static void print_fill(const struct event *event, const struct style *style)
{
	char *depth = format_count(event->depth, style);
	char *max_msgs = format_count(event->max_msgs, style);
	char *bytes = format_bytes(event->bytes, style);
	char *max_bytes = format_bytes(event->max_bytes, style);

	printf(" messages=%s/%s bytes=%s/%s", depth, max_msgs, bytes, max_bytes);
	free(depth);
	free(max_msgs);
	free(bytes);
	free(max_bytes);
}

static void print_text(const struct event *event, const struct style *style)
{
	const char *name = event_name(event->command);
	char *label = queue_label(event->name, 0);
	char *owner = format_user(event->uid);

	print_time();
	if (name)
		printf("%-10s", name);
	else
		printf("command-%u", event->command);
	printf(" %s id=%u owner=%s", label, event->id, owner);
	print_fill(event, style);
	if (event->command == IPCQ_CMD_DROPPED_NTF) {
		const char *reason = drop_reason_name(event->drop_reason);
		char *dropped = format_count(event->dropped, style);

		printf(" lost=%s", dropped);
		if (reason)
			printf(" reason=%s", reason);
		else
			printf(" reason=%u", event->drop_reason);
		free(dropped);
	}
	putchar('\n');
	free(label);
	free(owner);
}

static bool wanted(const struct request *request, const struct event *event)
{
	size_t i;

	for (i = 0; i < request->nr_selectors; i++)
		if (selector_matches(&request->selectors[i], event->id, event->name))
			return true;
	return !request->nr_selectors;
}

/* False when that was enough. */
static bool show(const struct event *event, void *arg)
{
	struct follower *follower = arg;
	const struct request *request = follower->request;

	if (!wanted(request, event))
		return true;
	if (request->json)
		json_event(stdout, event);
	else
		print_text(event, &request->style);
	follower->shown++;
	return follower->shown != request->count;
}

static void report_loss(const struct request *request)
{
	if (request->json)
		json_event(stdout, NULL);
	warnx("events were lost: they came faster than they were read");
}

static bool enough(const struct follower *follower)
{
	return follower->request->count && follower->shown >= follower->request->count;
}

int view_events(const struct request *request)
{
	struct follower follower = { .request = request };
	int status = family_follow(request->family);

	if (status == -EPERM) {
		warnx("following events takes CAP_NET_ADMIN: sudo ipcq-stat --events");
		return EXIT_FAILED;
	}
	if (status) {
		warnx("cannot follow events: %s", family_error(request->family));
		return EXIT_FAILED;
	}
	if (request->style.terminal)
		fprintf(stderr, "Following events; Ctrl-C ends.\n");

	while (!enough(&follower) && !ferror(stdout)) {
		if (signals_wait(family_fd(request->family), 0) == WAKE_UNREAD)
			return signals_unread();
		status = family_read_events(request->family, show, &follower);
		if (status == -ENOBUFS) {
			report_loss(request);
		} else if (status) {
			warnx("cannot follow events: %s", family_error(request->family));
			return EXIT_FAILED;
		}
		fflush(stdout);
	}
	return EXIT_OK;
}
