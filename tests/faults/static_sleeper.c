/* SPDX-License-Identifier: MIT */
/* static_sleeper: the child that `unseen` starts: linked statically, so that nothing of it is
 * recorded.
 *
 * It ends at once if it is given an argument, and else sleeps until it is killed. */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argv;
	while (argc < 2)
		pause();
	return 0;
}
