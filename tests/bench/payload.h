/* SPDX-License-Identifier: GPL-2.0-only */
/* What is sent, and the look at what came. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include "mechanism.h"

/* A payload of @size bytes that are not all alike; with HEADROOM bytes in front. */
char *payload_new(size_t size);

/* A buffer to receive one, all zero and touched. */
char *payload_buffer(size_t size);

void payload_free(char *payload);

/* End the program if the last @size bytes received are not those that were sent. */
void payload_check(const struct channel *channel, const char *sent, const char *received);

#endif /* PAYLOAD_H */
