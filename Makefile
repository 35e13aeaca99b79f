# make            the programs, in dist/
# make demo       the main job, shown on loopback; make demo-serve leaves it running, to be tried by hand
# make check      everything that has to pass; ends in "N passed, N failed"
# make fuzz       long runs of the fuzzing that make check does briefly
# make soak       10,000 messages by ports 587 and 25 while processes are killed
# make bench      start-up times, throughput and memory, as ratios
# make install    installs under conf-home; DESTDIR=/somewhere puts a directory before it, for packagers (make setup is the same)
# make setup check   installs, and compares what is there then with what should be; make instcheck only compares
# make clean      removes what was built
#
# RUNTIME=node builds for Node instead of Bun, from the same sources.

NODE = node
RUNTIME = bun
DIST = dist
DESTDIR =

CONF_HOME := $(shell head -n 1 conf-home)
CONF_CC := $(shell head -n 1 conf-cc)
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
SYSTEM := $(shell uname -s)

BIN = $(DIST)/bin
MODULES = node_modules/.package-lock.json
SOURCES := $(wildcard packages/*/src/*.ts packages/*/src/*/*.ts) $(wildcard packages/*/package.json) tsconfig.base.json
NATIVE := $(wildcard packages/unix/native/*.c)
MANUALS := $(wildcard packages/*/*.8 doc/*.5 doc/*.7)

# The runtime options that the executable carries: it reads no file of the directory it is started in, and it starts no
# compiler thread before it is told to, since a process with threads can't be forked.
COMPILE = --compile --bytecode --minify --compile-jit-policy=100000 \
	--no-compile-autoload-dotenv --no-compile-autoload-bunfig \
	--no-compile-autoload-tsconfig --no-compile-autoload-package-json
DEFINE_HOME = MOREQMAIL_HOME='"$(CONF_HOME)"'
DEFINE_VERSION = MOREQMAIL_VERSION='"$(VERSION)"'

ifeq ($(SYSTEM),Darwin)
SHARED = -bundle -undefined dynamic_lookup
else
SHARED = -shared -fPIC -fvisibility=hidden -Wl,-z,now
endif

.PHONY: all it check packages types lint manuals demo demo-serve bench fuzz soak setup install instcheck clean

all it: $(BIN)/.links

$(MODULES): package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(BIN)/moreqmail.node: $(NATIVE) packages/unix/native/unix.h conf-cc package.json Makefile $(MODULES)
	@mkdir -p $(BIN)
	$(CONF_CC) $(SHARED) -DVERSION='"$(VERSION)"' -Inode_modules/node-api-headers/include $(NATIVE) -o $@.new
	@mv $@.new $@

build/moreqmail.ts: $(SOURCES) $(MODULES) packages/toolkit/bundle.mjs
	@mkdir -p build
	$(NODE) packages/toolkit/bundle.mjs $@

ifeq ($(RUNTIME),node)

$(BIN)/moreqmail: build/moreqmail.ts conf-home packages/toolkit/launcher.sh
	@mkdir -p $(BIN)
	node_modules/.bin/esbuild build/moreqmail.ts --bundle --platform=node --target=node20 --format=cjs \
		--log-level=warning --define:MOREQMAIL_SHIM=shimPath --define:$(DEFINE_HOME) --define:$(DEFINE_VERSION) \
		--banner:js='const shimPath = __dirname + "/moreqmail.node";' --outfile=$(BIN)/moreqmail.cjs
	sed "s|@NODE@|$$(command -v $(NODE))|" packages/toolkit/launcher.sh >$@
	chmod 755 $@

else

# Bun writes the executable under its final name: the name is part of it. Then comes the copy that is adapted.
$(BIN)/moreqmail: build/moreqmail.ts conf-home packages/toolkit/adapt.mjs
	@mkdir -p $(BIN) build/bun
	rm -f $(BIN)/moreqmail.cjs
	`ls node_modules/@oven/bun-*/bin/bun | head -n 1` build build/moreqmail.ts $(COMPILE) \
		--define MOREQMAIL_SHIM='""' --define $(DEFINE_HOME) --define $(DEFINE_VERSION) --outfile build/bun/moreqmail
	$(NODE) packages/toolkit/adapt.mjs build/bun/moreqmail $@.new
	mv -f $@.new $@

endif

# A link for each program of the table, and none that is left from before.
$(BIN)/.links: $(BIN)/moreqmail $(BIN)/moreqmail.node
	@find $(BIN) -type l -exec rm -f {} +
	@$(BIN)/moreqmail --list >$@.new
	@while read -r name; do ln -s moreqmail $(BIN)/$$name; done <$@.new
	@mv $@.new $@

# An executable of small programs, for the tests of what packages/unix does to processes.
build/probe/probe: packages/unix/test/probe/main.ts $(SOURCES) $(BIN)/moreqmail.node
	@mkdir -p build/probe
	cp $(BIN)/moreqmail.node build/probe/
	`ls node_modules/@oven/bun-*/bin/bun | head -n 1` build packages/unix/test/probe/main.ts $(COMPILE) \
		--define MOREQMAIL_SHIM='""' --define $(DEFINE_HOME) --define $(DEFINE_VERSION) --outfile $@
	@touch $@

# Behind setup or install, check is about the installation; by itself, about the sources.
ifneq ($(filter setup install,$(MAKECMDGOALS)),)

check: instcheck

instcheck: $(filter setup install,$(MAKECMDGOALS))

else

check: packages types lint manuals all build/probe/probe
	@$(MAKE) --no-print-directory RUNTIME=node DIST=build/node all >/dev/null
	@$(NODE) test/run.mjs

endif

# Each property for FUZZ_SECONDS, with a seed of its own.
fuzz: all
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} $(NODE) test/run.mjs test/fuzz

soak: all
	@SOAK_MESSAGES=$${SOAK_MESSAGES:-10000} $(NODE) test/run.mjs chain/soak

packages:
	@test/packages.sh

types: $(MODULES)
	node_modules/.bin/tsc -p .

lint: $(MODULES)
	node_modules/.bin/biome check --error-on-warnings .

# Section 8 manuals have an ERRORS section here, which mandoc expects in 2, 3, 4 and 9 only.
manuals:
	@if command -v mandoc >/dev/null 2>&1; \
	then ! mandoc -T lint -W warning $(MANUALS) | grep -v 'unexpected section: Sh ERRORS'; \
	else echo 'manuals: not checked, mandoc is not installed'; fi

# DESTDIR and the home together are where it goes; packages/toolkit/hier.sh says what.
install setup: all
	@sh packages/toolkit/install.sh $(BIN) '$(DESTDIR)$(CONF_HOME)'

instcheck: all
	@sh packages/toolkit/instcheck.sh $(BIN) '$(DESTDIR)$(CONF_HOME)'

clean:
	rm -rf build dist .tap

build/demo/main.mjs: $(wildcard demo/*.ts) test/lib/name-server.ts $(MODULES)
	@mkdir -p build/demo
	@node_modules/.bin/esbuild demo/main.ts --bundle --platform=node --format=esm --outfile=$@ --log-level=warning

demo: all build/demo/main.mjs
	@timeout 60 $(NODE) build/demo/main.mjs

demo-serve: all build/demo/main.mjs
	@$(NODE) build/demo/main.mjs stay

bench: all build/probe/probe
	@mkdir -p build/bench
	@node_modules/.bin/esbuild bench/main.ts bench/sink.ts bench/server.ts bench/names.ts --bundle --platform=node --format=esm --outdir=build/bench \
		--out-extension:.js=.mjs --log-level=warning --define:MOREQMAIL_SHIM='"$(CURDIR)/$(BIN)/moreqmail.node"' --define:$(DEFINE_HOME) --define:$(DEFINE_VERSION)
	@$(NODE) build/bench/main.mjs
