# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of the tools share.
#
# A test file includes this, defines functions whose names begin with test_ and ends
# with run_tests.  Each runs in a shell of its own under set -e, in an empty directory,
# and passes if it ends with status 0.  Arguments of the file, if any, are patterns of
# the tests to run.  $q is the name of a queue that does not exist
# and that only this test uses; whatever the test leaves is removed.

set -u

seconds_to_wait=$((30 * ${IPCQ_TIME_FACTOR:-1}))
checks_balance=$(command -v ipcq-stat || true)

say() {
	echo "# $*"
}

# End the test: as failed, or as skipped for a reason.
fail() {
	say "$*"
	exit 1
}

skip() {
	echo "$*" > "$skip_reason"
	exit 4
}

# expect WHAT IS-THERE IS-EXPECTED
expect() {
	[ "$2" = "$3" ] || fail "$1: '$2', not '$3'"
}

# expect_in WHAT TEXT PART
expect_in() {
	case $2 in
	*"$3"*)	;;
	*)	fail "$1: '$2' does not contain '$3'" ;;
	esac
}

# run STATUS COMMAND...: run it; its output is then in $out and $err.
run() {
	local expected=$1 status=0

	shift
	"$@" > out.run 2> err.run || status=$?
	out=$(tr -d '\0' < out.run)
	err=$(tr -d '\0' < err.run)
	[ "$status" = "$expected" ] ||
		fail "'$*' ended with $status, not $expected; it said: $out $err"
}

# await COMMAND...: wait until it succeeds.
await() {
	local until=$((SECONDS + seconds_to_wait))

	until "$@"; do
		[ $SECONDS -lt $until ] || fail "in vain awaited: $*"
		pause
	done
}

# Give others the processor for a moment.  Nothing is ever written to $silence.
pause() {
	read -r -t 0.01 -u "$silence" || true
}

# Start a command in the background, as a terminal would: bash alone has it ignore
# SIGINT.  $! is its process.
start() {
	env --default-signal=INT "$@" <&0 &
}

# start_with_input FIFO COMMAND...: opening a FIFO waits for whoever opens its other end.
start_with_input() {
	local input=$1

	shift
	env --default-signal=INT "$@" < "$input" &
}

# Is that process asleep in a system call on a queue (in a poll)?
blocked_in_queue() {
	[[ $(< "/proc/$1/wchan") == ipcq_* ]]
}

blocked_in_poll() {
	[[ $(< "/proc/$1/wchan") == *poll* ]]
}

blocked() {
	blocked_in_queue "$1" || blocked_in_poll "$1"
}

stopped() {
	grep -q '^State:.T' "/proc/$1/status"
}

exists() {
	[ -c "/dev/ipcq/$1" ]
}

gone() {
	! exists "$1"
}

depth() {
	local json

	json=$(ipcqctl show --json "$1") || return
	json=${json#*'"depth":'}
	echo "${json%%,*}"
}

depth_is() {
	[ "$(depth "$1")" = "$2" ]
}

# file_has N FILE: are there N lines in it?
file_has() {
	[ "$(wc -l < "$2")" = "$1" ]
}

# Wait for a process and expect how it ended.
ends_with() {
	local status=0

	wait "$2" 2> /dev/null || status=$?
	expect "exit status of $2" "$status" "$1"
}

# Run a command as a user without privileges.
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

number=0
failed=0

# What a test has started is at work in its directory.
kill_rest() {
	local cwd pid

	find /proc/[0-9]*/cwd -lname "$scratch" 2> /dev/null | while read -r cwd; do
		pid=${cwd#/proc/}
		kill -KILL "${pid%/cwd}"
	done
}

remove_traces() {
	local queue

	kill_rest
	for queue in /dev/ipcq/cli-* /dev/ipcq/mq.*; do
		[ ! -e "$queue" ] || ipcqctl rm -q "${queue##*/}" || true
	done
	cd / || exit
	umount "$scratch"/* 2> /dev/null || true
	rm -rf "$scratch"
}

# The shell in which one test runs.
in_own_shell() {
	set -e
	cd "$scratch"
	mkfifo silence
	exec {silence}<> silence
	"$1"
	[ -z "$checks_balance" ] || ipcq-stat --check > /dev/null || fail "the books do not balance"
}

run_test() {
	local status name=${1#test_}

	number=$((number + 1))
	scratch=$(mktemp -d)
	skip_reason=$scratch.skip
	# shellcheck disable=SC2034 # the tests use it
	q=cli-$number
	( in_own_shell "$1" )
	status=$?
	case $status in
	0)	echo "ok $number ${name//_/ }" ;;
	4)	echo "ok $number ${name//_/ } # SKIP $(cat "$skip_reason")" ;;
	*)	echo "not ok $number ${name//_/ }"
		failed=$((failed + 1)) ;;
	esac
	rm -f "$skip_reason"
	remove_traces
}

# The tests, or those that the patterns name.
list_tests() {
	local pattern test

	[ $# -gt 0 ] || set -- '*'
	for test in $(compgen -A function test_); do
		for pattern; do
			# shellcheck disable=SC2254 # it is a pattern
			case $test in
			test_$pattern)	echo "$test" ;;
			esac
		done
	done
}

run_tests() {
	local test tests

	mapfile -t tests < <(list_tests "$@")
	echo "KTAP version 1"
	if ! command -v ipcq-send > /dev/null || [ ! -e /dev/ipcq/control ]; then
		echo "1..0 # SKIP it takes the module and the tools: see tests/vm/run --help"
		exit 4
	fi
	echo "1..${#tests[@]}"
	for test in "${tests[@]}"; do
		run_test "$test"
	done
	[ "$failed" = 0 ]
}
