/*
 * The system calls that moreqmail uses, as one N-API module.
 *
 * Conventions, for every function here:
 * - an error is returned as a negative errno, never thrown (-EINVAL also for
 *   an argument of the wrong type, a range outside its buffer, or a string
 *   with a NUL in it);
 * - strings are byte strings, one latin1 character for each byte;
 * - a new descriptor is close-on-exec and "ours" (see below) until keep();
 * - EINTR is retried, except in poll().
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <limits.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <node_api.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#endif
#ifdef __APPLE__
#include <crt_externs.h>
#endif

extern char **environ;

#ifndef VERSION
#define VERSION ""
#endif

#define MAX_ARGS 6

/* ---- values in and out ------------------------------------------------ */

typedef struct {
  napi_env env;
  size_t n;
  napi_value v[MAX_ARGS];
} call;

static call enter(napi_env env, napi_callback_info info) {
  call c = {.env = env, .n = MAX_ARGS};
  napi_get_cb_info(env, info, &c.n, c.v, NULL, NULL);
  return c;
}

static napi_value number(napi_env env, double d) {
  napi_value v = NULL;
  napi_create_double(env, d, &v);
  return v;
}

static napi_value integer(napi_env env, int64_t i) {
  napi_value v = NULL;
  if (i >= INT32_MIN && i <= INT32_MAX)
    napi_create_int32(env, (int32_t)i, &v);
  else
    napi_create_double(env, (double)i, &v);
  return v;
}

static napi_value outcome(napi_env env, int64_t result) {
  return integer(env, result < 0 ? -errno : result);
}

static napi_value string(napi_env env, const char *s, size_t len) {
  napi_value v = NULL;
  napi_create_string_latin1(env, s, len, &v);
  return v;
}

static int get_int(call *c, size_t i, int64_t *out) {
  double d;
  if (i >= c->n || napi_get_value_double(c->env, c->v[i], &d) != napi_ok) return 0;
  if (!(d >= -9007199254740992.0 && d <= 9007199254740992.0)) return 0;
  *out = (int64_t)d;
  return 1;
}

static int get_fd(call *c, size_t i, int *fd) {
  int64_t n;
  if (!get_int(c, i, &n) || n < -1 || n > INT_MAX) return 0;
  *fd = (int)n;
  return 1;
}

/* A string without NUL; malloc'ed, freed by the caller. NULL: no such string. */
static char *string_of(napi_env env, napi_value v) {
  size_t len = 0, got = 0;
  char *s;
  if (napi_get_value_string_latin1(env, v, NULL, 0, &len) != napi_ok) return NULL;
  s = malloc(len + 1);
  if (!s) return NULL;
  napi_get_value_string_latin1(env, v, s, len + 1, &got);
  s[got] = 0;
  if (strlen(s) != len) {
    free(s);
    return NULL;
  }
  return s;
}

/* A path into a buffer of PATH_MAX bytes. 0: errno says why. */
static int get_path(call *c, size_t i, char *path) {
  size_t len = 0;
  if (i >= c->n || napi_get_value_string_latin1(c->env, c->v[i], NULL, 0, &len) != napi_ok) {
    errno = EINVAL;
    return 0;
  }
  if (len >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return 0;
  }
  napi_get_value_string_latin1(c->env, c->v[i], path, PATH_MAX, &len);
  if (strlen(path) != len) {
    errno = EINVAL;
    return 0;
  }
  return 1;
}

/* Arguments i, i+1, i+2: a Uint8Array, an offset and a length within it. */
static int get_range(call *c, size_t i, unsigned char **at, size_t *len) {
  napi_typedarray_type type;
  size_t size;
  void *data;
  int64_t off, n;
  if (i + 2 >= c->n) return 0;
  if (napi_get_typedarray_info(c->env, c->v[i], &type, &size, &data, NULL, NULL) != napi_ok) return 0;
  if (type != napi_uint8_array || !get_int(c, i + 1, &off) || !get_int(c, i + 2, &n)) return 0;
  if (off < 0 || n < 0 || (uint64_t)off > size || (uint64_t)n > size - (uint64_t)off) return 0;
  *at = (unsigned char *)data + off;
  *len = (size_t)n;
  return 1;
}

static int get_typed(call *c, size_t i, napi_typedarray_type want, size_t least, void **data, size_t *size) {
  napi_typedarray_type type;
  if (i >= c->n || napi_get_typedarray_info(c->env, c->v[i], &type, size, data, NULL, NULL) != napi_ok) return 0;
  return type == want && *size >= least;
}

/* An array of strings as a NULL-ended vector. NULL: errno says why. */
static char **vector_of(napi_env env, napi_value v) {
  bool is = false;
  uint32_t n = 0, i;
  char **list;
  if (napi_is_array(env, v, &is) != napi_ok || !is || napi_get_array_length(env, v, &n) != napi_ok) {
    errno = EINVAL;
    return NULL;
  }
  list = calloc((size_t)n + 1, sizeof *list);
  if (!list) return NULL;
  for (i = 0; i < n; ++i) {
    napi_value item;
    napi_get_element(env, v, i, &item);
    list[i] = string_of(env, item);
    if (!list[i]) {
      while (i) free(list[--i]);
      free(list);
      errno = EINVAL;
      return NULL;
    }
  }
  return list;
}

static void free_vector(char **list) {
  char **p;
  if (!list) return;
  for (p = list; *p; ++p) free(*p);
  free(list);
}

static napi_value array_of(napi_env env, char **list) {
  napi_value a = NULL;
  uint32_t n = 0;
  napi_create_array(env, &a);
  for (; list && list[n]; ++n) napi_set_element(env, a, n, string(env, list[n], strlen(list[n])));
  return a;
}

#define BEGIN(need)                              \
  call c = enter(env, info);                     \
  if (c.n < (need)) return integer(env, -EINVAL)
#define INT(name, i)                                    \
  int64_t name;                                         \
  if (!get_int(&c, i, &name)) return integer(env, -EINVAL)
#define FD(name, i)                                    \
  int name;                                            \
  if (!get_fd(&c, i, &name)) return integer(env, -EINVAL)
#define PATH(name, i)                                       \
  char name[PATH_MAX];                                      \
  if (!get_path(&c, i, name)) return integer(env, -errno)
#define RANGE(at, len, i)                                        \
  unsigned char *at;                                             \
  size_t len;                                                    \
  if (!get_range(&c, i, &at, &len)) return integer(env, -EINVAL)
#define RETRY(result, expression)           \
  int64_t result;                           \
  do result = (int64_t)(expression);        \
  while (result == -1 && errno == EINTR)

/* ---- whose descriptor it is ------------------------------------------- */

/*
 * The runtime marks inherited descriptors above 3 close-on-exec at its start,
 * so that flag can't tell an inherited descriptor from one of ours. This table
 * can: a nonzero byte means opened here and not to be inherited.
 */
static unsigned char *ours;
static size_t ours_size;

static int own(int fd) {
  if ((size_t)fd >= ours_size) {
    size_t size = ours_size ? ours_size : 64;
    unsigned char *bigger;
    while (size <= (size_t)fd) size *= 2;
    bigger = realloc(ours, size);
    if (!bigger) {
      close(fd);
      errno = ENOMEM;
      return -1;
    }
    memset(bigger + ours_size, 0, size - ours_size);
    ours = bigger;
    ours_size = size;
  }
  ours[fd] = 1;
  return fd;
}

static void disown(int fd) {
  if ((size_t)fd < ours_size) ours[fd] = 0;
}

static int is_ours(int fd) { return (size_t)fd < ours_size && ours[fd]; }

/* Where a fork tells its exit code, see tell(); -1: nowhere. */
static int teller = -1;

/* Its descriptor is far from those that programs name by number. */
static void tell_by(int fd, int least) {
  enum { FAR = 200 };
  teller = fcntl(fd, F_DUPFD_CLOEXEC, least > FAR ? least : FAR);
  disown(fd);
  close(fd);
  if (teller != -1) teller = own(teller);
}

static int is_teller(int fd) { return fd != -1 && fd == teller; }

/* True for the epoll, event and timer descriptors of the runtime itself. */
static int is_runtimes(int fd) {
#ifdef __linux__
  char link[64], name[32];
  ssize_t n;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  n = readlink(name, link, sizeof link - 1);
  if (n <= 0) return 0;
  link[n] = 0;
  if (strncmp(link, "anon_inode:", 11)) return 0;
  return strstr(link, "event") != NULL || strstr(link, "timerfd") != NULL || strstr(link, "io_uring") != NULL;
#else
  (void)fd;
  return 0;
#endif
}

static void inherit(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags != -1 && (flags & FD_CLOEXEC)) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

/* Clears close-on-exec on all that the next image is to have. On Node, which
 * has many descriptors of its own, only `listed` ones (and 0-2) are inherited. */
static void inherit_all(const int *listed, size_t count) {
  size_t i;
  inherit(0);
  inherit(1);
  inherit(2);
  if (listed) {
    for (i = 0; i < count; ++i)
      if (!is_ours(listed[i])) inherit(listed[i]);
    for (i = 3; i < ours_size; ++i)
      if (ours[i] == 2) inherit((int)i);
    return;
  }
#ifdef __linux__
  {
    DIR *d = opendir("/proc/self/fd");
    struct dirent *e;
    if (!d) return;
    while ((e = readdir(d))) {
      int fd = atoi(e->d_name);
      if (e->d_name[0] == '.' || fd < 3 || fd == dirfd(d)) continue;
      if (!is_ours(fd) && !is_runtimes(fd)) inherit(fd);
    }
    closedir(d);
  }
#else
  {
    int fd, top = getdtablesize();
    for (fd = 3; fd < top && fd < 65536; ++fd)
      if (!is_ours(fd)) inherit(fd);
  }
#endif
}

static int *inheritable_list; /* NULL: all that is not ours nor the runtime's */
static size_t inheritable_count;

/* Nothing that is open above 2 now is to reach the next program: the next exec closes it, or what does without one. */
static void keep_back(int exec) {
  int fd;
#ifdef __linux__
  DIR *d = opendir("/proc/self/fd");
  struct dirent *e;
  if (!d) return;
  while ((e = readdir(d))) {
    fd = atoi(e->d_name);
    if (e->d_name[0] == '.' || fd < 3 || fd == dirfd(d)) continue;
    if (exec)
      fcntl(fd, F_SETFD, FD_CLOEXEC);
    else if (!is_runtimes(fd))
      own(fd);
  }
  closedir(d);
#else
  int top = getdtablesize();
  for (fd = 3; fd < top && fd < 65536; ++fd)
    if (fcntl(fd, F_GETFD) != -1) exec ? fcntl(fd, F_SETFD, FD_CLOEXEC) : own(fd);
#endif
}

static napi_value js_inheritable(napi_env env, napi_callback_info info) {
  BEGIN(1);
  void *data;
  size_t n;
  if (!get_typed(&c, 0, napi_int32_array, 0, &data, &n)) return integer(env, -EINVAL);
  free(inheritable_list);
  inheritable_list = calloc(n + 1, sizeof(int));
  if (!inheritable_list) return integer(env, -ENOMEM);
  memcpy(inheritable_list, data, n * sizeof(int));
  inheritable_count = n;
  return integer(env, 0);
}

static napi_value opened(napi_env env, int64_t fd) {
  if (fd < 0) return integer(env, -errno);
  return integer(env, own((int)fd) < 0 ? -errno : fd);
}

/* ---- arguments and environment ---------------------------------------- */

static char **raw_argv;
static int raw_argc;
static char *title;        /* the memory of argv, writable: what ps shows */
static size_t title_size;

#if defined(__GLIBC__) || defined(__FreeBSD__)
__attribute__((constructor)) static void at_load(int argc, char **argv, char **envp) {
  (void)envp;
  raw_argc = argc;
  raw_argv = argv;
}
#endif

static napi_value js_argv(napi_env env, napi_callback_info info) {
  (void)info;
#ifdef __APPLE__
  raw_argv = *_NSGetArgv();
  raw_argc = *_NSGetArgc();
#endif
  if (raw_argv) {
    int i;
    if (!title) {
      title = raw_argc > 0 ? raw_argv[0] : NULL;
      for (i = 0; i < raw_argc; ++i)
        if (title && raw_argv[i] == title + title_size) title_size += strlen(raw_argv[i]) + 1;
    }
    napi_value a;
    napi_create_array(env, &a);
    for (i = 0; i < raw_argc; ++i) napi_set_element(env, a, (uint32_t)i, string(env, raw_argv[i], strlen(raw_argv[i])));
    return a;
  }
  /* musl hands nothing to constructors. */
  {
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    char *text = NULL, *more;
    size_t len = 0, size = 0, at = 0;
    ssize_t n = 0;
    uint32_t i = 0;
    napi_value a;
    if (fd < 0) return integer(env, -errno);
    do {
      if (len == size) {
        size = size ? size * 2 : 4096;
        more = realloc(text, size);
        if (!more) {
          free(text);
          close(fd);
          return integer(env, -ENOMEM);
        }
        text = more;
      }
      n = read(fd, text + len, size - len);
      if (n > 0) len += (size_t)n;
    } while (n > 0 || (n == -1 && errno == EINTR));
    close(fd);
    napi_create_array(env, &a);
    while (at < len) {
      size_t l = strnlen(text + at, len - at);
      napi_set_element(env, a, i++, string(env, text + at, l));
      at += l + 1;
    }
    free(text);
    return a;
  }
}

static napi_value js_environ(napi_env env, napi_callback_info info) {
  (void)info;
  return array_of(env, environ);
}

/* Name of the process for ps: the kernel's 15 bytes, and argv as far as its memory goes. */
static void rename_process(char **argv) {
  size_t at = 0, i;
  const char *name = argv[0] ? argv[0] : "";
  if (strrchr(name, '/')) name = strrchr(name, '/') + 1;
#ifdef __linux__
  prctl(PR_SET_NAME, name, 0, 0, 0);
#endif
  if (!title) return;
  for (i = 0; argv[i] && at < title_size; ++i) {
    size_t l = strlen(argv[i]) + 1;
    if (l > title_size - at) l = title_size - at;
    memcpy(title + at, argv[i], l);
    at += l;
  }
  memset(title + at, 0, title_size - at);
  title[title_size - 1] = 0; /* or the kernel goes on into the environment */
}

/* ---- descriptors ------------------------------------------------------- */

/* Bun opens /dev/null, close-on-exec, where 0-2 were closed at the start; Node marks its 0-2 so in any case. */
static bool on_bun(napi_env env) {
  napi_value global;
  bool has = false;
  if (napi_get_global(env, &global) == napi_ok) napi_has_named_property(env, global, "Bun", &has);
  return has;
}

/* Of 0-2: 0 if it isn't known whether the caller has closed it, 1 if it is open, 2 if it is closed. */
static char presence[3];

/* What the caller has closed can neither be read nor written, whatever the runtime has put there. */
static bool absent(napi_env env, int fd) {
  if (fd < 0 || fd > 2) return false;
  if (presence[fd] == 0) {
    int flags = fcntl(fd, F_GETFD);
    presence[fd] = flags != -1 && flags & FD_CLOEXEC && !is_ours(fd) && on_bun(env) ? 2 : 1;
  }
  return presence[fd] == 2;
}

static napi_value js_read(napi_env env, napi_callback_info info) {
  BEGIN(4);
  FD(fd, 0);
  RANGE(at, len, 1);
  if (absent(env, fd)) return integer(env, -EBADF);
  RETRY(n, read(fd, at, len));
  return outcome(env, n);
}

static napi_value js_pread(napi_env env, napi_callback_info info) {
  BEGIN(5);
  FD(fd, 0);
  RANGE(at, len, 1);
  INT(pos, 4);
  RETRY(n, pread(fd, at, len, (off_t)pos));
  return outcome(env, n);
}

static napi_value js_write(napi_env env, napi_callback_info info) {
  BEGIN(4);
  FD(fd, 0);
  RANGE(at, len, 1);
  if (absent(env, fd)) return integer(env, -EBADF);
  RETRY(n, write(fd, at, len));
  return outcome(env, n);
}

/* One write that doesn't wait: what goes at once, or -EAGAIN. What is no
 * socket gets at most PIPE_BUF bytes, which a pipe that polls writable takes. */
static napi_value js_writesome(napi_env env, napi_callback_info info) {
  BEGIN(4);
  FD(fd, 0);
  RANGE(at, len, 1);
  if (absent(env, fd)) return integer(env, -EBADF);
  int64_t n;
  do n = send(fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n == -1 && errno == EINTR);
  if (n == -1 && (errno == ENOTSOCK || errno == EOPNOTSUPP)) {
    if (len > 4096) len = 4096;
    do n = write(fd, at, len);
    while (n == -1 && errno == EINTR);
  }
  return outcome(env, n);
}

/* What is in a pipe, by way of another one. */
static ssize_t peek_pipe(int fd, void *at, size_t len) {
#ifdef __linux__
  int copy[2];
  ssize_t n;
  if (pipe2(copy, O_CLOEXEC) == -1) return -1;
  do n = tee(fd, copy[1], len, 0);
  while (n == -1 && errno == EINTR);
  if (n > 0) {
    do n = read(copy[0], at, (size_t)n);
    while (n == -1 && errno == EINTR);
  }
  close(copy[0]);
  close(copy[1]);
  return n;
#else
  (void)fd, (void)at, (void)len;
  return -1;
#endif
}

/* Reads without taking, from a socket or (Linux) a pipe; -ENOTSOCK: from this it can't be done. */
static napi_value js_peek(napi_env env, napi_callback_info info) {
  BEGIN(4);
  FD(fd, 0);
  RANGE(at, len, 1);
  RETRY(n, recv(fd, at, len, MSG_PEEK));
  if (n == -1 && errno == ENOTSOCK) {
    n = peek_pipe(fd, at, len);
    if (n == -1 && errno != EAGAIN) errno = ENOTSOCK;
  }
  return outcome(env, n);
}

/* A whole file of at most max bytes, malloc'ed: 0 or -errno (-EFBIG: larger). */
static int read_file(const char *path, int64_t max, unsigned char **out, size_t *length) {
  struct stat st;
  unsigned char *text = NULL;
  size_t len = 0, size;
  int fd, e = 0;
  do fd = open(path, O_RDONLY | O_CLOEXEC);
  while (fd == -1 && errno == EINTR);
  if (fd == -1) return -errno;
  size = fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= max ? (size_t)st.st_size + 1 : 4096;
  for (;;) {
    ssize_t n;
    unsigned char *more = text && len < size ? text : realloc(text, size = text ? size * 2 : size);
    if (!more) {
      e = ENOMEM;
      break;
    }
    text = more;
    n = read(fd, text + len, size - len);
    if (n == 0) break;
    if (n > 0) len += (size_t)n;
    if (n == -1 && errno != EINTR) {
      e = errno;
      break;
    }
    if (len > (size_t)max) {
      e = EFBIG;
      break;
    }
  }
  close(fd);
  if (e) free(text);
  *out = text;
  *length = len;
  return -e;
}

/* A whole file as a Uint8Array, or -errno. */
static napi_value js_slurp(napi_env env, napi_callback_info info) {
  BEGIN(2);
  PATH(path, 0);
  INT(max, 1);
  unsigned char *text;
  size_t len;
  napi_value buffer, array;
  void *data;
  int e = read_file(path, max, &text, &len);
  if (e) return integer(env, e);
  if (napi_create_arraybuffer(env, len, &data, &buffer) != napi_ok) {
    free(text);
    return integer(env, -ENOMEM);
  }
  if (len) memcpy(data, text, len);
  free(text);
  napi_create_typedarray(env, napi_uint8_array, len, buffer, 0, &array);
  return array;
}

/* A whole file as a string, or -errno. */
static napi_value js_text(napi_env env, napi_callback_info info) {
  BEGIN(2);
  PATH(path, 0);
  INT(max, 1);
  unsigned char *text;
  size_t len;
  napi_value v = NULL;
  int e = read_file(path, max, &text, &len);
  if (e) return integer(env, e);
  if (napi_create_string_latin1(env, (char *)text, len, &v) != napi_ok) v = integer(env, -ENOMEM);
  free(text);
  return v;
}

static napi_value js_open(napi_env env, napi_callback_info info) {
  BEGIN(3);
  PATH(path, 0);
  INT(flags, 1);
  INT(mode, 2);
  RETRY(fd, open(path, (int)flags | O_CLOEXEC, (mode_t)mode));
  return opened(env, fd);
}

static napi_value js_close(napi_env env, napi_callback_info info) {
  BEGIN(1);
  FD(fd, 0);
  if (is_teller(fd)) return integer(env, -EBADF);
  int r = close(fd); /* not retried: Linux has freed the number even at EINTR */
  if (fd >= 0) disown(fd);
  return integer(env, r == -1 && errno != EINTR ? -errno : 0);
}

static napi_value pair(napi_env env, int r, const int *fds) {
  napi_value a;
  if (r == -1) return integer(env, -errno);
  if (own(fds[0]) < 0 || own(fds[1]) < 0) return integer(env, -ENOMEM);
  napi_create_array_with_length(env, 2, &a);
  napi_set_element(env, a, 0, integer(env, fds[0]));
  napi_set_element(env, a, 1, integer(env, fds[1]));
  return a;
}

static void cloexec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

static napi_value js_pipe(napi_env env, napi_callback_info info) {
  int fds[2], r;
  (void)info;
#ifdef __linux__
  r = pipe2(fds, O_CLOEXEC);
#else
  r = pipe(fds);
  if (r == 0) cloexec(fds[0]), cloexec(fds[1]);
#endif
  return pair(env, r, fds);
}

static napi_value js_socketpair(napi_env env, napi_callback_info info) {
  int fds[2], r;
  (void)info;
  r = socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  if (r == 0) cloexec(fds[0]), cloexec(fds[1]);
  return pair(env, r, fds);
}

/* The lowest free descriptor from `least` on, ours. */
static napi_value js_dup(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(least, 1);
  return opened(env, fcntl(fd, F_DUPFD_CLOEXEC, (int)least));
}

/* `to` becomes a copy of `from`, to be inherited. */
static napi_value js_dup2(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(from, 0);
  FD(to, 1);
  int64_t r;
  if (is_teller(from)) return integer(env, -EBADF);
  if (from == to) {
    r = fcntl(to, F_GETFD);
    if (r != -1) inherit(to), r = to;
  } else {
    if (is_teller(to)) tell_by(teller, to + 1);
    do r = dup2(from, to);
    while (r == -1 && (errno == EINTR || errno == EBUSY));
  }
  if (r != -1) {
    disown(to);
    if (to <= 2) presence[to] = 0;
    if (own(to) >= 0) ours[to] = 0;
    if (inheritable_list && to > 2 && own(to) >= 0) ours[to] = 2;
  }
  return outcome(env, r);
}

/* The descriptor is to be inherited from now on (or, with 0, no longer). */
static napi_value js_keep(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(on, 1);
  if (fcntl(fd, F_GETFD) == -1) return integer(env, -errno);
  if (is_teller(fd)) return integer(env, -EBADF);
  if (on) {
    inherit(fd);
    disown(fd);
    if (inheritable_list && own(fd) >= 0) ours[fd] = 2;
  } else {
    cloexec(fd);
    if (own(fd) < 0) return integer(env, -errno);
  }
  return integer(env, 0);
}

/* The runtime's own descriptors don't count: whoever asks means one that was handed over. */
static napi_value js_isopen(napi_env env, napi_callback_info info) {
  BEGIN(1);
  FD(fd, 0);
  size_t i = 0;
  int flags = fcntl(fd, F_GETFD);
  if (flags == -1) return integer(env, -errno);
  if (fd <= 2) return integer(env, absent(env, fd) ? -EBADF : 0);
  if (is_teller(fd)) return integer(env, -EBADF);
  if (is_ours(fd)) return integer(env, 0);
  if (!inheritable_list) return integer(env, is_runtimes(fd) ? -EBADF : 0);
  while (i < inheritable_count && inheritable_list[i] != fd) ++i;
  return integer(env, i < inheritable_count ? 0 : -EBADF);
}

static napi_value js_nonblock(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(on, 1);
  int flags = fcntl(fd, F_GETFL);
  if (flags == -1) return integer(env, -errno);
  return outcome(env, fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

/*
 * A fork of this image can tell its exit code before it ends, since the kernel
 * needs about as long to take a process apart as to make it. Who waits for that
 * goes on when it hears the code, and collects the process later.
 */
static pid_t expected;    /* the fork whose code will be heard */
static int listener = -1; /* there */
static pid_t ending;      /* the one before, whose code has been heard */

#define SOON 5 /* milliseconds, in which it certainly has ended */

static void collect(void) {
  while (ending && waitpid(ending, NULL, 0) == -1 && errno == EINTR);
  ending = 0;
}

/* triples of fd, events, revents in an Int32Array; negative ms: no limit */
static napi_value js_poll(napi_env env, napi_callback_info info) {
  BEGIN(3);
  void *data;
  size_t size;
  INT(count, 1);
  INT(ms, 2);
  if (count < 0 || count > 65536 || !get_typed(&c, 0, napi_int32_array, (size_t)count * 3, &data, &size)) return integer(env, -EINVAL);
  int32_t *a = data;
  struct pollfd few[16], *p = few;
  int64_t i, r;
  if (count > 16) {
    p = malloc((size_t)count * sizeof *p);
    if (!p) return integer(env, -ENOMEM);
  }
  for (i = 0; i < count; ++i) p[i].fd = a[3 * i], p[i].events = (short)a[3 * i + 1], p[i].revents = 0;
  ms = ms < 0 ? -1 : ms > INT_MAX ? INT_MAX : ms;
  r = 0;
  /* Who waits for longer keeps no dead child meanwhile. */
  if (ending && (ms == -1 || ms > SOON)) {
    r = poll(p, (nfds_t)count, SOON);
    if (r == 0 && ms != -1) ms -= SOON;
    if (r == 0) collect();
  }
  if (r == 0) r = poll(p, (nfds_t)count, (int)ms);
  if (r < 0) r = -errno;
  for (i = 0; i < count; ++i) a[3 * i + 2] = p[i].revents;
  if (p != few) free(p);
  return integer(env, r);
}

static napi_value js_lseek(napi_env env, napi_callback_info info) {
  BEGIN(3);
  FD(fd, 0);
  INT(off, 1);
  INT(whence, 2);
  return outcome(env, (int64_t)lseek(fd, (off_t)off, (int)whence));
}

static napi_value js_ftruncate(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(size, 1);
  RETRY(r, ftruncate(fd, (off_t)size));
  return outcome(env, r);
}

static napi_value js_fsync(napi_env env, napi_callback_info info) {
  BEGIN(1);
  FD(fd, 0);
  RETRY(r, fsync(fd));
  return outcome(env, r);
}

static napi_value js_flock(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(operation, 1);
  RETRY(r, flock(fd, (int)operation));
  return outcome(env, r);
}

/* ---- files ------------------------------------------------------------- */

/* [dev, ino, mode, nlink, uid, gid, size, atime, mtime (seconds, with fraction)] */
static napi_value stated(napi_env env, call *c, size_t i, int r, const struct stat *st) {
  void *data;
  size_t size;
  double *out;
  if (r == -1) return integer(env, -errno);
  if (!get_typed(c, i, napi_float64_array, 9, &data, &size)) return integer(env, -EINVAL);
  out = data;
  out[0] = (double)st->st_dev;
  out[1] = (double)st->st_ino;
  out[2] = (double)st->st_mode;
  out[3] = (double)st->st_nlink;
  out[4] = (double)st->st_uid;
  out[5] = (double)st->st_gid;
  out[6] = (double)st->st_size;
#ifdef __APPLE__
  out[7] = (double)st->st_atimespec.tv_sec + (double)st->st_atimespec.tv_nsec / 1e9;
  out[8] = (double)st->st_mtimespec.tv_sec + (double)st->st_mtimespec.tv_nsec / 1e9;
#else
  out[7] = (double)st->st_atim.tv_sec + (double)st->st_atim.tv_nsec / 1e9;
  out[8] = (double)st->st_mtim.tv_sec + (double)st->st_mtim.tv_nsec / 1e9;
#endif
  return integer(env, 0);
}

static napi_value js_stat(napi_env env, napi_callback_info info) {
  BEGIN(3);
  PATH(path, 0);
  INT(follow, 1);
  struct stat st;
  return stated(env, &c, 2, follow ? stat(path, &st) : lstat(path, &st), &st);
}

static napi_value js_fstat(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  struct stat st;
  return stated(env, &c, 1, fstat(fd, &st), &st);
}

static napi_value js_access(napi_env env, napi_callback_info info) {
  BEGIN(2);
  PATH(path, 0);
  INT(mode, 1);
  return outcome(env, access(path, (int)mode));
}

#define TWO_PATHS(name, function)                                \
  static napi_value name(napi_env env, napi_callback_info info) { \
    BEGIN(2);                                                    \
    PATH(from, 0);                                               \
    PATH(to, 1);                                                 \
    return outcome(env, function(from, to));                     \
  }
TWO_PATHS(js_rename, rename)
TWO_PATHS(js_link, link)
TWO_PATHS(js_symlink, symlink)

#define ONE_PATH(name, function)                                 \
  static napi_value name(napi_env env, napi_callback_info info) { \
    BEGIN(1);                                                    \
    PATH(path, 0);                                               \
    return outcome(env, function(path));                         \
  }
ONE_PATH(js_unlink, unlink)
ONE_PATH(js_rmdir, rmdir)
ONE_PATH(js_chdir, chdir)
ONE_PATH(js_chroot, chroot)

#define PATH_AND_MODE(name, function)                            \
  static napi_value name(napi_env env, napi_callback_info info) { \
    BEGIN(2);                                                    \
    PATH(path, 0);                                               \
    INT(mode, 1);                                                \
    return outcome(env, function(path, (mode_t)mode));           \
  }
PATH_AND_MODE(js_mkdir, mkdir)
PATH_AND_MODE(js_chmod, chmod)

static napi_value js_chown(napi_env env, napi_callback_info info) {
  BEGIN(3);
  PATH(path, 0);
  INT(uid, 1);
  INT(gid, 2);
  return outcome(env, lchown(path, (uid_t)uid, (gid_t)gid));
}

static napi_value js_umask(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(mask, 0);
  return integer(env, umask((mode_t)mask));
}

static napi_value js_getcwd(napi_env env, napi_callback_info info) {
  char path[PATH_MAX];
  (void)info;
  if (!getcwd(path, sizeof path)) return integer(env, -errno);
  return string(env, path, strlen(path));
}

static napi_value js_readlink(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(path, 0);
  char target[PATH_MAX];
  ssize_t n = readlink(path, target, sizeof target);
  if (n < 0) return integer(env, -errno);
  return string(env, target, (size_t)n);
}

static napi_value js_readdir(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(path, 0);
  DIR *d = opendir(path);
  struct dirent *e;
  uint32_t n = 0;
  int failed;
  napi_value a;
  if (!d) return integer(env, -errno);
  napi_create_array(env, &a);
  while (errno = 0, (e = readdir(d)))
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) napi_set_element(env, a, n++, string(env, e->d_name, strlen(e->d_name)));
  failed = errno;
  closedir(d);
  return failed ? integer(env, -failed) : a;
}

/* Files of a directory whose facts are wanted: size, atime, mtime each. */
typedef struct {
  int dir;
  const char *names; /* each ended by a NUL */
  const size_t *at;  /* where each begins */
  double *facts;
  size_t from, to;
} look;

static void *look_up(void *what) {
  look *l = what;
  size_t i;
  for (i = l->from; i < l->to; ++i) {
    double *facts = l->facts + 3 * i;
    struct stat st;
    if (fstatat(l->dir, l->names + l->at[i], &st, 0) == -1) {
      facts[0] = facts[1] = facts[2] = NAN;
      continue;
    }
    facts[0] = (double)st.st_size;
#ifdef __APPLE__
    facts[1] = (double)st.st_atimespec.tv_sec + (double)st.st_atimespec.tv_nsec / 1e9;
    facts[2] = (double)st.st_mtimespec.tv_sec + (double)st.st_mtimespec.tv_nsec / 1e9;
#else
    facts[1] = (double)st.st_atim.tv_sec + (double)st.st_atim.tv_nsec / 1e9;
    facts[2] = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
#endif
  }
  return NULL;
}

/* From so many on, a second thread pays that looks up half of them. */
#define MANY_FILES 2048

/* The second thread is gone when this returns. */
static void look_up_all(look all) {
  look half = all;
  pthread_t thread;
  sigset_t every, old;
  int helped = 0;
  if (all.to >= MANY_FILES) {
    half.from = all.to / 2;
    sigfillset(&every);
    pthread_sigmask(SIG_BLOCK, &every, &old);
    helped = pthread_create(&thread, NULL, look_up, &half) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (helped) all.to = half.from;
  }
  look_up(&all);
  if (helped) pthread_join(thread, NULL);
}

/* Room for one more element than n; NULL: no memory, and the old array is as it was. */
static void *grown(void *array, size_t n, size_t *room, size_t element) {
  if (n < *room) return array;
  void *more = realloc(array, (*room ? 2 * *room : 256) * element);
  if (more) *room = *room ? 2 * *room : 256;
  return more;
}

/* The names in a directory, and of each its size, atime and mtime (seconds, with fraction), NaN if it has none. */
static napi_value js_scandir(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(path, 0);
  DIR *d = opendir(path);
  struct dirent *e;
  size_t n = 0, room = 0, used = 0, size = 0, len;
  size_t *at = NULL;
  char *text = NULL;
  void *more, *data;
  int failed = 0;
  napi_value names, buffer, array, result;
  if (!d) return integer(env, -errno);
  napi_create_array(env, &names);
  while (errno = 0, (e = readdir(d))) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    len = strlen(e->d_name) + 1;
    if (!(more = grown(at, n, &room, sizeof *at))) break;
    at = more;
    while (size - used < len && (more = grown(text, size, &size, 1))) text = more;
    if (!more) break;
    memcpy(text + used, e->d_name, len);
    napi_set_element(env, names, (uint32_t)n, string(env, e->d_name, len - 1));
    at[n++] = used;
    used += len;
  }
  failed = errno;
  if (!failed && napi_create_arraybuffer(env, 3 * n * sizeof(double), &data, &buffer) != napi_ok) failed = ENOMEM;
  if (!failed) look_up_all((look){.dir = dirfd(d), .names = text, .at = at, .facts = data, .to = n});
  free(at);
  free(text);
  closedir(d);
  if (failed) return integer(env, -failed);
  napi_create_typedarray(env, napi_float64_array, 3 * n, buffer, 0, &array);
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, names);
  napi_set_element(env, result, 1, array);
  return result;
}

/* 1 if the path leads to the executable that is running now. */
static napi_value js_isself(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(path, 0);
#ifdef __linux__
  static struct stat self;
  static int known;
  struct stat st;
  if (!known) known = stat("/proc/self/exe", &self) == 0 ? 1 : -1;
  if (known == 1 && stat(path, &st) == 0) return integer(env, st.st_dev == self.st_dev && st.st_ino == self.st_ino);
#endif
  return integer(env, 0);
}

/* ---- sockets ----------------------------------------------------------- */

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} address;

/* IPv4 or IPv6 literal (no brackets; `%scope` on IPv6); 0: not one. */
static socklen_t to_address(address *a, const char *ip, int64_t port) {
  char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 2], *scope;
  memset(a, 0, sizeof *a);
  if (inet_pton(AF_INET, ip, &a->v4.sin_addr) == 1) {
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons((uint16_t)port);
    return sizeof a->v4;
  }
  if (strlen(ip) >= sizeof text) return 0;
  strcpy(text, ip);
  scope = strchr(text, '%');
  if (scope) *scope++ = 0;
  if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1) return 0;
  a->v6.sin6_family = AF_INET6;
  a->v6.sin6_port = htons((uint16_t)port);
  if (scope) {
    char *end;
    unsigned long n = strtoul(scope, &end, 10);
    a->v6.sin6_scope_id = *scope && !*end ? (uint32_t)n : if_nametoindex(scope);
    if (!a->v6.sin6_scope_id) return 0;
  }
  return sizeof a->v6;
}

/* [ip, port]; an IPv4-mapped address comes out as IPv4, a link-local one with its %interface. */
static napi_value from_address(napi_env env, const address *a) {
  char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 2] = "";
  int port = 0;
  napi_value v;
  if (a->any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof text);
    port = ntohs(a->v4.sin_port);
  } else if (a->any.sa_family == AF_INET6) {
    port = ntohs(a->v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr)) {
      inet_ntop(AF_INET, a->v6.sin6_addr.s6_addr + 12, text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof text);
      if (a->v6.sin6_scope_id && IN6_IS_ADDR_LINKLOCAL(&a->v6.sin6_addr)) {
        size_t l = strlen(text);
        text[l++] = '%';
        if (!if_indextoname(a->v6.sin6_scope_id, text + l)) snprintf(text + l, sizeof text - l, "%u", (unsigned)a->v6.sin6_scope_id);
      }
    }
  }
  napi_create_array_with_length(env, 2, &v);
  napi_set_element(env, v, 0, string(env, text, strlen(text)));
  napi_set_element(env, v, 1, integer(env, port));
  return v;
}

/* family 4 or 6; datagram 0 or 1 */
static napi_value js_socket(napi_env env, napi_callback_info info) {
  BEGIN(2);
  INT(family, 0);
  INT(datagram, 1);
  int fd = socket(family == 6 ? AF_INET6 : AF_INET, datagram ? SOCK_DGRAM : SOCK_STREAM, 0);
  if (fd != -1) cloexec(fd);
  return opened(env, fd);
}

#define ADDRESS(a, len, i)                                     \
  address a;                                                   \
  socklen_t len;                                               \
  {                                                            \
    char ip_[PATH_MAX];                                        \
    INT(port_, (i) + 1);                                       \
    if (!get_path(&c, i, ip_)) return integer(env, -EINVAL);   \
    len = to_address(&a, ip_, port_);                          \
    if (!len) return integer(env, -EADDRNOTAVAIL);             \
  }

static napi_value js_connect(napi_env env, napi_callback_info info) {
  BEGIN(3);
  FD(fd, 0);
  ADDRESS(a, len, 1);
  RETRY(r, connect(fd, &a.any, len));
  return outcome(env, r);
}

static napi_value js_bind(napi_env env, napi_callback_info info) {
  BEGIN(3);
  FD(fd, 0);
  ADDRESS(a, len, 1);
  return outcome(env, bind(fd, &a.any, len));
}

static napi_value js_listen(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(backlog, 1);
  return outcome(env, listen(fd, (int)backlog));
}

static napi_value js_accept(napi_env env, napi_callback_info info) {
  BEGIN(1);
  FD(fd, 0);
#ifdef __linux__
  RETRY(r, accept4(fd, NULL, NULL, SOCK_CLOEXEC));
#else
  RETRY(r, accept(fd, NULL, NULL));
  if (r >= 0) cloexec((int)r);
#endif
  return opened(env, r);
}

static napi_value js_sockname(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(peer, 1);
  address a;
  socklen_t len = sizeof a;
  memset(&a, 0, sizeof a);
  if ((peer ? getpeername(fd, &a.any, &len) : getsockname(fd, &a.any, &len)) == -1) return integer(env, -errno);
  return from_address(env, &a);
}

static napi_value js_shutdown(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(how, 1);
  return outcome(env, shutdown(fd, (int)how));
}

/* Options by number, so that TypeScript needs no platform's constants. */
static napi_value js_setsockopt(napi_env env, napi_callback_info info) {
  BEGIN(3);
  FD(fd, 0);
  INT(option, 1);
  INT(value, 2);
  int on = (int)value;
  struct linger linger = {.l_onoff = on >= 0, .l_linger = on};
  switch (option) {
    case 0: return outcome(env, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    case 1: return outcome(env, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    case 2: return outcome(env, setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
    case 3: return outcome(env, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    case 4: return outcome(env, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    case 5: return outcome(env, setsockopt(fd, IPPROTO_IP, IP_OPTIONS, NULL, 0));
  }
  return integer(env, -EINVAL);
}

/* 0, or the errno by which a non-blocking connect() has ended. */
static napi_value js_sockerror(napi_env env, napi_callback_info info) {
  BEGIN(1);
  FD(fd, 0);
  int e = 0;
  socklen_t len = sizeof e;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1) return integer(env, -errno);
  return integer(env, -e);
}

/* Addresses of the interfaces that are up. */
static napi_value js_ifaddrs(napi_env env, napi_callback_info info) {
  struct ifaddrs *list, *i;
  napi_value a;
  uint32_t n = 0;
  (void)info;
  if (getifaddrs(&list) == -1) return integer(env, -errno);
  napi_create_array(env, &a);
  for (i = list; i; i = i->ifa_next) {
    char text[INET6_ADDRSTRLEN];
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) continue;
    if (i->ifa_addr->sa_family == AF_INET)
      inet_ntop(AF_INET, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, text, sizeof text);
    else if (i->ifa_addr->sa_family == AF_INET6)
      inet_ntop(AF_INET6, &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, text, sizeof text);
    else
      continue;
    napi_set_element(env, a, n++, string(env, text, strlen(text)));
  }
  freeifaddrs(list);
  return a;
}

/* Normal form of an IPv4 or IPv6 literal; -EINVAL: it is none. */
static napi_value js_ip(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(text, 0);
  unsigned char raw[16];
  char out[INET6_ADDRSTRLEN];
  int family = inet_pton(AF_INET, text, raw) == 1 ? AF_INET : inet_pton(AF_INET6, text, raw) == 1 ? AF_INET6 : 0;
  if (!family || !inet_ntop(family, raw, out, sizeof out)) return integer(env, -EINVAL);
  return string(env, out, strlen(out));
}

static napi_value js_gethostname(napi_env env, napi_callback_info info) {
  char name[256];
  (void)info;
  if (gethostname(name, sizeof name - 1) == -1) return integer(env, -errno);
  name[sizeof name - 1] = 0;
  return string(env, name, strlen(name));
}

/* ---- processes --------------------------------------------------------- */

static int self_pipe = -1; /* where signal handlers write; see js_sigpipe */
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
static void fresh_start_for_exec(void) {
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

static void tell(int code) {
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

static void listen_to(pid_t pid, int fd) {
  stop_listening();
  if (own(fd) < 0) return;
  expected = pid;
  listener = fd;
}

/* One that is ending still counts: where no process is left for another, it has to be gone first. */
static int may_fork_again(void) {
  if (errno != EAGAIN || !ending) return 0;
  collect();
  return 1;
}

/* The code that a child tells; -1: it does not, and has to be waited for. */
static int hear(pid_t pid) {
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
static void hear_nobody(void) {
  stop_listening();
  ending = 0;
  if (teller != -1) {
    disown(teller);
    close(teller);
  }
  teller = -1;
}

/* Replaces the image; returns only -errno. */
static napi_value js_exec(napi_env env, napi_callback_info info) {
  BEGIN(3);
  PATH(path, 0);
  char **argv = vector_of(env, c.v[1]), **envp = vector_of(env, c.v[2]);
  int e;
  if (!argv || !envp) {
    e = errno;
  } else {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    collect();
    inherit_all(inheritable_list, inheritable_count);
    fresh_start_for_exec();
    execve(path, argv, envp);
    e = errno;
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
  }
  free_vector(argv);
  free_vector(envp);
  return integer(env, -e);
}

/* The first number above 2 and above all targets. */
static int above(const int32_t *map, size_t pairs) {
  int top = 2;
  size_t i;
  for (i = 0; i < pairs; ++i)
    if (map[2 * i + 1] > top) top = map[2 * i + 1];
  return top + 1;
}

/* Puts descriptors in place: pairs of from, to (from -1: close). All are
 * first copied above every target, so overlaps and swaps come out right. */
static int place(const int32_t *map, size_t pairs, int *high) {
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

#define MAX_MAP 64
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
      inherit_all(inheritable_list, inheritable_count);
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
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  int high[MAX_MAP], fd;
  size_t i;
  collect();
  if (place(map, pairs, high) == -1) return -1;
  for (i = 0; i < pairs; ++i) disown(map[2 * i + 1]);
  memset(presence, 0, sizeof presence);
  fresh_start();
  changed = 0;
  sigaction(SIGPIPE, &ignore, NULL);
  sigaction(SIGXFSZ, &ignore, NULL);
  self_pipe = -1;
  for (fd = 3; (size_t)fd < ours_size; ++fd)
    if (ours[fd] && fd != teller) {
      close(fd);
      ours[fd] = 0;
    }
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

/* What ps shows of this process. */
static napi_value js_title(napi_env env, napi_callback_info info) {
  BEGIN(1);
  char **argv = vector_of(env, c.v[0]);
  if (!argv) return integer(env, -errno);
  rename_process(argv);
  free_vector(argv);
  return integer(env, 0);
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
  if (flags & FORK_TELLS && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0) cloexec(ends[0]), cloexec(ends[1]);
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

/* ---- standing by -------------------------------------------------------- */

/* What a byte leads to: a text on descriptor 2, then a program, or just the end with this code. */
typedef struct {
  int byte; /* -1: the end of file, -2: any other */
  const char *text;
  int code;
  const char *path; /* NULL: none */
  char **argv;
} choice;

#define MAX_CHOICES 8

/* All that the child needs, in memory of its own. */
typedef struct {
  size_t size, used;
  size_t count;
  choice choices[MAX_CHOICES];
  char **envp;
} waiting;

static void *take(waiting *w, size_t n) {
  void *at = (char *)w + w->used;
  w->used += (n + 15) & ~(size_t)15;
  return w->used <= w->size ? at : NULL;
}

/* A copy of a vector within the child's memory. */
static char **copied(waiting *w, char **list) {
  size_t n = 0, i;
  while (list[n]) ++n;
  char **copy = take(w, (n + 1) * sizeof *copy);
  if (!copy) return NULL;
  for (i = 0; i < n; ++i) {
    copy[i] = take(w, strlen(list[i]) + 1);
    if (!copy[i]) return NULL;
    strcpy(copy[i], list[i]);
  }
  copy[n] = NULL;
  return copy;
}

/* Roughly what copies of a vector take. */
static size_t sized(char **list) {
  size_t n = 64;
  for (; *list; ++list) n += strlen(*list) + 48;
  return n;
}

#ifdef __linux__
static unsigned long hex(const char **at) {
  unsigned long n = 0;
  for (;; ++*at) {
    char c = **at;
    if (c >= '0' && c <= '9')
      n = n * 16 + (unsigned long)(c - '0');
    else if (c >= 'a' && c <= 'f')
      n = n * 16 + (unsigned long)(c - 'a' + 10);
    else
      return n;
  }
}

/* Only mappings from this size on are worth it, and none that the C library needs is as large. */
#define LARGE 0x40000

/* Gives one mapping's pages back: what is private and no library's, but for the stack, the thread's own block and `keep`. */
static void give_back(const char *line, const void *keep) {
  const char *at = line, *path = strchr(line, '/');
  char here;
  unsigned long from = hex(&at), to = (++at, hex(&at));
  const unsigned long used[] = {(unsigned long)keep, (unsigned long)&here, (unsigned long)__builtin_thread_pointer()};
  size_t i;
  for (i = 0; i < sizeof used / sizeof *used; ++i)
    if (used[i] >= from && used[i] < to) return;
  if (at[4] != 'p' || strstr(line, "[v") || strstr(line, "[stack")) return;
  if (path ? strstr(path, ".so") || strstr(path, ".node") : to - from < LARGE && !strstr(line, "[heap")) return;
  madvise((void *)from, to - from, MADV_DONTNEED);
}

/* The child runs nothing but what is in this file and a few system calls. */
static void give_memory_back(const void *keep) {
  char text[2048];
  size_t have = 0;
  ssize_t n;
  int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd == -1) return;
  while ((n = read(fd, text + have, sizeof text - 1 - have)) > 0) {
    char *line = text, *lf;
    have += (size_t)n;
    text[have] = 0;
    for (; (lf = strchr(line, '\n')); line = lf + 1) {
      *lf = 0;
      give_back(line, keep);
    }
    have -= (size_t)(line - text);
    memmove(text, line, have);
    if (have == sizeof text - 1) break;
  }
  close(fd);
}
#endif

/* Closes all above 2 but the targets of the map. */
static void close_rest(const int32_t *map, size_t pairs) {
  int fd, top = getdtablesize();
  size_t i;
  for (fd = 3; fd < top && fd < 65536; ++fd) {
    int next = top;
    for (i = 0; i < pairs; ++i)
      if (map[2 * i + 1] >= fd && map[2 * i + 1] < next) next = map[2 * i + 1];
#if defined(__linux__) && defined(SYS_close_range)
    if (next > fd && syscall(SYS_close_range, fd, next < top ? next - 1 : INT_MAX, 0) == 0) {
      fd = next;
      continue;
    }
#endif
    if (next > fd) close(fd);
  }
}

/* Waits for one byte and does what it leads to. */
static void stand_by(const waiting *w, int fd) {
  unsigned char byte;
  ssize_t n;
  size_t i;
  int key;
  do n = read(fd, &byte, 1);
  while (n == -1 && errno == EINTR);
  key = n == 1 ? byte : -1;
  for (i = 0; i + 1 < w->count && w->choices[i].byte != key && w->choices[i].byte != -2; ++i);
  const choice *c = &w->choices[i];
  if (*c->text && write(2, c->text, strlen(c->text)) == -1) {
    /* nobody reads it */
  }
  if (c->path) execve(c->path, c->argv, w->envp);
  _exit(c->code);
}

/* A child that has the descriptors of the map and no others above 2, and next to no memory. It reads one byte from a
 * descriptor; then it does what the first choice for that byte says: [byte as a character, `end` or `other`; text for
 * descriptor 2 with its LF; exit code; path, argv...]; without a path, or if that can't be run, it ends. */
static napi_value js_standby(napi_env env, napi_callback_info info) {
  BEGIN(4);
  void *data;
  size_t pairs, size = sizeof(waiting) + 256;
  uint32_t count = 0, i;
  char **lists[MAX_CHOICES] = {0}, **envp;
  waiting *w = MAP_FAILED;
  pid_t pid = -1;
  int e = EINVAL, ok = 1;
  sigset_t all, old;
  FD(fd, 0);
  if (!get_typed(&c, 1, napi_int32_array, 0, &data, &pairs) || pairs > 2 * MAX_MAP) return integer(env, -EINVAL);
  pairs /= 2;
  if (napi_get_array_length(env, c.v[2], &count) != napi_ok || !count || count > MAX_CHOICES) return integer(env, -EINVAL);
  if (!(envp = vector_of(env, c.v[3]))) return integer(env, -errno);
  size += sized(envp);
  for (i = 0; i < count; ++i) {
    napi_value item;
    napi_get_element(env, c.v[2], i, &item);
    lists[i] = vector_of(env, item);
    ok = ok && lists[i] && lists[i][0] && lists[i][1] && lists[i][2];
    if (lists[i]) size += sized(lists[i]);
  }
  if (ok) {
    /* Shared, lest it becomes part of a mapping that can be given back. */
    w = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    e = errno;
  }
  if (w != MAP_FAILED) {
    w->size = size;
    w->used = (sizeof *w + 15) & ~(size_t)15;
    w->count = count;
    w->envp = copied(w, envp);
    ok = w->envp != NULL;
    for (i = 0; i < count; ++i) {
      char **list = copied(w, lists[i]);
      if (!list) {
        ok = 0;
        break;
      }
      w->choices[i].byte = !strcmp(list[0], "end") ? -1 : !strcmp(list[0], "other") ? -2 : (unsigned char)list[0][0];
      w->choices[i].text = list[1];
      w->choices[i].code = atoi(list[2]);
      w->choices[i].path = list[3];
      w->choices[i].argv = list + 4;
    }
    e = ENOMEM;
    if (ok) {
      /* No handler of the runtime's may run in the child. */
      sigfillset(&all);
      sigprocmask(SIG_BLOCK, &all, &old);
      do pid = fork();
      while (pid == -1 && may_fork_again());
      e = errno;
      if (pid == 0) {
        int high[MAX_MAP];
        if (place(data, pairs, high) == -1) _exit(111);
        close_rest(data, pairs);
        inherit(2);
#ifdef __linux__
        give_memory_back(w);
#endif
        fresh_start_for_exec();
        stand_by(w, fd);
      }
      sigprocmask(SIG_SETMASK, &old, NULL);
    }
    munmap(w, size);
  }
  for (i = 0; i < count; ++i) free_vector(lists[i]);
  free_vector(envp);
  return integer(env, pid == -1 ? -e : pid);
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

/* ---- signals ------------------------------------------------------------ */

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

/* ---- users --------------------------------------------------------------- */

static napi_value js_setgroups(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(gid, 0);
  gid_t g = (gid_t)gid;
  return outcome(env, setgroups(1, &g));
}

static napi_value js_initgroups(napi_env env, napi_callback_info info) {
  BEGIN(2);
  PATH(name, 0);
  INT(gid, 1);
  return outcome(env, initgroups(name, (gid_t)gid));
}

/* Real, effective and saved id at once; afterwards core dumps stay off. */
static napi_value js_setgid(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(gid, 0);
  return outcome(env, setgid((gid_t)gid));
}

static napi_value js_setuid(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(uid, 0);
  return outcome(env, setuid((uid_t)uid));
}

static napi_value user(napi_env env, const struct passwd *p) {
  napi_value a;
  if (!p) {
    /* "no such user" comes as 0 or as one of several errnos; the rest is trouble */
    int none = errno == 0 || errno == ENOENT || errno == ESRCH || errno == EBADF || errno == EPERM;
    return integer(env, none ? 0 : -errno);
  }
  napi_create_array_with_length(env, 5, &a);
  napi_set_element(env, a, 0, string(env, p->pw_name, strlen(p->pw_name)));
  napi_set_element(env, a, 1, integer(env, p->pw_uid));
  napi_set_element(env, a, 2, integer(env, p->pw_gid));
  napi_set_element(env, a, 3, string(env, p->pw_dir, strlen(p->pw_dir)));
  napi_set_element(env, a, 4, string(env, p->pw_shell, strlen(p->pw_shell)));
  return a;
}

static napi_value js_getpwnam(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(name, 0);
  errno = 0;
  return user(env, getpwnam(name));
}

static napi_value js_getpwuid(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(uid, 0);
  errno = 0;
  return user(env, getpwuid((uid_t)uid));
}

/* gid, or -ENOENT: no such group */
static napi_value js_getgrnam(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(name, 0);
  struct group *g;
  errno = 0;
  g = getgrnam(name);
  if (g) return integer(env, g->gr_gid);
  return integer(env, errno ? -errno : -ENOENT);
}

/* 0: no core dumps and no ptrace by others; 1: as usual */
static napi_value js_dumpable(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(on, 0);
#ifdef __linux__
  return outcome(env, prctl(PR_SET_DUMPABLE, (unsigned long)on, 0, 0, 0));
#else
  struct rlimit none = {0, 0};
  return on ? integer(env, 0) : outcome(env, setrlimit(RLIMIT_CORE, &none));
#endif
}

/* ---- terminal, time, randomness, strings --------------------------------- */

/* Echo of a terminal on or off; -ENOTTY: it is none. */
static napi_value js_echo(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(on, 1);
  struct termios t;
  if (tcgetattr(fd, &t) == -1) return integer(env, -errno);
  if (on)
    t.c_lflag |= ECHO;
  else
    t.c_lflag &= ~(tcflag_t)ECHO;
  return outcome(env, tcsetattr(fd, TCSAFLUSH, &t));
}

/* 0: seconds since 1970; 1: milliseconds of a clock that never jumps */
static napi_value js_clock(napi_env env, napi_callback_info info) {
  BEGIN(1);
  INT(monotonic, 0);
  struct timespec t;
  if (clock_gettime(monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, &t) == -1) return integer(env, -errno);
  if (monotonic) return number(env, (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6);
  return number(env, (double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static napi_value js_random(napi_env env, napi_callback_info info) {
  BEGIN(3);
  RANGE(at, len, 0);
  while (len) {
    size_t n = len > 256 ? 256 : len;
#ifdef __linux__
    ssize_t r = getrandom(at, n, 0);
    if (r == -1 && errno == EINTR) continue;
    if (r == -1) return integer(env, -errno);
    n = (size_t)r;
#else
    if (getentropy(at, n) == -1) return integer(env, -errno);
#endif
    at += n;
    len -= n;
  }
  return integer(env, 0);
}

static napi_value js_latin1(napi_env env, napi_callback_info info) {
  BEGIN(3);
  RANGE(at, len, 0);
  return string(env, (const char *)at, len);
}

/* Writes the string's bytes at an offset; how many (as fit). */
static napi_value js_encode(napi_env env, napi_callback_info info) {
  BEGIN(4);
  RANGE(at, len, 1);
  size_t n = 0, want = 0;
  char last;
  if (napi_get_value_string_latin1(env, c.v[0], NULL, 0, &want) != napi_ok) return integer(env, -EINVAL);
  if (!len || !want) return integer(env, 0);
  if (want < len) {
    napi_get_value_string_latin1(env, c.v[0], (char *)at, len, &n); /* the NUL it adds has room */
    return integer(env, (int64_t)n);
  }
  /* the NUL would take the place of a byte: all but the last, then that one */
  {
    char *copy = malloc(want + 1);
    if (!copy) return integer(env, -ENOMEM);
    napi_get_value_string_latin1(env, c.v[0], copy, want + 1, &n);
    memcpy(at, copy, len);
    last = copy[len - 1];
    at[len - 1] = (unsigned char)last;
    free(copy);
  }
  return integer(env, (int64_t)len);
}

/* ---- table ---------------------------------------------------------------- */

static const struct {
  const char *name;
  napi_callback function;
} TABLE[] = {
    {"argv", js_argv},
    {"environ", js_environ},
    {"inheritable", js_inheritable},
    {"read", js_read},
    {"pread", js_pread},
    {"write", js_write},
    {"writesome", js_writesome},
    {"peek", js_peek},
    {"slurp", js_slurp},
    {"text", js_text},
    {"open", js_open},
    {"close", js_close},
    {"pipe", js_pipe},
    {"socketpair", js_socketpair},
    {"dup", js_dup},
    {"dup2", js_dup2},
    {"keep", js_keep},
    {"isopen", js_isopen},
    {"nonblock", js_nonblock},
    {"poll", js_poll},
    {"lseek", js_lseek},
    {"ftruncate", js_ftruncate},
    {"fsync", js_fsync},
    {"flock", js_flock},
    {"stat", js_stat},
    {"fstat", js_fstat},
    {"access", js_access},
    {"rename", js_rename},
    {"link", js_link},
    {"symlink", js_symlink},
    {"unlink", js_unlink},
    {"rmdir", js_rmdir},
    {"mkdir", js_mkdir},
    {"chmod", js_chmod},
    {"chown", js_chown},
    {"chdir", js_chdir},
    {"chroot", js_chroot},
    {"umask", js_umask},
    {"getcwd", js_getcwd},
    {"readlink", js_readlink},
    {"readdir", js_readdir},
    {"scandir", js_scandir},
    {"isself", js_isself},
    {"socket", js_socket},
    {"connect", js_connect},
    {"bind", js_bind},
    {"listen", js_listen},
    {"accept", js_accept},
    {"sockname", js_sockname},
    {"shutdown", js_shutdown},
    {"setsockopt", js_setsockopt},
    {"sockerror", js_sockerror},
    {"ifaddrs", js_ifaddrs},
    {"ip", js_ip},
    {"gethostname", js_gethostname},
    {"exec", js_exec},
    {"spawn", js_spawn},
    {"fork", js_fork},
    {"become", js_become},
    {"standby", js_standby},
    {"title", js_title},
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
    {"sigpipe", js_sigpipe},
    {"signal", js_signal},
    {"alarm", js_alarm},
    {"setgroups", js_setgroups},
    {"initgroups", js_initgroups},
    {"setgid", js_setgid},
    {"setuid", js_setuid},
    {"getpwnam", js_getpwnam},
    {"getpwuid", js_getpwuid},
    {"getgrnam", js_getgrnam},
    {"dumpable", js_dumpable},
    {"nofile", js_nofile},
    {"echo", js_echo},
    {"clock", js_clock},
    {"random", js_random},
    {"latin1", js_latin1},
    {"encode", js_encode},
};

/* The function of that name; undefined: there is none. Made when it is first
 * asked for: all of them at once would be a tenth of a program's start. */
static napi_value js_get(napi_env env, napi_callback_info info) {
  call c = enter(env, info);
  char name[32];
  size_t len, i;
  napi_value f = NULL;
  if (c.n < 1 || napi_get_value_string_latin1(env, c.v[0], name, sizeof name, &len) != napi_ok) return NULL;
  for (i = 0; i < sizeof TABLE / sizeof *TABLE; ++i)
    if (!strcmp(TABLE[i].name, name)) napi_create_function(env, name, len, TABLE[i].function, NULL, &f);
  return f;
}

NAPI_MODULE_INIT() {
  napi_value f;
  if (napi_create_function(env, "get", NAPI_AUTO_LENGTH, js_get, NULL, &f) != napi_ok) return NULL;
  if (napi_set_named_property(env, exports, "get", f) != napi_ok) return NULL;
  /* An executable and a shim that don't belong together must not run. */
  if (napi_set_named_property(env, exports, "version", string(env, VERSION, sizeof VERSION - 1)) != napi_ok) return NULL;
  return exports;
}
