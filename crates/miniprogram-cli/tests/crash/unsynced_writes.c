/*
 * What a power failure would leave of the files below a directory: only what was synced.
 *
 * Preloaded into a process, it keeps beside every file below UNSYNCED_DIR a copy in UNSYNCED_SHADOW that receives a
 * write only when the file is synced. Killing the process and going on with the copies drops every write that was not
 * synced. With UNSYNCED_LOSE_SYNCS=1 syncs count for nothing: who checks durability must then see losses.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_FD 4096
#define MAX_RANGES 65536

struct range { off_t start, end; };

/* One watched descriptor: its path below the directory, and what was written and not synced. */
struct watched {
    char name[NAME_MAX + 1];
    int active;
    off_t truncated_to; /* -1: not truncated since the last sync */
    size_t count;
    struct range *ranges;
};

static struct watched files[MAX_FD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX], shadow[PATH_MAX];
static int loses_syncs;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t), (*real_close)(int);
static int (*real_open)(const char *, int, ...), (*real_openat)(int, const char *, int, ...);
static int (*real_unlink)(const char *);

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
    const char *from = getenv("UNSYNCED_DIR"), *to = getenv("UNSYNCED_SHADOW");
    if (from && to) {
        snprintf(directory, sizeof directory, "%s/", from);
        snprintf(shadow, sizeof shadow, "%s/", to);
    }
    loses_syncs = getenv("UNSYNCED_LOSE_SYNCS") != NULL;
}

/* The name of a file that lies directly below the directory and is kept; NULL for all others. */
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

static void watch(int fd, const char *path) {
    const char *name = kept_name(path);
    if (fd < 0 || fd >= MAX_FD || !name) return;
    pthread_mutex_lock(&lock);
    struct watched *file = &files[fd];
    if (!file->ranges) file->ranges = malloc(MAX_RANGES * sizeof *file->ranges);
    if (!file->ranges) abort();
    strcpy(file->name, name);
    file->active = 1;
    file->count = 0;
    file->truncated_to = -1;
    pthread_mutex_unlock(&lock);
}

static void wrote(int fd, off_t start, ssize_t length) {
    if (fd < 0 || fd >= MAX_FD || length <= 0) return;
    pthread_mutex_lock(&lock);
    struct watched *file = &files[fd];
    if (file->active) {
        if (file->count == MAX_RANGES) abort();
        file->ranges[file->count].start = start;
        file->ranges[file->count].end = start + length;
        file->count++;
    }
    pthread_mutex_unlock(&lock);
}

/* Everything written through any descriptor of the same file is on the disk now. */
static void synced(int fd) {
    if (fd < 0 || fd >= MAX_FD || loses_syncs) return;
    pthread_mutex_lock(&lock);
    if (files[fd].active) {
        char path[PATH_MAX + NAME_MAX + 2];
        snprintf(path, sizeof path, "%s%s", shadow, files[fd].name);
        int copy = real_open(path, O_WRONLY | O_CREAT, 0600);
        if (copy < 0) abort();
        for (int other = 0; other < MAX_FD; other++) {
            struct watched *file = &files[other];
            if (!file->active || strcmp(file->name, files[fd].name) != 0) continue;
            if (file->truncated_to >= 0 && real_ftruncate(copy, file->truncated_to) != 0) abort();
            for (size_t i = 0; i < file->count; i++) {
                char buffer[65536];
                off_t at = file->ranges[i].start;
                while (at < file->ranges[i].end) {
                    size_t want = (size_t)(file->ranges[i].end - at);
                    if (want > sizeof buffer) want = sizeof buffer;
                    ssize_t got = pread64(fd, buffer, want, at);
                    if (got <= 0) break;
                    if (real_pwrite(copy, buffer, (size_t)got, at) != got) abort();
                    at += got;
                }
            }
            file->count = 0;
            file->truncated_to = -1;
        }
        real_close(copy);
    }
    pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    ssize_t done = real_pwrite(fd, data, length, at);
    wrote(fd, at, done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return pwrite64(fd, data, length, at); }

ssize_t write(int fd, const void *data, size_t length) {
    off_t at = fd >= 0 && fd < MAX_FD && files[fd].active ? lseek(fd, 0, SEEK_CUR) : -1;
    ssize_t done = real_write(fd, data, length);
    if (at >= 0) wrote(fd, at, done);
    return done;
}

static int truncated(int fd, off_t length) {
    int result = real_ftruncate(fd, length);
    if (result == 0 && fd >= 0 && fd < MAX_FD) {
        pthread_mutex_lock(&lock);
        struct watched *file = &files[fd];
        if (file->active && (file->truncated_to < 0 || length < file->truncated_to)) file->truncated_to = length;
        pthread_mutex_unlock(&lock);
    }
    return result;
}

int ftruncate64(int fd, off64_t length) { return truncated(fd, length); }
int ftruncate(int fd, off_t length) { return truncated(fd, length); }

int fsync(int fd) {
    int result = real_fsync(fd);
    if (result == 0) synced(fd);
    return result;
}

int fdatasync(int fd) {
    int result = real_fdatasync(fd);
    if (result == 0) synced(fd);
    return result;
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
    watch(fd, path);
    return fd;
}

int open(const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    int fd = real_open(path, flags, mode);
    watch(fd, path);
    return fd;
}

int openat64(int at, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    int fd = real_openat(at, path, flags, mode);
    watch(fd, path);
    return fd;
}

int openat(int at, const char *path, int flags, ...) {
    MODE_OF(flags, mode)
    int fd = real_openat(at, path, flags, mode);
    watch(fd, path);
    return fd;
}

int close(int fd) {
    if (fd >= 0 && fd < MAX_FD && files[fd].active) {
        pthread_mutex_lock(&lock);
        files[fd].active = 0;
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}

int unlink(const char *path) {
    int result = real_unlink(path);
    const char *name = result == 0 ? kept_name(path) : NULL;
    if (name) {
        char copy[PATH_MAX + NAME_MAX + 2];
        snprintf(copy, sizeof copy, "%s%s", shadow, name);
        real_unlink(copy);
    }
    return result;
}
