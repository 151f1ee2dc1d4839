#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ipcq-send: where messages come from and how they are sent.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# All messages of the queue, each in <>.
contents() {
	ipcq-recv --drain --raw --format '<%d>' "$1"
}

test_arguments() {
	ipcqctl create "$q"
	run 0 ipcq-send "$q" one "two words" "" -- -4
	expect messages "$(contents "$q")" "<one><two words><><-4>"
}

test_lines_of_stdin() {
	ipcqctl create "$q"
	printf 'a\n\nb c\nno newline' | ipcq-send "$q"
	expect messages "$(contents "$q")" "<a><><b c><no newline>"
}

test_empty_stdin_is_no_message() {
	ipcqctl create "$q"
	run 0 ipcq-send -v "$q" < /dev/null
	expect_in summary "$err" "sent 0 messages"
	expect messages "$(contents "$q")" ""
}

test_null_separated() {
	ipcqctl create "$q"
	printf 'a\nb\0\0c' | ipcq-send -0 "$q"
	printf 'd\0' | ipcq-send --null "$q"
	expect messages "$(contents "$q")" $'<a\nb><><c><d>'
}

test_whole() {
	ipcqctl create "$q"
	printf 'a\nb\n' | ipcq-send -w "$q"
	ipcq-send --whole "$q" < /dev/null
	expect messages "$(contents "$q")" $'<a\nb\n><>'
}

test_files() {
	ipcqctl create "$q"
	printf 'first\n' > f1
	: > f2
	printf 'third' | ipcq-send -f f1 --file f2 -f - "$q"
	expect messages "$(contents "$q")" $'<first\n><><third>'
}

test_file_that_is_not_there() {
	ipcqctl create "$q"
	echo x > there
	run 1 ipcq-send -f there -f not-there "$q"
	expect_in error "$err" "cannot open not-there: No such file"
	expect_in error "$err" "1 message sent; message 2 was not"
	run 1 ipcq-send -f / "$q"
	expect_in error "$err" "cannot read /: Is a directory"
	expect depth "$(depth "$q")" 1
}

test_priority_and_type() {
	ipcqctl create --order priority "$q"
	ipcq-send "$q" low
	ipcq-send -p 32767 --type 4294967295 "$q" high
	ipcq-send --priority 5 "$q" middle
	expect messages "$(ipcq-recv --drain --format '%d %p %t' "$q")" \
		$'high 32767 4294967295\nmiddle 5 0\nlow 0 0'
}

test_nonblock_ends_with_3_when_full() {
	ipcqctl create --max-msgs 2 "$q"
	run 3 ipcq-send -n "$q" a b c d
	expect_in error "$err" "the queue is full"
	expect_in error "$err" "2 messages sent; message 3 was not"
	run 3 ipcq-send --nonblock "$q" e
	expect messages "$(contents "$q")" "<a><b>"
}

test_timeout_ends_with_3_when_full() {
	ipcqctl create --max-msgs 1 "$q"
	run 3 ipcq-send -t 50ms "$q" a b
	expect_in error "$err" "timed out"
	expect_in error "$err" "1 message sent; message 2 was not"
	run 3 ipcq-send --timeout 0 "$q" c
	expect depth "$(depth "$q")" 1
}

test_blocks_until_there_is_room() {
	ipcqctl create --max-msgs 1 "$q"
	start ipcq-send -v "$q" a b 2> summary
	await blocked_in_queue $!
	expect received "$(ipcq-recv "$q")" a
	ends_with 0 $!
	expect received "$(ipcq-recv "$q")" b
	expect_in summary "$(cat summary)" "sent 2 messages, 2 B"
}

test_too_large() {
	ipcqctl create --max-msg-size 4 "$q"
	run 1 ipcq-send "$q" 1234 12345 1
	expect_in error "$err" "message 2 is larger than the max_msg_size of '$q', 4 bytes"
	expect_in error "$err" "1 message sent; message 2 was not"
	# Endless input must not be read to its end.
	run 1 ipcq-send "$q" < /dev/zero
	expect_in error "$err" "message 1 is larger"
	run 1 ipcq-send --file /dev/zero "$q"
	expect depth "$(depth "$q")" 1
}

test_limit_raised_meanwhile() {
	ipcqctl create --max-msg-size 4 "$q"
	mkfifo input
	start_with_input input ipcq-send "$q"
	exec 5> input
	echo 1234 >&5
	await depth_is "$q" 1
	ipcqctl set --max-msg-size 9 "$q"
	echo 123456789 >&5
	exec 5>&-
	ends_with 0 $!
	expect messages "$(contents "$q")" "<1234><123456789>"
}

test_rate() {
	ipcqctl create "$q"
	local begin=${EPOCHREALTIME/./}
	ipcq-send -r 50 "$q" 1 2 3 4 5 6
	# Five intervals of 20 ms.  Nothing bounds it from above.
	[ $((${EPOCHREALTIME/./} - begin)) -ge 100000 ] || fail "too fast"
	expect messages "$(contents "$q")" "<1><2><3><4><5><6>"
}

test_repeat() {
	ipcqctl create "$q"
	ipcq-send --repeat 3 "$q" a b
	printf f > file
	ipcq-send --repeat 2 --file file "$q"
	run 0 ipcq-send -v --repeat 0 "$q" never
	expect_in summary "$err" "sent 0 messages"
	expect messages "$(contents "$q")" "<a><b><a><b><a><b><f><f>"
}

test_create() {
	run 0 ipcq-send -c --max-msgs 7 --max-bytes 1M --max-msg-size 2K --order priority \
		--mode 0640 --owner nobody --group nogroup --hangup --high-water 90 \
		--low-water 10 "$q" < /dev/null
	exists "$q" || fail "it was not created"
	expect attributes "$(ipcqctl show -j "$q" | jq -c \
		'[.max_msgs,.max_bytes,.max_msg_size,.order,.mode,.uid,.gid,.flags,.high_pct,.low_pct]')" \
		'[7,1048576,2048,"priority","0640",65534,65534,["hangup"],90,10]'
	# One that exists stays as it is.
	run 0 ipcq-send --create --max-msgs 9 "$q" < /dev/null
	expect max_msgs "$(ipcqctl show -j "$q" | jq .max_msgs)" 7
}

test_create_ephemeral() {
	run 0 ipcq-send -c --ephemeral "$q" x
	gone "$q" || fail "it outlived its last opener"
}

test_verbose() {
	ipcqctl create "$q"
	run 0 ipcq-send --verbose "$q" "$(head -c 1500 /dev/zero | tr '\0' x)"
	expect_in summary "$err" "sent 1 message, 1.5 KiB, in "
	expect stdout "$out" ""
}

test_quiet_when_all_is_well() {
	ipcqctl create "$q"
	run 0 ipcq-send "$q" x
	expect output "$out$err" ""
}

# The reader of a hang-up queue has gone: an error, not SIGPIPE.
test_broken_pipe() {
	ipcqctl create --hangup --max-msgs 1 "$q"
	start ipcq-recv "$q" > received
	local receiver=$!
	await blocked_in_queue $receiver
	start ipcq-send "$q" 1 2 3 2> error
	local sender=$!
	ends_with 0 $receiver
	ends_with 1 $sender
	expect received "$(cat received)" 1
	expect_in error "$(cat error)" "nobody would receive it"
	expect_in error "$(cat error)" "sent; message"
}

test_signal_says_how_far_it_came() {
	local signal number=0

	ipcqctl create --max-msgs 2 "$q"
	for signal in INT TERM HUP; do
		start ipcq-send "$q" 1 2 3 2> error
		await blocked_in_queue $!
		kill -$signal $!
		ends_with $((128 + $(kill -l $signal))) $!
		expect_in error "$(cat error)" "2 messages sent; message 3 was not"
		expect messages "$(contents "$q")" "<1><2>"
		number=$((number + 1))
	done
}

test_signal_while_stdin_is_silent() {
	ipcqctl create "$q"
	mkfifo input
	start_with_input input ipcq-send "$q" 2> error
	exec 5> input
	echo 1 >&5
	await depth_is "$q" 1
	await blocked_in_poll $!
	kill -TERM $!
	ends_with 143 $!
	exec 5>&-
	expect_in error "$(cat error)" "1 message sent; message 2 was not"
}

test_signal_while_pacing() {
	ipcqctl create "$q"
	start ipcq-send -r 0.001 "$q" 1 2 2> error
	await depth_is "$q" 1
	await blocked_in_poll $!
	kill -INT $!
	ends_with 130 $!
}

# On a terminal a long run shows how far it is, and that it waits.
test_progress() {
	command -v script > /dev/null || skip "script is not installed"
	ipcqctl create --max-msgs 1 "$q"
	script -qefc "ipcq-send $q first second" screen > /dev/null < /dev/null &
	local script=$!
	await grep -qs "1 sent, 5 B.*50%.*waiting: queue full" screen
	ipcq-recv -n 2 "$q" > /dev/null
	ends_with 0 $script
}

test_no_progress_when_quiet() {
	command -v script > /dev/null || skip "script is not installed"
	ipcqctl create --max-msgs 1 "$q"
	run 3 script -qefc "ipcq-send -q -t 1.5s $q first second" screen < /dev/null
	! grep -q '1 sent, ' screen || fail "there is a progress line"
}

run_tests "$@"
