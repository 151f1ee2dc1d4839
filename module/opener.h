/* SPDX-License-Identifier: GPL-2.0-only */
/* Open file descriptions of queues. */
#ifndef IPCQ_OPENER_H
#define IPCQ_OPENER_H

#include <linux/fs.h>

#include "ipcq.h"

struct ipcq_opener *ipcq_opener_new(struct ipcq_queue *q, u32 access,
				    bool by_name);
void ipcq_opener_close(struct ipcq_opener *opener);
struct ipcq_opener *ipcq_opener_from(struct ipcq_queue *q, u64 number);

/**
 * ipcq_opener_of() - the opener that a file stands for
 * @file: of a queue, or of a ring
 *
 * Return: the opener, which stays for as long as the file.
 */
static inline struct ipcq_opener *ipcq_opener_of(const struct file *file)
{
	return file->private_data;
}

#endif /* IPCQ_OPENER_H */
