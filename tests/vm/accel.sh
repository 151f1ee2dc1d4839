# SPDX-License-Identifier: GPL-2.0-only
# Sourced by tests/vm/run: hardware or software emulation.
# shellcheck shell=bash disable=SC2154

vm_tcg="-accel tcg,thread=multi"

# Prints QEMU's options.  That /dev/kvm can be opened proves nothing, there are
# machines on which the guest then hangs: only a guest that has run is believed.
# $1: kernel image, $2: initramfs.  The answer holds until the machine reboots.
vm_accel() {
	local cache=$vm_build/accel boot_id

	boot_id=$(cat /proc/sys/kernel/random/boot_id)
	if [ "$(sed -n 1p "$cache" 2> /dev/null)" != "$boot_id" ]; then
		{
			echo "$boot_id"
			if vm_kvm_works "$1" "$2"; then
				echo "-accel kvm"
			else
				echo "$vm_tcg"
			fi
		} > "$cache.$$"
		mv "$cache.$$" "$cache"
	fi
	sed -n 2p "$cache"
}

# Boots without a root: the initramfs then complains on the console.
vm_kvm_works() {
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	timeout -k 1 8 qemu-system-x86_64 -accel kvm -cpu host -m 256M -nodefaults \
		-no-user-config -display none -no-reboot -serial stdio \
		-kernel "$1" -initrd "$2" -append "console=ttyS0 quiet panic=-1" \
		< /dev/null 2> /dev/null | grep -q "^ipcq-vm: cannot mount"
}
