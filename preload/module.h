/* SPDX-License-Identifier: MIT */
/* module.h: what code is loaded where, known without asking the loader.
 *
 * dl_iterate_phdr() takes the loader's lock, which another thread may hold while it waits for a
 * lock that the calling thread holds. So the loaded objects are listed once, by the constructor;
 * from then on what is new or gone is noticed through _dl_find_object(), which is lock-free.
 */
#ifndef WS_MODULE_H
#define WS_MODULE_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects loaded over the life of the process. Beyond, their code stays unresolved and the
 * unwinder stops at it (limit `modules`). */
#define WS_MODULES_MAX 1024

/* Lists what is loaded now; the constructor calls it. */
void ws_modules_init(void);

/* Makes sure that the objects that hold these code addresses are known, and recorded if a session
 * wants it. Each address must be in use: on the stack, or a call site. Only inside a quiet
 * section. Takes no lock. */
void ws_module_ensure(const uintptr_t *pcs, size_t n);

/* Records all known objects. Only inside a quiet section. */
void ws_modules_record(void);

/* After dlclose(): notes what is gone. Records it if `record`, then only inside a quiet section.
 * True: something is. */
bool ws_modules_forget_unloaded(bool record);

/* dl_iterate_phdr() over what is known here, for the unwinder and LTTng. */
int ws_modules_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);

/* True if the address lies in LTTng's or libunwind's code or in this library. */
bool ws_module_is_tracer(uintptr_t address);

/* The path of the program's executable; empty: not known. */
const char *ws_modules_exe(void);
/* The path of this library, as the loader was given it; empty: not known. */
const char *ws_modules_self(void);

#endif
