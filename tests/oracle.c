/*
 * The independent eye of the tests: what it reports comes from plain mincore, cachestat and lseek, never from
 * the code under test. It also sets up what a test needs (evicted, touched and held pages, changing files and
 * trees) and launches commands under conditions (another user, a refused system call, few descriptors).
 *
 * Commands that go on until they are told to stop print "ready" and end at the end of their standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CACHESTAT 451 /* the same number on every architecture; older headers lack it */
#define WINDOW 16384  /* pages asked of mincore at a time */

struct cachestat_range { uint64_t off, len; };
struct cachestat { uint64_t cache, dirty, writeback, evicted, recently_evicted; };

static uint64_t page_size;

static void die(const char *what)
{
    fprintf(stderr, "oracle: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void check(int ok, const char *what)
{
    if (!ok)
        die(what);
}

static int open_for(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    check(fd >= 0, path);
    return fd;
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    errno = EINVAL;
    check(*text && !*end, text);
    return value;
}

/* Says "ready" to whoever started us, at once. */
static void ready(void)
{
    puts("ready");
    fflush(stdout);
}

/* Whether the standard input ended: at once (0) or waiting for it (-1). */
static int told_to_stop(int timeout)
{
    struct pollfd in = { .fd = 0, .events = POLLIN };
    return poll(&in, 1, timeout) > 0;
}

static void become(unsigned id)
{
    check(setgroups(0, NULL) == 0 && setresgid(id, id, id) == 0 && setresuid(id, id, id) == 0, "change of user");
}

/* The pages [first, last) of the bytes OFF LEN, or of the whole file. lseek also knows a block device's size. */
static void page_range(int fd, char **args, uint64_t *first, uint64_t *last)
{
    uint64_t end = (uint64_t)lseek(fd, 0, SEEK_END), from = 0;
    if (args[0]) {
        from = number(args[0]);
        if (from + number(args[1]) < end)
            end = from + number(args[1]);
    }
    *first = from / page_size;
    *last = (end + page_size - 1) / page_size;
}

/* Shows every page to `see`, by mincore on PROT_NONE mappings: nothing is read, nothing is changed. */
static void each_page(char **args, void (*see)(uint64_t page, int resident))
{
    static unsigned char state[WINDOW];
    int fd = open_for(args[0], O_RDONLY);
    uint64_t page, last;
    page_range(fd, args + 1, &page, &last);
    while (page < last) {
        uint64_t count = last - page < WINDOW ? last - page : WINDOW;
        void *at = mmap(NULL, count * page_size, PROT_NONE, MAP_SHARED, fd, (off_t)(page * page_size));
        check(at != MAP_FAILED, "mmap");
        check(mincore(at, count * page_size, state) == 0, "mincore");
        munmap(at, count * page_size);
        for (uint64_t i = 0; i < count; i++)
            see(page++, state[i] & 1);
    }
}

static struct { uint64_t start, count; int resident; } run;

static void print_run(void)
{
    if (run.count)
        printf("%" PRIu64 " %" PRIu64 " %d\n", run.start, run.count, run.resident);
}

static void add_to_run(uint64_t page, int resident)
{
    if (!run.count || run.resident != resident) {
        print_run();
        run.start = page;
        run.count = 0;
        run.resident = resident;
    }
    run.count++;
}

/* map FILE [OFF LEN]: lines START_PAGE COUNT 0|1 */
static void map_command(char **args)
{
    each_page(args, add_to_run);
    print_run();
}

static uint64_t seen[2];

static void count_page(uint64_t page, int resident)
{
    (void)page;
    seen[resident]++;
}

/* counts FILE [OFF LEN]: RESIDENT TOTAL, in pages */
static void counts_command(char **args)
{
    each_page(args, count_page);
    printf("%" PRIu64 " %" PRIu64 "\n", seen[1], seen[0] + seen[1]);
}

/* cachestat FILE OFF LEN [UID]: CACHE DIRTY WRITEBACK EVICTED RECENTLY_EVICTED, or "errno E"; asked as this user */
static void cachestat_command(char **args)
{
    struct cachestat_range range = { number(args[1]), number(args[2]) };
    struct cachestat s;
    int fd = open_for(args[0], O_RDONLY);
    if (args[3])
        become((unsigned)number(args[3]));
    if (syscall(CACHESTAT, fd, &range, &s, 0) != 0)
        printf("errno %d\n", errno);
    else
        printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", s.cache, s.dirty, s.writeback,
               s.evicted, s.recently_evicted);
}

/* data FILE: lines OFF LEN, one for each extent that is not a hole */
static void data_command(char **args)
{
    int fd = open_for(args[0], O_RDONLY);
    off_t from, to = 0;
    while ((from = lseek(fd, to, SEEK_DATA)) >= 0) {
        to = lseek(fd, from, SEEK_HOLE);
        check(to >= 0, "SEEK_HOLE");
        printf("%jd %jd\n", (intmax_t)from, (intmax_t)(to - from));
    }
    check(errno == ENXIO, "SEEK_DATA"); /* ENXIO: no data from here on */
}

/* evict FILE [OFF LEN]: clean first, since dirty pages stay */
static void evict_command(char **args)
{
    int fd = open_for(args[0], O_RDONLY);
    check(fdatasync(fd) == 0, "fdatasync");
    errno = posix_fadvise(fd, args[1] ? (off_t)number(args[1]) : 0, args[1] ? (off_t)number(args[2]) : 0,
                          POSIX_FADV_DONTNEED);
    check(errno == 0, "fadvise");
}

/* touch FILE: reads one byte of each page named on standard input, without readahead */
static void touch_command(char **args)
{
    int fd = open_for(args[0], O_RDONLY);
    uint64_t page;
    char byte;
    errno = posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    check(errno == 0, "fadvise");
    while (scanf("%" SCNu64, &page) == 1)
        check(pread(fd, &byte, 1, (off_t)(page * page_size)) == 1, "pread");
}

/* hold FILE OFF LEN: these pages are resident until told to stop */
static void hold_command(char **args)
{
    uint64_t len = number(args[2]);
    volatile char *at = mmap(NULL, len, PROT_READ, MAP_SHARED, open_for(args[0], O_RDONLY), (off_t)number(args[1]));
    check(at != MAP_FAILED, "mmap");
    check(madvise((void *)at, len, MADV_RANDOM) == 0, "madvise");
    check(mlock2((void *)at, len, MLOCK_ONFAULT) == 0, "mlock2");
    for (uint64_t i = 0; i < len; i += page_size)
        (void)at[i];
    ready();
    told_to_stop(-1);
}

/* mapped FILE OFF LEN: these pages are in this process's page tables, and not locked, until told to stop */
static void mapped_command(char **args)
{
    uint64_t len = number(args[2]);
    volatile char *at = mmap(NULL, len, PROT_READ, MAP_SHARED, open_for(args[0], O_RDONLY), (off_t)number(args[1]));
    check(at != MAP_FAILED, "mmap");
    for (uint64_t i = 0; i < len; i += page_size)
        (void)at[i];
    ready();
    told_to_stop(-1);
}

/* Four pages of shared memory, written. */
static void fill(int fd)
{
    void *at = mmap(NULL, 4 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check(at != MAP_FAILED, "mmap");
    memset(at, 1, 4 * page_size);
}

static void use_memory(const char *kind)
{
    if (!strcmp(kind, "memfd")) {
        int fd = memfd_create("cache", MFD_CLOEXEC);
        check(fd >= 0 && ftruncate(fd, (off_t)(4 * page_size)) == 0, "memfd_create");
        fill(fd);
    } else if (!strcmp(kind, "zero")) {
        fill(open_for("/dev/zero", O_RDWR));
    } else {
        int id = shmget(IPC_PRIVATE, 4 * page_size, IPC_CREAT | 0600);
        void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
        check(at != (void *)-1 && shmctl(id, IPC_RMID, NULL) == 0, "shm");
        memset(at, 1, 4 * page_size);
    }
}

/* One of open:FILE map:FILE both:FILE gone:FILE memory:KIND */
static void use(char *what)
{
    char *name = strchr(what, ':');
    check(name != NULL, what);
    *name++ = 0;
    if (!strcmp(what, "memory")) {
        use_memory(name);
        return;
    }
    int fd = open_for(name, O_RDONLY);
    if (!strcmp(what, "map") || !strcmp(what, "both"))
        check(mmap(NULL, page_size, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED, name);
    if (!strcmp(what, "map"))
        close(fd);
    if (!strcmp(what, "gone"))
        check(unlink(name) == 0, name);
}

/* use WHAT…: files and memory are in use until told to stop */
static void use_command(char **args)
{
    for (; *args; args++)
        use(*args);
    ready();
    told_to_stop(-1);
}

/* within SECONDS -- COMMAND…: the alarm outlives the exec, so a command that hangs is ended. A shell starts what it runs in the
   background with SIGINT and SIGQUIT ignored, nohup with SIGHUP, and that would outlive the exec, too. */
static void within_command(char **args)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    alarm((unsigned)number(args[0]));
    execvp(args[2], args + 2);
    die(args[2]);
}

/* deny ERRNO -- COMMAND…: cachestat fails with ERRNO in the command */
static void deny_command(char **args)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CACHESTAT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)number(args[0])),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
    check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
    execvp(args[2], args + 2);
    die(args[2]);
}

/* Starts a command as another user; opened before the change, so that it need not be reachable for that user. */
static void run_as(char **args, int namespaces)
{
    extern char **environ;
    int fd = open_for(args[2], O_PATH);
    become((unsigned)number(args[0]));
    check(unshare(namespaces) == 0, "unshare");
    syscall(SYS_execveat, fd, "", args + 2, environ, AT_EMPTY_PATH);
    die(args[2]);
}

/* as UID -- COMMAND… */
static void as_command(char **args)
{
    run_as(args, 0);
}

/* unmapped UID -- COMMAND…: in a user namespace that maps nobody, so that everybody there is the overflow user */
static void unmapped_command(char **args)
{
    run_as(args, CLONE_NEWUSER);
}

/* limit-fds N -- COMMAND… */
static void limit_fds_command(char **args)
{
    struct rlimit limit = { number(args[0]), number(args[0]) };
    check(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    execvp(args[2], args + 2);
    die(args[2]);
}

/* limit-space BYTES -- COMMAND…: of address space */
static void limit_space_command(char **args)
{
    struct rlimit limit = { number(args[0]), number(args[0]) };
    check(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
    execvp(args[2], args + 2);
    die(args[2]);
}

/* ignoring SIGNAL -- COMMAND…: started with that signal ignored */
static void ignoring_command(char **args)
{
    check(signal((int)number(args[0]), SIG_IGN) != SIG_ERR, "signal");
    execvp(args[2], args + 2);
    die(args[2]);
}

/* leak-fds N -- COMMAND…: so many more descriptors are open from the start */
static void leak_fds_command(char **args)
{
    for (uint64_t left = number(args[0]); left; left--)
        check(open("/dev/null", O_RDONLY) >= 0, "/dev/null");
    execvp(args[2], args + 2);
    die(args[2]);
}

static void write_number(const char *path, uint64_t value)
{
    FILE *file = fopen(path, "w");
    check(file && fprintf(file, "%" PRIu64 "\n", value) > 0 && fclose(file) == 0, path);
}

/* peak FILE -- COMMAND…: writes into FILE how many KiB the command had in memory at most */
static void peak_command(char **args)
{
    struct rusage usage;
    int status;
    pid_t child = fork();
    check(child >= 0, "fork");
    if (!child) {
        execvp(args[2], args + 2);
        die(args[2]);
    }
    check(wait4(child, &status, 0, &usage) == child, "wait4");
    write_number(args[0], (uint64_t)usage.ru_maxrss);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* in-group FILE -- COMMAND…: FILE is the cgroup.procs of a group */
static void in_group_command(char **args)
{
    write_number(args[0], (uint64_t)getpid());
    execvp(args[2], args + 2);
    die(args[2]);
}

/* resize FILE SIZE…: gives the file one size after the other; prints how often at the end */
static void resize_command(char **args)
{
    int fd = open_for(args[0], O_RDWR);
    uint64_t times = 0;
    ready();
    while (!told_to_stop(0))
        for (char **size = args + 1; *size; size++, times++)
            check(ftruncate(fd, (off_t)number(*size)) == 0, "ftruncate");
    printf("%" PRIu64 "\n", times);
}

static void exchange(const char *a, const char *b)
{
    check(syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0, "renameat2");
}

/* Creates, moves and deletes a file and a directory between the directories a and b. */
static void come_and_go(void)
{
    int fd = open("a/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    check(fd >= 0 && ftruncate(fd, 4096) == 0 && close(fd) == 0, "a/new");
    check(mkdir("b/dir", 0755) == 0 && rename("a/new", "b/dir/moved") == 0, "b/dir");
    check(rename("b/dir", "a/dir") == 0, "a/dir");
    check(unlink("a/dir/moved") == 0 && rmdir("a/dir") == 0, "unlink");
}

/*
 * churn DIR: the directories DIR/a and DIR/b change without end; `a` and the file `f` are swapped with the
 * symbolic links `a-link` and `f-link` and back. Prints how often at the end.
 */
static void churn_command(char **args)
{
    uint64_t times = 0;
    check(chdir(args[0]) == 0, args[0]);
    ready();
    for (; !told_to_stop(0); times++) {
        come_and_go();
        exchange("a", "a-link");
        exchange("f", "f-link");
        exchange("a", "a-link");
        exchange("f", "f-link");
    }
    printf("%" PRIu64 "\n", times);
}

/* deep LEVELS NAME: a directory in a directory …, in the current one, and a file `bottom` of 4096 bytes in the last */
static void deep_command(char **args)
{
    for (uint64_t level = number(args[0]); level; level--)
        check(mkdir(args[1], 0755) == 0 && chdir(args[1]) == 0, args[1]);
    int fd = open("bottom", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    check(fd >= 0 && ftruncate(fd, 4096) == 0, "bottom");
}

/* mkfifo PATH */
static void mkfifo_command(char **args)
{
    check(mkfifo(args[0], 0666) == 0, args[0]);
}

/* fifo-writer PATH: waits for a reader and writes one byte; a reader that goes away at once kills it (SIGPIPE) */
static void fifo_writer_command(char **args)
{
    ready();
    check(write(open_for(args[0], O_WRONLY), "x", 1) == 1, "write");
}

/* watch-opens PATH: prints how often it was opened until told to stop; O_PATH does not count as opening */
static void watch_opens_command(char **args)
{
    struct inotify_event event;
    unsigned opens = 0;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    check(fd >= 0 && inotify_add_watch(fd, args[0], IN_OPEN) >= 0, args[0]);
    ready();
    told_to_stop(-1);
    while (read(fd, &event, sizeof event) == sizeof event)
        opens++;
    printf("%u\n", opens);
}

/* page-size */
static void page_size_command(char **args)
{
    (void)args;
    printf("%" PRIu64 "\n", page_size);
}

static const struct command { const char *name; int arguments; void (*run)(char **); } commands[] = {
    { "map", 1, map_command },          { "counts", 1, counts_command },     { "cachestat", 3, cachestat_command },
    { "data", 1, data_command },        { "evict", 1, evict_command },       { "touch", 1, touch_command },
    { "hold", 3, hold_command },        { "within", 3, within_command },     { "deny", 3, deny_command },
    { "as", 3, as_command },            { "ignoring", 3, ignoring_command }, { "limit-fds", 3, limit_fds_command }, { "limit-space", 3, limit_space_command }, { "leak-fds", 3, leak_fds_command }, { "resize", 2, resize_command },
    { "churn", 1, churn_command },      { "deep", 2, deep_command },         { "mkfifo", 1, mkfifo_command },
    { "fifo-writer", 1, fifo_writer_command }, { "watch-opens", 1, watch_opens_command },
    { "peak", 3, peak_command },        { "in-group", 3, in_group_command },
    { "page-size", 0, page_size_command }, { "unmapped", 3, unmapped_command },
    { "mapped", 3, mapped_command },      { "use", 1, use_command },
};

int main(int argc, char **argv)
{
    page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].arguments) {
            commands[i].run(argv + 2);
            return 0;
        }
    fprintf(stderr, "oracle: no such command: %s\n", argc > 1 ? argv[1] : "");
    return 2;
}
