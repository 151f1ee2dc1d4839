// SPDX-License-Identifier: GPL-2.0-only
#include "mechanisms/all.h"

/* Results come in this order.  The first is the floor, the second what ratios refer to. */
const struct mechanism *const mechanisms[] = {
	&floor_mechanism,
	&pipe_mechanism,
	&fifo_mechanism,
	&unix_stream_mechanism,
	&unix_dgram_mechanism,
	&unix_seqpacket_mechanism,
	&mqueue_mechanism,
	&sysv_mechanism,
	&ring_mechanism,
	&ipcq_mechanism,
	&ipcq_ioctl_mechanism,
	&ipcq_batch_mechanism,
	&ipcq_call_mechanism,
	&ipcq_mqueue_mechanism,
	&ipcq_uring_mechanism,
	&ipcq_ring_mechanism,
};

const size_t nr_mechanisms = sizeof(mechanisms) / sizeof(mechanisms[0]);
