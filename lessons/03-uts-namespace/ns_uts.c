/*
 * Lesson 3 in C: a child with a hostname of its own. Compare with the three steps of lesson.ts.
 *
 *   gcc -Wall -o ns_uts ns_uts.c && ./ns_uts hostname
 *
 * Runs the given command (default: a shell) in a new UTS namespace and exits with its status. Needs root.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *shell[] = {"/bin/sh", NULL};

/* The child's stack: clone() of the C library wants one, and on our machines it grows downwards. */
static char stack[64 * 1024] __attribute__((aligned(16)));

static int child(void *arguments) {
  char **command = arguments;
  const char name[] = "container";
  if (sethostname(name, strlen(name)) != 0) {
    perror("sethostname");
    return 125;
  }
  execvp(command[0], command);
  perror(command[0]);
  return 127;
}

int main(int argc, char **argv) {
  pid_t pid = clone(child, stack + sizeof stack, CLONE_NEWUTS | SIGCHLD, argc > 1 ? argv + 1 : shell);
  if (pid < 0) {
    perror("clone(CLONE_NEWUTS)");
    return 125;
  }
  int status = 0;
  if (waitpid(pid, &status, 0) < 0) {
    perror("waitpid");
    return 125;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
