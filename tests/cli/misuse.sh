#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bad input, of all tools: a clear error, the right exit status, and nothing happens.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# misused PART COMMAND...: it ends with 2, says PART, and where to read more.
misused() {
	local part=$1

	shift
	run 2 "$@" < /dev/null
	expect_in "what '$*' said" "$err" "$part"
	expect_in "what '$*' said" "$err" "Try '"
	expect stdout "$out" ""
}

test_names() {
	local long name

	long=$(printf '%064d' 0)
	for name in a/b ../x /x . .x "" "a b" control "$long" é /dev/ipcq/ \
		/dev/ipcq/a/b /dev/ipcq/control /dev/ipcq//a ipcq/a; do
		misused "cannot be a queue" ipcq-send "$name" x
		misused "cannot be a queue" ipcq-recv "$name"
		misused "cannot be a queue" ipcqctl create "$name"
		misused "cannot be a queue" ipcqctl rm "$name"
		misused "cannot be a queue" ipcqctl set --max-msgs 1 "$name"
		misused "cannot be a queue" ipcqctl purge "$name"
		misused "cannot be a queue" ipcqctl shutdown "$name"
		misused "cannot be a queue" ipcqctl show "$name"
	done
}

# As shells complete it.
test_path_for_a_name() {
	local path=/dev/ipcq/$q

	run 0 ipcqctl create "$path"
	exists "$q" || fail "it is not there"
	run 0 ipcq-send "$path" a
	run 0 ipcqctl set --max-msgs 5 "$path"
	run 0 ipcqctl show "$path"
	expect_in attributes "$out" "messages      1 of 5"
	run 0 ipcq-recv --format '%Q: %d' "$path"
	expect output "$out" "$q: a"
	run 0 ipcq-stat --no-headings --output name "$path"
	expect name "$out" "$q"
	run 0 ipcqctl rm "$path"
	gone "$q" || fail "it is there"
}

test_no_name() {
	misused "which queue?" ipcq-send
	misused "which queue?" ipcq-recv
	misused "one queue at a time" ipcq-recv "$q" "$q"
	misused "do what?" ipcqctl
	misused "no subcommand 'frob'" ipcqctl frob
	for subcommand in create set rm purge shutdown show; do
		misused "" ipcqctl $subcommand
	done
	misused "takes no names" ipcqctl list "$q"
}

test_unknown_options() {
	misused "unrecognized option" ipcq-send --bogus "$q"
	misused "invalid option" ipcq-send -Z "$q"
	misused "unrecognized option" ipcq-recv --bogus "$q"
	misused "invalid option" ipcq-recv -Z "$q"
	misused "unrecognized option" ipcqctl create --bogus "$q"
	misused "invalid option" ipcqctl create -Z "$q"
	misused "requires an argument" ipcq-send "$q" --priority
}

test_options_of_other_subcommands() {
	misused "rm does not take --json" ipcqctl rm --json "$q"
	misused "show does not take options that describe" ipcqctl show --mode 0600 "$q"
	misused "create does not take --if-empty" ipcqctl create --if-empty "$q"
	misused "list does not take --quiet" ipcqctl list --quiet
	misused "purge does not take --send" ipcqctl purge --send "$q"
	misused "set does not take --undo" ipcqctl set --undo --max-msgs 1 "$q"
	misused "rm does not take a COMMAND" ipcqctl rm "$q" -- true
}

test_numbers() {
	local value

	ipcqctl create "$q"
	for value in "" -1 +1 " 1" 1x 0x1 32768 99999999999999999999 1.5; do
		misused "--priority takes a number" ipcq-send -p "$value" "$q" x
	done
	for value in "" -1 4294967296 x; do
		misused "--type takes a number" ipcq-send --type "$value" "$q" x
	done
	misused "--repeat takes a number" ipcq-send --repeat x "$q" x
	misused "--count takes a number" ipcq-recv -n -1 "$q"
	for value in 0 16777217 4294967296 x; do
		misused "--max-msgs takes a number from 1 to 16777216" ipcqctl set --max-msgs "$value" "$q"
	done
	misused "--high-water takes a number" ipcqctl set --high-water 101 "$q"
	misused "--low-water takes a number" ipcqctl set --low-water 100 "$q"
	expect depth "$(depth "$q")" 0
}

test_sizes() {
	local value

	ipcqctl create "$q"
	for value in "" K -1 1k 1X 1KB 1.5K 18446744073709551616 99999999999G; do
		misused "--max-bytes takes bytes" ipcqctl set --max-bytes "$value" "$q"
	done
	misused "--max-size takes bytes" ipcq-recv -s x "$q"
	misused "--max-size takes 0 to 2147483647 bytes" ipcq-recv -s 4G "$q"
	for value in 0 1025G; do
		misused "--max-bytes takes 1 to 1099511627776 bytes" \
			ipcqctl set --max-bytes "$value" "$q"
	done
	for value in 0 65M 4G; do
		misused "--max-msg-size takes 1 to 67108864 bytes" \
			ipcqctl set --max-msg-size "$value" "$q"
	done
	# The ends themselves are for those who may.
	run 0 ipcqctl set --max-msgs 16777216 --max-bytes 1024G --max-msg-size 64M "$q"
}

test_times() {
	local value

	ipcqctl create "$q"
	for value in "" s -1 1x 1sec 1.s .5s 1.0000000001s 1e3 9223372037s 99999999999999h; do
		misused "--timeout takes a time" ipcq-send -t "$value" "$q" x
		misused "--timeout takes a time" ipcq-recv -t "$value" "$q"
	done
	for value in 0 -1 x 1x 0.0; do
		misused "--rate takes messages a second" ipcq-send -r "$value" "$q" x
		misused "--rate takes messages a second" ipcq-recv -r "$value" "$q"
	done
	expect depth "$(depth "$q")" 0
}

test_times_that_may_be() {
	local value

	ipcqctl create "$q"
	for value in 1 0 1ns 20us 1.5ms 0.000000001s 2m 1h 9223372036s; do
		run 0 ipcq-send -t "$value" "$q" x
		run 0 ipcq-recv -t "$value" "$q"
	done
}

test_modes_and_owners() {
	misused "--mode takes permissions in octal" ipcqctl create --mode 1000 "$q"
	misused "--mode takes permissions in octal" ipcqctl create --mode u=rw "$q"
	misused "--mode takes permissions in octal" ipcqctl create --mode "" "$q"
	misused "no user 'no such'" ipcqctl create --owner "no such" "$q"
	misused "no group '4294967295'" ipcqctl create --group 4294967295 "$q"
	misused "--order is fifo or priority" ipcqctl create --order lifo "$q"
	gone "$q" || fail "it was created"
}

test_options_that_exclude_each_other() {
	ipcqctl create "$q"
	misused "choose one of" ipcq-send --whole -0 "$q"
	misused "choose one of" ipcq-send --whole "$q" x
	misused "choose one of" ipcq-send --file /dev/null "$q" x
	misused "choose one of" ipcq-send -n -t 1 "$q" x
	misused "--repeat needs" ipcq-send --repeat 2 "$q"
	misused "need --create" ipcq-send --max-msgs 3 "$q" x
	misused "choose one of" ipcq-recv -f -d "$q"
	misused "choose one of" ipcq-recv -f -n 2 "$q"
	misused "choose one of" ipcq-recv -j --format %d "$q"
	misused "choose one of" ipcq-recv -j -o . "$q"
	misused "choose one of" ipcq-recv -0 --raw "$q"
	misused "receives that wait" ipcq-recv -N -t 1 "$q"
	misused "receives that wait" ipcq-recv -d -t 1 "$q"
	misused "need --create" ipcq-recv --mode 0600 "$q"
	expect depth "$(depth "$q")" 0
}

test_help_and_version() {
	local tool

	for tool in ipcq-send ipcq-recv ipcqctl ipcq-stat; do
		run 0 $tool --help
		expect_in help "$out" "Usage: $tool"
		expect "errors of --help" "$err" ""
		! grep -E '^ .*--(help|version)$' <<< "$out" || fail "$tool --help leaves out what those do"
		run 0 $tool -h
		run 0 $tool --version
		expect version "$out" "$tool (ipcq) $(cat "$(tree)/VERSION")"
		run 0 $tool -V
		$tool --help > /dev/full 2> error && fail "$tool --help into a full disk succeeded"
		expect_in error "$(cat error)" "cannot write to standard output"
	done
}

tree() {
	dirname "$(dirname "$tests_directory")"
}

# No line of help is wider than a terminal.
test_help_is_80_columns_wide() {
	local tool

	for tool in ipcq-send ipcq-recv ipcqctl ipcq-stat; do
		$tool --help | expand > help
		! grep -nE '^.{81,}' help || fail "$tool --help is too wide"
	done
}

test_queue_that_is_not_there() {
	run 1 ipcq-send "$q" x
	expect_in error "$err" "no queue of that name: 'ipcqctl create' makes one"
	run 1 ipcq-recv "$q"
	expect_in error "$err" "no queue of that name"
	for subcommand in rm purge show shutdown "set --max-msgs 1"; do
		# shellcheck disable=SC2086
		run 1 ipcqctl $subcommand "$q"
		expect_in error "$err" "no queue of that name"
	done
}

test_queue_that_one_may_not_open() {
	ipcqctl create "$q"
	run 1 as_nobody ipcq-send "$q" x
	expect_in error "$err" "its mode does not let you"
	run 1 as_nobody ipcq-recv "$q"
	expect_in error "$err" "its mode does not let you"
	chmod 0602 "/dev/ipcq/$q"
	run 0 as_nobody ipcq-send "$q" x
	run 1 as_nobody ipcq-recv "$q"
	chmod 0604 "/dev/ipcq/$q"
	run 0 as_nobody ipcq-recv "$q"
	expect output "$out" x
}

# A shell that wrote to a queue that does not exist has left a file there.
test_plain_file_among_the_queues() {
	echo x > "/dev/ipcq/$q"
	run 1 ipcq-send "$q" x
	expect_in error "$err" "'/dev/ipcq/$q' is not a queue: something else stands there"
	run 1 ipcq-recv "$q"
	expect_in error "$err" "is not a queue"
	run 1 ipcqctl show "$q"
	expect_in error "$err" "is not a queue"
	rm "/dev/ipcq/$q"
}

# As in a container that has no /dev/ipcq.
test_no_control_device() {
	run 1 unshare -m sh -c "mount -t tmpfs tmpfs /dev/ipcq && ipcq-send $q x"
	expect_in error "$err" "the module is loaded, but its /dev/ipcq/control is not here"
}

# Which file was loaded?  The suite or whoever runs this may say so in IPCQ_MODULE.
module_file() {
	local file

	for file in "${IPCQ_MODULE:-}" "$(tree)/module/ipcq.ko"; do
		if [ -e "$file" ] && [[ $(modinfo -F vermagic "$file") == "$(uname -r) "* ]]; then
			echo "$file"
			return
		fi
	done
	modinfo -n ipcq 2> /dev/null || true
}

test_module_not_loaded() {
	local module tool

	module=$(module_file)
	[ -n "$module" ] || skip "the module's file is not found: say IPCQ_MODULE=FILE"
	rmmod ipcq
	for tool in "ipcq-send $q x" "ipcq-send -c $q x" "ipcq-recv $q" "ipcq-recv -c $q" \
		"ipcqctl create $q" "ipcqctl rm $q" "ipcqctl set --max-msgs 1 $q" \
		"ipcqctl purge $q" "ipcqctl shutdown $q" "ipcqctl show $q" "ipcqctl list"; do
		status=0
		$tool 2> error || status=$?
		echo "$tool: $status: $(cat error)"
	done > said
	insmod "$module"
	expect "tools that failed as they should" \
		"$(grep -c ': 1: .*the module is not loaded: sudo modprobe ipcq' said)" 11
}

tests_directory=$(cd "$(dirname "$0")" && pwd -P)
run_tests "$@"
