// SPDX-License-Identifier: GPL-2.0-only
/* End of file and broken pipe, by openers that leave and by shutdown. */
#include "rig.h"

#define RECV	IPCQ_ACCESS_RECV
#define SEND	IPCQ_ACCESS_SEND

/* A queue that hangs up, and that nobody has opened. */
static void begin(struct rig *r)
{
	KUNIT_ASSERT_EQ(r->test, 0,
			rig_reconfigure(r, IPCQ_ATTR_FLAGS,
					(struct ipcq_config) { .flags = IPCQ_F_HANGUP }));
	ipcq_party_leave(&r->engine, &r->party);
}

static void end(struct rig *r)
{
	ipcq_party_join(&r->engine, &r->party);
}

static bool can_read_eof(struct rig *r)
{
	return ipcq_poll_mask(&r->engine, RECV) & EPOLLHUP;
}

static bool is_broken(struct rig *r)
{
	return ipcq_poll_mask(&r->engine, SEND) & EPOLLERR;
}

static void without_the_flag_nobody_hangs_up(struct kunit *test)
{
	struct ipcq_party sender = { .access = SEND };
	struct rig *r = test->priv;

	ipcq_party_leave(&r->engine, &r->party);
	ipcq_party_join(&r->engine, &sender);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	ipcq_party_leave(&r->engine, &sender);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
	end(r);
}

static void before_the_first_the_queue_is_whole(struct kunit *test)
{
	struct ipcq_party receiver = { .access = RECV };
	struct ipcq_party sender = { .access = SEND };
	struct rig *r = test->priv;

	begin(r);
	ipcq_party_join(&r->engine, &receiver);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, can_read_eof(r));
	ipcq_party_leave(&r->engine, &receiver);
	ipcq_party_join(&r->engine, &sender);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	KUNIT_EXPECT_FALSE(test, is_broken(r));
	ipcq_party_leave(&r->engine, &sender);
	end(r);
}

static void the_last_sender_leaves(struct kunit *test)
{
	struct ipcq_party receiver = { .access = RECV };
	struct ipcq_party sender[2] = { { .access = SEND }, { .access = SEND } };
	struct rig *r = test->priv;

	begin(r);
	ipcq_party_join(&r->engine, &receiver);
	ipcq_party_join(&r->engine, &sender[0]);
	ipcq_party_join(&r->engine, &sender[1]);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	ipcq_party_leave(&r->engine, &sender[0]);
	KUNIT_EXPECT_FALSE(test, can_read_eof(r));
	ipcq_party_leave(&r->engine, &sender[1]);
	/* What waits comes before the end. */
	KUNIT_EXPECT_TRUE(test, can_read_eof(r));
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_RECV_EOF), 2ULL);
	/* Another one may come. */
	ipcq_party_join(&r->engine, &sender[0]);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
	ipcq_party_leave(&r->engine, &sender[0]);
	ipcq_party_leave(&r->engine, &receiver);
	end(r);
}

static void the_last_receiver_leaves(struct kunit *test)
{
	struct ipcq_party receiver = { .access = RECV };
	struct ipcq_party sender = { .access = SEND };
	struct rig *r = test->priv;

	begin(r);
	ipcq_party_join(&r->engine, &sender);
	ipcq_party_join(&r->engine, &receiver);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	ipcq_party_leave(&r->engine, &receiver);
	KUNIT_EXPECT_TRUE(test, is_broken(r));
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 1), -EPIPE);
	/* Before anything else about the message. */
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 101), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_HANGUP), 2ULL);
	ipcq_party_join(&r->engine, &receiver);
	KUNIT_EXPECT_EQ(test, rig_send(r, 3, 1), 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 3L);
	ipcq_party_leave(&r->engine, &receiver);
	ipcq_party_leave(&r->engine, &sender);
	end(r);
}

static void what_was_is_forgotten_when_all_have_gone(struct kunit *test)
{
	struct ipcq_party receiver = { .access = RECV };
	struct ipcq_party sender = { .access = SEND };
	struct rig *r = test->priv;

	begin(r);
	ipcq_party_join(&r->engine, &sender);
	ipcq_party_join(&r->engine, &receiver);
	ipcq_party_leave(&r->engine, &sender);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EPIPE);
	ipcq_party_leave(&r->engine, &receiver);
	/* It was empty: both begin anew. */
	ipcq_party_join(&r->engine, &receiver);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
	ipcq_party_leave(&r->engine, &receiver);
	ipcq_party_join(&r->engine, &sender);
	KUNIT_EXPECT_EQ(test, rig_send(r, 1, 1), 0);
	ipcq_party_leave(&r->engine, &sender);
	/* A message waits: who comes to receive it sees the end behind it. */
	ipcq_party_join(&r->engine, &receiver);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EPIPE);
	ipcq_party_leave(&r->engine, &receiver);
	end(r);
}

static void shut_for_sending(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 1), 0);
	ipcq_shut(&r->engine, IPCQ_SHUT_SEND);
	KUNIT_EXPECT_TRUE(test, is_broken(r));
	KUNIT_EXPECT_TRUE(test, can_read_eof(r));
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 1), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EPIPE);
	ipcq_shut(&r->engine, 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EAGAIN);
	KUNIT_EXPECT_EQ(test, rig_send(r, 3, 1), 0);
}

static void shut_for_receiving(struct kunit *test)
{
	struct rig *r = test->priv;

	KUNIT_ASSERT_EQ(test, rig_send(r, 1, 1), 0);
	ipcq_shut(&r->engine, IPCQ_SHUT_RECV);
	KUNIT_EXPECT_EQ(test, rig_send(r, 2, 1), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_recv(r), -EPIPE);
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 1U);
	ipcq_shut(&r->engine, 0);
	KUNIT_EXPECT_EQ(test, rig_recv(r), 1L);
}

static void blocked_calls_end(struct kunit *test)
{
	struct rig *r = test->priv;
	u32 i;

	rig_call_recv(r, 0, 100, rig_forever);
	rig_call_recv(r, 1, 100, rig_forever);
	KUNIT_EXPECT_TRUE(test, rig_await_blocked(r, 0, 2));
	ipcq_shut(&r->engine, IPCQ_SHUT_SEND);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 1), -EPIPE);
	ipcq_shut(&r->engine, 0);

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 1), 0);
	rig_call_send(r, 0, 10, 1, rig_forever);
	rig_call_send(r, 1, 11, 1, rig_forever);
	KUNIT_EXPECT_TRUE(test, rig_await_blocked(r, 2, 0));
	ipcq_shut(&r->engine, IPCQ_SHUT_SEND);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 1), -EPIPE);
	KUNIT_EXPECT_EQ(test, rig_count(r, IPCQ_SEND_HANGUP), 2ULL);
	KUNIT_EXPECT_EQ(test, ipcq_depth(&r->engine), 10U);
}

static void a_receiver_that_waits_sees_the_last_sender_leave(struct kunit *test)
{
	struct ipcq_party receiver = { .access = RECV };
	struct ipcq_party sender = { .access = SEND };
	struct rig *r = test->priv;

	begin(r);
	ipcq_party_join(&r->engine, &receiver);
	ipcq_party_join(&r->engine, &sender);
	rig_call_recv(r, 0, 100, rig_forever);
	KUNIT_EXPECT_TRUE(test, rig_await_blocked(r, 0, 1));
	ipcq_party_leave(&r->engine, &sender);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EPIPE);
	ipcq_party_leave(&r->engine, &receiver);
	end(r);
}

static void a_sender_that_waits_sees_the_last_receiver_leave(struct kunit *test)
{
	struct ipcq_party receiver = { .access = RECV };
	struct ipcq_party sender = { .access = SEND };
	struct rig *r = test->priv;
	u32 i;

	begin(r);
	ipcq_party_join(&r->engine, &receiver);
	ipcq_party_join(&r->engine, &sender);
	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, rig_send(r, i, 1), 0);
	rig_call_send(r, 0, 10, 1, rig_forever);
	KUNIT_EXPECT_TRUE(test, rig_await_blocked(r, 1, 0));
	ipcq_party_leave(&r->engine, &receiver);
	KUNIT_EXPECT_EQ(test, rig_call_end(r, 0), -EPIPE);
	ipcq_party_leave(&r->engine, &sender);
	end(r);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(without_the_flag_nobody_hangs_up),
	KUNIT_CASE(before_the_first_the_queue_is_whole),
	KUNIT_CASE(the_last_sender_leaves),
	KUNIT_CASE(the_last_receiver_leaves),
	KUNIT_CASE(what_was_is_forgotten_when_all_have_gone),
	KUNIT_CASE(shut_for_sending),
	KUNIT_CASE(shut_for_receiving),
	KUNIT_CASE(blocked_calls_end),
	KUNIT_CASE(a_receiver_that_waits_sees_the_last_sender_leave),
	KUNIT_CASE(a_sender_that_waits_sees_the_last_receiver_leave),
	{}
};

static struct kunit_suite suite = {
	.name = "hangup",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
