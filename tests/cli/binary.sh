#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Any bytes arrive as they were sent.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

test_a_mebibyte() {
	ipcqctl create --max-bytes 2M --max-msg-size 1M "$q"
	head -c 1M /dev/urandom > bytes
	ipcq-send -w "$q" < bytes
	ipcq-send -f bytes "$q"
	run 3 ipcq-send -n "$q" x
	ipcq-recv --raw "$q" | cmp - bytes
	ipcq-recv "$q" > received
	cat bytes <(echo) | cmp - received
}

test_a_mebibyte_in_json_and_as_a_file() {
	ipcqctl create --max-bytes 2M --max-msg-size 1M "$q"
	head -c 1M /dev/urandom > bytes
	ipcq-send --repeat 2 -f bytes "$q"
	ipcq-recv -j "$q" | jq -r .data_base64 | base64 -d | cmp - bytes
	ipcq-recv -o . "$q"
	cmp bytes "$q-0000000002"
}

test_lines_of_random_bytes() {
	ipcqctl create --hangup "$q"
	# The last byte is a newline, so that none is added behind the last line.
	{ head -c 60000 /dev/urandom; echo; } > bytes
	start ipcq-recv -f "$q" > received
	await blocked_in_queue $!
	ipcq-send "$q" < bytes
	ends_with 0 $!
	cmp bytes received
}

test_null_separated_random_bytes() {
	ipcqctl create --hangup "$q"
	{ head -c 60000 /dev/urandom; printf '\0'; } > bytes
	start ipcq-recv -f -0 "$q" > >(cat > received)
	await blocked_in_poll $!
	ipcq-send -0 "$q" < bytes
	ends_with 0 $!
	await cmp -s bytes received
}

test_every_size_around_the_buffers() {
	local size

	ipcqctl create --max-bytes 1M --max-msg-size 256K "$q"
	head -c 256K /dev/urandom > bytes
	for size in 0 1 4095 4096 4097 65535 65536 65537 131072 262144; do
		head -c "$size" bytes > part
		ipcq-send --file part "$q"
		ipcq-recv --raw "$q" | cmp - part
	done
}

test_long_lines_among_short_ones() {
	local size

	ipcqctl create --max-bytes 1M --max-msg-size 256K "$q"
	for size in 0 70000 3 65535 65536 1 0 200000; do
		head -c "$size" /dev/zero | tr '\0' x
		echo
	done > lines
	ipcq-send "$q" < lines
	ipcq-recv --drain "$q" | cmp - lines
}

run_tests "$@"
