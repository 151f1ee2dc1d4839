// SPDX-License-Identifier: GPL-2.0-only
/* Gets the queues that the user asked for, or says why not. */
#include <err.h>
#include <errno.h>
#include <string.h>

#include "exits.h"
#include "view.h"

static const char *advice(const struct selector *selector, int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
		if (selector->name && selector->name[strspn(selector->name, "0123456789.")] == '\0')
			return "; a number is written id:N, an interval --watch=SECONDS";
		return "; 'ipcq-stat' alone lists those there are";
	case EACCES:
	case EPERM:
		return "; try sudo";
	default:
		return "";
	}
}

void complain(const struct request *request, const struct selector *selector, int error)
{
	const char *reason = family_error(request->family);

	if (selector->name)
		warnx("queue '%s': %s%s", selector->name, reason, advice(selector, -error));
	else
		warnx("queue id:%u: %s%s", selector->id, reason, advice(selector, -error));
}

static int collect_all(const struct request *request, struct queue_list *list)
{
	int status = family_dump_queues(request->family, list);

	if (status < 0) {
		warnx("cannot list the queues: %s", family_error(request->family));
		return EXIT_FAILED;
	}
	if (status > 0)
		warnx("queues came and went while they were listed; one of those may be missing");
	return EXIT_OK;
}

int collect_queues(const struct request *request, struct queue_list *list)
{
	int result = EXIT_OK;
	size_t i;

	if (!request->nr_selectors)
		return collect_all(request, list);
	queue_list_clear(list);
	for (i = 0; i < request->nr_selectors; i++) {
		int status = family_get_queue(request->family, &request->selectors[i],
					      queue_list_add(list));

		if (!status)
			continue;
		list->count--;
		complain(request, &request->selectors[i], status);
		result = EXIT_FAILED;
	}
	return result;
}
