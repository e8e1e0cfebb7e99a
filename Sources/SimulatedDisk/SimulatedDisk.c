#include "include/SimulatedDisk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 32, MAX_REGIONS = 64, SLOTS = 2, SECTOR = 512, NAME_LENGTH = 512 };

// A write, or a truncation, that no sync has covered.
typedef struct Pending {
    int is_truncation;
    sqlite3_int64 offset;
    int length;
    unsigned char *bytes;
    struct Pending *next;
} Pending;

typedef struct {
    unsigned char *bytes;
    sqlite3_int64 size;
} Content;

typedef struct {
    char name[NAME_LENGTH];
    int is_used;
    // What programs see, and what would survive a power cut.
    Content seen, durable;
    Pending *first, *last;
    // Memory that connections share, and who holds its locks: -1 exclusive, else how many share.
    void *regions[MAX_REGIONS];
    int locks[SQLITE_SHM_NLOCK];
    int sharers;
} File;

typedef struct {
    sqlite3_file base;
    File *file;
    int deletes_on_close, shares_memory;
    // Which of the shared memory's locks this connection holds, and how.
    int shared[SQLITE_SHM_NLOCK], exclusive[SQLITE_SHM_NLOCK];
} Handle;

static File files[MAX_FILES];
static File saved[SLOTS][MAX_FILES];
static DiskFaults faults = {-1, -1, -1, 0};
static long io_count, sync_count, write_count;
static int is_dead;
static uint64_t random_state;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }

// splitmix64
static uint64_t next_random(void) {
    uint64_t z = (random_state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

// MARK: Contents

static void grow(Content *content, sqlite3_int64 size) {
    if (size <= content->size) return;
    content->bytes = realloc(content->bytes, size);
    memset(content->bytes + content->size, 0, size - content->size);
    content->size = size;
}

static void put(Content *content, sqlite3_int64 offset, int length, const void *bytes) {
    grow(content, offset + length);
    memcpy(content->bytes + offset, bytes, length);
}

static void truncate_to(Content *content, sqlite3_int64 size) {
    if (content->size > size) content->size = size; else grow(content, size);
}

static void apply(Content *content, const Pending *pending) {
    if (pending->is_truncation) truncate_to(content, pending->offset);
    else put(content, pending->offset, pending->length, pending->bytes);
}

static Content copy_of(Content content) {
    Content copy = {malloc(content.size + 1), content.size};
    if (content.size) memcpy(copy.bytes, content.bytes, content.size);
    return copy;
}

static void remember(File *file, int is_truncation, sqlite3_int64 offset, int length, const void *bytes) {
    Pending *pending = calloc(1, sizeof *pending);
    pending->is_truncation = is_truncation;
    pending->offset = offset;
    pending->length = length;
    if (length) {
        pending->bytes = malloc(length);
        memcpy(pending->bytes, bytes, length);
    }
    if (file->last) file->last->next = pending; else file->first = pending;
    file->last = pending;
    apply(&file->seen, pending);
}

static void forget_pending(File *file) {
    for (Pending *pending = file->first; pending;) {
        Pending *next = pending->next;
        free(pending->bytes);
        free(pending);
        pending = next;
    }
    file->first = file->last = NULL;
}

static void free_regions(File *file) {
    for (int i = 0; i < MAX_REGIONS; i++) {
        free(file->regions[i]);
        file->regions[i] = NULL;
    }
    memset(file->locks, 0, sizeof file->locks);
}

static void erase(File *file) {
    forget_pending(file);
    free_regions(file);
    free(file->seen.bytes);
    free(file->durable.bytes);
    memset(file, 0, sizeof *file);
}

static File *find(const char *name, int creates) {
    File *empty = NULL;
    for (int i = 0; i < MAX_FILES; i++) {
        if (files[i].is_used && !strcmp(files[i].name, name)) return &files[i];
        if (!files[i].is_used && !empty) empty = &files[i];
    }
    if (!creates || !empty) return NULL;
    empty->is_used = 1;
    snprintf(empty->name, NAME_LENGTH, "%s", name);
    return empty;
}

// Counts an operation that reaches the disk; true where the power has failed.
static int power_fails(void) {
    io_count++;
    if (!is_dead && faults.power_at_io > 0 && io_count >= faults.power_at_io) is_dead = 1;
    return is_dead;
}

// MARK: Files

static int file_close(sqlite3_file *base) {
    Handle *handle = (Handle *)base;
    lock();
    if (handle->deletes_on_close && handle->file) erase(handle->file);
    unlock();
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int length, sqlite3_int64 offset) {
    Content *seen = &((Handle *)base)->file->seen;
    lock();
    int result = SQLITE_OK;
    if (is_dead) {
        result = SQLITE_IOERR_READ;
    } else {
        sqlite3_int64 there = seen->size - offset;
        if (there < 0) there = 0;
        if (there > length) there = length;
        if (there) memcpy(bytes, seen->bytes + offset, there);
        if (there < length) {
            memset((char *)bytes + there, 0, length - there);
            result = SQLITE_IOERR_SHORT_READ;
        }
    }
    unlock();
    return result;
}

static int file_write(sqlite3_file *base, const void *bytes, int length, sqlite3_int64 offset) {
    File *file = ((Handle *)base)->file;
    lock();
    int result = SQLITE_OK;
    int was_dead = is_dead;
    write_count++;
    if (!is_dead && faults.full_at_write > 0 && write_count >= faults.full_at_write) {
        io_count++;
        result = SQLITE_FULL;
    } else if (power_fails()) {
        // The write under way when the power fails may reach the disk.
        if (!was_dead) remember(file, 0, offset, length, bytes);
        result = SQLITE_IOERR_WRITE;
    } else {
        remember(file, 0, offset, length, bytes);
    }
    unlock();
    return result;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    File *file = ((Handle *)base)->file;
    lock();
    int fails = power_fails();
    if (!fails) remember(file, 1, size, 0, NULL);
    unlock();
    return fails ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags) {
    (void)flags;
    File *file = ((Handle *)base)->file;
    lock();
    int result = SQLITE_OK;
    sync_count++;
    if (power_fails()) {
        result = SQLITE_IOERR_FSYNC;
    } else if (sync_count == faults.eio_at_sync) {
        forget_pending(file);
        result = SQLITE_IOERR_FSYNC;
    } else if (!faults.lies_about_syncs) {
        for (Pending *pending = file->first; pending; pending = pending->next) apply(&file->durable, pending);
        forget_pending(file);
    }
    unlock();
    return result;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    lock();
    *size = ((Handle *)base)->file->seen.size;
    int result = is_dead ? SQLITE_IOERR_FSTAT : SQLITE_OK;
    unlock();
    return result;
}

// One process writes, through one connection: the locks of the file itself are never contended.
static int file_lock(sqlite3_file *base, int level) { (void)base; (void)level; return SQLITE_OK; }
static int file_unlock(sqlite3_file *base, int level) { (void)base; (void)level; return SQLITE_OK; }
static int file_is_reserved(sqlite3_file *base, int *out) { (void)base; *out = 0; return SQLITE_OK; }
static int file_control(sqlite3_file *base, int op, void *argument) {
    (void)base; (void)op; (void)argument;
    return SQLITE_NOTFOUND;
}
static int file_sector_size(sqlite3_file *base) { (void)base; return SECTOR; }
static int file_characteristics(sqlite3_file *base) { (void)base; return 0; }

// MARK: Memory that connections share

static int memory_map(sqlite3_file *base, int region, int size, int extends, void volatile **out) {
    File *file = ((Handle *)base)->file;
    if (region >= MAX_REGIONS) return SQLITE_IOERR_SHMSIZE;
    lock();
    if (!((Handle *)base)->shares_memory) {
        ((Handle *)base)->shares_memory = 1;
        file->sharers++;
    }
    if (!file->regions[region] && extends) file->regions[region] = calloc(1, size);
    *out = file->regions[region];
    unlock();
    return SQLITE_OK;
}

static int memory_lock(sqlite3_file *base, int first, int count, int flags) {
    Handle *handle = (Handle *)base;
    int *locks = handle->file->locks;
    lock();
    int result = SQLITE_OK;
    if (flags & SQLITE_SHM_UNLOCK) {
        for (int i = first; i < first + count; i++) {
            if (handle->exclusive[i]) locks[i] = 0;
            else if (handle->shared[i]) locks[i]--;
            handle->exclusive[i] = handle->shared[i] = 0;
        }
    } else if (flags & SQLITE_SHM_SHARED) {
        if (!handle->shared[first]) {
            if (locks[first] < 0) result = SQLITE_BUSY;
            else { locks[first]++; handle->shared[first] = 1; }
        }
    } else {
        for (int i = first; i < first + count; i++)
            if (!handle->exclusive[i] && locks[i] != 0) result = SQLITE_BUSY;
        if (result == SQLITE_OK)
            for (int i = first; i < first + count; i++) { locks[i] = -1; handle->exclusive[i] = 1; }
    }
    unlock();
    return result;
}

static void memory_barrier(sqlite3_file *base) { (void)base; __sync_synchronize(); }

static int memory_unmap(sqlite3_file *base, int deletes) {
    Handle *handle = (Handle *)base;
    lock();
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if (handle->exclusive[i]) handle->file->locks[i] = 0;
        else if (handle->shared[i]) handle->file->locks[i]--;
        handle->exclusive[i] = handle->shared[i] = 0;
    }
    if (handle->shares_memory) handle->file->sharers--;
    handle->shares_memory = 0;
    if (deletes && handle->file->sharers == 0) free_regions(handle->file);
    unlock();
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock,
    file_is_reserved, file_control, file_sector_size, file_characteristics, memory_map, memory_lock,
    memory_barrier, memory_unmap, NULL, NULL,
};

// MARK: The disk

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out) {
    (void)vfs;
    static int temporary;
    Handle *handle = (Handle *)base;
    memset(handle, 0, sizeof *handle);
    char made_up[32];
    lock();
    if (!name) {
        snprintf(made_up, sizeof made_up, "temporary-%d", temporary++);
        name = made_up;
        handle->deletes_on_close = 1;
    }
    handle->file = is_dead ? NULL : find(name, flags & SQLITE_OPEN_CREATE);
    unlock();
    if (!handle->file) return SQLITE_CANTOPEN;
    handle->base.pMethods = &methods;
    if (out) *out = flags;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int syncs) {
    (void)vfs; (void)syncs;
    lock();
    int fails = power_fails();
    File *file = fails ? NULL : find(name, 0);
    if (file) erase(file);
    unlock();
    return fails ? SQLITE_IOERR_DELETE : SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
    (void)vfs; (void)flags;
    lock();
    *out = find(name, 0) != NULL;
    unlock();
    return SQLITE_OK;
}

static int disk_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out) {
    (void)vfs;
    snprintf(out, size, "%s", name);
    return SQLITE_OK;
}

static int disk_randomness(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    lock();
    for (int i = 0; i < size; i++) out[i] = (char)next_random();
    unlock();
    return size;
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds) { (void)vfs; return microseconds; }
static int disk_last_error(sqlite3_vfs *vfs, int size, char *out) { (void)vfs; (void)size; (void)out; return 0; }
static int disk_time(sqlite3_vfs *vfs, double *out) { (void)vfs; *out = 2461041.5; return SQLITE_OK; }
static int disk_time_64(sqlite3_vfs *vfs, sqlite3_int64 *out) {
    (void)vfs;
    *out = 212633985600000ll;
    return SQLITE_OK;
}

static sqlite3_vfs vfs = {
    2, sizeof(Handle), NAME_LENGTH - 1, NULL, "simulated-disk", NULL, disk_open, disk_delete, disk_access,
    disk_full_name, NULL, NULL, NULL, NULL, disk_randomness, disk_sleep, disk_time, disk_last_error,
    disk_time_64, NULL, NULL, NULL,
};

int disk_install(void) {
    // Nobody asks how much memory is used, and each allocation waits for the lock that counts it.
    int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return code ? code : sqlite3_vfs_register(&vfs, 1);
}

static void heal(void) {
    is_dead = 0;
    faults = (DiskFaults){-1, -1, -1, 0};
    io_count = sync_count = write_count = 0;
}

void disk_format(void) {
    lock();
    for (int i = 0; i < MAX_FILES; i++) erase(&files[i]);
    heal();
    unlock();
}

void disk_set_faults(DiskFaults wanted) {
    lock();
    heal();
    faults = wanted;
    unlock();
}

void disk_power_off(void) { lock(); is_dead = 1; unlock(); }

int disk_is_dead(void) { lock(); int dead = is_dead; unlock(); return dead; }
long disk_io_count(void) { lock(); long count = io_count; unlock(); return count; }

void disk_revive(void) {
    lock();
    for (int i = 0; i < MAX_FILES; i++) {
        free_regions(&files[i]);
        files[i].sharers = 0;
    }
    heal();
    unlock();
}

static void tear(Content *durable, const Pending *pending) {
    for (int start = 0; start < pending->length; start += SECTOR) {
        if (!(next_random() & 1)) continue;
        int length = pending->length - start < SECTOR ? pending->length - start : SECTOR;
        put(durable, pending->offset + start, length, pending->bytes + start);
    }
}

void disk_cut_power(uint64_t seed, DiskMode mode) {
    lock();
    random_state = seed;
    for (int i = 0; i < MAX_FILES; i++) {
        File *file = &files[i];
        if (!file->is_used) continue;
        free_regions(file);
        file->sharers = 0;
        for (Pending *pending = file->first; pending; pending = pending->next) {
            uint64_t chance = next_random() % 3;
            if (mode == DISK_DROPS_UNSYNCED || (mode == DISK_TEARS_UNSYNCED && chance == 0)) continue;
            if (mode == DISK_KEEPS_UNSYNCED || chance == 1 || pending->is_truncation) apply(&file->durable, pending);
            else tear(&file->durable, pending);
        }
        forget_pending(file);
        free(file->seen.bytes);
        file->seen = copy_of(file->durable);
    }
    heal();
    unlock();
}

static void copy_files(File *to, File *from) {
    for (int i = 0; i < MAX_FILES; i++) {
        erase(&to[i]);
        if (!from[i].is_used) continue;
        memcpy(to[i].name, from[i].name, NAME_LENGTH);
        to[i].is_used = 1;
        to[i].seen = copy_of(from[i].durable);
        to[i].durable = copy_of(from[i].durable);
        for (Pending *pending = from[i].first; pending; pending = pending->next)
            remember(&to[i], pending->is_truncation, pending->offset, pending->length, pending->bytes);
    }
}

void disk_save(int slot) { lock(); copy_files(saved[slot], files); unlock(); }
void disk_restore(int slot) { lock(); copy_files(files, saved[slot]); heal(); unlock(); }
