#!/bin/bash
# Makes the Debian that the rounds run on, once:  image.sh FOLDER PROJECT
#
#   FOLDER/disk.img    ext4, no partitions; Python, a kernel, /opt/amef-agent with every library
#   FOLDER/kernel, FOLDER/initrd
#
# No systemd in it: guest/init is the whole start. Nothing is mounted on a loop device.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "the image is made by root: debootstrap asks for it" >&2; exit 1; }
umask 022
folder=$1 project=$2
here=$(cd "$(dirname "$0")" && pwd)
tree=$folder/tree
# Whatever mirror this machine's own apt is set to.
mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
packages=python3,python3-venv,libusb-1.0-0,ca-certificates,iproute2,kmod,socat,initramfs-tools,zstd

if mountpoint -q "$tree/proc"; then umount "$tree/proc"; fi  # somebody interrupted the last one
rm -rf --one-file-system "$folder"
mkdir -p "$folder"
log=$folder/log.txt
trap 'umount "$tree/proc" 2>>"$log" || true; tail -n 20 "$log" >&2' ERR
debootstrap --variant=minbase --include="$packages" bookworm "$tree" "$mirror" >>"$log" 2>&1

# An initrd that finds its root disk and knows nothing else is small, and small starts fast.
printf 'MODULES=list\nCOMPRESS=zstd\nRESUME=none\n' > "$tree/etc/initramfs-tools/conf.d/small"
printf '%s\n' virtio_pci virtio_blk ext4 crc32c_generic >> "$tree/etc/initramfs-tools/modules"
mount -t proc proc "$tree/proc"
chroot "$tree" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends linux-image-amd64 >>"$log" 2>&1

# The libraries, as constraints.txt has them; the program itself is put in before each saved state.
mkdir "$tree/wheels"
sed -n '/^dependencies = \[/,/^\]/s/^  "\(.*\)",/\1/p' "$project/pyproject.toml" > "$tree/wheels/asked"
python3 -m pip download --quiet --disable-pip-version-check --only-binary=:all: \
    --python-version 3.11 --constraint "$project/constraints.txt" \
    --dest "$tree/wheels" --requirement "$tree/wheels/asked" >>"$log" 2>&1
chroot "$tree" sh -c 'python3 -m venv /opt/amef-agent && /opt/amef-agent/bin/pip install \
    --no-index --find-links /wheels --requirement /wheels/asked' >>"$log" 2>&1
umount "$tree/proc"

install -D -t "$tree/opt/vm" "$here"/guest/*
mkdir -p "$tree/var/lib/amef-agent"
cp -L "$tree/vmlinuz" "$folder/kernel"
cp -L "$tree/initrd.img" "$folder/initrd"
rm -rf "$tree"/wheels "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*
truncate -s 3G "$folder/disk.part"
mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 -d "$tree" "$folder/disk.part"
rm -rf --one-file-system "$tree"
mv "$folder/disk.part" "$folder/disk.img"
