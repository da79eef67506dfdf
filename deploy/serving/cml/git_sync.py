#!/usr/bin/env python3
"""Job: makes the clone what the branch of its origin is. Anything that was changed in it is gone afterwards.

PROJECT_FOLDER (default /home/cdsw) is the clone, GIT_BRANCH the branch (default: the one that is checked out).
"""
import os
import subprocess
import sys


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-C", folder, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A question for a password would never be answered.
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"}, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"git {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def describe(folder, when):
    print(f"{when}: branch {git(folder, 'rev-parse', '--abbrev-ref', 'HEAD')},"
          f" commit {git(folder, 'rev-parse', '--short', 'HEAD')}, {git(folder, 'rev-list', '--count', 'HEAD')} commits", flush=True)


def main():
    folder = os.environ.get("PROJECT_FOLDER", "/home/cdsw")
    if not os.path.isdir(os.path.join(folder, ".git")):
        print(f"git_sync: {folder} is no clone of a repository", file=sys.stderr)
        return 1
    try:
        branch = os.environ.get("GIT_BRANCH") or git(folder, "rev-parse", "--abbrev-ref", "HEAD")
        if branch.startswith("-"):
            raise RuntimeError(f"there is no branch {branch}")
        describe(folder, "before")
        git(folder, "fetch", "--quiet", "--prune", "origin", f"+refs/heads/{branch}:refs/remotes/origin/{branch}")
        git(folder, "checkout", "--force", "-B", branch, f"refs/remotes/origin/{branch}")
        git(folder, "reset", "--hard", f"refs/remotes/origin/{branch}")
        # What is ignored stays: it is expensive to make again.
        git(folder, "clean", "-fd")
        describe(folder, "after")
    except RuntimeError as error:
        print(f"git_sync: {error}", file=sys.stderr)
        return 1
    return 0


# A kernel takes the end of a program by itself for an error, also with 0.
code = main()
if code != 0:
    sys.exit(code)
