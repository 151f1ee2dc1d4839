/* SPDX-License-Identifier: GPL-2.0-only */
/* What the netlink family says of a queue and of the module. */
#ifndef NL_H
#define NL_H

#include <stdint.h>

#include <linux/ipcq.h>
#include <linux/ipcq_netlink.h>

#define NL_SIZE_BUCKETS		32
#define NL_SOJOURN_BUCKETS	48

/**
 * struct nl_stats - counters and histograms
 * @counter: by IPCQ_A_COUNTERS_*
 * @size: of accepted messages
 * @sojourn: of received messages
 */
struct nl_stats {
	uint64_t counter[IPCQ_A_COUNTERS_MAX + 1];
	uint64_t size[NL_SIZE_BUCKETS];
	uint64_t sojourn[NL_SOJOURN_BUCKETS];
};

/**
 * struct nl_queue - one snapshot of a queue
 * @err: 0, or why there is none, as a negative errno; then the rest is zero
 */
struct nl_queue {
	int err;
	char name[IPCQ_NAME_MAX + 1];
	uint32_t id;
	uint32_t uid;
	uint32_t gid;
	uint32_t mode;
	uint32_t flags;
	uint32_t order;
	uint32_t max_msgs;
	uint64_t max_bytes;
	uint32_t max_msg_size;
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
	struct nl_stats stats;
};

/**
 * struct nl_totals - one snapshot of the module
 * @err: as in struct nl_queue
 */
struct nl_totals {
	int err;
	uint32_t queues;
	uint64_t created;
	uint64_t destroyed;
	uint64_t depth;
	uint64_t bytes;
	uint32_t msg_overhead;
	struct nl_stats stats;
};

int nl_keep_family(void);
struct nl_queue nl_queue(uint32_t id);
struct nl_totals nl_totals(void);
int nl_get_by_name(const char *name);
int nl_dump_queues(void);
int nl_dump_openers(uint32_t id);
int nl_listen(void);
int nl_event(int fd);
int nl_reset(uint32_t id, uint32_t what);
uint64_t nl_counter(uint32_t id, int counter);
int nl_books(uint32_t id);
int nl_books_of_totals(void);

#endif /* NL_H */
