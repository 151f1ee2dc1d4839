/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine under those who use it: too little memory, processors that go and come. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct memory_group - a memory cgroup
 * @path: of its directory; empty if there can be none
 */
struct memory_group {
	char path[64];
};

int memory_group_make(struct memory_group *group);
int memory_group_join(const struct memory_group *group);
int memory_group_limit(const struct memory_group *group, uint64_t bytes);
uint64_t memory_group_charged(const struct memory_group *group);
uint64_t memory_group_killed(const struct memory_group *group);
int memory_group_end(struct memory_group *group);

bool processor_can_go(unsigned int cpu);
int processor_set(unsigned int cpu, bool online);

#endif /* MACHINE_H */
