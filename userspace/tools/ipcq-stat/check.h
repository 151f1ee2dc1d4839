/* SPDX-License-Identifier: GPL-2.0-only */
/* The accounting invariant: sent = received + depth + dropped + purged. */
#ifndef IPCQ_STAT_CHECK_H
#define IPCQ_STAT_CHECK_H

#include "model.h"

/* NULL when the figures balance, else what is wrong with them; the caller frees it. */
char *check_balance(const struct counters *counters, uint64_t depth);

#endif
