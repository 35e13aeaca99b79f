/* Whose descriptor it is. */
#define _GNU_SOURCE
#include "unix.h"
#include <dirent.h>
#include <stdio.h>

/*
 * The runtime marks inherited descriptors above 3 close-on-exec at its start,
 * so that flag can't tell an inherited descriptor from one of ours. This table
 * can: a nonzero byte means opened here and not to be inherited.
 */
static unsigned char *ours;
static size_t ours_size;

int own(int fd) {
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

void disown(int fd) {
  if ((size_t)fd < ours_size) ours[fd] = 0;
}

int is_ours(int fd) { return (size_t)fd < ours_size && ours[fd]; }

/* True for the epoll, event and timer descriptors of the runtime itself. */
int is_runtimes(int fd) {
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

void inherit(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags != -1 && (flags & FD_CLOEXEC)) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

static int *inheritable_list; /* NULL: all that is not ours nor the runtime's */
static size_t inheritable_count;

/* Clears close-on-exec on all that the next image is to have. On Node, which
 * has many descriptors of its own, only listed ones (and 0-2) are inherited. */
void inherit_all(void) {
  size_t i;
  inherit(0);
  inherit(1);
  inherit(2);
  if (inheritable_list) {
    for (i = 0; i < inheritable_count; ++i)
      if (!is_ours(inheritable_list[i])) inherit(inheritable_list[i]);
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

/* Nothing that is open above 2 now is to reach the next program: the next exec closes it, or what does without one. */
void keep_back(int exec) {
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

/* True if it was there before the runtime. */
int was_there(int fd) {
  size_t i = 0;
  if (!inheritable_list) return !is_runtimes(fd);
  while (i < inheritable_count && inheritable_list[i] != fd) ++i;
  return i < inheritable_count;
}

/* Whoever has opened it, it is to be inherited. */
void bequeath(int fd) {
  disown(fd);
  if (inheritable_list && fd > 2 && own(fd) >= 0) ours[fd] = 2;
}

/* Closes all that is ours but one. */
void close_ours(int but) {
  int fd;
  for (fd = 3; (size_t)fd < ours_size; ++fd)
    if (ours[fd] && fd != but) {
      close(fd);
      ours[fd] = 0;
    }
}

napi_value opened(napi_env env, int64_t fd) {
  if (fd < 0) return integer(env, -errno);
  return integer(env, own((int)fd) < 0 ? -errno : fd);
}

const entry OWNER[] = {
    {"inheritable", js_inheritable},
    {0},
};
