/* Faults of the machine, put under the unchanged program through LD_PRELOAD: a chosen call to the
 * system kills the process, fails or takes its time, and clocks stand where a test wants them.
 *
 * The test and the program share one file, mapped here: struct rule, which shim.rs writes. Only a
 * process whose first argument is `serve` is touched, not the ClickHouse that it starts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call { PWRITE = 1, WRITE, FDATASYNC, FSYNC, RENAME, UNLINK, ANSWER, ASK, TOLD };
enum act { KILL = 1, FAIL, DELAY };

struct rule {
    uint64_t armed; /* the fields below count only while it is 1 */
    uint64_t call;
    uint64_t after;  /* 0: before the call; 1: after it succeeded */
    uint64_t act;
    uint64_t nth;    /* acts from the nth matching call on */
    uint64_t number; /* the errno of FAIL, the microseconds of DELAY */
    uint64_t seen;   /* matching calls so far: written here */
    int64_t wall_ms; /* added to the two clocks */
    int64_t mono_ms;
    char path[184];  /* what the file's path contains, or with $ at its end, how it ends */
};

static struct rule *rule;
static unsigned char asked[1 << 16];

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(int argc, char **argv) {
    const char *path = getenv("TRUNKLINE_SHIM");
    if (!path || argc < 2 || strcmp(argv[1], "serve") != 0) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(0, sizeof *rule, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        fprintf(stderr, "shim: cannot map %s\n", path);
        abort();
    }
    close(fd);
    rule = at;
}

static int awaited(enum call call) {
    return rule && __atomic_load_n(&rule->armed, __ATOMIC_ACQUIRE) == 1 && rule->call == call;
}

static int named(const char *path) {
    size_t want = strlen(rule->path), have = strlen(path);
    if (want && rule->path[want - 1] == '$')
        return have >= want - 1 && !strncmp(path + have - want + 1, rule->path, want - 1);
    return strstr(path, rule->path) != NULL;
}

static int open_as(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return named(path);
}

/* Acts at a matching call; returns 1 if the call is to fail. */
static int act(int after) {
    if (rule->after != (uint64_t)after) return 0;
    if (__atomic_add_fetch(&rule->seen, 1, __ATOMIC_SEQ_CST) < rule->nth) return 0;
    if (rule->act == KILL) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (rule->act == DELAY) {
        struct timespec wait = {rule->number / 1000000, rule->number % 1000000 * 1000};
        nanosleep(&wait, 0);
        return 0;
    }
    errno = (int)rule->number;
    return 1;
}

#define AROUND(call_, matches, failed, run) \
    int hit = awaited(call_) && (matches); \
    if (hit && act(0)) return -1; \
    __auto_type result = (run); \
    if (hit && !(failed) && act(1)) return -1; \
    return result

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    REAL(pwrite64);
    AROUND(PWRITE, open_as(fd), result < 0, real(fd, bytes, count, at));
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(write);
    AROUND(WRITE, open_as(fd), result < 0, real(fd, bytes, count));
}

int fdatasync(int fd) {
    REAL(fdatasync);
    AROUND(FDATASYNC, open_as(fd), result < 0, real(fd));
}

int fsync(int fd) {
    REAL(fsync);
    AROUND(FSYNC, open_as(fd), result < 0, real(fd));
}

int rename(const char *from, const char *to) {
    REAL(rename);
    AROUND(RENAME, named(from), result < 0, real(from, to));
}

int unlink(const char *path) {
    REAL(unlink);
    AROUND(UNLINK, named(path), result < 0, real(path));
}

/* What is sent: an answer of success to a sender, or an INSERT to ClickHouse. */
static enum call sent(int fd, const void *bytes, size_t count) {
    if (!rule || !rule->armed || count < 12) return 0;
    if (!memcmp(bytes, "HTTP/1.1 202", 12)) return ANSWER;
    if (memcmp(bytes, "POST ", 5) || !memmem(bytes, count, "INSERT", 6)) return 0;
    if (fd >= 0 && (size_t)fd < sizeof asked) asked[fd] = 1;
    return ASK;
}

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    REAL(send);
    enum call call = sent(fd, bytes, count);
    AROUND(call, call, result < 0, real(fd, bytes, count, flags));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    enum call call = count > 0 ? sent(fd, parts[0].iov_base, parts[0].iov_len) : 0;
    AROUND(call, call, result < 0, real(fd, parts, count));
}

ssize_t recv(int fd, void *bytes, size_t count, int flags) {
    REAL(recv);
    ssize_t result = real(fd, bytes, count, flags);
    if (result < 12 || !awaited(TOLD) || fd < 0 || (size_t)fd >= sizeof asked) return result;
    if (asked[fd] && !memcmp(bytes, "HTTP/1.1 200", 12)) {
        asked[fd] = 0;
        act(1);
    }
    return result;
}

static void shift(struct timespec *time, int64_t ms) {
    int64_t nanos = time->tv_nsec + ms % 1000 * 1000000;
    time->tv_sec += ms / 1000 + (nanos >= 1000000000) - (nanos < 0);
    time->tv_nsec = nanos + (nanos < 0 ? 1000000000 : nanos >= 1000000000 ? -1000000000 : 0);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int result = real(clock, time);
    if (rule && !result && clock == CLOCK_REALTIME) shift(time, rule->wall_ms);
    if (rule && !result && clock == CLOCK_MONOTONIC) shift(time, rule->mono_ms);
    return result;
}

/* Waits are told by the monotonic clock when they end: by the real one. */
long syscall(long number, ...) {
    REAL(syscall);
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    struct timespec until;
    long wait = b & FUTEX_CMD_MASK;
    if (rule && number == SYS_futex && d && wait == FUTEX_WAIT_BITSET
        && !(b & FUTEX_CLOCK_REALTIME)) {
        until = *(struct timespec *)d;
        shift(&until, -rule->mono_ms);
        if (until.tv_sec < 0) until = (struct timespec){0, 0};
        d = (long)&until;
    }
    return real(number, a, b, c, d, e, f);
}
