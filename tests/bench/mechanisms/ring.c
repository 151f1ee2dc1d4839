// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring in shared memory for one sender and one receiver, and two eventfds for when it
 * is empty or full.  This is the fastest that user space can do by itself: a system
 * call is made only to sleep, and to wake one who sleeps.  Both sides can write all of
 * it, so that each must trust the other.
 */
#include <err.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mechanisms/all.h"

/**
 * struct ring - what both sides share
 * @sent: messages so far; the sender writes it
 * @receiver_sleeps: and wants to be woken by the next message
 * @received: messages so far; the receiver writes it
 * @sender_sleeps: and wants to be woken by the next room
 * @slots: as many messages, a power of two
 * @bytes: of all this
 * @data: the slots
 */
struct ring {
	_Alignas(64) _Atomic uint64_t sent;
	_Atomic uint32_t receiver_sleeps;
	_Alignas(64) _Atomic uint64_t received;
	_Atomic uint32_t sender_sleeps;
	_Alignas(64) uint64_t slots;
	size_t bytes;
	char data[];
};

static void ring_open(struct channel *channel)
{
	uint64_t slots = 1;
	struct ring *ring;
	size_t bytes;

	while (slots < channel->need.depth)
		slots *= 2;
	bytes = sizeof(*ring) + slots * channel->need.size;
	ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		err(1, "mmap of %zu bytes", bytes);
	ring->slots = slots;
	ring->bytes = bytes;
	channel->state = ring;
	channel->recv_fd = eventfd(0, EFD_CLOEXEC);
	channel->send_fd = eventfd(0, EFD_CLOEXEC);
	if (channel->recv_fd == -1 || channel->send_fd == -1)
		err(1, "eventfd");
}

static void ring_close(struct channel *channel)
{
	struct ring *ring = channel->state;

	close_descriptors(channel);
	if (munmap(ring, ring->bytes))
		err(1, "munmap");
}

/* Tell the other side, if it sleeps or is about to. */
static void wake(int fd, _Atomic uint32_t *sleeps)
{
	if (atomic_load(sleeps) && atomic_exchange(sleeps, 0) && eventfd_write(fd, 1))
		err(1, "eventfd_write");
}

/*
 * Sleep, unless what is awaited has come meanwhile.  A wake-up left over from then
 * only makes a later sleep end early.
 */
static void sleep_until_woken(int fd, _Atomic uint32_t *sleeps,
			      _Atomic uint64_t *other, uint64_t old)
{
	eventfd_t value;

	atomic_store(sleeps, 1);
	if (atomic_load(other) == old) {
		if (eventfd_read(fd, &value))
			err(1, "eventfd_read");
	}
	atomic_store(sleeps, 0);
}

static void ring_send(struct channel *channel, char *data, size_t size)
{
	struct ring *ring = channel->state;
	uint64_t sent, received;

	sent = atomic_load_explicit(&ring->sent, memory_order_relaxed);
	for (;;) {
		received = atomic_load_explicit(&ring->received, memory_order_acquire);
		if (sent - received < ring->slots)
			break;
		sleep_until_woken(channel->send_fd, &ring->sender_sleeps, &ring->received,
				  received);
	}
	memcpy(ring->data + (sent & (ring->slots - 1)) * size, data, size);
	atomic_store(&ring->sent, sent + 1);
	wake(channel->recv_fd, &ring->receiver_sleeps);
}

static void ring_recv(struct channel *channel, char *data, size_t size)
{
	struct ring *ring = channel->state;
	uint64_t sent, received;

	received = atomic_load_explicit(&ring->received, memory_order_relaxed);
	for (;;) {
		sent = atomic_load_explicit(&ring->sent, memory_order_acquire);
		if (sent != received)
			break;
		sleep_until_woken(channel->recv_fd, &ring->receiver_sleeps, &ring->sent,
				  sent);
	}
	memcpy(data, ring->data + (received & (ring->slots - 1)) * size, size);
	atomic_store(&ring->received, received + 1);
	wake(channel->send_fd, &ring->sender_sleeps);
}

const struct mechanism ring_mechanism = {
	.name = "eventfd-ring",
	.what = "shared memory; eventfd to sleep and to wake",
	.can = CAN_DELIVER,
	.open = ring_open,
	.send = ring_send,
	.recv = ring_recv,
	.close = ring_close,
};
