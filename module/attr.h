/* SPDX-License-Identifier: GPL-2.0-only */
/* The attributes of queues as user space gives and sees them. */
#ifndef IPCQ_ATTR_H
#define IPCQ_ATTR_H

#include "ipcq.h"

int ipcq_attr_parse_new(const struct ipcq_create *create,
			struct ipcq_identity *identity,
			struct ipcq_config *config);
int ipcq_attr_parse_change(const struct ipcq_attr *attr, bool anonymous,
			   struct ipcq_config *config);
void ipcq_attr_fill(struct ipcq_queue *q, struct ipcq_attr *attr);
bool ipcq_name_is_valid(const char *name);
void ipcq_config_default(struct ipcq_config *config);

#endif /* IPCQ_ATTR_H */
