#!/bin/bash
# Starts an S3 server: a throw-away Ceph of one monitor, one storage daemon that keeps everything in
# memory, and the RADOS Gateway in front.  Listens on 127.0.0.1 only.
#
#   start-s3.sh [--port N] [--tls] [--sts] [--memory GB] [DIR]
#
#   DIR          the instance's state; default: one directory per user. stop-s3.sh takes the same
#   --port N     default: a free one
#   --tls        https too, on a free port; self-signed, the CA file is in the environment printed
#   --sts        answers STS AssumeRole too (a wrong signature is then AccessDenied)
#   --memory GB  capacity, default 3: an object takes some 13 KB, a version 33 KB
#
# Prints the environment to use it with (eval "$(start-s3.sh)"), also kept in DIR/environment.
# Run twice, it finds the first one running.
set -euo pipefail
. "$(dirname "$0")/common.sh"

access_key=demoaccess secret_key=demosecret
port=0 tls= sts= memory=3 state=
while [ $# -gt 0 ]; do
  case $1 in
    --port) port=${2:?} && shift ;;
    --memory) memory=${2:?} && shift ;;
    --tls) tls=1 ;;
    --sts) sts=1 ;;
    -*) die "no option $1; see the head of $0" ;;
    *) state=$1 ;;
  esac
  shift
done
state=${state:-$(default_state s3)}
check_state "$state"
options="port=$port tls=$tls sts=$sts memory=$memory"
conf=$state/ceph.conf

make_certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,DNS:s3.localhost,DNS:*.s3.localhost,IP:127.0.0.1' \
    -keyout "$state/key.pem" -out "$state/ca.pem" 2>"$state/log/openssl.log" || die "openssl made no certificate"
}

write_conf() {
  local endpoints="endpoint=127.0.0.1:$on tcp_nodelay=1"
  [ -z "$tls" ] || endpoints+=" ssl_endpoint=127.0.0.1:$tls_port ssl_certificate=$state/ca.pem ssl_private_key=$state/key.pem"
  cat >"$conf" <<CONF
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$monitor_port]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# Without keys the default, secure mode, makes the gateway wait five minutes for its settings.
ms_mon_client_mode = crc
# Empty: no sockets, whose paths may not be longer than 107 characters.
admin_socket =
run_dir = $state/run
pid_file = $state/run/\$name.pid
log_file = $state/log/\$name.log
crash_dir = $state/log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 1000
mon_allow_pool_size_one = true
# Changes of the cluster's maps are answered at once: up in 1 s, not in 11 s.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
[mon]
mon_data = $state/mon
mon_cluster_log_file = $state/log/cluster.log
mon_data_avail_warn = 1
mon_data_avail_crit = 0
[osd]
osd_data = $state/osd
osd_objectstore = memstore
memstore_device_bytes = $((memory * 1024 * 1024 * 1024))
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
# Short logs halve the memory that a small object takes.
osd_min_pg_log_entries = 50
osd_max_pg_log_entries = 100
osd_pg_log_trim_min = 10
osd_pg_log_dups_tracked = 10
osd_pg_object_context_cache_count = 8
[client.rgw]
rgw_frontends = beast $endpoints
rgw_dns_name = s3.localhost
rgw_rados_pool_pg_num_min = 8
rgw_override_bucket_index_max_shards = 1
rgw_dynamic_resharding = false
rgw_thread_pool_size = 64
rgw_enable_ops_log = false
rgw_enable_usage_log = false
CONF
  [ -z "$sts" ] || printf 'rgw_s3_auth_use_sts = true\nrgw_sts_key = abcdefghijklmnop\n' >>"$conf"
}

make_user() {  # name, access key, secret key
  timeout 60 radosgw-admin -c "$conf" -n client.rgw user create --uid="$1" --display-name="$1" \
    --access-key="$2" --secret-key="$3" --caps='roles=*;users=*;buckets=*;user-policy=*' \
    >/dev/null 2>>"$state/log/users.log"
}

request() {  # method, path, body: prints the status
  curl -s --max-time 10 --noproxy '*' -o "$state/log/answer" -w '%{http_code}' -X "$1" \
    --aws-sigv4 aws:amz:us-east-1:s3 -u "$access_key:$secret_key" \
    -H "x-amz-content-sha256: $(printf '%s' "$3" | sha256sum | cut -d ' ' -f 1)" \
    ${3:+--data-binary "$3"} "http://127.0.0.1:$on$2" || true
}
gateway() { cat "$state/run/client.rgw.pid" 2>/dev/null || true; }
gateway_runs() { runs_with "$(gateway)" "$conf "; }
answers() { [ "$(request GET / '')" = 200 ]; }
answers_or_ended() { ! gateway_runs || { owns_port "$(gateway)" "$on" && answers; }; }
storage_up() { ceph -c "$conf" osd stat -f json 2>/dev/null | grep -q '"num_up_osds":1'; }

start_monitor() {
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor_port]" "$state/monmap" >/dev/null &&
    ceph-mon -c "$conf" --mkfs -i a --monmap "$state/monmap" &&
    ceph-mon -c "$conf" -i a
}

start_storage() {
  local id
  id=$(cat /proc/sys/kernel/random/uuid)
  timeout 30 ceph -c "$conf" osd new "$id" >/dev/null &&
    ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$id" >/dev/null &&
    ceph-osd -c "$conf" -i 0 >/dev/null &&
    wait_until 30 storage_up
}

# The first write makes the pools: done here, no test waits for it.
warm_up() {
  [ "$(request PUT /start-check '')" = 200 ] && [ "$(request PUT /start-check/object hello)" = 200 ] &&
    [ "$(request DELETE /start-check/object '')" = 204 ] && [ "$(request DELETE /start-check '')" = 204 ]
}

give_up() {
  kill $! 2>/dev/null || true
  wait $! 2>/dev/null || true
}

launch() {
  rm -rf "${state:?}"/{run,log,mon,osd,monmap}
  mkdir -p "$state"/{run,log,mon,osd}
  fsid=$(cat /proc/sys/kernel/random/uuid)
  monitor_port=$(free_port) tls_port=$(free_port) on=$port
  [ "$port" != 0 ] || on=$(free_port)
  [ -z "$tls" ] || make_certificate
  write_conf
  step=monitor && start_monitor 2>>"$state/log/start.log" || return 1
  step=storage && start_storage 2>>"$state/log/start.log" || return 1
  step=users && make_user demo "$access_key" "$secret_key" || return 1
  step=gateway && radosgw -c "$conf" -n client.rgw 2>>"$state/log/start.log" || return 1
  make_user other otheraccess othersecret &
  step=answer && wait_until 30 answers_or_ended && gateway_runs || { give_up; return 1; }
  step="first write" && warm_up || { give_up; return 1; }
  step="second user" && wait $!
}

if gateway_runs && reuse_if_running "$state" "$options"; then
  exit 0
fi

install_packages s3
"$here/stop-s3.sh" "$state" 2>/dev/null
claim_state "$state"
trap '[ $? = 0 ] || "$here/stop-s3.sh" "$state" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

for attempt in 1 2 3; do
  launch </dev/null && break
  # Someone else may have taken a free port in between: other ones, unless one was asked for.
  if [ $attempt = 3 ] || [ "$port" != 0 ]; then
    tail -q -n 3 "$state"/log/* >&2 || true
    die "Ceph did not start (failed at: $step)"
  fi
  "$here/stop-s3.sh" "$state" 2>/dev/null
  claim_state "$state"
done

echo "$options" >"$state/options"
{
  echo "export AWS_ACCESS_KEY_ID=$access_key"
  echo "export AWS_SECRET_ACCESS_KEY=$secret_key"
  echo "export AWS_REGION=us-east-1"
  echo "export AWS_ENDPOINT_URL_S3=http://127.0.0.1:$on"
  [ -z "$sts" ] || echo "export AWS_ENDPOINT_URL_STS=http://127.0.0.1:$on"
  # For tests: the same store over https, and a user who may not touch the first one's buckets.
  [ -z "$tls" ] || echo "export E2E_S3_TLS_ENDPOINT=https://localhost:$tls_port"
  [ -z "$tls" ] || echo "export E2E_CA_BUNDLE=$state/ca.pem"
  echo "export E2E_OTHER_ACCESS_KEY_ID=otheraccess"
  echo "export E2E_OTHER_SECRET_ACCESS_KEY=othersecret"
} >"$state/environment.new"
mv "$state/environment.new" "$state/environment"
say "Ceph answers at http://127.0.0.1:$on, processes $(cat "$state"/run/*.pid | xargs), state in $state"
cat "$state/environment"
