/* SPDX-License-Identifier: GPL-2.0-only */
/* A receiver that has mapped its queue, as ipcq(4) describes it. */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdint.h>

#include <linux/ipcq.h>

/**
 * struct mapped - a ring
 * @fd: of the ring; -1 once it is closed
 * @size: bytes of records
 * @next: position of the record that is read next
 * @shared: what the kernel tells
 * @position: what it is told
 * @records: the records, twice
 */
struct mapped {
	int fd;
	uint32_t size;
	uint32_t next;
	volatile struct ipcq_ring_head *shared;
	volatile struct ipcq_ring_position *position;
	const unsigned char *records;
};

int ring_open(int queue, uint32_t size, uint32_t flags);
int mapped_open(struct mapped *r, int queue, uint32_t size);
int mapped_map(struct mapped *r);
void mapped_unmap(struct mapped *r);
void mapped_close(struct mapped *r);
const struct ipcq_record *mapped_next(struct mapped *r);
void mapped_release(struct mapped *r);
int mapped_wait(const struct mapped *r, uint32_t flags, int64_t timeout_ns);
int mapped_text(struct mapped *r, const char *text);

#endif /* MAPPED_H */
