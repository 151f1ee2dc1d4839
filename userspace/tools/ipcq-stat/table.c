// SPDX-License-Identifier: GPL-2.0-only
/* Tables that fit a terminal, and keep every column elsewhere. */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exits.h"
#include "table.h"

#define CUT_TO		8	/* columns that a text is cut to at most */
#define STRETCH_SHARE	4	/* of the terminal is what a stretched column wants */
#define STRETCH_MIN	10
#define STRETCH_MAX	40
#define STRETCH_PLAIN	20	/* where there is no terminal to fill */
#define COLOUR_END	"\033[0m"

struct layout {
	const struct table *table;
	const struct style *style;
	char **cells;		/* row by row; NULL where a cell is stretched */
	unsigned int *width;	/* of each column */
	bool *shown;
	bool short_headings;
};

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		err(EXIT_FAILED, "cannot lay out a table");
	return memory;
}

static const void *row_at(const struct table *table, size_t row)
{
	return (const char *)table->rows + row * table->row_size;
}

static char **cell_at(const struct layout *layout, size_t row, size_t column)
{
	return &layout->cells[row * layout->table->nr_columns + column];
}

static const char *heading(const struct layout *layout, size_t column)
{
	const struct column *c = layout->table->columns[column];

	return layout->short_headings && c->short_heading ? c->short_heading : c->heading;
}

static void fill_cells(struct layout *layout)
{
	const struct table *table = layout->table;
	size_t row, column;

	for (row = 0; row < table->nr_rows; row++)
		for (column = 0; column < table->nr_columns; column++) {
			const struct column *c = table->columns[column];

			if (c->yielding != YIELD_STRETCH)
				*cell_at(layout, row, column) =
					c->cell(row_at(table, row), layout->style, 0);
		}
}

static unsigned int stretch_wish(const struct style *style)
{
	if (!style->width)
		return STRETCH_PLAIN;
	if (style->width / STRETCH_SHARE < STRETCH_MIN)
		return STRETCH_MIN;
	return style->width / STRETCH_SHARE < STRETCH_MAX ? style->width / STRETCH_SHARE :
							    STRETCH_MAX;
}

static unsigned int natural_width(const struct layout *layout, size_t column)
{
	unsigned int width = 0, cell;
	size_t row;

	if (layout->table->columns[column]->yielding == YIELD_STRETCH)
		return stretch_wish(layout->style);
	if (layout->style->headings)
		width = display_width(heading(layout, column));
	for (row = 0; row < layout->table->nr_rows; row++) {
		cell = display_width(*cell_at(layout, row, column));
		if (cell > width)
			width = cell;
	}
	return width;
}

static void measure(struct layout *layout)
{
	size_t column;

	for (column = 0; column < layout->table->nr_columns; column++)
		layout->width[column] = natural_width(layout, column);
}

/* Of all columns shown, with a space between them. */
static unsigned int total_width(const struct layout *layout)
{
	unsigned int width = 0;
	size_t column;

	for (column = 0; column < layout->table->nr_columns; column++)
		if (layout->shown[column])
			width += layout->width[column] + 1;
	return width ? width - 1 : 0;
}

static unsigned int excess(const struct layout *layout)
{
	unsigned int width = total_width(layout);

	return width > layout->style->width ? width - layout->style->width : 0;
}

static void cut_texts(struct layout *layout)
{
	size_t column;

	for (column = 0; column < layout->table->nr_columns; column++) {
		unsigned int *width = &layout->width[column];
		unsigned int too_wide = excess(layout);

		if (layout->table->columns[column]->yielding != YIELD_CUT || *width <= CUT_TO)
			continue;
		*width = *width - CUT_TO > too_wide ? *width - too_wide : CUT_TO;
	}
}

/* False when every column left is to stay. */
static bool leave_one_out(struct layout *layout)
{
	size_t column, last = 0;
	unsigned int rank = 0;

	for (column = 0; column < layout->table->nr_columns; column++)
		if (layout->shown[column] && layout->table->columns[column]->rank > rank) {
			rank = layout->table->columns[column]->rank;
			last = column;
		}
	layout->shown[last] = !rank;
	return rank;
}

static void stretch(struct layout *layout)
{
	unsigned int width = total_width(layout);
	unsigned int spare = layout->style->width > width ? layout->style->width - width : 0;
	size_t column;

	for (column = 0; column < layout->table->nr_columns; column++) {
		unsigned int *stretched = &layout->width[column];

		if (layout->table->columns[column]->yielding != YIELD_STRETCH)
			continue;
		*stretched = *stretched + spare < STRETCH_MAX ? *stretched + spare : STRETCH_MAX;
		return;
	}
}

/* Short headings first, then shorter texts, then fewer columns. */
static void fit(struct layout *layout)
{
	measure(layout);
	if (!layout->style->width)
		return;
	if (excess(layout)) {
		layout->short_headings = true;
		measure(layout);
	}
	cut_texts(layout);
	while (!layout->table->keep_columns && excess(layout))
		if (!leave_one_out(layout))
			break;
	/* What has been left out may have made room to cut less. */
	if (!excess(layout)) {
		size_t column;

		for (column = 0; column < layout->table->nr_columns; column++) {
			if (layout->table->columns[column]->yielding != YIELD_CUT)
				continue;
			layout->width[column] = natural_width(layout, column);
		}
		cut_texts(layout);
	}
	stretch(layout);
}

static bool last_shown(const struct layout *layout, size_t column)
{
	while (++column < layout->table->nr_columns)
		if (layout->shown[column])
			return false;
	return true;
}

static void print_cell(FILE *out, const struct layout *layout, size_t column,
		       const char *string, const char *colour)
{
	unsigned int room = layout->width[column];
	unsigned int width = display_width(string);
	bool cut = width > room;
	unsigned int bytes = display_prefix(string, cut && room ? room - 1 : room);
	unsigned int blank = cut ? 0 : room - width;
	bool right = layout->table->columns[column]->right;

	if (right)
		fprintf(out, "%*s", (int)blank, "");
	fprintf(out, "%s%.*s%s%s", colour ? colour : "", (int)bytes, string, cut ? "+" : "",
		colour ? COLOUR_END : "");
	if (last_shown(layout, column))
		putc('\n', out);
	else
		fprintf(out, "%*s", (int)(right ? 0 : blank) + 1, "");
}

static void print_headings(FILE *out, const struct layout *layout)
{
	size_t column;

	for (column = 0; column < layout->table->nr_columns; column++)
		if (layout->shown[column])
			print_cell(out, layout, column, heading(layout, column), NULL);
}

static void print_row(FILE *out, const struct layout *layout, size_t row)
{
	const struct table *table = layout->table;
	size_t column;

	for (column = 0; column < table->nr_columns; column++) {
		const struct column *c = table->columns[column];
		const void *data = row_at(table, row);
		const char *colour = NULL;
		char **cell = cell_at(layout, row, column);

		if (!layout->shown[column])
			continue;
		if (!*cell)
			*cell = c->cell(data, layout->style, layout->width[column]);
		if (layout->style->colour && c->colour)
			colour = c->colour(data);
		print_cell(out, layout, column, *cell, colour);
	}
	if (table->below)
		table->below(out, row_at(table, row), layout->style);
}

void table_print(FILE *out, const struct table *table, const struct style *style)
{
	struct layout layout = {
		.table = table,
		.style = style,
		.cells = allocate(table->nr_rows * table->nr_columns, sizeof(*layout.cells)),
		.width = allocate(table->nr_columns, sizeof(*layout.width)),
		.shown = allocate(table->nr_columns, sizeof(*layout.shown)),
	};
	size_t i;

	for (i = 0; i < table->nr_columns; i++)
		layout.shown[i] = true;
	fill_cells(&layout);
	fit(&layout);
	if (style->headings)
		print_headings(out, &layout);
	for (i = 0; i < table->nr_rows; i++)
		print_row(out, &layout, i);

	for (i = 0; i < table->nr_rows * table->nr_columns; i++)
		free(layout.cells[i]);
	free(layout.cells);
	free(layout.width);
	free(layout.shown);
}

static const struct column *find_column(const char *name, size_t length,
					const struct column *all, size_t nr_all)
{
	size_t i;

	for (i = 0; i < nr_all; i++)
		if (strlen(all[i].heading) == length &&
		    !strncasecmp(all[i].heading, name, length))
			return &all[i];
	return NULL;
}

size_t table_choose(const char *names, const struct column *all, size_t nr_all,
		    const struct column ***chosen, char **unknown)
{
	/* No more names than characters. */
	const struct column **columns = allocate(strlen(names) + 1, sizeof(*columns));
	size_t count = 0;

	for (;;) {
		size_t length = strcspn(names, ",");

		columns[count] = find_column(names, length, all, nr_all);
		if (!columns[count]) {
			*unknown = text("%.*s", (int)length, names);
			free(columns);
			return 0;
		}
		count++;
		if (!names[length])
			break;
		names += length + 1;
	}
	*chosen = columns;
	return count;
}
