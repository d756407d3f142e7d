# Sourced by ./dev and ./overlay after prerequisites.sh: which executables there are, and how each is made.

case "$HOSTTYPE" in x86_64) platform=linux-x64 ;; aarch64) platform=linux-arm64 ;; *) platform="linux-$HOSTTYPE" ;; esac

# compile VERB PROJECT [OPTION ...]: dotnet, with one compiler for all builds of a run. One for each project would warm up
# as often, for two thirds more processor time. Its name is the run's own, so that the run ends this one and no other.
compiler="overlay-$$"
has_compiler=""
compile() {
  has_compiler=1
  UseSharedCompilation=true SharedCompilationId=$compiler dotnet "$@" -v quiet -nologo -clp:ErrorsOnly
}

end_compiler() {
  local command
  for command in $(grep -lazsx -e "-pipename:$compiler" /proc/[0-9]*/cmdline); do kill "${command//[!0-9]/}" 2>/dev/null; done
  has_compiler=""
}
trap end_compiler EXIT

# has_changed PROJECT STAMP: something that PROJECT is made of has changed since STAMP was made, or there is no STAMP.
# A folder's own time changes when a file in it is added or removed, so folders count too.
has_changed() {
  [ -e "$2" ] || return 0
  [ -n "$(find "$root/src" "$root/$1" "$root/eng" "$root"/Directory.*.props "$root/global.json" \
    "$root/.editorconfig" -newer "$2" -print -quit)" ]
}

# bring_up_to_date VERB PROJECT FILE [OPTION ...]: `dotnet VERB` unless FILE is there and nothing has changed since.
# What it prints is in artifacts/NAME-VERB.log; artifacts/NAME-VERB.stamp or .failed keeps how it ended.
bring_up_to_date() {
  local verb=$1 project=$2 file=$3 began code=0
  local name; name="$root/artifacts/$(basename "$file")-$verb"
  is_stale() { [ ! -x "$file" ] || has_changed "$project" "$name.stamp"; }
  is_stale || return 0
  need_sdk
  mkdir -p "$root/artifacts"
  exec 9>"$root/artifacts/build.lock"
  flock 9 # two started side by side build once
  if is_stale && [ "$verb" = publish ] && ! has_changed "$project" "$name.failed"; then
    code=1 # the other one's attempt, just now
  elif is_stale; then
    if [ "$verb" = build ]; then echo "building $(basename "$file") (once) ..." >&2
    else echo "building $(basename "$file") (once, as native code: this takes a minute or two) ..." >&2; fi
    began=$(mktemp "$root/artifacts/began.XXXXXX") # what changes during the build is newer than this
    # The lock must not pass to the compiler, which stays.
    compile "$verb" "$root/$project" -c Release "${@:4}" >"$name.log" 2>&1 9>&- || code=$?
    rm -f "$name.failed"
    if [ "$code" -eq 0 ]; then mv "$began" "$name.stamp"; else mv "$began" "$name.failed"; fi
  fi
  exec 9>&-
  return "$code"
}

# build_program PROJECT FILE: FILE is up to date, or the script ends with what the compiler said.
build_program() {
  if ! bring_up_to_date build "$1" "$2"; then
    cat "$root/artifacts/$(basename "$2")-build.log" >&2
    echo "$(basename "$2"): the build failed" >&2
    exit 1
  fi
}

# What native code for this machine is linked with; the package of the linker does not bring the C library's objects.
need_linker() {
  local reason="links overlay as native code"
  if command -v clang >/dev/null 2>&1; then need /usr/include/stdio.h=libc6-dev "$reason"
  else need gcc=gcc "$reason" /usr/include/stdio.h=libc6-dev "$reason"; fi
}

# instruction_set [CPUINFO]: what the native build is told about this machine's processor: nothing as a rule. Without one of
# the features of x86-64-v3 (x86-64 psABI, 3.1.1) it must do with those of x86-64-v2.
instruction_set() {
  local feature flags
  [ "$platform" = linux-x64 ] || return 0
  flags=" $(grep -m1 '^flags' "${1:-/proc/cpuinfo}") "
  for feature in avx avx2 bmi1 bmi2 f16c fma abm movbe; do
    if [[ "$flags" != *" $feature "* ]]; then echo -p:IlcInstructionSet=x86-64-v2; return 0; fi
  done
}

# build_for_hosts PROJECT NAME: $built, the executable of that name, is up to date: the native build where it can be made,
# otherwise the one that runs on a .NET runtime, with one line that says why. OVERLAY_NATIVE=0 asks for the latter.
build_for_hosts() {
  local why="" project=$1 log="$root/artifacts/$2-publish" native
  native="$root/artifacts/publish/Overlay.$(basename "$1")/release_$platform/$2"
  built="$root/artifacts/bin/Overlay.$(basename "$1")/release/$2"
  if [ "${OVERLAY_NATIVE:-1}" != 0 ]; then
    if [ -x "$native" ] && ! has_changed "$project" "$log.stamp"; then built=$native; return 0; fi
    if ! has_sdk; then why="there is no .NET 10 SDK to build it with"
    elif ! has_changed "$project" "$log.failed"; then why="the build failed, see artifacts/$2-publish.log; ./dev publish tries again"
    elif ! why=$(linker_obstacle); then :
    elif bring_up_to_date publish "$project" "$native" -r "$platform" $(instruction_set); then built=$native; return 0
    else why="the build failed, see artifacts/$2-publish.log; ./dev publish tries again"; fi
    echo "$2: not as native code: $why" >&2
  fi
  build_program "$project" "$built"
}

build_overlay() { build_for_hosts src/Daemon overlay; overlay=$built; }

build_cni() { build_for_hosts src/Cni flannel; cni=$built; }

# linker_obstacle: prints why nothing can be linked here, and fails.
linker_obstacle() {
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    (need_linker) || { echo "there is no linker"; return 1; }
  elif ! { command -v clang || command -v gcc; } >/dev/null 2>&1 || [ ! -e /usr/include/stdio.h ]; then
    echo "there is no linker; install one: apt-get install gcc libc6-dev"
    return 1
  fi
}
