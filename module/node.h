/* SPDX-License-Identifier: GPL-2.0-only */
/* Device nodes /dev/ipcq/NAME. */
#ifndef IPCQ_NODE_H
#define IPCQ_NODE_H

#include <linux/bits.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/types.h>

/* Minors the module takes; ids of named queues are below. */
#define IPCQ_MINORS	BIT(MINORBITS)

struct ipcq_identity;
struct ipcq_node;

struct ipcq_node *ipcq_node_add(u32 minor, const struct ipcq_identity *identity);
void ipcq_node_del(struct ipcq_node *node);

int ipcq_node_init(const struct file_operations *fops);
void ipcq_node_exit(void);

#endif /* IPCQ_NODE_H */
