#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ipcqctl: each subcommand.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

attribute() {
	ipcqctl show -j "$1" | jq -c ".$2"
}

test_create_with_defaults() {
	run 0 ipcqctl create "$q"
	expect output "$out$err" ""
	expect attributes "$(ipcqctl show -j "$q" | jq -c '[.name,.mode,.uid,.gid,.order,.flags,.depth,.bytes]')" \
		"[\"$q\",\"0600\",0,0,\"fifo\",[],0,0]"
	expect node "$(stat -c '%a %u %g' "/dev/ipcq/$q")" "600 0 0"
}

test_create_with_everything() {
	run 0 ipcqctl create --max-msgs 3 --max-bytes 3K --max-msg-size 1KiB --order priority \
		--mode 0462 --owner 65534 --group 65534 --hangup --high-water 75 \
		--low-water 25 "$q"
	expect attributes "$(ipcqctl show -j "$q" | jq -c \
		'[.max_msgs,.max_bytes,.max_msg_size,.order,.mode,.uid,.gid,.flags,.high_pct,.low_pct]')" \
		'[3,3072,1024,"priority","0462",65534,65534,["hangup"],75,25]'
	expect node "$(stat -c '%a %u %g' "/dev/ipcq/$q")" "462 65534 65534"
}

test_create_that_exists() {
	ipcqctl create "$q"
	run 1 ipcqctl create "$q"
	expect_in error "$err" "a queue of that name exists: 'ipcqctl rm' would destroy it"
}

# As in a container that got only the control node.
test_create_that_exists_elsewhere() {
	local numbers

	numbers=$(stat -c '0x%t 0x%T' /dev/ipcq/control)
	ipcqctl create "$q"
	run 1 unshare -m sh -c "mount -t tmpfs tmpfs /dev/ipcq &&
		mknod /dev/ipcq/control c $numbers && ipcqctl create $q"
	expect_in error "$err" "a queue of that name exists, but its node is not in this /dev/ipcq"
}

test_create_where_a_file_stands() {
	echo oops > "/dev/ipcq/$q"
	run 1 ipcqctl create "$q"
	rm "/dev/ipcq/$q"
	expect_in error "$err" "something else stands in its place in /dev/ipcq: remove that"
	run 0 ipcqctl create "$q"
}

test_create_above_the_limits() {
	run 1 as_nobody ipcqctl create --max-bytes 1G "$q"
	expect_in error "$err" "above the maximum of one queue, see /sys/module/ipcq/parameters/max_"
	gone "$q" || fail "it was created"
}

# The kernel's EINVAL does not tell which attributes it is about.
test_attributes_that_do_not_go_together() {
	run 1 ipcqctl create --max-msg-size 2M --max-bytes 1M "$q"
	expect_in error "$err" "max_msg_size 2097152 would be above max_bytes 1048576"
	run 1 ipcqctl create --max-msg-size 2M "$q"
	expect_in error "$err" "max_msg_size 2097152 would be above max_bytes 1048576"
	run 1 ipcqctl create --high-water 50 "$q"
	expect_in error "$err" "low_water 50 % would not be below high_water 50 %"
	run 1 ipcq-recv --create --low-water 80 "$q"
	expect_in error "$err" "low_water 80 % would not be below high_water 80 %"
	gone "$q" || fail "it was created"
	run 0 ipcqctl create --max-bytes 1000 --max-msg-size 100 --low-water 30 "$q"
	run 1 ipcqctl set --max-bytes 99 "$q"
	expect_in error "$err" "max_msg_size 100 would be above max_bytes 99"
	run 1 ipcqctl set --max-msg-size 1001 "$q"
	expect_in error "$err" "max_msg_size 1001 would be above max_bytes 1000"
	run 1 ipcqctl set --high-water 30 "$q"
	expect_in error "$err" "low_water 30 % would not be below high_water 30 %"
	run 0 ipcqctl set --max-bytes 99 --max-msg-size 99 "$q"
}

test_create_for_another_owner() {
	run 1 as_nobody ipcqctl create --owner root "$q"
	expect_in error "$err" "only root may give a queue to another user"
}

test_create_beyond_the_quota() {
	local parameter=/sys/module/ipcq/parameters/user_queues before status=0

	before=$(cat $parameter)
	echo 0 > $parameter
	as_nobody ipcqctl create "$q" 2> error || status=$?
	echo "$before" > $parameter
	expect status "$status" 1
	expect_in error "$(cat error)" "as one may: see /sys/module/ipcq/parameters/user_queues"
}

test_ephemeral_needs_a_command() {
	run 2 ipcqctl create --ephemeral "$q"
	expect_in error "$err" "would be gone when ipcqctl ends"
	gone "$q" || fail "it was created"
	run 2 ipcqctl create --ephemeral "$q" --
	run 2 ipcqctl create "$q" -- true
	expect_in error "$err" "other queues stay anyway"
}

test_ephemeral_lives_as_long_as_the_command() {
	# shellcheck disable=SC2016 # the inner shell expands it
	run 0 ipcqctl create --ephemeral --max-msgs 3 "$q" -- sh -c \
		'ipcqctl show -j $0 | jq -c "[.flags,.max_msgs]"; ipcq-send $0 a; ipcq-recv $0' "$q"
	expect output "$out" $'[["ephemeral"],3]\na'
	gone "$q" || fail "it outlived the command"
}

# Whoever holds it open is neither a sender nor a receiver.
test_ephemeral_hangs_up() {
	# shellcheck disable=SC2016
	run 0 ipcqctl create --ephemeral --hangup "$q" -- sh -c \
		'ipcq-send $0 a b; ipcq-recv -f $0' "$q"
	expect output "$out" $'a\nb'
}

test_ephemeral_gives_the_status_of_the_command() {
	run 7 ipcqctl create --ephemeral "$q" -- sh -c 'exit 7'
	run 127 ipcqctl create --ephemeral "$q" -- ./not-there
	run 126 ipcqctl create --ephemeral "$q" -- /dev/null
	# shellcheck disable=SC2016
	run 137 ipcqctl create --ephemeral "$q" -- sh -c 'kill -KILL $$'
	gone "$q" || fail "it outlived the command"
}

test_ephemeral_passes_signals_on() {
	start ipcqctl create --ephemeral "$q" -- ipcq-recv "$q"
	local holder=$!
	await pgrep -P $holder > child
	await blocked "$(cat child)"
	kill -TERM $holder
	ends_with 143 $holder
	gone "$q" || fail "it outlived the command"
}

test_set() {
	ipcqctl create "$q"
	run 0 ipcqctl set --max-msgs 9 --max-bytes 90 --max-msg-size 10 --order priority \
		--high-water 60 --low-water 30 --hangup "$q"
	expect attributes "$(ipcqctl show -j "$q" | jq -c \
		'[.max_msgs,.max_bytes,.max_msg_size,.order,.flags,.high_pct,.low_pct]')" \
		'[9,90,10,"priority",["hangup"],60,30]'
	ipcqctl set --no-hangup "$q"
	expect flags "$(attribute "$q" flags)" "[]"
	expect max_msgs "$(attribute "$q" max_msgs)" 9
}

test_set_keeps_the_other_flag() {
	ipcqctl create --hangup "$q"
	start ipcq-recv -c "$q" > /dev/null
	await blocked_in_queue $!
	ipcqctl set --ephemeral "$q"
	expect flags "$(attribute "$q" flags)" '["ephemeral","hangup"]'
	ipcqctl set --persistent "$q"
	expect flags "$(attribute "$q" flags)" '["hangup"]'
}

test_set_wakes_who_now_fits() {
	ipcqctl create --max-msgs 1 "$q"
	start ipcq-send "$q" a b
	await blocked_in_queue $!
	ipcqctl set --max-msgs 2 "$q"
	ends_with 0 $!
	expect depth "$(depth "$q")" 2
}

test_set_order_needs_an_empty_queue() {
	ipcqctl create "$q"
	ipcq-send "$q" a
	run 1 ipcqctl set --order priority "$q"
	expect_in error "$err" "only while the queue is empty"
}

test_set_by_another() {
	ipcqctl create --mode 0666 "$q"
	run 1 as_nobody ipcqctl set --max-msgs 1 "$q"
	expect_in error "$err" "only its owner or root may do that"
	run 1 as_nobody ipcqctl purge "$q"
	expect_in error "$err" "only its owner or root may do that"
	run 1 as_nobody ipcqctl shutdown "$q"
	expect_in error "$err" "only its owner or root may do that"
	run 1 as_nobody ipcqctl rm "$q"
	expect_in error "$err" "only its owner or root may do that"
	exists "$q" || fail "it is gone"
}

test_set_what_chmod_does() {
	ipcqctl create "$q"
	run 2 ipcqctl set --mode 0666 "$q"
	expect_in error "$err" "chmod, chown or setfacl /dev/ipcq/$q"
	run 2 ipcqctl set --owner nobody "$q"
	run 2 ipcqctl set "$q"
	expect_in error "$err" "set what?"
}

test_rm() {
	ipcqctl create "$q"
	run 0 ipcqctl rm "$q"
	expect output "$out$err" ""
	gone "$q" || fail "it is there"
	run 1 ipcqctl rm "$q"
	expect_in error "$err" "no queue of that name"
}

test_rm_says_what_was_left() {
	ipcqctl create "$q"
	ipcq-send "$q" a b
	run 0 ipcqctl rm "$q"
	expect output "$out" "$q: destroyed; 2 messages were dropped"
	ipcqctl create "$q"
	start ipcq-recv "$q" > /dev/null
	await blocked_in_queue $!
	run 0 ipcqctl rm "$q"
	expect output "$out" \
		"$q: destroyed; 1 opener goes on, 0 messages wait until the last has closed it"
	ipcqctl create "$q"
	ipcq-send "$q" a
	run 0 ipcqctl rm --quiet "$q"
	expect output "$out$err" ""
}

test_rm_if_empty() {
	ipcqctl create "$q"
	ipcq-send "$q" a
	run 1 ipcqctl rm --if-empty "$q"
	expect_in error "$err" "'$q' stays: 1 message waits in it"
	expect depth "$(depth "$q")" 1
	ipcq-recv "$q" > /dev/null
	run 0 ipcqctl rm --if-empty "$q"
}

test_rm_several() {
	ipcqctl create "$q-a"
	ipcqctl create "$q-b"
	run 1 ipcqctl rm "$q-a" "$q-none" "$q-b"
	gone "$q-a" || fail "the first is there"
	gone "$q-b" || fail "the last is there"
	ipcqctl create "$q-a"
	# What cannot be is seen before anything is done.
	run 2 ipcqctl rm "$q-a" a/b
	exists "$q-a" || fail "it is gone"
}

test_purge() {
	ipcqctl create "$q"
	ipcq-send "$q" a b c
	run 0 ipcqctl purge "$q"
	expect output "$out" "$q: 3 messages were purged"
	expect depth "$(depth "$q")" 0
	run 0 ipcqctl purge -q "$q"
	expect output "$out$err" ""
}

test_shutdown() {
	ipcqctl create "$q"
	ipcq-send "$q" a
	run 0 ipcqctl shutdown "$q"
	expect flags "$(attribute "$q" flags)" '["shut-send"]'
	run 1 ipcq-send "$q" b
	expect output "$(ipcq-recv -f "$q")" a
	run 0 ipcqctl shutdown --recv "$q"
	expect flags "$(attribute "$q" flags)" '["shut-recv"]'
	run 0 ipcqctl shutdown --send --recv "$q"
	expect flags "$(attribute "$q" flags)" '["shut-send","shut-recv"]'
	run 0 ipcqctl shutdown --undo "$q"
	expect flags "$(attribute "$q" flags)" '[]'
	ipcq-send "$q" c
	run 2 ipcqctl shutdown --undo --send "$q"
}

test_list() {
	ipcqctl create --mode 0640 "$q"
	ipcq-send "$q" a
	run 0 ipcqctl list
	expect headings "$(head -n 1 <<< "$out" | xargs)" \
		"NAME OWNER GROUP PERMS ORDER MESSAGES MAX-MESSAGES BYTES MAX-BYTES MAX-SIZE"
	expect row "$(grep "^$q " <<< "$out" | xargs)" \
		"$q root root 0640 fifo 1 1024 1 1048576 65536"
	expect json "$(ipcqctl list --json | jq -c ".[] | select(.name == \"$q\") | [.mode,.depth]")" \
		'["0640",1]'
	[[ $out != *control* ]] || fail "it lists the control device"
}

test_list_fits_a_terminal() {
	command -v script > /dev/null || skip "script is not installed"
	ipcqctl create --order priority "$q-jobs"
	run 0 script -qefc "ipcqctl list" screen < /dev/null
	expect headings "$(head -n 1 <<< "$out" | tr -d '\r' | xargs)" \
		"NAME OWNER GROUP PERMS ORDER MSGS MAX-MSGS BYTES MAX-BYTES MAX-SIZE"
	! tr -d '\r' <<< "$out" | grep -E '^.{81,}' || fail "it is wider than 80 columns"
}

# Every heading is one of ipcq-stat's, and means the same there.
test_list_has_the_headings_of_ipcq_stat() {
	local columns

	columns=$(ipcqctl list | head -n 1 | xargs | tr ' ' ,)
	ipcqctl create --mode 0640 "$q"
	ipcq-send "$q" a
	expect row "$(ipcqctl list | grep "^$q " | xargs)" \
		"$(ipcq-stat --no-headings --output "$columns" "$q" | xargs)"
}

# Everybody sees that it is there, and only who may open it sees what is in it.
test_list_of_what_one_may_not_open() {
	ipcqctl create "$q"
	run 0 as_nobody ipcqctl list
	expect row "$(grep "^$q " <<< "$out" | xargs)" "$q root root 0600 - - - - - -"
	expect json "$(as_nobody ipcqctl list -j | jq -c ".[] | select(.name == \"$q\")")" \
		"{\"name\":\"$q\",\"uid\":0,\"gid\":0,\"mode\":\"0600\"}"
	run 0 as_nobody ipcqctl show "$q"
	expect_in output "$out" "permissions   rw------- (0600)"
}

# To look is neither to send nor to receive: it does not hang a queue up.
test_looking_changes_nothing() {
	ipcqctl create --hangup "$q"
	start ipcq-recv "$q" > received
	await blocked $!
	run 0 ipcqctl list
	run 0 ipcqctl show "$q"
	ipcq-send "$q" a
	ends_with 0 $!
}

test_show() {
	ipcqctl create --max-msgs 4 "$q"
	ipcq-send "$q" abc
	run 0 ipcqctl show "$q"
	expect_in output "$out" "messages      1 of 4"
	expect_in output "$out" "flags         none"
	expect_in output "$out" "bytes         3 of "
	run 0 ipcqctl show "$q" "$q"
	run 1 ipcqctl show "$q" "$q-none"
	expect_in error "$err" "no queue of that name"
}

run_tests "$@"
