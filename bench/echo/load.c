/*
 * A light load for echo servers: every connection sends a message, waits for all of it, and sends the next.
 *
 *   cc -O2 -o load load.c
 *   ./load PORT CONNECTIONS MESSAGE_SIZE MESSAGES [udp]
 *
 * Prints the messages per second. It takes a few percent of the time of the servers measured with it.
 */
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

int main(int argc, char **argv) {
  if (argc < 5) return fprintf(stderr, "load PORT CONNECTIONS MESSAGE_SIZE MESSAGES [udp]\n"), 2;
  int type = argc > 5 ? SOCK_DGRAM : SOCK_STREAM;
  int port = atoi(argv[1]), count = atoi(argv[2]);
  size_t size = atol(argv[3]);
  long messages = atol(argv[4]);
  memset(message, 'x', sizeof message);
  message[size - 1] = '\n';

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
      if (c->received < size) continue;
      c->received = 0;
      left--;
      if (unsent-- > 0) send_message(c->fd, size);
    }
  }
  printf("%.0f\n", messages / (now() - start));
  return 0;
}
