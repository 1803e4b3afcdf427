# gdlc: a compiler for geometric network specifications.
#
#   make            build/gdlc, and build/lib with the runtime and the library of layers
#   make demo       installs what is missing (Debian), builds, trains the main example, reports
#   make test       installs what is missing, builds with sanitizers, runs every test
#   make install    to PREFIX (/usr/local)
#   make lint       form of the sources, clang-tidy, cppcheck; installs the two
#   make coverage   which lines of compiler/ and runtime/ the tests run; below 90% it fails
#   make fuzz       libFuzzer on every reader, SECONDS=60 or RUNS=n each; needs clang
#   make bench      speed, beside the machine's limits; PEERS=FOLDER measures PyTorch too

CC      = gcc
CXX     = g++
PREFIX  = /usr/local
BUILD   = build
LLVM    = llvm-config-19
STRICT  = -Wall -Wextra -Wpedantic -Wconversion -Werror
CFLAGS  = -std=c17 -D_GNU_SOURCE -O2 -g
SAN     = -fsanitize=address,undefined -fno-sanitize-recover=undefined -O1 -Wno-format-truncation
PACKAGES = gcc g++ make libc6-dev binutils re2c lemon llvm-19-dev libflint-dev libjansson-dev zlib1g-dev \
           libzip-dev dataset-fashion-mnist
TEST_PACKAGES = libcriterion-dev librandom123-dev python3 python3-numpy pkg-config cmake valgrind mandoc
FUZZ_PACKAGES = clang-19 libclang-rt-19-dev python3

all: $(BUILD)/gdlc $(BUILD)/lib/gdlrt.o library

# --- what is installed: asked of dpkg, so that a machine that has everything needs no network -------
define installed
	@missing=$$(for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing: $$missing"; sh tools/install $$missing; fi
endef
setup:
	$(call installed,$(PACKAGES))
setup-test:
	$(call installed,$(PACKAGES) $(TEST_PACKAGES))
setup-fuzz:
	$(call installed,$(PACKAGES) $(FUZZ_PACKAGES))

# --- gdlc --------------------------------------------------------------------------------------------
SOURCES   = compiler/compile.c $(wildcard compiler/*/*.c)
OBJECTS   = $(SOURCES:compiler/%.c=$(BUILD)/obj/%.o)
GENERATED = $(BUILD)/gen/lexer.o $(BUILD)/gen/grammar.o
LLVM_C    = $(shell $(LLVM) --cflags 2>/dev/null | sed 's/-I/-isystem /g; s/-D_GNU_SOURCE//')
LIBS      = $(shell $(LLVM) --ldflags --libs core analysis passes x86 orcjit 2>/dev/null) -lflint -lgmp -ljansson -ldl -lpthread -lm
VARIANT  ?=
Q = $(if $(VERBOSE),,@echo "  $@";)

# the command line: what belongs to gdlc alone, and what reads it as compiled programs read theirs
COMMAND   = $(patsubst compiler/%.c,$(BUILD)/obj/%.o,$(filter-out compiler/compile.c,$(wildcard compiler/*.c))) $(BUILD)/obj/cli.o $(BUILD)/obj/cli_shell.o
$(BUILD)/gdlc: $(COMMAND) $(OBJECTS) $(GENERATED)
	$(Q)$(CC) $(VARIANT) -o $@ $^ $(LIBS)
$(BUILD)/obj/%.o: compiler/%.c $(BUILD)/gen/grammar.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(STRICT) $(VARIANT) -MMD -Icompiler -Iruntime -I$(BUILD)/gen $(LLVM_C) -c -o $@ $<
$(BUILD)/obj/cli.o $(BUILD)/obj/cli_shell.o: $(BUILD)/obj/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(STRICT) $(VARIANT) -MMD -Iruntime -c -o $@ $<
$(BUILD)/gen/lexer.c: lang/lexer.re $(BUILD)/gen/grammar.h
	$(Q)re2c -W -o $@ $<
$(BUILD)/gen/grammar.c $(BUILD)/gen/grammar.h &: lang/grammar.y
	@mkdir -p $(@D)
	$(Q)lemon -q -d$(BUILD)/gen $<
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(Q)$(CC) $(CFLAGS) -Wall -Wextra $(VARIANT) -MMD -Icompiler -I$(BUILD)/gen -c -o $@ $<

# --- the runtime: one relocatable object, zlib and jansson inside --------------------------------------
RUNTIME_SOURCES = $(wildcard runtime/*.c)
RUNTIME_OBJECTS = $(RUNTIME_SOURCES:runtime/%.c=$(BUILD)/runtime/%.o)
LIBDIR = $(shell $(CC) -print-file-name=libz.a | xargs dirname)
$(BUILD)/runtime/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(STRICT) $(RUNTIME_VARIANT) -fPIC -MMD -Iruntime -c -o $@ $<
$(BUILD)/lib/gdlrt.o: $(RUNTIME_OBJECTS)
	@mkdir -p $(@D)
	$(Q)ld -r -o $@ $(LIBDIR)/Scrt1.o $(RUNTIME_OBJECTS) $(RUNTIME_EXTRA) $(LIBDIR)/libjansson.a $(LIBDIR)/libz.a
	@objcopy --keep-global-symbol=main --keep-global-symbol=_start $@      # a model may be called `deflate`
TEMPLATE = shapes.gdl README.md .gitignore
library: $(BUILD)/lib/gdl.h $(BUILD)/lib/errors.md $(TEMPLATE:%=$(BUILD)/lib/shapes/%) $(patsubst stdlib/%,$(BUILD)/lib/stdlib/%,$(wildcard stdlib/*.gdl))
$(BUILD)/lib/gdl.h: runtime/gdl.h
	@mkdir -p $(@D)
	@cp $< $@
$(BUILD)/lib/errors.md: docs/errors.md
	@mkdir -p $(@D)
	@cp $< $@
$(BUILD)/lib/shapes/%: examples/shapes/%
	@mkdir -p $(@D)
	@cp $< $@
$(BUILD)/lib/stdlib/%: stdlib/%
	@mkdir -p $(@D)
	@cp $< $@

install: all
	install -D $(BUILD)/gdlc $(DESTDIR)$(PREFIX)/bin/gdlc
	install -D -m 644 runtime/gdl.h $(DESTDIR)$(PREFIX)/include/gdl.h
	install -D -m 644 $(BUILD)/lib/gdlrt.o $(DESTDIR)$(PREFIX)/lib/gdlc/gdlrt.o
	install -D -m 644 docs/errors.md $(DESTDIR)$(PREFIX)/lib/gdlc/errors.md
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/gdlc/stdlib stdlib/*.gdl
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/gdlc/shapes $(TEMPLATE:%=examples/shapes/%)
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BUILD)/gdlc man $(DESTDIR)$(PREFIX)/share/man/man1
	$(BUILD)/gdlc completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/gdlc
	$(BUILD)/gdlc completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_gdlc
	$(BUILD)/gdlc completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/gdlc.fish
	cd lang/editors && find . -type f -exec install -D -m 644 {} $(abspath $(DESTDIR)$(PREFIX)/share/gdlc/editors)/{} \;

clean:
	rm -rf $(BUILD)

# --- tests: what users' text reaches is built with sanitizers, in its own folder; what is compiled and timed, without ---
# The programs of tests/laws are linked with the compiler's objects, as the unit tests are.
TESTS = $(wildcard tests/unit/*.c)
LAWS  = $(patsubst tests/laws/%.c,$(BUILD)/laws/%,$(wildcard tests/laws/*.c))
unit: $(BUILD)/unit
laws: $(LAWS)
$(BUILD)/unit: $(TESTS:tests/unit/%.c=$(BUILD)/tests/unit/%.o) $(OBJECTS) $(GENERATED) $(filter-out %/main.o,$(RUNTIME_OBJECTS))
	$(Q)$(CC) $(VARIANT) -o $@ $^ $(LIBS) -lz -lcriterion
$(BUILD)/laws/%: $(BUILD)/tests/laws/%.o $(OBJECTS) $(GENERATED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(VARIANT) -o $@ $^ $(LIBS)
$(BUILD)/laws/cuda: $(BUILD)/tests/unit/shim.o
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/gen/grammar.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wall -Wextra -Werror $(VARIANT) -MMD -Icompiler -Iruntime -Itests -I$(BUILD)/gen $(LLVM_C) -c -o $@ $<
.SECONDARY:

# --- fuzz targets (tests/fuzz/README.md): here with a main of ours, in `make fuzz` with that of libFuzzer --------------
FUZZ_NAMES   = $(patsubst tests/fuzz/target_%.c,%,$(wildcard tests/fuzz/target_*.c))
FUZZ_SHARED  = $(patsubst %,$(BUILD)/tests/fuzz/%.o,target arrays)
FUZZ_RUNTIME = $(patsubst runtime/%.c,$(BUILD)/fuzz/runtime/%.o,$(filter-out runtime/main.c,$(RUNTIME_SOURCES)))
FUZZ_MAIN    = $(BUILD)/tests/fuzz/driver.o
FUZZ_CLANG   = -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
SECONDS      = 60
drivers: $(FUZZ_NAMES:%=$(BUILD)/fuzz/%) library
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/target_%.o $(FUZZ_SHARED) $(FUZZ_MAIN) $(OBJECTS) $(GENERATED) $(FUZZ_RUNTIME)
	$(Q)$(CC) $(VARIANT) $(FUZZ_LINK) -o $@ $^ $(LIBS) -lz
$(BUILD)/fuzz/runtime/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(STRICT) $(VARIANT) -MMD -Iruntime -c -o $@ $<
fuzzers: setup-fuzz
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzzers CC=clang-19 STRICT= VARIANT="$(FUZZ_CLANG)" FUZZ_MAIN= FUZZ_LINK=-fsanitize=fuzzer drivers
fuzz: fuzzers drivers $(BUILD)/gdlc
	@sh tests/fuzz/run.sh $(BUILD) $(BUILD)/fuzzers "$(RUNS)" "$(SECONDS)" $(or $(TARGETS),$(FUZZ_NAMES))

test: setup-test
	@echo "building gdlc and its laws"
	@$(MAKE) --no-print-directory -s -j2 Q='@printf .;' all laws $(BUILD)/fuzz/source && echo
	@echo "building again, with sanitizers, and the unit tests"
	@$(MAKE) --no-print-directory -s -j2 Q='@printf .;' BUILD=$(BUILD)/san VARIANT="$(SAN)" all unit drivers && echo
	@sh tests/run $(BUILD) $(BUILD)/san
# --- which lines of compiler/ and runtime/ the tests run: built with gcc --coverage, in its own folder -----------------
COVERAGE = 90
COVERED  = unit cases cli tools explain programs report runtime abi embed laws fuzz
GCOV     = --coverage -fprofile-abs-path -O1 -Wno-format-truncation
coverage: setup-test
	@mkdir -p $(BUILD)/cov && $(CC) -O1 -fPIC -c -o $(BUILD)/cov/flush.o tests/coverage/flush.c
	@$(MAKE) --no-print-directory -s -j2 Q='@printf .;' BUILD=$(BUILD)/cov VARIANT="$(GCOV) -Wl,$(BUILD)/cov/flush.o" RUNTIME_VARIANT="$(GCOV)" \
	  RUNTIME_EXTRA="$(BUILD)/cov/flush.o `$(CC) -print-file-name=libgcov.a`" all unit laws drivers && echo
	@find $(BUILD)/cov -name '*.gcda' -delete
	@SAN="$(GCOV)" sh tests/run $(BUILD)/cov $(BUILD)/cov $(COVERED) || echo "coverage: the counts below are of tests that failed in part"
	@python3 -B tests/coverage/lines.py $(BUILD)/cov --least $(COVERAGE)
# --- form, clang-tidy (its checks: .clang-tidy), cppcheck; what they need is installed first ----------------------------
LINT_PACKAGES = clang-tidy cppcheck
LINTED = $(sort $(SOURCES) $(wildcard compiler/*.c) $(RUNTIME_SOURCES))
lint: setup $(BUILD)/gen/grammar.h
	@missing=$$(for p in $(LINT_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing: $$missing"; sh tools/install $$missing; fi
	@sh tools/format-check && echo "form: clean"
	@printf '%s\n' $(LINTED) | xargs -P 2 -n 1 sh -c 'clang-tidy --quiet "$$@" -- -std=c17 -D_GNU_SOURCE -Icompiler -Iruntime \
	  -I$(BUILD)/gen $(LLVM_C) 2>/dev/null' lint && echo "clang-tidy: clean"
	@cppcheck -q -j2 --std=c11 --error-exitcode=1 --library=tools/cppcheck.cfg --suppressions-list=tools/cppcheck.off \
	  --enable=warning,performance,portability -D_GNU_SOURCE -Icompiler -Iruntime -I$(BUILD)/gen compiler runtime && echo "cppcheck: clean"
demo: setup
	@$(MAKE) --no-print-directory all
	@sh examples/fashion/demo.sh build
bench: setup-test
	@$(MAKE) --no-print-directory all
	@python3 -B tests/bench/bench.py $(BUILD) "$(PEERS)"

.PHONY: unit laws drivers fuzzers fuzz test coverage lint demo bench all setup setup-test setup-fuzz library install clean
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
