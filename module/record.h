/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that lie one after the other in the caller's memory. */
#ifndef IPCQ_RECORD_H
#define IPCQ_RECORD_H

#include <linux/types.h>

#include "ipcq.h"
#include "payload.h"

int ipcq_records_send(struct ipcq_opener *opener, struct ipcq_place *place,
		      const struct ipcq_patience *patience, u32 *sent);
long ipcq_records_receive(struct ipcq_opener *opener, struct ipcq_place *place,
			  const struct ipcq_patience *patience,
			  struct ipcq_receipt *receipt);

#endif /* IPCQ_RECORD_H */
