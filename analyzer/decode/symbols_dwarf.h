/* SPDX-License-Identifier: MIT */
/* symbols_dwarf.h: functions, lines and inlined calls of an address, from DWARF. */
#ifndef WS_SYMBOLS_DWARF_H
#define WS_SYMBOLS_DWARF_H

#include "symbols_elf.h"

/* The frames at an ELF virtual address, innermost first, with function, file, line and inlined
 * set as far as known. *frames is the caller's to free. 0, -ENOENT if DWARF says nothing about
 * the address, or -ENOMEM. */
int ws_dwarf_frames(struct ws_elf *elf, struct ws_strings *strings, uint64_t address,
		    struct ws_frame **frames, size_t *n_frames);

void ws_dwarf_free(struct ws_dwarf *dwarf); /* NULL is fine */

#endif
