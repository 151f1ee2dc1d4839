// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "quantity.h"
#include "report.h"

void format_bytes(char text[QUANTITY_SIZE], uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = bytes / 1024.0;
	int unit = 0;

	if (bytes < 1024) {
		snprintf(text, QUANTITY_SIZE, "%" PRIu64 " B", bytes);
		return;
	}
	for (; value >= 1024; unit++)
		value /= 1024;
	snprintf(text, QUANTITY_SIZE, "%.1f %s", value, units[unit]);
}

void report_summary(const char *done, uint64_t messages, uint64_t bytes, int64_t ns)
{
	char amount[QUANTITY_SIZE];
	double seconds = ns / 1e9;

	format_bytes(amount, bytes);
	report("%s %" PRIu64 " message%s, %s, in %.3f s (%.0f/s)", done, messages,
	       PLURAL(messages), amount, seconds, seconds > 0 ? messages / seconds : 0);
}
