/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the cases that are run are noted before they are, so that the last ones are known
 * when the machine has come to its end: memory of a device that is a file of the host, or
 * any other file.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdint.h>

#include "case.h"

int place_open(const char *path);
void place_note(unsigned int worker, uint64_t number, uint64_t operations,
		const struct fuzz_case *c);
int place_show(const char *path, const char *directory);
void place_print(FILE *file, unsigned int worker);

#endif /* PLACE_H */
