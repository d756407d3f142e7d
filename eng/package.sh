#!/usr/bin/env bash
# A Debian package of a native build: eng/package.sh RID BINARY CNI-PLUGIN FOLDER [OPTION of dpkg-deb ...] prints the file it
# has made. The same commit and executables give the same bytes. The program's manual pages are made of docs/cli.md.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
rid=$1 binary=$2 plugin=$3 folder=$4
case "$rid" in
  linux-x64)
    architecture=amd64
    processor="It needs x86-64-v3: a processor of Intel since 2013, of AMD since 2015." ;;
  linux-arm64) architecture=arm64 processor="It needs an ARMv8 processor." ;;
  *) echo "RID must be linux-x64 or linux-arm64: $rid" >&2; exit 2 ;;
esac
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/CHANGELOG.md")}
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8
project_version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' "$root/Directory.Build.props")
version="$project_version-1"
maintainer=${DEBFULLNAME:-The Overlay authors}" <${DEBEMAIL:-maintainers@overlay.invalid}>"
copyright=$(sed -n 's/^ *Copyright \(2[0-9]* .*\)/\1/p' "$root/LICENSE")

# The symbols of the C library that are called say which one it takes; libm is of the same package.
libc=$(readelf -VW "$binary" "$plugin" | grep -o 'GLIBC_[0-9.]*' | cut -d_ -f2 | sort -Vu | tail -n 1)

files=$(mktemp -d /tmp/overlay-package.XXXXXX)
trap 'rm -rf "$files"' EXIT
chmod 755 "$files"
umask 022

# put MODE SOURCE TARGET: a file of the package; compressed where the name ends so.
put() {
  mkdir -p "$files/$(dirname "$3")"
  if [[ "$3" = *.gz ]]; then gzip -9nc "$2" >"$files/$3"; else cp "$2" "$files/$3"; fi
  chmod "$1" "$files/$3"
}

# manual NAME PAGE WHAT SYNOPSIS ALSO: a page of section 8; go-md2man's \fC is no font of man's, and
# its blank lines are a second distance beside that of its paragraphs.
manual() {
  {
    printf '%% "%s" "8" "%s" "overlay %s" "System administration"\n\n' \
      "${1^^}" "$(date -ud "@$SOURCE_DATE_EPOCH" +%F)" "$project_version"
    printf '# NAME\n%s - %s\n\n# SYNOPSIS\n%s\n\n' "$1" "$3" "$4"
    awk -v page="$2" -f "$root/eng/man.awk" "$root/docs/cli.md"
    printf '\n# FILES\n/etc/default/overlay: options and FLANNELD_ variables of overlay.service\n\n'
    printf '/usr/share/doc/overlay: health codes, metrics, how to install, what differs from flannel\n\n# SEE ALSO\n%s\n' "$5"
  } | go-md2man | sed '/^\.nf/,/^\.fi/b; s/\\fC//g; /^$/d; /^\.SH/{n;/^\.PP$/d}' >"$files/manual"
  put 644 "$files/manual" "usr/share/man/man8/$1.8.gz"
  rm "$files/manual"
}

put 755 "$binary" usr/bin/overlay
put 755 "$plugin" usr/lib/overlay/cni/flannel # not among a runtime's plugins: who installs the package may have flannel's
put 644 "$root/dist/systemd/overlay.service" lib/systemd/system/overlay.service
put 644 "$root/dist/systemd/overlay.sysusers" usr/lib/sysusers.d/overlay.conf
put 644 "$root/dist/systemd/overlay.tmpfiles" usr/lib/tmpfiles.d/overlay.conf
put 640 "$root/dist/systemd/overlay.default" etc/default/overlay # who writes a password into it has not told everybody
put 644 "$root/dist/completion/overlay.bash" usr/share/bash-completion/completions/overlay
put 644 "$root/dist/completion/_overlay" usr/share/zsh/vendor-completions/_overlay
put 644 "$root/dist/completion/overlay.fish" usr/share/fish/vendor_completions.d/overlay.fish
put 644 "$root/dist/wireshark/overlay.lua" usr/share/overlay/wireshark/overlay.lua
put 755 "$root/dist/wireshark/overlay-extcap" usr/share/overlay/wireshark/overlay-extcap
documents=usr/share/doc/overlay
for page in cli cni compatibility health install metrics wireshark; do put 644 "$root/docs/$page.md" "$documents/$page.md"; done
put 644 "$root/dist/systemd/overlay.service.d/kernel-path.conf" "$documents/examples/overlay.service.d/kernel-path.conf"
put 644 "$root/dist/grafana/overlay.json" "$documents/examples/grafana/overlay.json"
put 644 "$root/dist/prometheus/overlay.rules.yml" "$documents/examples/prometheus/overlay.rules.yml"
put 644 "$root/dist/kubernetes/overlay-etcd.yaml" "$documents/examples/kubernetes/overlay-etcd.yaml"
put 644 "$root/CHANGELOG.md" "$documents/changelog.gz"
printf 'overlay (%s) unstable; urgency=medium\n\n  * Made of the sources, whose changes are in changelog.gz.\n\n -- %s  %s\n' \
  "$version" "$maintainer" "$(date -Rud "@$SOURCE_DATE_EPOCH")" >"$files/changelog"
put 644 "$files/changelog" "$documents/changelog.Debian.gz"
rm "$files/changelog"
sed "s/@COPYRIGHT@/$copyright/" "$root/dist/debian/copyright" >"$files/$documents/copyright"
put 644 "$root/dist/debian/lintian-overrides" usr/share/lintian/overrides/overlay
manual overlay all "flannel's network between hosts" '**overlay** *COMMAND* [*OPTIONS*]' '**overlay-run**(8)'
manual overlay-run run "carry pods' packets to other hosts" '**overlay run** [*OPTIONS*]' '**overlay**(8), **systemd.service**(5)'

size=$(du -sk --apparent-size "$files" | cut -f1)
mkdir "$files/DEBIAN"
sed "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@MAINTAINER@/$maintainer/; s/@SIZE@/$size/; s/@LIBC@/$libc/
  s/@PROCESSOR@/$processor/" "$root/dist/debian/control" >"$files/DEBIAN/control"
echo /etc/default/overlay >"$files/DEBIAN/conffiles"
(cd "$files" && find . -type f -not -path './DEBIAN/*' -printf '%P\n' | sort | xargs md5sum) >"$files/DEBIAN/md5sums"
for script in postinst prerm postrm; do install -m 755 "$root/dist/debian/$script" "$files/DEBIAN/$script"; done
find "$files" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$folder"
package="$folder/overlay_${version}_$architecture.deb"
dpkg-deb --root-owner-group --threads-max=1 -Zxz "${@:5}" --build "$files" "$package" >/dev/null
echo "$package"
