// Tells the thread sanitizer of what it can not see in the libraries of Swift.
//
// Locks: `Synchronization.Mutex` locks with an atomic exchange that the compiler instruments, and, when
// two threads want it at once, with a futex inside libswiftSynchronization, which is not
// instrumented: whatever a thread does after such a wait looks like a race. This library is loaded
// before that one, stands in for its two slow paths, and adds the order that they establish.
//
// Continuations: one that is resumed before its task waits for it is told of by an atomic inside
// libswift_Concurrency. The library releases the task when it resumes, and acquires it only where
// the task starts again; a task that does not even stop is made to acquire itself here.
//
// Nothing is suppressed: a race of ours is still reported, as `controls.swift` shows.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

// Synchronization._MutexHandle._lockSlow(_: UInt32) and ._unlockSlow().
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// The sanitizer's own; absent where a process that is not instrumented loads this library.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF handle) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF handle) __asm__(UNLOCK_SLOW);

SWIFT void lock_slow(uint32_t thread, SELF handle) {
  SWIFT void (*original)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK_SLOW);
  original(thread, handle);
  if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF handle) {
  SWIFT void (*original)(SELF) = dlsym(RTLD_NEXT, UNLOCK_SLOW);
  if (__tsan_release) __tsan_release(handle);
  original(handle);
}

#define ASYNC __attribute__((swiftasynccall))
#define CONTEXT __attribute__((swift_async_context)) void *

SWIFT void *swift_task_getCurrent(void);

ASYNC void swift_continuation_await(void *continuation, CONTEXT context) {
  ASYNC void (*original)(void *, CONTEXT) = dlsym(RTLD_NEXT, "swift_continuation_await");
  if (__tsan_acquire) __tsan_acquire(swift_task_getCurrent());
  __attribute__((musttail)) return original(continuation, context);
}
