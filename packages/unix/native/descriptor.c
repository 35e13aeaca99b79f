/* What is done to descriptors of every kind. */
#define _GNU_SOURCE
#include "unix.h"
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <termios.h>

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

/* Another program is to find out for itself. */
void forget_absent(void) { memset(presence, 0, sizeof presence); }

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

void cloexec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

/* A pipe, close-on-exec: 0 or -1. */
int pipe_of(int *fds) {
#ifdef __linux__
  return pipe2(fds, O_CLOEXEC);
#else
  int r = pipe(fds);
  if (r == 0) cloexec(fds[0]), cloexec(fds[1]);
  return r;
#endif
}

static napi_value js_pipe(napi_env env, napi_callback_info info) {
  int fds[2], r = pipe_of(fds);
  (void)info;
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
    if (to <= 2) presence[to] = 0;
    bequeath(to);
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
    bequeath(fd);
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
  int flags = fcntl(fd, F_GETFD);
  if (flags == -1) return integer(env, -errno);
  if (fd <= 2) return integer(env, absent(env, fd) ? -EBADF : 0);
  if (is_teller(fd)) return integer(env, -EBADF);
  return integer(env, is_ours(fd) || was_there(fd) ? 0 : -EBADF);
}

static napi_value js_nonblock(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(on, 1);
  int flags = fcntl(fd, F_GETFL);
  if (flags == -1) return integer(env, -errno);
  return outcome(env, fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

#define SOON 5 /* milliseconds, in which it certainly has ended */

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
  if (is_ending() && (ms == -1 || ms > SOON)) {
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

const entry DESCRIPTORS[] = {
    {"read", js_read},
    {"pread", js_pread},
    {"write", js_write},
    {"writesome", js_writesome},
    {"peek", js_peek},
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
    {"echo", js_echo},
    {0},
};
