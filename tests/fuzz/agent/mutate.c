// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "memory.h"
#include "mutate.h"
#include "names.h"
#include "ops.h"

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

#define PICK(r, array)	((array)[random_below(r, COUNT(array))])

/* Of sizes most are small, or most calls would do nothing but copy. */
static const uint64_t small[] = {
	0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 127, 128, 129, 255,
	256, 257, 300,
};

static const uint64_t large[] = {
	511, 512, 1000, 1024, 4000, 4095, 4096, 4097, 8192, 20000, 65535, 65536, 65537,
	100000, 1 << 20,
};

static const uint64_t wild[] = {
	-1, -2, -8, -4096, 1ULL << 63, (1ULL << 63) - 1, 1ULL << 32, (1ULL << 32) - 1,
	1ULL << 31, (1ULL << 31) - 1, 0x7ffff000, 1 << 24, 1 << 16, 0xffff, 0x8000, 255, 256,
};

static const uint64_t times[] = {
	0, 0, 0, 1, 1000, 50000, 200000, 1000000, 3000000,
};

static const uint64_t offsets[] = {
	0, 1, 2, 4, 7, 8, 16, 31, 40, 64, 79, 80, 81, 100, 128, 200, 4000, 4088, 4095, 4096,
	8192, 65536,
};

/* A slot that an operation before @pos has filled, if there is one. */
static uint64_t filled_slot(struct random *r, const struct fuzz_case *c, unsigned int pos)
{
	unsigned int tries, k;

	for (tries = 0; pos && tries < 8; tries++) {
		const struct op *op = &c->op[random_below(r, pos)];
		const struct op_type *type = &op_types[op->type];

		for (k = 0; k < op_args(type); k++) {
			if (type->arg[k].kind == K_FRESH)
				return op->arg[k];
		}
	}
	return random_below(r, CASE_SLOTS);
}

static uint64_t draw_slot(struct random *r, const struct arg *arg, const struct fuzz_case *c,
			  unsigned int pos)
{
	if (arg->usual == SLOT_CONTROL)
		return random_percent(r, 97) ? SLOT_CONTROL : random_below(r, CASE_SLOTS);
	return random_percent(r, 92) ? filled_slot(r, c, pos) : random_below(r, CASE_SLOTS);
}

static uint64_t draw_pointer(struct random *r, const struct arg *arg)
{
	uint64_t offset;

	if (random_percent(r, 70))
		return arg->usual;
	if (random_percent(r, 30) && POINTER_BASE(arg->usual) == B_RW)
		return arg->usual + PICK(r, offsets);
	offset = PICK(r, offsets);
	return POINTER(random_below(r, B_BASES), offset);
}

static uint64_t draw_bits(struct random *r, const struct arg *arg)
{
	unsigned int how = random_below(r, 100);
	uint64_t bit = 1ULL << random_below(r, 64);

	if (how < 20)
		return arg->usual;
	if (how < 55)
		return arg->usual ^ (random_next(r) & random_next(r) & arg->some);
	if (how < 90)
		return random_next(r) & arg->some;
	if (how < 98)
		return arg->usual ^ (how & 1 ? bit : bit >> 32);
	return random_next(r);
}

static uint64_t draw_number(struct random *r, const struct arg *arg)
{
	unsigned int how = random_below(r, 100);

	/* What must be as it is, mostly is. */
	if (!arg->some && how < 90)
		return arg->usual;
	if (how < 60)
		return random_below(r, arg->some + 1);
	if (how < 80)
		return random_below(r, arg->some + 1) & random_below(r, arg->some + 1);
	if (how < 90)
		return arg->some + random_below(r, 3) - 1;
	return PICK(r, wild);
}

static uint64_t draw_size(struct random *r)
{
	unsigned int how = random_below(r, 100);

	if (how < 85)
		return PICK(r, small);
	return how < 97 ? PICK(r, large) : PICK(r, wild);
}

static uint64_t draw_length(struct random *r, const struct arg *arg)
{
	if (random_percent(r, 60))
		return arg->usual;
	if (random_percent(r, 70))
		return (arg->usual + random_below(r, 33) - 16) & 0x3fff;
	return random_below(r, 0x4000);
}

static uint64_t draw_name(struct random *r, const struct arg *arg)
{
	if (arg->usual == NAME_ANONYMOUS && random_percent(r, 60))
		return NAME_ANONYMOUS;
	return random_percent(r, 90) ? 1 + random_below(r, NAME_HIDDEN - 1) :
				       random_below(r, names);
}

static uint64_t draw(struct random *r, const struct arg *arg, const struct fuzz_case *c,
		     unsigned int pos)
{
	switch (arg->kind) {
	case K_SLOT:
		return draw_slot(r, arg, c, pos);
	case K_FRESH:
		return 1 + random_below(r, random_percent(r, 80) ? 4 : CASE_SLOTS - 1);
	case K_MAP:
		return random_below(r, CASE_MAPS);
	case K_NAME:
		return draw_name(r, arg);
	case K_POINTER:
		return draw_pointer(r, arg);
	case K_BITS:
		return draw_bits(r, arg);
	case K_CHOICE:
		if (random_percent(r, 97))
			return arg->choice[random_below(r, arg->choices)];
		return PICK(r, wild);
	case K_NUMBER:
		return draw_number(r, arg);
	case K_SIZE:
		return draw_size(r);
	case K_TIME:
		return random_percent(r, 95) ? PICK(r, times) : PICK(r, wild);
	case K_LENGTH:
		return draw_length(r, arg);
	default:
		return 0;
	}
}

static unsigned int draw_type(struct random *r)
{
	static unsigned int all;
	unsigned int i, at;

	if (!all) {
		for (i = 0; i < nr_op_types; i++)
			all += op_types[i].weight;
	}
	at = random_below(r, all);
	for (i = 0; at >= op_types[i].weight; i++)
		at -= op_types[i].weight;
	return i;
}

/* A new operation at @pos, where there is room for it. */
static void make_op(struct random *r, struct fuzz_case *c, unsigned int pos, unsigned int type)
{
	struct op *op = &c->op[pos];
	unsigned int i;

	op_usual(op, type);
	if (random_percent(r, 12))
		op->thread = 1 + random_below(r, CASE_THREADS - 1);
	for (i = 0; i < op_args(&op_types[type]); i++) {
		const struct arg *arg = &op_types[type].arg[i];
		bool is_slot = arg->kind == K_SLOT || arg->kind == K_FRESH;

		/* Most of what is odd about an operation hides the rest of it. */
		if (random_percent(r, is_slot ? 80 : 18))
			op->arg[i] = draw(r, arg, c, pos);
	}
}

/* Of these the first operations of a case are. */
static unsigned int draw_first_type(struct random *r)
{
	static const char *const first[] = {
		"create", "create", "create", "create", "create", "create", "open", "netlink",
	};
	const char *name = PICK(r, first);
	unsigned int i;

	for (i = 0; i < nr_op_types; i++) {
		if (!strcmp(op_types[i].name, name))
			return i;
	}
	return 0;
}

void case_generate(struct random *r, struct fuzz_case *c)
{
	unsigned int n = 4 + random_below(r, CASE_OPS - 3);

	make_op(r, c, 0, draw_first_type(r));
	c->op[0].thread = 0;
	for (c->ops = 1; c->ops < n; c->ops++)
		make_op(r, c, c->ops, draw_type(r));
}

static void insert(struct random *r, struct fuzz_case *c)
{
	unsigned int pos = random_below(r, c->ops + 1);

	/* Where there is no room, another goes. */
	if (c->ops == CASE_OPS) {
		make_op(r, c, random_below(r, c->ops), draw_type(r));
		return;
	}
	memmove(&c->op[pos + 1], &c->op[pos], (c->ops - pos) * sizeof(*c->op));
	c->ops++;
	make_op(r, c, pos, draw_type(r));
}

/* Go on for a while with what the case has come to. */
static void extend(struct random *r, struct fuzz_case *c)
{
	unsigned int n = c->ops + random_below(r, CASE_OPS - c->ops + 1);

	for (; c->ops < n; c->ops++)
		make_op(r, c, c->ops, draw_type(r));
}

static void drop(struct random *r, struct fuzz_case *c)
{
	unsigned int pos = random_below(r, c->ops);

	if (c->ops == 1)
		return;
	c->ops--;
	memmove(&c->op[pos], &c->op[pos + 1], (c->ops - pos) * sizeof(*c->op));
}

static void repeat(struct random *r, struct fuzz_case *c)
{
	unsigned int from = random_below(r, c->ops);

	if (c->ops < CASE_OPS)
		c->op[c->ops++] = c->op[from];
}

static void swap(struct random *r, struct fuzz_case *c)
{
	unsigned int a = random_below(r, c->ops), b = random_below(r, c->ops);
	struct op op = c->op[a];

	c->op[a] = c->op[b];
	c->op[b] = op;
}

static void change(struct random *r, struct fuzz_case *c)
{
	unsigned int pos = random_below(r, c->ops);
	struct op *op = &c->op[pos];
	const struct op_type *type = &op_types[op->type];
	unsigned int i, n = op_args(type);

	if (!n)
		return;
	i = random_below(r, n);
	op->arg[i] = random_percent(r, 15) ? type->arg[i].usual :
					     draw(r, &type->arg[i], c, pos);
}

static void move_thread(struct random *r, struct fuzz_case *c)
{
	c->op[random_below(r, c->ops)].thread = random_below(r, CASE_THREADS);
}

/* The beginning of one and the end of another. */
static void splice_with(struct random *r, struct fuzz_case *c, const struct fuzz_case *other)
{
	unsigned int keep = 1 + random_below(r, c->ops);
	unsigned int from = random_below(r, other->ops), n = other->ops - from;

	if (n > CASE_OPS - keep)
		n = CASE_OPS - keep;
	memcpy(&c->op[keep], &other->op[from], n * sizeof(*c->op));
	c->ops = keep + n;
}

/* Change a case; @other may give a part of it. */
void case_mutate(struct random *r, struct fuzz_case *c, const struct fuzz_case *other)
{
	unsigned int times = 1 + random_below(r, 4);

	if (random_percent(r, 15))
		splice_with(r, c, other);
	while (times--) {
		unsigned int how = random_below(r, 100);

		if (how < 30)
			insert(r, c);
		else if (how < 75)
			change(r, c);
		else if (how < 85)
			drop(r, c);
		else if (how < 90)
			repeat(r, c);
		else if (how < 95)
			swap(r, c);
		else
			move_thread(r, c);
	}
	/* What is there already has cost most. */
	if (random_percent(r, 60))
		extend(r, c);
}
