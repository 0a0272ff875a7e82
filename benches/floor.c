/*
 * What the kernel itself costs: the smallest C programs that get the answers `mmapio incore` gives, to be timed beside it,
 * and the stopwatch that times them all. Compiled by benches/compare; not part of the product.
 *
 *   floor time OUT COMMAND [ARG]...   run COMMAND with its stdout in OUT, print what it took
 *   floor true                        start and end a process
 *   floor stat FILE                   open, fstat, cachestat, close
 *   floor mincore FILE                one mincore pass over the file, counting runs
 *   floor files THREADS DIR LIST      the loop of `stat` over every name in LIST (one a line, relative to DIR)
 *
 * Each prints key=value pairs on one line; `us` is the time of the asking alone, in microseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The same number on every architecture; the C library here is older than the call. */
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

struct cache_range { uint64_t offset, length; };
struct cache_counts { uint64_t cached, dirty, writeback, evicted, recently_evicted; };

enum { MAX_THREADS = 64, WINDOW_PAGES = 65536 };

extern char **environ;

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double timeval_us(struct timeval t)
{
    return t.tv_sec * 1e6 + t.tv_usec;
}

static int must_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    return fd;
}

static struct stat must_fstat(int fd, const char *path)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        die(path);
    return st;
}

/* ---- the stopwatch ---- */

/*
 * OUT is made anew, never truncated: ext4 starts writeback when a truncated and rewritten file is closed, and that
 * would be counted as the command's time.
 */
static posix_spawn_file_actions_t redirect(const char *out)
{
    posix_spawn_file_actions_t actions;
    if (unlink(out) != 0 && errno != ENOENT)
        die(out);
    int fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || null < 0)
        die(out);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, null, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, 1);
    return actions;
}

/*
 * The stopwatch is this small program and not the script, because at exec the kernel carries the peak memory of the
 * process that starts another over to the one started: beside an interpreter nothing would measure below its size.
 */
static int time_command(const char *out, char **argv)
{
    posix_spawn_file_actions_t actions = redirect(out);
    struct rusage used;
    pid_t pid;
    int status;

    double start = now_us();
    errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    if (errno != 0)
        die(argv[0]);
    while (wait4(pid, &status, 0, &used) < 0)
        if (errno != EINTR)
            die("wait4");
    double wall = now_us() - start;

    printf("wall_us=%.1f user_us=%.0f sys_us=%.0f maxrss_kib=%ld status=%d\n", wall, timeval_us(used.ru_utime),
           timeval_us(used.ru_stime), used.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}

/* ---- one file ---- */

static uint64_t cached_pages(int fd, const char *path)
{
    struct cache_range whole = {0, 0};
    struct cache_counts counts;
    if (syscall(SYS_cachestat, fd, &whole, &counts, 0) != 0)
        die(path);
    return counts.cached;
}

static int stat_file(const char *path)
{
    double start = now_us();
    int fd = must_open(path);
    struct stat st = must_fstat(fd, path);
    uint64_t cached = cached_pages(fd, path);
    close(fd);
    double us = now_us() - start;

    uint64_t page = sysconf(_SC_PAGESIZE);
    printf("pages=%ju resident=%ju us=%.1f\n", (uintmax_t)((st.st_size + page - 1) / page), (uintmax_t)cached, us);
    return 0;
}

struct pass { uint64_t resident, runs; unsigned char last; };

static void count_window(struct pass *pass, const unsigned char *vec, size_t pages)
{
    for (size_t i = 0; i < pages; i++) {
        unsigned char state = vec[i] & 1;
        pass->resident += state;
        pass->runs += state != pass->last;
        pass->last = state;
    }
}

/* In windows, as memory must not grow with the file; PROT_NONE, as nothing is ever read through the mapping. */
static struct pass mincore_pass(char *map, uint64_t pages, uint64_t page)
{
    static unsigned char vec[WINDOW_PAGES];
    struct pass pass = {0, 0, 2};
    for (uint64_t first = 0; first < pages; first += WINDOW_PAGES) {
        size_t some = pages - first < WINDOW_PAGES ? pages - first : WINDOW_PAGES;
        if (mincore(map + first * page, some * page, vec) != 0)
            die("mincore");
        count_window(&pass, vec, some);
    }
    return pass;
}

static int mincore_file(const char *path)
{
    uint64_t page = sysconf(_SC_PAGESIZE);
    double start = now_us();
    int fd = must_open(path);
    struct stat st = must_fstat(fd, path);
    uint64_t pages = (st.st_size + page - 1) / page;
    char *map = mmap(NULL, pages * page, PROT_NONE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        die(path);
    struct pass pass = mincore_pass(map, pages, page);
    munmap(map, pages * page);
    close(fd);
    double us = now_us() - start;

    printf("pages=%ju resident=%ju runs=%ju us=%.1f\n", (uintmax_t)pages, (uintmax_t)pass.resident,
           (uintmax_t)pass.runs, us);
    return 0;
}

/* ---- many files ---- */

struct share { char *from, *to; uint64_t files, bytes, cached; };

static void *ask_share(void *argument)
{
    struct share *share = argument;
    for (char *name = share->from; name < share->to; name += strlen(name) + 1) {
        int fd = must_open(name);
        share->bytes += must_fstat(fd, name).st_size;
        share->cached += cached_pages(fd, name);
        share->files++;
        close(fd);
    }
    return NULL;
}

static char *read_list(const char *path, size_t *length)
{
    int fd = must_open(path);
    *length = must_fstat(fd, path).st_size;
    char *text = malloc(*length + 1);
    if (text == NULL || read(fd, text, *length) != (ssize_t)*length)
        die(path);
    text[*length] = '\0';
    close(fd);
    return text;
}

static void split_lines(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\n')
            text[i] = '\0';
}

/* A share ends where a name ends, so that each name is in exactly one share. */
static void deal(struct share *shares, int threads, char *text, size_t length)
{
    char *from = text, *end = text + length;
    for (int i = 0; i < threads; i++) {
        char *to = i == threads - 1 ? end : text + length / threads * (i + 1);
        while (to < end && to > from && to[-1] != '\0')
            to++;
        shares[i] = (struct share){from, to, 0, 0, 0};
        from = to;
    }
}

static void ask_all(struct share *shares, int threads)
{
    pthread_t handles[MAX_THREADS];
    for (int i = 1; i < threads; i++)
        if ((errno = pthread_create(&handles[i], NULL, ask_share, &shares[i])) != 0)
            die("pthread_create");
    ask_share(&shares[0]);
    for (int i = 1; i < threads; i++)
        pthread_join(handles[i], NULL);
}

static int ask_files(int threads, const char *dir, const char *list)
{
    struct share shares[MAX_THREADS], sum = {0};
    size_t length;
    if (threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "floor: 1 to %d threads\n", MAX_THREADS);
        return 2;
    }
    char *text = read_list(list, &length);
    if (chdir(dir) != 0)
        die(dir);
    split_lines(text, length);
    deal(shares, threads, text, length);

    double start = now_us();
    ask_all(shares, threads);
    double us = now_us() - start;

    for (int i = 0; i < threads; i++) {
        sum.files += shares[i].files;
        sum.bytes += shares[i].bytes;
        sum.cached += shares[i].cached;
    }
    printf("files=%ju bytes=%ju resident=%ju us=%.1f\n", (uintmax_t)sum.files, (uintmax_t)sum.bytes,
           (uintmax_t)sum.cached, us);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "time") && argc > 3)
        return time_command(argv[2], argv + 3);
    if (!strcmp(what, "true") && argc == 2)
        return 0;
    if (!strcmp(what, "stat") && argc == 3)
        return stat_file(argv[2]);
    if (!strcmp(what, "mincore") && argc == 3)
        return mincore_file(argv[2]);
    if (!strcmp(what, "files") && argc == 5)
        return ask_files(atoi(argv[2]), argv[3], argv[4]);
    fputs("usage: floor time|true|stat|mincore|files ... (see the head of floor.c)\n", stderr);
    return 2;
}
