/* SPDX-License-Identifier: GPL-2.0-only */
/* Telling a process that a message has come to an empty queue. */
#ifndef IPCQ_NOTIFY_H
#define IPCQ_NOTIFY_H

struct ipcq_opener;

long ipcq_notify_ioctl(struct ipcq_opener *opener, unsigned int cmd,
		       const void __user *arg);
void ipcq_notify_closed(struct ipcq_opener *opener);
void ipcq_notify_released(struct ipcq_opener *opener);

#endif /* IPCQ_NOTIFY_H */
