/* Time and randomness. */
#define _GNU_SOURCE
#include "unix.h"
#include <time.h>
#ifdef __linux__
#include <sys/random.h>
#endif

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

const entry CLOCK[] = {
    {"clock", js_clock},
    {"random", js_random},
    {0},
};
