// SPDX-License-Identifier: GPL-2.0-only
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "attr_show.h"
#include "json.h"
#include "quantity.h"

#define NR_COLUMNS	10
#define CELL_SIZE	(IPCQ_NAME_MAX + 1)
#define UNKNOWN		"-"

static const struct {
	unsigned int flag;
	const char *name;
} flag_names[] = {
	{ IPCQ_F_EPHEMERAL,	"ephemeral" },
	{ IPCQ_F_HANGUP,	"hangup" },
	{ IPCQ_F_UNLINKED,	"unlinked" },
	{ IPCQ_F_SHUT_SEND,	"shut-send" },
	{ IPCQ_F_SHUT_RECV,	"shut-recv" },
	{ IPCQ_F_MAPPED,	"mapped" },
};
#define NR_FLAGS	(sizeof(flag_names) / sizeof(flag_names[0]))

static const char *order_name(unsigned int order)
{
	return order == IPCQ_ORDER_PRIORITY ? "priority" : "fifo";
}

static void user_name(char *text, size_t size, uint32_t uid)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(text, size, "%s", user->pw_name);
	else
		snprintf(text, size, "%u", uid);
}

static void group_name(char *text, size_t size, uint32_t gid)
{
	const struct group *group = getgrgid(gid);

	if (group)
		snprintf(text, size, "%s", group->gr_name);
	else
		snprintf(text, size, "%u", gid);
}

/* As ls(1) shows permissions. */
static void mode_name(char text[10], uint32_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	int i;

	for (i = 0; i < 9; i++)
		text[i] = mode & (0400 >> i) ? letters[i] : '-';
	text[9] = '\0';
}

/* The names of the flags that are set, each between @quote, with @separator between. */
static void add_flags(struct buffer *out, unsigned int flags, const char *quote,
		      const char *separator)
{
	const char *before = "";
	size_t i;

	for (i = 0; i < NR_FLAGS; i++) {
		if (flags & flag_names[i].flag) {
			buffer_print(out, "%s%s%s%s", before, quote, flag_names[i].name,
				     quote);
			before = separator;
		}
	}
}

/* The names are those of the netlink family, with underscores, as ipcq-stat has them. */
void view_add_json(struct buffer *out, const struct queue_view *view)
{
	const struct ipcq_attr *attr = &view->attr;

	buffer_print(out, "{\"name\":\"%s\",\"uid\":%u,\"gid\":%u,\"mode\":\"%04o\"",
		     view->name, view->uid, view->gid, view->mode);
	if (view->readable) {
		buffer_print(out, ",\"id\":%u,\"flags\":[", attr->id);
		add_flags(out, attr->flags, "\"", ",");
		buffer_print(out, "],\"order\":\"%s\",\"max_msgs\":%u"
			     ",\"max_bytes\":%" PRIu64 ",\"max_msg_size\":%u"
			     ",\"high_pct\":%u,\"low_pct\":%u"
			     ",\"depth\":%u,\"bytes\":%" PRIu64,
			     order_name(attr->order), attr->max_msgs,
			     (uint64_t)attr->max_bytes, attr->max_msg_size,
			     attr->high_pct, attr->low_pct, attr->depth,
			     (uint64_t)attr->bytes);
	}
	buffer_add_char(out, '}');
}

void view_add_lines(struct buffer *out, const struct queue_view *view)
{
	const struct ipcq_attr *attr = &view->attr;
	char owner[CELL_SIZE], group[CELL_SIZE], mode[10];
	char bytes[QUANTITY_SIZE], max_bytes[QUANTITY_SIZE], max_size[QUANTITY_SIZE];

	user_name(owner, sizeof(owner), view->uid);
	group_name(group, sizeof(group), view->gid);
	mode_name(mode, view->mode);
	buffer_print(out, "name          %s\n", view->name);
	buffer_print(out, "owner         %s\n", owner);
	buffer_print(out, "group         %s\n", group);
	buffer_print(out, "permissions   %s (%04o)\n", mode, view->mode);
	if (!view->readable)
		return;
	format_bytes(bytes, attr->bytes);
	format_bytes(max_bytes, attr->max_bytes);
	format_bytes(max_size, attr->max_msg_size);
	buffer_print(out, "id            %u\n", attr->id);
	buffer_print(out, "order         %s\n", order_name(attr->order));
	buffer_print(out, "flags         ");
	if (attr->flags)
		add_flags(out, attr->flags, "", " ");
	else
		buffer_print(out, "none");
	buffer_print(out, "\nmessages      %u of %u\n", attr->depth, attr->max_msgs);
	buffer_print(out, "bytes         %" PRIu64 " of %" PRIu64 " (%s of %s)\n",
		     (uint64_t)attr->bytes, (uint64_t)attr->max_bytes, bytes, max_bytes);
	buffer_print(out, "max_msg_size  %u (%s)\n", attr->max_msg_size, max_size);
	buffer_print(out, "high_water    %u %%\n", attr->high_pct);
	buffer_print(out, "low_water     %u %%\n", attr->low_pct);
}

/* They are those of ipcq-stat: it, too, has short ones on a terminal. */
static void fill_headings(char cells[NR_COLUMNS][CELL_SIZE], bool brief)
{
	const char *const headings[NR_COLUMNS] = {
		"NAME", "OWNER", "GROUP", "PERMS", "ORDER",
		brief ? "MSGS" : "MESSAGES", brief ? "MAX-MSGS" : "MAX-MESSAGES",
		"BYTES", "MAX-BYTES", "MAX-SIZE",
	};
	int i;

	for (i = 0; i < NR_COLUMNS; i++)
		snprintf(cells[i], CELL_SIZE, "%s", headings[i]);
}

static void fill_row(char cells[NR_COLUMNS][CELL_SIZE], const struct queue_view *view)
{
	const struct ipcq_attr *attr = &view->attr;
	int i;

	for (i = 0; i < NR_COLUMNS; i++)
		strcpy(cells[i], UNKNOWN);
	snprintf(cells[0], CELL_SIZE, "%s", view->name);
	user_name(cells[1], CELL_SIZE, view->uid);
	group_name(cells[2], CELL_SIZE, view->gid);
	snprintf(cells[3], CELL_SIZE, "%04o", view->mode);
	if (!view->readable)
		return;
	snprintf(cells[4], CELL_SIZE, "%s", order_name(attr->order));
	snprintf(cells[5], CELL_SIZE, "%u", attr->depth);
	snprintf(cells[6], CELL_SIZE, "%u", attr->max_msgs);
	snprintf(cells[7], CELL_SIZE, "%" PRIu64, (uint64_t)attr->bytes);
	snprintf(cells[8], CELL_SIZE, "%" PRIu64, (uint64_t)attr->max_bytes);
	snprintf(cells[9], CELL_SIZE, "%u", attr->max_msg_size);
}

static void widen(int widths[NR_COLUMNS], char cells[NR_COLUMNS][CELL_SIZE])
{
	int i, width;

	for (i = 0; i < NR_COLUMNS; i++) {
		width = strlen(cells[i]);
		if (width > widths[i])
			widths[i] = width;
	}
}

static void add_row(struct buffer *out, const int widths[NR_COLUMNS],
		    char cells[NR_COLUMNS][CELL_SIZE])
{
	const int first_number = 5;
	int i;

	for (i = 0; i < NR_COLUMNS; i++)
		buffer_print(out, "%s%*s", i ? " " : "",
			     i < first_number ? -widths[i] : widths[i], cells[i]);
	buffer_add_char(out, '\n');
}

void views_add_table(struct buffer *out, const struct queue_view *views, size_t count,
		     bool brief)
{
	char cells[NR_COLUMNS][CELL_SIZE];
	int widths[NR_COLUMNS] = { 0 };
	size_t i;

	fill_headings(cells, brief);
	widen(widths, cells);
	for (i = 0; i < count; i++) {
		fill_row(cells, &views[i]);
		widen(widths, cells);
	}
	fill_headings(cells, brief);
	add_row(out, widths, cells);
	for (i = 0; i < count; i++) {
		fill_row(cells, &views[i]);
		add_row(out, widths, cells);
	}
}
