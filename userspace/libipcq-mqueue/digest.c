// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SHA-256 (FIPS 180-4), for names that are too long.
 *
 * Ours, because this library is loaded into programs that know nothing of it: it must
 * not bring another library along, whose symbols could meet theirs.
 */
#include <string.h>

#include "internal.h"

#define BLOCK	64

static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void add_block(uint32_t state[8], const unsigned char block[BLOCK])
{
	uint32_t schedule[64], v[8], t1, t2;
	int i;

	for (i = 0; i < 16; i++)
		schedule[i] = load(block + 4 * i);
	for (; i < 64; i++) {
		t1 = schedule[i - 2];
		t2 = schedule[i - 15];
		schedule[i] = schedule[i - 16] + schedule[i - 7] +
			      (rotate(t1, 17) ^ rotate(t1, 19) ^ t1 >> 10) +
			      (rotate(t2, 7) ^ rotate(t2, 18) ^ t2 >> 3);
	}
	memcpy(v, state, sizeof(v));
	for (i = 0; i < 64; i++) {
		t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[i] + schedule[i];
		t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		state[i] += v[i];
}

void digest(unsigned char out[32], const void *data, size_t size)
{
	unsigned char block[BLOCK] = { 0 };
	const unsigned char *from = data;
	uint64_t bits = (uint64_t)size * 8;
	uint32_t state[8];
	int i;

	memcpy(state, initial, sizeof(state));
	for (; size >= BLOCK; size -= BLOCK, from += BLOCK)
		add_block(state, from);
	memcpy(block, from, size);
	block[size] = 0x80;
	if (size + 1 + sizeof(bits) > BLOCK) {
		add_block(state, block);
		memset(block, 0, sizeof(block));
	}
	for (i = 0; i < 8; i++)
		block[BLOCK - 1 - i] = bits >> (8 * i);
	add_block(state, block);
	for (i = 0; i < 32; i++)
		out[i] = state[i / 4] >> (24 - 8 * (i % 4));
}
