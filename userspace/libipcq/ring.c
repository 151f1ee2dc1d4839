// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rings: messages that are received where the kernel has put them. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipcq.h"

/**
 * struct ipcq_ring - a ring and how far the receiver has come
 * @records: the records, twice
 * @mask: bytes of them once, less one
 * @next: position of the record that is returned next
 * @head: position up to which there are records, as far as has been looked
 * @shared: what the kernel tells
 * @position: what it is told
 * @size: bytes of the mapping at @shared
 * @page: bytes of a page
 * @fd: the ring's descriptor
 */
struct ipcq_ring {
	const unsigned char *records;
	uint32_t mask;
	uint32_t next;
	uint32_t head;
	const struct ipcq_ring_head *shared;
	struct ipcq_ring_position *position;
	size_t size;
	size_t page;
	int fd;
};

static int map(struct ipcq_ring *ring, size_t size)
{
	void *position, *shared;

	position = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (position == MAP_FAILED)
		return -1;
	ring->size = ring->page + 2 * size;
	shared = mmap(NULL, ring->size, PROT_READ, MAP_SHARED, ring->fd, ring->page);
	if (shared == MAP_FAILED) {
		int err = errno;

		munmap(position, ring->page);
		errno = err;
		return -1;
	}
	ring->position = position;
	ring->shared = shared;
	ring->records = (const unsigned char *)shared + ring->page;
	ring->mask = size - 1;
	return 0;
}

struct ipcq_ring *ipcq_ring_open(int fd, size_t size, int flags)
{
	struct ipcq_ring_open how = { .size = size, .open_flags = flags };
	struct ipcq_ring *ring;
	int err;

	if (size != how.size) {
		errno = EINVAL;
		return NULL;
	}
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return NULL;
	ring->page = sysconf(_SC_PAGESIZE);
	ring->fd = ioctl(fd, IPCQ_IOC_RING, &how);
	if (ring->fd < 0)
		goto free;
	if (map(ring, size) == 0)
		return ring;
	err = errno;
	close(ring->fd);
	errno = err;
free:
	err = errno;
	free(ring);
	errno = err;
	return NULL;
}

void ipcq_ring_close(struct ipcq_ring *ring)
{
	if (!ring)
		return;
	munmap((void *)ring->shared, ring->size);
	munmap(ring->position, ring->page);
	close(ring->fd);
	free(ring);
}

int ipcq_ring_fd(const struct ipcq_ring *ring)
{
	return ring->fd;
}

const struct ipcq_record *ipcq_ring_next(struct ipcq_ring *ring)
{
	const struct ipcq_record *record;

	if (ring->next == ring->head) {
		/* Pairs with the kernel's store of the head after the records. */
		ring->head = __atomic_load_n(&ring->shared->head, __ATOMIC_ACQUIRE);
		if (ring->next == ring->head)
			return NULL;
	}
	record = (const void *)(ring->records + (ring->next & ring->mask));
	ring->next += IPCQ_RECORD_SPACE(record->size);
	return record;
}

void ipcq_ring_release(struct ipcq_ring *ring)
{
	struct ipcq_ring_wait tell = { .flags = IPCQ_MSG_NONBLOCK };
	int err;

	/* Pairs with the kernel's look at it before it writes there anew. */
	__atomic_store_n(&ring->position->position, ring->next, __ATOMIC_RELEASE);
	/* Pairs with the kernel's, between setting the flag and looking at the position. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&ring->shared->flags, __ATOMIC_RELAXED) & IPCQ_RING_WANTED))
		return;
	err = errno;
	ioctl(ring->fd, IPCQ_IOC_RING_WAIT, &tell);
	errno = err;
}

int ipcq_ring_wait(struct ipcq_ring *ring, const struct ipcq_ring_wait *how)
{
	static const struct ipcq_ring_wait forever;

	return ioctl(ring->fd, IPCQ_IOC_RING_WAIT, how ? how : &forever);
}
