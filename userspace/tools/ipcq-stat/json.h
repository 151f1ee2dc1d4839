/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same as JSON: the specification's names with underscores.
 *
 * Each function prints one document and a newline.  pretty: over many lines.
 */
#ifndef IPCQ_STAT_JSON_H
#define IPCQ_STAT_JSON_H

#include <stdio.h>

#include "model.h"

void json_queues(FILE *out, const struct queue_list *list, bool pretty);
void json_openers(FILE *out, const struct opener_list *list, bool pretty);
void json_totals(FILE *out, const struct totals *totals, bool pretty);

/* event: NULL for "events were lost". */
void json_event(FILE *out, const struct event *event);

#endif
