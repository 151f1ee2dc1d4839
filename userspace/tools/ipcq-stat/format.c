// SPDX-License-Identifier: GPL-2.0-only
/* Figures as people read them. */
#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "format.h"

#define NS_PER_SEC	1000000000ULL

char *text(const char *format, ...)
{
	va_list args;
	char *string;
	int length;

	va_start(args, format);
	length = vasprintf(&string, format, args);
	va_end(args);
	if (length < 0)
		err(EXIT_FAILED, "cannot format the output");
	return string;
}

/* Three digits that matter and the unit: 9.87k, 98.7k, 987k would be too wide. */
static char *scaled(uint64_t value, unsigned int base, const char *units)
{
	double scaled = (double)value;

	while (scaled >= base && units[1]) {
		scaled /= base;
		units++;
		/* 999.96 would be shown as 1000.0. */
		if (scaled >= base - 0.5 && units[1]) {
			scaled /= base;
			units++;
		}
	}
	return text("%.*f%c", scaled < 99.95 ? 1 : 0, scaled, *units);
}

char *format_count(uint64_t count, const struct style *style)
{
	if (style->exact || count < 10000)
		return text("%llu", (unsigned long long)count);
	return scaled(count, 1000, " kMGTPE");
}

char *format_bytes(uint64_t bytes, const struct style *style)
{
	if (style->exact || bytes < 1024)
		return text("%llu", (unsigned long long)bytes);
	return scaled(bytes, 1024, " KMGTPE");
}

char *format_duration(uint64_t ns, const struct style *style)
{
	unsigned long long seconds = ns / NS_PER_SEC;

	if (style->exact)
		return text("%llu.%06llu", seconds,
			    (unsigned long long)(ns % NS_PER_SEC / 1000));
	if (ns < 1000)
		return text("%lluns", (unsigned long long)ns);
	if (ns < 1000000)
		return text("%lluus", (unsigned long long)(ns / 1000));
	if (ns < NS_PER_SEC)
		return text("%llums", (unsigned long long)(ns / 1000000));
	if (seconds < 60)
		return text("%.1fs", (double)(ns / 100000000) / 10);
	if (seconds < 3600)
		return text("%llum%02llus", seconds / 60, seconds % 60);
	if (seconds < 86400)
		return text("%lluh%02llum", seconds / 3600, seconds / 60 % 60);
	return text("%llud%02lluh", seconds / 86400, seconds / 3600 % 24);
}

char *format_user(uint32_t uid)
{
	struct passwd *user = getpwuid(uid);

	return user ? text("%s", user->pw_name) : text("%u", uid);
}

char *format_group(uint32_t gid)
{
	struct group *group = getgrgid(gid);

	return group ? text("%s", group->gr_name) : text("%u", gid);
}

/* Bytes of the well-formed printable character at the start; 0 if there is none. */
static unsigned int character(const unsigned char *at)
{
	static const unsigned char lowest_second[] = {
		[0xe0 - 0xe0] = 0xa0, [0xf0 - 0xe0] = 0x90
	};
	static const unsigned char highest_second[] = {
		[0xed - 0xe0] = 0x9f, [0xf4 - 0xe0] = 0x8f
	};
	unsigned int length, i;

	if (*at < 0x80)
		return *at >= 0x20 && *at != 0x7f;
	length = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
	if (*at < 0xc2 || *at > 0xf4)
		return 0;
	for (i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* C1 control characters */
	if (*at == 0xc2 && at[1] < 0xa0)
		return 0;
	if (*at >= 0xe0) {
		i = *at - 0xe0;
		if (i < sizeof(lowest_second) && at[1] < lowest_second[i])
			return 0;
		if (i < sizeof(highest_second) && highest_second[i] && at[1] > highest_second[i])
			return 0;
	}
	return length;
}

char *format_foreign(const char *bytes)
{
	char *safe = text("%s", bytes);
	unsigned int length;
	char *at = safe;

	while (*at) {
		length = character((unsigned char *)at);
		if (!length) {
			*at = '?';
			length = 1;
		}
		at += length;
	}
	return safe;
}

unsigned int display_width(const char *string)
{
	unsigned int width = 0;

	for (; *string; string++)
		width += (*string & 0xc0) != 0x80;
	return width;
}

unsigned int display_prefix(const char *string, unsigned int columns)
{
	const char *at = string;

	for (; *at; at++)
		if ((*at & 0xc0) != 0x80 && !columns--)
			break;
	return (unsigned int)(at - string);
}
