#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ipcq-mq as a user types it, and what one sees of POSIX queues from outside.
set -u

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# Built by the makefile: mq NAME MAXMSG MSGSIZE WORD... sends, or without a word receives.
helper=$(realpath "$(dirname "$0")")/helper
mq=$helper/mq

test_a_queue_is_seen_by_the_tools() {
	run 0 ipcq-mq "$mq" /cli-a 3 100 first second
	run 0 ipcqctl show mq.cli-a
	expect_in "show" "$out" "priority"
	run 0 ipcq-stat mq.cli-a
	expect_in "stat" "$out" "mq.cli-a"
	run 0 ipcq-recv -N mq.cli-a
	expect "what is received" "$out" "second"
	run 0 ipcq-send -p 9 mq.cli-a third
	run 0 ipcq-mq "$mq" /cli-a 3 100
	expect "what the program receives" "$out" $'third\nfirst'
	ipcqctl rm -q mq.cli-a
}

test_the_library_can_be_linked() {
	run 0 "$helper/mq-linked" /cli-b 3 100 here
	run 0 ipcq-recv mq.cli-b
	expect "what is received" "$out" here
	ipcqctl rm -q mq.cli-b
}

test_a_limit_that_was_met_is_named() {
	run 1 as_nobody ipcq-mq "$mq" /cli-c 100000 1
	expect "without being asked" "$err" "mq_open: No space left on device"
	run 1 as_nobody ipcq-mq -v "$mq" /cli-c 100000 1
	expect_in "messages" "$err" "mq_maxmsg of 100000 is above"
	expect_in "messages" "$err" "max_msgs_limit, which is 65536"
	run 1 as_nobody ipcq-mq --verbose "$mq" /cli-c 1 2000000
	expect_in "size" "$err" "mq_msgsize of 2000000 is above"
	run 1 as_nobody ipcq-mq --verbose "$mq" /cli-c 60000 1000
	expect_in "bytes" "$err" "mq_maxmsg * mq_msgsize of 60000000 is above"
	gone mq.cli-c || fail "it was made"
}

test_the_quota_of_bytes_is_named() {
	local bytes=/sys/module/ipcq/parameters/user_bytes old

	old=$(< "$bytes")
	echo 1000 > "$bytes"
	run 1 as_nobody ipcq-mq -v "$mq" /cli-d 100 10 {1..100}
	echo "$old" > "$bytes"
	expect_in "send" "$err" "user_bytes"
	expect_in "send" "$err" "Disk quota exceeded"
	ipcqctl rm -q mq.cli-d
}

# Where the system's own queues are as small as a container's.
test_tiny_limits_of_the_system_do_not_matter() {
	[ -e /proc/sys/fs/mqueue/msg_max ] || skip "no POSIX queues in this kernel"
	run 1 as_nobody prlimit --msgqueue=100 "$mq" /cli-e 100 10
	run 0 as_nobody prlimit --msgqueue=100 ipcq-mq "$mq" /cli-e 100 10 {1..100}
	depth_is mq.cli-e 100 || fail "not all were sent"
	ipcqctl rm -q mq.cli-e
}

# The same by the settings of the machine, which do not matter either.
test_settings_of_the_system_do_not_matter() {
	local settings=/proc/sys/fs/mqueue

	[ -e $settings/msg_max ] || skip "no POSIX queues in this kernel"
	run 1 as_nobody "$mq" /cli-g $(($(< $settings/msg_max) + 1)) 10
	run 1 as_nobody "$mq" /cli-g 1 $(($(< $settings/msgsize_max) + 1))
	run 0 as_nobody ipcq-mq "$mq" /cli-g $(($(< $settings/msg_max) + 1)) \
		$(($(< $settings/msgsize_max) + 1))
	ipcqctl rm -q mq.cli-g
}

test_what_a_program_sees_of_its_queues() {
	run 0 ipcq-mq "$mq" /cli-h 3 100 first
	run 0 ls /dev/ipcq/mq.cli-h
	[ ! -e /dev/mqueue/cli-h ] || fail "it is in /dev/mqueue"
	ipcqctl rm -q mq.cli-h
}

test_without_the_module_there_are_no_queues() {
	run 1 unshare --mount \
		bash -c "mount -t tmpfs none /dev && ipcq-mq $mq /cli-f 1 1"
	expect_in "mq_open" "$err" "mq_open: Function not implemented"
	expect_in "what to do" "$err" "ipcq-mq: no queue can be opened: the module is loaded, but"
	# The command runs all the same.
	run 7 unshare --mount bash -c "mount -t tmpfs none /dev && ipcq-mq bash -c 'exit 7'"
}

# Programs that the library is not loaded into have the system's own queues.
test_static_programs_are_not_reached() {
	[ -e /proc/sys/fs/mqueue ] || skip "no POSIX queues in this kernel"
	[ -e "$helper/mq-static" ] || skip "the compiler makes no static programs"
	run 0 unshare --ipc bash -c "ipcq-mq $mq-static /cli-i 3 100 first && $mq /cli-i 3 100"
	expect "what the system's own has" "$out" "first"
	gone mq.cli-i || fail "it is a queue of ipcq"
}

test_what_is_preloaded_already_stays() {
	# shellcheck disable=SC2016 # it is for the inner shell
	run 0 env LD_PRELOAD=libm.so.6 ipcq-mq sh -c 'echo "$LD_PRELOAD"'
	expect_in "LD_PRELOAD" "$out" "libipcq-mqueue.so.0:libm.so.6"
}

test_exit_status() {
	run 5 ipcq-mq sh -c 'exit 5'
	run 127 ipcq-mq ./does-not-exist
	expect_in "not found" "$err" "ipcq-mq: ./does-not-exist: No such file"
	touch file
	run 126 ipcq-mq ./file
	run 2 ipcq-mq
	run 2 ipcq-mq --frobnicate true
	run 0 ipcq-mq --help
	run 0 ipcq-mq --version
	# What follows the command is the command's.
	# shellcheck disable=SC2016 # it is for the inner shell
	run 0 ipcq-mq sh -c 'echo "$0"' --help
	expect "its options" "$out" "--help"
}

# Programs of 32 bits, with a time_t of 32 bits and of 64.
test_programs_of_32_bits() {
	local program

	[ -e "$helper/library32.so" ] || skip "the compiler makes no programs of 32 bits"
	for program in transfer32-time32 transfer32-time64; do
		run 0 env LD_PRELOAD="$helper/library32.so" "$helper/$program"
		expect_in "$program" "$out" "fail:0"
	done
}

run_tests "$@"
