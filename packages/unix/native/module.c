/* The module: gives functions by their names. */
#define _GNU_SOURCE
#include "unix.h"

#ifndef VERSION
#define VERSION ""
#endif

static const entry *const TABLES[] = {
    CLOCK, DESCRIPTORS, FILES, NAME, OWNER, PROCESSES, SIGNALS, SOCKETS, STANDBY, USERS, VALUES,
};

/* The function of that name; undefined: there is none. Made when it is first
 * asked for: all of them at once would be a tenth of a program's start. */
static napi_value js_get(napi_env env, napi_callback_info info) {
  call c = enter(env, info);
  char name[32];
  size_t len, i;
  const entry *e;
  napi_value f = NULL;
  if (c.n < 1 || napi_get_value_string_latin1(env, c.v[0], name, sizeof name, &len) != napi_ok) return NULL;
  for (i = 0; i < sizeof TABLES / sizeof *TABLES; ++i)
    for (e = TABLES[i]; e->name; ++e)
      if (!strcmp(e->name, name)) napi_create_function(env, name, len, e->function, NULL, &f);
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
