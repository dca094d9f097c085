# shellcheck shell=bash
# What the scripts that start and stop servers share; sourced, never run.
#
# Every instance has a directory of its own that holds all its state.  Several run side by side (a
# test run, a demo, another checkout): ports are picked free, and a script stops only processes that
# run on its own directory.

script=$(basename "$0" .sh)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Everything but the environment goes to stderr: `eval "$(start-s3.sh)"` works.
say() { echo "$script: $*" >&2; }
die() { say "$*"; exit 1; }
install_packages() { "$here/../../tools/install-packages.sh" "$@" || die "cannot go on without them"; }

default_state() { echo "${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/ddbvault-$(id -u)/$1"; }

# Absolute, and of characters that need no quoting in any of the files it is written to.
check_state() {
  [[ $1 =~ ^/[A-Za-z0-9/._-]+$ ]] ||
    die "state directory '$1': use an absolute path of letters, digits and / . _ -"
}

# A directory is ours if it carries our mark; nothing else is ever removed.
claim_state() {
  if [ -e "$1" ] && [ ! -f "$1/ddbvault-server" ] && [ -n "$(ls -A "$1")" ]; then
    die "$1 exists and is not the state of a server that this script started; name another one"
  fi
  rm -rf "$1"
  (umask 077 && mkdir -p "$1") && : >"$1/ddbvault-server"
}
drop_state() {
  [ ! -f "$1/ddbvault-server" ] || rm -rf "$1"
}

# Is there a process $1 whose command line holds the string $2?
runs_with() {
  [ -n "$1" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$2"
}

# Prints the processes whose command line holds the string $1.
processes_with() {
  local file
  # The string comes from stdin: on grep's own command line it would find grep.
  grep -lF -f - /proc/[1-9]*/cmdline 2>/dev/null <<<"$1" | while read -r file; do
    file=${file%/cmdline}
    echo "${file#/proc/}"
  done
}

# Prints the inodes of the sockets that listen on port $1.
listeners() {
  local hex
  printf -v hex ':%04X' "$1"
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" \
    '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }'
}

# Is it process $1 that listens on port $2?  What answers there might be someone else's server.
owns_port() {
  local inode
  for inode in $(listeners "$2"); do
    find "/proc/$1/fd" -lname "socket:\[$inode\]" 2>/dev/null | grep -q . && return 0
  done
  return 1
}

# A port that is free now, below the range from which the kernel hands out ports to clients.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((10000 + (RANDOM * 32768 + RANDOM) % 20000))
    [ -n "$(listeners "$port")" ] || { echo "$port"; return; }
  done
  die "found no free port"
}

# wait_until SECONDS COMMAND...: tries again every 50 ms.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

all_ended() {
  local pid
  for pid in "$@"; do
    # A zombie has ended too: its parent may be slow to notice.
    case "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null)" in '' | Z*) ;; *) return 1 ;; esac
  done
}

# end_processes SECONDS PID...: asks, waits, and kills what is still there.
end_processes() {
  local patience=$1
  shift
  [ $# -gt 0 ] || return 0
  kill "$@" 2>/dev/null || true
  if ! wait_until "$patience" all_ended "$@"; then
    kill -9 "$@" 2>/dev/null || true
    wait_until 10 all_ended "$@" || die "process $* does not end"
  fi
}

# Prints the environment of an instance that is up already, if it was started with these options.
reuse_if_running() {
  local state=$1 options=$2
  [ -f "$state/environment" ] || return 1
  [ "$(cat "$state/options")" = "$options" ] ||
    die "runs in $state with other options ($(cat "$state/options")); stop it first: ${script/start/stop}.sh $state"
  say "runs already, state in $state"
  cat "$state/environment"
}
