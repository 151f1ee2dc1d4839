// SPDX-License-Identifier: GPL-2.0-only
/* Tests of what of the fuzzer needs no module: cases, their text, and their mutation. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "mutate.h"
#include "names.h"
#include "ops.h"

#define TIMES	20000

static int number;
static bool failed;

static void result(bool ok, const char *what)
{
	printf("%s %d - %s\n", ok ? "ok" : "not ok", ++number, what);
	failed |= !ok;
}

static bool is_same(const struct fuzz_case *a, const struct fuzz_case *b)
{
	return a->ops == b->ops && !memcmp(a->op, b->op, a->ops * sizeof(*a->op));
}

static bool is_valid(const struct fuzz_case *c)
{
	unsigned int i;

	if (!c->ops || c->ops > CASE_OPS)
		return false;
	for (i = 0; i < c->ops; i++) {
		if (c->op[i].type >= nr_op_types || c->op[i].thread >= CASE_THREADS)
			return false;
	}
	return true;
}

/* The text of a case, read again. */
static bool comes_back(const struct fuzz_case *c)
{
	static struct fuzz_case again, none;
	char text[CASE_OPS * 1024], error[100];
	FILE *file = fmemopen(text, sizeof(text), "w+");
	bool ok;

	case_print(file, c);
	rewind(file);
	ok = case_read(file, &again, error, sizeof(error)) == 1 && is_same(c, &again) &&
	     case_read(file, &none, error, sizeof(error)) == 0;
	if (!ok) {
		printf("# %s\n", error);
		case_print(stdout, c);
	}
	fclose(file);
	return ok;
}

/* What case_read() says of a text. */
static int parse(const char *text, struct fuzz_case *c)
{
	char error[100];
	FILE *file = fmemopen((char *)text, strlen(text), "r");
	int ret = case_read(file, c, error, sizeof(error));

	fclose(file);
	return ret;
}

static void test_table(void)
{
	unsigned int i, k;
	bool ok = true;

	for (i = 0; i < nr_op_types; i++) {
		for (k = 0; k < i; k++)
			ok &= strcmp(op_types[i].name, op_types[k].name) != 0;
		ok &= op_args(&op_types[i]) < CASE_ARGS;
		ok &= op_types[i].fn && op_types[i].weight;
		for (k = 0; k < op_args(&op_types[i]); k++)
			ok &= op_types[i].arg[k].kind != K_CHOICE || op_types[i].arg[k].choices;
	}
	result(ok, "operations have names of their own, and room for their arguments");
}

static void test_generate(void)
{
	static struct fuzz_case c;
	struct random r;
	bool valid = true, back = true;
	int i;

	random_seed(&r, 1);
	for (i = 0; i < TIMES && valid && back; i++) {
		case_generate(&r, &c);
		valid = is_valid(&c);
		back = comes_back(&c);
	}
	result(valid, "what is generated is valid");
	result(back, "and is the same when its text is read");
}

static void test_mutate(void)
{
	static struct fuzz_case c, other, before;
	bool valid = true, back = true;
	struct random r;
	int i, changed = 0;

	random_seed(&r, 2);
	case_generate(&r, &c);
	case_generate(&r, &other);
	for (i = 0; i < TIMES && valid && back; i++) {
		before = c;
		case_mutate(&r, &c, &other);
		valid = is_valid(&c);
		back = comes_back(&c);
		changed += !is_same(&c, &before);
		if (!(i % 100))
			case_generate(&r, &c);
	}
	result(valid, "what is mutated is valid");
	result(back, "and is the same when its text is read");
	result(changed > TIMES * 9 / 10, "mutation changes most cases");
}

static void test_seed(void)
{
	static struct fuzz_case a, b, c;
	struct random r;

	random_seed(&r, 3);
	case_generate(&r, &a);
	random_seed(&r, 3);
	case_generate(&r, &b);
	random_seed(&r, 4);
	case_generate(&r, &c);
	result(is_same(&a, &b) && !is_same(&a, &c), "a seed repeats a case");
	random_seed(&r, -1);
	result(random_next(&r) != random_next(&r), "no seed stands still");
}

static void test_text(void)
{
	static struct fuzz_case c;

	result(parse("# a comment\n\nsend fd=2 size=0x10\n@2 recv data=end-8\n\nread\n", &c) == 1 &&
	       c.ops == 2 && c.op[0].arg[0] == 2 && c.op[1].thread == 2,
	       "a case ends at an empty line");
	result(parse("", &c) == 0 && parse("# nothing\n\n", &c) == 0, "there may be none");
	result(parse("sing\n", &c) < 0, "an unknown operation");
	result(parse("send colour=1\n", &c) < 0, "an unknown argument");
	result(parse("send size=large\n", &c) < 0, "what is no number");
	result(parse("send data=here+1\n", &c) < 0, "an unknown base");
	result(parse("send data=end+1\n", &c) < 0, "an end that goes on");
	result(parse("@3 send\n", &c) < 0, "a thread too many");
	result(parse("@1\n", &c) < 0, "a thread with nothing to do");
	result(parse("create name=nobody\n", &c) < 0, "an unknown name");
}

static void test_names(void)
{
	char a[IPCQ_NAME_MAX + 1], b[IPCQ_NAME_MAX + 1];
	unsigned int i;
	bool ok = true;

	for (i = 0; i < names; i++) {
		name_fill(a, i, 0);
		name_fill(b, i, 1);
		ok &= !memcmp(a, b, sizeof(a)) == !name_table[i].own;
	}
	result(ok, "workers have names of their own, and in common");
	name_fill(a, NAME_LONG, 0);
	ok = strnlen(a, sizeof(a)) == IPCQ_NAME_MAX;
	name_fill(a, names - 1, 0);
	result(ok && !memchr(a, 0, sizeof(a)), "one is as long as may be, one has no end");
}

int main(void)
{
	printf("KTAP version 1\n");
	test_table();
	test_generate();
	test_mutate();
	test_seed();
	test_text();
	test_names();
	printf("1..%d\n", number);
	return failed;
}
