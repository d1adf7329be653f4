/* Counts what a process does to files below one folder, and lets one of these calls fail, or ends the process.
 *
 * Preloaded (LD_PRELOAD), so that calls of Python, Rust and C++ are counted alike. Nothing happens before
 * `faults_arm`. What libc itself does inside (`fwrite`) is not seen; its `fopen` is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Shared with the process that has forked this one, which reads it when this one is dead. */
struct told {
    _Atomic long seen; /* calls so far */
    char struck[1024]; /* the call that failed: its name and its path */
};

static struct told *told;
static char folder[PATH_MAX];
static long wanted;     /* the number of the call that fails, from 1; 0: none */
static int action;      /* an errno, or -1: SIGKILL */
static int is_lasting;  /* all calls from there on that need room fail */

void faults_arm(const char *below, long number, int what, int lasting, struct told *where) {
    strncpy(folder, below, sizeof folder - 1);
    wanted = number;
    action = what;
    is_lasting = lasting;
    told = where;
}

static int is_below(int at, const char *path) {
    char whole[2 * PATH_MAX + 2], link[64];
    size_t length = strlen(folder);
    if (path[0] != '/') { /* relative to a folder that is open, or to the current one */
        if (at == AT_FDCWD) {
            if (!getcwd(whole, PATH_MAX)) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t end = readlink(link, whole, PATH_MAX - 1);
            if (end < 0) return 0;
            whole[end] = 0;
        }
        strcat(whole, "/");
        strncat(whole, path, PATH_MAX);
        path = whole;
    }
    return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* Whether this call fails; errno is set. */
static int strike(const char *name, const char *path, int needs_room) {
    long number = atomic_fetch_add(&told->seen, 1) + 1;
    if (!wanted || number < wanted || (number > wanted && !(is_lasting && needs_room))) return 0;
    if (number == wanted) snprintf(told->struck, sizeof told->struck, "%s %s", name, path);
    if (action == -1) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = action;
    return 1;
}

static int strikes_at(const char *name, int at, const char *path, int needs_room) {
    return told && path && is_below(at, path) && strike(name, path, needs_room);
}

static int strikes_fd(const char *name, int fd, int needs_room) {
    char link[64], path[PATH_MAX];
    if (!told) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t end = readlink(link, path, sizeof path - 1);
    if (end < 0) return 0;
    path[end] = 0;
    return path[0] == '/' && is_below(AT_FDCWD, path) && strike(name, path, needs_room); /* else a pipe */
}

#define REAL(type, name, ...)                                     \
    static type (*real)(__VA_ARGS__);                             \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int is_writing(int flags) {
    return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
}

#define MODE                                                      \
    mode_t mode = 0;                                              \
    if (flags & (O_CREAT | O_TMPFILE)) {                          \
        va_list rest;                                             \
        va_start(rest, flags);                                    \
        mode = va_arg(rest, mode_t);                              \
        va_end(rest);                                             \
    }

#define OPEN(name)                                                                     \
    int name(const char *path, int flags, ...) {                                       \
        MODE REAL(int, #name, const char *, int, ...);                                 \
        if (is_writing(flags) && strikes_at("open", AT_FDCWD, path, 1)) return -1;     \
        return real(path, flags, mode);                                                \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                   \
    int name(int at, const char *path, int flags, ...) {                               \
        MODE REAL(int, #name, int, const char *, int, ...);                            \
        if (is_writing(flags) && strikes_at("open", at, path, 1)) return -1;           \
        return real(at, path, flags, mode);                                            \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                    \
    FILE *name(const char *path, const char *mode) {                                   \
        REAL(FILE *, #name, const char *, const char *);                               \
        if (strpbrk(mode, "wa+") && strikes_at("open", AT_FDCWD, path, 1)) return NULL; \
        return real(path, mode);                                                       \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* Calls with an open file as their first argument. */
#define WITH_FD(type, said, name, needs_room, parameters, ...)                         \
    type name parameters {                                                             \
        type (*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);         \
        if (strikes_fd(said, fd, needs_room)) return -1;                               \
        return real(__VA_ARGS__);                                                      \
    }
WITH_FD(ssize_t, "write", write, 1, (int fd, const void *from, size_t n), fd, from, n)
WITH_FD(ssize_t, "write", pwrite, 1, (int fd, const void *from, size_t n, off_t at), fd, from, n, at)
WITH_FD(ssize_t, "write", pwrite64, 1, (int fd, const void *from, size_t n, off64_t at), fd, from, n, at)
WITH_FD(ssize_t, "write", writev, 1, (int fd, const struct iovec *from, int n), fd, from, n)
WITH_FD(ssize_t, "write", pwritev, 1, (int fd, const struct iovec *from, int n, off_t at), fd, from, n, at)
WITH_FD(ssize_t, "write", pwritev64, 1, (int fd, const struct iovec *from, int n, off64_t at), fd, from, n, at)
WITH_FD(ssize_t, "write", sendfile, 1, (int fd, int in, off_t *at, size_t n), fd, in, at, n)
WITH_FD(ssize_t, "write", sendfile64, 1, (int fd, int in, off64_t *at, size_t n), fd, in, at, n)
WITH_FD(int, "truncate", ftruncate, 0, (int fd, off_t size), fd, size)
WITH_FD(int, "truncate", ftruncate64, 0, (int fd, off64_t size), fd, size)
WITH_FD(int, "fsync", fsync, 1, (int fd), fd)
WITH_FD(int, "fsync", fdatasync, 1, (int fd), fd)

ssize_t copy_file_range(int in, off64_t *from, int fd, off64_t *to, size_t n, unsigned flags) {
    REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
    return strikes_fd("write", fd, 1) ? -1 : real(in, from, fd, to, n, flags);
}

/* Calls that change names. */
#define WITH_PATH(said, name, at, changed, needs_room, parameters, ...)                \
    int name parameters {                                                              \
        int (*real) parameters = (int (*) parameters)dlsym(RTLD_NEXT, #name);          \
        if (strikes_at(said, at, changed, needs_room)) return -1;                      \
        return real(__VA_ARGS__);                                                      \
    }
WITH_PATH("rename", rename, AT_FDCWD, to, 0, (const char *from, const char *to), from, to)
WITH_PATH("rename", renameat, b, to, 0, (int a, const char *from, int b, const char *to), a, from, b, to)
WITH_PATH("rename", renameat2, b, to, 0, (int a, const char *from, int b, const char *to, unsigned flags), a, from, b, to, flags)
WITH_PATH("link", link, AT_FDCWD, to, 1, (const char *from, const char *to), from, to)
WITH_PATH("link", linkat, b, to, 1, (int a, const char *from, int b, const char *to, int flags), a, from, b, to, flags)
WITH_PATH("symlink", symlink, AT_FDCWD, path, 1, (const char *to, const char *path), to, path)
WITH_PATH("symlink", symlinkat, at, path, 1, (const char *to, int at, const char *path), to, at, path)
WITH_PATH("mkdir", mkdir, AT_FDCWD, path, 1, (const char *path, mode_t mode), path, mode)
WITH_PATH("mkdir", mkdirat, at, path, 1, (int at, const char *path, mode_t mode), at, path, mode)
WITH_PATH("unlink", unlink, AT_FDCWD, path, 0, (const char *path), path)
WITH_PATH("unlink", unlinkat, at, path, 0, (int at, const char *path, int flags), at, path, flags)
WITH_PATH("rmdir", rmdir, AT_FDCWD, path, 0, (const char *path), path)
