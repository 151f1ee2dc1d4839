/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures as people read them. */
#ifndef IPCQ_STAT_FORMAT_H
#define IPCQ_STAT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

/* How the output is to look. */
struct style {
	bool exact;		/* figures in full, without units */
	bool terminal;		/* the output is one */
	bool colour;
	bool utf8;
	bool headings;
	unsigned int width;	/* columns of the terminal; 0: no limit */
	unsigned int height;	/* rows of the terminal; 0: no limit */
};

/* All of them return a string that the caller frees. */

char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* 12345 or, in thousands, 12.3k */
char *format_count(uint64_t count, const struct style *style);

/* 12345 or, in powers of 1024, 12.1K */
char *format_bytes(uint64_t bytes, const struct style *style);

/* Seconds with 6 digits, or with one unit: 3.2s; 2m05s */
char *format_duration(uint64_t ns, const struct style *style);

/* The name of the user, or the number of one that has none. */
char *format_user(uint32_t uid);
char *format_group(uint32_t gid);

/*
 * What a program chose to call itself, safe to show on a terminal and valid as
 * UTF-8: control characters and broken sequences become question marks.
 */
char *format_foreign(const char *bytes);

/* Columns that a string takes, if every character takes one. */
unsigned int display_width(const char *string);

/* Bytes of the longest prefix that takes no more than this many columns. */
unsigned int display_prefix(const char *string, unsigned int columns);

#endif
