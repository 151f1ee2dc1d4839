// SPDX-License-Identifier: GPL-2.0-only
/* The text of cases. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "memory.h"
#include "names.h"
#include "ops.h"

#define LINE	2048

unsigned int op_args(const struct op_type *type)
{
	unsigned int n = 0;

	while (n < CASE_ARGS && type->arg[n].kind != K_END)
		n++;
	return n;
}

/* An operation of which nothing was said. */
void op_usual(struct op *op, unsigned int type)
{
	unsigned int i;

	memset(op, 0, sizeof(*op));
	op->type = type;
	for (i = 0; i < op_args(&op_types[type]); i++)
		op->arg[i] = op_types[type].arg[i].usual;
}

size_t case_size(const struct fuzz_case *c)
{
	return offsetof(struct fuzz_case, op[c->ops]);
}

void case_copy(struct fuzz_case *to, const struct fuzz_case *from)
{
	memcpy(to, from, case_size(from));
}

static void print_value(FILE *file, const struct arg *arg, uint64_t value)
{
	if (arg->kind == K_NAME && value < names)
		fputs(name_table[value].word, file);
	else if (arg->kind == K_POINTER)
		pointer_print(file, value);
	else if (arg->kind == K_BITS || value > 1 << 20)
		fprintf(file, "%#" PRIx64, value);
	else
		fprintf(file, "%" PRIu64, value);
}

/* The operations, a line each, and an empty line after them. */
void case_print(FILE *file, const struct fuzz_case *c)
{
	unsigned int i, k;

	for (i = 0; i < c->ops; i++) {
		const struct op *op = &c->op[i];
		const struct op_type *type = &op_types[op->type];

		if (op->thread)
			fprintf(file, "@%u ", op->thread);
		fputs(type->name, file);
		for (k = 0; k < op_args(type); k++) {
			if (op->arg[k] == type->arg[k].usual)
				continue;
			fprintf(file, " %s=", type->arg[k].name);
			print_value(file, &type->arg[k], op->arg[k]);
		}
		fputc('\n', file);
	}
	fputc('\n', file);
}

static int parse_value(const struct arg *arg, const char *text, uint64_t *value)
{
	unsigned int i;
	char *end;

	if (arg->kind == K_POINTER)
		return pointer_parse(text, value);
	for (i = 0; arg->kind == K_NAME && i < names; i++) {
		if (!strcmp(text, name_table[i].word)) {
			*value = i;
			return 0;
		}
	}
	errno = 0;
	*value = strtoull(text, &end, 0);
	return errno || *end || end == text ? -1 : 0;
}

static int parse_arg(struct op *op, char *word)
{
	const struct op_type *type = &op_types[op->type];
	char *value = strchr(word, '=');
	unsigned int i;

	if (!value)
		return -1;
	*value++ = '\0';
	for (i = 0; i < op_args(type); i++) {
		if (!strcmp(word, type->arg[i].name))
			return parse_value(&type->arg[i], value, &op->arg[i]);
	}
	return -1;
}

/* Returns the word that is not understood, or NULL. */
static const char *parse_op(struct op *op, char *line)
{
	char *rest, *word = strtok_r(line, " \t", &rest);
	unsigned int type, thread = 0;

	if (*word == '@') {
		if (sscanf(word, "@%u", &thread) != 1 || thread >= CASE_THREADS)
			return word;
		word = strtok_r(NULL, " \t", &rest);
		if (!word)
			return "@";
	}
	for (type = 0; type < nr_op_types; type++) {
		if (!strcmp(word, op_types[type].name))
			break;
	}
	if (type == nr_op_types)
		return word;
	op_usual(op, type);
	op->thread = thread;
	while ((word = strtok_r(NULL, " \t", &rest))) {
		if (parse_arg(op, word))
			return word;
	}
	return NULL;
}

/*
 * Read the next case: up to an empty line or the end.  Lines that begin with "#" are
 * comments.  Returns 1 if there is one, 0 if there is none, -1 with @error.
 */
int case_read(FILE *file, struct fuzz_case *c, char *error, size_t size)
{
	char line[LINE];
	const char *odd;

	c->ops = 0;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line == '#')
			continue;
		if (!line[strspn(line, " \t")]) {
			if (c->ops)
				break;
			continue;
		}
		if (c->ops == CASE_OPS) {
			snprintf(error, size, "a case of more than %u operations", CASE_OPS);
			return -1;
		}
		odd = parse_op(&c->op[c->ops], line);
		if (odd) {
			snprintf(error, size, "'%s' is not understood", odd);
			return -1;
		}
		c->ops++;
	}
	return c->ops > 0;
}
