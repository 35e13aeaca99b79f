/*
 * The system calls that moreqmail uses, as one N-API module. Each file decides
 * one thing and has a table of the functions that JavaScript can call.
 *
 * Conventions, for every one of those:
 * - an error is returned as a negative errno, never thrown (-EINVAL also for
 *   an argument of the wrong type, a range outside its buffer, or a string
 *   with a NUL in it);
 * - strings are byte strings, one latin1 character for each byte;
 * - a new descriptor is close-on-exec and "ours" (see owner.c) until keep();
 * - EINTR is retried, except in poll().
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <node_api.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef struct {
  const char *name;
  napi_callback function;
} entry;

/* Each ends with an entry without a name. */
extern const entry CLOCK[], DESCRIPTORS[], FILES[], NAME[], OWNER[], PROCESSES[], SIGNALS[], SOCKETS[], STANDBY[], USERS[],
    VALUES[];

/* ---- value.c -------------------------------------------------------------- */

#define MAX_ARGS 6

typedef struct {
  napi_env env;
  size_t n;
  napi_value v[MAX_ARGS];
} call;

call enter(napi_env env, napi_callback_info info);
int get_int(call *c, size_t i, int64_t *out);
int get_fd(call *c, size_t i, int *fd);
int get_path(call *c, size_t i, char *path);
int get_range(call *c, size_t i, unsigned char **at, size_t *len);
int get_typed(call *c, size_t i, napi_typedarray_type want, size_t least, void **data, size_t *size);
char **vector_of(napi_env env, napi_value v);
void free_vector(char **list);

napi_value number(napi_env env, double d);
napi_value integer(napi_env env, int64_t i);
napi_value outcome(napi_env env, int64_t result);
napi_value string(napi_env env, const char *s, size_t len);
napi_value array_of(napi_env env, char **list);

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

/* ---- owner.c -------------------------------------------------------------- */

int own(int fd);
void disown(int fd);
int is_ours(int fd);
int is_runtimes(int fd);
int was_there(int fd);
void inherit(int fd);
void inherit_all(void);
void bequeath(int fd);
void keep_back(int exec);
void close_ours(int but);
napi_value opened(napi_env env, int64_t fd);

/* ---- told.c --------------------------------------------------------------- */

extern int teller;

void tell_by(int fd, int least);
int is_teller(int fd);
void tell(int code);
void listen_to(pid_t pid, int fd);
int hear(pid_t pid);
void hear_nobody(void);
int is_ending(void);
void collect(void);
int may_fork_again(void);

/* ---- the others ----------------------------------------------------------- */

void cloexec(int fd);     /* descriptor.c */
int pipe_of(int *fds);    /* descriptor.c */
void forget_absent(void); /* descriptor.c */

void fresh_start_for_exec(void); /* fresh.c */
void fresh_start_within(void);   /* fresh.c */
void ignore_broken(void);        /* fresh.c */

void rename_process(char **argv); /* name.c */

#define MAX_MAP 64
int above(const int32_t *map, size_t pairs);             /* process.c */
int place(const int32_t *map, size_t pairs, int *high); /* process.c */
