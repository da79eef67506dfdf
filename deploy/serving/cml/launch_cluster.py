#!/usr/bin/env python3
"""Job: starts head and workers and ends with the exit code of that.

SANDBOX_PROGRAM (./sandbox in the project) is the program, CLUSTER_CONFIG (ray_cluster_config.yaml beside this) its configuration.
"""
import os
import subprocess
import sys

PROJECT = os.environ.get("PROJECT_FOLDER", "/home/cdsw")
PROGRAM = os.environ.get("SANDBOX_PROGRAM", os.path.join(PROJECT, "sandbox"))
CONFIG = os.environ.get("CLUSTER_CONFIG", os.path.join(PROJECT, "deploy", "serving", "cml", "ray_cluster_config.yaml"))


def main():
    try:
        return subprocess.run([PROGRAM, "serving", "start-cai", "--config", CONFIG], cwd=PROJECT).returncode
    except OSError as error:
        print(f"launch_cluster: {PROGRAM} does not run: {error}", file=sys.stderr)
        return 1


# A kernel takes the end of a program by itself for an error, also with 0.
code = main()
if code != 0:
    sys.exit(code)
