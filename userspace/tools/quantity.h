/* SPDX-License-Identifier: GPL-2.0-only */
/* Quantities as people read them. */
#ifndef QUANTITY_H
#define QUANTITY_H

#include <stdint.h>

#define QUANTITY_SIZE	32

/* "512 B", "4.0 KiB", "1.5 MiB". */
void format_bytes(char text[QUANTITY_SIZE], uint64_t bytes);

/* "sent 12 messages, 4.0 KiB, in 1.5 s (8/s)", on stderr; @done is the verb. */
void report_summary(const char *done, uint64_t messages, uint64_t bytes, int64_t ns);

/* The ending of a noun of which there are @n. */
#define PLURAL(n)	((n) == 1 ? "" : "s")

#endif /* QUANTITY_H */
