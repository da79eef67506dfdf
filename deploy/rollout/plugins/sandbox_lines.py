"""Ansible callback: one JSON line for each event of a run, and for each machine the record that its playbook makes."""

from __future__ import annotations

import hashlib
import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: sandbox_lines
    type: stdout
    short_description: one JSON line for each event
    description:
        - Prints what happens in a run as JSON, a line for each event.
        - A fact named checkpoint_record becomes an event of its own.
"""

LONGEST_TEXT = 4096
RECORD = "checkpoint_record"


def shortened(text):
    """What is left out still tells two texts apart: a plan is compared by what is printed of it."""
    text = str(text)
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… (SHA-256 of all: {hashlib.sha256(text.encode(errors='replace')).hexdigest()})"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "sandbox_lines"

    def __init__(self):
        super().__init__()
        self._names = {}

    def _print(self, event, **fields):
        line = {"event": event}
        line.update((name, value) for name, value in fields.items() if value is not None)
        # What a machine printed may be no UTF-8; half characters are told as question marks.
        text = json.dumps(line, default=str, ensure_ascii=False)
        self._display.display(text.encode("utf-8", "replace").decode("utf-8"))

    def _result(self, result, status, message=None):
        self._print(
            "result",
            name=self._names.get(result._task._uuid, result._task.get_name().strip()),
            host=result._host.get_name(),
            status=status,
            message=shortened(message) if message else None,
        )

    def _why(self, result):
        found = result._result
        # Of a loop, its items say it.
        failed = [self._reason(item) for item in found.get("results", []) if item.get("failed")]
        return " ".join(failed) if failed else self._reason(found)

    def _reason(self, found):
        if found.get("censored"):
            return found["censored"]
        parts = [found.get(name) for name in ("msg", "stderr", "module_stderr", "stdout")]
        return " ".join(str(part).strip() for part in parts if part)

    def v2_playbook_on_play_start(self, play):
        self._print("play", name=play.get_name().strip())

    def v2_playbook_on_task_start(self, task, is_conditional):
        # Only now it has its variables' values in it.
        self._names[task._uuid] = task.get_name().strip()
        self._print("task", name=self._names[task._uuid])

    v2_playbook_on_handler_task_start = lambda self, task: self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_ok(self, result):
        found = result._result
        record = (found.get("ansible_facts") or {}).get(RECORD)
        if record is not None:
            self._print("record", host=result._host.get_name(), detail=record)
            return
        changed = bool(found.get("changed"))
        self._result(result, "changed" if changed else "ok", self._changes(result) if changed else None)

    def _changes(self, result):
        """What a task changed; of a loop, each item that it changed."""
        found = result._result
        changes = [self._change(result._task, item) for item in found.get("results", [found]) if item.get("changed")]
        return "\n".join(change for change in changes if change) or None

    def _change(self, task, found):
        if found.get("censored") or found.get("_ansible_no_log"):
            return None
        # Ansible asks for differences in its check mode only; a task may say that its own are not to be shown.
        if task.check_mode and not task.diff:
            return None
        if "diff" not in found:
            # A playbook shows so what it would do where Ansible's check mode cannot know it.
            return found.get("msg") if task.action in ("debug", "ansible.builtin.debug") else None
        diffs = found["diff"] if isinstance(found["diff"], list) else [found["diff"]]
        try:
            # A file that is made here has another temporary name each time, and two plans that do the same must be the same.
            return self._get_diff([
                {**diff, "after_header": diff["before_header"]} if "before_header" in diff else diff for diff in diffs
            ]).strip()
        except Exception:  # a module's diff may have any form
            return None

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result(result, "ignored" if ignore_errors else "failed", self._why(result))

    def v2_runner_on_unreachable(self, result):
        self._result(result, "unreachable", self._why(result))

    def v2_runner_on_skipped(self, result):
        self._result(result, "skipped")

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._print("stats", detail=hosts)
