/* SPDX-License-Identifier: MIT */
/* keys.h: two files of which ftok() makes one key, for programs that show what comes of it. */
#ifndef WS_KEYS_H
#define WS_KEYS_H

/* Makes a folder with them in it: `paths` of the files, and `folder`. Ends the test if it cannot. */
void truth_files_of_one_key(char folder[64], char paths[2][64]);

/* Removes all three. */
void truth_remove_files(const char *folder, char paths[2][64]);

#endif
