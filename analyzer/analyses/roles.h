/* SPDX-License-Identifier: MIT */
/* roles.h: lists of parties with their time, merged and put in order. */
#ifndef WS_ROLES_H
#define WS_ROLES_H

#include "analyzer/analyses/places.h"

/* A list that grows. One of zeroes is empty. */
struct ws_share_list {
	struct ws_share *shares; /* Owned by this until ws_role_make takes it */
	size_t n;
	size_t size;
};

/* Adds a copy of the times. 0 or -ENOMEM. */
int ws_share_add(struct ws_share_list *list, const struct ws_party *party,
		 const struct ws_histogram *waits);

/* Makes the role of what is in the list, which is empty then: equal parties merged, most time
 * first, and the same by line of code. 0 or -ENOMEM. */
int ws_role_make(struct ws_share_list *list, const struct ws_tables *tables, struct ws_role *ret);

void ws_share_list_free(struct ws_share_list *list);
void ws_role_free(struct ws_role *role);

#endif
