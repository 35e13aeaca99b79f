/* Arguments and environment, and the name that ps shows. */
#define _GNU_SOURCE
#include "unix.h"
#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef __APPLE__
#include <crt_externs.h>
#endif

extern char **environ;

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
void rename_process(char **argv) {
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

/* What ps shows of this process. */
static napi_value js_title(napi_env env, napi_callback_info info) {
  BEGIN(1);
  char **argv = vector_of(env, c.v[0]);
  if (!argv) return integer(env, -errno);
  rename_process(argv);
  free_vector(argv);
  return integer(env, 0);
}

const entry NAME[] = {
    {"argv", js_argv},
    {"environ", js_environ},
    {"title", js_title},
    {0},
};
