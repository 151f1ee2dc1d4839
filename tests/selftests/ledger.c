// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of every message of a storm. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ledger.h"

/* Say that something is wrong. */
void ledger_wrong(struct ledger *l, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	atomic_fetch_add(&l->wrong, 1);
	/* In one piece: others write as well. */
	dprintf(2, "# round %u: %s\n", l->round, text);
}

/* Begin with no messages.  It touches all of its memory, which is its caller's then. */
void ledger_begin(struct ledger *l, uint32_t round)
{
	memset(l, 0, sizeof(*l));
	l->round = round;
}

bool ledger_is_full(const struct ledger *l)
{
	return atomic_load(&l->used) >= LEDGER_ROOM;
}

static uint64_t sum_of(const struct parcel *p, uint32_t size)
{
	const unsigned char *bytes = (const unsigned char *)p;
	uint64_t sum = size, word;
	uint32_t i;

	for (i = sizeof(p->sum); i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15;
		sum ^= sum >> 29;
	}
	for (; i < size; i++)
		sum = (sum ^ bytes[i]) * 0x9e3779b97f4a7c15;
	return sum;
}

/*
 * Make a message, and write down that it is about to be sent.  False if the ledger is
 * full.
 */
bool parcel_make(struct ledger *l, struct parcel *p, uint32_t size, enum channel channel,
		 unsigned int sender, uint64_t number)
{
	uint32_t id, i;

	if (ledger_is_full(l))
		return false;
	id = atomic_fetch_add(&l->used, 1);
	if (id >= LEDGER_ROOM)
		return false;
	*p = (struct parcel) {
		.round = l->round,
		.id = id,
		.size = size,
		.channel = channel,
		.sender = sender,
		.number = number,
	};
	for (i = 0; i < size - sizeof(*p); i++)
		p->filling[i] = id + i;
	p->sum = sum_of(p, size);
	l->entries[id].channel = channel;
	atomic_store(&l->entries[id].outcome, OUTCOME_UNKNOWN);
	return true;
}

/* Write down what became of the call that was to send it. */
void parcel_sent(struct ledger *l, const struct parcel *p, bool accepted)
{
	atomic_store(&l->entries[p->id].outcome,
		     accepted ? OUTCOME_ACCEPTED : OUTCOME_REFUSED);
}

static void begin(struct ledger *l, struct inbox *in, unsigned int count, bool is_batch)
{
	atomic_store(&in->is_batch, is_batch);
	atomic_store(&in->count, count);
	atomic_store(&in->call, atomic_fetch_add(&l->calls, 1) + 1);
}

/*
 * Make ready for a call that receives one message.  If @room is not 0, the memory ends
 * after so many bytes.
 */
void inbox_begin(struct ledger *l, struct inbox *in, uint32_t room)
{
	in->parcel = (struct parcel *)(room ? in->wall - room : in->room);
	/* What was received there before is not there any more. */
	memset(in->parcel, 0,
	       room && room < sizeof(struct parcel) ? room : sizeof(struct parcel));
	begin(l, in, 1, false);
}

/* Make ready for a call that receives up to INBOX_MAX messages. */
void inbox_begin_batch(struct ledger *l, struct inbox *in)
{
	memset(in->room, 0, sizeof(struct ipcq_record) + sizeof(struct parcel));
	begin(l, in, INBOX_MAX, true);
}

static bool is_whole(const struct ledger *l, const struct parcel *p)
{
	return p->size >= sizeof(*p) && p->size <= PARCEL_MAX && p->round == l->round &&
	       p->id < LEDGER_ROOM && p->channel < CHANNELS && p->sender < LEDGER_SENDERS &&
	       p->sum == sum_of(p, p->size);
}

/* Write down that a whole parcel has come, if that has not been done already. */
static void receive(struct ledger *l, struct inbox *in, struct parcel *p)
{
	uint64_t call = atomic_load(&in->call), other = 0;
	struct entry *entry = &l->entries[p->id];

	if (!atomic_compare_exchange_strong(&entry->receipt, &other, call) && other != call)
		ledger_wrong(l, "message %u was received twice, by the calls %llu and %llu",
			     p->id, (unsigned long long)other, (unsigned long long)call);
	if (p->channel == LINE) {
		if (p->number < atomic_load(&l->last[p->sender]))
			ledger_wrong(l, "message %llu of sender %u came after %llu",
				     (unsigned long long)p->number, p->sender,
				     (unsigned long long)atomic_load(&l->last[p->sender]));
		atomic_store(&l->last[p->sender], p->number);
	}
	/* From here on the inbox does not have it. */
	atomic_signal_fence(memory_order_seq_cst);
	p->round = 0;
	p->size = 0;
	atomic_signal_fence(memory_order_seq_cst);
}

static void nobody_sent(struct ledger *l, uint64_t size)
{
	ledger_wrong(l, "received %llu bytes that nobody has sent so", (unsigned long long)size);
}

/* The call has received something of @size bytes. */
void inbox_received(struct ledger *l, struct inbox *in, uint64_t size)
{
	struct parcel *p = in->parcel;

	if (size < sizeof(*p) || size != p->size || !is_whole(l, p)) {
		nobody_sent(l, size);
		return;
	}
	receive(l, in, p);
}

/*
 * Write down the parcels in the records.  What was written down before is not whole any
 * more, and is passed over; so is what has been there since an earlier call.
 *
 * Return: how many there were.
 */
static unsigned int receive_records(struct ledger *l, struct inbox *in, unsigned int count)
{
	struct ipcq_record *record;
	unsigned int i, found = 0;
	size_t left, at = 0;
	struct parcel *p;

	for (i = 0; i < count && at < sizeof(in->room); i++) {
		record = (struct ipcq_record *)(in->room + at);
		left = sizeof(in->room) - at;
		if (left < sizeof(*record) || left - sizeof(*record) < record->size)
			break;
		at += IPCQ_RECORD_SPACE(record->size);
		p = (struct parcel *)(record + 1);
		if (record->size < sizeof(*p) || p->size != record->size || !is_whole(l, p))
			continue;
		receive(l, in, p);
		found++;
	}
	return found;
}

/* The call has received @count records. */
void inbox_received_batch(struct ledger *l, struct inbox *in, unsigned int count)
{
	if (receive_records(l, in, count) != count)
		nobody_sent(l, count);
}

/* Write down what a receiver that was killed has received. */
void inbox_audit(struct ledger *l, struct inbox *in)
{
	unsigned int count = atomic_load(&in->count);
	struct parcel *p = in->parcel;

	if (atomic_load(&in->is_batch))
		receive_records(l, in, count);
	/* What the wall keeps from the receiver cannot have come. */
	else if (count && p->size <= (size_t)(in->wall - (unsigned char *)p) && is_whole(l, p))
		receive(l, in, p);
	atomic_store(&in->count, 0);
}

/* Sum up a channel, and find what its messages say against each other. */
struct tally ledger_tally(struct ledger *l, enum channel channel)
{
	uint32_t id, used = atomic_load(&l->used);
	struct tally t = {};

	for (id = 0; id < used && id < LEDGER_ROOM; id++) {
		const struct entry *entry = &l->entries[id];
		bool received = entry->receipt;

		if (entry->channel != channel)
			continue;
		t.received += received;
		switch (entry->outcome) {
		case OUTCOME_UNKNOWN:
			t.unknown++;
			t.unknown_received += received;
			break;
		case OUTCOME_ACCEPTED:
			t.accepted++;
			t.lost += !received;
			break;
		default:
			if (received)
				ledger_wrong(l, "message %u was refused, and received", id);
		}
	}
	return t;
}
