#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ipcq-recv: which messages are received and how they are printed.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

test_one_by_default() {
	ipcqctl create "$q"
	ipcq-send "$q" a b
	run 0 ipcq-recv "$q"
	expect output "$out" a
	expect errors "$err" ""
	expect depth "$(depth "$q")" 1
}

test_count() {
	ipcqctl create "$q"
	ipcq-send "$q" a b c
	expect output "$(ipcq-recv -n 2 "$q")" $'a\nb'
	expect nothing "$(ipcq-recv --count 0 "$q")" ""
	expect depth "$(depth "$q")" 1
}

test_drain() {
	ipcqctl create "$q"
	ipcq-send "$q" a b c
	expect output "$(ipcq-recv -d -n 2 "$q")" $'a\nb'
	expect output "$(ipcq-recv --drain "$q")" c
	run 0 ipcq-recv --drain "$q"
	expect nothing "$out$err" ""
}

test_follow_until_end_of_file() {
	ipcqctl create --hangup "$q"
	start ipcq-recv -f "$q" > received
	await blocked_in_queue $!
	ipcq-send "$q" a b
	ends_with 0 $!
	expect output "$(cat received)" $'a\nb'
}

test_follow_until_shutdown() {
	ipcqctl create "$q"
	start ipcq-recv --follow "$q" > received
	await blocked_in_queue $!
	ipcq-send "$q" a
	ipcqctl shutdown "$q"
	ends_with 0 $!
	expect output "$(cat received)" a
}

test_end_of_file_without_follow_is_failure() {
	ipcqctl create "$q"
	ipcq-send "$q" a
	ipcqctl shutdown "$q"
	run 1 ipcq-recv -n 2 "$q"
	expect output "$out" a
	expect_in error "$err" "end of file"
}

test_blocks_until_a_message_comes() {
	ipcqctl create "$q"
	start ipcq-recv "$q" > received
	await blocked_in_queue $!
	ipcq-send "$q" hello
	ends_with 0 $!
	expect output "$(cat received)" hello
}

test_blocks_with_stdout_a_pipe() {
	ipcqctl create "$q"
	start ipcq-recv "$q" > >(cat > received)
	await blocked_in_poll $!
	ipcq-send "$q" hello
	ends_with 0 $!
	await file_has 1 received
	expect output "$(cat received)" hello
}

test_timeout() {
	ipcqctl create "$q"
	run 3 ipcq-recv -t 50ms "$q"
	expect_in error "$err" "timed out: the queue is still empty"
	run 3 ipcq-recv --timeout 0 "$q"
	# With a pipe another way of waiting is used.
	set +e
	ipcq-recv -t 0.05 "$q" | cat
	expect status "${PIPESTATUS[0]}" 3
	set -e
	ipcq-send "$q" a
	run 3 ipcq-recv -f -t 20ms "$q"
	expect output "$out" a
}

test_nonblock() {
	ipcqctl create "$q"
	run 3 ipcq-recv -N "$q"
	expect_in error "$err" "the queue is empty"
	ipcq-send "$q" a
	run 3 ipcq-recv --nonblock -n 2 "$q"
	expect output "$out" a
	set +e
	ipcq-recv -N "$q" | cat
	expect status "${PIPESTATUS[0]}" 3
}

test_rate() {
	ipcqctl create "$q"
	ipcq-send "$q" 1 2 3 4 5 6
	local begin=${EPOCHREALTIME/./}
	run 0 ipcq-recv --rate 50 -n 6 "$q"
	[ $((${EPOCHREALTIME/./} - begin)) -ge 100000 ] || fail "too fast"
}

test_null_terminated() {
	ipcqctl create "$q"
	ipcq-send "$q" a $'b\nc' ""
	ipcq-recv -0 -n 3 "$q" > received
	printf 'a\0b\nc\0\0' | cmp - received
}

test_raw() {
	ipcqctl create "$q"
	ipcq-send "$q" a b ""
	expect output "$(ipcq-recv --raw -n 3 "$q")" ab
}

test_json() {
	ipcqctl create "$q"
	printf 'quote " backslash \\ tab \t newline \n bell \a nul \0 é 𝄞' > text
	ipcq-send -p 7 --type 9 -f text "$q"
	ipcq-recv -j "$q" > received
	file_has 1 received
	expect fields "$(jq -c '[.queue,.seq,.priority,.type,.size,.uid,.gid,.lost,(.time_ns > 0),(.pid > 0)]' received)" \
		"[\"$q\",1,7,9,$(stat -c %s text),0,0,0,true,true]"
	jq -r .data received | head -c -1 | cmp - text
}

test_json_of_what_is_not_utf_8() {
	local bad

	ipcqctl create "$q"
	# Not UTF-8: stray, truncated, overlong, surrogate, beyond the end, 5 bytes long.
	for bad in '\xff' 'ab\xc3' '\xc0\x80' '\xed\xa0\x80' '\xf4\x90\x80\x80' \
		'\xf8\x88\x80\x80\x80' '\x80'; do
		printf '%b' "$bad" > bytes
		ipcq-send -f bytes "$q"
		ipcq-recv --json "$q" > received
		expect "$bad as data" "$(jq -c .data received)" null
		jq -r .data_base64 received | base64 -d | cmp - bytes
	done
}

test_json_of_the_empty_message() {
	ipcqctl create "$q"
	ipcq-send "$q" ""
	expect data "$(ipcq-recv -j "$q" | jq -c '[.data,.size]')" '["",0]'
}

test_format() {
	ipcqctl create "$q"
	ipcq-send -p 3 --type 4 "$q" payload
	ipcq-send "$q" second
	run 0 ipcq-recv --format "%d\\t%p %t %s %q %u %g %l %Q %%\\\\" "$q"
	expect output "$out" $'payload\t3 4 7 1 0 0 0 '"$q %\\"
	run 0 ipcq-recv -F 'at %T by %P\n' "$q"
	[[ $out =~ ^at\ [0-9]+\.[0-9]{9}\ by\ [1-9][0-9]*$ ]] || fail "it said: $out"
}

test_format_that_is_wrong() {
	ipcqctl create "$q"
	run 2 ipcq-recv --format '%x' "$q"
	expect_in error "$err" "after % stands"
	run 2 ipcq-recv --format 'a%' "$q"
	run 2 ipcq-recv --format "a\\" "$q"
	expect_in error "$err" "after \\ stands"
}

test_small_buffer_loses_nothing() {
	ipcqctl create "$q"
	ipcq-send "$q" "a long message" short
	run 1 ipcq-recv -s 5 "$q"
	expect_in error "$err" "has 14 bytes, more than --max-size 5: it stays"
	expect depth "$(depth "$q")" 2
	run 0 ipcq-recv --max-size 14 "$q"
	expect output "$out" "a long message"
	run 0 ipcq-recv --max-size 5 "$q"
	expect output "$out" short
}

test_buffer_grows_for_older_messages() {
	ipcqctl create "$q"
	ipcq-send "$q" "sent while it was allowed"
	ipcqctl set --max-msg-size 4 "$q"
	run 0 ipcq-recv "$q"
	expect output "$out" "sent while it was allowed"
}

test_lost_messages_are_told() {
	ipcqctl create "$q"
	start ipcq-recv -n 2 --format '%d %q %l' "$q" > received 2> error
	local receiver=$!
	await blocked_in_queue $receiver
	ipcq-send "$q" a
	await file_has 1 received
	# A stopped process waits for nothing, so that messages can be purged.
	await blocked_in_queue $receiver
	kill -STOP $receiver
	await stopped $receiver
	ipcq-send "$q" b c
	ipcqctl purge -q "$q"
	ipcq-send "$q" d
	kill -CONT $receiver
	ends_with 0 $receiver
	expect output "$(cat received)" $'a 1 0\nd 4 2'
	expect_in error "$(cat error)" "2 messages were lost before message 4"
}

test_create() {
	start ipcq-recv -c --ephemeral --hangup --mode 0666 --max-msgs 5 "$q" > received
	await exists "$q"
	expect attributes "$(ipcqctl show -j "$q" | jq -c '[.max_msgs,.mode,.flags]')" \
		'[5,"0666",["ephemeral","hangup"]]'
	ipcq-send "$q" x
	ends_with 0 $!
	expect output "$(cat received)" x
	gone "$q" || fail "it outlived its last opener"
}

test_verbose() {
	ipcqctl create "$q"
	ipcq-send "$q" abc
	run 0 ipcq-recv -v "$q"
	expect_in summary "$err" "received 1 message, 3 B, in "
	run 0 ipcq-recv --verbose --drain "$q"
	expect_in summary "$err" "received 0 messages"
}

# What is destroyed goes on for those who have it open.
test_queue_destroyed_while_receiving() {
	ipcqctl create --hangup "$q"
	mkfifo input
	start_with_input input ipcq-send "$q"
	local sender=$!
	exec 5> input
	# It must not keep the sender's input open.
	start ipcq-recv -n 2 "$q" > received 2> error 5>&-
	local receiver=$!
	await blocked_in_queue $receiver
	run 0 ipcqctl rm "$q"
	expect_in output "$out" "2 openers go on"
	gone "$q" || fail "its name is not free"
	echo "still here" >&5
	exec 5>&-
	ends_with 0 $sender
	ends_with 1 $receiver
	expect output "$(cat received)" "still here"
	expect_in error "$(cat error)" "end of file"
	expect_in error "$(cat error)" "the queue has been destroyed meanwhile"
}

# Each message goes to one of them.
test_many_receivers() {
	local i pids=()

	ipcqctl create --hangup "$q"
	for i in 1 2 3 4; do
		start ipcq-recv -f "$q" > "received.$i"
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		await blocked_in_queue "$i"
	done
	seq 400 | ipcq-send "$q"
	for i in "${pids[@]}"; do
		ends_with 0 "$i"
	done
	cat received.* | sort -n | cmp - <(seq 400)
}

run_tests "$@"
