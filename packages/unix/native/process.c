/* Other programs: in this process, in a fork of it, in a new one; and its end. */
#define _GNU_SOURCE
#include "unix.h"
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Replaces the image; returns only -errno. */
static napi_value js_exec(napi_env env, napi_callback_info info) {
  BEGIN(3);
  PATH(path, 0);
  char **argv = vector_of(env, c.v[1]), **envp = vector_of(env, c.v[2]);
  int e;
  if (!argv || !envp) {
    e = errno;
  } else {
    collect();
    inherit_all();
    fresh_start_for_exec();
    execve(path, argv, envp);
    e = errno;
    ignore_broken();
  }
  free_vector(argv);
  free_vector(envp);
  return integer(env, -e);
}

/* The first number above 2 and above all targets. */
int above(const int32_t *map, size_t pairs) {
  int top = 2;
  size_t i;
  for (i = 0; i < pairs; ++i)
    if (map[2 * i + 1] > top) top = map[2 * i + 1];
  return top + 1;
}

/* Puts descriptors in place: pairs of from, to (from -1: close). All are
 * first copied above every target, so overlaps and swaps come out right. */
int place(const int32_t *map, size_t pairs, int *high) {
  int least = above(map, pairs);
  size_t i;
  for (i = 0; i < pairs; ++i) {
    if (map[2 * i] < 0) continue;
    high[i] = fcntl(map[2 * i], F_DUPFD_CLOEXEC, least);
    if (high[i] == -1) return -1;
  }
  for (i = 0; i < pairs; ++i)
    if (map[2 * i] < 0) close(map[2 * i + 1]);
  for (i = 0; i < pairs; ++i)
    if (map[2 * i] >= 0) {
      if (dup2(high[i], map[2 * i + 1]) == -1) return -1;
      close(high[i]);
    }
  return 0;
}

enum { SPAWN_GROUP = 1, SPAWN_SESSION = 2, SPAWN_ONLY = 4, FORK_TELLS = 8 };

/* Runs a program in a child: pid or -errno, the exec's errno too. */
static napi_value js_spawn(napi_env env, napi_callback_info info) {
  BEGIN(5);
  PATH(path, 0);
  void *data;
  size_t size;
  INT(flags, 4);
  if (!get_typed(&c, 3, napi_int32_array, 0, &data, &size) || size > 2 * MAX_MAP) return integer(env, -EINVAL);
  const int32_t *map = data;
  size_t i, pairs = size / 2;
  int high[MAX_MAP];
  char **argv = vector_of(env, c.v[1]), **envp = vector_of(env, c.v[2]);
  volatile int e = 0;
  pid_t pid = -1;
  sigset_t all, old;
  if (!argv || !envp) {
    e = errno;
  } else {
    /* Nothing may run a handler on the parent's memory in the child. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    do pid = vfork();
    while (pid == -1 && may_fork_again());
    if (pid == 0) {
      if (flags & SPAWN_SESSION) setsid();
      if (flags & SPAWN_GROUP) setpgid(0, 0);
      inherit_all();
      if (flags & SPAWN_ONLY) keep_back(1);
      if (place(map, pairs, high) == -1) {
        e = errno;
        _exit(111);
      }
      for (i = 0; i < pairs; ++i)
        if (map[2 * i] >= 0) inherit(map[2 * i + 1]);
      fresh_start_for_exec();
      execve(path, argv, envp);
      e = errno;
      _exit(111);
    }
    if (pid == -1) e = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (pid > 0 && e) {
      int status;
      while (waitpid(pid, &status, 0) == -1 && errno == EINTR);
    }
  }
  free_vector(argv);
  free_vector(envp);
  return integer(env, e ? -e : pid);
}

/* How many threads this process has; -1: not known here. */
static int threads(void) {
#ifdef __linux__
  struct stat st; /* a link for each thread, and the directory's own two */
  return stat("/proc/self/task", &st) == 0 ? (int)st.st_nlink - 2 : -1;
#else
  return -1;
#endif
}

static napi_value js_threads(napi_env env, napi_callback_info info) {
  (void)info;
  return integer(env, threads());
}

/* The JIT's memory is kept out of forked children by its owner; a child that
 * goes on with the same image needs it. Inherited, so once per process tree. */
static void fork_with_jit(void) {
#ifdef __linux__
  static int done;
  FILE *maps;
  char line[512];
  if (done) return;
  maps = fopen("/proc/self/maps", "re");
  if (!maps) return;
  while (fgets(line, sizeof line, maps)) {
    unsigned long from, to;
    char mode[8];
    if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && !strcmp(mode, "rwxp"))
      madvise((void *)from, to - from, MADV_DOFORK);
  }
  fclose(maps);
  done = 1;
#endif
}

/* What exec does, for a program that takes over this image: the map is put in
 * place, then what is ours is closed and all else stays open; signals as after
 * exec, but PIPE and XFSZ ignored, as the runtime's start leaves them. */
static int take_over(const int32_t *map, size_t pairs, char **argv) {
  int high[MAX_MAP];
  size_t i;
  collect();
  if (place(map, pairs, high) == -1) return -1;
  for (i = 0; i < pairs; ++i) disown(map[2 * i + 1]);
  forget_absent();
  fresh_start_within();
  close_ours(teller);
  rename_process(argv);
  return 0;
}

static napi_value js_become(napi_env env, napi_callback_info info) {
  BEGIN(1);
  char **argv = vector_of(env, c.v[0]);
  int r;
  if (!argv) return integer(env, -errno);
  r = take_over(NULL, 0, argv);
  free_vector(argv);
  return outcome(env, r);
}

/* A child with this image, in which a program has taken over: 0 in it, its pid
 * in the parent. -EBUSY: the process has other threads, whose locks would stay
 * locked in the child. */
static napi_value js_fork(napi_env env, napi_callback_info info) {
  BEGIN(3);
  void *data;
  size_t size;
  char **argv;
  pid_t pid;
  sigset_t all, old;
  int e, ends[2] = {-1, -1};
  INT(flags, 2);
  if (!get_typed(&c, 1, napi_int32_array, 0, &data, &size) || size > 2 * MAX_MAP) return integer(env, -EINVAL);
  if (threads() != 1) return integer(env, -EBUSY);
  argv = vector_of(env, c.v[0]);
  if (!argv) return integer(env, -errno);
  fork_with_jit();
  /* Without these it is waited for like any other. */
  if (flags & FORK_TELLS && pipe_of(ends) == -1) ends[0] = ends[1] = -1;
  /* A signal to the child must not reach the parent through the pipe they share: it waits until take_over. */
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &old);
  do pid = fork();
  while (pid == -1 && may_fork_again());
  if (pid == 0) {
    hear_nobody();
    /* Behind what place() will need. */
    if (ends[0] != -1) close(ends[0]), tell_by(ends[1], above(data, size / 2) + (int)(size / 2));
    if (flags & SPAWN_SESSION) setsid();
    if (flags & SPAWN_GROUP) setpgid(0, 0);
    if (flags & SPAWN_ONLY) keep_back(0);
    if (take_over(data, size / 2, argv) == -1) _exit(111);
    return integer(env, 0);
  }
  e = errno;
  sigprocmask(SIG_SETMASK, &old, NULL);
  if (ends[1] != -1) close(ends[1]);
  if (pid == -1 && ends[0] != -1) close(ends[0]);
  if (pid != -1 && ends[0] != -1) listen_to(pid, ends[0]);
  errno = e;
  free_vector(argv);
  return outcome(env, pid);
}

static napi_value js_waitpid(napi_env env, napi_callback_info info) {
  BEGIN(3);
  INT(pid, 0);
  INT(how, 1);
  void *data;
  size_t size;
  if (!get_typed(&c, 2, napi_int32_array, 1, &data, &size)) return integer(env, -EINVAL);
  int status = 0, code = how == 0 ? hear((pid_t)pid) : -1;
  if (code >= 0) {
    ((int32_t *)data)[0] = code << 8;
    return integer(env, pid);
  }
  RETRY(r, waitpid((pid_t)pid, &status, how == 1 ? WNOHANG : how == 2 ? WUNTRACED : 0));
  ((int32_t *)data)[0] = status;
  return outcome(env, r);
}

static napi_value js_kill(napi_env env, napi_callback_info info) {
  BEGIN(2);
  INT(pid, 0);
  INT(sig, 1);
  return outcome(env, kill((pid_t)pid, (int)sig));
}

static napi_value js_setpgid(napi_env env, napi_callback_info info) {
  BEGIN(2);
  INT(pid, 0);
  INT(group, 1);
  return outcome(env, setpgid((pid_t)pid, (pid_t)group));
}

#define NO_ARGUMENT(name, expression)                            \
  static napi_value name(napi_env env, napi_callback_info info) { \
    (void)info;                                                  \
    return outcome(env, (int64_t)(expression));                  \
  }
NO_ARGUMENT(js_setsid, setsid())
NO_ARGUMENT(js_getpid, getpid())
NO_ARGUMENT(js_getppid, getppid())
NO_ARGUMENT(js_getuid, getuid())
NO_ARGUMENT(js_geteuid, geteuid())
NO_ARGUMENT(js_getgid, getgid())
NO_ARGUMENT(js_getegid, getegid())

static napi_value js_exit(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(code, 0);
  tell((int)code);
  collect();
  _exit((int)code);
  return NULL;
}

const entry PROCESSES[] = {
    {"exec", js_exec},
    {"spawn", js_spawn},
    {"fork", js_fork},
    {"become", js_become},
    {"threads", js_threads},
    {"waitpid", js_waitpid},
    {"kill", js_kill},
    {"setpgid", js_setpgid},
    {"setsid", js_setsid},
    {"getpid", js_getpid},
    {"getppid", js_getppid},
    {"getuid", js_getuid},
    {"geteuid", js_geteuid},
    {"getgid", js_getgid},
    {"getegid", js_getegid},
    {"exit", js_exit},
    {0},
};
