// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "corpus.h"

unsigned int corpus_size(const struct corpus *corpus)
{
	return corpus->taken < CORPUS_MOST ? corpus->taken : CORPUS_MOST;
}

/* A case, or NULL if it is just being added. */
const struct fuzz_case *corpus_case(const struct corpus *corpus, unsigned int index)
{
	return corpus->ready[index] ? &corpus->c[index] : NULL;
}

/* Once there are too many, no more are kept. */
void corpus_add(struct corpus *corpus, const struct fuzz_case *c)
{
	uint32_t at;

	if (corpus->taken >= CORPUS_MOST)
		return;
	at = atomic_fetch_add(&corpus->taken, 1);
	if (at >= CORPUS_MOST)
		return;
	case_copy(&corpus->c[at], c);
	corpus->ready[at] = 1;
}

/* Add the cases of a file.  Returns 0, or says what is wrong and returns -1. */
int corpus_load(struct corpus *corpus, const char *path)
{
	struct fuzz_case c;
	char error[200];
	FILE *file;
	int more;

	file = fopen(path, "r");
	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((more = case_read(file, &c, error, sizeof(error))) > 0)
		corpus_add(corpus, &c);
	if (more < 0)
		fprintf(stderr, "%s: %s\n", path, error);
	fclose(file);
	corpus->given = corpus_size(corpus);
	return more;
}

/* Write the cases, but for the first @from.  Returns 0 or a negative errno. */
int corpus_save(const struct corpus *corpus, const char *path, unsigned int from)
{
	unsigned int i;
	FILE *file;

	file = fopen(path, "w");
	if (!file)
		return -errno;
	for (i = from; i < corpus_size(corpus); i++) {
		if (corpus->ready[i])
			case_print(file, &corpus->c[i]);
	}
	return fclose(file) ? -errno : 0;
}
