// SPDX-License-Identifier: GPL-2.0-only
/* The same as JSON, with json-c. */
#include <err.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "exits.h"
#include "format.h"
#include "json.h"

static struct json_object *must(struct json_object *object)
{
	if (!object)
		err(EXIT_FAILED, "cannot make JSON");
	return object;
}

/* Names are the specification's; in JSON an underscore makes them easier to use. */
static void add(struct json_object *object, const char *name, struct json_object *value)
{
	char *key = text("%s", name);
	char *at;

	for (at = key; *at; at++)
		if (*at == '-')
			*at = '_';
	if (json_object_object_add(object, key, must(value)))
		err(EXIT_FAILED, "cannot make JSON");
	free(key);
}

static void add_number(struct json_object *object, const char *name, uint64_t value)
{
	add(object, name, json_object_new_uint64(value));
}

static void add_string(struct json_object *object, const char *name, const char *value)
{
	add(object, name, json_object_new_string(value));
}

/* The name of a value, or its number if a newer kernel has one without a name. */
static void add_named(struct json_object *object, const char *name, const char *value_name,
		      uint32_t value)
{
	if (value_name)
		add_string(object, name, value_name);
	else
		add_number(object, name, value);
}

static void append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, must(value)))
		err(EXIT_FAILED, "cannot make JSON");
}

static void add_flags(struct json_object *object, uint32_t flags)
{
	struct json_object *array = must(json_object_new_array());
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (!(flags & 1u << bit))
			continue;
		append(array, flag_name(bit) ? json_object_new_string(flag_name(bit)) :
					       json_object_new_uint64(1u << bit));
	}
	add(object, "flags", array);
}

static void add_access(struct json_object *object, uint32_t access)
{
	struct json_object *array = must(json_object_new_array());

	if (access & IPCQ_ACCESS_RECV)
		append(array, json_object_new_string("recv"));
	if (access & IPCQ_ACCESS_SEND)
		append(array, json_object_new_string("send"));
	add(object, "access", array);
}

static void add_counters(struct json_object *object, const struct counters *counters)
{
	struct json_object *inner = must(json_object_new_object());
	unsigned int i;

	for (i = 1; i < IPCQ_A_COUNTERS_PAD; i++)
		add_number(inner, counter_name(i), counters->value[i]);
	add(object, "counters", inner);
}

static void add_histogram(struct json_object *object, const char *name,
			  const uint64_t *bucket, size_t buckets)
{
	struct json_object *array = must(json_object_new_array());
	size_t i;

	for (i = 0; i < buckets; i++)
		append(array, json_object_new_uint64(bucket[i]));
	add(object, name, array);
}

static struct json_object *from_queue(const struct queue *queue)
{
	struct json_object *object = must(json_object_new_object());
	char *mode = text("%04o", queue->mode);

	add_number(object, "id", queue->id);
	add_string(object, "name", queue->name);
	add_number(object, "uid", queue->uid);
	add_number(object, "gid", queue->gid);
	add_string(object, "mode", mode);
	add_flags(object, queue->flags);
	add_named(object, "order", order_name(queue->order), queue->order);
	add_number(object, "max-msgs", queue->max_msgs);
	add_number(object, "max-bytes", queue->max_bytes);
	add_number(object, "max-msg-size", queue->max_msg_size);
	add_number(object, "high-pct", queue->high_pct);
	add_number(object, "low-pct", queue->low_pct);
	add_number(object, "depth", queue->depth);
	add_number(object, "bytes", queue->bytes);
	add_number(object, "peak-depth", queue->peak_depth);
	add_number(object, "peak-bytes", queue->peak_bytes);
	add_number(object, "oldest-ns", queue->oldest_ns);
	add_number(object, "senders", queue->senders);
	add_number(object, "receivers", queue->receivers);
	add_number(object, "blocked-senders", queue->blocked_senders);
	add_number(object, "blocked-receivers", queue->blocked_receivers);
	add_number(object, "snapshot-ns", queue->snapshot_ns);
	add_counters(object, &queue->counters);
	add_histogram(object, "size-histogram", queue->size_histogram, SIZE_BUCKETS);
	add_histogram(object, "sojourn-histogram", queue->sojourn_histogram, SOJOURN_BUCKETS);
	free(mode);
	return object;
}

static struct json_object *from_opener(const struct opener *opener)
{
	struct json_object *object = must(json_object_new_object());
	char *comm = format_foreign(opener->comm ? opener->comm : "");

	add_number(object, "queue-id", opener->queue_id);
	add_string(object, "queue-name", opener->queue_name);
	add_number(object, "pid", opener->pid);
	add_string(object, "comm", comm);
	add_number(object, "uid", opener->uid);
	add_access(object, opener->access);
	add_number(object, "blocked-senders", opener->blocked_senders);
	add_number(object, "blocked-receivers", opener->blocked_receivers);
	add_number(object, "blocked-ns", opener->blocked_ns);
	free(comm);
	return object;
}

static struct json_object *from_totals(const struct totals *totals)
{
	struct json_object *object = must(json_object_new_object());

	add_number(object, "queues", totals->queues);
	add_number(object, "created", totals->created);
	add_number(object, "destroyed", totals->destroyed);
	add_number(object, "depth", totals->depth);
	add_number(object, "bytes", totals->bytes);
	add_counters(object, &totals->counters);
	add_histogram(object, "size-histogram", totals->size_histogram, SIZE_BUCKETS);
	add_histogram(object, "sojourn-histogram", totals->sojourn_histogram,
		      SOJOURN_BUCKETS);
	add_number(object, "snapshot-ns", totals->snapshot_ns);
	add_number(object, "msg-overhead", totals->msg_overhead);
	return object;
}

static struct json_object *from_event(const struct event *event)
{
	struct json_object *object = must(json_object_new_object());

	add_named(object, "event", event_name(event->command), event->command);
	add_number(object, "id", event->id);
	add_string(object, "name", event->name);
	add_number(object, "uid", event->uid);
	add_number(object, "max-msgs", event->max_msgs);
	add_number(object, "max-bytes", event->max_bytes);
	add_number(object, "depth", event->depth);
	add_number(object, "bytes", event->bytes);
	add_number(object, "snapshot-ns", event->snapshot_ns);
	if (event->command == IPCQ_CMD_DROPPED_NTF) {
		add_number(object, "dropped", event->dropped);
		add_named(object, "drop-reason", drop_reason_name(event->drop_reason),
			  event->drop_reason);
	}
	return object;
}

/* Prints the object and drops it. */
static void print(FILE *out, struct json_object *object, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *string;

	if (pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	string = json_object_to_json_string_ext(object, flags);
	if (!string)
		err(EXIT_FAILED, "cannot make JSON");
	fputs(string, out);
	json_object_put(object);
}

/*
 * One element at a time: the objects of ten thousand queues together would take
 * a hundred megabytes.
 */
static void print_separator(FILE *out, size_t index, bool pretty)
{
	fprintf(out, "%s%s", index ? "," : "", pretty ? "\n" : "");
}

void json_queues(FILE *out, const struct queue_list *list, bool pretty)
{
	size_t i;

	fputs("{\"queues\":[", out);
	for (i = 0; i < list->count; i++) {
		print_separator(out, i, pretty);
		print(out, from_queue(&list->queue[i]), pretty);
	}
	fputs("]}\n", out);
}

void json_openers(FILE *out, const struct opener_list *list, bool pretty)
{
	size_t i;

	fputs("{\"openers\":[", out);
	for (i = 0; i < list->count; i++) {
		print_separator(out, i, pretty);
		print(out, from_opener(&list->opener[i]), pretty);
	}
	fputs("]}\n", out);
}

void json_totals(FILE *out, const struct totals *totals, bool pretty)
{
	struct json_object *outer = must(json_object_new_object());

	add(outer, "totals", from_totals(totals));
	print(out, outer, pretty);
	putc('\n', out);
}

void json_event(FILE *out, const struct event *event)
{
	struct json_object *object;

	if (event) {
		object = from_event(event);
	} else {
		object = must(json_object_new_object());
		add_string(object, "event", "lost");
	}
	print(out, object, false);
	putc('\n', out);
}
