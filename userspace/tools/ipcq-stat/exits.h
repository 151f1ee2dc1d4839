/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit statuses, as ipcq-stat(1) promises them. */
#ifndef IPCQ_STAT_EXITS_H
#define IPCQ_STAT_EXITS_H

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

#endif
