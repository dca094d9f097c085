#!/usr/bin/env python3
"""Runs clang-tidy over the product's sources that changed since they last passed.

A file has passed when clang-tidy found nothing in it; that is remembered in the build directory
under a hash of the file, of our headers that it reaches, of .clang-tidy and of clang-tidy's version.

Nearly all of clang-tidy's time goes into the system headers, so several files of a room are read as
one, if they go together: two that have a helper of the same name do not.

    clang_tidy.py --build DIR [FILE...]      DIR: a build directory of its own, made if need be
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILES_AT_ONCE = 8
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def find_tool(name):
    for candidate in (f"{name}-16", name):
        try:
            subprocess.run([candidate, "--version"], check=True, capture_output=True)
            return candidate
        except (OSError, subprocess.CalledProcessError):
            continue
    sys.exit(f"clang_tidy.py: no {name}-16: run tools/install-packages.sh lint")


def configure(build):
    """clang's own flags: g++ writes others, and its precompiled header is not for clang."""
    command = ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
               f"-DCMAKE_CXX_COMPILER={find_tool('clang++')}", "-DDDBVAULT_TESTS=OFF",
               "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def compiler_flags(build):
    """Those of the whole build: rooms differ in what they link only."""
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    flags = {}
    for entry in entries:
        words = shlex.split(entry["command"])[1:]
        keep = [word for word in words[: words.index("-o")] if not word.startswith("-W")]
        flags[(pathlib.Path(entry["directory"]) / entry["file"]).resolve()] = keep
    return flags


def reached(file, seen):
    """The file and all of our headers that it includes, directly or not."""
    if file in seen or not file.is_file():
        return
    seen.add(file)
    for name in INCLUDE.findall(file.read_bytes()):
        reached(ROOT / name.decode(), seen)


def fingerprint(file, common):
    seen = set()
    reached(file, seen)
    digest = hashlib.sha256(common)
    for path in sorted(seen):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def unit_of(build, files):
    """One file to read in place of these."""
    if len(files) == 1:
        return files[0]
    text = "".join(f'#include "{file.relative_to(ROOT)}"\n' for file in files)
    unit = build / "together" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.cpp"
    unit.write_text(text, encoding="utf-8")
    return unit


def compatible(compiler, build, files, flags):
    """Parts of the list that compile as one."""
    if len(files) == 1:
        yield files
        return
    done = subprocess.run([compiler, "-fsyntax-only", "-ferror-limit=0", "-fno-caret-diagnostics",
                           *flags[files[0]], unit_of(build, files)], capture_output=True, text=True)
    if done.returncode == 0:
        yield files
        return
    clashing = [file for file in files if re.search(rf"^{file}:.* error: ", done.stderr, re.MULTILINE)]
    if not clashing or len(clashing) == len(files):
        yield from ([file] for file in files)
        return
    yield from compatible(compiler, build, [file for file in files if file not in clashing], flags)
    yield from compatible(compiler, build, clashing, flags)


def check(tools, build, files, flags):
    """[(files, what clang-tidy said of them, or None if they have passed)]"""
    tidy, compiler = tools
    result = []
    for part in compatible(compiler, build, files, flags):
        done = subprocess.run(
            [tidy, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", unit_of(build, part), "--",
             *flags[part[0]]], capture_output=True, text=True)
        result.append((part, None if done.returncode == 0 else done.stdout or done.stderr))
    return result


def groups(files, flags):
    """Files of one room that are compiled alike, a few at once."""
    alike = {}
    for file in files:
        alike.setdefault((file.parent, *flags[file]), []).append(file)
    for own in alike.values():
        for start in range(0, len(own), FILES_AT_ONCE):
            yield own[start : start + FILES_AT_ONCE]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    tool = find_tool("clang-tidy")
    configure(build)
    passed = build / "passed"
    passed.mkdir(exist_ok=True)
    (build / "together").mkdir(exist_ok=True)

    flags = compiler_flags(build)
    version = subprocess.run([tool, "--version"], check=True, capture_output=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    files = [file.resolve() for file in arguments.files] or sorted(flags)
    prints = {file: fingerprint(file, common + " ".join(flags[file]).encode()) for file in files}
    stale = [file for file in files if not (passed / prints[file]).exists()]

    failed = False
    tools = (tool, find_tool("clang++"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(check, tools, build, group, flags) for group in groups(stale, flags)]
        for job in concurrent.futures.as_completed(jobs):
            for part, said in job.result():
                for file in part if said is None else []:
                    (passed / prints[file]).touch()
                if said is not None:
                    failed = True
                    print(said)
    print(f"clang-tidy: {len(stale)} of {len(files)} files read, the others have passed before")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
