# How a plugin in C is built. A plugin's Makefile says its NAME and its SOURCES, and includes this. `make` makes dist/NAME.wasm.

SDK := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
CLANG ?= clang
SOURCES ?= $(wildcard src/*.c)
OUT ?= build
PLUGIN := dist/$(NAME).wasm

WARNINGS := -Wall -Wextra -Wno-missing-field-initializers -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion -Werror=return-type
WASM := --target=wasm32-wasi -std=gnu11 -Os -g0 -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)/=
# No start, no file and no clock of WASI: what a plugin needs of the world it asks the bot for. A stack that runs over ends the run.
LINK := --target=wasm32-wasi -mexec-model=reactor -lc-printscan-long-double \
	-Wl,--gc-sections,--strip-debug,--stack-first,-z,stack-size=131072

AUTHOR_OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)
SDK_SOURCES := $(wildcard $(SDK)/src/*.c $(SDK)/generated/*.c)
SDK_OBJECTS := $(SDK_SOURCES:$(SDK)/%.c=$(OUT)/sdk/%.o)
GET := get them by: sudo apt-get install clang lld make wasi-libc libclang-rt-14-dev-wasm32

$(PLUGIN): $(AUTHOR_OBJECTS) $(SDK_OBJECTS)
	@mkdir -p $(@D)
	@$(CLANG) $(LINK) $^ -o $(OUT)/linked.wasm
	@if grep -aq wasi_snapshot_preview1 $(OUT)/linked.wasm; then \
		echo "$(NAME) uses something that plugins do not have: standard input and output, files, the clock, exit." >&2; \
		echo "Say witbot_log() instead of printf(), and witbot_now() instead of time(). These are called:" >&2; \
		grep -ao '__imported_wasi_snapshot_preview1_[a-z_]*' $(OUT)/linked.wasm | sort -u | sed 's/.*preview1_/  /' >&2; \
		exit 1; fi
	@mv $(OUT)/linked.wasm $@
	@echo "$@: $$(( ($$(wc -c < $@) + 1023) / 1024 )) KiB"

$(AUTHOR_OBJECTS): $(OUT)/%.o: %.c | tools
	@mkdir -p $(@D)
	@$(CLANG) $(WASM) $(WARNINGS) -I$(SDK) -MMD -c $< -o $@

$(OUT)/sdk/%.o: $(SDK)/%.c | tools
	@mkdir -p $(@D)
	@$(CLANG) $(WASM) $(if $(findstring /generated/,$<),-w,$(WARNINGS)) -MMD -c $< -o $@

# Says what is missing.
.PHONY: tools clean
tools:
	@command -v $(CLANG) >/dev/null || { echo "there is no clang; $(GET)" >&2; exit 1; }
	@version=$$($(CLANG) -dumpversion); test "$${version%%.*}" -ge 14 || \
		{ echo "clang $$version is too old, 14 or newer is needed; $(GET)" >&2; exit 1; }
	@test -x "$$($(CLANG) --target=wasm32-wasi -print-prog-name=wasm-ld)" || command -v wasm-ld >/dev/null || \
		{ echo "there is no wasm-ld, the linker of clang for WebAssembly; $(GET)" >&2; exit 1; }
	@echo '#include <string.h>' | $(CLANG) --target=wasm32-wasi -fsyntax-only -x c - 2>/dev/null || \
		{ echo "there is no C library for WebAssembly; $(GET)" >&2; exit 1; }
	@test -f "$$($(CLANG) --target=wasm32-wasi -print-libgcc-file-name)" || \
		{ echo "clang has no support library for WebAssembly; $(GET)" >&2; exit 1; }

clean:
	@rm -rf $(OUT) dist

-include $(AUTHOR_OBJECTS:.o=.d) $(SDK_OBJECTS:.o=.d)
