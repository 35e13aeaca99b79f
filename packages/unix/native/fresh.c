/* Signals and the limit of descriptors: what a program changes for itself, and the next one is not to find. */
#define _GNU_SOURCE
#include "unix.h"
#include <sys/resource.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

static int self_pipe = -1; /* where signal handlers write */
static sigset_t piped;

/* State of signals for a new program: what was caught is default again, PIPE
 * and XFSZ (which the runtime ignores) too; other ignored ones stay so. */
static void fresh_signals(void) {
  sigset_t none;
  struct sigaction deflt = {.sa_handler = SIG_DFL};
  int i;
  sigaction(SIGPIPE, &deflt, NULL);
  sigaction(SIGXFSZ, &deflt, NULL);
  if (self_pipe != -1)
    for (i = 1; i < 32; ++i)
      if (sigismember(&piped, i) == 1) sigaction(i, &deflt, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static struct rlimit given; /* of descriptors, when this program began to change it */
static int changed;

/* Soft limit of open descriptors: the old one; a positive argument sets it (capped at the hard limit), for this program. */
static napi_value js_nofile(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(want, 0);
  struct rlimit r;
  rlim_t old;
  if (getrlimit(RLIMIT_NOFILE, &r) == -1) return integer(env, -errno);
  old = r.rlim_cur;
  if (want > 0) {
    if (!changed) given = r;
    r.rlim_cur = (rlim_t)want > r.rlim_max ? r.rlim_max : (rlim_t)want;
    if (setrlimit(RLIMIT_NOFILE, &r) == -1) return integer(env, -errno);
    changed = 1;
  }
  return integer(env, old > INT_MAX ? INT_MAX : (int64_t)old);
}

/* What the next program is to find: the limit as it was, no handlers, no mask. */
static void fresh_start(void) {
  fresh_signals();
  if (changed) setrlimit(RLIMIT_NOFILE, &given);
}

/* Before a new image: as above. Besides, glibc's posix_spawn, by which make and
 * others start programs, leaves its two internal signals ignored in them, and
 * its own sigaction() will not have them back. */
void fresh_start_for_exec(void) {
  fresh_start();
#if defined(__linux__) && defined(SYS_rt_sigaction)
  {
    struct {
      void *handler;
      unsigned long flags;
      void *restorer;
      unsigned long mask;
    } deflt = {0};
    syscall(SYS_rt_sigaction, 32, &deflt, NULL, sizeof deflt.mask);
    syscall(SYS_rt_sigaction, 33, &deflt, NULL, sizeof deflt.mask);
  }
#endif
}

/* PIPE and XFSZ as the runtime has them. */
void ignore_broken(void) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGPIPE, &ignore, NULL);
  sigaction(SIGXFSZ, &ignore, NULL);
}

/* Before a program of ours goes on in this image. */
void fresh_start_within(void) {
  fresh_start();
  changed = 0;
  self_pipe = -1;
  ignore_broken();
}

static void on_signal(int sig) {
  int saved = errno;
  unsigned char byte = (unsigned char)sig;
  if (self_pipe != -1 && write(self_pipe, &byte, 1) == -1) {
    /* full: the reader has enough bytes waiting to wake up */
  }
  errno = saved;
}

/* From now on each of these signals writes its number, one byte, into a pipe:
 * its reading end. At most once per process. */
static napi_value js_sigpipe(napi_env env, napi_callback_info info) {
  BEGIN(1);
  void *data;
  size_t size, i;
  int fds[2];
  struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_NOCLDSTOP};
  if (!get_typed(&c, 0, napi_int32_array, 0, &data, &size)) return integer(env, -EINVAL);
  if (self_pipe != -1) return integer(env, -EEXIST);
  if (pipe(fds) == -1) return integer(env, -errno);
  cloexec(fds[0]), cloexec(fds[1]);
  fcntl(fds[0], F_SETFL, O_NONBLOCK), fcntl(fds[1], F_SETFL, O_NONBLOCK);
  if (own(fds[0]) < 0 || own(fds[1]) < 0) return integer(env, -ENOMEM);
  self_pipe = fds[1];
  sigemptyset(&piped);
  for (i = 0; i < size; ++i) {
    sigaddset(&piped, ((int32_t *)data)[i]);
    if (sigaction(((int32_t *)data)[i], &act, NULL) == -1) return integer(env, -errno);
  }
  return integer(env, fds[0]);
}

/* 0: default, 1: ignored */
static napi_value js_signal(napi_env env, napi_callback_info info) {
  BEGIN(2);
  INT(sig, 0);
  INT(ignored, 1);
  struct sigaction act = {.sa_handler = ignored ? SIG_IGN : SIG_DFL};
  return outcome(env, sigaction((int)sig, &act, NULL));
}

static napi_value js_alarm(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(seconds, 0);
  return integer(env, alarm((unsigned)seconds));
}

const entry SIGNALS[] = {
    {"sigpipe", js_sigpipe},
    {"signal", js_signal},
    {"alarm", js_alarm},
    {"nofile", js_nofile},
    {0},
};
