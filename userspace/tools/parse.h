/* SPDX-License-Identifier: GPL-2.0-only */
/* Text to values, strictly: all of the text, no sign, no blanks, in range. */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal, at least @min and at most @max. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* Bytes: a number, or one with K, M or G for powers of 1024 ("64K", "1MiB"). */
bool parse_size(const char *text, uint64_t *bytes);

/*
 * A time: "1.5" or "1.5s" seconds, "500ms", "20us", "100ns", "2m" minutes, "1h"
 * hours.
 */
bool parse_duration(const char *text, int64_t *ns);

/* So many a second ("1000", "0.5"), as the nanoseconds from one to the next. */
bool parse_rate(const char *text, int64_t *interval_ns);

/* Permission bits in octal, 0 to 0777. */
bool parse_mode(const char *text, uint32_t *mode);

/* A user or a group by name or by number. */
bool parse_user(const char *text, uint32_t *uid);
bool parse_group(const char *text, uint32_t *gid);

#endif /* PARSE_H */
