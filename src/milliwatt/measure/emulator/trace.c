/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts what an emulated model does, as callbacks of Unicorn: basic blocks per step, unaligned data accesses,
 * loads from flash per instruction, and misses of the flash's caches. Callbacks in Python would cost a
 * microsecond per block; these cost nanoseconds. All memory belongs to the caller.
 */
#include <stddef.h>
#include <stdint.h>

#define MW_UC_MEM_READ 16
#define MW_IT_BITS UINT32_C(0x0600FC00) /* ITSTATE in the program status register, Armv7-M B1.4.2 */

typedef struct {
    uint32_t address;
    uint32_t bytes;
    uint32_t step;
    uint32_t next; /* index + 1 of another block that starts at the same address in the same step */
    uint64_t executions;
    uint64_t sequential;   /* executions that came from the bytes directly in front */
    uint64_t fell_through; /* executions that went on to the bytes directly behind */
} mw_block;

typedef struct {
    uint32_t address;
    uint32_t step;
    uint64_t words;
} mw_flash_load;

typedef struct {
    uint64_t unaligned;
    uint64_t instruction_misses;
    uint64_t data_misses;
} mw_step;

/* Fully associative, least recently used, fetching only the sector that is missing. */
typedef struct {
    uint16_t *slot_of_line; /* by line of the flash: slot + 1, or 0 when it is not held */
    uint32_t *line_of_slot;
    uint32_t *sectors; /* by slot: bit per sector that is valid */
    uint64_t *used;    /* by slot: time of the last use, 0 when empty */
    uint64_t time;
    uint32_t slots; /* 0: there is no cache to simulate */
    uint32_t padding;
} mw_cache;

typedef struct {
    int32_t (*register_read)(void *engine, int32_t id, void *value);
    int32_t (*register_write)(void *engine, int32_t id, const void *value);
    mw_block *blocks;
    uint32_t *first_block; /* by halfword of the flash: index + 1 of the newest block */
    mw_flash_load *loads;
    uint32_t *first_load; /* by halfword of the flash: index + 1 of the newest load */
    mw_step *steps;
    mw_cache instructions;
    mw_cache data;
    int32_t pc_register;
    int32_t status_register; /* the register that holds the state of conditional (IT) blocks, or -1 */
    uint32_t flash_begin;
    uint32_t flash_end;
    uint32_t run_begin; /* the run function */
    uint32_t run_end;
    uint32_t line_shift;
    uint32_t sector_shift;
    uint32_t step_count;
    uint32_t block_capacity;
    uint32_t load_capacity;
    uint32_t block_count;
    uint32_t load_count;
    uint32_t entered; /* steps entered so far */
    uint32_t step;    /* the step that is charged now */
    uint32_t in_run;  /* whether the last block belongs to the run function */
    uint32_t last_end;
    uint32_t last_block; /* index + 1 */
    uint32_t overflow;   /* a capacity was too small: the result is not valid */
    uint32_t unaligned_pc; /* the first instruction that made an unaligned data access, 0 when none did */
} mw_trace;

void mw_trace_block(void *engine, uint64_t address, uint32_t bytes, void *user);
void mw_trace_memory(void *engine, int32_t type, uint64_t address, int32_t bytes, int64_t value, void *user);

static uint32_t evicted(const mw_cache *cache)
{
    uint32_t oldest = 0;
    for (uint32_t slot = 1; slot < cache->slots; slot++) {
        if (cache->used[slot] < cache->used[oldest]) {
            oldest = slot;
        }
    }
    return oldest;
}

/* Touches a sector, counted from the start of the flash; returns 1 when the flash must be read. */
static uint32_t missed(const mw_trace *trace, mw_cache *cache, uint32_t sector)
{
    const uint32_t in_line = trace->line_shift - trace->sector_shift;
    const uint32_t line = sector >> in_line;
    const uint32_t bit = UINT32_C(1) << (sector & ((UINT32_C(1) << in_line) - 1u));
    uint32_t slot;
    if (cache->slot_of_line[line] != 0) {
        slot = cache->slot_of_line[line] - 1u;
    } else {
        slot = evicted(cache);
        if (cache->used[slot] != 0) {
            cache->slot_of_line[cache->line_of_slot[slot]] = 0;
        }
        cache->slot_of_line[line] = (uint16_t)(slot + 1u);
        cache->line_of_slot[slot] = line;
        cache->sectors[slot] = 0;
    }
    cache->used[slot] = ++cache->time;
    if ((cache->sectors[slot] & bit) != 0) {
        return 0;
    }
    cache->sectors[slot] |= bit;
    return 1;
}

static uint64_t misses(const mw_trace *trace, mw_cache *cache, uint32_t offset, uint32_t bytes)
{
    uint64_t count = 0;
    if (cache->slots != 0) {
        const uint32_t last = (offset + bytes - 1u) >> trace->sector_shift;
        for (uint32_t sector = offset >> trace->sector_shift; sector <= last; sector++) {
            count += missed(trace, cache, sector);
        }
    }
    return count;
}

/* The run function's own blocks are charged to the step that they lead to, the last ones to the last step. */
static void choose_step(mw_trace *trace, uint32_t address)
{
    const uint32_t in_run = address >= trace->run_begin && address < trace->run_end;
    if (in_run != 0) {
        trace->step = trace->entered < trace->step_count ? trace->entered : trace->step_count - 1u;
    } else if (trace->in_run != 0) {
        trace->step = trace->entered < trace->step_count ? trace->entered : trace->step_count - 1u;
        trace->entered++;
    }
    trace->in_run = in_run;
}

static mw_block *block_at(mw_trace *trace, uint32_t address, uint32_t bytes)
{
    uint32_t *const first = &trace->first_block[(address - trace->flash_begin) / 2u];
    uint32_t index = *first;
    uint32_t next = 0;
    if (index != 0 && trace->blocks[index - 1u].step == trace->step) {
        next = index;
        while (index != 0) {
            if (trace->blocks[index - 1u].bytes == bytes) {
                return &trace->blocks[index - 1u];
            }
            index = trace->blocks[index - 1u].next;
        }
    }
    if (trace->block_count == trace->block_capacity) {
        trace->overflow = 1;
        return NULL;
    }
    mw_block *const block = &trace->blocks[trace->block_count++];
    *block = (mw_block){address, bytes, trace->step, next, 0, 0, 0};
    *first = trace->block_count;
    return block;
}

void mw_trace_block(void *engine, uint64_t address, uint32_t bytes, void *user)
{
    mw_trace *const trace = user;
    const uint32_t start = (uint32_t)address & ~UINT32_C(1);
    (void)engine;
    if (start < trace->flash_begin || start >= trace->flash_end || bytes == 0) {
        return;
    }
    choose_step(trace, start);
    mw_block *const block = block_at(trace, start, bytes);
    if (block == NULL) {
        return;
    }
    block->executions++;
    if (start == trace->last_end && trace->last_block != 0) {
        block->sequential++;
        trace->blocks[trace->last_block - 1u].fell_through++;
    }
    trace->last_end = start + bytes;
    trace->last_block = (uint32_t)(block - trace->blocks) + 1u;
    trace->steps[trace->step].instruction_misses +=
        misses(trace, &trace->instructions, start - trace->flash_begin, bytes);
}

static void count_load(mw_trace *trace, void *engine)
{
    uint32_t pc = 0;
    if (trace->register_read(engine, trace->pc_register, &pc) != 0) {
        return;
    }
    pc &= ~UINT32_C(1);
    if (pc < trace->flash_begin || pc >= trace->flash_end) {
        return;
    }
    uint32_t *const first = &trace->first_load[(pc - trace->flash_begin) / 2u];
    if (*first == 0 || trace->loads[*first - 1u].step != trace->step) {
        if (trace->load_count == trace->load_capacity) {
            trace->overflow = 1;
            return;
        }
        trace->loads[trace->load_count++] = (mw_flash_load){pc, trace->step, 0};
        *first = trace->load_count;
    }
    trace->loads[*first - 1u].words++;
}

/* Unicorn 2.1 restores the state of a conditional block for a watched access inside it, and keeps it: the code behind
 * would then be taken for conditional. Translated code does not look at these bits, so they can be cleared. */
static void leave_conditional_block(const mw_trace *trace, void *engine)
{
    uint32_t status = 0;
    if (trace->status_register >= 0 && trace->register_read(engine, trace->status_register, &status) == 0 &&
        (status & MW_IT_BITS) != 0) {
        status &= ~MW_IT_BITS;
        (void)trace->register_write(engine, trace->status_register, &status);
    }
}

void mw_trace_memory(void *engine, int32_t type, uint64_t address, int32_t bytes, int64_t value, void *user)
{
    mw_trace *const trace = user;
    const uint32_t start = (uint32_t)address;
    const uint32_t size = (uint32_t)bytes;
    mw_step *const step = &trace->steps[trace->step];
    (void)value;
    if ((start & (size - 1u)) != 0) {
        step->unaligned++;
        if (trace->unaligned_pc == 0) {
            (void)trace->register_read(engine, trace->pc_register, &trace->unaligned_pc);
        }
    }
    if (type == MW_UC_MEM_READ && start >= trace->flash_begin && start < trace->flash_end) {
        step->data_misses += misses(trace, &trace->data, start - trace->flash_begin, size);
        count_load(trace, engine);
    }
    leave_conditional_block(trace, engine);
}
