# SPDX-License-Identifier: MIT
# Word embeddings in a Unix pipe. `make help` lists the targets.

MAKEFLAGS += --no-builtin-rules

# All paths here are relative to the source tree; elsewhere there would be nothing to do, in silence.
ifeq ($(wildcard tools/sgns-train.c),)
$(error not in the source tree: use make -C $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST)))), with B=DIR to build in DIR)
endif

MODE   ?= release
CC     ?= cc
PREFIX ?= /usr/local
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
# Path of ptb.train.txt, for `make demo` and the tests that need it.
PTB    ?=
# Directory with wordsim353.txt, simlex999.txt and google-analogies.txt, for the tests and benchmarks that
# need them.
EVAL   ?=

comma   := ,
# Where everything is built; with B=DIR nothing is written into the source tree.
B       := build$(if $(filter-out release,$(MODE)),/$(MODE))
CFLAGS  ?= -O3 -g
WARN    := -Wall -Wextra -Wno-psabi $(if $(WERROR),-Werror)
FLAGS   := -std=c11 -D_GNU_SOURCE -Ilib -pthread -fPIC -ffp-contract=off $(WARN) $(CPPFLAGS) $(CFLAGS)
LIBS    := -lzstd -lxxhash -lm -ldl

# The machine that the compiler compiles for, and an ar that knows its objects.
MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)
ifeq ($(origin AR),default)
AR := $(or $(shell $(CC) -print-prog-name=ar 2>/dev/null),ar)
endif

# Variants of the whole build, each in its own directory under build/.
flags_release :=
flags_asan  := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
flags_tsan  := -O1 -fsanitize=thread
flags_debug := -O0
flags_coverage := -O0 --coverage -fprofile-update=atomic
# For clang: the flags that libFuzzer and afl-clang-fast require.
flags_fuzz  := -O2 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
flags_afl   := -O2
ifeq ($(origin flags_$(MODE)),undefined)
$(error MODE=$(MODE): expected release, debug, asan, tsan, coverage, fuzz or afl)
endif
FLAGS += $(flags_$(MODE))

CXX_FLAGS := -std=c++17 -D_GNU_SOURCE -Itests/emulate -Icuda -Ilib -pthread -fPIC $(WARN) $(CPPFLAGS) -Wno-unknown-pragmas -O1 -g $(flags_$(MODE))

# The inner loops of training, compiled once per instruction set. Every version must give the same bits,
# so FLAGS disables contraction to fused multiply-add. errno and floating-point traps are not used, and
# would prevent SIMD.
KERNEL_FLAGS := -O3 -fno-math-errno -fno-trapping-math
KERNELS      := plain
kernel_plain :=
ifneq ($(filter x86_64%,$(MACHINE)),)
KERNELS += avx2 avx512
kernel_avx2   := -mavx2
kernel_avx512 := -mavx512f -mavx512vl -mavx512dq -mavx512bw -mprefer-vector-width=512
endif

# The inner loops of the search, where fused multiply-add is allowed. WIDTH: floats per register; ROWS:
# rows of a tile, as many as there are registers for their sums.
SCORE_FLAGS  := $(KERNEL_FLAGS) -ffp-contract=fast
score_plain  := -DWIDTH=4 -DROWS=$(if $(kernel_avx2),4,8)
score_avx2   := $(kernel_avx2) -mfma -DWIDTH=8 -DROWS=6
score_avx512 := $(kernel_avx512) -DWIDTH=16 -DROWS=14

# The CUDA backends, one shared object that the programs load when they use a GPU: built if nvcc is found,
# unless CUDA=0. CUDA_ARCH: the architectures to compile for. Default: this machine's GPU; without a GPU,
# 70 or 75 (the first that nvcc supports), 80, 90. PTX of the newest one covers later GPUs.
NVCC  ?= $(firstword $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
CUDA  ?= $(if $(NVCC),1,0)
ifeq ($(CUDA)-$(NVCC),1-)
$(error CUDA=1, but nvcc was not found: set NVCC=path)
endif
ifeq ($(CUDA)-$(MODE),1-release)
GPU        := $(B)/lib/sgns/sgns-cuda.so
NVCC_ARCHS := $(patsubst compute_%,%,$(shell $(NVCC) --list-gpu-arch))
NATIVE     := $(shell nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | sed -n 's/^\([0-9]*\)\.\([0-9]\)$$/\1\2/p' | sort -u)
CUDA_ARCH  ?= $(or $(filter $(NVCC_ARCHS),$(NATIVE)),$(firstword $(filter 70 75,$(NVCC_ARCHS))) $(filter 80 90,$(NVCC_ARCHS)))
CUDA_LIBS  := $(realpath $(dir $(realpath $(NVCC)))../lib64)
NEWEST     := $(shell printf '%s\n' $(CUDA_ARCH) | sort -n | tail -n 1)
GENCODE    := $(foreach a,$(CUDA_ARCH),-gencode arch=compute_$(a),code=sm_$(a)) \
              -gencode arch=compute_$(NEWEST),code=compute_$(NEWEST)
NVCC_FLAGS := -std=c++17 -O3 -Ilib $(if $(WERROR),-Werror all-warnings) -Xcompiler -fPIC,-Wall,-Wextra $(addprefix -Xcompiler ,$(CPPFLAGS)) $(GENCODE)
endif

# Line editing at the prompt of sgns-knn: with libedit if pkg-config finds it, unless EDIT=0. A cross
# compiler needs its own pkg-config.
PKG_CONFIG ?= $(or $(shell command -v $(MACHINE)-pkg-config),$(if $(filter $(shell uname -m)-%,$(MACHINE)),pkg-config,false))
EDIT ?= $(if $(shell $(PKG_CONFIG) --modversion libedit 2>/dev/null),1,0)
ifeq ($(EDIT),1)
flags_of_prompt  := -DHAVE_LIBEDIT $(shell $(PKG_CONFIG) --cflags libedit)
libs_of_sgns-knn := $(shell $(PKG_CONFIG) --libs libedit)
endif

TOOLS   := $(basename $(notdir $(wildcard tools/*.c)))
DRIVERS := $(basename $(notdir $(wildcard tests/library/test_*.c)))
# What is installed of pipelines/: the scripts, and what they need.
SCRIPTS := $(filter-out pipelines/make-deb pipelines/%.bash pipelines/%.md pipelines/pictures,$(wildcard pipelines/*))
FUZZERS := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
BENCH   := $(basename $(notdir $(wildcard tests/bench/*.c)))
OBJECTS := $(patsubst %.c,$(B)/obj/%.o,$(filter-out lib/train/kernels.c lib/search/scores.c,$(wildcard lib/*/*.c))) \
           $(KERNELS:%=$(B)/obj/kernels/%.o) $(KERNELS:%=$(B)/obj/scores/%.o)

.PHONY: all check check-arm64 check-bare check-systems check-hard character-tables completions deb check-oracle check-valgrind fuzz fuzz-targets coverage bench demo deps deps-check lint format install install-files uninstall clean help

## all: build the programs, in build/bin (MODE=debug|asan|tsan: in build/MODE/bin; B=DIR: in DIR/bin)
all: $(TOOLS:%=$(B)/bin/%) $(GPU)
	@$(if $(GPU),:,rm -f $(B)/lib/sgns/sgns-cuda.so)

## demo: install missing packages, build, run the pipeline on the Penn Treebank (PTB=ptb.train.txt: your copy)
demo: deps
	@pipelines/install-packages plot prompt || echo 'Without them there is no curve of the loss, or no editing at the prompt.'
	@echo 'Building$(if $(GPU),; the CUDA backends take a minute or two)'
	+@$(MAKE) -s --no-print-directory -j$$(nproc) all
	@PATH="$(abspath $(B))/bin:$$PATH" OUT="$${OUT:-$(B)/demo}" PTB="$(PTB)" pipelines/ptb

## check: install missing packages, build, run all tests (PTB=ptb.train.txt, EVAL=DIRECTORY of test sets: more tests)
check: deps-check
	+@$(MAKE) --no-print-directory -j$$(nproc) all $(DRIVERS:%=$(B)/tests/library/%) $(BENCH:%=$(B)/tests/bench/%) $(FUZZERS:%=$(B)/tests/fuzz/%) $(B)/tests/emulate/test_emulate $(B)/tests/sgns-cuda.so $(B)/tests/faults.so
	@PTB="$(PTB)" EVAL="$(EVAL)" tests/run $(B)

## check-hard: run the long proofs of tests/RELIABILITY.md (PTB=ptb.train.txt: on the Penn Treebank)
check-hard: deps-check
	+@$(MAKE) --no-print-directory -j$$(nproc) all $(B)/tests/bench/measure $(B)/tests/faults.so
	@PTB="$(PTB)" tests/hard $(B)

## check-arm64: compile for arm64 and run all programs under qemu; their output must have the same bytes
check-arm64: all
	@pipelines/install-packages arm64
	@tests/arm64 $(B)

## check-systems: compile for macOS, FreeBSD and Linux with musl
check-systems: all
	@pipelines/install-packages systems
	@tests/systems $(B)

## check-bare: run README's two commands in minimal roots of Debian releases, as root (RELEASES="bookworm trixie")
RELEASES ?= bookworm trixie
check-bare:
	@pipelines/install-packages bare
	@for release in $(RELEASES); do tests/bare $$release || exit; done

## check-oracle: compare training with PyTorch, step by step (installs python3-torch; PTB=)
check-oracle: all
	@pipelines/install-packages oracle
	@PTB="$(PTB)" tests/oracle/run $(B)

## check-valgrind: run each program under valgrind
check-valgrind: all
	@pipelines/install-packages valgrind
	@tests/valgrind $(B)

## fuzz: fuzz every reader with libFuzzer, ASan and UBSan (FUZZ_SECONDS= or FUZZ_RUNS= per target, TARGETS=)
fuzz:
	@pipelines/install-packages build fuzz
	+@$(MAKE) --no-print-directory MODE=fuzz CC=clang CUDA=0 fuzz-targets
	@FUZZ_SECONDS="$(FUZZ_SECONDS)" FUZZ_RUNS="$(FUZZ_RUNS)" TARGETS="$(TARGETS)" tests/fuzz/run build/fuzz
fuzz-targets: $(FUZZERS:%=$(B)/fuzz/%)

## coverage: run all tests, print the line coverage of lib/; each file that reads input must reach 95 %
coverage:
	@pipelines/install-packages build check coverage
	@find build/coverage -name '*.gcda' -delete 2>/dev/null || true
	+@GCOV_ERROR_FILE=/dev/null $(MAKE) --no-print-directory MODE=coverage CUDA=0 check || echo 'coverage: some tests failed'
	@tests/coverage build/coverage

## bench: install missing packages, build, measure each program against comparable ones (PTB=, EVAL=)
bench: deps
	+@$(MAKE) --no-print-directory -j$$(nproc) all $(BENCH:%=$(B)/tests/bench/%)
	@pipelines/install-packages oracle || true
	@pipelines/install-packages bench || true
	@PTB="$(PTB)" EVAL="$(EVAL)" tests/bench/run $(B)

## deps: install the packages that the build needs, or list them
deps:
	@pipelines/install-packages build
deps-check:
	@pipelines/install-packages build check

## lint: compile with gcc and clang, warnings as errors, and each header alone; check includes, scripts, man pages
lint:
	@pipelines/install-packages build lint
	@tests/lint

## completions: generate tools/completions.d, for bash and zsh, from the --help of the programs
completions: all
	@mkdir -p tools/completions.d/bash tools/completions.d/zsh
	@for program in $(TOOLS); do \
	  tools/completions bash $(B)/bin/$$program > tools/completions.d/bash/$$program && \
	  tools/completions zsh $(B)/bin/$$program > tools/completions.d/zsh/_$$program || exit; \
	done

## character-tables: generate lib/text/character_tables.c from Unicode's data (package unicode-data)
character-tables:
	@tools/character-tables > lib/text/character_tables.c.new && mv lib/text/character_tables.c.new lib/text/character_tables.c

## format: run clang-format on all C sources
format:
	@pipelines/install-packages format
	clang-format -i lib/*/*.[ch] tools/*.c tests/*/*.[ch] tests/fuzz/support/*.[ch] tests/emulate/*.cpp

## install, uninstall: install or remove programs, man pages, completions and scripts (PREFIX=/usr/local, DESTDIR=)
install: all
# Runs nothing that was built, since it may be for another machine. install-files, for pipelines/make-deb,
# installs what is already built.
install install-files uninstall: ROOT = $(DESTDIR)$(PREFIX)
install install-files:
	install -d "$(ROOT)/bin" "$(ROOT)/share/man/man1" "$(ROOT)/share/man/man7" \
	  "$(ROOT)/share/bash-completion/completions" "$(DESTDIR)$(ZSHDIR)" \
	  "$(ROOT)/share/sgns/pipelines/pictures" "$(ROOT)/share/doc/sgns"
	install -m 755 $(TOOLS:%=$(B)/bin/%) "$(ROOT)/bin"
	install -m 644 $(TOOLS:%=tools/%.1) "$(ROOT)/share/man/man1"
	install -m 644 tools/sgns.7 "$(ROOT)/share/man/man7"
	install -m 644 $(TOOLS:%=tools/completions.d/bash/%) "$(ROOT)/share/bash-completion/completions"
	install -m 644 $(TOOLS:%=tools/completions.d/zsh/_%) "$(DESTDIR)$(ZSHDIR)"
	install -m 755 $(SCRIPTS) "$(ROOT)/share/sgns/pipelines"
	install -m 644 pipelines/README.md $(wildcard pipelines/*.bash) "$(ROOT)/share/sgns/pipelines"
	install -m 644 $(wildcard pipelines/pictures/*) "$(ROOT)/share/sgns/pipelines/pictures"
	install -m 644 lib/stream/FORMAT.md "$(ROOT)/share/doc/sgns"
	$(if $(GPU),install -d "$(ROOT)/lib/sgns" && install -m 755 $(GPU) "$(ROOT)/lib/sgns")
uninstall:
	cd "$(ROOT)" && rm -f $(TOOLS:%=bin/%) $(TOOLS:%=share/man/man1/%.1) share/man/man7/sgns.7 \
	  $(TOOLS:%=share/bash-completion/completions/%) share/doc/sgns/FORMAT.md lib/sgns/sgns-cuda.so
	if cd "$(DESTDIR)$(ZSHDIR)" 2>/dev/null; then rm -f $(TOOLS:%=_%); fi
	rm -rf "$(ROOT)/share/sgns"
	for directory in share/doc/sgns lib/sgns; do rmdir "$(ROOT)/$$directory" 2>/dev/null || true; done

## deb: make a Debian package in build/, and a second one of the CUDA backends if they were built
deb: deps all
	@pipelines/make-deb $(B) $(B)

## clean: remove build/, or what was built in DIR with B=DIR
clean:
	rm -rf $(if $(filter file,$(origin B)),build,$(addprefix $(B)/,bin demo flags flags-cuda fuzz lib libsgns.a obj tests) $(wildcard $(B)/sgns*.deb))

help:
	@sed -n 's/^## /  make /p' $(MAKEFILE_LIST)

$(B)/bin/%: $(B)/obj/tools/%.o $(B)/libsgns.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(libs_of_$*)

# Calls that tests/library/test_failures.c makes fail.
$(B)/tests/library/test_failures: private LDFLAGS += $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc posix_memalign free read write lseek \
                                       pthread_create $(addprefix ZSTD_,createDCtx freeDCtx createCCtx freeCCtx))

# Fuzz targets: with libFuzzer, or as plain programs that read files. The linker redirects some calls of
# the library to tests/fuzz/support/wrap.c.
FUZZ_WRAPPED := read write getrandom $(addprefix ZSTD_,createDCtx freeDCtx decompressStream DStreamInSize DStreamOutSize createCCtx freeCCtx)
$(B)/tests/fuzz/options $(B)/fuzz/options: private FUZZ_WRAPPED += exit
FUZZ_SUPPORT := $(patsubst %,$(B)/obj/tests/fuzz/support/%.o,payload wrap)
FUZZ_LINK     = $(CC) $(FLAGS) $(LDFLAGS) -o $@ $^ $(FUZZ_WRAPPED:%=-Wl,--wrap=%) $(LIBS)

$(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/support/replay.o $(FUZZ_SUPPORT) $(B)/libsgns.a
	@mkdir -p $(@D)
	$(FUZZ_LINK)

$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(FUZZ_SUPPORT) $(B)/libsgns.a
	@mkdir -p $(@D)
	$(FUZZ_LINK) -fsanitize=fuzzer

# For tests/fuzz/afl.
$(B)/fuzz/seal.so: tests/fuzz/support/afl_seal.c tests/fuzz/support/payload.c $(addprefix lib/base/,bytes.c memory.c error.c)
	@mkdir -p $(@D)
	cc $(filter-out -O%,$(FLAGS)) -O2 -Itests/fuzz/support -shared -o $@ $^ $(LIBS)

$(B)/tests/%: $(B)/obj/tests/%.o $(B)/libsgns.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/lib/sgns/sgns-cuda.so: $(patsubst cuda/%.cu,$(B)/obj/cuda/%.o,$(wildcard cuda/*.cu)) $(B)/libsgns.a
	@mkdir -p $(@D)
	$(NVCC) -shared $(GENCODE) -o $@ $^ -Xlinker --exclude-libs,ALL -Xlinker --no-undefined -Xlinker -rpath,$(CUDA_LIBS) -lm -ldl

$(B)/obj/cuda/%.o: cuda/%.cu $(B)/flags-cuda
	@mkdir -p $(@D)
	$(NVCC) $(NVCC_FLAGS) -MMD -MP -c -o $@ $<

# The same sources compiled for the CPU with the headers of tests/emulate: for tests without a GPU.
$(B)/tests/sgns-cuda.so: $(patsubst cuda/%.cu,$(B)/obj/emulate/%.o,$(wildcard cuda/*.cu)) $(patsubst tests/emulate/%.cpp,$(B)/obj/emulate/%.o,$(filter-out %/test_emulate.cpp,$(wildcard tests/emulate/*.cpp))) $(B)/libsgns.a
	@mkdir -p $(@D)
	$(CXX) $(CXX_FLAGS) -shared -o $@ $^ -Wl,--exclude-libs,ALL -lm

$(B)/tests/emulate/test_emulate: $(patsubst tests/emulate/%.cpp,$(B)/obj/emulate/%.o,$(wildcard tests/emulate/*.cpp))
	@mkdir -p $(@D)
	$(CXX) $(CXX_FLAGS) -o $@ $^

$(B)/obj/emulate/%.o: cuda/%.cu $(B)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXX_FLAGS) -MMD -MP -x c++ -c -o $@ $<

$(B)/obj/emulate/%.o: tests/emulate/%.cpp $(B)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXX_FLAGS) -MMD -MP -c -o $@ $<

# For LD_PRELOAD: makes system calls fail (tests/faults).
$(B)/tests/faults.so: tests/faults/faults.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O1 -g -fPIC -shared $(WARN) $(CPPFLAGS) $(LDFLAGS) -o $@ $< -ldl

$(B)/libsgns.a: $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/obj/tools/%.o: tools/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/tests/%.o: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/tests/fuzz/%.o: tests/fuzz/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -Itests/library -Itests/fuzz/support -MMD -MP -c -o $@ $<

# Support code of the targets is not instrumented, so the fuzzer does not explore it.
$(B)/obj/tests/fuzz/support/%.o: private FLAGS += $(if $(filter fuzz,$(MODE)),-fno-sanitize=fuzzer-no-link)

$(B)/obj/tests/bench/%.o: tests/bench/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -Itests/library -MMD -MP -c -o $@ $<

$(B)/obj/kernels/%.o: lib/train/kernels.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(KERNEL_FLAGS) $(kernel_$*) -DKERNELS=kernels_$* -DKERNELS_NAME='"$*"' -MMD -MP -c -o $@ $<

$(B)/obj/scores/%.o: lib/search/scores.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(SCORE_FLAGS) $(score_$*) -DSCORES=scores_$* -DSCORES_NAME='"$*"' -MMD -MP -c -o $@ $<

$(B)/obj/lib/%.o: lib/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(flags_of_$(*F)) -MMD -MP -c -o $@ $<

# These files change when the compiler or the flags change, so that everything is rebuilt.
$(B)/flags:      export COMMAND = $(CC) $(MACHINE) $(FLAGS) $(SCORE_FLAGS) $(flags_of_prompt) $(CXX) $(CXX_FLAGS) $(LDFLAGS)
$(B)/flags-cuda: export COMMAND = $(NVCC) $(NVCC_FLAGS)
$(B)/flags $(B)/flags-cuda: FORCE
	@mkdir -p $(@D)
	@echo "$$COMMAND" | cmp -s - $@ || echo "$$COMMAND" > $@
.PHONY: FORCE

.SECONDARY:
-include $(wildcard $(B)/obj/*.d $(B)/obj/*/*.d $(B)/obj/*/*/*.d $(B)/obj/*/*/*/*.d)
