#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where ipcq-recv puts messages, and what it does when it cannot.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Make descriptor 7 a pipe that nobody reads any more.
broken_pipe() {
	mkfifo pipe
	exec 6<> pipe
	exec 7> pipe
	exec 6>&-
}

small_disk() {
	mkdir disk
	mount -t tmpfs -o "size=$1" tmpfs disk
}

fill_disk() {
	cat /dev/zero > disk/filling 2> /dev/null || true
}

test_closed_pipe() {
	broken_pipe
	ipcqctl create "$q"
	ipcq-send "$q" a
	run_into_pipe ipcq-recv "$q"
	expect_in error "$(cat error)" "nobody reads standard output any more"
	expect depth "$(depth "$q")" 1
	run_into_pipe ipcq-recv --drain "$q"
	expect depth "$(depth "$q")" 1
	run_into_pipe ipcq-recv -N "$q"
	expect depth "$(depth "$q")" 1
}

run_into_pipe() {
	local status=0

	"$@" >&7 2> error || status=$?
	expect "status of $*" "$status" 1
}

# Whoever may send could else type on the receiver's terminal.
test_terminal() {
	local escape=$'\33]0;title\a\33[31m'

	command -v script > /dev/null || skip "script is not installed"
	ipcqctl create "$q"
	ipcq-send "$q" "$escape" "$escape" "$escape"
	script -qefc "ipcq-recv $q; ipcq-recv -j $q" screen < /dev/null > /dev/null
	! grep -q $'\33' <(sed '1d;$d' screen) || fail "an escape reached the terminal"
	grep -qF '\x1b]0;title\x07\x1b[31m' screen || fail "it is not shown"
	script -qefc "ipcq-recv --raw $q" screen < /dev/null > /dev/null
	grep -qF "$escape" screen || fail "--raw changes bytes"
	# Elsewhere every byte arrives.
	ipcq-send "$q" "$escape"
	expect bytes "$(ipcq-recv "$q")" "$escape"
}

# It does not wait for a message to learn that.
test_pipe_closed_while_waiting() {
	ipcqctl create "$q"
	mkfifo pipe
	exec 6<> pipe
	exec 7> pipe
	start ipcq-recv -f "$q" >&7 2> error 6>&-
	exec 7>&-
	await blocked_in_poll $!
	ipcq-send "$q" a
	read -r line <&6
	expect line "$line" a
	await blocked_in_poll $!
	exec 6>&-
	ends_with 1 $!
	expect_in error "$(cat error)" "nobody reads standard output any more"
	ipcq-send "$q" b
	expect depth "$(depth "$q")" 1
}

test_pipe_to_head() {
	ipcqctl create "$q"
	seq 100 | ipcq-send "$q"
	ipcq-recv -f "$q" 2> error | head -n 1 > received
	expect output "$(cat received)" 1
	# What head had in its buffer is its own affair; the rest is here.
	expect status "${PIPESTATUS[0]}" 0
	[ "$(ipcq-recv --drain "$q" | tail -n 1)" = 100 ] || [ "$(depth "$q")" = 0 ]
}

test_stdout_not_open() {
	ipcqctl create "$q"
	ipcq-send "$q" a
	run 1 sh -c "exec ipcq-recv $q >&-"
	expect_in error "$err" "standard output is closed"
	expect depth "$(depth "$q")" 1
}

# Output must not go to the queue, or the socket, that took the place of a closed stdout.
test_nothing_open_at_all() {
	local tool

	ipcqctl create "$q"
	sh -c "exec ipcq-send -v $q a <&- >&- 2>&-"
	expect depth "$(depth "$q")" 1
	for tool in "ipcqctl show $q" "ipcqctl purge $q" "ipcq-stat $q" \
		    "ipcq-stat --check"; do
		sh -c "exec $tool <&- >&- 2>&-" && fail "$tool succeeded"
	done
	expect depth "$(depth "$q")" 0
}

# Nobody can foresee this one.  It is not passed over in silence.
test_device_that_fails() {
	ipcqctl create "$q"
	ipcq-send "$q" abc
	ipcq-recv "$q" > /dev/full 2> error && fail "it succeeded"
	expect_in error "$(cat error)" "MESSAGE LOST: message 1, 3 bytes"
	expect_in error "$(cat error)" "No space left"
}

test_full_disk() {
	small_disk 64K
	ipcqctl create --max-msg-size 4096 "$q"
	ipcq-send "$q" a
	ipcq-recv "$q" > disk/file
	expect content "$(cat disk/file)" a
	fill_disk
	ipcq-send "$q" b
	ipcq-recv "$q" >> disk/file 2> error && fail "it succeeded"
	expect_in error "$(cat error)" "has no room for a message of 4096 bytes"
	expect depth "$(depth "$q")" 1
	rm disk/filling
	ipcq-recv "$q" >> disk/file
	expect content "$(cat disk/file)" $'a\nb'
}

# The disk becomes full in the midst of it: what was taken is there, the rest waits.
test_disk_becomes_full() {
	small_disk 256K
	ipcqctl create --max-msg-size 4096 "$q"
	seq 100 | xargs printf '%04000d\n' > long
	ipcq-send "$q" < long
	ipcq-recv --drain "$q" > disk/file 2> error && fail "it succeeded"
	expect_in error "$(cat error)" "has no room"
	cp disk/file received
	rm disk/file
	ipcq-recv --drain "$q" >> received
	cmp received long
}

test_directory() {
	ipcqctl create "$q"
	mkdir files
	printf 'a\nb\0' | ipcq-send --whole "$q"
	ipcq-send "$q" "" c
	run 0 ipcq-recv -n 3 -o files "$q"
	expect output "$out$err" ""
	expect files "$(find files -type f -printf '%f\n' | sort)" \
		"$q-0000000001"$'\n'"$q-0000000002"$'\n'"$q-0000000003"
	printf 'a\nb\0' | cmp - "files/$q-0000000001"
	expect size "$(stat -c %s "files/$q-0000000002")" 0
	expect content "$(cat "files/$q-0000000003")" c
}

test_directory_overwrites_nothing() {
	ipcqctl create "$q"
	mkdir files
	echo mine > "files/$q-0000000001"
	echo mine > "files/$q-0000000001.2"
	ipcq-send "$q" a
	ipcq-recv --output-dir files "$q"
	expect content "$(cat "files/$q-0000000001" "files/$q-0000000001.2")" $'mine\nmine'
	expect content "$(cat "files/$q-0000000001.3")" a
}

test_directory_that_is_not_there() {
	ipcqctl create "$q"
	ipcq-send "$q" a
	run 1 ipcq-recv -o nowhere "$q"
	expect_in error "$err" "cannot open the directory nowhere"
	expect depth "$(depth "$q")" 1
}

test_directory_that_is_read_only() {
	mkdir files
	mount -t tmpfs -o ro tmpfs files
	ipcqctl create "$q"
	ipcq-send "$q" a
	run 1 ipcq-recv -o files "$q"
	expect_in error "$err" "cannot make a file in files: Read-only file system"
	expect depth "$(depth "$q")" 1
}

test_directory_on_a_full_disk() {
	small_disk 64K
	ipcqctl create --max-msg-size 16K "$q"
	head -c 10000 /dev/urandom > bytes
	ipcq-send --repeat 8 --file bytes "$q"
	run 1 ipcq-recv -f -o disk "$q"
	expect_in error "$err" "no room in disk for another message"
	local kept
	kept=$(find disk -type f | wc -l)
	[ "$kept" -ge 1 ] || fail "no message was put down"
	expect "messages there and here" $((kept + $(depth "$q"))) 8
	expect "temporary files" "$(find disk -name '.*' -type f)" ""
	find disk -type f -print0 | xargs -0 -n 1 cmp bytes
}

# A receiver that waits leaves nothing behind, however it ends.
test_directory_is_clean_after_a_signal() {
	ipcqctl create "$q"
	mkdir files
	start ipcq-recv -o files "$q"
	await blocked_in_queue $!
	kill -TERM $!
	ends_with 143 $!
	expect files "$(ls -A files)" ""
}

run_tests "$@"
