/*
** bare_civetweb.c BYTES - the reference of the part `http`: civetweb alone with 50 threads, as its examples use it,
** which answers every request with the same body of so many bytes. Prints its port, and ends with its standard
** input.
*/
#include <civetweb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char head[256], *body;
static size_t head_bytes, body_bytes;

static int answer(struct mg_connection *c) {
  mg_write(c, body, head_bytes + body_bytes);
  return 200;
}

int main(int argc, char **argv) {
  const char *options[] = { "listening_ports",
                            "127.0.0.1:0",
                            "num_threads",
                            "50",
                            "enable_keep_alive",
                            "yes",
                            "keep_alive_timeout_ms",
                            "20000",
                            "tcp_nodelay",
                            "1",
                            NULL };
  struct mg_callbacks callbacks = { .begin_request = answer };
  struct mg_server_port port = { 0 };
  body_bytes = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
  int n = snprintf(head, sizeof head,
                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                   body_bytes);
  head_bytes = (size_t)n;
  body = malloc(head_bytes + body_bytes);
  if (!body) return 1;
  memcpy(body, head, head_bytes);
  memset(body + head_bytes, 'x', body_bytes);
  mg_init_library(0);
  struct mg_context *web = mg_start(&callbacks, NULL, options);
  if (!web || mg_get_server_ports(web, 1, &port) != 1) return 1;
  printf("%d\n", port.port);
  fflush(stdout);
  while (getchar() != EOF) continue;
  mg_stop(web);
  free(body);
  return 0;
}
