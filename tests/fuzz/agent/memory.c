// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "case.h"
#include "memory.h"
#include "runner.h"

#define PAGE		4096
#define RO_SIZE		(16 << 10)
#define KERNEL_ADDRESS	0xffff888000000000ULL

/* Areas, each with a gap behind it; then what can only be read, and a gap. */
#define STRIDE		(AREA_SIZE + PAGE)
#define ALL		(CASE_THREADS * STRIDE + RO_SIZE + PAGE)

static char *memory;

static const char *const base_word[B_BASES] = {
	"rw", "end", "peer", "ro", "gap", "null", "kernel", "top",
	"map0", "map1", "map2", "map3",
};

/* Does an offset count backwards? */
static bool is_backwards(unsigned int base)
{
	return base == B_END || base == B_TOP;
}

/* Below 4 GiB: 32-bit calls can point to it, too.  Returns 0 or a negative errno. */
int memory_init(void)
{
	unsigned int i;
	char *at;

	at = mmap(NULL, ALL, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE
#ifdef MAP_32BIT
		  | MAP_32BIT
#endif
		  , -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	for (i = 0; i < CASE_THREADS; i++) {
		if (mprotect(at + i * STRIDE + AREA_SIZE, PAGE, PROT_NONE))
			return -errno;
	}
	at += CASE_THREADS * STRIDE;
	if (mprotect(at, RO_SIZE, PROT_READ) || mprotect(at + RO_SIZE, PAGE, PROT_NONE))
		return -errno;
	memory = at - CASE_THREADS * STRIDE;
	return 0;
}

void *memory_area(unsigned int thread)
{
	return memory + (thread % CASE_THREADS) * STRIDE;
}

uint64_t pointer_address(const struct thread *t, uint64_t pointer)
{
	uint64_t offset = POINTER_OFFSET(pointer);
	uint64_t area = (uintptr_t)memory_area(t->index);

	switch (POINTER_BASE(pointer)) {
	case B_RW:
		return area + offset;
	case B_END:
		return area + AREA_SIZE - offset;
	case B_PEER:
		return (uintptr_t)memory_area(t->index + 1) + offset;
	case B_RO:
		return (uintptr_t)memory + CASE_THREADS * STRIDE + offset;
	case B_GAP:
		return area + AREA_SIZE + offset;
	case B_KERNEL:
		return KERNEL_ADDRESS + offset;
	case B_TOP:
		return -offset;
	case B_MAP ... B_BASES - 1:
		return (uintptr_t)t->maps[POINTER_BASE(pointer) - B_MAP].at + offset;
	default:
		return offset;
	}
}

/* The address, if so many bytes there are the thread's to fill in, else NULL. */
void *pointer_own(const struct thread *t, uint64_t pointer, uint64_t size)
{
	char *area = memory_area(t->index);
	uint64_t at = pointer_address(t, pointer) - (uintptr_t)area;

	if (POINTER_BASE(pointer) > B_END || at > AREA_SIZE || size > AREA_SIZE - at)
		return NULL;
	return area + at;
}

void pointer_print(FILE *file, uint64_t pointer)
{
	unsigned int base = POINTER_BASE(pointer);

	if (base >= B_BASES)
		base = B_NULL;
	fprintf(file, "%s%c%" PRIu64, base_word[base], is_backwards(base) ? '-' : '+',
		(uint64_t)POINTER_OFFSET(pointer));
}

int pointer_parse(const char *text, uint64_t *pointer)
{
	size_t len = strcspn(text, "+-");
	unsigned int base;
	uint64_t offset;
	char *end;

	for (base = 0; base < B_BASES; base++) {
		if (strlen(base_word[base]) == len && !strncmp(text, base_word[base], len))
			break;
	}
	if (base == B_BASES || text[len] != (is_backwards(base) ? '-' : '+'))
		return -1;
	errno = 0;
	offset = strtoull(text + len + 1, &end, 0);
	if (errno || *end || end == text + len + 1 || POINTER_BASE(offset))
		return -1;
	*pointer = POINTER(base, offset);
	return 0;
}
