# A man page's Markdown out of docs/cli.md, for go-md2man: awk -v page=run|all -f eng/man.awk docs/cli.md
# The page `run` is the section of `overlay run`; `all` is everything else that the package's program does. Headings move
# up by one level. Tables become lists, for a table of man's does not break lines.

function plain(text) {
  while (match(text, /\[[^]]*\]\([^)]*\)/)) { # links: their text
    link = substr(text, RSTART, RLENGTH)
    sub(/^\[/, "", link); sub(/\]\([^)]*\)$/, "", link)
    text = substr(text, 1, RSTART - 1) link substr(text, RSTART + RLENGTH)
  }
  gsub(/\\\|/, "|", text)
  return text
}

function row(line,   cells, count, meaning) {
  gsub(/\\\|/, "\001", line)
  sub(/^\| */, "", line); sub(/ *\|$/, "", line)
  count = split(line, cells, / *\| */)
  for (number = 1; number <= count; number++) gsub(/\001/, "|", cells[number])
  meaning = cells[count]
  if (kind == "option" && cells[2] != "") meaning = meaning " (default: " cells[2] ")"
  if (kind == "engine") meaning = cells[2] "; for: " cells[3]
  print plain(cells[1]) "\n: " plain(meaning) "\n"
}

/^```/ { fenced = !fenced }
!fenced && /^## / {
  command = $0; sub(/^## overlay /, "", command)
  wanted = (page == "run") == (command == "run") && command != "demo" && command != "bench"
  if (command == "run") { if (wanted) print "# DESCRIPTION"; next }
}
/^# / { wanted = page == "all"; if (wanted) print "# DESCRIPTION"; next }
!wanted { next }
!fenced && /^\|/ {
  if (!table) { # the heading, and the line below it
    table = 1
    kind = ($0 ~ /^\| option /) ? "option" : ($0 ~ /^\| engine /) ? "engine" : ""
    getline
    next
  }
  row($0)
  next
}
{ table = 0 }
!fenced && /^##/ { $0 = substr($0, 2); if ($1 == "#") $0 = toupper($0) }
fenced || /^```/ { print; next }
{ print plain($0) }
