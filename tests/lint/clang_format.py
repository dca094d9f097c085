#!/usr/bin/env python3
"""Fails if clang-format-16 would change any of our sources; --fix changes them."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROOMS = ["base", "item", "aws", "stream", "incremental", "snapshot", "restore", "cli"]


def main():
    files = [
        str(path)
        for top in ROOMS + ["tests", "bench"]
        for path in sorted((ROOT / top).rglob("*"))
        if path.suffix in (".h", ".cpp")
    ]
    how = ["-i"] if sys.argv[1:] == ["--fix"] else ["--dry-run", "--Werror"]
    try:
        done = subprocess.run(["clang-format-16", *how, *files], cwd=ROOT)
    except OSError as error:
        sys.exit(f"clang_format.py: {error}; run tools/install-packages.sh lint")
    if done.returncode != 0:
        print("to mend all of it: tests/lint/clang_format.py --fix")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
