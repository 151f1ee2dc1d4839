// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"

/* At the begin of a page, as every other: what a copy costs depends on where it is. */
#define PAGE	4096

char *payload_buffer(size_t size)
{
	size_t pages = 1 + (size + PAGE - 1) / PAGE;
	char *memory;

	/* The headroom is at the end of the first. */
	memory = aligned_alloc(PAGE, pages * PAGE);
	if (!memory)
		err(1, NULL);
	memset(memory, 0, pages * PAGE);
	return memory + PAGE;
}

char *payload_new(size_t size)
{
	char *payload = payload_buffer(size);
	size_t i;

	for (i = 0; i < size; i++)
		payload[i] = 1 + i % 251;
	return payload;
}

void payload_free(char *payload)
{
	free(payload - PAGE);
}

void payload_check(const struct channel *channel, const char *sent, const char *received)
{
	if ((channel->mech->can & CAN_DELIVER) &&
	    memcmp(sent, received, channel->need.size))
		errx(1, "%s: what was received is not what was sent", channel->mech->name);
}
