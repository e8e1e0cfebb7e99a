#pragma once

#include <stdint.h>

// A disk that lives in memory, under SQLite: what was written is seen at once and survives a power
// cut only once it was synced. One disk a process; it becomes SQLite's default.

// What a power cut does to writes that no sync has covered.
typedef enum {
    DISK_DROPS_UNSYNCED = 0,
    DISK_KEEPS_UNSYNCED = 1,
    // Each is kept, dropped, or kept in some of its sectors of 512 bytes.
    DISK_TEARS_UNSYNCED = 2,
} DiskMode;

// When the disk fails, counted from now; -1 for never.
typedef struct {
    // The power fails at this write, sync or truncation; nothing works until disk_cut_power.
    long power_at_io;
    // This sync fails with EIO, and what it should have covered is lost, as Linux does it.
    long eio_at_sync;
    // From this write on the disk is full.
    long full_at_write;
    // Syncs answer and do nothing.
    int lies_about_syncs;
} DiskFaults;

// Makes the disk SQLite's default. Returns 0, or SQLite's error.
int disk_install(void);

// Empties the disk and takes all faults away.
void disk_format(void);

// Sets the faults; counting starts anew.
void disk_set_faults(DiskFaults faults);

// The power fails now: nothing works until disk_cut_power has said what is left.
void disk_power_off(void);

// Whether the power has failed.
int disk_is_dead(void);

// Writes, syncs and truncations since the faults were set.
long disk_io_count(void);

// The process was killed and the power stayed on: nothing is lost, and nothing more is synced.
void disk_revive(void);

// Cuts the power: what was not synced is dropped, kept or torn by `seed`; then the disk works again.
void disk_cut_power(uint64_t seed, DiskMode mode);

// Remembers the whole disk, synced or not, in slot 0 or 1, and goes back to it, without faults.
void disk_save(int slot);
void disk_restore(int slot);
