/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel tells about queues, as plain structures. */
#ifndef IPCQ_STAT_MODEL_H
#define IPCQ_STAT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ipcq.h>
#include <linux/ipcq_netlink.h>

#define SIZE_BUCKETS	32
#define SOJOURN_BUCKETS	48

/* Counters, by IPCQ_A_COUNTERS_*; element 0 is not used. */
struct counters {
	uint64_t value[IPCQ_A_COUNTERS_PAD];
};

struct queue {
	uint32_t id;
	char name[IPCQ_NAME_MAX + 1];
	uint32_t uid;
	uint32_t gid;
	uint32_t mode;
	uint32_t flags;
	uint32_t order;
	uint32_t max_msgs;
	uint64_t max_bytes;
	uint32_t max_msg_size;
	uint32_t high_pct;
	uint32_t low_pct;
	uint32_t depth;
	uint64_t bytes;
	uint32_t peak_depth;
	uint64_t peak_bytes;
	uint64_t oldest_ns;
	uint32_t senders;
	uint32_t receivers;
	uint32_t blocked_senders;
	uint32_t blocked_receivers;
	uint64_t snapshot_ns;
	struct counters counters;
	uint64_t size_histogram[SIZE_BUCKETS];
	uint64_t sojourn_histogram[SOJOURN_BUCKETS];
};

struct queue_list {
	struct queue *queue;
	size_t count;
};

struct opener {
	uint32_t queue_id;
	char queue_name[IPCQ_NAME_MAX + 1];
	uint32_t pid;
	char *comm;
	uint32_t uid;
	uint32_t access;
	uint32_t blocked_senders;
	uint32_t blocked_receivers;
	uint64_t blocked_ns;
};

struct opener_list {
	struct opener *opener;
	size_t count;
};

struct totals {
	uint32_t queues;
	uint64_t created;
	uint64_t destroyed;
	uint64_t depth;
	uint64_t bytes;
	struct counters counters;
	uint64_t size_histogram[SIZE_BUCKETS];
	uint64_t sojourn_histogram[SOJOURN_BUCKETS];
	uint64_t snapshot_ns;
	uint32_t msg_overhead;
};

struct event {
	unsigned int command;		/* IPCQ_CMD_*_NTF */
	uint32_t id;
	char name[IPCQ_NAME_MAX + 1];
	uint32_t uid;
	uint32_t max_msgs;
	uint64_t max_bytes;
	uint32_t depth;
	uint64_t bytes;
	uint64_t snapshot_ns;
	uint64_t dropped;
	uint32_t drop_reason;
};

/* Which queue is meant: the one of that name, or if it is NULL of that id. */
struct selector {
	const char *name;
	uint32_t id;
};

/* Appends and returns a zeroed element; ends the program when out of memory. */
struct queue *queue_list_add(struct queue_list *list);
struct opener *opener_list_add(struct opener_list *list);

void queue_list_clear(struct queue_list *list);
void opener_list_clear(struct opener_list *list);

/* The specification's name of a counter; NULL for a number without one. */
const char *counter_name(unsigned int counter);

/* The specification's name of a value; NULL for a value without one. */
const char *order_name(uint32_t order);
const char *drop_reason_name(uint32_t reason);
const char *event_name(unsigned int command);

/* Name of a flag by its bit number; NULL for a bit without one. */
const char *flag_name(unsigned int bit);

/* Accepted messages that were never received. */
uint64_t counters_lost(const struct counters *counters);

/*
 * Percent of the capacity that is taken: of messages or of bytes, whichever is
 * fuller, rounded down, but at least 1 when anything waits.  It can be above 100.
 */
unsigned int fill_percent(const struct queue *queue);
unsigned int peak_percent(const struct queue *queue);

bool selector_matches(const struct selector *selector, uint32_t id, const char *name);

#endif
