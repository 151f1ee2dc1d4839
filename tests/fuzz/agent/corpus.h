/* SPDX-License-Identifier: GPL-2.0-only */
/* The cases that have reached something new: those of files, and those found. */
#ifndef CORPUS_H
#define CORPUS_H

#include "case.h"

#define CORPUS_MOST	4096

/**
 * struct corpus - cases, shared by all workers
 * @given: how many were read from files: those come first
 * @taken: how many places are taken
 * @ready: whether the case there can be used
 * @c: the cases; they stay as they are
 */
struct corpus {
	uint32_t given;
	_Atomic uint32_t taken;
	_Atomic uint8_t ready[CORPUS_MOST];
	struct fuzz_case c[CORPUS_MOST];
};

int corpus_load(struct corpus *corpus, const char *path);
void corpus_add(struct corpus *corpus, const struct fuzz_case *c);
unsigned int corpus_size(const struct corpus *corpus);
const struct fuzz_case *corpus_case(const struct corpus *corpus, unsigned int index);
int corpus_save(const struct corpus *corpus, const char *path, unsigned int from);

#endif /* CORPUS_H */
