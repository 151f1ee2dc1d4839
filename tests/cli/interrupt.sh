#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A signal ends ipcq-recv, and no message is lost by that.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

sent=3000

# What receivers have printed to $1 is what was sent.
nothing_is_lost() {
	seq "$sent" | cmp - "$1" || fail "something is lost, doubled or out of order"
}

# Send the signal until the process has ended.  In its first moments it does not take
# notice: bash has what it starts in the background ignore SIGINT.
end_by() {
	while kill "-$1" "$2" 2> /dev/null; do
		pause
	done
	wait "$2" 2> /dev/null || true
}

# storm SIGNAL SINK: while numbers are sent, start one receiver after the other, which
# SINK does with its arguments, and end each by the signal at whatever moment.  The last
# one receives what is left.
storm() {
	local signal=$1 sink=$2 sender rounds=0

	ipcqctl create --max-msgs 64 "$q"
	seq "$sent" > numbers
	# At this rate there are signals before, amid and after many a message.
	start ipcq-send --rate 1000 "$q" < numbers
	sender=$!
	while [ $rounds -lt 20 ] && kill -0 "$sender" 2> /dev/null; do
		"$sink" start ipcq-recv -f "$q"
		# At times before it has begun, at times in the midst of it.
		read -r -t "0.0$((RANDOM % 60))" -u "$silence" || true
		end_by "$signal" $!
		rounds=$((rounds + 1))
	done
	[ "$rounds" -ge 5 ] || fail "only $rounds receivers: this was no storm"
	"$sink" start ipcq-recv -f "$q"
	ends_with 0 "$sender"
	# The last message was sent, and then the end of file comes behind it.
	ipcqctl shutdown "$q"
	ends_with 0 $!
}

to_file() {
	"$@" >> received
}

to_pipe() {
	"$@" >&7
}

to_directory() {
	"$@" -o files
}

test_storm_of_sigint_into_a_file() {
	storm INT to_file
	nothing_is_lost received
}

test_storm_of_sigterm_into_a_pipe() {
	mkfifo pipe
	cat pipe > received &
	local cat=$!
	exec 7> pipe
	storm TERM to_pipe
	exec 7>&-
	wait "$cat"
	nothing_is_lost received
}

test_storm_of_sigterm_into_a_directory() {
	mkdir files
	storm TERM to_directory
	# A line for each file, without a process for each.
	awk 1 files/* > received
	nothing_is_lost received
	expect "temporary files" "$(find files -name '.*' -type f)" ""
}

# Ended while it follows is as it should be; ended while it waits for one is not.
test_status() {
	local signal

	ipcqctl create "$q"
	for signal in INT TERM HUP; do
		start ipcq-recv -f -v "$q" > received 2> summary
		await blocked_in_queue $!
		kill -$signal $!
		ends_with 0 $!
		expect_in summary "$(cat summary)" "received 0 messages"

		start ipcq-recv "$q" > received
		await blocked_in_queue $!
		kill -$signal $!
		ends_with $((128 + $(kill -l $signal))) $!
	done
}

test_status_with_a_pipe() {
	ipcqctl create "$q"
	mkfifo pipe
	cat pipe > received &
	exec 7> pipe
	start ipcq-recv -f "$q" >&7
	await blocked_in_poll $!
	kill -INT $!
	ends_with 0 $!
	start ipcq-recv "$q" >&7
	await blocked_in_poll $!
	kill -TERM $!
	ends_with 143 $!
	exec 7>&-
	wait
}

test_while_pacing() {
	ipcqctl create "$q"
	ipcq-send "$q" a b
	start ipcq-recv -n 2 --rate 0.001 "$q" > received
	await file_has 1 received
	await blocked_in_poll $!
	kill -INT $!
	ends_with 130 $!
	expect depth "$(depth "$q")" 1
}

# Make descriptor 7 a pipe that holds all that it can and that nobody reads.
full_pipe() {
	mkfifo pipe
	exec 6<> pipe
	exec 7> pipe
	head -c 65536 /dev/zero >&7
}

# A message that could not be written is not taken.
test_while_nobody_reads_the_pipe() {
	full_pipe
	ipcqctl create "$q"
	ipcq-send "$q" a
	start ipcq-recv -f "$q" >&7
	await blocked_in_poll $!
	kill -TERM $!
	ends_with 0 $!
	expect depth "$(depth "$q")" 1
}

# One that is being written is written to its end.
test_in_the_midst_of_a_message() {
	ipcqctl create --max-msg-size 200K "$q"
	head -c 200K /dev/urandom > bytes
	ipcq-send --repeat 2 --file bytes "$q"
	mkfifo pipe
	exec 6<> pipe
	start ipcq-recv -f --raw "$q" > pipe
	await blocked_in_pipe $!
	kill -TERM $!
	head -c 200K <&6 | cmp - bytes
	ends_with 0 $!
	expect depth "$(depth "$q")" 1
}

blocked_in_pipe() {
	[[ $(< "/proc/$1/wchan") == pipe_write ]]
}

test_an_ignored_signal_is_ignored() {
	ipcqctl create "$q"
	( trap '' HUP; exec env --default-signal=INT ipcq-recv "$q" > received ) &
	await blocked_in_queue $!
	kill -HUP $!
	ipcq-send "$q" a
	ends_with 0 $!
	expect output "$(cat received)" a
}

run_tests "$@"
