/*
 * What a power failure would leave of the files below a directory: synced data, and as much of the rest as the disk
 * happened to write.
 *
 * Preloaded into processes, it keeps a copy of every file below UNSYNCED_DIR in UNSYNCED_SHADOW, which receives a write
 * when the file is synced. UNSYNCED_NOTES is shared by the processes: it holds the unsynced writes of each file, so that
 * a sync by one process covers the writes of all, and a lock. While that lock is held, the copies are as after a power
 * failure at that moment. Killing the processes and continuing with the copies drops every unsynced write.
 *
 * With UNSYNCED_KEPT=N the disk writes N of 100 writes immediately without a sync, in whole sectors and, below 100, not
 * all of them. With UNSYNCED_LOSE_SYNCS=1 syncs have no effect: a durability test must then detect losses. With
 * UNSYNCED_LATER=N the clock is N seconds ahead: what a killed process held has expired.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 4096
#define SECTOR 512

/* An unsynced change of a file: bytes written, or with `end` -1 its truncation at `start`. */
struct note { int64_t start, end; };

/* The name of each watched descriptor, relative to the directory. */
static struct watched { char name[NAME_MAX + 1]; int active; } files[MAX_FD];
static pthread_mutex_t threads = PTHREAD_MUTEX_INITIALIZER;
static int processes = -1;
static char directory[PATH_MAX], shadow[PATH_MAX], notes[PATH_MAX];
static int loses_syncs;
static unsigned kept;
static time_t later;
static uint64_t random_state;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t), (*real_close)(int);
static int (*real_open)(const char *, int, ...), (*real_openat)(int, const char *, int, ...);
static int (*real_unlink)(const char *), (*real_clock_gettime)(clockid_t, struct timespec *);

static void is_true(int condition, const char *what) {
    if (condition) return;
    fprintf(stderr, "unsynced_writes: %s: %s\n", what, strerror(errno));
    abort();
}

__attribute__((constructor)) static void set_up(void) {
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    const char *from = getenv("UNSYNCED_DIR"), *to = getenv("UNSYNCED_SHADOW"), *notes_in = getenv("UNSYNCED_NOTES");
    if (from && to && notes_in) {
        snprintf(shadow, sizeof shadow, "%s/", to);
        snprintf(notes, sizeof notes, "%s/", notes_in);
        char path[PATH_MAX + 8];
        snprintf(path, sizeof path, "%s.lock", notes);
        processes = real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        is_true(processes >= 0, path);
        snprintf(directory, sizeof directory, "%s/", from);
    }
    loses_syncs = getenv("UNSYNCED_LOSE_SYNCS") != NULL;
    const char *percent = getenv("UNSYNCED_KEPT");
    kept = percent ? (unsigned)atoi(percent) : 0;
    const char *seconds = getenv("UNSYNCED_LATER");
    later = seconds ? (time_t)atoll(seconds) : 0;
    random_state = (uint64_t)getpid() * 0x9e3779b97f4a7c15u;
}

/* Excludes all other threads of all processes. A killed process releases it. */
static void enter(void) {
    pthread_mutex_lock(&threads);
    int locked;
    do locked = flock(processes, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    is_true(locked == 0, "flock");
}

static void leave(void) {
    int error = errno;
    flock(processes, LOCK_UN);
    pthread_mutex_unlock(&threads);
    errno = error;
}

static uint64_t draw(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The name of a copied file directly below the directory; NULL for all others. */
static const char *kept_name(const char *path) {
    size_t length = strlen(directory);
    if (length == 0 || strncmp(path, directory, length) != 0) return NULL;
    const char *name = path + length;
    size_t end = strlen(name);
    if (end == 0 || end > NAME_MAX || strchr(name, '/')) return NULL;
    /* The index of the log is rebuilt; the lock holds no data. */
    if (end > 4 && strcmp(name + end - 4, "-shm") == 0) return NULL;
    if (end > 5 && strcmp(name + end - 5, ".lock") == 0) return NULL;
    return name;
}

static int is_watched(int fd) { return fd >= 0 && fd < MAX_FD && files[fd].active; }

static int open_in(const char *place, const char *name, int flags) {
    char path[PATH_MAX + NAME_MAX + 2];
    snprintf(path, sizeof path, "%s%s", place, name);
    int fd = real_open(path, flags | O_CREAT | O_CLOEXEC, 0600);
    is_true(fd >= 0, path);
    return fd;
}

static void note(int fd, int64_t start, int64_t end) {
    struct note note = { start, end };
    int list = open_in(notes, files[fd].name, O_WRONLY | O_APPEND);
    is_true(real_write(list, &note, sizeof note) == sizeof note, "note");
    real_close(list);
}

static void watch(int fd, const char *path, int flags) {
    const char *name = kept_name(path);
    if (fd < 0 || fd >= MAX_FD || !name) return;
    enter();
    strcpy(files[fd].name, name);
    files[fd].active = 1;
    if (flags & O_TRUNC) note(fd, 0, -1);
    leave();
}

/* Copies the current bytes between two offsets of a file. */
static void copy_range(int from, int to, int64_t at, int64_t end) {
    char buffer[65536];
    while (at < end) {
        size_t want = end - at > (int64_t)sizeof buffer ? sizeof buffer : (size_t)(end - at);
        ssize_t got = pread64(from, buffer, want, at);
        if (got <= 0) break;
        is_true(real_pwrite(to, buffer, (size_t)got, at) == got, "copy");
        at += got;
    }
}

/* The disk may have written it without a sync, or some of its sectors. */
static void keep(int fd, int64_t start, int64_t end) {
    if (draw() % 100 >= kept) return;
    if (kept < 100 && draw() % 4 == 0) {
        int64_t cut = start + (int64_t)(draw() % (uint64_t)(end - start));
        end = cut - cut % SECTOR;
    }
    if (end <= start) return;
    int copy = open_in(shadow, files[fd].name, O_WRONLY);
    copy_range(fd, copy, start, end);
    real_close(copy);
}

/* Everything written to the file is durable now. */
static void synced(int fd) {
    if (!is_watched(fd) || loses_syncs) return;
    enter();
    int copy = open_in(shadow, files[fd].name, O_WRONLY);
    int list = open_in(notes, files[fd].name, O_RDWR);
    struct note note;
    while (read(list, &note, sizeof note) == sizeof note) {
        if (note.end < 0) is_true(real_ftruncate(copy, note.start) == 0, "truncate");
        else copy_range(fd, copy, note.start, note.end);
    }
    is_true(real_ftruncate(list, 0) == 0, "truncate");
    real_close(list);
    real_close(copy);
    leave();
}

/* A process killed during a write has noted it: the note comes first, and the lock is held. */
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    if (!is_watched(fd) || length == 0) return real_pwrite(fd, data, length, at);
    enter();
    note(fd, at, at + (int64_t)length);
    ssize_t done = real_pwrite(fd, data, length, at);
    if (done > 0) keep(fd, at, at + done);
    leave();
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return pwrite64(fd, data, length, at); }

ssize_t write(int fd, const void *data, size_t length) {
    if (!is_watched(fd) || length == 0) return real_write(fd, data, length);
    enter();
    off_t at = lseek(fd, 0, SEEK_CUR);
    is_true(at >= 0, "lseek");
    note(fd, at, at + (int64_t)length);
    ssize_t done = real_write(fd, data, length);
    if (done > 0) keep(fd, at, at + done);
    leave();
    return done;
}

static int truncated(int fd, off_t length) {
    if (!is_watched(fd)) return real_ftruncate(fd, length);
    enter();
    note(fd, length, -1);
    int result = real_ftruncate(fd, length);
    leave();
    return result;
}

int ftruncate64(int fd, off64_t length) { return truncated(fd, length); }
int ftruncate(int fd, off_t length) { return truncated(fd, length); }

/* Before the real sync, which covers others' concurrent writes no more than this. */
int fsync(int fd) {
    synced(fd);
    return real_fsync(fd);
}

int fdatasync(int fd) {
    synced(fd);
    return real_fdatasync(fd);
}

#define MODE_OF(flags, mode)                            \
    mode_t mode = 0;                                    \
    if ((flags) & (O_CREAT | O_TMPFILE)) {              \
        va_list more;                                   \
        va_start(more, flags);                          \
        mode = va_arg(more, mode_t);                    \
        va_end(more);                                   \
    }

int open64(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    int fd = real_open(path, flags, mode);
    watch(fd, path, flags);
    return fd;
}

int open(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    int fd = real_open(path, flags, mode);
    watch(fd, path, flags);
    return fd;
}

int openat64(int at, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    int fd = real_openat(at, path, flags, mode);
    watch(fd, path, flags);
    return fd;
}

int openat(int at, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    int fd = real_openat(at, path, flags, mode);
    watch(fd, path, flags);
    return fd;
}

int close(int fd) {
    if (is_watched(fd)) {
        pthread_mutex_lock(&threads);
        files[fd].active = 0;
        pthread_mutex_unlock(&threads);
    }
    return real_close(fd);
}

int unlink(const char *path) {
    const char *name = kept_name(path);
    if (!name) return real_unlink(path);
    enter();
    int result = real_unlink(path);
    if (result == 0) {
        char other[PATH_MAX + NAME_MAX + 2];
        int error = errno;
        snprintf(other, sizeof other, "%s%s", shadow, name);
        real_unlink(other);
        snprintf(other, sizeof other, "%s%s", notes, name);
        real_unlink(other);
        errno = error;
    }
    leave();
    return result;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    /* Other constructors may call this before this one has run. */
    if (!real_clock_gettime) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real_clock_gettime(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += later;
    return result;
}
