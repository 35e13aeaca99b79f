/* Values from and to JavaScript. */
#define _GNU_SOURCE
#include "unix.h"


call enter(napi_env env, napi_callback_info info) {
  call c = {.env = env, .n = MAX_ARGS};
  napi_get_cb_info(env, info, &c.n, c.v, NULL, NULL);
  return c;
}

napi_value number(napi_env env, double d) {
  napi_value v = NULL;
  napi_create_double(env, d, &v);
  return v;
}

napi_value integer(napi_env env, int64_t i) {
  napi_value v = NULL;
  if (i >= INT32_MIN && i <= INT32_MAX)
    napi_create_int32(env, (int32_t)i, &v);
  else
    napi_create_double(env, (double)i, &v);
  return v;
}

napi_value outcome(napi_env env, int64_t result) {
  return integer(env, result < 0 ? -errno : result);
}

napi_value string(napi_env env, const char *s, size_t len) {
  napi_value v = NULL;
  napi_create_string_latin1(env, s, len, &v);
  return v;
}

int get_int(call *c, size_t i, int64_t *out) {
  double d;
  if (i >= c->n || napi_get_value_double(c->env, c->v[i], &d) != napi_ok) return 0;
  if (!(d >= -9007199254740992.0 && d <= 9007199254740992.0)) return 0;
  *out = (int64_t)d;
  return 1;
}

int get_fd(call *c, size_t i, int *fd) {
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
int get_path(call *c, size_t i, char *path) {
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
int get_range(call *c, size_t i, unsigned char **at, size_t *len) {
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

int get_typed(call *c, size_t i, napi_typedarray_type want, size_t least, void **data, size_t *size) {
  napi_typedarray_type type;
  if (i >= c->n || napi_get_typedarray_info(c->env, c->v[i], &type, size, data, NULL, NULL) != napi_ok) return 0;
  return type == want && *size >= least;
}

/* An array of strings as a NULL-ended vector. NULL: errno says why. */
char **vector_of(napi_env env, napi_value v) {
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

void free_vector(char **list) {
  char **p;
  if (!list) return;
  for (p = list; *p; ++p) free(*p);
  free(list);
}

napi_value array_of(napi_env env, char **list) {
  napi_value a = NULL;
  uint32_t n = 0;
  napi_create_array(env, &a);
  for (; list && list[n]; ++n) napi_set_element(env, a, n, string(env, list[n], strlen(list[n])));
  return a;
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

const entry VALUES[] = {
    {"latin1", js_latin1},
    {"encode", js_encode},
    {0},
};
