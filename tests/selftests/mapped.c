// SPDX-License-Identifier: GPL-2.0-only
/* A receiver that has mapped its queue, as ipcq(4) describes it. */
#include <sys/mman.h>

#include "ipcq_test.h"
#include "mapped.h"

/* RING.  A descriptor or a negative errno. */
int ring_open(int queue, uint32_t size, uint32_t flags)
{
	struct ipcq_ring_open how = { .size = size, .open_flags = flags };

	return RESULT(ioctl(queue, IPCQ_IOC_RING, &how));
}

/* Map the ring of a descriptor.  0 or a negative errno. */
int mapped_map(struct mapped *r)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *position, *shared;

	position = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (position == MAP_FAILED)
		return -errno;
	shared = mmap(NULL, page + 2 * r->size, PROT_READ, MAP_SHARED, r->fd, page);
	if (shared == MAP_FAILED)
		return -errno;
	r->position = position;
	r->shared = shared;
	r->records = (unsigned char *)shared + page;
	r->next = r->position->position;
	return 0;
}

void mapped_unmap(struct mapped *r)
{
	size_t page = sysconf(_SC_PAGESIZE);

	munmap((void *)r->position, page);
	munmap((void *)r->shared, page + 2 * r->size);
}

/* RING and map it.  0 or a negative errno. */
int mapped_open(struct mapped *r, int queue, uint32_t size)
{
	r->size = size;
	r->fd = ring_open(queue, size, O_CLOEXEC);
	return r->fd < 0 ? r->fd : mapped_map(r);
}

void mapped_close(struct mapped *r)
{
	mapped_unmap(r);
	close(r->fd);
}

/* The next record, or NULL.  What is behind the payload means nothing. */
const struct ipcq_record *mapped_next(struct mapped *r)
{
	const struct ipcq_record *record;

	if (r->next == __atomic_load_n(&r->shared->head, __ATOMIC_ACQUIRE))
		return NULL;
	record = (const void *)(r->records + r->next % r->size);
	r->next += IPCQ_RECORD_SPACE(record->size);
	return record;
}

/* All that mapped_next() has returned is received. */
void mapped_release(struct mapped *r)
{
	__atomic_store_n(&r->position->position, r->next, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (r->shared->flags & IPCQ_RING_WANTED)
		mapped_wait(r, IPCQ_MSG_NONBLOCK, 0);
}

/* RING_WAIT.  0 or a negative errno. */
int mapped_wait(const struct mapped *r, uint32_t flags, int64_t timeout_ns)
{
	struct ipcq_ring_wait how = { .flags = flags, .timeout_ns = timeout_ns };

	return RESULT(ioctl(r->fd, IPCQ_IOC_RING_WAIT, &how));
}

/* Receive what is expected to be @text.  0 if it was, 1 if not, -EAGAIN if nothing waits. */
int mapped_text(struct mapped *r, const char *text)
{
	const struct ipcq_record *record = mapped_next(r);
	int wrong;

	if (!record)
		return -EAGAIN;
	wrong = record->size != strlen(text) || memcmp(record + 1, text, record->size);
	if (wrong)
		fprintf(stderr, "# received '%.*s' instead of '%s'\n", (int)record->size,
			(const char *)(record + 1), text);
	mapped_release(r);
	return wrong;
}
