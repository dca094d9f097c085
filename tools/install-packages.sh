#!/bin/bash
# Installs the Debian packages that a part of the work needs, and only those that are missing:
#
#   tools/install-packages.sh [build] [test] [lint] [fuzz] [dynamodb] [s3] [faketime] [bench]     default: build
#
# Debian 12 is the reference.  Quick and silent when nothing is missing, also without root.
set -euo pipefail

# A bare name is a package; "command:package" is a package that is needed only where the command is
# missing (Java or npm may have come from elsewhere).
packages_of() {
  case $1 in
    build)
      echo g++ cmake ninja-build pkg-config ccache \
        libcurl4-openssl-dev libssl-dev libsimdjson-dev libsqlite3-dev libspdlog-dev \
        libcxxopts-dev libasio-dev libpugixml-dev nlohmann-json3-dev libtomlplusplus-dev \
        libisal-dev libzstd-dev libbz2-dev zlib1g-dev libarchive-dev libmimalloc-dev ;;
    test) echo libgtest-dev libgmock-dev librapidcheck-dev python3:python3 git:git ;;
    fuzz) echo clang-16 libclang-rt-16-dev ;;
    lint) echo clang-16 clang-tidy-16 clang-format-16 python3:python3 ;;
    dynamodb) echo java:default-jre-headless curl:curl ca-certificates openssl:openssl ;;
    npm) echo npm:npm ca-certificates ;;
    faketime) echo libfaketime ;;
    bench) echo valgrind:valgrind strip:binutils python3:python3 ;;
    s3)
      echo ceph-mon:ceph-mon ceph-osd:ceph-osd radosgw:radosgw ceph:ceph-common \
        monmaptool:ceph-common curl:curl openssl:openssl ;;
    *)
      echo "install-packages.sh: no group '$1'; there are build test lint fuzz dynamodb npm faketime bench s3" >&2
      return 2 ;;
  esac
}

missing_of() {
  local entry installed
  installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package} ' "${@##*:}" 2>/dev/null || true)"
  for entry in "$@"; do
    case $entry in
      *:*) command -v "${entry%%:*}" >/dev/null || echo "${entry##*:}" ;;
      *) [[ $installed == *" installed $entry "* ]] || echo "$entry" ;;
    esac
  done
}

wanted=()
for group in "${@:-build}"; do
  names=$(packages_of "$group")
  read -r -a list <<<"$names"
  wanted+=("${list[@]}")
done

# Two of these at once (both servers start together) must not fight over dpkg's lock.
exec 9>"${TMPDIR:-/tmp}/install-packages.$(id -u).lock"
flock 9
mapfile -t missing < <(missing_of "${wanted[@]}" | sort -u)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" != 0 ]; then
  echo "install-packages.sh: missing: ${missing[*]}" >&2
  echo "Only root may install them. Run: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "install-packages.sh: no apt-get here; install what these Debian packages hold: ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}" >&2
log=$(mktemp "${TMPDIR:-/tmp}/install-packages.XXXXXX")
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
}
# Package lists that are there may be old or missing: they are fetched only when they do not do.
if ! install >"$log" 2>&1 </dev/null 9>&-; then
  if ! { apt-get update -q && install; } >"$log" 2>&1 </dev/null 9>&-; then
    tail -n 15 "$log" >&2
    echo "install-packages.sh: apt-get failed; all it said is in $log" >&2
    exit 1
  fi
fi
rm -f "$log"
