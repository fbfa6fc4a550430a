#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The Debian packages, built from the programs under test, installed into a separate tree and
# removed.

load ../support/helper

have_packer() {
  command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null
}

setup_file() {
  have_packer || return 0
  cd "$BATS_FILE_TMPDIR" || return
  # As if the CUDA backends had been built: their emulation is a shared object, too.
  mkdir -p with/lib/sgns without
  ln -s "$BUILD/bin" with
  ln -s "$BUILD/bin" without
  cp "$BUILD/tests/sgns-cuda.so" with/lib/sgns
  "$ROOT/pipelines/make-deb" without packages >names
  "$ROOT/pipelines/make-deb" with with-cuda >names-cuda
}

setup() {
  need_peer dpkg-dev have_packer
  cd "$BATS_TEST_TMPDIR" || return
  ln -s "$BATS_FILE_TMPDIR"/{packages,with-cuda,names,names-cuda} .
}

# dpkg_here ARGUMENT...: runs dpkg on the tree in `tree`, without privileges.
dpkg_here() {
  mkdir -p tree/var/lib/dpkg/{info,updates}
  touch tree/var/lib/dpkg/{status,available}
  PATH=$PATH:/usr/sbin:/sbin fakeroot dpkg --root=tree --force-not-root --force-depends --log=dpkg.log "$@"
}

@test "packages: sgns is built without the CUDA backends, sgns and sgns-cuda with them" {
  assert_equal "$(sed 's,.*/,,' names)" "$(basename packages/sgns_*.deb)"
  assert_equal "$(wc -l <names-cuda)" 2
  assert_equal "$(dpkg-deb -f packages/sgns_*.deb Version)" "$(sgns-cat --version | cut -d ' ' -f 2)-1"
  dpkg-deb -f packages/sgns_*.deb Depends | grep -q 'libc6.*libzstd1'
  dpkg-deb -f with-cuda/sgns-cuda_*.deb Depends | grep -q "^sgns (= $(dpkg-deb -f packages/sgns_*.deb Version)), "
}

@test "packages: they can be installed, used and removed without residue" {
  need_peer fakeroot command -v fakeroot
  succeeds dpkg_here --install with-cuda/*.deb
  for program in "${PROGRAMS[@]}"; do
    assert_equal "$("tree/usr/bin/$program" --version)" "$("$program" --version)"
    [ -e "tree/usr/share/man/man1/$program.1.gz" ]
    [ -e "tree/usr/share/bash-completion/completions/$program" ]
    [ -e "tree/usr/share/zsh/vendor-completions/_$program" ]
  done
  [ -e tree/usr/share/man/man7/sgns.7.gz ]
  [ -e tree/usr/share/doc/sgns/FORMAT.md ]
  # The scripts work with the installed programs.
  sample_text 300 30 >text
  PATH=$PWD/tree/usr/bin:$PATH OUT=out MIN_COUNT=2 EPOCHS=1 WORDS=w1 \
    succeeds tree/usr/share/sgns/pipelines/text text
  # The programs find the CUDA backends.
  sanitized || {
    sample_text 60 40 | ptb-vocab -q -m 2 | sgns-batch -q |
      env -u SGNS_CUDA tree/usr/bin/sgns-train -q --device cuda -d 4 -o emb.bin
    sgns-cat --header emb.bin | grep -q -- '--device=cuda:0$'
  }
  assert_equal "$(dpkg_here --verify sgns sgns-cuda)" ''
  succeeds dpkg_here --purge sgns-cuda
  [ ! -e tree/usr/lib/sgns ]
  succeeds dpkg_here --purge sgns
  assert_equal "$(find tree -path tree/var -prune -o -type f -print)" ''
  [ ! -e tree/usr/share/doc/sgns ] && [ ! -e tree/usr/share/sgns ]
}

@test "packages: the same files give the same bytes" {
  SOURCE_DATE_EPOCH=1700000000 "$ROOT/pipelines/make-deb" "$BATS_FILE_TMPDIR/without" one >/dev/null
  SOURCE_DATE_EPOCH=1700000000 "$ROOT/pipelines/make-deb" "$BATS_FILE_TMPDIR/without" two >/dev/null
  cmp one/*.deb two/*.deb
}

@test "packages: lintian finds no faults" {
  need_peer lintian command -v lintian
  sanitized && skip 'packages are not built with sanitizers'
  # The emulated CUDA backends do not trigger the tags that the real package overrides.
  run lintian --allow-root --fail-on error,warning packages/*.deb
  assert_success
  refute_output --partial ': '
}

@test "packages: the files of make install" {
  env -u MAKEFLAGS -u MFLAGS make -s -C "$ROOT" B="$BUILD" GPU='' CUDA=0 DESTDIR="$PWD/root" PREFIX=/usr \
    ZSHDIR=/usr/share/zsh/vendor-completions install-files
  mkdir unpacked
  dpkg-deb -x packages/sgns_*.deb unpacked
  # What only a package has.
  rm -r unpacked/usr/share/lintian unpacked/usr/share/doc/sgns/c*
  diff <(cd root && find . -type f | sort) <(cd unpacked && find . -type f | sed 's/\.gz$//' | sort)
}
