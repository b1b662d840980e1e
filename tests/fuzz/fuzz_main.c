/* SPDX-License-Identifier: MIT */
/* fuzz_main.c: hands the files of folders to a fuzz target, one by one, where libFuzzer does not.
 *
 *	fuzz_TARGET FOLDER...          the saved inputs; at least one must be there
 *	fuzz_TARGET -random N [SEED]   N inputs of random bytes
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX 65536

static uint8_t bytes[INPUT_MAX];

/* How many files it handed over. */
static size_t hand_over(const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);
	size_t files = 0;

	for (int i = 0; i < n; i++) {
		char path[4096];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
		f = list[i]->d_name[0] == '.' ? NULL : fopen(path, "re");
		free(list[i]);
		if (!f)
			continue;
		LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof(bytes), f));
		fclose(f);
		files++;
	}
	if (n >= 0)
		free(list);
	return files;
}

int main(int argc, char **argv)
{
	size_t files = 0;

	if (argc >= 3 && !strcmp(argv[1], "-random")) {
		srandom(argc > 3 ? (unsigned int)atoi(argv[3]) : 1);
		for (int i = 0; i < atoi(argv[2]); i++) {
			size_t n = (size_t)random() % 2048;

			for (size_t k = 0; k < n; k++)
				bytes[k] = (uint8_t)(random() >> 8);
			LLVMFuzzerTestOneInput(bytes, n);
		}
		return 0;
	}
	for (int i = 1; i < argc; i++)
		files += hand_over(argv[i]);
	printf("%zu inputs\n", files);
	return files ? 0 : 1;
}
