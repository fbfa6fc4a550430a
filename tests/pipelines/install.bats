#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# make install and uninstall: of programs that cannot run here, without bash, from a source tree that
# nothing is written into; and whether the scripts work where they are installed.

load ../support/helper

# make_in DIR ARGUMENT...: with MAKE_PATH as its PATH, and without what a make that runs these tests hands
# down.
make_in() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MODE -u EDIT PATH="${MAKE_PATH-$PATH}" \
    make -s --no-print-directory -C "$@"
}

# A compiler for another machine, whose programs do not run here, with an ar of its own; and a directory
# `path` with the commands that building and installing may use.
cross_tools() {
  cat >cross-cc <<END
#!/bin/sh
case \$1 in
  -dumpmachine) echo other-linux-gnu; exit ;;
  -print-prog-name=ar) echo '$PWD/cross-ar'; exit ;;
esac
echo "\$*" >>'$PWD/compiled'
while [ "\$1" != -o ]; do shift; done
echo 'for another machine' >"\$2"
END
  cat >cross-ar <<END
#!/bin/sh
echo "\$*" >>'$PWD/archived'
echo archive >"\$2"
END
  chmod +x cross-cc cross-ar
  mkdir path
  local name
  for name in make sh install mkdir rm rmdir cmp uname; do
    ln -s "$(command -v $name)" path
  done
}

# files DIR: sorted, each with its mode.
files() {
  (cd "$1" && find . -type f -printf '%P %m\n' | LC_ALL=C sort)
}

# expected_files: what an installation without the CUDA backends has.
expected_files() {
  local name
  {
    for name in "${PROGRAMS[@]}"; do
      printf '%s\n' "bin/$name 755" "share/man/man1/$name.1 644" "share/zsh/site-functions/_$name 644" \
        "share/bash-completion/completions/$name 644"
    done
    for name in frozen-or-fresh graph install-packages plot-loss plot-map ptb sample-corpus sweep text validate; do
      echo "share/sgns/pipelines/$name 755"
    done
    printf '%s 644\n' share/man/man7/sgns.7 share/doc/sgns/FORMAT.md \
      share/sgns/pipelines/{README.md,common.bash,plots.bash,pictures/{chapter,loss,words}.png}
  } | LC_ALL=C sort
}

@test "install: of programs that cannot run here, without bash, from a tree that stays as it is; uninstall leaves nothing" {
  cross_tools
  mkdir source
  cp -r "$ROOT"/{Makefile,cuda,lib,pipelines,tools} source
  files source >before
  settings=(CC="$PWD/cross-cc" B="$PWD/built" CUDA=0 CPPFLAGS=-DMARK DESTDIR="$PWD/a root" PREFIX=/opt/sgns)
  MAKE_PATH=$PWD/path
  succeeds make_in source "${settings[@]}" install
  assert_size_zero stderr
  files source | cmp before -
  files 'a root/opt/sgns' | diff <(expected_files) -
  for program in "${PROGRAMS[@]}"; do
    assert_equal "$(<"a root/opt/sgns/bin/$program")" 'for another machine'
  done
  # Every object with the flags of the preprocessor, none for another processor than that, and its ar.
  [ "$(grep -c -- ' -c ' compiled)" -gt 50 ]
  refute grep -v -- ' -DMARK ' compiled
  refute grep -- '-mavx\|-ledit' compiled
  [ -s archived ]
  # Nothing is made again.
  rm compiled
  succeeds make_in source "${settings[@]}" all
  [ ! -e compiled ]
  succeeds make_in source "${settings[@]}" uninstall
  assert_equal "$(find 'a root' -type f -o -name '*sgns' ! -path 'a root/opt/sgns')" ''
  succeeds make_in source "${settings[@]}" clean
  assert_equal "$(ls -A built)" ''
  files source | cmp before -
}

@test "install: the scripts work where they are" {
  make_in "$ROOT" B="$BUILD" GPU='' CUDA=0 DESTDIR="$PWD/root" PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions \
    install-files
  [ -e "root/usr/share/zsh/vendor-completions/_sgns-knn" ]
  export PATH=$PWD/root/usr/bin:$PATH
  scripts=root/usr/share/sgns/pipelines
  $scripts/sample-corpus 2000 >text.txt
  MIN_COUNT=2 EPOCHS=1 succeeds $scripts/text text.txt
  assert_size_not_zero build/text/emb.bin
  MIN_COUNT=2 THRESHOLD=none EPOCHS=1 DIMS=4 LRS=0.01 succeeds $scripts/sweep text.txt
  MIN_COUNT=2 THRESHOLD=none EPOCHS=2 DIM=4 succeeds $scripts/frozen-or-fresh text.txt
  if command -v gnuplot; then
    succeeds $scripts/plot-loss build/text/loss.tsv
    succeeds $scripts/plot-map build/text/emb.bin words.svg
  fi
}

@test "install: from another directory make refuses to work, and names the way" {
  exits_with 2 env -u MAKEFLAGS -u MAKELEVEL make -f "$ROOT/Makefile" install
  says "not in the source tree: use make -C $ROOT"
}
