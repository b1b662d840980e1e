/* SPDX-License-Identifier: MIT */
/* option.h: values of options as people write them: times and sizes. */
#ifndef WS_OPTION_H
#define WS_OPTION_H

#include <stdint.h>

/* "500ms", "1.5s", "2m", "1h", also us and ns; a number alone is seconds. 0 or -EINVAL with *ns
 * untouched. */
int ws_option_time(const char *text, uint64_t *ns);

/* "4096", "512K", "16M", "1G", powers of 1024. 0 or -EINVAL with *bytes untouched. */
int ws_option_bytes(const char *text, uint64_t *bytes);

#endif
