# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What plot-map and plot-loss share, besides common.bash; they source this file.

# terminal_for PICTURE: prints gnuplot's name for the format of a picture; fails if it is none.
terminal_for() {
  case $1 in
    *.png) echo pngcairo ;;
    *.svg) echo svg ;;
    *.pdf) echo pdfcairo ;;
    *) return 1 ;;
  esac
}

# check_picture PICTURE: exits if gnuplot cannot write this format, or this user this file.
check_picture() {
  local terminal directory
  terminal=$(terminal_for "$1")
  if [[ " $(gnuplot -e 'print GPVAL_TERMINALS' 2>&1) " != *" $terminal "* ]]; then
    die 1 "this gnuplot cannot write ${1##*.} files"
  fi
  directory=$(dirname -- "$1")
  if [ ! -d "$directory" ] || [ ! -w "$directory" ] || [ -d "$1" ]; then
    die 1 "$(printable "$1"): cannot be written"
  fi
}

# keep_picture FILE PICTURE: gives a complete picture its name.
keep_picture() {
  local part
  part=$(mktemp "$(dirname -- "$2")/.plot.XXXXXX")
  # shellcheck disable=SC2064 # the name as it is now
  trap "clean_up; rm -f -- $(printf %q "$part")" EXIT
  cat "$1" > "$part"
  chmod "$(printf '%o' $((0666 & ~$(umask))))" "$part"
  mv -f -- "$part" "$2"
}
