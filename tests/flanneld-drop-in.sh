#!/bin/sh
# Starts the daemon as unit files of flanneld do, with its command line and with its environment, on a real etcd, and lets
# consumers of subnet.env read what it writes: the whole file byte for byte, and Docker's options made of it.
#
#   flanneld-drop-in.sh PROGRAM ENDPOINT IFACE DIRECTORY
#
#   PROGRAM    the daemon's executable, which is started by the name flanneld
#   ENDPOINT   etcd's client URL; below /atomic.io/network it has a config of Network 10.1.0.0/16 whose only subnet is
#              10.1.74.0/24
#   IFACE      the underlay's interface, with an MTU of 1500
#   DIRECTORY  for files; empty
set -eu
program=$1 endpoint=$2 iface=$3 directory=$4
prefix=/atomic.io/network
subnet_file=$directory/flannel/subnet.env
flanneld=$directory/flanneld
daemon=''

fail() {
    echo "flanneld-drop-in: $*" >&2
    [ ! -f "$directory/log" ] || sed 's/^/    /' "$directory/log" >&2
    exit 1
}

# start COMMAND…: returns when the host is ready, as a unit that waits for subnet.env does.
start() {
    rm -f "$subnet_file"
    "$@" 2>"$directory/log" &
    daemon=$!
    tries=0
    until [ -f "$subnet_file" ]; do
        kill -0 "$daemon" 2>/dev/null || fail "ended before it was ready: $*"
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "not ready after a minute: $*"
        sleep 0.1
    done
}

# Returns what the daemon ended with.
stop() {
    [ -n "$daemon" ] || return 0
    kill "$daemon" 2>/dev/null || true
    status=0
    wait "$daemon" || status=$?
    daemon=''
    return "$status"
}

trap 'stop || true' EXIT

expect_file() {
    printf 'FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.74.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=%s\n' "$1" \
        >"$directory/expected"
    cmp "$directory/expected" "$subnet_file" || fail "subnet.env is: $(cat "$subnet_file")"
    [ "$(stat -c %a "$subnet_file")" = 644 ] || fail "subnet.env has the mode $(stat -c %a "$subnet_file")"
}

# docker_opts FILE [-i|-c] [-m]: the options that Docker is started with, as a shell makes them of subnet.env. -i: only a
# variable for each; -c: only all of them in one; -m: nothing about masquerading, which Docker does where the overlay does
# not.
docker_opts() (
    . "$1"
    shift
    single=y combined=y masquerade=y all=''
    for option in "$@"; do
        case $option in
            -i) combined='' ;;
            -c) single='' ;;
            -m) masquerade='' ;;
        esac
    done
    case $FLANNEL_IPMASQ in
        true) docker_masq=false ;;
        false) docker_masq=true ;;
        *) echo "FLANNEL_IPMASQ is $FLANNEL_IPMASQ" >&2; exit 1 ;;
    esac
    for pair in "BIP=--bip=$FLANNEL_SUBNET" ${masquerade:+"IPMASQ=--ip-masq=$docker_masq"} "MTU=--mtu=$FLANNEL_MTU"; do
        [ -z "$single" ] || echo "DOCKER_OPT_${pair%%=*}=\"${pair#*=}\""
        all="$all ${pair#*=}"
    done
    [ -z "$combined" ] || echo "DOCKER_OPTS=\"$all\""
)

# expect_docker ROW OPTIONS LINE…
expect_docker() {
    row=$1 options=$2
    shift 2
    # shellcheck disable=SC2086 # words
    [ "$(docker_opts "$subnet_file" $options)" = "$(printf '%s\n' "$@")" ] \
        || fail "$row: Docker's options are $(docker_opts "$subnet_file" $options)"
}

ln -s "$program" "$flanneld"
FLANNELD_RUN_DIR=$directory/run # this daemon's own
export FLANNELD_RUN_DIR

# A unit of a distribution: ExecStart=/usr/bin/flanneld -etcd-endpoints=${FLANNEL_ETCD_ENDPOINTS}
# -etcd-prefix=${FLANNEL_ETCD_PREFIX} $FLANNEL_OPTIONS
start "$flanneld" -etcd-endpoints="$endpoint" -etcd-prefix="$prefix" -iface="$iface" -subnet-file "$subnet_file" \
    -public-ip=
expect_file false
# The words of stock's log that scripts wait for.
for words in 'Found network config - Backend type: udp' "Using interface with name $iface and address " \
    ' as external address' "Wrote subnet file to $subnet_file"; do
    grep -qF -e "$words" "$directory/log" || fail "the log has no '$words'"
done
bip='DOCKER_OPT_BIP="--bip=10.1.74.1/24"' masq='DOCKER_OPT_IPMASQ="--ip-masq=true"' mtu='DOCKER_OPT_MTU="--mtu=1472"'
opts='DOCKER_OPTS=" --bip=10.1.74.1/24 --ip-masq=true --mtu=1472"'
expect_docker MKD-1 '' "$bip" "$masq" "$mtu" "$opts"
expect_docker MKD-2 -i "$bip" "$masq" "$mtu"
expect_docker MKD-3 -c "$opts"
expect_docker MKD-5 -m "$bip" "$mtu" 'DOCKER_OPTS=" --bip=10.1.74.1/24 --mtu=1472"'
stop || fail "a stop ended with $?"
[ -f "$subnet_file" ] || fail "subnet.env is gone after the stop"

# A unit with the rest in its environment: EnvironmentFile=/etc/flannel/options.env, ExecStart=/opt/bin/flanneld --ip-masq
start env FLANNELD_ETCD_ENDPOINTS="$endpoint" FLANNELD_ETCD_PREFIX="$prefix" FLANNELD_IFACE="$iface" \
    FLANNELD_SUBNET_FILE="$subnet_file" FLANNELD_PUBLIC_IP= "$flanneld" --ip-masq
expect_file true
expect_docker MKD-6 -c 'DOCKER_OPTS=" --bip=10.1.74.1/24 --ip-masq=false --mtu=1472"'
stop || fail "a stop ended with $?"

# MKD-7: what the daemon never writes, a consumer refuses.
sed 's/^FLANNEL_IPMASQ=.*/FLANNEL_IPMASQ=maybe/' "$subnet_file" >"$directory/broken.env"
if docker_opts "$directory/broken.env" 2>/dev/null; then fail "MKD-7: FLANNEL_IPMASQ=maybe is taken"; fi

# RestartPreventExitStatus=2
status=0
"$flanneld" -etcd-endpoints="$endpoint" -nonsense 2>/dev/null || status=$?
[ "$status" = 2 ] || fail "a wrong flag ended with $status"
"$flanneld" --version >/dev/null || fail "--version ended with $?"
echo "flanneld-drop-in: ok"
