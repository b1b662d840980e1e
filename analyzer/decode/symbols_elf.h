/* SPDX-License-Identifier: MIT */
/* symbols_elf.h: one object file and its debug information, opened by path and build id. */
#ifndef WS_SYMBOLS_ELF_H
#define WS_SYMBOLS_ELF_H

#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdwfl.h>

#include "analyzer/base/strings.h"
#include "symbols.h"

struct ws_elf;

/* Opens the module's file, or the debug file of its build id where the file is gone or another one.
 * 0, -ENOENT if nothing of it is on this machine, or -ENOMEM. */
int ws_elf_open(const struct ws_module *module, struct ws_elf **ret);
void ws_elf_close(struct ws_elf *elf); /* NULL is fine */

/* The name of the function that covers an ELF virtual address, from the symbol tables.
 * 0, -ENOENT or -ENOMEM. */
int ws_elf_function(struct ws_elf *elf, struct ws_strings *strings, uint64_t address,
		    const char **name);

/* The same of data; `into` is the distance from its beginning. */
int ws_elf_data(struct ws_elf *elf, struct ws_strings *strings, uint64_t address, const char **name,
		uint64_t *into);

/* The module as libdwfl has it; *bias is what it adds to ELF virtual addresses. */
Dwfl_Module *ws_elf_dwfl(struct ws_elf *elf, uint64_t *bias);

/* What a module keeps for symbols_dwarf.c. */
struct ws_dwarf;
struct ws_dwarf **ws_elf_dwarf(struct ws_elf *elf);

#endif
