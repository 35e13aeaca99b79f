/* A child that waits for one byte, and has next to no memory. */
#define _GNU_SOURCE
#include "unix.h"
#include <sys/mman.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

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

const entry STANDBY[] = {
    {"standby", js_standby},
    {0},
};
