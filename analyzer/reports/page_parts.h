/* SPDX-License-Identifier: MIT */
/* page_parts.h: the sources of the page, as the build put them into the command: see
 * page/embed.cmake. */
#ifndef WS_PAGE_PARTS_H
#define WS_PAGE_PARTS_H

extern const char ws_page_frame[];     /* page.html: @{style} and the like mark where parts go */
extern const char ws_page_style[];     /* page.css */
extern const char ws_page_libraries[]; /* what is not ours, with its licence */
extern const char ws_page_script[];    /* the files of ours, one after the other */

#endif
