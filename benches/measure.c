/* Runs a command and writes what it cost to a file, as one line of numbers:
 * user and system CPU time and wall time in microseconds, peak resident memory in KiB,
 * and the exit code, or minus the signal that ended it.
 *
 * Why not measure in the script that compares? Linux counts into a program's peak memory what the
 * process that forked it had in memory: of an interpreter, more than what is to be measured.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int CANNOT_MEASURE = 125;
static const int CANNOT_RUN = 127;

static _Noreturn void give_up(const char *what, int code)
{
    perror(what);
    _exit(code);
}

static long long now_in_microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static long long in_microseconds(struct timeval time)
{
    return time.tv_sec * 1000000LL + time.tv_usec;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure RESULT COMMAND [ARGUMENT]...\n");
        return CANNOT_MEASURE;
    }

    long long start = now_in_microseconds();
    pid_t child = fork();
    if (child == -1)
        give_up("measure: fork", CANNOT_MEASURE);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* An abandoned measurement leaves nothing running. */
        execvp(argv[2], argv + 2);
        give_up(argv[2], CANNOT_RUN);
    }

    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) == -1)
        give_up("measure: wait4", CANNOT_MEASURE);
    long long wall = now_in_microseconds() - start;

    FILE *result = fopen(argv[1], "w");
    if (result == NULL)
        give_up(argv[1], CANNOT_MEASURE);
    fprintf(result, "%lld %lld %lld %ld %d\n", in_microseconds(usage.ru_utime),
            in_microseconds(usage.ru_stime), wall, usage.ru_maxrss,
            WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    return fclose(result) == 0 ? 0 : CANNOT_MEASURE;
}
