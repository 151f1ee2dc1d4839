/* SPDX-License-Identifier: GPL-2.0-only */
/* Open file descriptions of queues. */
#ifndef IPCQ_OPENER_H
#define IPCQ_OPENER_H

#include "ipcq.h"

struct ipcq_opener *ipcq_opener_new(struct ipcq_queue *q, u32 access,
				    bool by_name);
void ipcq_opener_close(struct ipcq_opener *opener);
struct ipcq_opener *ipcq_opener_from(struct ipcq_queue *q, u64 number);

#endif /* IPCQ_OPENER_H */
