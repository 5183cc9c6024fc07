/* A Tenstorrent device for tests: the interface of a functional simulator (libttsim) over sparse
 * memory. It knows how bytes move (PCI config space, BARs, TLB windows, NOC tiles, ARC messages);
 * what the bytes are (telemetry, masks, link states) is written by the test into a script, the file
 * that TTDEVICE_SCRIPT names:
 *
 *   arch wormhole|blackhole|quasar   (of a quasar nothing but its PCI id is known)
 *   chips N
 *   spread FIRST STEP             PCI device numbers of the chips: FIRST, FIRST + STEP, ...; 0, 1, ... without
 *   mem CHIP X Y ADDRESS WORD     a 32-bit word of a NOC tile
 *   bar CHIP OFFSET WORD          a 32-bit word of BAR0
 *   harvest CHIP MASK             answer of ARC message 0x57 (Wormhole)
 *   off CHIP [N]                  off the bus from the N-th access on: every read is all ones
 *   slow CHIP MICROSECONDS        how long each access to CHIP takes; to device numbers without one, as to the first
 *   remote CHIP X Y               CHIP is no PCI endpoint: it is reached over eth, at eth coordinates X Y
 *   count CHIP X Y ADDRESS        a word that grows by one with every read
 *   vary CHIP X Y ADDRESS SPAN    a word that is up to SPAN (hexadecimal) more than it was given, another at every read
 *   crash KIND N [CHIP]           abort, exit, segfault, kill or hang at the N-th access; N 0 is init, -1 exit; with
 *                                 CHIP at the first access to it from the N-th access of all on; nap: go on
 *                                 after three seconds
 *   beside FILE                   end the process at init unless FILE is beside the library
 *   shout                         print on fd 1 at every opportunity
 *   fork                          start a process at init that outlives this one
 *   leave                         leave the process group at init
 *   log FILE                      append every write to FILE: space, chip, tile, address, size, first word
 *
 * TT_VISIBLE_DEVICES is honoured as tt_umd does on a host, and does not for a simulator (0.9.14): a list of
 * BDFs, of which PCI devices only those answer (device number N is 0000:00:N.0, hexadecimal).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, BUCKETS = 1 << 14, MAX_CHIPS = 64, MAX_COUNTERS = 256 };
enum { NEVER = -2, AT_EXIT = -1, AT_INIT = 0 };
enum { BAR_X = 200 }; /* tile column that stands for what is only reachable through BAR0 */

typedef struct Page {
    struct Page *next;
    uint64_t key, number;
    uint8_t bytes[PAGE];
} Page;

static Page *buckets[BUCKETS];
static int wormhole, quasar, chips = 1, shouting, forking, leaving;
static unsigned slow_us[MAX_CHIPS];
static unsigned first_number, number_step = 1;
static uint32_t harvest[MAX_CHIPS];
static long off_since[MAX_CHIPS]; /* 0: never */
static int remote_at[MAX_CHIPS]; /* eth coordinates x | y << 8 of a remote chip; -1: none */
static struct { uint64_t key, address; uint32_t base, span; } counters[MAX_COUNTERS]; /* span 0: counts */
static uint32_t noise = 1;
static int counter_count;
static char crash_kind[16];
static long crash_at = NEVER, accesses;
static int crash_chip = -1; /* -1: whichever */
static int napped;
static FILE *write_log;

static const uint64_t BAR0_BASE = 0x100000000000ull, BAR_STEP = 0x10000000000ull;
static const uint64_t BAR2_OFFSET = 0x1000000000ull, BAR4_OFFSET = 0x2000000000ull;

static uint64_t tile_key(int chip, unsigned x, unsigned y) { return (uint64_t)chip << 16 | x << 8 | y; }

static Page *page_of(uint64_t key, uint64_t number, int make) {
    uint64_t hash = (key * 0x9E3779B97F4A7C15ull) ^ (number * 0xC2B2AE3D27D4EB4Full);
    Page **slot = &buckets[(hash >> 40) % BUCKETS];
    for (Page *page = *slot; page; page = page->next)
        if (page->key == key && page->number == number) return page;
    if (!make) return NULL;
    Page *page = calloc(1, sizeof *page);
    if (!page) abort();
    page->key = key, page->number = number, page->next = *slot;
    return *slot = page;
}

static void sparse_read(uint64_t key, uint64_t address, void *to, size_t size) {
    uint8_t *out = to;
    while (size) {
        size_t at = address % PAGE, part = PAGE - at < size ? PAGE - at : size;
        Page *page = page_of(key, address / PAGE, 0);
        if (page) memcpy(out, page->bytes + at, part); else memset(out, 0, part);
        out += part, address += part, size -= part;
    }
}

static void sparse_write(uint64_t key, uint64_t address, const void *from, size_t size) {
    const uint8_t *in = from;
    while (size) {
        size_t at = address % PAGE, part = PAGE - at < size ? PAGE - at : size;
        memcpy(page_of(key, address / PAGE, 1)->bytes + at, in, part);
        in += part, address += part, size -= part;
    }
}

static uint32_t word(uint64_t key, uint64_t address) {
    uint32_t value;
    sparse_read(key, address, &value, sizeof value);
    return value;
}

static void set_word(uint64_t key, uint64_t address, uint32_t value) { sparse_write(key, address, &value, sizeof value); }

static void crash(void) {
    if (!strcmp(crash_kind, "abort")) abort();
    if (!strcmp(crash_kind, "exit")) { /* functional simulators do so for what they do not model */
        puts("ERROR: UnimplementedFunctionality: offset=0x1c");
        fflush(stdout);
        _Exit(1);
    }
    if (!strcmp(crash_kind, "segfault")) raise(SIGSEGV);
    if (!strcmp(crash_kind, "kill")) raise(SIGKILL);
    if (!strcmp(crash_kind, "hang")) for (;;) pause();
    if (!strcmp(crash_kind, "nap") && !napped++) sleep(3);
}

static void access_made(int chip) {
    if (shouting && write(1, "libttsim: a line that nobody asked for\n", 39) < 0) _exit(3);
    unsigned delay = slow_us[(unsigned)chip < MAX_CHIPS ? chip : 0];
    if (delay) usleep(delay);
    ++accesses;
    if (crash_chip < 0 ? accesses == crash_at : chip == crash_chip && chip < chips && accesses >= crash_at) crash();
}

static int off_bus(int chip) { return off_since[chip] && accesses >= off_since[chip]; }

static void log_write(const char *space, int chip, unsigned x, unsigned y, uint64_t address, const void *from, size_t size) {
    uint32_t value = 0;
    if (!write_log) return;
    memcpy(&value, from, size < sizeof value ? size : sizeof value);
    fprintf(write_log, "%s %d %u-%u 0x%llx %zu 0x%x\n", space, chip, x, y, (unsigned long long)address, size, value);
    fflush(write_log);
}

/* ---- ARC ---- */

static uint64_t apb_base(void) { return wormhole ? 0x880000000ull : 0x80000000ull; }
static unsigned arc_x(void) { return wormhole ? 0 : 8; }
static unsigned arc_y(void) { return wormhole ? 10 : 0; }
static uint64_t arc_key(int chip) { return tile_key(chip, arc_x(), arc_y()); }

/* Wormhole: the code stands in APB+0x30074, bit 16 of APB+0x30100 rings, the answer is in APB+0x30060.. */
static void wormhole_message(int chip) {
    uint64_t key = arc_key(chip), apb = apb_base();
    uint32_t trigger = word(key, apb + 0x30100);
    if (!(trigger & 1u << 16)) return;
    uint32_t code = word(key, apb + 0x30074);
    set_word(key, apb + 0x30100, trigger & ~(1u << 16));
    if ((code & 0xFF) == 0x57) set_word(key, apb + 0x3006C, harvest[chip]);
    set_word(key, apb + 0x30074, code & 0xFF);
}

/* Blackhole: a request is 8 words in a ring of CSM; the answer is 8 zero words, success. */
static void blackhole_message(int chip) {
    uint64_t key = arc_key(chip), apb = apb_base();
    uint32_t block = word(key, apb + 0x3042C);
    if (!block) return;
    uint32_t base = word(key, block), entries = word(key, block + 4) & 0xFF;
    if (!base || !entries) return;
    for (int queue = 0; queue < 4; queue++) {
        uint64_t header = base + (uint64_t)queue * (32 + entries * 2 * 32);
        uint32_t requests = word(key, header), taken = word(key, header + 16), given = word(key, header + 20);
        while (taken != requests) {
            taken = (taken + 1) % (2 * entries);
            uint64_t answer = header + 32 + (uint64_t)entries * 32 + (uint64_t)(given % entries) * 32;
            for (int i = 0; i < 8; i++) set_word(key, answer + 4 * i, 0);
            given = (given + 1) % (2 * entries);
        }
        set_word(key, header + 16, taken);
        set_word(key, header + 20, given);
    }
}

/* ---- tiles ---- */

enum { REQUESTS = 0x11080, RESPONSES = 0x11200, BUFFERS = 0x12000 }; /* in L1 of a Wormhole eth core */
enum { WRITE_POINTER = 32, READ_POINTER = 48, SLOTS = 64 };
enum { WRITE_REQUEST = 1, READ_REQUEST = 4, READ_DATA = 8, BLOCK = 64 };

static void serve_remote(uint64_t key);

static uint32_t next_word(int i) {
    if (!counters[i].span) return word(counters[i].key, counters[i].address) + 1;
    noise = noise * 1664525u + 1013904223u;
    return counters[i].base + (noise >> 8) % counters[i].span;
}

static void tile_read(int chip, unsigned x, unsigned y, uint64_t address, void *to, size_t size) {
    if (off_bus(chip)) { memset(to, 0xFF, size); return; }
    uint64_t key = tile_key(chip, x, y);
    for (int i = 0; i < counter_count; i++)
        if (counters[i].key == key && counters[i].address >= address && counters[i].address < address + size)
            set_word(key, counters[i].address, next_word(i));
    sparse_read(key, address, to, size);
}

static void tile_write(int chip, unsigned x, unsigned y, uint64_t address, const void *from, size_t size) {
    sparse_write(tile_key(chip, x, y), address, from, size);
    if (wormhole && address == REQUESTS + WRITE_POINTER) serve_remote(tile_key(chip, x, y));
    if (x != arc_x() || y != arc_y()) return;
    if (wormhole) wormhole_message(chip); else blackhole_message(chip);
}

/* What the routing firmware of a Wormhole eth core does with a request: 4 slots of 32 bytes behind two
 * pointers that count to 8; small data stands in the slot, a block in the buffer of that slot. */
static void serve_remote(uint64_t key) {
    uint32_t wanted = word(key, REQUESTS + WRITE_POINTER), served = word(key, REQUESTS + READ_POINTER);
    for (; served != wanted; served = (served + 1) & 7) {
        uint64_t request = REQUESTS + SLOTS + (served & 3) * 32;
        uint64_t target = word(key, request) | (uint64_t)word(key, request + 4) << 32;
        uint32_t flags = word(key, request + 12), size = flags & BLOCK ? word(key, request + 8) : 4;
        uint64_t address = target & 0xFFFFFFFFFull;
        unsigned x = target >> 36 & 63, y = target >> 42 & 63;
        int chip = 0, place = (int)(target >> 48 & 63) | (int)(target >> 54 & 63) << 8;
        while (chip < MAX_CHIPS && remote_at[chip] != place) chip++;
        uint8_t data[1024];
        if (chip == MAX_CHIPS || size > sizeof data) abort();
        if (chip == crash_chip && accesses >= crash_at) crash();
        if (flags & WRITE_REQUEST) {
            sparse_read(key, flags & BLOCK ? BUFFERS + (served & 3) * 1024 : request + 8, data, size);
            log_write("remote", chip, x, y, address, data, size);
            tile_write(chip, x, y, address, data, size);
        }
        if (flags & READ_REQUEST) {
            uint32_t given = word(key, RESPONSES + WRITE_POINTER);
            uint64_t response = RESPONSES + SLOTS + (given & 3) * 32;
            tile_read(chip, x, y, address, data, size);
            sparse_write(key, flags & BLOCK ? BUFFERS + (given & 3) * 1024 : response + 8, data, size);
            set_word(key, response + 12, READ_DATA | (flags & BLOCK));
            set_word(key, RESPONSES + WRITE_POINTER, (given + 1) & 7);
        }
    }
    set_word(key, REQUESTS + READ_POINTER, served);
}

/* ---- BARs ---- */

typedef struct { unsigned x, y; uint64_t address; } Place;

/* Where an offset of BAR0 leads: through a TLB window to a tile, to ARC, or to BAR-only registers. */
static Place bar_place(int chip, int bar, uint64_t offset) {
    uint64_t bar_key = tile_key(chip, BAR_X, 0);
    if (bar == 4) return (Place){BAR_X, 4, offset};
    if (wormhole && offset >= 0x1FE80000 && offset < 0x1FF00000) return (Place){arc_x(), arc_y(), 0x810000000ull + offset - 0x1FE80000};
    if (wormhole && offset >= 0x1FF00000) return (Place){arc_x(), arc_y(), apb_base() + offset - 0x1FF00000};
    if (!wormhole && offset >= 0x1FF00000) return (Place){arc_x(), arc_y(), apb_base() + offset - 0x1FF00000};
    uint64_t window, size, config;
    if (wormhole && offset < 156ull << 20) window = offset >> 20, size = 1 << 20;
    else if (wormhole && offset < (156ull << 20) + (10ull << 21)) window = 156 + ((offset - (156ull << 20)) >> 21), size = 1 << 21;
    else if (wormhole && offset < (156ull << 20) + (10ull << 21) + (20ull << 24)) window = 166 + ((offset - (156ull << 20) - (10ull << 21)) >> 24), size = 1 << 24;
    else if (!wormhole && offset < 0x19400000) window = offset >> 21, size = 1 << 21;
    else return (Place){BAR_X, 0, offset};
    config = 0x1FC00000 + window * (wormhole ? 8 : 12);
    uint64_t low = word(bar_key, config) | (uint64_t)word(bar_key, config + 4) << 32;
    unsigned shift = 0;
    while ((1ull << shift) < size) shift++;
    unsigned address_bits = (wormhole ? 36 : 64) - shift;
    uint64_t high = wormhole ? 0 : word(bar_key, config + 8);
    unsigned __int128 all = (unsigned __int128)low | (unsigned __int128)high << 64;
    uint64_t local = (uint64_t)(all & ((((unsigned __int128)1) << address_bits) - 1));
    unsigned x = (unsigned)(all >> address_bits) & 63, y = (unsigned)(all >> (address_bits + 6)) & 63;
    return (Place){x, y, (local << shift) | (offset & (size - 1))};
}

static int chip_of(uint64_t address, int *bar, uint64_t *offset) {
    if (address < BAR0_BASE) return -1;
    int chip = (int)((address - BAR0_BASE) / BAR_STEP);
    uint64_t rest = (address - BAR0_BASE) % BAR_STEP;
    *bar = rest >= BAR4_OFFSET ? 4 : rest >= BAR2_OFFSET ? 2 : 0;
    *offset = rest - (*bar == 4 ? BAR4_OFFSET : *bar == 2 ? BAR2_OFFSET : 0);
    return chip < chips ? chip : -1;
}

void libttsim_pci_mem_rd_bytes(uint64_t address, void *to, uint32_t size) {
    int bar;
    uint64_t offset;
    int chip = chip_of(address, &bar, &offset);
    access_made(chip);
    if (chip < 0 || off_bus(chip)) { memset(to, 0xFF, size); return; }
    if (bar == 2) { sparse_read(tile_key(chip, BAR_X, 2), offset, to, size); return; }
    Place place = bar_place(chip, bar, offset);
    tile_read(chip, place.x, place.y, place.address, to, size);
}

void libttsim_pci_mem_wr_bytes(uint64_t address, const void *from, uint32_t size) {
    int bar;
    uint64_t offset;
    int chip = chip_of(address, &bar, &offset);
    access_made(chip);
    if (chip < 0) return;
    if (bar == 2) { log_write("bar2", chip, 0, 0, offset, from, size); sparse_write(tile_key(chip, BAR_X, 2), offset, from, size); return; }
    Place place = bar_place(chip, bar, offset);
    log_write(place.x == BAR_X ? "bar" : "tile", chip, place.x, place.y, place.address, from, size);
    tile_write(chip, place.x, place.y, place.address, from, size);
}

void libttsim_tile_rd_bytes(uint32_t x, uint32_t y, uint64_t address, void *to, uint32_t size) {
    access_made(0);
    tile_read(0, x, y, address, to, size);
}

void libttsim_tile_wr_bytes(uint32_t x, uint32_t y, uint64_t address, const void *from, uint32_t size) {
    access_made(0);
    log_write("tile", 0, x, y, address, from, size);
    tile_write(0, x, y, address, from, size);
}

static int is_visible(unsigned number) {
    const char *visible = getenv("TT_VISIBLE_DEVICES");
    char own[16];
    snprintf(own, sizeof own, "0000:00:%02x.0", number & 0xFF);
    return !visible || !*visible || strstr(visible, own) != NULL;
}

uint32_t libttsim_pci_config_rd32(uint32_t bdf, uint32_t offset) {
    unsigned number = bdf >> 3, chip = (number - first_number) / number_step;
    if (!is_visible(number)) return 0xFFFFFFFF;
    if (number < first_number || (number - first_number) % number_step) chip = MAX_CHIPS;
    access_made((int)chip);
    if (bdf & 7 || chip >= (unsigned)chips) return 0xFFFFFFFF;
    uint64_t bar0 = BAR0_BASE + chip * BAR_STEP;
    uint64_t bar = offset < 0x18 ? bar0 : offset < 0x20 ? bar0 + BAR2_OFFSET : bar0 + BAR4_OFFSET;
    switch (offset) {
    case 0x00: return (quasar ? 0xFEEDu : wormhole ? 0x401Eu : 0xB140u) << 16 | 0x1E52u;
    case 0x10: case 0x18: case 0x20: return (uint32_t)bar | 0xC; /* 64 bits, prefetchable */
    case 0x14: case 0x1C: case 0x24: return (uint32_t)(bar >> 32);
    default: return 0;
    }
}

void libttsim_pci_config_wr32(uint32_t bdf, uint32_t offset, uint32_t value) {
    log_write("config", (int)(bdf >> 3), 0, 0, offset, &value, sizeof value);
}

void libttsim_set_pci_dma_mem_callbacks(void *read, void *write) { (void)read; (void)write; }
void libttsim_clock(uint32_t cycles) { (void)cycles; }
/* tt_umd also looks for endpoints first, with an exit of its own: that one is spared */
void libttsim_exit(void) { if (crash_at == AT_EXIT && accesses > 100) crash(); }

static void look_beside(const char *name) {
    Dl_info self;
    char path[8192];
    if (!dladdr((void *)&crash_at, &self)) abort();
    const char *end = strrchr(self.dli_fname, '/');
    snprintf(path, sizeof path, "%.*s/%s", end ? (int)(end - self.dli_fname) : 1, end ? self.dli_fname : ".", name);
    if (access(path, R_OK)) { fprintf(stderr, "test device: there is no %s\n", path); _exit(1); }
}

static void script_line(const char *line) {
    int chip;
    long since = 1;
    unsigned x, y, value;
    unsigned long long address;
    char text[4096];
    if (sscanf(line, "arch %15s", text) == 1) wormhole = !strcmp(text, "wormhole"), quasar = !strcmp(text, "quasar");
    else if (sscanf(line, "chips %d", &chips) == 1) { if (chips < 0 || chips > MAX_CHIPS) abort(); }
    else if (sscanf(line, "spread %u %u", &first_number, &number_step) == 2) { if (!number_step) abort(); }
    else if (sscanf(line, "mem %d %u %u %llx %x", &chip, &x, &y, &address, &value) == 5) set_word(tile_key(chip, x, y), address, value);
    else if (sscanf(line, "bar %d %llx %x", &chip, &address, &value) == 3) set_word(tile_key(chip, BAR_X, 0), address, value);
    else if (sscanf(line, "harvest %d %x", &chip, &value) == 2) harvest[chip] = value;
    else if (sscanf(line, "off %d %ld", &chip, &since) >= 1) off_since[chip] = since;
    else if (sscanf(line, "slow %d %u", &chip, &value) == 2) slow_us[chip] = value;
    else if (sscanf(line, "remote %d %u %u", &chip, &x, &y) == 3) remote_at[chip] = (int)(x | y << 8);
    else if (sscanf(line, "count %d %u %u %llx", &chip, &x, &y, &address) == 4 && counter_count < MAX_COUNTERS) {
        counters[counter_count].key = tile_key(chip, x, y);
        counters[counter_count++].address = address;
    }
    else if (sscanf(line, "vary %d %u %u %llx %x", &chip, &x, &y, &address, &value) == 5 && counter_count < MAX_COUNTERS) {
        counters[counter_count].key = tile_key(chip, x, y);
        counters[counter_count].address = address;
        counters[counter_count].base = word(tile_key(chip, x, y), address);
        counters[counter_count++].span = value;
    }
    else if (sscanf(line, "crash %15s %ld %d", crash_kind, &crash_at, &crash_chip) >= 2) {}
    else if (sscanf(line, "beside %4095s", text) == 1) look_beside(text);
    else if (!strncmp(line, "shout", 5)) shouting = 1;
    else if (!strncmp(line, "fork", 4)) forking = 1;
    else if (!strncmp(line, "leave", 5)) leaving = 1;
    else if (sscanf(line, "log %4095s", text) == 1) write_log = fopen(text, "a");
    else if (line[0] != '\n' && line[0] != '#') { fprintf(stderr, "test device: bad line: %s", line); abort(); }
}

void libttsim_init(void) {
    const char *path = getenv("TTDEVICE_SCRIPT");
    FILE *script = path ? fopen(path, "r") : NULL;
    char line[8192];
    for (int chip = 0; chip < MAX_CHIPS; chip++) remote_at[chip] = -1;
    if (!script) { fprintf(stderr, "test device: no TTDEVICE_SCRIPT\n"); abort(); }
    while (fgets(line, sizeof line, script)) script_line(line);
    fclose(script);
    if (leaving) setsid();
    if (forking && !fork()) { sleep(60); _exit(0); }
    if (crash_at == AT_INIT) crash();
}
