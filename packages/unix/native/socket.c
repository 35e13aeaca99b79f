/* Sockets, and addresses as text. */
#define _GNU_SOURCE
#include "unix.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} address;

/* IPv4 or IPv6 literal (no brackets; `%scope` on IPv6); 0: not one. */
static socklen_t to_address(address *a, const char *ip, int64_t port) {
  char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 2], *scope;
  memset(a, 0, sizeof *a);
  if (inet_pton(AF_INET, ip, &a->v4.sin_addr) == 1) {
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons((uint16_t)port);
    return sizeof a->v4;
  }
  if (strlen(ip) >= sizeof text) return 0;
  strcpy(text, ip);
  scope = strchr(text, '%');
  if (scope) *scope++ = 0;
  if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1) return 0;
  a->v6.sin6_family = AF_INET6;
  a->v6.sin6_port = htons((uint16_t)port);
  if (scope) {
    char *end;
    unsigned long n = strtoul(scope, &end, 10);
    a->v6.sin6_scope_id = *scope && !*end ? (uint32_t)n : if_nametoindex(scope);
    if (!a->v6.sin6_scope_id) return 0;
  }
  return sizeof a->v6;
}

/* [ip, port]; an IPv4-mapped address comes out as IPv4, a link-local one with its %interface. */
static napi_value from_address(napi_env env, const address *a) {
  char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 2] = "";
  int port = 0;
  napi_value v;
  if (a->any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof text);
    port = ntohs(a->v4.sin_port);
  } else if (a->any.sa_family == AF_INET6) {
    port = ntohs(a->v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr)) {
      inet_ntop(AF_INET, a->v6.sin6_addr.s6_addr + 12, text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof text);
      if (a->v6.sin6_scope_id && IN6_IS_ADDR_LINKLOCAL(&a->v6.sin6_addr)) {
        size_t l = strlen(text);
        text[l++] = '%';
        if (!if_indextoname(a->v6.sin6_scope_id, text + l)) snprintf(text + l, sizeof text - l, "%u", (unsigned)a->v6.sin6_scope_id);
      }
    }
  }
  napi_create_array_with_length(env, 2, &v);
  napi_set_element(env, v, 0, string(env, text, strlen(text)));
  napi_set_element(env, v, 1, integer(env, port));
  return v;
}

/* family 4 or 6; datagram 0 or 1 */
static napi_value js_socket(napi_env env, napi_callback_info info) {
  BEGIN(2);
  INT(family, 0);
  INT(datagram, 1);
  int fd = socket(family == 6 ? AF_INET6 : AF_INET, datagram ? SOCK_DGRAM : SOCK_STREAM, 0);
  if (fd != -1) cloexec(fd);
  return opened(env, fd);
}

#define ADDRESS(a, len, i)                                     \
  address a;                                                   \
  socklen_t len;                                               \
  {                                                            \
    char ip_[PATH_MAX];                                        \
    INT(port_, (i) + 1);                                       \
    if (!get_path(&c, i, ip_)) return integer(env, -EINVAL);   \
    len = to_address(&a, ip_, port_);                          \
    if (!len) return integer(env, -EADDRNOTAVAIL);             \
  }

static napi_value js_connect(napi_env env, napi_callback_info info) {
  BEGIN(3);
  FD(fd, 0);
  ADDRESS(a, len, 1);
  RETRY(r, connect(fd, &a.any, len));
  return outcome(env, r);
}

static napi_value js_bind(napi_env env, napi_callback_info info) {
  BEGIN(3);
  FD(fd, 0);
  ADDRESS(a, len, 1);
  return outcome(env, bind(fd, &a.any, len));
}

static napi_value js_listen(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(backlog, 1);
  return outcome(env, listen(fd, (int)backlog));
}

static napi_value js_accept(napi_env env, napi_callback_info info) {
  BEGIN(1);
  FD(fd, 0);
#ifdef __linux__
  RETRY(r, accept4(fd, NULL, NULL, SOCK_CLOEXEC));
#else
  RETRY(r, accept(fd, NULL, NULL));
  if (r >= 0) cloexec((int)r);
#endif
  return opened(env, r);
}

static napi_value js_sockname(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(peer, 1);
  address a;
  socklen_t len = sizeof a;
  memset(&a, 0, sizeof a);
  if ((peer ? getpeername(fd, &a.any, &len) : getsockname(fd, &a.any, &len)) == -1) return integer(env, -errno);
  return from_address(env, &a);
}

static napi_value js_shutdown(napi_env env, napi_callback_info info) {
  BEGIN(2);
  FD(fd, 0);
  INT(how, 1);
  return outcome(env, shutdown(fd, (int)how));
}

/* Options by number, so that TypeScript needs no platform's constants. */
static napi_value js_setsockopt(napi_env env, napi_callback_info info) {
  BEGIN(3);
  FD(fd, 0);
  INT(option, 1);
  INT(value, 2);
  int on = (int)value;
  struct linger linger = {.l_onoff = on >= 0, .l_linger = on};
  switch (option) {
    case 0: return outcome(env, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    case 1: return outcome(env, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    case 2: return outcome(env, setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
    case 3: return outcome(env, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    case 4: return outcome(env, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    case 5: return outcome(env, setsockopt(fd, IPPROTO_IP, IP_OPTIONS, NULL, 0));
  }
  return integer(env, -EINVAL);
}

/* 0, or the errno by which a non-blocking connect() has ended. */
static napi_value js_sockerror(napi_env env, napi_callback_info info) {
  BEGIN(1);
  FD(fd, 0);
  int e = 0;
  socklen_t len = sizeof e;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1) return integer(env, -errno);
  return integer(env, -e);
}

/* Addresses of the interfaces that are up. */
static napi_value js_ifaddrs(napi_env env, napi_callback_info info) {
  struct ifaddrs *list, *i;
  napi_value a;
  uint32_t n = 0;
  (void)info;
  if (getifaddrs(&list) == -1) return integer(env, -errno);
  napi_create_array(env, &a);
  for (i = list; i; i = i->ifa_next) {
    char text[INET6_ADDRSTRLEN];
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) continue;
    if (i->ifa_addr->sa_family == AF_INET)
      inet_ntop(AF_INET, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, text, sizeof text);
    else if (i->ifa_addr->sa_family == AF_INET6)
      inet_ntop(AF_INET6, &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, text, sizeof text);
    else
      continue;
    napi_set_element(env, a, n++, string(env, text, strlen(text)));
  }
  freeifaddrs(list);
  return a;
}

/* Normal form of an IPv4 or IPv6 literal; -EINVAL: it is none. */
static napi_value js_ip(napi_env env, napi_callback_info info) {
  BEGIN(1);
  PATH(text, 0);
  unsigned char raw[16];
  char out[INET6_ADDRSTRLEN];
  int family = inet_pton(AF_INET, text, raw) == 1 ? AF_INET : inet_pton(AF_INET6, text, raw) == 1 ? AF_INET6 : 0;
  if (!family || !inet_ntop(family, raw, out, sizeof out)) return integer(env, -EINVAL);
  return string(env, out, strlen(out));
}

static napi_value js_gethostname(napi_env env, napi_callback_info info) {
  char name[256];
  (void)info;
  if (gethostname(name, sizeof name - 1) == -1) return integer(env, -errno);
  name[sizeof name - 1] = 0;
  return string(env, name, strlen(name));
}

const entry SOCKETS[] = {
    {"socket", js_socket},
    {"connect", js_connect},
    {"bind", js_bind},
    {"listen", js_listen},
    {"accept", js_accept},
    {"sockname", js_sockname},
    {"shutdown", js_shutdown},
    {"setsockopt", js_setsockopt},
    {"sockerror", js_sockerror},
    {"ifaddrs", js_ifaddrs},
    {"ip", js_ip},
    {"gethostname", js_gethostname},
    {0},
};
