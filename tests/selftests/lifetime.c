// SPDX-License-Identifier: GPL-2.0-only
/* From creation to the last close: names, nodes, what becomes of messages. */
#include <pthread.h>
#include <stdatomic.h>

#include "ipcq_test.h"
#include "kselftest_harness.h"

FIXTURE(lifetime) {
	struct queue q;
};

FIXTURE_SETUP(lifetime)
{
	ASSERT_EQ(0, queue_make(&self->q, NULL));
}

FIXTURE_TEARDOWN(lifetime)
{
	EXPECT_EQ(0, queue_end(&self->q));
}

static bool exists(const struct queue *q)
{
	return nl_queue(q->id).err != -ENOENT;
}

static bool has_node(const struct queue *q)
{
	char path[IPCQ_NAME_MAX + 20];

	return access(queue_path(q, path), F_OK) == 0;
}

static void shut_door(struct queue *q)
{
	close(q->fd);
	q->fd = -1;
}

static uint64_t dropped(void)
{
	return nl_totals().stats.counter[IPCQ_A_COUNTERS_DROPPED_DESTROYED];
}

static int destroy(const struct queue *q, struct ipcq_destroy *d)
{
	int control = open(CONTROL, O_RDONLY | O_CLOEXEC), err;

	strcpy(d->name, q->name);
	err = RESULT(ioctl(control, IPCQ_IOC_DESTROY, d));
	close(control);
	return err;
}

static uint32_t flags_of(int fd)
{
	struct ipcq_attr attr = {};

	return attr_get(fd, &attr) ? ~0u : attr.flags;
}

TEST_F(lifetime, a_persistent_queue_stays)
{
	ASSERT_EQ(0, send_text(self->q.fd, "stays"));
	shut_door(&self->q);
	EXPECT_TRUE(exists(&self->q));
	EXPECT_TRUE(has_node(&self->q));
	self->q.fd = queue_open(&self->q, O_RDWR);
	ASSERT_GE(self->q.fd, 0);
	EXPECT_EQ(0, recv_text(self->q.fd, "stays"));
	/* Destroyed while nobody has it open it is gone at once. */
	shut_door(&self->q);
	EXPECT_EQ(0, queue_destroy(self->q.name));
	EXPECT_FALSE(exists(&self->q));
	EXPECT_FALSE(has_node(&self->q));
	EXPECT_EQ(-ENOENT, queue_open(&self->q, O_RDWR));
	EXPECT_EQ(-ENOENT, queue_destroy(self->q.name));
}

TEST_F(lifetime, destroyed_while_closed_with_messages)
{
	uint64_t before = dropped();
	struct ipcq_destroy d = {};

	ASSERT_EQ(0, send_text(self->q.fd, "a"));
	ASSERT_EQ(0, send_text(self->q.fd, "b"));
	shut_door(&self->q);
	ASSERT_EQ(0, destroy(&self->q, &d));
	EXPECT_EQ(2, d.depth);
	EXPECT_EQ(0, d.openers);
	EXPECT_FALSE(exists(&self->q));
	EXPECT_EQ(before + 2, dropped());
}

TEST_F(lifetime, destroyed_while_open)
{
	uint64_t before = dropped();
	struct ipcq_destroy d = {};
	int second = queue_open(&self->q, O_RDONLY);

	ASSERT_GE(second, 0);
	ASSERT_EQ(0, send_text(self->q.fd, "a"));
	EXPECT_EQ(0, flags_of(self->q.fd));
	ASSERT_EQ(0, destroy(&self->q, &d));
	EXPECT_EQ(1, d.depth);
	EXPECT_EQ(2, d.openers);
	EXPECT_FALSE(has_node(&self->q));
	EXPECT_EQ(-ENOENT, queue_open(&self->q, O_RDWR));
	EXPECT_TRUE(exists(&self->q));
	EXPECT_EQ(IPCQ_F_UNLINKED, flags_of(self->q.fd));
	EXPECT_EQ(IPCQ_F_UNLINKED, nl_queue(self->q.id).flags);

	/* Openers go on, and may open more ends. */
	EXPECT_EQ(0, recv_text(second, "a"));
	EXPECT_EQ(0, send_text(self->q.fd, "b"));
	close(second);
	second = queue_open_end(self->q.fd, O_RDONLY);
	ASSERT_GE(second, 0);
	shut_door(&self->q);
	EXPECT_TRUE(exists(&self->q));
	EXPECT_EQ(before, dropped());
	close(second);
	EXPECT_FALSE(exists(&self->q));
	EXPECT_EQ(before + 1, dropped());
}

TEST_F(lifetime, a_name_is_free_at_once)
{
	struct ipcq_create create = { .open_flags = O_RDWR };
	int fd;

	ASSERT_EQ(0, send_text(self->q.fd, "old"));
	ASSERT_EQ(0, queue_destroy(self->q.name));
	strcpy(create.name, self->q.name);
	fd = queue_create(&create);
	ASSERT_GE(fd, 0);
	EXPECT_NE(self->q.id, create.attr.id);
	/* Two queues that know nothing of each other. */
	EXPECT_EQ(-EAGAIN, recv_text(fd, ""));
	ASSERT_EQ(0, send_text(fd, "new"));
	EXPECT_EQ(0, recv_text(self->q.fd, "old"));
	EXPECT_EQ(-EAGAIN, recv_text(self->q.fd, ""));
	shut_door(&self->q);
	EXPECT_FALSE(exists(&self->q));
	self->q.fd = queue_open(&self->q, O_RDWR);
	EXPECT_EQ(0, recv_text(self->q.fd, "new"));
	close(fd);
}

TEST_F(lifetime, queues_without_a_name_use_up_no_minors)
{
	struct queue next;
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, queue_make_anonymous(&next, NULL, O_RDWR));
		EXPECT_GE(next.id, 1u << 20);
		EXPECT_EQ(0, queue_end(&next));
	}
	ASSERT_EQ(0, queue_make(&next, NULL));
	EXPECT_EQ(self->q.id + 1, next.id);
	EXPECT_EQ(0, queue_end(&next));
}

TEST_F(lifetime, destroy_if_empty)
{
	struct ipcq_destroy d = { .flags = IPCQ_DESTROY_IF_EMPTY };

	ASSERT_EQ(0, send_text(self->q.fd, "x"));
	ASSERT_EQ(0, send_text(self->q.fd, "y"));
	EXPECT_EQ(-EBUSY, destroy(&self->q, &d));
	EXPECT_EQ(2, d.depth);
	EXPECT_EQ(1, d.openers);
	EXPECT_TRUE(has_node(&self->q));
	ASSERT_EQ(2, drain(self->q.fd));
	EXPECT_EQ(0, destroy(&self->q, &d));
	EXPECT_EQ(0, d.depth);
	EXPECT_FALSE(has_node(&self->q));
}

TEST_F(lifetime, output_of_destroy_is_not_input)
{
	struct ipcq_destroy d = { .depth = 77, .openers = 77 };

	ASSERT_EQ(0, destroy(&self->q, &d));
	EXPECT_EQ(0, d.depth);
	EXPECT_EQ(1, d.openers);
}

TEST_F(lifetime, ephemeral)
{
	int second = queue_open(&self->q, O_WRONLY);
	uint64_t before = dropped();

	ASSERT_EQ(0, set_flags(self->q.fd, IPCQ_F_EPHEMERAL));
	ASSERT_EQ(0, send_text(second, "lost"));
	shut_door(&self->q);
	EXPECT_TRUE(exists(&self->q));
	EXPECT_TRUE(has_node(&self->q));
	close(second);
	EXPECT_FALSE(exists(&self->q));
	EXPECT_FALSE(has_node(&self->q));
	EXPECT_EQ(before + 1, dropped());
	EXPECT_EQ(-ENOENT, queue_destroy(self->q.name));
}

TEST_F(lifetime, ephemeral_from_creation)
{
	struct ipcq_attr attr = { .mask = IPCQ_ATTR_FLAGS, .flags = IPCQ_F_EPHEMERAL };
	struct queue q;

	ASSERT_EQ(0, queue_make(&q, &attr));
	EXPECT_TRUE(has_node(&q));
	shut_door(&q);
	EXPECT_FALSE(has_node(&q));
	EXPECT_FALSE(exists(&q));
	EXPECT_EQ(0, queue_end(&q));
}

TEST_F(lifetime, no_longer_ephemeral)
{
	ASSERT_EQ(0, set_flags(self->q.fd, IPCQ_F_EPHEMERAL));
	ASSERT_EQ(0, set_flags(self->q.fd, 0));
	shut_door(&self->q);
	EXPECT_TRUE(exists(&self->q));
	EXPECT_TRUE(has_node(&self->q));
}

TEST_F(lifetime, ephemeral_and_destroyed_before)
{
	ASSERT_EQ(0, set_flags(self->q.fd, IPCQ_F_EPHEMERAL));
	ASSERT_EQ(0, queue_destroy(self->q.name));
	EXPECT_TRUE(exists(&self->q));
	shut_door(&self->q);
	EXPECT_FALSE(exists(&self->q));
}

TEST_F(lifetime, openers_are_open_file_descriptions)
{
	int copy = dup(self->q.fd), end = queue_open_end(self->q.fd, O_WRONLY);

	EXPECT_EQ(1, nl_queue(self->q.id).receivers);
	EXPECT_EQ(2, nl_queue(self->q.id).senders);
	close(copy);
	EXPECT_EQ(1, nl_queue(self->q.id).receivers);
	close(end);
	EXPECT_EQ(1, nl_queue(self->q.id).senders);
}

TEST_F(lifetime, a_failed_open_is_no_opener)
{
	EXPECT_EQ(-ENOTDIR, queue_open(&self->q, O_RDONLY | O_DIRECTORY));
	EXPECT_EQ(1, nl_queue(self->q.id).receivers);
}

TEST_F(lifetime, of_many)
{
	uint32_t before = nl_totals().queues, last = 0;
	struct queue qs[100];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(qs); i++) {
		ASSERT_EQ(0, queue_make(&qs[i], NULL));
		/* Numbers are not used again soon. */
		EXPECT_GT(qs[i].id, last);
		last = qs[i].id;
		ASSERT_EQ(0, send_text(qs[i].fd, qs[i].name));
	}
	EXPECT_EQ(before + ARRAY_SIZE(qs), nl_totals().queues);
	for (i = 0; i < ARRAY_SIZE(qs); i++) {
		ASSERT_EQ(0, recv_text(qs[i].fd, qs[i].name));
		close(qs[i].fd);
		ASSERT_EQ(0, queue_destroy(qs[i].name));
	}
	EXPECT_EQ(before, nl_totals().queues);
}

/* Races. */

#define THREADS 4
#define ROUNDS 100

struct race {
	const struct queue *q;
	pthread_barrier_t barrier;
	atomic_int created;
	atomic_int existed;
	atomic_int opened;
	atomic_int wrong;
};

static void *race_to_create(void *arg)
{
	struct race *race = arg;
	struct ipcq_create create;
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		create = (struct ipcq_create) { .open_flags = O_RDWR };
		strcpy(create.name, race->q->name);
		pthread_barrier_wait(&race->barrier);
		fd = queue_create(&create);
		if (fd >= 0) {
			atomic_fetch_add(&race->created, 1);
			close(fd);
		} else if (fd == -EEXIST) {
			atomic_fetch_add(&race->existed, 1);
		} else {
			atomic_fetch_add(&race->wrong, 1);
		}
		if (pthread_barrier_wait(&race->barrier) == PTHREAD_BARRIER_SERIAL_THREAD &&
		    queue_destroy(race->q->name))
			atomic_fetch_add(&race->wrong, 1);
		pthread_barrier_wait(&race->barrier);
	}
	return NULL;
}

TEST_F(lifetime, one_of_many_creators_wins)
{
	struct race race = { .q = &self->q };
	pthread_t threads[THREADS];
	int i;

	ASSERT_EQ(0, queue_destroy(self->q.name));
	pthread_barrier_init(&race.barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, race_to_create, &race));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(ROUNDS, race.created);
	EXPECT_EQ(ROUNDS * (THREADS - 1), race.existed);
	EXPECT_EQ(0, race.wrong);
}

static void *race_to_open(void *arg)
{
	struct race *race = arg;
	int i, fd;

	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&race->barrier);
		fd = queue_open(race->q, O_RDWR);
		if (fd >= 0) {
			atomic_fetch_add(&race->opened, 1);
			if (send_text(fd, "x") || recv_text(fd, "x"))
				atomic_fetch_add(&race->wrong, 1);
			close(fd);
		} else if (fd != -ENOENT && fd != -ENXIO) {
			atomic_fetch_add(&race->wrong, 1);
		}
		pthread_barrier_wait(&race->barrier);
	}
	return NULL;
}

TEST_F(lifetime, opening_while_it_goes)
{
	struct ipcq_create create = { .open_flags = O_RDWR };
	struct race race = { .q = &self->q };
	uint32_t before = nl_totals().queues;
	pthread_t thread;
	int i, fd;

	pthread_barrier_init(&race.barrier, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, race_to_open, &race));
	strcpy(create.name, self->q.name);
	shut_door(&self->q);
	for (i = 0; i < ROUNDS; i++) {
		/* Half of the time its going is that of an ephemeral queue. */
		if (i & 1) {
			create.attr = (struct ipcq_attr) { .mask = IPCQ_ATTR_FLAGS,
							   .flags = IPCQ_F_EPHEMERAL };
			fd = queue_create(&create);
			ASSERT_GE(fd, 0);
			pthread_barrier_wait(&race.barrier);
			close(fd);
		} else {
			pthread_barrier_wait(&race.barrier);
			ASSERT_EQ(0, queue_destroy(self->q.name));
		}
		pthread_barrier_wait(&race.barrier);
		if (i & 1) {
			create.attr = (struct ipcq_attr) {};
			fd = queue_create(&create);
			ASSERT_GE(fd, 0);
			close(fd);
		}
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(0, race.wrong);
	EXPECT_EQ(before, nl_totals().queues);
}

TEST_HARNESS_MAIN
