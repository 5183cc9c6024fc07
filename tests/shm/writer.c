/* Processes that publish into one region as fast as they can, the way tt-metal's v3 and v4 writers do.
 *
 *   writer --dir DIR --version 3|4 --workers N [--id ID] [--seed N] [--keeper]
 *          [--drift BYTES] [--drift-after-ms MS] [--stop-after-ms MS]
 *
 * Every worker attaches, allocates and frees at random, detaches, exits, and is replaced. An update is, without
 * any lock: total, chip entry, timestamp, slot. Attaching and detaching exclude each other, as they do between
 * healthy writers. The whole tree ends when standard input ends; every worker then detaches cleanly.
 *
 * --keeper: one more process that stays attached, holds bytes of every type and does nothing: with nobody
 *   attached a v4 writer resets the totals, and a counter that is decremented below 0 stays at 0.
 * --drift: after a while, add BYTES (or take them away) to the dram total and to nothing else.
 * --stop-after-ms: one worker stops itself (SIGSTOP) between total and slot of an update.
 *
 * Standard output: "READY\n" when the region is initialised, "DRIFT\n" and "STOPPED PID\n" when it happened.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "writer_region.h"

enum { MAX_WORKERS = 64, HELD = 16 };

/* What the processes of this program share beside the region. */
typedef struct {
    _Atomic int attaching; /* pid of who attaches or detaches, 0: nobody */
    _Atomic int ending;
    _Atomic int stop_one;
    _Atomic int kept; /* the keeper holds its bytes */
} Common;

static Region *region;
static Common *common;
static int version;
static uint64_t dice;

static uint64_t roll(void) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice;
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void lock(void) {
    int nobody = 0;
    while (!atomic_compare_exchange_weak(&common->attaching, &nobody, getpid())) {
        nobody = 0;
        usleep(50);
    }
}

static void unlock(void) { atomic_store(&common->attaching, 0); }

static Chip *chip_entry(uint32_t chip_id) {
    for (int at = 0; at < CHIPS; at++) {
        uint32_t seen = NO_CHIP;
        if (atomic_load(&region->chips[at].chip_id) == chip_id ||
            atomic_compare_exchange_strong(&region->chips[at].chip_id, &seen, chip_id) || seen == chip_id) {
            return &region->chips[at];
        }
    }
    return NULL;
}

static void reset_chips(void) {
    for (int at = 0; at < CHIPS; at++) {
        for (int type = 0; type < TYPES; type++) {
            atomic_store(&region->chips[at].bytes[type], 0);
        }
        atomic_store(&region->chips[at].is_remote, 0);
        atomic_store(&region->chips[at].chip_id, NO_CHIP);
    }
}

static Slot *claim_slot(void) {
    for (int at = 0; at < SLOTS; at++) {
        Slot *slot = &region->slots[at];
        int32_t nobody = 0;
        if (atomic_compare_exchange_strong(&slot->pid, &nobody, getpid())) {
            atomic_fetch_add(&region->active, 1);
            atomic_store(&slot->updated, now_ns());
            strncpy(slot->name, "writer", sizeof slot->name);
            return slot;
        }
    }
    return NULL;
}

/* Give a slot back; what it still holds leaves the totals, never the chip entries. */
static void release_slot(Slot *slot) {
    if (version >= 4) {
        atomic_store(&slot->pid, -1);
    }
    for (int type = 0; type < TYPES; type++) {
        uint64_t left = atomic_exchange(&slot->bytes[type], 0);
        if (version >= 4 || type != CB) {
            subtract(&region->totals[type], left);
        } else if (left) {
            atomic_store(&region->totals[type], 0);
        }
    }
    atomic_store(&slot->pid, 0);
    atomic_fetch_sub(&region->active, 1);
}

static void free_dead_slots(void) {
    for (int at = 0; at < SLOTS; at++) {
        int32_t pid = atomic_load(&region->slots[at].pid);
        if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH) {
            release_slot(&region->slots[at]);
            atomic_fetch_sub(&region->references, 1);
        }
    }
}

/* v3 counts a reference and claims its slot at the first allocation, v4 claims it here. */
static Slot *attach(void) {
    Slot *slot = NULL;
    lock();
    if (version >= 4) {
        free_dead_slots();
        if (atomic_load(&region->active) == 0) {
            for (int type = 0; type < TYPES; type++) {
                atomic_store(&region->totals[type], 0);
            }
            reset_chips();
        }
        slot = claim_slot();
        if (slot != NULL) {
            atomic_fetch_add(&region->references, 1);
        }
    } else if (atomic_fetch_add(&region->references, 1) == 0) {
        reset_chips();
    }
    unlock();
    return slot;
}

static void detach(Slot *slot) {
    lock();
    if (slot != NULL) {
        release_slot(slot);
    }
    if (version < 4 || slot != NULL) {
        atomic_fetch_sub(&region->references, 1);
    }
    if (version >= 4) {
        free_dead_slots();
    }
    unlock();
}

static void stop_if_asked(void) {
    int asked = 1;
    if (atomic_compare_exchange_strong(&common->stop_one, &asked, 0)) {
        printf("STOPPED %d\n", getpid());
        fflush(stdout);
        raise(SIGSTOP);
    }
}

/* One update: total, chip entry, timestamp, slot. */
static void update(Slot **slot, int type, int64_t bytes) {
    move(&region->totals[type], bytes);
    if (*slot != NULL && bytes > 0 && type != CB) { /* chips may disagree about CB in v4 */
        stop_if_asked();
    }
    Chip *chip = chip_entry(0);
    if (chip != NULL) {
        move(&chip->bytes[type], bytes);
    }
    atomic_store(&region->updated, now_ns());
    if (*slot == NULL && version < 4) {
        *slot = claim_slot();
    }
    if (*slot != NULL) {
        move(&(*slot)->bytes[type], bytes);
        atomic_store(&(*slot)->updated, now_ns());
    }
}

/* Before v4 a process writes its own figure over everybody's. */
static void update_cb(Slot **slot, uint64_t bytes) {
    if (version >= 4) {
        update(slot, CB, (int64_t)bytes - (int64_t)atomic_load(&(*slot)->bytes[CB]));
        return;
    }
    atomic_store(&region->totals[CB], bytes);
    atomic_store(&region->updated, now_ns());
    if (*slot != NULL) {
        atomic_store(&(*slot)->bytes[CB], bytes);
        atomic_store(&(*slot)->updated, now_ns());
    }
}

static void work(void) {
    struct { int type; int64_t bytes; } held[HELD];
    int count = 0, updates = 64 << roll() % 14; /* lives of some microseconds to a tenth of a second */
    Slot *slot = attach();
    if (version >= 4 && slot == NULL) {
        return; /* the 65th process is counted nowhere */
    }
    while (updates-- > 0 && !atomic_load(&common->ending)) {
        uint64_t chance = roll() % 16;
        if (chance == 0) {
            update_cb(&slot, (roll() % 64) << 10);
        } else if (count == 0 || (count < HELD && chance < 9)) {
            held[count].type = (int)(roll() % CB);
            held[count].bytes = (int64_t)(1 + roll() % (2u << 20));
            update(&slot, held[count].type, held[count].bytes);
            count++;
        } else {
            int which = (int)(roll() % (uint64_t)count);
            update(&slot, held[which].type, -held[which].bytes);
            held[which] = held[--count];
        }
    }
    if (roll() % 4) { /* else: leaves without freeing */
        while (count > 0) {
            count--;
            update(&slot, held[count].type, -held[count].bytes);
        }
    }
    detach(slot);
}

static void keep(void) {
    Slot *slot = attach();
    for (int type = 0; type < CB; type++) {
        update(&slot, type, 256 << 20);
    }
    atomic_store(&common->kept, 1);
    while (!atomic_load(&common->ending)) {
        usleep(1000);
    }
    for (int type = 0; type < CB; type++) {
        update(&slot, type, -(256 << 20));
    }
    detach(slot);
}

static pid_t start(void (*what)(void), pid_t parent) {
    pid_t pid = fork();
    if (pid < 0) {
        die("fork");
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(0);
        }
        dice += (uint64_t)getpid() * 0x9E3779B97F4A7C15u;
        for (int at = 0; at < 8; at++) {
            roll();
        }
        what();
        _exit(0);
    }
    return pid;
}

static void initialise(const char *directory, const char *id) {
    char path[4096];
    snprintf(path, sizeof path, "%s/tt_device_%s_memory", directory, id);
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof(Region)) < 0) {
        die(path);
    }
    region = mmap(NULL, sizeof(Region), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (region == MAP_FAILED) {
        die("mmap");
    }
    close(file);
    if (version >= 4) {
        atomic_store(&region->init_state, IN_PROGRESS);
    }
    atomic_store(&region->version, (uint32_t)version);
    reset_chips();
    region->asic_id = strtoull(id, NULL, 10);
    atomic_store(&region->updated, now_ns());
    if (version >= 4) {
        atomic_store(&region->init_state, READY);
    }
}

static void nothing(int signal_number) { (void)signal_number; }

static uint64_t passed_ms(uint64_t since_ns) { return (now_ns() - since_ns) / 1000000; }

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"dir", 1, 0, 'd'},    {"version", 1, 0, 'v'},        {"workers", 1, 0, 'w'},
        {"id", 1, 0, 'i'},     {"seed", 1, 0, 's'},           {"keeper", 0, 0, 'k'},
        {"drift", 1, 0, 'b'},  {"drift-after-ms", 1, 0, 'a'}, {"stop-after-ms", 1, 0, 'p'},
        {0, 0, 0, 0}};
    const char *directory = NULL, *id = "4476187513037";
    int workers = 1, keeper = 0, option;
    int64_t drift = 0, drift_after = 0, stop_after = -1;
    dice = 88172645463325252u;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'd': directory = optarg; break;
        case 'v': version = atoi(optarg); break;
        case 'w': workers = atoi(optarg); break;
        case 'i': id = optarg; break;
        case 's': dice += strtoull(optarg, NULL, 10); break;
        case 'k': keeper = 1; break;
        case 'b': drift = atoll(optarg); break;
        case 'a': drift_after = atoll(optarg); break;
        case 'p': stop_after = atoll(optarg); break;
        default: return 2;
        }
    }
    if (directory == NULL || version < 3 || version > 4 || workers < 0 || workers > MAX_WORKERS) {
        return 2;
    }
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (common == MAP_FAILED) {
        die("mmap");
    }
    initialise(directory, id);
    /* A worker that ends interrupts poll, so that it is replaced at once. */
    struct sigaction ended = {.sa_handler = nothing};
    sigaction(SIGCHLD, &ended, NULL);
    pid_t parent = getpid(), running[MAX_WORKERS];
    if (keeper) {
        start(keep, parent);
        while (!atomic_load(&common->kept)) {
            usleep(100);
        }
    }
    for (int at = 0; at < workers; at++) {
        running[at] = start(work, parent);
    }
    printf("READY\n");
    fflush(stdout);
    uint64_t begun = now_ns();
    for (;;) {
        struct pollfd input = {.fd = 0, .events = POLLIN};
        char byte;
        if (poll(&input, 1, 1) > 0 && read(0, &byte, 1) <= 0) {
            break;
        }
        if (drift && passed_ms(begun) >= (uint64_t)drift_after) {
            move(&region->totals[DRAM], drift);
            drift = 0;
            printf("DRIFT\n");
            fflush(stdout);
        }
        if (stop_after >= 0 && passed_ms(begun) >= (uint64_t)stop_after) {
            stop_after = -1;
            atomic_store(&common->stop_one, 1);
        }
        pid_t gone;
        while ((gone = waitpid(-1, NULL, WNOHANG)) > 0) {
            for (int at = 0; at < workers; at++) {
                if (running[at] == gone) {
                    running[at] = start(work, parent);
                }
            }
        }
    }
    atomic_store(&common->ending, 1);
    for (int at = 0; at < workers; at++) {
        kill(running[at], SIGCONT);
    }
    while (wait(NULL) > 0 || errno == EINTR) {
    }
    return 0;
}
