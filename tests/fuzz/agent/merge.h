/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MERGE_H
#define MERGE_H

#include "corpus.h"

int merge(const struct corpus *corpus, const char *path);

#endif /* MERGE_H */
