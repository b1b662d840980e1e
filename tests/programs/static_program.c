/* SPDX-License-Identifier: MIT */
/* static_program: a program that nothing can be preloaded into. */
int main(void)
{
	return 0;
}
