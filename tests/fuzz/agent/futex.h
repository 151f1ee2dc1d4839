/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for a word to change: in one process with FUTEX_PRIVATE_FLAG, else with 0. */
#ifndef FUTEX_H
#define FUTEX_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/futex.h>

static inline void futex_wait(_Atomic uint32_t *at, uint32_t value, int flag)
{
	syscall(SYS_futex, at, FUTEX_WAIT | flag, value, NULL, NULL, 0);
}

static inline void futex_wake(_Atomic uint32_t *at, int flag)
{
	syscall(SYS_futex, at, FUTEX_WAKE | flag, INT_MAX, NULL, NULL, 0);
}

#endif /* FUTEX_H */
