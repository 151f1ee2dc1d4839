// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes the module that is loaded in this kernel.
 *
 * Workers run cases: those of the corpus first, and then ones that are made of them.  What
 * reaches a new edge is added to the corpus.  The first process runs none: it watches.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "check.h"
#include "corpus.h"
#include "cover.h"
#include "futex.h"
#include "merge.h"
#include "mutate.h"
#include "ops.h"
#include "place.h"
#include "runner.h"

#define MOST_WORKERS	4
#define CHECK_CASES	64	/* between looks at the books of a case's queues */
#define REST_SECONDS	10	/* between looks at all, with nothing running */
#define HUNG_SECONDS	60	/* that a case may take in a slow machine */
#define STOP_SECONDS	5	/* that one may take which is not asked for any more */
#define TELL_SECONDS	60

/**
 * struct progress - of one worker
 * @cases: run
 * @operations: done
 * @rests: whether it has stopped, because it was asked to
 * @failed: the books of its last case did not balance
 * @is_done: it has run all that it had to
 */
struct progress {
	_Atomic uint64_t cases;
	_Atomic uint64_t operations;
	_Atomic uint32_t rests;
	_Atomic uint32_t failed;
	_Atomic uint32_t is_done;
};

/* What workers shall do. */
enum phase {
	RUN,
	REST,
	STOP,
};

/* What all processes share. */
static struct shared {
	struct corpus corpus;
	struct cover_map map;
	struct progress progress[MOST_WORKERS];
	_Atomic uint32_t phase;
	_Atomic uint64_t grown_at;	/* operations when an edge was new */
} *shared;

static struct {
	uint64_t operations;
	uint64_t seconds;
	uint64_t seed;
	unsigned int workers;
	unsigned int repeat;
	unsigned int instrumented;
	const char *found;
	const char *reached;
	const char *merge;
	bool replay;
} opt = { .seconds = 60, .workers = 2, .repeat = 1 };

static pid_t workers[MOST_WORKERS];

static const char help[] =
"Usage: ipcq-fuzz [OPTIONS] [CORPUS...]\n"
"Runs cases of operations on the ipcq module, and new ones made of them.\n"
"\n"
"      --operations N   end after that many\n"
"      --seconds N      end after that long (60; 0: never)\n"
"      --seed N         of the random numbers (default: from the clock)\n"
"      --workers N      processes (2)\n"
"      --place FILE     note there which case is run\n"
"      --found FILE     write the cases there that have reached something new\n"
"      --reached FILE   write there which places of the module were\n"
"      --places N       how many there are in the module, for the report\n"
"      --replay         run the cases of CORPUS, and no others\n"
"      --repeat N       with --replay: so often (1)\n"
"      --merge FILE     run the cases of CORPUS, and write those there that it takes\n"
"      --show FILE      print into files of the directory CORPUS what was noted in FILE\n"
"      --help           show this\n";

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static uint64_t operations(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < opt.workers; i++)
		sum += shared->progress[i].operations;
	return sum;
}

static uint64_t cases(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < opt.workers; i++)
		sum += shared->progress[i].cases;
	return sum;
}

static void set_phase(enum phase phase)
{
	shared->phase = phase;
	futex_wake(&shared->phase, 0);
}

/* A worker, between cases: rest while it shall, or when there is something to be seen. */
static void heed(struct progress *progress)
{
	uint32_t phase;

	while ((phase = shared->phase) != RUN || progress->failed || progress->is_done) {
		if (phase == STOP)
			_exit(0);
		progress->rests = 1;
		futex_wait(&shared->phase, phase, 0);
	}
	progress->rests = 0;
}

/* Run one case, from nothing to nothing.  Returns how many edges are new. */
static unsigned int run(unsigned int worker, const struct fuzz_case *c)
{
	struct progress *progress = &shared->progress[worker];
	unsigned int new;

	place_note(worker, progress->cases + 1, progress->operations, c);
	runner_run(c);
	new = cover_end(&shared->map);
	if (progress->cases % CHECK_CASES == 0 && check_slots())
		progress->failed = 1;
	runner_reset();
	progress->operations = runner_done();
	progress->cases++;
	if (new)
		shared->grown_at = operations();
	heed(progress);
	return new;
}

/* Run the cases of the corpus, shared out to the workers; to replay, each runs all. */
static void run_given(unsigned int worker)
{
	unsigned int step = opt.replay ? 1 : opt.workers;
	unsigned int i, times;

	for (times = 0; times < opt.repeat; times++) {
		for (i = opt.replay ? 0 : worker; i < shared->corpus.given; i += step)
			run(worker, &shared->corpus.c[i]);
	}
}

static const struct fuzz_case *choose(struct random *r)
{
	unsigned int n = corpus_size(&shared->corpus);
	unsigned int at;

	if (!n)
		return NULL;
	/* What is new has been tried less. */
	at = random_below(r, n);
	if (random_percent(r, 40))
		at = n - 1 - random_below(r, n < 50 ? n : 50);
	return corpus_case(&shared->corpus, at);
}

static void run_new(unsigned int worker)
{
	const struct fuzz_case *base, *other;
	struct fuzz_case c;
	struct random r;

	random_seed(&r, opt.seed * MOST_WORKERS + worker);
	for (;;) {
		base = random_percent(&r, 90) ? choose(&r) : NULL;
		other = choose(&r);
		if (base && other) {
			case_copy(&c, base);
			case_mutate(&r, &c, other);
		} else {
			case_generate(&r, &c);
		}
		if (run(worker, &c))
			corpus_add(&shared->corpus, &c);
	}
}

static void work(unsigned int worker)
{
	int err = runner_init(worker);

	if (err) {
		printf("# worker %u: %s\n", worker, strerror(-err));
		_exit(1);
	}
	run_given(worker);
	if (!opt.replay)
		run_new(worker);
	shared->progress[worker].is_done = 1;
	heed(&shared->progress[worker]);
}

/* Say why it ends, and what was being run. */
static int fail(const char *why)
{
	unsigned int i;

	printf("# %s\n", why);
	for (i = 0; i < opt.workers; i++)
		place_print(stdout, i);
	fflush(stdout);
	return 1;
}

static void tell(uint64_t seconds)
{
	printf("# %" PRIu64 " s: %" PRIu64 " operations, %" PRIu64 " cases, %" PRIu64
	       " operations/s; %u places, %u edges, corpus of %u\n", seconds, operations(),
	       cases(), operations() / (seconds ? seconds : 1), shared->map.places,
	       shared->map.edges, corpus_size(&shared->corpus));
	fflush(stdout);
}

static bool all(uint32_t (*is)(const struct progress *progress))
{
	unsigned int i;

	for (i = 0; i < opt.workers; i++) {
		if (!is(&shared->progress[i]))
			return false;
	}
	return true;
}

static uint32_t rests(const struct progress *progress)
{
	return progress->rests || progress->is_done;
}

static uint32_t is_done(const struct progress *progress)
{
	return progress->is_done;
}

/* Has a worker ended, or found something wrong?  0 if not. */
static int look_at_workers(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < opt.workers; i++) {
		if (waitpid(workers[i], &status, WNOHANG) == workers[i]) {
			workers[i] = 0;
			printf("# worker %u: status %#x\n", i, status);
			return fail("a worker has ended");
		}
		if (shared->progress[i].failed)
			return fail("the books do not balance");
	}
	return check_log() ? fail("the kernel has complained") : 0;
}

/* Let no case run for a moment, and look at what then must be so.  0 if it is. */
static int look_at_rest(void)
{
	uint64_t begun = now();
	int err = 0;

	set_phase(REST);
	while (!err && !all(rests)) {
		/* Not woken by the last of them: one that has died would never do that. */
		usleep(2000);
		err = look_at_workers();
		if (!err && now() - begun > HUNG_SECONDS)
			err = fail("a case does not end");
	}
	if (!err && check_rest())
		err = fail("something was left behind");
	set_phase(RUN);
	return err;
}

static int watch(void)
{
	uint64_t begun = now(), rested = begun, told = begun, seconds = 0;
	uint32_t saved = 0;
	int err = 0;

	while (!err && !all(is_done)) {
		usleep(100000);
		seconds = now() - begun;
		err = look_at_workers();
		if (!err && now() - rested >= REST_SECONDS) {
			err = look_at_rest();
			rested = now();
		}
		if (now() - told >= TELL_SECONDS) {
			tell(seconds);
			/* Not everything is lost if the machine comes to its end. */
			if (opt.found && saved != shared->corpus.taken)
				corpus_save(&shared->corpus, opt.found, 0);
			saved = shared->corpus.taken;
			told = now();
		}
		if (!opt.replay && ((opt.operations && operations() >= opt.operations) ||
				    (opt.seconds && seconds >= opt.seconds)))
			break;
	}
	if (!err)
		err = look_at_rest();
	tell(now() - begun);
	return err;
}

/* Wait until the process has ended, for so long at most. */
static void await_end(pid_t pid, unsigned int seconds)
{
	struct pollfd fd = { .fd = pidfd_open(pid, 0), .events = POLLIN };

	if (fd.fd < 0)
		return;
	while (poll(&fd, 1, seconds * 1000) < 0 && errno == EINTR)
		;
	close(fd.fd);
}

/* Each ends after the case that it is at, if that ever ends. */
static void end_workers(void)
{
	unsigned int i;

	set_phase(STOP);
	for (i = 0; i < opt.workers; i++) {
		if (!workers[i])
			continue;
		await_end(workers[i], STOP_SECONDS);
		kill(workers[i], SIGKILL);
		waitpid(workers[i], NULL, 0);
	}
}

static int fuzz(void)
{
	unsigned int i;
	int err;

	fflush(stdout);
	for (i = 0; i < opt.workers; i++) {
		workers[i] = fork();
		if (!workers[i])
			work(i);
	}
	err = watch();
	end_workers();
	if (opt.found)
		corpus_save(&shared->corpus, opt.found, 0);
	printf("# seed %" PRIu64 ": %" PRIu64 " operations in %" PRIu64 " cases\n", opt.seed,
	       operations(), cases());
	if (cover_is_on()) {
		if (opt.reached)
			cover_save(&shared->map, opt.reached);
		printf("# reached %u places", shared->map.places);
		if (opt.instrumented)
			printf(" of %u", opt.instrumented);
		printf(" and %u edges, the last new one after %" PRIu64 " operations\n",
		       shared->map.edges, shared->grown_at);
	}
	return err;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *end || end == text) {
		fprintf(stderr, "ipcq-fuzz: '%s' is no number\n", text);
		exit(2);
	}
	return value;
}

static const char *place_shown;

static void parse(int argc, char **argv)
{
	enum { OPERATIONS = 256, SECONDS, SEED, WORKERS, PLACE, FOUND, REACHED, PLACES, REPLAY,
	       REPEAT, MERGE, SHOW, HELP };
	static const struct option options[] = {
		{ "operations", required_argument, NULL, OPERATIONS },
		{ "seconds", required_argument, NULL, SECONDS },
		{ "seed", required_argument, NULL, SEED },
		{ "workers", required_argument, NULL, WORKERS },
		{ "place", required_argument, NULL, PLACE },
		{ "found", required_argument, NULL, FOUND },
		{ "reached", required_argument, NULL, REACHED },
		{ "places", required_argument, NULL, PLACES },
		{ "replay", no_argument, NULL, REPLAY },
		{ "repeat", required_argument, NULL, REPEAT },
		{ "merge", required_argument, NULL, MERGE },
		{ "show", required_argument, NULL, SHOW },
		{ "help", no_argument, NULL, HELP },
		{ 0 }
	};
	int c, err;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPERATIONS: opt.operations = number(optarg); break;
		case SECONDS: opt.seconds = number(optarg); break;
		case SEED: opt.seed = number(optarg); break;
		case WORKERS: opt.workers = number(optarg); break;
		case FOUND: opt.found = optarg; break;
		case REACHED: opt.reached = optarg; break;
		case PLACES: opt.instrumented = number(optarg); break;
		case REPLAY: opt.replay = true; break;
		case REPEAT: opt.repeat = number(optarg); break;
		case MERGE: opt.merge = optarg; break;
		case SHOW: place_shown = optarg; break;
		case PLACE:
			err = place_open(optarg);
			if (err) {
				fprintf(stderr, "%s: %s\n", optarg, strerror(-err));
				exit(1);
			}
			break;
		case HELP:
			fputs(help, stdout);
			exit(0);
		default:
			fputs(help, stderr);
			exit(2);
		}
	}
	if (!opt.workers || opt.workers > MOST_WORKERS) {
		fprintf(stderr, "ipcq-fuzz: 1 to %u workers\n", MOST_WORKERS);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int err;

	opt.seed = time(NULL);
	parse(argc, argv);
	if (place_shown)
		return place_show(place_shown, argv[optind] ? argv[optind] : ".") < 0;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	for (; argv[optind]; optind++) {
		if (corpus_load(&shared->corpus, argv[optind]) < 0)
			return 1;
	}
	err = check_init(opt.workers);
	if (!err)
		err = netlink_init();
	if (!err && !opt.replay)
		err = cover_init();
	if (err) {
		fprintf(stderr, "ipcq-fuzz: %s\n", strerror(-err));
		return 1;
	}
	err = opt.merge ? merge(&shared->corpus, opt.merge) : fuzz();
	check_end();
	if (err < 0)
		fprintf(stderr, "ipcq-fuzz: %s\n", strerror(-err));
	return err != 0;
}
