#!/usr/bin/env python3
"""Job: makes the virtual environment in which engines run, and builds the program. Does nothing that is done already.

VIRTUAL_ENVIRONMENT (default /home/cdsw/.venv) is its folder, ENGINE_IMPORTS (vllm) the modules that show that it works, ENGINE_PACKAGES
(vllm) what is installed, ENGINE_FALLBACK_PACKAGES (the same) what is tried when that fails, PIP_ARGUMENTS more arguments for pip.
SANDBOX_PROGRAM (./sandbox in the project) is the program; it builds itself when it is called for the first time. BUILT_PROJECTS
(Health.Service Sandbox.Api Sandbox.Worker) are built for head and workers.
"""
import os
import shutil
import subprocess
import sys

FOLDER = os.environ.get("VIRTUAL_ENVIRONMENT", "/home/cdsw/.venv")
IMPORTS = os.environ.get("ENGINE_IMPORTS", "vllm").split()
PACKAGES = os.environ.get("ENGINE_PACKAGES", "vllm").split()
FALLBACK = os.environ.get("ENGINE_FALLBACK_PACKAGES", "").split() or PACKAGES
PIP_ARGUMENTS = os.environ.get("PIP_ARGUMENTS", "").split()
PROJECT = os.environ.get("PROJECT_FOLDER", "/home/cdsw")
PROGRAM = os.environ.get("SANDBOX_PROGRAM", os.path.join(PROJECT, "sandbox"))
BUILT_PROJECTS = os.environ.get("BUILT_PROJECTS", "Health.Service Sandbox.Api Sandbox.Worker").split()
PYTHON = os.path.join(FOLDER, "bin", "python")


def works():
    if not os.access(PYTHON, os.X_OK):
        return False
    check = "; ".join(f"import {module}" for module in IMPORTS) or "pass"
    return subprocess.run([PYTHON, "-c", check], stderr=subprocess.DEVNULL).returncode == 0


def run(*command):
    print("+ " + " ".join(command), flush=True)
    try:
        return subprocess.run(command).returncode == 0
    except OSError as error:
        print(f"{command[0]} does not run: {error}", file=sys.stderr)
        return False


def make():
    if os.path.lexists(FOLDER):
        print(f"{FOLDER} is broken and is made again", flush=True)
        shutil.rmtree(FOLDER)
    uv = shutil.which("uv")
    if not PACKAGES:
        return run(sys.executable, "-m", "venv", "--without-pip", FOLDER)
    if not (run(uv, "venv", "--seed", FOLDER) if uv else run(sys.executable, "-m", "venv", FOLDER)):
        return False
    install = [PYTHON, "-m", "pip", "install", *PIP_ARGUMENTS]
    return run(*install, *PACKAGES) or run(*install, *FALLBACK)


def main():
    if works():
        print(f"{FOLDER} is there and works: skipped", flush=True)
    elif not make():
        print(f"setup_environment: {FOLDER} could not be made", file=sys.stderr)
        return 1
    elif not works():
        print(f"setup_environment: {FOLDER} was made, and {', '.join(IMPORTS)} cannot be imported", file=sys.stderr)
        return 1
    if not run(PROGRAM, "--version"):
        print(f"setup_environment: {PROGRAM} does not run; its runtime needs the .NET SDK", file=sys.stderr)
        return 1
    for project in BUILT_PROJECTS:
        if not run("dotnet", "build", os.path.join(PROJECT, project), "-c", "Release", "-nologo", "-v", "quiet"):
            print(f"setup_environment: {project} was not built", file=sys.stderr)
            return 1
    return 0


# A kernel takes the end of a program by itself for an error, also with 0.
code = main()
if code != 0:
    sys.exit(code)
