/* execve(2) of a program that is named as a shell's user names it. */
#pragma once
#include "sys.h"

u64 length_of(const char *text);

/*
 * Executes words[0], looked for in each place of the environment's PATH where it has no slash. Returns only where that fails:
 * a negative errno, EACCES where a program was there and could not be executed.
 */
s64 execute(char **words, char **environment);
