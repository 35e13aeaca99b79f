/*
 * A fork of this image can tell its exit code before it ends, since the kernel
 * needs about as long to take a process apart as to make it. Who waits for that
 * goes on when it hears the code, and collects the process later.
 */
#define _GNU_SOURCE
#include "unix.h"
#include <sys/wait.h>

static pid_t expected;    /* the fork whose code will be heard */
static int listener = -1; /* there */
static pid_t ending;      /* the one before, whose code has been heard */
int teller = -1;          /* where this process tells its own; -1: nowhere */

/* Its descriptor is far from those that programs name by number. */
void tell_by(int fd, int least) {
  enum { FAR = 200 };
  teller = fcntl(fd, F_DUPFD_CLOEXEC, least > FAR ? least : FAR);
  disown(fd);
  close(fd);
  if (teller != -1) teller = own(teller);
}

int is_teller(int fd) { return fd != -1 && fd == teller; }

void tell(int code) {
  unsigned char byte = (unsigned char)code;
  if (teller != -1 && write(teller, &byte, 1) == -1) {
    /* nobody waits for it */
  }
}

static void stop_listening(void) {
  if (listener != -1) {
    disown(listener);
    close(listener);
  }
  listener = -1;
  expected = 0;
}

void listen_to(pid_t pid, int fd) {
  stop_listening();
  if (own(fd) < 0) return;
  expected = pid;
  listener = fd;
}

void collect(void) {
  while (ending && waitpid(ending, NULL, 0) == -1 && errno == EINTR);
  ending = 0;
}

/* True if one whose code has been heard is not collected. */
int is_ending(void) { return ending != 0; }

/* One that is ending still counts: where no process is left for another, it has to be gone first. */
int may_fork_again(void) {
  if (errno != EAGAIN || !ending) return 0;
  collect();
  return 1;
}

/* The code that a child tells; -1: it does not, and has to be waited for. */
int hear(pid_t pid) {
  unsigned char code;
  ssize_t n;
  if (!expected || pid != expected) return -1;
  do n = read(listener, &code, 1);
  while (n == -1 && errno == EINTR);
  stop_listening();
  if (n != 1) return -1;
  collect();
  ending = pid;
  return code;
}

/* In a fork: all this is its parent's. */
void hear_nobody(void) {
  stop_listening();
  ending = 0;
  if (teller != -1) {
    disown(teller);
    close(teller);
  }
  teller = -1;
}
