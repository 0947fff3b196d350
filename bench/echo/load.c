/*
 * A light load for echo servers: every connection sends a message, waits for all of it, and sends the next.
 * With http it sends requests, whose answers have all the same size.
 *
 *   cc -O2 -o load load.c
 *   ./load PORT CONNECTIONS MESSAGE_SIZE MESSAGES [udp | http]
 *
 * Prints the messages per second. It takes a few percent of the time of the servers measured with it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
  int fd;
  size_t received;
};

static char message[1 << 20];
static char buffer[1 << 20];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void send_message(int fd, size_t size) {
  for (size_t sent = 0; sent < size;) {
    ssize_t n = write(fd, message + sent, size - sent);
    if (n <= 0) die("write");
    sent += n;
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/* The size of the answer that begins in the buffer. */
static size_t answer_size(void) {
  char *body = strstr(buffer, "\r\n\r\n"), *length = strcasestr(buffer, "content-length: ");
  if (body == NULL || length == NULL) return fprintf(stderr, "no answer: %s\n", buffer), exit(1), 0;
  return body + 4 - buffer + atol(length + 16);
}

int main(int argc, char **argv) {
  if (argc < 5) return fprintf(stderr, "load PORT CONNECTIONS MESSAGE_SIZE MESSAGES [udp | http]\n"), 2;
  int is_http = argc > 5 && strcmp(argv[5], "http") == 0;
  int type = argc > 5 && !is_http ? SOCK_DGRAM : SOCK_STREAM;
  int port = atoi(argv[1]), count = atoi(argv[2]);
  size_t size = atol(argv[3]);
  long messages = atol(argv[4]);
  memset(message, 'x', sizeof message);
  message[size - 1] = '\n';
  size_t answer = size;
  if (is_http) {
    size = sprintf(message, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answer = 0;
  }

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int epoll = epoll_create1(0);
  struct connection *connections = calloc(count, sizeof *connections);
  for (int i = 0; i < count; i++) {
    struct connection *c = &connections[i];
    c->fd = socket(AF_INET, type, 0);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    int one = 1;
    if (type == SOCK_STREAM) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
  }

  double start = now();
  for (int i = 0; i < count; i++) send_message(connections[i].fd, size);
  long left = messages, unsent = messages - count;
  struct epoll_event events[512];
  while (left > 0) {
    int n = epoll_wait(epoll, events, 512, 10000);
    if (n <= 0) return fprintf(stderr, "no answer\n"), 1;
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      ssize_t got = read(c->fd, buffer, sizeof buffer);
      if (got <= 0) die("read");
      c->received += got;
      if (answer == 0) answer = answer_size();
      if (c->received < answer) continue;
      c->received = 0;
      left--;
      if (unsent-- > 0) send_message(c->fd, size);
    }
  }
  printf("%.0f\n", messages / (now() - start));
  return 0;
}
