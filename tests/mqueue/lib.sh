# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Runs the programs of this directory, each as a level of KTAP.
#
# run_programs COMMAND...: under COMMAND.

run_programs() {
	local failed=0 number=0 program status

	cd "$(dirname "${BASH_SOURCE[0]}")" || exit
	echo "KTAP version 1"
	echo "1..$(printf '%s\n' _*.c | wc -l)"
	for program in _*.c; do
		program=${program%.c}
		number=$((number + 1))
		echo "    # Subtest: ${program#_}"
		"$@" "./$program" 2>&1 | sed -u 's/^/    /'
		status=${PIPESTATUS[0]}
		if [ "$status" = 0 ]; then
			echo "ok $number - ${program#_}"
		else
			echo "not ok $number - ${program#_}"
			failed=1
		fi
	done
	exit $failed
}
