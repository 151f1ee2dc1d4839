// SPDX-License-Identifier: GPL-2.0-only
/* Frames that replace each other in place on a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "screen.h"

#define HIDE_CURSOR	"\033[?25l"
#define SHOW_CURSOR	"\033[?25h"
#define CLEAR_LINE	"\033[K"
#define CLEAR_BELOW	"\033[J"
#define CLEAR_SCREEN	"\033[H\033[2J"
#define COLOUR_END	"\033[0m"

static unsigned int lines_shown;

void screen_measure(struct style *style)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) {
		style->width = 80;
		style->height = 24;
		return;
	}
	style->width = size.ws_col;
	style->height = size.ws_row;
}

/* Bytes of an escape sequence that ends in a letter; 0 if there is none here. */
static size_t escape_sequence(const char *at)
{
	size_t length;

	if (at[0] != '\033' || at[1] != '[')
		return 0;
	length = 2 + strspn(at + 2, "0123456789;");
	return at[length] ? length + 1 : 0;
}

/* A line that wrapped would shift all that is drawn after it. */
static void put_line(const char *line, size_t length, unsigned int width)
{
	const char *end = line + length;
	bool coloured = false;

	while (line < end) {
		size_t sequence = escape_sequence(line);
		/* Continuation bytes take no column. */
		bool start = !sequence && (*line & 0xc0) != 0x80;

		if (start && !width)
			break;
		width -= start;
		coloured |= sequence;
		sequence = sequence ? sequence : 1;
		fwrite(line, 1, sequence, stdout);
		line += sequence;
	}
	fputs(coloured ? COLOUR_END CLEAR_LINE "\n" : CLEAR_LINE "\n", stdout);
}

static unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* The last row stays free: a line feed there would scroll. */
static void put_lines(const char *frame, const struct style *style)
{
	unsigned int lines = count_lines(frame);
	unsigned int room = style->height > 2 ? style->height - 1 : 1;
	unsigned int whole = lines > room ? room - 1 : lines;

	for (lines_shown = 0; lines_shown < whole; lines_shown++) {
		size_t length = strcspn(frame, "\n");

		put_line(frame, length, style->width);
		frame += length + 1;
	}
	if (lines > room) {
		char *more = text("... %u more lines", lines - whole);

		put_line(more, strlen(more), style->width);
		free(more);
		lines_shown++;
	}
}

void screen_show(const char *frame, const struct style *style)
{
	if (!style->terminal) {
		fputs(frame, stdout);
		fflush(stdout);
		return;
	}
	fputs(HIDE_CURSOR, stdout);
	if (lines_shown)
		printf("\033[%uA", lines_shown);
	putchar('\r');
	put_lines(frame, style);
	fputs(CLEAR_BELOW, stdout);
	fflush(stdout);
}

void screen_restart(const struct style *style)
{
	if (style->terminal)
		fputs(CLEAR_SCREEN, stdout);
	lines_shown = 0;
}

void screen_leave(const struct style *style)
{
	if (style->terminal)
		fputs(SHOW_CURSOR, stdout);
	fflush(stdout);
}
