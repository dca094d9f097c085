#!/usr/bin/env python3
"""For each law of the product, changes that break it, and the tests that must notice.

    tests/mutations/mutations.py [--only NAME]... [--law N] [--left] [--share I/N] [--jobs N]
                                 [--record] SCRATCH
    tests/mutations/mutations.py --check

The changes are in laws_*.py, with the test that is expected to notice each.  What was measured
last, every test that failed for a change, is in noticed.txt, which --record writes: a change that is
not in there was not measured yet.

Brings a clone in SCRATCH to the working tree's HEAD, builds it and runs its tests: they must pass,
and every expected test must be there.  Then makes one change at a time, builds the programs that
matter, runs them, and tells apart:

    a test fails    an assertion, or an exception, in the test that is named
    a test dies     a signal or a sanitizer ended the program in it; the others are run without it
    a test hangs    it was killed; likewise

Ends with status 0 when the expected test noticed every change, 1 when one was not noticed, or by
other tests only, and 2 when the run itself is at fault: the baseline fails, a change does not build
or does not apply exactly once.  --check looks only at the last, in the working tree, in no time.

A minute for each change, most of it the compiler's: by hand, not in CI.  --left goes on where a run
that was cut short has stopped: with those that are not on record.  --share 1/2 beside --share 2/2,
each with a SCRATCH of its own and --jobs 1, uses two cores better than --jobs 2.
"""

import argparse
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import laws_1_to_6  # noqa: E402  (no __pycache__ in the source)
import laws_7_to_12  # noqa: E402

MUTATIONS = laws_1_to_6.MUTATIONS + laws_7_to_12.MUTATIONS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECORD = pathlib.Path(__file__).with_name("noticed.txt")

# How each program is run.  The random histories have a program of their own, for which they are
# asked: seeds that the unit tests do not have, and enough of them to come by what is rare
# (DDBVAULT_MODEL_SEEDS in the environment: another number of them).  The stores' conformance takes
# half of the time, and no change here touches a store that it looks at.
ARGUMENTS = {"test_incremental": [
    "--gtest_filter=-*ObjectStoreSuite*:DirectoryStore.*:PlainDirectoryStore.*"],
    "test_snapshot": ["--gtest_filter=-Model.*"]}
ENVIRONMENT = {"test_model": {"DDBVAULT_MODEL_FIRST": "10001", "DDBVAULT_MODEL_SEEDS": "300"}}

# A test that says nothing for so long hangs: so many times the slowest of the baseline, and a bit.
SLOWER = 6
PATIENCE = 30
FIRST_PATIENCE = 1800  # of the baseline itself
# A loop that allocates must not take the machine with it.
MOST_MEMORY = 6 << 30
# Tests that die or hang end the program: it is begun again without them, so many times.
MOST_RUNS = 6

BEGUN = re.compile(r"^\[ RUN      \] (\S+)$", re.M)
TIMED = re.compile(r"^\[(?:       OK |  FAILED  )\] ([^ ,]+).*\((\d+) ms\)$", re.M)
FAILED = re.compile(r"^\[  FAILED  \] ([^ ,]+).*\(\d+ ms\)$", re.M)
WHOLE = re.compile(r"^\[==========\] \d+ tests? from .* ran\.", re.M)
SANITIZER = re.compile(r"ERROR: (\w+Sanitizer): (\S+)|runtime error: (.*)")


class Fault(Exception):
    """The run cannot go on, or cannot tell: nobody's catch."""


def plain(test):
    """BothKindsOfServer/LeaseTest.IsHandedOver/Conditions, LeaseTest/0.IsHandedOver ->
    LeaseTest.IsHandedOver"""
    suite, _, name = test.partition(".")
    words = [word for word in suite.split("/") if not word.isdigit()]
    return words[-1] + "." + name.split("/")[0]


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_quietly(command, log, environment, patience):
    """The exit status, negative for a signal, or None: it began no other test and was killed."""
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, preexec_fn=limit_memory,
                                   env=environment)
        seen, since = 0, time.monotonic()
        while True:
            try:
                return process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                pass
            with open(log, "rb") as said:
                said.seek(seen)
                new = said.read()
            seen += len(new)
            if b"[ RUN      ]" in new:
                since = time.monotonic()
            elif time.monotonic() - since > patience:
                process.kill()
                process.wait()
                return None


class Program:
    def __init__(self, tree, name):
        self.name = name
        self.path = tree / "build/tests" / name
        self.environment = None
        if name in ENVIRONMENT:
            self.environment = {**ENVIRONMENT[name], **os.environ}
        self.patience = FIRST_PATIENCE

    def list_tests(self):
        done = subprocess.run([str(self.path), "--gtest_list_tests"], capture_output=True,
                              text=True, check=True)
        suite = ""
        for line in done.stdout.splitlines():
            if not line.startswith(" "):
                suite = line.split()[0]
            else:
                yield plain(suite + line.split()[0])

    def run(self):
        """{test: how}: those that did not pass, where `how` is "fails", "hangs" or a death."""
        bad = {}
        left_out = []
        log = self.path.with_name(f"mutations-{self.name}.log")
        for _ in range(MOST_RUNS):
            command = [str(self.path)] + self.arguments(left_out)
            status = run_quietly(command, log, self.environment, self.patience)
            output = log.read_text(errors="replace")
            for test in FAILED.findall(output):
                bad.setdefault(test, "fails")
            if WHOLE.search(output) and status in (0, 1):
                if status == 1 and not FAILED.search(output):
                    raise Fault(f"{self.name} ends with status 1 and no test that failed")
                self.times = {test: int(ms) / 1000 for test, ms in TIMED.findall(output)}
                return bad
            begun = BEGUN.findall(output)
            if not begun:
                raise Fault(f"{self.name} ends with status {status} before its first test")
            bad[begun[-1]] = how_it_ended(status, output)
            left_out.append(begun[-1])
        bad["(and more)"] = "not run"
        return bad

    def arguments(self, left_out):
        given = ARGUMENTS.get(self.name, [])
        if not left_out:
            return given
        pattern = given[0] if given else "--gtest_filter=-"
        return [pattern + (":" if not pattern.endswith("-") else "") + ":".join(left_out)]


def how_it_ended(status, output):
    if status is None:
        return "hangs"
    found = SANITIZER.search(output)
    if found:
        return "dies of " + " ".join(part for part in found.groups() if part)
    return f"dies of signal {-status}" if status < 0 else f"dies with status {status}"


def build(tree, jobs, programs):
    done = subprocess.run(["nice", "-n", "19", "ninja", "-C", str(tree / "build"), "-j", str(jobs),
                           *programs], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()
        why = next((line for line in lines if "error" in line), lines[-1] if lines else "?")
        raise Fault("does not build: " + why)


def git(tree, *arguments):
    done = subprocess.run(["git", "-C", str(tree), *arguments], capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()


def fresh_clone(scratch):
    """The clone at the working tree's HEAD, whatever it was before; its build stays."""
    tree = scratch / "tree"
    if not tree.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(tree)], check=True)
    git(tree, "fetch", "-q", str(ROOT), "HEAD")
    git(tree, "reset", "-q", "--hard", "FETCH_HEAD")
    git(tree, "clean", "-q", "-fd")
    print("commit", git(tree, "log", "-1", "--format=%h %s"))
    if git(ROOT, "status", "--porcelain"):
        print("the working tree has changes that are in no commit: they are not in this run")
    # Unused names are no errors here: a mutation leaves some.
    subprocess.run(["cmake", "-S", str(tree), "-B", str(tree / "build"), "-G", "Ninja",
                    "-DCMAKE_BUILD_TYPE=Debug", "-DDDBVAULT_WERROR=OFF"],
                   check=True, stdout=subprocess.DEVNULL)
    return tree


def applied(tree, mutation):
    """The file and its text before and after."""
    file = tree / mutation.path
    text = file.read_text()
    count = text.count(mutation.before)
    if count != 1:
        raise Fault(f"does not apply exactly once: {count} places in {mutation.path}")
    return file, text, text.replace(mutation.before, mutation.after)


def run_baseline(tree, jobs, programs, mutations):
    build(tree, jobs, programs)
    tests = set()
    for program in programs.values():
        tests.update(program.list_tests())
        bad = program.run()
        if bad:
            raise Fault("the baseline: " + ", ".join(f"{t} {how}" for t, how in bad.items()))
        program.patience = PATIENCE + SLOWER * max(program.times.values(), default=0)
        print(f"baseline  {program.name}: {len(program.times)} tests pass, "
              f"{sum(program.times.values()):.0f} s")
    unknown = [m.noticed_by for m in mutations if m.noticed_by not in tests]
    if unknown:
        raise Fault("no such test: " + ", ".join(unknown))


def try_one(tree, jobs, programs, mutation):
    """{test: how} of the tests that noticed."""
    file, before, after = applied(tree, mutation)
    file.write_text(after)
    try:
        build(tree, jobs, mutation.programs)
        bad = {}
        for name in mutation.programs:
            for test, how in programs[name].run().items():
                bad.setdefault(plain(test) if "." in test else test, how)
        return bad
    finally:
        file.write_text(before)


def judge(mutation, bad):
    if not bad:
        return "NOT NOTICED"
    how = bad.get(mutation.noticed_by)
    if how is None:
        return f"NOTICED BY OTHERS ONLY, not by {mutation.noticed_by}"
    return "noticed" if how == "fails" else f"noticed: {mutation.noticed_by} {how}"


def describe(bad):
    return [test if how == "fails" else f"{test} ({how})" for test, how in sorted(bad.items())]


def on_record():
    """{name: entry}, of mutations that there still are."""
    names = {m.name for m in MUTATIONS}
    entries = {}
    if RECORD.exists():
        for block in RECORD.read_text().split("\n\n")[1:]:
            name = block.split(":", 1)[0].split("  ")[-1]
            if name in names:
                entries[name] = block.strip("\n")
    return entries


def record(tree, results):
    """Replaces the entries that were measured; the others stay."""
    names = {m.name: m for m in MUTATIONS}
    entries = on_record()
    commit = git(tree, "log", "-1", "--format=%h")
    for name, bad in results.items():
        lines = [f"law {names[name].law}  {name}: at {commit}"]
        entries[name] = "\n".join(lines + ["    " + line for line in describe(bad) or ["nothing"]])
    head = "Which tests failed for which change; written by mutations.py --record."
    ordered = [entries[m.name] for m in MUTATIONS if m.name in entries]
    RECORD.write_text("\n\n".join([head] + ordered) + "\n")


def check(mutations):
    """Status 2 when a mutation does not apply exactly once in the working tree."""
    faults = 0
    for mutation in mutations:
        try:
            applied(ROOT, mutation)
        except Fault as fault:
            print(f"law {mutation.law}  {mutation.name}: {fault}")
            faults += 1
    names = [m.name for m in MUTATIONS]
    for name in sorted({name for name in names if names.count(name) > 1}):
        print(f"{name}: two have this name")
        faults += 1
    missing = set(range(1, 13)) - {m.law for m in MUTATIONS}
    if missing:
        print("no change breaks law", ", ".join(map(str, sorted(missing))))
        faults += 1
    print(f"{len(mutations)} changes, {faults} faults")
    return 2 if faults else 0


def run(options, mutations):
    tree = fresh_clone(options.scratch)
    programs = {}
    for mutation in mutations:
        for name in mutation.programs:
            programs.setdefault(name, Program(tree, name))
    run_baseline(tree, options.jobs, programs, mutations)
    status = 0
    results = {}
    for mutation in mutations:
        began = time.monotonic()
        try:
            bad = try_one(tree, options.jobs, programs, mutation)
            verdict = judge(mutation, bad)
            results[mutation.name] = bad
            if not verdict.startswith("noticed"):
                status = max(status, 1)
        except Fault as fault:
            bad, verdict, status = {}, f"FAULT: {fault}", 2
        print(f"law {mutation.law}  {mutation.name}: {verdict}  "
              f"({time.monotonic() - began:.0f} s)")
        for line in describe(bad):
            print("    " + line)
        sys.stdout.flush()
        if options.record:
            record(tree, results)
    print(f"{len(mutations)} changes, {len(results)} measured")
    return status


def share(text):
    """"2/3": every third, from the second on."""
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text} is no share such as 1/2")
    return slice(int(number) - 1, None, int(of))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", action="append")
    parser.add_argument("--law", type=int)
    parser.add_argument("--left", action="store_true")
    parser.add_argument("--share", type=share, default=slice(None))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("scratch", type=pathlib.Path, nargs="?")
    options = parser.parse_args()
    mutations = [m for m in MUTATIONS if (not options.only or m.name in options.only)
                 and (not options.law or m.law == options.law)]
    if options.left:
        mutations = [m for m in mutations if m.name not in on_record()]
    mutations = mutations[options.share]
    if not mutations:
        parser.error("no such change")
    if options.check:
        return check(mutations)
    if not options.scratch:
        parser.error("where is SCRATCH?")
    try:
        return run(options, mutations)
    except Fault as fault:
        print(f"FAULT: {fault}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
