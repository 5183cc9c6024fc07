/* The clock of a host that somebody sets every 150 ms, hours and years to and fro. Only CLOCK_REALTIME: what sleeps
   by the monotonic clock sleeps as long as ever, as on a real host. (libfaketime shifts the deadlines of
   clock_nanosleep by the same offset, so that Python's time.sleep fails or sleeps for years.) */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static int (*real)(clockid_t, struct timespec *);

int clock_gettime(clockid_t clock, struct timespec *at) {
    static const long jumps[] = {0, -7200, 34560000, -34560000, 1};
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, at);
    if (answer || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return answer;
    struct timespec steady;
    real(CLOCK_MONOTONIC, &steady);
    at->tv_sec += jumps[(steady.tv_sec * 1000 + steady.tv_nsec / 1000000) / 150 % 5];
    return 0;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
