# Outpost's build. `make run` and `make test` are all a newcomer needs: they
# install what is missing (src/tools/need_packages), build, and go on from there.
#
# How it works
#
# - Every src/FOLDER/*.c is part of the program: a new file needs no edit here.
#   src/tools holds host programs and scripts of the build and is never linked.
# - Objects of a variant live in build/VARIANT/obj, headers are followed by
#   gcc's own dependency files. The variants:
#     release  build/outpost, what users run; stripped, build/outpost.debug is not
#     test     the same with -DOUTPOST_TEST: crash points and an injected clock
#     asan     test with AddressSanitizer and UndefinedBehaviorSanitizer
#     tsan     test with ThreadSanitizer
#     fuzz     asan by clang, for libFuzzer
# - What is generated lives in build/gen: sql.h and sql.c from sql/, entities.c and
#   entities.sql from sql/entity, assets.h and assets.c from the page's bundle (www/
#   through npm and esbuild).
# - Everything but the C library is linked static. civetweb and curl come as Debian
#   source packages: there is no static library of the one, and that of the other
#   wants Kerberos, LDAP and more, which the program has no use for. libpq has its static
#   library, but two parts of it lie in a package for servers, which is unpacked and not installed.
# - build/VARIANT/link says how it was linked, for the test that links it with one
#   entity more.
# - Changed flags or a removed file rebuild what they concern (build/*/flags,
#   build/gen/*.list), and a new version of a static library links again.

.DEFAULT_GOAL := all
SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
FORCE:
.PHONY: FORCE all run test test-long unit bench lint fmt asan tsan fuzz pollock deps clean help

# ---- what is needed ----------------------------------------------------------

PACKAGES_BUILD := gcc libc6-dev libstdc++-12-dev libsqlite3-dev libjansson-dev libcsv-dev \
  libmbedtls-dev zlib1g-dev libuchardet-dev libssl-dev libargon2-dev libpq-dev dpkg-dev nodejs npm
PACKAGES_TEST := sqlite3 chromium fonts-liberation tzdata openssl postgresql-15 postgresql-15-pgtap
PACKAGES_BENCH := sqlite3 time wrk slowhttptest postgresql-15 chromium nginx-light
PACKAGES_CLANG := clang libclang-rt-14-dev
PACKAGES_LINT := clang-tidy
PACKAGES_FORMAT := clang-format

# ---- flags -------------------------------------------------------------------

CC := gcc
$(foreach v,release test asan tsan,$(eval CC_$v = $$(CC)))
CC_fuzz := clang
WARNINGS := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
ifneq ($(CI),)
WARNINGS += -Werror
endif
HARDENING_x86_64 := -fcf-protection
HARDENING_aarch64 := -mbranch-protection=standard
HARDENING := -fstack-protector-strong -fstack-clash-protection $(HARDENING_$(shell uname -m))

CFLAGS_ALL := -std=c11 -D_GNU_SOURCE -g -fPIE -pthread -ffunction-sections -fdata-sections $(WARNINGS) \
  -ffile-prefix-map=$(CURDIR)=. -Isrc -Ibuild -Ibuild/deps/include -Itests/unit
CFLAGS_release := $(CFLAGS_ALL) -O2 -D_FORTIFY_SOURCE=3 $(HARDENING)
CFLAGS_test := $(CFLAGS_release) -DOUTPOST_TEST
CFLAGS_asan := $(CFLAGS_ALL) -O1 -DOUTPOST_TEST -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=undefined
CFLAGS_tsan := $(CFLAGS_ALL) -O1 -DOUTPOST_TEST -fno-omit-frame-pointer -fsanitize=thread

CFLAGS_fuzz := $(CFLAGS_ALL) -O1 -DOUTPOST_TEST -D__SANITIZE_ADDRESS__ -fno-omit-frame-pointer \
  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined

# ldap_init: src/replicate/pg_absent.c, which libpq asks for after the archives of benches and fuzzers were searched.
LDFLAGS_ALL := -pie -pthread -static-libgcc -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,-u,ldap_init
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_fuzz := -fsanitize=address,undefined
LDFLAGS_FUZZER_fuzz := -fsanitize=fuzzer
FUZZ_MAIN_asan := tests/fuzz/replay.o
LIBRARIES := sqlite3 jansson csv mbedtls mbedx509 mbedcrypto ssl crypto z uchardet argon2 stdc++
CURL := build/deps/lib/libcurl.a
PQ_PARTS := build/deps/lib/libpgcommon_shlib.a build/deps/lib/libpgport_shlib.a
LIBS := $(CURL) -l:libpq.a $(PQ_PARTS) $(LIBRARIES:%=-l:lib%.a) -lm
ARCHIVES := $(CURL) $(PQ_PARTS) $(wildcard $(foreach l,pq $(LIBRARIES),/usr/lib/*-linux-gnu/lib$l.a))

# civetweb: on a socket of the file system (src/gate is in front), no TLS of its own, no CGI, no files from disk; the stop flag is seen within 200 ms.
CIVETWEB_FLAGS := -DNO_SSL -DNO_CGI -DNO_FILES -DUSE_X_DOM_SOCKET -DSOCKET_TIMEOUT_QUANTUM=200 -DSTOP_FLAG_NEEDS_LOCK -w

# ---- files -------------------------------------------------------------------

GENERATED := build/gen/sql.h build/gen/sql.c build/gen/entities.c build/gen/datasets.c build/gen/assets.h build/gen/assets.c build/gen/libs.h
SOURCES := $(filter-out src/tools/% src/main.c,$(sort $(wildcard src/*.c src/*/*.c)))
MAIN := $(wildcard src/main.c)
SQL := $(sort $(wildcard sql/query/*.sql sql/report/*.sql sql/upstream/*.sql sql/migrate/*/*.sql))
ENTITIES := $(sort $(wildcard sql/entity/*.entity))
DATASETS := $(sort $(wildcard sql/dataset/*.dataset))
PAGE := $(sort $(shell find www -type f 2>/dev/null))
UNIT_TESTS := $(sort $(wildcard tests/unit/*.c))

# While another folder is being changed: make unit FOLDERS="base format" TESTS="str csv"
# compiles and runs only these folders' sources and tests/unit/test_str.c, test_csv.c.
ifneq ($(FOLDERS),)
SOURCES := $(sort $(wildcard $(FOLDERS:%=src/%/*.c)))
UNIT_TESTS := $(sort tests/unit/main.c $(wildcard $(TESTS:%=tests/unit/test_%.c)))
endif

all: $(if $(MAIN),build/outpost,objects) ## build/outpost, stripped, and build/outpost.debug

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | while IFS='	' read -r t d; do printf '  make %-10s %s\n' "$$t" "$$d"; done

deps: ## installs the Debian packages that building needs
	@src/tools/need_packages $(PACKAGES_BUILD)
.PHONY: deps-test deps-bench deps-clang deps-lint deps-format
deps-test: deps ; @src/tools/need_packages $(PACKAGES_TEST)
deps-bench: deps ; @src/tools/need_packages $(PACKAGES_BENCH)
deps-clang: deps ; @src/tools/need_packages $(PACKAGES_CLANG)
deps-lint: deps ; @src/tools/need_packages $(PACKAGES_LINT)
deps-format: deps ; @src/tools/need_packages $(PACKAGES_FORMAT)

# ---- generated code ----------------------------------------------------------

build/host/%: src/tools/%.c src/tools/host.h | deps
	@mkdir -p $(@D)
	@echo "  host    $*"
	@$(CC) -std=c11 -D_GNU_SOURCE -O1 -g $(WARNINGS) -Isrc $< -o $@ -l:libmbedcrypto.a -l:libz.a

# A list of files, rewritten only when a file was added or removed.
build/gen/%.list: FORCE
	@mkdir -p $(@D)
	@echo '$($*)' | cmp -s - $@ || echo '$($*)' > $@

build/gen/entities.stamp: build/host/embed_entities build/gen/ENTITIES.list $(ENTITIES)
	@echo "  entity  $(words $(ENTITIES)) files"
	@build/host/embed_entities build/gen $(ENTITIES)
	@touch $@
build/gen/entities.c: build/gen/entities.stamp ; @:

build/gen/datasets.stamp: build/host/embed_datasets build/gen/DATASETS.list $(DATASETS)
	@echo "  dataset $(words $(DATASETS)) files"
	@rm -rf build/gen/report
	@build/host/embed_datasets build/gen $(DATASETS)
	@touch $@
build/gen/datasets.c: build/gen/datasets.stamp ; @:

build/gen/sql.stamp: build/host/embed_sql build/gen/entities.stamp build/gen/datasets.stamp build/gen/SQL.list $(SQL)
	@echo "  sql     $(words $(SQL)) files"
	@build/host/embed_sql build/gen build/gen/entities.sql build/gen/datasets.sql build/gen/report/*.sql $(SQL)
	@touch $@
build/gen/sql.h build/gen/sql.c: build/gen/sql.stamp ; @:

# The page: esbuild bundles www/app.js and www/app.css (inject: see app.js); every other file of www/
# goes as it is; index.html is told which parts belong together (page_parts.mjs). Last comes the service worker, which knows all the others and their
# digest. node_modules stays in build/www.
ifneq ($(wildcard www/package.json),)
build/www/installed: www/package.json www/package-lock.json | deps
	@mkdir -p $(@D)
	@cp www/package.json www/package-lock.json build/www/
	@echo "  npm     ci"
	@cd build/www && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error > npm.log 2>&1 || { cat npm.log >&2; exit 1; }
	@touch $@

build/www/bundled: build/www/installed build/gen/PAGE.list $(PAGE) src/tools/page_parts.mjs
	@rm -rf build/www/dist
	@mkdir -p build/www/dist
	@cd www && find . -type f ! -name '*.js' ! -name '*.css' ! -name '*.json' ! -name '.*' ! -name screenshot.png \
	  -exec cp --parents {} ../build/www/dist \;
	@$(if $(wildcard www/app.js),NODE_PATH=build/www/node_modules build/www/node_modules/.bin/esbuild \
	  $(wildcard www/app.js www/app.css) --bundle --splitting --inject:./www/app.js --minify --format=esm --target=es2022 --chunk-names=part-[hash] \
	  --legal-comments=none --log-level=warning --outdir=build/www/dist --metafile=build/www/meta.json \
	  && node src/tools/page_parts.mjs build/www/meta.json build/www/dist/index.html)
	@$(if $(wildcard www/sw.js),cd build/www/dist && NODE_PATH=../node_modules ../node_modules/.bin/esbuild ../../../www/sw.js \
	  --minify --target=es2022 --log-level=warning --outfile=sw.js \
	  --define:VERSION="\"$$(find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16)\"" \
	  --define:SHELL="[$$(find . -type f | LC_ALL=C sort | sed 's|^./index.html$$|./|; s|.*|"&"|' | paste -sd,)]")
	@touch $@
else
build/www/bundled: build/gen/PAGE.list
	@mkdir -p $(@D)
	@touch $@
endif

build/gen/assets.stamp: build/host/embed_www build/www/bundled
	@echo "  page    $$(find build/www/dist -type f 2>/dev/null | wc -l) files"
	@build/host/embed_www build/www/dist build/gen
	@touch $@
build/gen/assets.h build/gen/assets.c: build/gen/assets.stamp ; @:

# What is linked in, for `outpost version --libs`.
build/gen/libs.h: $(ARCHIVES) build/deps/civetweb/debian-version build/deps/curl/debian-version build/deps/pq/debian-version
	@mkdir -p $(@D)
	@dpkg-query -W -f '  { "$${source:Package}", "$${Version}" },\n' $(filter-out libc6-dev libstdc++-12-dev,$(filter lib%-dev zlib1g-dev,$(PACKAGES_BUILD))) > $@
	@for p in civetweb curl; do printf '  { "%s", "%s" },\n' $$p "$$(cat build/deps/$$p/debian-version)"; done >> $@
	@printf '  { "postgresql-15-pgcommon", "%s" },\n' "$$(cat build/deps/pq/debian-version)" >> $@

# ---- civetweb, curl, parts of libpq ------------------------------------------

# One after the other: they share the private lists of packages.
build/deps/civetweb/debian-version: | deps
	@src/tools/fetch_source civetweb build/deps/civetweb build/apt
build/deps/curl/debian-version: | deps build/deps/civetweb/debian-version
	@src/tools/fetch_source curl build/deps/curl build/apt

build/deps/include/civetweb.h: build/deps/civetweb/debian-version
	@mkdir -p $(@D)
	@cp build/deps/civetweb/include/civetweb.h $@

# curl speaks http, https, smtp and smtps, over OpenSSL, and nothing else. Nothing of the
# machine that builds is written into it (no CA bundle: net/net.c looks for it at run time).
# It takes 20 seconds, once; what is asked of configure stands in curl.flags.
CURL_CONFIGURE := --disable-shared --enable-static --disable-dependency-tracking --with-openssl --enable-threaded-resolver \
  --without-ca-bundle --without-ca-path $(patsubst %,--without-%,zlib brotli zstd libpsl libidn2 nghttp2 librtmp gssapi \
  libgsasl libssh2) $(patsubst %,--disable-%,ldap ldaps rtsp dict telnet tftp pop3 imap smb gopher mqtt ftp file manual \
  ntlm unix-sockets alt-svc hsts cookies netrc doh libcurl-option tls-srp progress-meter proxy aws headers-api \
  get-easy-options verbose)
CURL_CFLAGS := -O2 -g -fPIE -ffunction-sections -fdata-sections -D_FORTIFY_SOURCE=3 $(HARDENING)

build/deps/curl.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CURL_CFLAGS) $(CURL_CONFIGURE)' | cmp -s - $@ || echo '$(CC) $(CURL_CFLAGS) $(CURL_CONFIGURE)' > $@

$(CURL): build/deps/curl/debian-version build/deps/curl.flags
	@echo "  deps    curl"
	@mkdir -p $(@D) build/deps/include
	@(rm -rf build/deps/curl.build && mkdir build/deps/curl.build && cd build/deps/curl.build && \
	  ../curl/configure CC='$(CC)' CFLAGS='$(CURL_CFLAGS) -ffile-prefix-map=$(CURDIR)=.' $(CURL_CONFIGURE) && \
	  $(MAKE) -C lib libcurl.la) > build/deps/curl.log 2>&1 || { tail -n 40 build/deps/curl.log >&2; exit 1; }
	@cp -R build/deps/curl/include/curl build/deps/include/
	@cp build/deps/curl.build/lib/.libs/libcurl.a $@
build/deps/include/curl/curl.h: $(CURL) ; @:

# Of the version that libpq.a has; what libpq.a asks of Kerberos and LDAP is answered by src/replicate/pg_absent.c.
build/deps/pq/debian-version: $(wildcard /usr/lib/*-linux-gnu/libpq.a) | deps build/deps/curl/debian-version
	@src/tools/fetch_package postgresql-server-dev-15 "$$(dpkg-query -W -f '$${Version}' libpq-dev)" build/deps/pq build/apt
build/deps/lib/libpg%_shlib.a: build/deps/pq/debian-version
	@mkdir -p $(@D)
	@cp build/deps/pq/usr/lib/postgresql/15/lib/$(@F) $@

# ---- the variants ------------------------------------------------------------

# $1: release, test, asan, tsan, fuzz
define VARIANT
OBJECTS_$1 := $$(SOURCES:%.c=build/$1/obj/%.o) build/$1/obj/gen/sql.o build/$1/obj/gen/entities.o build/$1/obj/gen/datasets.o \
  build/$1/obj/gen/assets.o \
  build/$1/obj/civetweb.o

build/$1/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$$(CC_$1) $$(CFLAGS_$1)' | cmp -s - $$@ || echo '$$(CC_$1) $$(CFLAGS_$1)' > $$@

build/$1/obj/%.o: %.c build/$1/flags | deps $$(GENERATED) build/deps/include/civetweb.h build/deps/include/curl/curl.h
	@mkdir -p $$(@D)
	@echo "  $1	$$<"
	@$$(CC_$1) $$(CFLAGS_$1) -MMD -MP -c $$< -o $$@

build/$1/obj/gen/%.o: build/gen/%.c build/$1/flags | deps $$(GENERATED)
	@mkdir -p $$(@D)
	@$$(CC_$1) $$(CFLAGS_$1) -MMD -MP -c $$< -o $$@

build/$1/obj/civetweb.o: build/deps/include/civetweb.h build/$1/flags
	@mkdir -p $$(@D)
	@echo "  $1	civetweb"
	@$$(CC_$1) $$(CFLAGS_$1) $$(CIVETWEB_FLAGS) -c build/deps/civetweb/src/civetweb.c -o $$@

build/$1/outpost: build/$1/obj/src/main.o $$(OBJECTS_$1) $$(ARCHIVES) build/gen/SOURCES.list
	@echo "  $1	outpost"
	@echo '$$(CC_$1) $$(LDFLAGS_ALL) $$(LDFLAGS_$1) $$(filter %.o,$$^) $$(LIBS)' > build/$1/link
	@$$(CC_$1) $$(LDFLAGS_ALL) $$(LDFLAGS_$1) $$(filter %.o,$$^) $$(LIBS) -o $$@

build/$1/unit: $$(UNIT_TESTS:%.c=build/$1/obj/%.o) $$(OBJECTS_$1) $$(ARCHIVES) build/gen/SOURCES.list \
  build/gen/UNIT_TESTS.list
	@echo "  $1	unit tests"
	@$$(CC_$1) $$(LDFLAGS_ALL) $$(LDFLAGS_$1) $$(filter %.o,$$^) $$(LIBS) -o $$@

# A fuzz harness, with libFuzzer in the variant fuzz; elsewhere it goes through the files it is given.
build/$1/fuzz_%: build/$1/obj/tests/fuzz/fuzz_%.o $$(FUZZ_MAIN_$1:%=build/$1/obj/%) build/$1/parts.a $$(ARCHIVES)
	@echo "  $1	fuzz_$$*"
	@$$(CC_$1) $$(LDFLAGS_ALL) $$(LDFLAGS_$1) $$(LDFLAGS_FUZZER_$1) $$(filter %.o,$$^) build/$1/parts.a $$(LIBS) -o $$@
build/$1/parts.a: $$(OBJECTS_$1) build/gen/SOURCES.list
	@rm -f $$@
	@ar rcsT $$@ $$(OBJECTS_$1)

-include $$(shell find build/$1/obj -name '*.d' 2>/dev/null)
endef
$(foreach v,release test asan tsan fuzz,$(eval $(call VARIANT,$v)))
build/fuzz/flags: | deps-clang
build/asan/obj/tests/fuzz/%.o build/fuzz/obj/tests/fuzz/%.o: WARNINGS += -Wno-missing-prototypes

.PHONY: objects
objects: $(OBJECTS_release)

build/outpost.debug: build/release/outpost
	@cp $< $@
build/outpost: build/outpost.debug
	@strip -o $@ $<
	@echo "  built   $@, $$(($$(stat -c %s $@) / 1024)) KiB"

# ---- running it --------------------------------------------------------------

# build/demo is made once; the server then starts at once.
build/demo/imported: | build/outpost
	@rm -rf build/demo
	build/outpost init build/demo
	build/outpost tenant add demo --name "Demo" --data build/demo
	$(if $(wildcard tests/data/superstore.csv.gz),build/outpost import tests/data/superstore.csv.gz \
	  --as sales --tenant demo --data build/demo --unique "Row ID")
	build/outpost generate sales --rows 5000 --seed 1 > build/demo/generated.csv
	build/outpost import build/demo/generated.csv --as sales --tenant demo --data build/demo
	@touch $@

LISTEN := 127.0.0.1:8080
run: build/outpost build/demo/imported ## builds, imports two sales files into build/demo, serves it
	build/outpost serve --data build/demo --listen $(LISTEN)

page: build/www/bundled ## the page's bundle alone, in build/www/dist (for serve --www build/www/dist)
.PHONY: page

# ---- tests -------------------------------------------------------------------

unit: build/test/unit ## unit tests alone; ONLY="word..." selects some
	@build/test/unit $(ONLY)

FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
PROGRAM := $(if $(MAIN),build/outpost build/test/outpost)

test: build/test/unit $(PROGRAM) $(FUZZERS:%=build/asan/%) | deps-test ## all tests, in minutes
	@tests/run

test-long: build/test/unit $(PROGRAM) $(FUZZERS:%=build/asan/%) | deps-test ## the same with a thousand crashes and more
	@LONG=1 tests/run

asan: build/asan/unit $(if $(MAIN),build/asan/outpost) | deps-test ## unit and scenario tests with Address- and UBSan
	@VARIANT=asan tests/run unit scenario

tsan: build/tsan/unit $(if $(MAIN),build/tsan/outpost) | deps-test ## unit and scenario tests with ThreadSanitizer
	@VARIANT=tsan tests/run unit scenario

FUZZ_SECONDS := 60
fuzz: $(FUZZERS:%=build/fuzz/%) ## each fuzz harness for FUZZ_SECONDS (60)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run fuzz

BENCHES := $(patsubst tests/bench/%.c,build/bench/%,$(sort $(wildcard tests/bench/*.c)))
$(BENCHES): build/bench/%: build/release/obj/tests/bench/%.o build/release/parts.a $(ARCHIVES)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) $< build/release/parts.a $(LIBS) -o $@

bench: build/outpost build/test/outpost $(BENCHES) | deps-bench ## speed and memory against sqlite3 .import and DuckDB; BENCH="part..." selects
	@tests/bench/run $(BENCH)

pollock: build/outpost | deps-test ## the CSV reader against the Pollock benchmark
	@$(if $(wildcard tests/bench/pollock),tests/bench/pollock $(POLLOCK),echo "tests/bench/pollock is not there yet"; exit 1)

# ---- looking at the code -----------------------------------------------------

C_FILES := $(sort $(wildcard src/*.c src/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.[ch]))

lint: $(GENERATED) build/deps/include/civetweb.h build/deps/include/curl/curl.h | deps-lint deps-format ## layers, banned calls, sizes, format, clang-tidy
	@tests/run lint format tidy

fmt: | deps-format ## formats all C files
	@clang-format -i $(C_FILES)

clean: ## removes build/
	rm -rf build
