/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of queues that cases use. */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>

#include <linux/ipcq.h>

enum {
	NAME_ANONYMOUS,
	NAME_OWN_A,	/* of one worker */
	NAME_OWN_B,
	NAME_BOTH_A,	/* the same for all workers */
	NAME_BOTH_B,
	NAME_LONG,	/* as long as may be; of one worker */
	NAME_DEFAULT,
	/* Those that follow are invalid. */
	NAME_HIDDEN,
};

/**
 * struct name - a name of a queue
 * @word: in the text of cases
 * @text: the name; one of a worker has its number at the end
 * @own: one of a worker
 */
struct name {
	const char *word;
	const char *text;
	bool own;
};

extern const struct name name_table[];
extern const unsigned int names;

void name_fill(char to[IPCQ_NAME_MAX + 1], unsigned int name, unsigned int worker);

#endif /* NAMES_H */
