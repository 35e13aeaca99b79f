/* Users and groups. */
#define _GNU_SOURCE
#include "unix.h"
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

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

const entry USERS[] = {
    {"setgroups", js_setgroups},
    {"initgroups", js_initgroups},
    {"setgid", js_setgid},
    {"setuid", js_setuid},
    {"getpwnam", js_getpwnam},
    {"getpwuid", js_getpwuid},
    {"getgrnam", js_getgrnam},
    {"dumpable", js_dumpable},
    {0},
};
