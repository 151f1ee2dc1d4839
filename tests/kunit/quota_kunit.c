// SPDX-License-Identifier: GPL-2.0-only
/* What each user may take. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>

#include "rig.h"

/* Some user that is nobody here. */
static const kuid_t somebody = KUIDT_INIT(54321);

#define LIMIT		(64L << 20)

static void every_user_has_an_account(struct kunit *test)
{
	struct ipcq_account *account = ipcq_account_of(somebody);
	struct rig *r = test->priv;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, account);
	KUNIT_EXPECT_TRUE(test, uid_eq(account->uid, somebody));
	KUNIT_EXPECT_PTR_EQ(test, account, ipcq_account_of(somebody));
	KUNIT_EXPECT_PTR_NE(test, account, r->account);
	KUNIT_EXPECT_PTR_EQ(test, r->account, ipcq_account_of(GLOBAL_ROOT_UID));
}

static void bytes_up_to_the_last(struct kunit *test)
{
	struct ipcq_account *account = ipcq_account_of(somebody);
	struct ipcq_account *own = ipcq_account_of(current_euid());
	struct ipcq_message *m;
	const struct cred *old;
	struct cred *cred;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, account);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, own);
	cred = prepare_creds();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cred);
	cap_clear(cred->cap_effective);
	old = override_creds(cred);
	KUNIT_EXPECT_EQ(test, ipcq_quota_charge_bytes(account, LIMIT - 10), 0);
	KUNIT_EXPECT_EQ(test, ipcq_quota_charge_bytes(account, 11), -EDQUOT);
	KUNIT_EXPECT_EQ(test, ipcq_quota_charge_bytes(account, 10), 0);
	KUNIT_EXPECT_EQ(test, ipcq_quota_charge_bytes(account, 1), -EDQUOT);
	m = ipcq_message_new(NULL, account, current_cred(), 0);
	KUNIT_EXPECT_TRUE(test, IS_ERR(m));
	/* What was refused is not charged. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->bytes), LIMIT);
	revert_creds(old);
	/* Whoever may exceed it does so with what is its own, and is charged for it. */
	KUNIT_EXPECT_EQ(test, ipcq_quota_charge_bytes(account, 1), -EDQUOT);
	KUNIT_EXPECT_EQ(test, ipcq_quota_charge_bytes(own, LIMIT + 1), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&own->bytes), LIMIT + 1);
	ipcq_quota_uncharge_bytes(own, LIMIT + 1);
	ipcq_quota_uncharge_bytes(account, LIMIT);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&account->bytes), 0L);
	put_cred(cred);
}

static void queues_up_to_the_last(struct kunit *test)
{
	struct ipcq_account *account = ipcq_account_of(somebody);
	const struct cred *old;
	struct cred *cred;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, account);
	cred = prepare_creds();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cred);
	cap_clear(cred->cap_effective);
	old = override_creds(cred);
	for (i = 0; i < 256; i++)
		KUNIT_EXPECT_EQ(test, ipcq_quota_add_queue(account), 0);
	KUNIT_EXPECT_EQ(test, ipcq_quota_add_queue(account), -EDQUOT);
	ipcq_quota_del_queue(account);
	KUNIT_EXPECT_EQ(test, ipcq_quota_add_queue(account), 0);
	KUNIT_EXPECT_EQ(test, ipcq_quota_add_queue(account), -EDQUOT);
	revert_creds(old);
	for (i = 0; i < 256; i++)
		ipcq_quota_del_queue(account);
	KUNIT_EXPECT_EQ(test, atomic_read(&account->queues), 0);
	put_cred(cred);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(every_user_has_an_account),
	KUNIT_CASE(bytes_up_to_the_last),
	KUNIT_CASE(queues_up_to_the_last),
	{}
};

static struct kunit_suite suite = {
	.name = "quota",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
