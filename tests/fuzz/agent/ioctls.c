// SPDX-License-Identifier: GPL-2.0-only
/* ioctls, from the description of their structures in the table. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <linux/ipcq.h>

#include "memory.h"
#include "names.h"
#include "ops.h"
#include "runner.h"
#include "signals.h"

/* The arguments that every ioctl has, and those of a batch. */
enum {
	A_FD,
	A_AT,
	A_LENGTH,
	A_TAIL,
	A_COMPAT,
	A_EACH,
	A_ODD,
	A_HOW,
	A_RECORDS,
	A_SIZE,
};

/* So many are laid out at most. */
#define MOST_RECORDS	64

#define LARGEST		_IOC_SIZEMASK

/*
 * The same call as a 32-bit program makes it.  The kernel looks at who calls, not at
 * what the process is.
 */
static long ioctl_compat(int fd, unsigned int number, uint64_t address)
{
#if defined(__x86_64__)
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "0" (54L), "b" ((long)fd), "c" ((long)number), "d" (address)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
#else
	return RESULT(ioctl(fd, number, address));
#endif
}

static long call(int fd, unsigned int number, uint64_t address, uint64_t compat)
{
	if (compat & 1)
		return ioctl_compat(fd, number, address);
	return RESULT(ioctl(fd, number, address));
}

static void put(void *to, uint64_t value, unsigned int width)
{
	switch (width) {
	case 1: *(uint8_t *)to = value; break;
	case 2: memcpy(to, &(uint16_t){ value }, 2); break;
	case 4: memcpy(to, &(uint32_t){ value }, 4); break;
	case 8: memcpy(to, &value, 8); break;
	}
}

static void put_field(const struct thread *t, const struct op_type *type,
		      const struct arg *arg, uint64_t value, char *to)
{
	if (arg->kind == K_NAME)
		name_fill(to + arg->offset, value, t->worker);
	else if (arg->kind == K_SLOT)
		put(to + arg->offset, slot_get(t, value), arg->width);
	else if (arg->kind == K_POINTER)
		put(to + arg->offset, pointer_address(t, value), arg->width);
	else if (type->number == IPCQ_IOC_NOTIFY && !strcmp(arg->name, "signo"))
		put(to + arg->offset, value > 64 ? value : (uint64_t)harmless(value), arg->width);
	else
		put(to + arg->offset, value, arg->width);
}

/* Lay the structure where it is wanted, as much of it as there is memory of ours. */
static void lay(const struct thread *t, const struct op_type *type, const uint64_t *arg,
		size_t length)
{
	char structure[LARGEST + 1];
	const struct arg *field;
	char *to;

	to = pointer_own(t, arg[A_AT], length);
	/* What lies across the end of the area: up to there. */
	while (!to && length)
		to = pointer_own(t, arg[A_AT], length /= 2);
	if (!to)
		return;
	memset(structure, arg[A_TAIL], length);
	/* Past a structure that is longer than ours, the tail; within ours, zeroes. */
	memset(structure, 0, length < _IOC_SIZE(type->number) ? length :
						   _IOC_SIZE(type->number));
	for (field = type->arg; field->kind != K_END; field++) {
		if (field->width && field->offset + field->width <= LARGEST)
			put_field(t, type, field, arg[field - type->arg], structure);
	}
	memcpy(to, structure, length);
}

static const struct arg *arg_of_kind(const struct op_type *type, enum kind kind)
{
	const struct arg *arg;

	for (arg = type->arg; arg->kind != K_END; arg++) {
		if (arg->kind == kind)
			return arg;
	}
	return NULL;
}

long do_ioctl(struct thread *t, const struct op_type *type, const uint64_t *arg)
{
	unsigned int length = arg[A_LENGTH] & _IOC_SIZEMASK;
	unsigned int number = (type->number & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT)) |
			      length << _IOC_SIZESHIFT;
	int fd = slot_get(t, arg[A_FD]);
	const struct arg *to;
	long ret;

	if (fd < 0)
		return OP_SKIPPED;
	lay(t, type, arg, length);
	if (type->prepare)
		type->prepare(t, arg);
	ret = call(fd, number, pointer_address(t, arg[A_AT]), arg[A_COMPAT]);
	if (ret < 0)
		return ret;
	if (type->number == IPCQ_IOC_CREATE)
		runner_made(t, ret);
	to = arg_of_kind(type, K_FRESH);
	/* NOTIFY returns a descriptor or 0. */
	return to && ret > 0 ? slot_put(t, arg[to - type->arg], ret) : ret;
}

/* What is odd about one record. */
static void make_odd(struct ipcq_record *record, uint64_t how)
{
	switch (how % 8) {
	case 0: record->size = 1u << 31; break;
	case 1: record->size = -1; break;
	case 2: record->flags = 1; break;
	case 3: record->prio = IPCQ_PRIO_MAX + 1; break;
	case 4: record->size = 0; break;
	case 5: record->size++; break;
	case 6: record->size = 100000; break;
	case 7: record->size = 70; break;
	}
}

/* Records to be sent, as many as lie there; one of them may be odd. */
void prepare_records(struct thread *t, const uint64_t *arg)
{
	uint64_t each = arg[A_EACH] % 4096, i, at = 0;

	if (POINTER_BASE(arg[A_RECORDS]) > B_END)
		return;
	for (i = 0; i < MOST_RECORDS && at < arg[A_SIZE]; i++) {
		struct ipcq_record record = { .size = each, .prio = i % 3, .type = i };
		void *to = pointer_own(t, arg[A_RECORDS] + at, sizeof(record));

		if (!to)
			return;
		if (i == arg[A_ODD])
			make_odd(&record, arg[A_HOW]);
		memcpy(to, &record, sizeof(record));
		at += IPCQ_RECORD_SPACE(each);
	}
}

long do_raw_ioctl(struct thread *t, const struct op_type *type, const uint64_t *arg)
{
	int fd = slot_get(t, arg[0]);

	(void)type;
	if (fd < 0)
		return OP_SKIPPED;
	return call(fd, arg[1], pointer_address(t, arg[2]), arg[1] >> 32);
}
