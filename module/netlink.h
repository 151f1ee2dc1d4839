/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family. */
#ifndef IPCQ_NETLINK_H
#define IPCQ_NETLINK_H

#include "queue.h"

int ipcq_netlink_init(void);
void ipcq_netlink_exit(void);
void ipcq_netlink_event(struct ipcq_engine *e, const struct ipcq_event *event);

#endif /* IPCQ_NETLINK_H */
