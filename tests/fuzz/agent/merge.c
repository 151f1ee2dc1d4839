// SPDX-License-Identifier: GPL-2.0-only
/* The cases, and of them the operations, that it takes to reach what all of them reach. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cover.h"
#include "merge.h"
#include "runner.h"

static struct cover_map all, one;

/* What a case reaches that no case before it did. */
static struct {
	uint32_t n;
	uint32_t place[COVER_MAP];
} own;

static void run(const struct fuzz_case *c)
{
	memset(&one, 0, sizeof(one));
	runner_run(c);
	cover_end(&one);
	runner_reset();
}

static void find_own(const struct fuzz_case *c)
{
	const char *first = (const char *)one.place, *end = first + COVER_MAP, *at;

	own.n = 0;
	run(c);
	for (at = first; (at = memchr(at, 1, end - at)); at++) {
		if (!all.place[at - first])
			own.place[own.n++] = at - first;
	}
}

static bool reaches_own(const struct fuzz_case *c)
{
	uint32_t i;

	run(c);
	for (i = 0; i < own.n; i++) {
		if (!one.place[own.place[i]])
			return false;
	}
	return true;
}

/* Leave out what it does not need for that: the half of it, a quarter, and so on. */
static void trim(struct fuzz_case *c)
{
	unsigned int size, at;
	struct fuzz_case less;

	for (size = c->ops / 2; size; size /= 2) {
		for (at = 0; at + size <= c->ops && size < c->ops;) {
			case_copy(&less, c);
			less.ops -= size;
			memmove(&less.op[at], &less.op[at + size],
				(less.ops - at) * sizeof(*less.op));
			if (reaches_own(&less))
				case_copy(c, &less);
			else
				at += size;
		}
	}
}

static void keep(FILE *file, const struct fuzz_case *c)
{
	uint32_t i;

	case_print(file, c);
	for (i = 0; i < own.n; i++)
		all.place[own.place[i]] = 1;
	all.places += own.n;
}

/*
 * Write the cases that were given, as far as it takes them: the shorter ones first.  In
 * this process alone, so that what a case reaches is its own.  0 or a negative errno.
 */
int merge(const struct corpus *corpus, const char *path)
{
	unsigned int size, i, kept = 0;
	struct fuzz_case c;
	FILE *file;
	int err;

	err = runner_init(0);
	if (err)
		return err;
	file = fopen(path, "w");
	if (!file)
		return -errno;
	for (size = 1; size <= CASE_OPS; size++) {
		for (i = 0; i < corpus->given; i++) {
			if (corpus->c[i].ops != size)
				continue;
			find_own(&corpus->c[i]);
			if (!own.n)
				continue;
			case_copy(&c, &corpus->c[i]);
			trim(&c);
			keep(file, &c);
			kept++;
		}
	}
	printf("# %u of %u cases reach all of %u places\n", kept, corpus->given, all.places);
	return fclose(file) ? -errno : 0;
}
