# Sourced by ./dev and ./overlay: what a command needs from the system, installed when root on Debian or Ubuntu with a
# line for each package that says what for, named in one line otherwise.

tools="$root/artifacts/tools" # what is unpacked here instead of installed

# need COMMAND=PACKAGE REASON ...: every COMMAND is on PATH afterwards (a path: the file exists), or the script ends with
# one line that says what is missing.
need() {
  local missing=() packages=() reasons=() index names
  while [ $# -gt 0 ]; do
    if ! command -v "${1%%=*}" >/dev/null 2>&1 && ! [[ "$1" = /* && -e "${1%%=*}" ]]; then
      missing+=("${1%%=*}"); packages+=("${1#*=}"); reasons+=("$2")
    fi
    shift 2
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    for index in "${!packages[@]}"; do echo "installing ${packages[index]}: ${reasons[index]}" >&2; done
    if logged update_index && logged env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends "${packages[@]}"; then
      return 0
    fi
  fi
  printf -v names ', %s' "${missing[@]}"
  echo "missing: ${names:2}; install with: apt-get install ${packages[*]}" >&2
  exit 1
}

# logged COMMAND ...: what it prints is shown, its last lines, when it fails.
logged() {
  local log code
  log=$(mktemp)
  "$@" >"$log" 2>&1
  code=$?
  if [ "$code" -ne 0 ]; then tail -n 5 "$log" >&2; fi
  rm -f "$log"
  return "$code"
}

# Once a run: apt's lists of packages.
update_index() {
  [ -n "${index_updated:-}" ] || { apt-get -q update && index_updated=1; }
}

# need_etcd REASON: etcd is on PATH. Debian's package starts a service and enables it for every boot, and a policy-rc.d
# would only hold up the first of the two. So the package is unpacked and not installed: the machine stays as it is.
need_etcd() {
  if [ -x "$tools/etcd-server/usr/bin/etcd" ]; then PATH="$PATH:$tools/etcd-server/usr/bin"; fi
  if command -v etcd >/dev/null 2>&1; then return 0; fi
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "unpacking etcd-server into artifacts/tools: $1" >&2
    if logged update_index && logged unpack etcd-server; then
      PATH="$PATH:$tools/etcd-server/usr/bin"
      return 0
    fi
  fi
  echo "missing: etcd: $1; install with: apt-get install etcd-server" >&2
  exit 1
}

# need_promtool REASON: promtool is there, unpacked like etcd: its package starts a service, too.
need_promtool() {
  if [ -x "$tools/prometheus/usr/bin/promtool" ]; then PATH="$PATH:$tools/prometheus/usr/bin"; fi
  if command -v promtool >/dev/null 2>&1; then return 0; fi
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "unpacking prometheus into artifacts/tools: $1" >&2
    if logged update_index && logged unpack prometheus; then
      PATH="$PATH:$tools/prometheus/usr/bin"
      return 0
    fi
  fi
  echo "missing: promtool: $1; install with: apt-get install prometheus" >&2
  exit 1
}

# unpack PACKAGE: its files are below artifacts/tools/PACKAGE, nothing is installed and none of its scripts runs.
unpack() (
  folder=$(mktemp -d "/tmp/overlay-$1.XXXXXX") && cd "$folder" || exit 1
  trap 'rm -rf "$folder"' EXIT
  mkdir -p "$tools" && apt-get -q download "$1" && dpkg-deb -x "$1"_*.deb files &&
    rm -rf "${tools:?}/$1" && mv files "$tools/$1"
)

# need_browser: a Chromium is on PATH, with a font to write in; or not, for not every distribution has it as a package,
# and the tests that show pages are skipped then.
need_browser() {
  local name reason="the tests that show the benchmark's page in a browser"
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then return 0; fi
  done
  if (need chromium=chromium "$reason" \
      /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf=fonts-dejavu-core "$reason"); then
    return 0
  fi
  echo "note: there is no Chromium: tests that show pages will be skipped" >&2
  export OVERLAY_NO_BROWSER=1
}

has_sdk() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
  command -v dotnet >/dev/null 2>&1 && (cd "$root" && dotnet --version >/dev/null 2>&1)
}

# need_sdk: the .NET SDK that global.json names.
need_sdk() {
  local found=none
  if has_sdk; then return 0; fi
  if command -v dotnet >/dev/null 2>&1; then
    found=$(cd / && dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ')
  fi
  echo "missing: the .NET 10 SDK (found: ${found:-none}); install it: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
  exit 1
}

# need_runtime: where the built executable finds its runtime, also when the SDK is not in a place it knows.
need_runtime() {
  if [ -z "${DOTNET_ROOT:-}" ] && command -v dotnet >/dev/null 2>&1; then
    DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
    export DOTNET_ROOT
  fi
}
