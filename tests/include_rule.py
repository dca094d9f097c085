#!/usr/bin/env python3
"""Checks what the rooms may include, and a few rules about files that no compiler knows.

    base < item < aws < stream < incremental < snapshot < restore < cli

An include may only point left; tests and bench may include anything.  Prints every breach as
file:line: message and ends with status 1 if there is one.

    include_rule.py [--root DIR] [--compile-commands FILE]
    include_rule.py --self-test      breaks every rule once and sees that it is noticed
"""

import argparse
import json
import pathlib
import re
import sys
import tempfile

ROOMS = ["base", "item", "aws", "stream", "incremental", "snapshot", "restore", "cli"]
ANYTHING = ["tests", "bench"]

# A third-party header -> the room of the only file that may include it.
CONFINED = {
    "curl/": "aws",
    "openssl/": "base",
    "sqlite3.h": "stream",
    "cxxopts.hpp": "cli",
    "pugixml.hpp": "aws",
    "toml++/": "cli",
}

MAX_LINES = 600

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    return path.parts[0] if len(path.parts) > 1 else ""


def sources(root):
    for top in ROOMS + ANYTHING:
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path.relative_to(root)


def check_include(path, style, name):
    """The breach that this include of this file is, or None."""
    here, there = room_of(path), room_of(pathlib.PurePosixPath(name))
    if ".." in name.split("/"):
        return f'"{name}": write includes from the root'
    if there not in ROOMS + ANYTHING:
        return f'"{name}": our own headers are included from the root' if style == '"' else None
    if style == "<":
        return f"<{name}>: our own headers go in quotes"
    if here in ANYTHING:
        return None
    if there in ANYTHING:
        return f'"{name}": {here} may not include {there}'
    if ROOMS.index(there) > ROOMS.index(here):
        return f'"{name}": {here} may not include {there}, which stands right of it'
    return None


def confined_by(name):
    for header in CONFINED:
        if name == header or (header.endswith("/") and name.startswith(header)):
            return header
    return None


def check_confinement(users):
    """`users`: header -> [(path, line)] of all the product's includes of it."""
    for header, places in users.items():
        paths = sorted({path for path, _ in places})
        for path, line in places:
            if room_of(path) != CONFINED[header]:
                yield f"{path}:{line}: {header} may be included in {CONFINED[header]}/ only"
        if len(paths) > 1:
            names = ", ".join(str(path) for path in paths)
            yield f"{paths[0]}:1: {header} may be included in one file only, not in {names}"


def check_tree(root):
    breaches = []
    users = {}
    for path in sources(root):
        lines = (root / path).read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            breaches.append(f"{path}:{MAX_LINES + 1}: {len(lines)} lines, more than {MAX_LINES}: split it")
        if path.suffix == ".h" and "#pragma once" not in lines:
            breaches.append(f"{path}:1: no #pragma once")
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            breach = check_include(path, *found.groups())
            if breach:
                breaches.append(f"{path}:{number}: {breach}")
            header = confined_by(found.group(2))
            if header and room_of(path) not in ANYTHING:
                users.setdefault(header, []).append((path, number))
    return breaches + list(check_confinement(users))


def check_targets(root, compile_commands):
    """Every test file is compiled: one that is in no target never fails."""
    built = set()
    for entry in json.loads(pathlib.Path(compile_commands).read_text(encoding="utf-8")):
        built.add((pathlib.Path(entry["directory"]) / entry["file"]).resolve())
    return [
        f"{path}:1: in no target of the build: its tests never run"
        for path in sources(root)
        if path.parts[0] == "tests"
        and path.name.endswith("_test.cpp")
        and (root / path).resolve() not in built
    ]


def self_test():
    clean = {
        "base/error.h": "#pragma once\n#include <string>\n",
        "base/digest.cpp": '#include <openssl/evp.h>\n#include "base/error.h"\n',
        "aws/http.cpp": '#include <curl/curl.h>\n#include "item/item.h"\n',
        "item/item.h": '#pragma once\n#include "base/error.h"\n',
        "tests/aws/http_test.cpp": '#include <curl/curl.h>\n#include "aws/http.h"\n',
    }
    tampered = {
        "stands right of it": ("base/a.cpp", '#include "item/item.h"\n'),
        "may not include tests": ("cli/a.cpp", '#include "tests/support/fake.h"\n'),
        "write includes from the root": ("cli/a.cpp", '#include "../base/error.h"\n'),
        "are included from the root": ("cli/a.cpp", '#include "error.h"\n'),
        "go in quotes": ("cli/a.cpp", "#include <base/error.h>\n"),
        "no #pragma once": ("cli/a.h", "int a;\n"),
        "curl/ may be included in aws/ only": ("cli/a.cpp", "  #  include <curl/multi.h>\n"),
        "curl/ may be included in one file only": ("aws/a.cpp", "#include <curl/curl.h>\n"),
        "openssl/ may be included in one file only": ("base/a.cpp", "#include <openssl/sha.h>\n"),
        "sqlite3.h may be included in stream/ only": ("aws/a.cpp", "#include <sqlite3.h>\n"),
        "601 lines": ("cli/a.cpp", "\n" * 601),
        "in no target": ("tests/cli/a_test.cpp", ""),
    }
    failures = []

    def check(files, expected):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            for file, text in files.items():
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / file).write_text(text, encoding="utf-8")
            commands = root / "compile_commands.json"
            built = [{"directory": name, "file": "tests/aws/http_test.cpp"}]
            commands.write_text(json.dumps(built), encoding="utf-8")
            said = check_tree(root) + check_targets(root, commands)
        if expected is None and said:
            failures.append(f"a clean tree is refused: {said}")
        if expected is not None and not any(expected in line for line in said):
            failures.append(f"not noticed: {expected}; said only {said}")

    check(clean, None)
    for expected, (file, text) in tampered.items():
        check({**clean, file: text}, expected)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--compile-commands")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        breaches = self_test()
    else:
        root = pathlib.Path(arguments.root).resolve()
        breaches = check_tree(root)
        if arguments.compile_commands:
            breaches += check_targets(root, arguments.compile_commands)
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
