/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MECHANISMS_ALL_H
#define MECHANISMS_ALL_H

#include "mechanism.h"

extern const struct mechanism floor_mechanism;
extern const struct mechanism pipe_mechanism;
extern const struct mechanism fifo_mechanism;
extern const struct mechanism unix_stream_mechanism;
extern const struct mechanism unix_dgram_mechanism;
extern const struct mechanism unix_seqpacket_mechanism;
extern const struct mechanism mqueue_mechanism;
extern const struct mechanism sysv_mechanism;
extern const struct mechanism ring_mechanism;
extern const struct mechanism ipcq_mechanism;
extern const struct mechanism ipcq_ioctl_mechanism;
extern const struct mechanism ipcq_batch_mechanism;
extern const struct mechanism ipcq_call_mechanism;
extern const struct mechanism ipcq_mqueue_mechanism;
extern const struct mechanism ipcq_uring_mechanism;
extern const struct mechanism ipcq_ring_mechanism;

/* Open a queue of ipcq, whatever then goes through it. */
void ipcq_bench_open(struct channel *channel);

#endif /* MECHANISMS_ALL_H */
