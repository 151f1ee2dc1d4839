// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "names.h"

#define TEN	"0123456789"
#define FIFTY	TEN TEN TEN TEN TEN

const struct name name_table[] = {
	[NAME_ANONYMOUS]	= { "anonymous", "" },
	[NAME_OWN_A]		= { "own-a", "fuzz-a-", true },
	[NAME_OWN_B]		= { "own-b", "fuzz-b-", true },
	[NAME_BOTH_A]		= { "both-a", "fuzz-both-a" },
	[NAME_BOTH_B]		= { "both-b", "fuzz-both-b" },
	[NAME_LONG]		= { "long", FIFTY TEN "12", true },
	[NAME_DEFAULT]		= { "default", "default" },
	[NAME_HIDDEN]		= { "hidden", ".hidden" },
	{ "control", "control" },
	{ "slash", "a/b" },
	{ "up", ".." },
	{ "high", "\xff\x80" },
	{ "endless", FIFTY TEN "1234" },
};

const unsigned int names = sizeof(name_table) / sizeof(*name_table);

/* The name, as the structures have it: the endless one has no NUL. */
void name_fill(char to[IPCQ_NAME_MAX + 1], unsigned int name, unsigned int worker)
{
	char text[IPCQ_NAME_MAX + 2];
	size_t len;

	name %= names;
	len = snprintf(text, sizeof(text), "%s%.*u", name_table[name].text,
		       name_table[name].own ? 1 : 0, name_table[name].own ? worker : 0);
	memset(to, 0, IPCQ_NAME_MAX + 1);
	memcpy(to, text, len > IPCQ_NAME_MAX + 1 ? IPCQ_NAME_MAX + 1 : len);
}
