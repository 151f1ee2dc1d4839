/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A case: a sequence of operations on the surface under test, and its text.
 *
 * An operation is a line: its name, then NAME=VALUE for each argument that is not as
 * usual.  "@1" in front has another thread do it, which the first does not wait for.
 */
#ifndef CASE_H
#define CASE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CASE_ARGS	24	/* of one operation */
#define CASE_OPS	128	/* of one case */
#define CASE_THREADS	3
#define CASE_SLOTS	16	/* descriptors that a case has at once */
#define CASE_MAPS	4	/* mappings */

/* Slot 0 has the control device when a case begins. */
#define SLOT_CONTROL	0

/**
 * enum kind - what an argument stands for
 * @K_SLOT: a descriptor, by its slot
 * @K_FRESH: the slot in which a new descriptor is put
 * @K_MAP: a mapping, by its slot
 * @K_NAME: the name of a queue, see names.h
 * @K_POINTER: an address, see memory.h
 * @K_BITS: a set of flags; those that are known are given
 * @K_CHOICE: one of the given values
 * @K_NUMBER: any number, mostly up to the given one
 * @K_SIZE: bytes
 * @K_TIME: nanoseconds
 * @K_LENGTH: bytes of a structure; as usual: those that it has
 */
enum kind {
	K_END,
	K_SLOT,
	K_FRESH,
	K_MAP,
	K_NAME,
	K_POINTER,
	K_BITS,
	K_CHOICE,
	K_NUMBER,
	K_SIZE,
	K_TIME,
	K_LENGTH,
};

/**
 * struct arg - an argument of a kind of operation
 * @name: in text
 * @kind: see there
 * @usual: the value that text leaves out
 * @some: K_BITS: all that are known; K_NUMBER: the greatest that is likely
 * @choice: K_CHOICE: the values, of which the first is given twice when it is likely
 * @choices: how many
 * @offset: in the structure of an ioctl
 * @width: bytes there; 0 if it is no part of a structure
 */
struct arg {
	const char *name;
	enum kind kind;
	uint64_t usual;
	uint64_t some;
	const uint64_t *choice;
	uint8_t choices;
	uint16_t offset;
	uint8_t width;
};

/* What a thread knows when it does operations: see runner.h. */
struct thread;
struct op_type;

/* Do it.  Returns what the system call does, or a negative errno, or OP_SKIPPED. */
typedef long (*op_fn)(struct thread *t, const struct op_type *type, const uint64_t *arg);

#define OP_SKIPPED	(-4096L)

/**
 * struct op_type - a kind of operation
 * @name: in text
 * @weight: how often it is chosen, compared with others; what takes long, less often
 * @fn: does it
 * @number: an ioctl's
 * @prepare: fills in what the structure of an ioctl points to
 * @free: is no system call on the surface, and not counted
 * @arg: its arguments, up to one of K_END
 */
struct op_type {
	const char *name;
	unsigned int weight;
	op_fn fn;
	unsigned int number;
	void (*prepare)(struct thread *t, const uint64_t *arg);
	uint8_t free;
	struct arg arg[CASE_ARGS];
};

struct op {
	uint8_t type;		/* index in op_types */
	uint8_t thread;
	uint64_t arg[CASE_ARGS];
};

struct fuzz_case {
	uint32_t ops;
	struct op op[CASE_OPS];
};

unsigned int op_args(const struct op_type *type);
void op_usual(struct op *op, unsigned int type);
size_t case_size(const struct fuzz_case *c);
void case_copy(struct fuzz_case *to, const struct fuzz_case *from);
void case_print(FILE *file, const struct fuzz_case *c);
int case_read(FILE *file, struct fuzz_case *c, char *error, size_t size);

#endif /* CASE_H */
