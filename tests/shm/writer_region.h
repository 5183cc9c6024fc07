/* The region of tt-metal's v2 to v4 writers, with real atomics, and its saturating counters. */
#ifndef WRITER_REGION_H
#define WRITER_REGION_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { DRAM, L1, L1_SMALL, TRACE, CB, TYPES };
enum { CHIPS = 16, SLOTS = 64 };
static const uint32_t NO_CHIP = 0xFFFFFFFFu, IN_PROGRESS = 1, READY = 0x52454459u;

typedef struct {
    _Atomic uint32_t chip_id, is_remote;
    _Atomic uint64_t bytes[TYPES];
} Chip;

typedef struct {
    _Atomic int32_t pid;
    _Atomic uint64_t bytes[TYPES];
    _Atomic uint64_t updated;
    char name[64];
} Slot;

typedef struct {
    _Atomic uint32_t version, active;
    _Atomic uint64_t updated;
    _Atomic uint32_t references;
    uint64_t board_serial, asic_id;
    int32_t device_id;
    _Atomic uint64_t totals[TYPES];
    Chip chips[CHIPS];
    Slot slots[SLOTS];
    _Atomic uint32_t init_state;
    char rest[36];
} Region;

_Static_assert(offsetof(Region, totals) == 48, "totals");
_Static_assert(offsetof(Region, chips) == 88 && sizeof(Chip) == 48, "chips");
_Static_assert(offsetof(Region, slots) == 856 && sizeof(Slot) == 120, "slots");
_Static_assert(offsetof(Region, init_state) == 8536 && sizeof(Region) == 8576, "region");

/* Counters saturate at 0. */
static void subtract(_Atomic uint64_t *counter, uint64_t bytes) {
    uint64_t seen = atomic_load(counter);
    while (!atomic_compare_exchange_weak(counter, &seen, seen > bytes ? seen - bytes : 0)) {
    }
}

static void move(_Atomic uint64_t *counter, int64_t bytes) {
    if (bytes >= 0) {
        atomic_fetch_add(counter, (uint64_t)bytes);
    } else {
        subtract(counter, (uint64_t)-bytes);
    }
}

#endif
