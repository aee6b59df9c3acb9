/* Preloaded, it moves a process's wall clock by the seconds in the file that CLOCK_SHIFT names, as
 * somebody who sets the machine's clock would: all at once, in the middle of everything. Monotonic
 * time goes on; whoever waits for a moment waits until the new clock shows it.
 *
 * Not libfaketime: with monotonic time left alone, its clock_nanosleep refuses what Python asks.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int *shift;

__attribute__((constructor)) static void begin(void)
{
    int file = open(getenv("CLOCK_SHIFT"), O_RDONLY);
    void *found = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int), PROT_READ, MAP_SHARED, file, 0);
    if (found == MAP_FAILED)
        abort();
    shift = found;
    close(file);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = syscall(SYS_clock_gettime, id, now);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) && shift)
        now->tv_sec += *shift;
    return result;
}

time_t time(time_t *seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds)
        *seconds = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

/* The locks of multiprocessing: the kernel, too, would look at the clock again after a step. */
int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict until)
{
    struct timespec now, nap = {0, 5000000};
    while (sem_trywait(sem) < 0) {
        if (errno != EAGAIN)
            return -1;
        clock_gettime(CLOCK_REALTIME, &now);
        if (now.tv_sec > until->tv_sec
            || (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec)) {
            errno = ETIMEDOUT;
            return -1;
        }
        syscall(SYS_nanosleep, &nap, NULL);
    }
    return 0;
}
