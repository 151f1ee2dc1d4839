/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that cases point to.
 *
 * A pointer of a case is a base and an offset, so that it means the same in every run.
 * Each thread has an area of its own; after its end there is none.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>
#include <stdio.h>

#define AREA_SIZE	(192 << 10)

/* Where arguments, payloads and records usually lie in an area. */
#define AREA_ARG	0
#define AREA_DATA	4096
#define AREA_RECORDS	(96 << 10)

enum base {
	B_RW,		/* the thread's area */
	B_END,		/* so many bytes before its end */
	B_PEER,		/* the area of the next thread */
	B_RO,		/* memory that can only be read */
	B_GAP,		/* no memory */
	B_NULL,		/* an address as it is */
	B_KERNEL,	/* in the kernel */
	B_TOP,		/* so many bytes before the end of all addresses */
	B_MAP,		/* a mapping that the case has made, and those that follow it */
	B_BASES = B_MAP + 4,
};

#define POINTER(base, offset)	((uint64_t)(base) << 56 | (offset))
#define POINTER_BASE(pointer)	((unsigned int)((pointer) >> 56))
#define POINTER_OFFSET(pointer)	((pointer) & ((1ULL << 56) - 1))

struct thread;

int memory_init(void);
void *memory_area(unsigned int thread);
uint64_t pointer_address(const struct thread *t, uint64_t pointer);
void *pointer_own(const struct thread *t, uint64_t pointer, uint64_t size);
void pointer_print(FILE *file, uint64_t pointer);
int pointer_parse(const char *text, uint64_t *pointer);

#endif /* MEMORY_H */
