// A disk that fails, under a program that does not know of it: LD_PRELOAD it.
//
// FAILING_DISK_FILES names the files by how their path begins; with `$` at its end, one file. FAILING_DISK_ORDER names a
// file; once it is there it says what fails, counted from then: `sync 2 on` fails the second fsync or fdatasync and all
// after it, `write 1 once` the first pwrite alone. What fails, fails with EIO, and a line for it is added to the file that
// is named as the order with `.done` behind.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char operation[16];
static char repetition[16];
static long first;
static long count;

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

// Whether the file is one of those that may fail; the memory that SQLite's connections share is no disk.
static int is_on_the_disk(int file) {
    const char *files = getenv("FAILING_DISK_FILES");
    if (!files) return 0;
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    size_t named = strlen(files);
    if (named && files[named - 1] == '$') return (size_t)length == named - 1 && !strncmp(path, files, named - 1);
    return !strncmp(path, files, named) && !ends_with(path, "-shm") && !ends_with(path, ".lock");
}

// Reads the order, once it is there.
static int has_order(const char *order) {
    if (first > 0) return 1;
    FILE *file = fopen(order, "re");
    if (!file) return 0;
    if (fscanf(file, "%15s %ld %15s", operation, &first, repetition) != 3) first = 0;
    fclose(file);
    return first > 0;
}

static void tell(const char *order, const char *name) {
    char path[4096], line[64];
    snprintf(path, sizeof path, "%s.done", order);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return;
    int length = snprintf(line, sizeof line, "%s %ld\n", name, count);
    syscall(SYS_write, file, line, (size_t)length);
    close(file);
}

static int fails(int file, const char *name) {
    const char *order = getenv("FAILING_DISK_ORDER");
    if (!order || !is_on_the_disk(file)) return 0;
    pthread_mutex_lock(&mutex);
    int result = 0;
    if (has_order(order) && !strcmp(operation, name)) {
        count++;
        result = count == first || (count > first && !strcmp(repetition, "on"));
        if (result) tell(order, name);
    }
    pthread_mutex_unlock(&mutex);
    if (result) errno = EIO;
    return result;
}

int fsync(int file) { return fails(file, "sync") ? -1 : (int)syscall(SYS_fsync, file); }

int fdatasync(int file) { return fails(file, "sync") ? -1 : (int)syscall(SYS_fdatasync, file); }

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
    return fails(file, "write") ? -1 : syscall(SYS_pwrite64, file, bytes, length, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    return pwrite64(file, bytes, length, offset);
}
