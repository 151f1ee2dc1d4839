// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's emulation: counts how often each instruction of the guest is
 * executed between two marks, which are instructions that do nothing (mark.h).
 * IPCQ_COUNTS names the file in which each line is an address and a count.
 *
 * The functions below are those of QEMU's plugin interface, version 1, that this uses.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

#define EXPORT	__attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*translated_fn)(uint64_t id, struct qemu_plugin_tb *block);
typedef void (*executed_fn)(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_fn fn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    executed_fn fn, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block,
						 size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;

#define SLOTS_LOG2	20
#define SLOTS		(1u << SLOTS_LOG2)

static struct slot {
	uint64_t address;
	uint64_t count;
} slots[SLOTS];

static bool counting;

static struct slot *slot_of(uint64_t address)
{
	uint32_t i = address * 0x9e3779b97f4a7c15u >> (64 - SLOTS_LOG2);

	while (slots[i].address && slots[i].address != address)
		i = (i + 1) % SLOTS;
	slots[i].address = address;
	return &slots[i];
}

static void executed(unsigned int cpu, void *data)
{
	struct slot *slot = data;

	(void)cpu;
	if (counting)
		slot->count++;
}

static void begun(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	for (size_t i = 0; i < SLOTS; i++)
		slots[i].count = 0;
	counting = true;
}

static void ended(unsigned int cpu, void *data)
{
	FILE *file = fopen(getenv("IPCQ_COUNTS") ?: "/dev/null", "w");

	(void)cpu;
	(void)data;
	counting = false;
	if (!file)
		abort();
	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i].count)
			fprintf(file, "%llx %llu\n", (unsigned long long)slots[i].address,
				(unsigned long long)slots[i].count);
	fclose(file);
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
	static const unsigned char begin[] = { MARK_BEGIN }, end[] = { MARK_END };
	size_t n = qemu_plugin_tb_n_insns(block);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		const void *data = qemu_plugin_insn_data(insn);
		executed_fn fn = executed;

		if (qemu_plugin_insn_size(insn) == sizeof(begin)) {
			if (!memcmp(data, begin, sizeof(begin)))
				fn = begun;
			else if (!memcmp(data, end, sizeof(end)))
				fn = ended;
		}
		qemu_plugin_register_vcpu_insn_exec_cb(insn, fn, 0,
						       slot_of(qemu_plugin_insn_vaddr(insn)));
	}
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
