/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WRITE_ALL_H
#define WRITE_ALL_H

#include <stdbool.h>
#include <stddef.h>

/* Write all of it, however many calls that takes.  On failure errno says why. */
bool write_all(int fd, const char *data, size_t size);

#endif /* WRITE_ALL_H */
