/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables that fit a terminal, and keep every column elsewhere. */
#ifndef IPCQ_STAT_TABLE_H
#define IPCQ_STAT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "format.h"

/* How a column gives way when the terminal is narrow. */
enum yielding {
	YIELD_NOT,
	YIELD_CUT,	/* long texts are cut */
	YIELD_STRETCH,	/* drawn to the width there is, within reason */
};

struct column {
	const char *heading;
	const char *short_heading;	/* on a narrow terminal; NULL: the same */
	bool right;			/* figures are aligned to the right */
	enum yielding yielding;
	unsigned int rank;		/* the greatest is left out first; 0 never */
	/* The text of a cell, which the caller frees.  width: for STRETCH. */
	char *(*cell)(const void *row, const struct style *style, unsigned int width);
	/* The escape sequence of its colour; NULL for none. */
	const char *(*colour)(const void *row);
};

struct table {
	const struct column *const *columns;
	size_t nr_columns;
	const void *rows;
	size_t nr_rows;
	size_t row_size;
	bool keep_columns;		/* the user chose them: leave none out */
	/* Prints whole lines below a row; may be NULL. */
	void (*below)(FILE *out, const void *row, const struct style *style);
};

/* Defines cell_WHICH(), whose row is a TYPE called VAR in the expression. */
#define CELL(which, type, var, expression)					\
	static char *cell_##which(const void *row, const struct style *style,	\
				  unsigned int width)				\
	{									\
		const type *var = row;						\
										\
		(void)style;							\
		(void)width;							\
		return expression;						\
	}

void table_print(FILE *out, const struct table *table, const struct style *style);

/*
 * Chooses columns by the names of their headings, in any case, with commas
 * between.  Returns how many, and an array that the caller frees; or 0, and the
 * offending name through *unknown.
 */
size_t table_choose(const char *names, const struct column *all, size_t nr_all,
		    const struct column ***chosen, char **unknown);

#endif
