/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes cases, and new ones of others. */
#ifndef MUTATE_H
#define MUTATE_H

#include "case.h"
#include "random.h"

void case_generate(struct random *r, struct fuzz_case *c);
void case_mutate(struct random *r, struct fuzz_case *c, const struct fuzz_case *other);

#endif /* MUTATE_H */
