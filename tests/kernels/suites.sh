# SPDX-License-Identifier: GPL-2.0-only
# Sourced: the kernels of other Debian suites, and the module built for them.
# What is fetched comes from this machine's mirror and is kept in ~/.cache/ipcq.
#
# Headers of this machine's own Debian are only unpacked.  Those of another one
# need its compiler, and therefore a root of their own to build in.
# shellcheck shell=bash

# Suites, for the kernels 6.12 and 7.3 (or what has followed it).
# shellcheck disable=SC2034 # whoever sources this uses it
suites=(bookworm-backports trixie-backports)

tree=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ipcq
# shellcheck source=tests/kernels/apt.sh
. "$tree/tests/kernels/apt.sh"

# Unpacks the headers of suite $1 into the directory $2, which will become $3.
unpack_headers() {
	local package

	private_apt "$1" "$2/apt" update &&
		private_apt "$1" "$2/apt" install --download-only linux-headers-amd64 || return
	for package in "$2"/apt/archives/linux-*.deb; do
		dpkg -x "$package" "$2" || return
	done
	rm -r "$2/apt"
	# The headers of one flavour find the common ones by their absolute path.
	find "$2"/usr/src/linux-headers-*-amd64 -maxdepth 1 -type f -exec \
		sed -i "s|/usr/src/|$3/usr/src/|g" {} +
}

# Makes a root of suite $1 in the directory $2, with headers and compiler.
make_root() {
	if [ "$(id -u)" != 0 ] || ! command -v debootstrap > /dev/null; then
		echo "another Debian's compiler takes root and debootstrap"
		return 1
	fi
	debootstrap --variant=minbase "${1%-backports}" "$2" "$(mirror)" &&
		sources "$1" > "$2/etc/apt/sources.list" &&
		in_root "$2" apt-get -qq update &&
		in_root "$2" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
			--no-install-recommends -t "$1" install linux-headers-amd64 make sparse &&
		rm -rf "$2"/var/cache/apt/archives/*.deb "$2"/var/lib/apt/lists/* &&
		allow_sparse "$2"
}

# Debian's headers lack the script by which newer kernels test whether there is a
# working sparse.  Here there is one.
allow_sparse() {
	local scripts

	scripts=$(echo "$1"/usr/src/linux-headers-*-common/scripts)
	if [ ! -e "$scripts/checker-valid.sh" ]; then
		printf '#!/bin/sh\necho 1\n' > "$scripts/checker-valid.sh"
		chmod +x "$scripts/checker-valid.sh"
	fi
}

# Runs a command in the root $1; objtool needs /proc.  Whatever happens, the
# mount goes with its namespace.
in_root() {
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$@"
}

is_own_suite() {
	[ "${1%-backports}" = "$(host_suite)" ]
}

# keep DIRECTORY COMMAND [ARGUMENT...]: unless the directory is in the cache, have the
# command fill a new one, whose name it gets as its last argument.  Prints why it
# cannot.
keep() {
	local there=$1 new

	shift
	[ ! -e "$there" ] || return 0
	mkdir -p "$cache"
	new=$(mktemp -d "$there.XXXXXX")
	chmod 755 "$new"
	if "$@" "$new" > "$new.log" 2>&1; then
		rm "$new.log"
		mv "$new" "$there"
		return
	fi
	tail -n 1 "$new.log" | tr '#' ' '
	rm -rf "$new" "$new.log"
	return 1
}

make_headers() {
	if is_own_suite "$1"; then
		unpack_headers "$1" "$2" "$cache/$1"
	else
		make_root "$1" "$2"
	fi && [ -n "$(headers "$2")" ]
}

# Leaves suite $1's headers in the cache, or prints why it cannot.
fetch_headers() {
	keep "$cache/$1" make_headers "$1"
}

# Prints the version of the kernel whose headers of suite $1 are in the cache.
kernel_of() {
	basename "$(headers "$cache/$1")" | sed 's/^linux-headers-//'
}

# Where the kernel that belongs to suite $1's headers is, once it is fetched.
image_of() {
	echo "$cache/$1-image-$(kernel_of "$1")"
}

unpack_image() {
	local suite=$1 new=$2 version package

	version=$(kernel_of "$suite")
	private_apt "$suite" "$new/apt" update &&
		download_image "$suite" "$new/apt" "linux-image-$version" || return
	for package in "$new"/apt/linux-*.deb; do
		dpkg -x "$package" "$new" || return
	done
	rm -r "$new/apt"
	# Newer packages have all in one place.
	[ -e "$new/lib" ] || ln -s usr/lib "$new/lib"
	if [ ! -e "$new/boot" ]; then
		mkdir "$new/boot"
		ln -s "../lib/modules/$version/vmlinuz" "$new/boot/vmlinuz-$version"
	fi
	depmod -b "$new" "$version" && [ -e "$new/boot/vmlinuz-$version" ]
}

# Downloads the package $3 of suite $1 into directory $2, and what belongs to it:
# newer kernels come in several packages.
download_image() {
	local version=${3#linux-image-} others

	(cd "$2" && private_apt "$1" "$2" download "$3") || return
	mapfile -t others < <(dpkg-deb -f "$2/$3"_*.deb Depends | tr -d ' ' | tr '(|,' '\n' |
		grep -F -e "-$version")
	[ ${#others[@]} = 0 ] || (cd "$2" && private_apt "$1" "$2" download "${others[@]}")
}

# Leaves the kernel that belongs to suite $1's headers in the cache, or prints why it
# cannot.
fetch_image() {
	keep "$(image_of "$1")" unpack_image "$1"
}

# Prints the newest headers in the root $1, as seen from there.
headers() {
	local found

	found=$(printf '%s\n' "$1"/usr/src/linux-headers-*-amd64 | sort -V | tail -n 1)
	[ ! -d "$found" ] || echo "${found#"$1"}"
}

# build_module SUITE DIRECTORY [MAKE-ARGUMENT...]: build a copy of the module for the
# suite's kernel there, with the suite's compiler.  @copy@ in an argument stands for
# the directory as the compiler sees it.
build_module() {
	local root=$cache/$1 suite=$1 copy=$2 arguments

	shift 2
	rm -rf "$copy"
	make -s -C "$tree" dkms-source DKMS_SOURCE="$copy" > /dev/null || return
	cp "$tree/tests/kernels/sparse.h" "$copy"
	# BTF would take pahole.
	arguments=(-s -j "$(nproc)" CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules)
	if is_own_suite "$suite"; then
		make -C "$root$(headers "$root")" M="$copy" "${arguments[@]//@copy@/$copy}"
		return
	fi
	rm -rf "$root/work"
	cp -r "$copy" "$root/work"
	in_root "$root" make -C "$(headers "$root")" M=/work "${arguments[@]//@copy@//work}" &&
		cp "$root/work/module/ipcq.ko" "$copy/module"
}
