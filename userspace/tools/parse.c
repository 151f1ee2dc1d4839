// SPDX-License-Identifier: GPL-2.0-only
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>

#include "parse.h"

#define NSEC_PER_SEC	1000000000ULL

struct unit {
	const char *name;
	uint64_t factor;
};

/* Read digits from *@text on, which moves behind them. */
static bool take_digits(const char **text, uint64_t *value)
{
	const char *c = *text;

	*value = 0;
	for (; *c >= '0' && *c <= '9'; c++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *c - '0', value))
			return false;
	}
	if (c == *text)
		return false;
	*text = c;
	return true;
}

/* Read a number with up to nine places into billionths. */
static bool take_decimal(const char **text, uint64_t *billionths)
{
	uint64_t whole, scale = NSEC_PER_SEC, part = 0;
	const char *c;

	if (!take_digits(text, &whole) ||
	    __builtin_mul_overflow(whole, NSEC_PER_SEC, billionths))
		return false;
	if (**text != '.')
		return true;
	for (c = *text + 1; *c >= '0' && *c <= '9'; c++) {
		if (scale == 1)
			return false;
		scale /= 10;
		part += (*c - '0') * scale;
	}
	if (c == *text + 1)
		return false;
	*text = c;
	return !__builtin_add_overflow(*billionths, part, billionths);
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++) {
		if (strcmp(units->name, name) == 0)
			return units;
	}
	return NULL;
}

bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	return take_digits(&text, value) && !*text && *value >= min && *value <= max;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "K", 1 << 10 }, { "KiB", 1 << 10 },
		{ "M", 1 << 20 }, { "MiB", 1 << 20 },
		{ "G", 1 << 30 }, { "GiB", 1 << 30 },
		{ NULL, 0 }
	};
	const struct unit *unit;

	if (!take_digits(&text, bytes))
		return false;
	unit = find_unit(units, text);
	return unit && !__builtin_mul_overflow(*bytes, unit->factor, bytes);
}

bool parse_duration(const char *text, int64_t *ns)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 },
		{ "", NSEC_PER_SEC }, { "s", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC }, { "h", 3600 * NSEC_PER_SEC },
		{ NULL, 0 }
	};
	const struct unit *unit;
	uint64_t billionths, part, whole, sum;

	if (!take_decimal(&text, &billionths))
		return false;
	unit = find_unit(units, text);
	if (!unit)
		return false;
	/* The factor is below a second or a multiple of it. */
	part = billionths % NSEC_PER_SEC;
	if (unit->factor < NSEC_PER_SEC)
		part = part * unit->factor / NSEC_PER_SEC;
	else
		part *= unit->factor / NSEC_PER_SEC;
	if (__builtin_mul_overflow(billionths / NSEC_PER_SEC, unit->factor, &whole) ||
	    __builtin_add_overflow(whole, part, &sum) || sum > INT64_MAX)
		return false;
	*ns = sum;
	return true;
}

bool parse_rate(const char *text, int64_t *interval_ns)
{
	uint64_t billionths;

	if (!take_decimal(&text, &billionths) || *text || !billionths)
		return false;
	*interval_ns = NSEC_PER_SEC * NSEC_PER_SEC / billionths;
	return true;
}

bool parse_mode(const char *text, uint32_t *mode)
{
	size_t length = strlen(text);

	if (!length || strspn(text, "01234567") != length)
		return false;
	for (*mode = 0; *text; text++) {
		*mode = *mode * 8 + (*text - '0');
		if (*mode > 0777)
			return false;
	}
	return true;
}

bool parse_user(const char *text, uint32_t *uid)
{
	const struct passwd *user = getpwnam(text);
	uint64_t number;

	if (user) {
		*uid = user->pw_uid;
		return true;
	}
	if (!parse_number(text, 0, UINT32_MAX - 1, &number))
		return false;
	*uid = number;
	return true;
}

bool parse_group(const char *text, uint32_t *gid)
{
	const struct group *group = getgrnam(text);
	uint64_t number;

	if (group) {
		*gid = group->gr_gid;
		return true;
	}
	if (!parse_number(text, 0, UINT32_MAX - 1, &number))
		return false;
	*gid = number;
	return true;
}
