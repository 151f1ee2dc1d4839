/* SPDX-License-Identifier: GPL-2.0-only */
/* Let the Nth thing in the kernel that can fail, fail. */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

/**
 * struct inject - what is needed to let things fail in the calling thread
 * @fd: the thread's fail-nth
 */
struct inject {
	int fd;
};

int inject_begin(struct inject *inject);
void inject_end(struct inject *inject);
void inject_nth(struct inject *inject, unsigned int n);
bool inject_was_hit(struct inject *inject);

/**
 * struct sites - what became of an operation, failure by failure
 * @hit: sites that failed, so far
 * @survived: of these, how often the operation succeeded all the same
 * @errs: how often it failed, by errno
 */
struct sites {
	unsigned int hit;
	unsigned int survived;
	unsigned int errs[256];
};

void sites_add(struct sites *sites, long result);
void sites_print(const struct sites *sites, const char *operation);

#endif /* INJECT_H */
