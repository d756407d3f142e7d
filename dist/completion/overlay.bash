# bash completion of overlay. Commands, options and values are the program's own: it is asked through the suggest
# directive of its command line library, so nothing here has to follow a change of it.

_overlay() {
  local line=${COMP_LINE:0:COMP_POINT} current="" list
  # Whatever the program was called by; run may be left out before its options.
  line=${line#"${COMP_WORDS[0]}"}
  case "${line# }" in -*) line=" run $line" ;; esac
  line="overlay$line"
  case "$line" in *[[:space:]]) ;; *) current=${line##*[[:space:]]} ;; esac
  case "$current" in
    --*=*) # the value alone is what bash completes, for = ends a word
      line="${line%"$current"}${current%%=*} ${current#*=}"
      current=${current#*=} ;;
  esac
  list=$(overlay "[suggest:${#line}]" "$line" 2>/dev/null | tr '[:upper:]' '[:lower:]' | grep -Ev '^(/|-.?$)')
  mapfile -t COMPREPLY < <(compgen -W "$list" -- "$current")
}

# Where the program knows nothing to suggest, a file is meant.
complete -o default -o bashdefault -F _overlay overlay
