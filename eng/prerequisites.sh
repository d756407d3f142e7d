# Sourced by ./dev and ./overlay: what a command needs from the system, installed when root on Debian or Ubuntu,
# named in one line otherwise.

# need COMMAND=PACKAGE ...: every COMMAND is on PATH afterwards (a path: the file exists), or the script ends with one line
# that says what is missing.
need() {
  local missing=() packages=() pair
  for pair in "$@"; do
    if ! command -v "${pair%%=*}" >/dev/null 2>&1 && ! [[ "$pair" = /* && -e "${pair%%=*}" ]]; then missing+=("${pair%%=*}"); packages+=("${pair#*=}"); fi
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing: ${packages[*]}" >&2
    local log; log=$(mktemp)
    if { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
      rm -f "$log"; return 0
    fi
    tail -n 5 "$log" >&2; rm -f "$log"
  fi
  echo "missing: ${missing[*]}; install with: apt-get install ${packages[*]}" >&2
  exit 1
}

# need_etcd: etcd is on PATH. Debian's package starts a service of its own, which nobody here asked for.
need_etcd() {
  if command -v etcd >/dev/null 2>&1; then return 0; fi
  need etcd=etcd-server
  if command -v systemctl >/dev/null 2>&1; then systemctl disable --now etcd >/dev/null 2>&1; fi
  return 0
}

# need_browser: a Chromium is on PATH, with a font to write in; or not, for not every distribution has it as a package, and the tests that
# show pages skip then.
need_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then return 0; fi
  done
  if (need chromium=chromium /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf=fonts-dejavu-core); then return 0; fi
  echo "note: there is no Chromium: tests that show pages will be skipped" >&2
  export OVERLAY_NO_BROWSER=1
}

# need_sdk: the .NET SDK that global.json names.
need_sdk() {
  local found=none
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
  if command -v dotnet >/dev/null 2>&1; then
    if (cd "$root" && dotnet --version >/dev/null 2>&1); then return 0; fi
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
