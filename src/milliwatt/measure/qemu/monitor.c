/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs on a machine of QEMU and does what the computer asks through semihosting (Arm, "Semihosting for AArch32 and
 * AArch64"): writes bytes to memory, reads them, calls a function and counts its instructions. It knows no model.
 *
 * A request is four words; the machine's own files /dev/stdin and /dev/stdout carry them. QEMU is started with
 * -icount: its clock moves by a fixed time per instruction, so that the machine's timer counts instructions.
 *
 *   read     address  bytes     -         answer: the bytes
 *   write    address  bytes     -         followed by the bytes; no answer
 *   call     function argument  stack     answer: RETURNED, result, ticks, whether the timer ran over
 *
 * A fault ends the program with the answer FAULTED, program counter, CFSR, BFAR.
 *
 * Set by the compiler's command line: TIMER, the address of a CMSDK APB timer, and TRAP_UNALIGNED, 1 where the
 * model's core forbids unaligned accesses and the machine's does not.
 */
#include <stdint.h>

enum { READ = 1, WRITE = 2, CALL = 3 };
enum { RETURNED = 1, FAULTED = 2 };
enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT = 0x18 };
enum { OPEN_READ_BINARY = 1, OPEN_WRITE_BINARY = 5 };
enum { APPLICATION_EXIT = 0x20026, RUN_TIME_ERROR = 0x20023 };

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define TIMER_CTRL REGISTER(TIMER + 0x0u)
#define TIMER_VALUE REGISTER(TIMER + 0x4u)
#define TIMER_RELOAD REGISTER(TIMER + 0x8u)
#define TIMER_INTSTATUS REGISTER(TIMER + 0xCu)
#define TIMER_ENABLE 1u
#define TIMER_INTERRUPT 8u /* only shows that the timer ran over: the interrupt controller ignores it */
#define CCR REGISTER(0xE000ED14u)
#define CCR_UNALIGN_TRP 8u
#define CFSR REGISTER(0xE000ED28u)
#define BFAR REGISTER(0xE000ED38u)
#define CPACR REGISTER(0xE000ED88u)
#define CPACR_FPU 0x00F00000u
#define TEXT(value) TEXT_OF(value)
#define TEXT_OF(value) #value

static uint32_t input_file, output_file;

extern char mw_stack_top[]; /* from the linker script */

static uint32_t semihosting(uint32_t operation, uintptr_t parameters)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = parameters;
    __asm__ volatile("bkpt #0xAB" : "+r"(r0) : "r"(r1) : "memory", "cc");
    return r0;
}

static void stop(uint32_t reason)
{
    for (;;) {
        (void)semihosting(SYS_EXIT, reason);
    }
}

static uint32_t opened(const char *name, uint32_t bytes, uint32_t mode)
{
    const uint32_t parameters[3] = {(uint32_t)(uintptr_t)name, mode, bytes};
    const uint32_t file = semihosting(SYS_OPEN, (uintptr_t)parameters);
    if (file == UINT32_MAX) {
        stop(RUN_TIME_ERROR);
    }
    return file;
}

/* Both operations answer how many bytes are still missing; all of them at the end of the input. */
static void transfer(uint32_t operation, uint32_t file, uint32_t address, uint32_t bytes)
{
    while (bytes > 0u) {
        const uint32_t parameters[3] = {file, address, bytes};
        const uint32_t missing = semihosting(operation, (uintptr_t)parameters);
        if (missing >= bytes) {
            stop(APPLICATION_EXIT);
        }
        address += bytes - missing;
        bytes = missing;
    }
}

static void answer(const uint32_t *words)
{
    transfer(SYS_WRITE, output_file, (uint32_t)(uintptr_t)words, 16u);
}

/* Calls a function with one argument on a stack of its own, and stores how far the timer went meanwhile. */
__attribute__((naked, noinline)) static uint32_t call(uint32_t function, uint32_t argument, uint32_t stack,
                                                      uint32_t *ticks)
{
    __asm__ volatile("push {r4-r7, lr}\n"
                     "mov r4, sp\n"
                     "mov r5, r3\n"
                     "mov r3, r0\n"
                     "mov r0, r1\n"
                     "ldr r6, 1f\n"
                     "mov sp, r2\n"
                     "ldr r7, [r6, #4]\n"
                     "blx r3\n"
                     "ldr r1, [r6, #4]\n"
                     "mov sp, r4\n"
                     "subs r7, r7, r1\n"
                     "str r7, [r5]\n"
                     "pop {r4-r7, pc}\n"
                     ".p2align 2\n"
                     "1: .word " TEXT(TIMER) "\n");
}

/* One instruction: what a call costs besides the called function. */
__attribute__((naked, used)) void mw_monitor_nothing(void);
__attribute__((naked, used)) void mw_monitor_nothing(void)
{
    __asm__ volatile("bx lr");
}

/* 2 * turns + 1 instructions: to check that ticks are instructions. */
__attribute__((naked, used)) void mw_monitor_loop(void);
__attribute__((naked, used)) void mw_monitor_loop(void)
{
    __asm__ volatile("1: subs r0, r0, #1\n"
                     "bne 1b\n"
                     "bx lr");
}

__attribute__((used)) void mw_monitor_report(const uint32_t *frame);
__attribute__((used)) void mw_monitor_report(const uint32_t *frame)
{
    const uint32_t words[4] = {FAULTED, frame[6], CFSR, BFAR};
    answer(words);
    stop(RUN_TIME_ERROR);
}

__attribute__((naked, used)) void mw_monitor_fault(void);
__attribute__((naked, used)) void mw_monitor_fault(void)
{
    __asm__ volatile("mov r0, sp\n"
                     "ldr r1, 1f\n"
                     "mov sp, r1\n"
                     "bl mw_monitor_report\n"
                     ".p2align 2\n"
                     "1: .word mw_stack_top\n");
}

static void counted_call(const uint32_t *request)
{
    uint32_t words[4] = {RETURNED, 0u, 0u, 0u};
    TIMER_CTRL = 0u;
    TIMER_INTSTATUS = 1u;
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = TIMER_ENABLE | TIMER_INTERRUPT;
    words[1] = call(request[1], request[2], request[3], &words[2]);
    words[3] = TIMER_INTSTATUS;
    answer(words);
}

void mw_monitor(void);
void mw_monitor(void)
{
    input_file = opened("/dev/stdin", 10u, OPEN_READ_BINARY);
    output_file = opened("/dev/stdout", 11u, OPEN_WRITE_BINARY);
#ifdef __ARM_FP
    CPACR |= CPACR_FPU;
    __asm__ volatile("dsb\nisb");
#endif
#if TRAP_UNALIGNED
    CCR |= CCR_UNALIGN_TRP;
#endif
    for (;;) {
        uint32_t request[4];
        transfer(SYS_READ, input_file, (uint32_t)(uintptr_t)request, 16u);
        if (request[0] == READ) {
            transfer(SYS_WRITE, output_file, request[1], request[2]);
        } else if (request[0] == WRITE) {
            transfer(SYS_READ, input_file, request[1], request[2]);
        } else if (request[0] == CALL) {
            counted_call(request);
        } else {
            stop(RUN_TIME_ERROR);
        }
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    mw_stack_top,     (void *)mw_monitor,       (void *)mw_monitor_fault, (void *)mw_monitor_fault,
    (void *)mw_monitor_fault, (void *)mw_monitor_fault, (void *)mw_monitor_fault, (void *)mw_monitor_fault,
    (void *)mw_monitor_fault, (void *)mw_monitor_fault, (void *)mw_monitor_fault, (void *)mw_monitor_fault,
    (void *)mw_monitor_fault, (void *)mw_monitor_fault, (void *)mw_monitor_fault, (void *)mw_monitor_fault,
};
