#!/bin/sh
# Lays out what a container of the image `stock` sees, in a mount namespace of its own, and becomes its process: a root that cannot be
# written to, volumes where the manifest mounts them, an ordinary user without capabilities, the image's environment and no other.
# Usage: image-root.sh ROOT PROGRAM POSTGRES CONFIG UID VOLUMES COMMAND…   (VOLUMES are paths, separated by blanks)
set -eu
root=$1 program=$2 postgres=$3 config=$4 uid=$5 volumes=$6
shift 6

mount -t tmpfs -o mode=0755 image "$root"
for folder in bin sbin lib lib64; do
  if [ -e "/$folder" ]; then ln -s "usr/$folder" "$root/$folder"; fi
done
mkdir -p "$root/usr" "$root/proc" "$root/dev" "$root/etc/compute" "$root/var/lib"
mount --bind /usr "$root/usr"
mount -t tmpfs local "$root/usr/local"
mkdir "$root/usr/local/bin" "$root/usr/local/postgresql"
touch "$root/usr/local/bin/compute_ctl"
mount --bind "$program" "$root/usr/local/bin/compute_ctl"
mount --bind "$postgres" "$root/usr/local/postgresql"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
echo "postgres:x:$uid:$uid::/var/lib/compute:/usr/sbin/nologin" >"$root/etc/passwd"
echo "postgres:x:$uid:" >"$root/etc/group"
echo "127.0.0.1 localhost" >"$root/etc/hosts"
mount -t tmpfs config "$root/etc/compute"
install -m 0440 -g "$uid" "$config" "$root/etc/compute/config.json"
mount -o remount,ro "$root/etc/compute"
for volume in $volumes; do
  mkdir -p "$root$volume"
  mount -t tmpfs -o "mode=2777,gid=$uid" volume "$root$volume"
done
mount -o remount,ro "$root/usr/local"
mount -o remount,bind,ro "$root/usr"
mount -o remount,ro "$root"

exec chroot "$root" /usr/bin/setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --bounding-set=-all \
  --no-new-privs /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"
