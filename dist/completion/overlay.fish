# fish completion of overlay. Commands, options and values are the program's own: it is asked through the suggest
# directive of its command line library, so nothing here has to follow a change of it.

function __overlay_complete
    set -l rest (commandline -cp | string replace -r '^\s*\S+' '')
    set -l current (commandline -ct)
    # run may be left out before its options.
    string match -qr '^\s+-' -- $rest; and set rest " run $rest"
    set -l line "overlay$rest"
    set -l before ''
    if string match -qr '^--[^=]+=' -- $current
        # A value behind = is suggested together with its option, for fish completes the whole word.
        set before (string replace -r '=.*' '=' -- $current)
        set line (string replace -r '(--[^=\s]+)=(\S*)$' '$1 $2' -- $line)
    end
    set -l found (overlay "[suggest:"(string length -- $line)"]" $line 2>/dev/null \
        | string lower | string match -rv '^(/|-.?$|$)')
    # Where the program knows nothing to suggest, a file is meant.
    if test (count $found) -eq 0
        __fish_complete_path $current
    else
        string replace -r '^' -- $before $found
    end
end

complete -c overlay -f -a '(__overlay_complete)'
