# SPDX-License-Identifier: GPL-2.0-only
# Sourced: several runs reported as one, each a level of KTAP of its own.
# shellcheck shell=bash

# Begin the report, which will have $1 sections.
sections_begin() {
	section_number=0
	echo "KTAP version 1"
	echo "1..$1"
}

# section NAME COMMAND...: run it, as the next section.
section() {
	local name=$1 status=0

	shift
	section_number=$((section_number + 1))
	echo "    # Subtest: $name"
	# A line that has not ended belongs to no level.
	"$@" 2>&1 | sed -u 's/^/    /' || status=$?
	case $status in
	0)	echo "ok $section_number - $name" ;;
	77)	echo "ok $section_number - $name # SKIP see above" ;;
	*)	echo "not ok $section_number - $name # ended with status $status" ;;
	esac
}

# sections_report FILE COMMAND...: run the command, which makes the sections, keep
# its report in the file, and end with the totals.  Fails if anything has failed.
sections_report() {
	local file=$1

	shift
	mkdir -p "${file%/*}"
	set -o pipefail
	"$@" | tee "$file"
	"${BASH_SOURCE[0]%/*}/totals" < "$file"
}
