# SPDX-License-Identifier: GPL-2.0-only
# Sourced: the kernels of Debian's other architectures, and the module built for
# them with a cross compiler.
# shellcheck shell=bash

# shellcheck source=tests/kernels/suites.sh
. "${BASH_SOURCE[0]%/*}/suites.sh"

# What the kernel calls the architecture, and its cross compiler.
declare -A kernel_arch=([arm64]=arm64 [s390x]=s390)
declare -A cross=([arm64]=aarch64-linux-gnu [s390x]=s390x-linux-gnu)

foreign_apt() {
	local arch=$1 dir=$2

	shift 2
	# Nothing is installed of another architecture: then its dependencies do not matter.
	(cd "$dir" && private_apt "$(host_suite)" "$dir" \
		-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
		-o Dir::State::status=/dev/null "$@")
}

unpack_foreign() {
	local arch=$1 new=$2 apt=$2/apt version package kbuild own

	mkdir -p "$apt/own"
	foreign_apt "$arch" "$apt" update &&
		foreign_apt "$arch" "$apt" download "linux-image-$arch" || return
	version=$(dpkg-deb -f "$apt/linux-image-$arch"_*.deb Depends |
		sed 's/^linux-image-\([^ ]*\) .*/\1/')
	foreign_apt "$arch" "$apt" download "linux-image-$version" "linux-headers-$version" \
		"linux-headers-${version%-*}-common" busybox-static || return
	# What runs while the module is built must run here.
	kbuild=$(dpkg-deb -f "$apt/linux-headers-$version"_*.deb Depends |
		grep -o 'linux-kbuild-[0-9.]*')
	own=$(dpkg --print-architecture)
	foreign_apt "$own" "$apt/own" update &&
		foreign_apt "$own" "$apt/own" download "$kbuild" || return
	for package in "$apt"/*.deb "$apt"/own/*.deb; do
		dpkg -x "$package" "$new" || return
	done
	unpack_compiler "$arch" "$new" || return
	rm -r "$apt"
	# The only module that the machine needs is ours.
	rm -rf "$new"/lib/modules "$new"/usr/lib/modules/*/kernel
	echo "$version" > "$new/version"
	sed -i "s|/usr/src/|$cache/$arch/usr/src/|g" "$new/usr/src/linux-headers-$version/Makefile"
}

# Unpacks a cross compiler into $2/cross.  Installed, it would take the place of the
# one for 32-bit programs.
unpack_compiler() {
	local arch=$1 apt=$2/apt/cross new=$2/cross target=${cross[$1]} version own package

	version=$(gcc -dumpversion)
	own=$(dpkg --print-architecture)
	mkdir -p "$apt" "$new"
	foreign_apt "$own" "$apt" update &&
		foreign_apt "$own" "$apt" download \
			"binutils-$target" "cpp-$version-$target" "gcc-$version-$target" \
			"libgcc-$version-dev-$arch-cross" "libgcc-s1-$arch-cross" \
			"libc6-$arch-cross" "libc6-dev-$arch-cross" \
			"linux-libc-dev-$arch-cross" || return
	for package in "$apt"/*.deb; do
		dpkg -x "$package" "$new" || return
	done
	ln -s "$target-gcc-$version" "$new/usr/bin/$target-gcc"
}

# with_compiler ARCHITECTURE COMMAND [ARGUMENT...]: run the command where the cross
# compiler is found.
with_compiler() {
	local there=$cache/$1/cross/usr

	shift
	PATH=$there/bin:$PATH \
		LD_LIBRARY_PATH=$(echo "$there"/lib/*-linux-gnu) "$@"
}

# Leaves kernel, headers, busybox and compiler of the architecture in the cache, or prints why
# it cannot.
fetch_foreign() {
	keep "$cache/$1" unpack_foreign "$1"
}

# build_foreign ARCHITECTURE DIRECTORY: build a copy of the module there.
build_foreign() {
	local arch=$1 copy=$2 root=$cache/$1

	rm -rf "$copy"
	make -s -C "$tree" dkms-source DKMS_SOURCE="$copy" > /dev/null &&
		with_compiler "$arch" make -s \
			-C "$root/usr/src/linux-headers-$(cat "$root/version")" M="$copy" \
			-j "$(nproc)" "ARCH=${kernel_arch[$arch]}" \
			"CROSS_COMPILE=${cross[$arch]}-" "CC=${cross[$arch]}-gcc" W=1 \
			CONFIG_DEBUG_INFO_BTF_MODULES= modules
}
