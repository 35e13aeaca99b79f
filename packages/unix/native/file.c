/* What is done by paths. */
#define _GNU_SOURCE
#include "unix.h"
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

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

/* A copy as a typed array of so many elements; NULL: no memory. */
static napi_value typed(napi_env env, napi_typedarray_type type, const void *from, size_t size, size_t count) {
  napi_value buffer, array = NULL;
  void *data;
  if (napi_create_arraybuffer(env, size, &data, &buffer) != napi_ok) return NULL;
  if (size && from) memcpy(data, from, size);
  napi_create_typedarray(env, type, count, buffer, 0, &array);
  return array;
}

/* A whole file as a Uint8Array, or -errno. */
static napi_value js_slurp(napi_env env, napi_callback_info info) {
  BEGIN(2);
  PATH(path, 0);
  INT(max, 1);
  unsigned char *text;
  size_t len;
  napi_value array;
  int e = read_file(path, max, &text, &len);
  if (e) return integer(env, e);
  array = typed(env, napi_uint8_array, text, len, len);
  free(text);
  return array ? array : integer(env, -ENOMEM);
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

/* So many names are handed over at once: from so many on, a second thread pays that looks up some of them. */
enum { BLOCK_NAMES = 1024, BLOCK_TEXT = 64 << 10 };

typedef struct block {
  struct block *next;
  uint32_t n, used;
  uint32_t ends[BLOCK_NAMES];
  double facts[3 * BLOCK_NAMES];
  char text[BLOCK_TEXT]; /* the names, each ended by a NUL */
} block;

/* A directory that one thread reads while another looks up what has been read. */
typedef struct {
  int dir;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  block *waiting; /* the first that nobody has taken */
  int complete;   /* there will be no more */
} scan;

static void look_up(int dir, block *b) {
  uint32_t i;
  for (i = 0; i < b->n; ++i) {
    double *facts = b->facts + 3 * i;
    struct stat st;
    if (fstatat(dir, b->text + (i ? b->ends[i - 1] + 1 : 0), &st, 0) == -1) {
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
}

/* NULL: there are no more. */
static block *taken(scan *s) {
  block *b;
  pthread_mutex_lock(&s->lock);
  while (!s->waiting && !s->complete) pthread_cond_wait(&s->changed, &s->lock);
  b = s->waiting;
  if (b) s->waiting = b->next;
  pthread_mutex_unlock(&s->lock);
  return b;
}

/* A block behind the one before it; none: there are no more. */
static void hand_over(scan *s, block *before, block *b) {
  pthread_mutex_lock(&s->lock);
  if (before) before->next = b;
  if (!s->waiting) s->waiting = b;
  s->complete = !b;
  pthread_cond_signal(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

static void *look_up_all(void *what) {
  scan *s = what;
  block *b;
  while ((b = taken(s))) look_up(s->dir, b);
  return NULL;
}

/* It is to get no signals. */
static int helped(pthread_t *thread, scan *s) {
  sigset_t every, old;
  int e;
  sigfillset(&every);
  pthread_sigmask(SIG_BLOCK, &every, &old);
  e = pthread_create(thread, NULL, look_up_all, s);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return e == 0;
}

/* All blocks of a directory, looked up; *failed: 0 or an errno. */
static block *scanned(DIR *d, int *failed) {
  scan s = {.dir = dirfd(d), .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  block *first = NULL, *before = NULL, *b = NULL;
  struct dirent *e;
  pthread_t thread;
  int running = 0;
  while (errno = 0, (e = readdir(d))) {
    size_t size = strlen(e->d_name) + 1;
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    if (!b || b->n == BLOCK_NAMES || BLOCK_TEXT - b->used < size) {
      if (b) {
        hand_over(&s, before, b);
        if (!running) running = helped(&thread, &s);
        before = b;
      }
      if (!(b = malloc(sizeof *b))) break;
      b->next = NULL;
      b->n = b->used = 0;
      if (!first) first = b;
    }
    memcpy(b->text + b->used, e->d_name, size);
    b->used += (uint32_t)size;
    b->ends[b->n++] = b->used - 1;
  }
  *failed = errno;
  if (b) hand_over(&s, before, b);
  hand_over(&s, NULL, NULL);
  look_up_all(&s);
  if (running) pthread_join(thread, NULL);
  return first;
}

/* The names in a directory, where they end, and of each its size, atime and mtime (seconds, with fraction), NaN if it
 * has none. */
static napi_value js_scandir(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(path, 0);
  DIR *d = opendir(path);
  block *first, *b, *next;
  size_t n = 0, used = 0, i;
  int failed;
  napi_value parts[3], result = NULL;
  void *at[3];
  if (!d) return integer(env, -errno);
  first = scanned(d, &failed);
  closedir(d);
  for (b = first; b; b = b->next) n += b->n, used += b->used;
  if (!failed && used > UINT32_MAX) failed = EFBIG;
  parts[0] = typed(env, napi_uint8_array, NULL, used, used);
  parts[1] = typed(env, napi_uint32_array, NULL, n * sizeof *b->ends, n);
  parts[2] = typed(env, napi_float64_array, NULL, 3 * n * sizeof *b->facts, 3 * n);
  if (!failed && (!parts[0] || !parts[1] || !parts[2])) failed = ENOMEM;
  if (!failed) {
    for (i = 0; i < 3; ++i) napi_get_typedarray_info(env, parts[i], NULL, NULL, &at[i], NULL, NULL);
    n = used = 0;
    for (b = first; b; b = b->next) {
      memcpy((char *)at[0] + used, b->text, b->used);
      for (i = 0; i < b->n; ++i) ((uint32_t *)at[1])[n + i] = (uint32_t)used + b->ends[i];
      memcpy((double *)at[2] + 3 * n, b->facts, 3 * b->n * sizeof *b->facts);
      n += b->n;
      used += b->used;
    }
    napi_create_array_with_length(env, 3, &result);
    for (i = 0; i < 3; ++i) napi_set_element(env, result, (uint32_t)i, parts[i]);
  }
  for (b = first; b; b = next) next = b->next, free(b);
  return failed ? integer(env, -failed) : result;
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

const entry FILES[] = {
    {"slurp", js_slurp},
    {"text", js_text},
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
    {0},
};
