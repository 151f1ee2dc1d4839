/* SPDX-License-Identifier: GPL-2.0-only */
/* The control device. */
#ifndef IPCQ_CONTROL_H
#define IPCQ_CONTROL_H

#include "queue.h"

int ipcq_control_init(ipcq_observer_t observer);
void ipcq_control_exit(void);

#endif /* IPCQ_CONTROL_H */
