/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page that answers when the test says so.  While a call copies into it or out of it,
 * the test can do to the queue what it likes.
 */
#ifndef SLOW_PAGE_H
#define SLOW_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct slow_page {
	int uffd;
	char *at;
	size_t size;
};

int slow_page(struct slow_page *p, size_t size);
bool slow_page_is_touched(struct slow_page *p);
int slow_page_refuse(struct slow_page *p);
int slow_page_grant(struct slow_page *p);

#endif /* SLOW_PAGE_H */
