/*
 * Lesson 4 in C: a child that is PID 1, on a host where it has another number as well.
 *
 *   gcc -Wall -o ns_pid ns_pid.c && ./ns_pid sh -c 'echo $$'
 *
 * Runs the given command (default: a shell) in new UTS and PID namespaces and exits with its status. Needs root.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *shell[] = {"/bin/sh", NULL};
static char stack[64 * 1024] __attribute__((aligned(16)));

static int child(void *arguments) {
  char **command = arguments;
  const char name[] = "container";
  fprintf(stderr, "child:  getpid() = %d, getppid() = %d (the parent has no number in here)\n", getpid(), getppid());
  if (sethostname(name, strlen(name)) != 0) {
    perror("sethostname");
    return 125;
  }
  execvp(command[0], command);
  perror(command[0]);
  return 127;
}

int main(int argc, char **argv) {
  pid_t pid = clone(child, stack + sizeof stack, CLONE_NEWUTS | CLONE_NEWPID | SIGCHLD, argc > 1 ? argv + 1 : shell);
  if (pid < 0) {
    perror("clone(CLONE_NEWUTS|CLONE_NEWPID)");
    return 125;
  }
  fprintf(stderr, "parent: getpid() = %d, the child is %d to me\n", getpid(), pid);
  int status = 0;
  if (waitpid(pid, &status, 0) < 0) {
    perror("waitpid");
    return 125;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
