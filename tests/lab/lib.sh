# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the programs of this directory: running the suite in a kernel that
# is not an installed one, with a module built for it.
# shellcheck shell=bash

lab=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)
tests=${lab%/*}
tree=${tests%/*}
# shellcheck source=tests/sections.sh
. "$tests/sections.sh"

# Build what runs in the machine, whatever its kernel.
lab_programs() {
	make --no-print-directory -s -C "$tree/userspace" all && "$tests/build"
}

# Print the programs that the pattern names, or say which there are.
lab_list() {
	local found

	found=$("$tests/programs" vm "$1")
	if [ -z "$found" ]; then
		echo "${0##*/}: no test is called '$1'; there are:" >&2
		"$tests/programs" vm | sed "s|^$tests/|  |; s|\.[a-z]*$||" >&2
		return 2
	fi
	echo "$found"
}

# Say why a section cannot be done.
skip() {
	echo "# skipped: $*"
	return 77
}

# Where the copy of the module for the kernel named $1 is built.
lab_copy() {
	echo "$tree/build/lab/$1"
}

# in_variant VARIANT FACTOR COMMAND...: run the command in the kernel that VARIANT
# configures, which is FACTOR times slower than others; @module@ stands for the
# module that was built for it.  lab_make and lab_append may have more arguments for
# building the module, and for the kernel; lab_seconds, how long the command may take.
in_variant() {
	local variant=$1 factor=$2 kernel copy

	shift 2
	kernel=$("$tests/kernels/build" "$variant") || return
	copy=$(lab_copy "$variant")
	# shellcheck disable=SC2086 # they are several
	"$tests/kernels/module" "$kernel" "$copy" ${lab_make:-} || return
	# Less than an error is what a warning says, and it ends the machine.
	"$tests/vm/run" --kernel-image "$kernel/arch/x86/boot/bzImage" --mem 3G \
		--timeout "${lab_seconds:-$((1200 * factor))}" \
		--append "panic_on_warn=1 loglevel=5 ${lab_append:-}" \
		env "IPCQ_TIME_FACTOR=$factor" IPCQ_LOAD_ROUNDS=10 \
		"IPCQ_KUNIT_MODULE=$copy/tests/kunit/ipcq_kunit.ko" \
		"${@//@module@/$copy/module/ipcq.ko}"
}
