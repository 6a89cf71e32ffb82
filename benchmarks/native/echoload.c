// echoload: load on a server that echoes frames of a 4-byte big-endian length and its payload; one thread, epoll.
//
//   echoload HOST PORT CONNECTIONS DEPTH PAYLOAD_BYTES SECONDS [WARM_UP_SECONDS [MESSAGES_PER_SECOND]]
//
// Without a rate it is a closed loop: DEPTH messages in flight on each connection. With one it is an open loop: bursts
// of DEPTH messages, due at times fixed in advance, one connection after the other; latency counts from the due time.
// Prints "measuring" when the warm-up is over and one "result" line at the end, as EchoLoad.java does.
//
// All frames are alike, so the stream is periodic: bytes still to be written are a number, and writing them is a matter
// of starting at the right place of one shared pattern.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    LENGTH_BYTES = 4,
    SCRATCH_BYTES = 1 << 18,
    PATTERN_BYTES = 1 << 16,
    MOST_UNANSWERED = 1 << 16,
    EVENTS = 256,
    SUB_BITS = 8,                       // histogram: 2^8 steps in each power of two, an error below 0.4 %
    BUCKETS = (64 - SUB_BITS + 1) << SUB_BITS
};

typedef struct {
    uint64_t counts[BUCKETS];
    uint64_t total;
    uint64_t max;
} histogram;

typedef struct {
    int fd;
    int wants_write;
    uint64_t *sent;                     // ring of send times, its length a power of two
    uint64_t ring;
    uint64_t oldest, next;
    uint64_t unwritten;
    uint64_t partial;
} connection;

typedef struct {
    int connections, depth, payload;
    double seconds, warm_up;
    double rate;
} spec;

static spec load;
static connection *connections;
static int epoll_fd;
static size_t frame_bytes, pattern_bytes;
static char *pattern, *scratch;
static histogram latency, lateness;
static int measuring, draining;
static uint64_t messages, missed;

static void die(const char *what) {
    if (errno) perror(what); else fprintf(stderr, "%s\n", what);
    exit(1);
}

static uint64_t now_nanos(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int bucket_of(uint64_t value) {
    if (value < (1u << SUB_BITS)) return (int) value;
    int shift = 63 - __builtin_clzll(value) - SUB_BITS;
    return ((shift + 1) << SUB_BITS) + (int) ((value >> shift) - (1u << SUB_BITS));
}

static uint64_t value_of(int bucket) {
    int row = bucket >> SUB_BITS;
    if (row == 0) return (uint64_t) bucket;
    return ((uint64_t) (bucket & ((1 << SUB_BITS) - 1)) + (1u << SUB_BITS)) << (row - 1);
}

static void record(histogram *h, uint64_t value) {
    h->counts[bucket_of(value)]++;
    h->total++;
    if (value > h->max) h->max = value;
}

static uint64_t percentile(const histogram *h, double part) {
    uint64_t wanted = (uint64_t) (h->total * part), seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += h->counts[i];
        if (seen > wanted) return value_of(i);
    }
    return h->max;
}

static void watch(connection *c, int op, int writes) {
    struct epoll_event e = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(epoll_fd, op, c->fd, &e)) die("epoll_ctl");
    c->wants_write = writes;
}

static void grow_ring(connection *c, uint64_t wanted) {
    uint64_t length = c->ring ? c->ring : 64;
    while (length < wanted) length <<= 1;
    uint64_t *ring = malloc(length * sizeof *ring);
    if (!ring) die("malloc");
    for (uint64_t i = c->oldest; i < c->next; i++) ring[i & (length - 1)] = c->sent[i & (c->ring - 1)];
    free(c->sent);
    c->sent = ring;
    c->ring = length;
}

static void owe(connection *c, int count, uint64_t nanos) {
    if (c->next + count - c->oldest > c->ring) grow_ring(c, c->next + count - c->oldest);
    for (int i = 0; i < count; i++) c->sent[c->next++ & (c->ring - 1)] = nanos;
    c->unwritten += (uint64_t) count * frame_bytes;
}

static void write_owed(connection *c) {
    while (c->unwritten > 0) {
        size_t phase = (frame_bytes - c->unwritten % frame_bytes) % frame_bytes;
        size_t chunk = c->unwritten < pattern_bytes - phase ? c->unwritten : pattern_bytes - phase;
        ssize_t written = write(c->fd, pattern + phase, chunk);
        if (written < 0 && errno != EAGAIN) die("write");
        if (written > 0) c->unwritten -= (uint64_t) written;
        if (written < (ssize_t) chunk) {
            if (!c->wants_write) watch(c, EPOLL_CTL_MOD, 1);
            return;
        }
    }
    if (c->wants_write) watch(c, EPOLL_CTL_MOD, 0);
}

static int read_frames(connection *c) {
    ssize_t bytes = read(c->fd, scratch, SCRATCH_BYTES);
    if (bytes == 0) { errno = 0; die("the server closed a connection"); }
    if (bytes < 0) { if (errno == EAGAIN) return 0; die("read"); }
    c->partial += (uint64_t) bytes;
    int frames = (int) (c->partial / frame_bytes);
    c->partial %= frame_bytes;
    return frames;
}

static void on_ready(connection *c, uint32_t events) {
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        int frames = read_frames(c);
        uint64_t now = now_nanos();
        for (int i = 0; i < frames; i++) {
            uint64_t sent = c->sent[c->oldest++ & (c->ring - 1)];
            if (measuring) record(&latency, now - sent);
        }
        if (measuring) messages += (uint64_t) frames;
        if (load.rate == 0 && !draining && frames > 0) owe(c, frames, now);
    }
    write_owed(c);
}

static void poll_once(int timeout_millis) {
    struct epoll_event events[EVENTS];
    int n = epoll_wait(epoll_fd, events, EVENTS, timeout_millis);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) on_ready(events[i].data.ptr, events[i].events);
}

static void send_due(uint64_t start, uint64_t *bursts) {
    uint64_t now = now_nanos();
    double gap = 1e9 * load.depth / load.rate;
    for (;;) {
        uint64_t due = start + (uint64_t) (*bursts * gap);
        if (due > now) return;
        connection *c = &connections[*bursts % (uint64_t) load.connections];
        if (c->next - c->oldest < MOST_UNANSWERED) {
            owe(c, load.depth, due);
            write_owed(c);
        } else if (measuring) {
            missed += (uint64_t) load.depth;
        }
        if (measuring) record(&lateness, now - due);
        ++*bursts;
    }
}

static void run_until(uint64_t end, uint64_t start, uint64_t *bursts) {
    if (load.rate > 0) {
        while (now_nanos() < end) {
            send_due(start, bursts);
            poll_once(0);
        }
        return;
    }
    for (int i = 0; i < load.connections; i++) {
        int owed = load.depth - (int) (connections[i].next - connections[i].oldest);
        if (owed > 0) {
            owe(&connections[i], owed, now_nanos());
            write_owed(&connections[i]);
        }
    }
    while (now_nanos() < end) poll_once(100);
}

// Lets what is in flight arrive, so that closing sends no reset and the server logs nothing.
static void await_answers(void) {
    uint64_t end = now_nanos() + 5000000000u;
    draining = 1;
    for (int i = 0; i < load.connections; i++) {
        while (connections[i].oldest != connections[i].next && now_nanos() < end) poll_once(100);
    }
}

static void require_faithful_echo(int fd) {
    if (write(fd, pattern, frame_bytes) != (ssize_t) frame_bytes) die("write");
    for (size_t got = 0; got < frame_bytes;) {
        ssize_t bytes = read(fd, scratch, frame_bytes - got);
        if (bytes <= 0) die("the server closed the connection");
        if (memcmp(scratch, pattern + got, (size_t) bytes)) { errno = 0; die("the server's answer differs"); }
        got += (size_t) bytes;
    }
}

static void make_pattern(void) {
    frame_bytes = (size_t) (LENGTH_BYTES + load.payload);
    size_t frames = PATTERN_BYTES / frame_bytes + 1;
    if (frames < (size_t) load.depth) frames = (size_t) load.depth;
    pattern_bytes = frames * frame_bytes;
    pattern = malloc(pattern_bytes);
    size_t scratch_bytes = frame_bytes > SCRATCH_BYTES ? frame_bytes : SCRATCH_BYTES;
    scratch = malloc(scratch_bytes);
    if (!pattern || !scratch) die("malloc");
    for (size_t f = 0; f < frames; f++) {
        char *frame = pattern + f * frame_bytes;
        uint32_t length = htonl((uint32_t) load.payload);
        memcpy(frame, &length, sizeof length);
        for (int i = 0; i < load.payload; i++) frame[LENGTH_BYTES + i] = (char) ('a' + i % 26);
    }
}

static void connect_all(const char *host, int port) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    errno = 0;
    if (inet_pton(AF_INET, host, &server.sin_addr) != 1) die("HOST: not an IPv4 address");
    connections = calloc((size_t) load.connections, sizeof *connections);
    epoll_fd = epoll_create1(0);
    for (int i = 0; i < load.connections; i++) {
        connection *c = &connections[i];
        int on = 1;
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *) &server, sizeof server)) die("connect");
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        require_faithful_echo(c->fd);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        watch(c, EPOLL_CTL_ADD, 0);
    }
}

int main(int count, char **arguments) {
    if (count < 7) {
        fprintf(stderr, "usage: echoload HOST PORT CONNECTIONS DEPTH PAYLOAD_BYTES SECONDS"
                        " [WARM_UP_SECONDS [MESSAGES_PER_SECOND]]\n");
        return 2;
    }
    load = (spec) {.connections = atoi(arguments[3]), .depth = atoi(arguments[4]), .payload = atoi(arguments[5]),
                   .seconds = atof(arguments[6]), .warm_up = count > 7 ? atof(arguments[7]) : 1,
                   .rate = count > 8 ? atof(arguments[8]) : 0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    make_pattern();
    connect_all(arguments[1], atoi(arguments[2]));

    uint64_t start = now_nanos(), bursts = 0;
    run_until(start + (uint64_t) (load.warm_up * 1e9), start, &bursts);
    measuring = 1;
    double cpu_from = cpu_seconds();
    puts("measuring");
    uint64_t from = now_nanos();
    run_until(from + (uint64_t) (load.seconds * 1e9), start, &bursts);
    double seconds = (now_nanos() - from) / 1e9;
    double cpu = cpu_seconds() - cpu_from;
    measuring = 0;
    await_answers();
    printf("result messages=%llu seconds=%.6f cpu=%.3f p50=%llu p90=%llu p99=%llu p999=%llu max=%llu late=%llu missed=%llu\n",
           (unsigned long long) messages, seconds, cpu,
           (unsigned long long) percentile(&latency, .5), (unsigned long long) percentile(&latency, .9),
           (unsigned long long) percentile(&latency, .99), (unsigned long long) percentile(&latency, .999),
           (unsigned long long) latency.max,
           lateness.total ? (unsigned long long) percentile(&lateness, .99) : 0ULL, (unsigned long long) missed);
    return 0;
}
