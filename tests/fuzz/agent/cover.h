/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a case reaches in the module, as the kernel's KCOV tells.
 *
 * A place is where the compiler has put a call of KCOV; an edge is two places, one right
 * after the other in the same thread.
 */
#ifndef COVER_H
#define COVER_H

#include <stdbool.h>
#include <stdint.h>

#define COVER_MAP	(1u << 20)

/**
 * struct cover_map - what was reached, by all workers
 * @places: how many
 * @edges: how many
 * @place: by the distance from the beginning of the module
 * @edge: by a hash
 */
struct cover_map {
	_Atomic uint32_t places;
	_Atomic uint32_t edges;
	_Atomic uint8_t place[COVER_MAP];
	_Atomic uint8_t edge[COVER_MAP];
};

int cover_init(void);
bool cover_is_on(void);
int cover_thread(unsigned int thread);
void cover_begin(void);
unsigned int cover_end(struct cover_map *map);
int cover_save(const struct cover_map *map, const char *path);

#endif /* COVER_H */
