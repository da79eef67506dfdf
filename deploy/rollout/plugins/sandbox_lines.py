"""Ansible callback: one JSON line for each event of a run, and for each machine the record that its playbook makes."""

from __future__ import annotations

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
    text = str(text)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "sandbox_lines"

    def _print(self, event, **fields):
        line = {"event": event}
        line.update((name, value) for name, value in fields.items() if value is not None)
        # What a machine printed may be no UTF-8; half characters are told as question marks.
        text = json.dumps(line, default=str, ensure_ascii=False)
        self._display.display(text.encode("utf-8", "replace").decode("utf-8"))

    def _result(self, result, status, message=None):
        self._print(
            "result",
            name=result._task.get_name(),
            host=result._host.get_name(),
            status=status,
            message=shortened(message) if message else None,
        )

    def _why(self, result):
        found = result._result
        if found.get("censored"):
            return found["censored"]
        parts = [found.get(name) for name in ("msg", "stderr", "module_stderr", "stdout")]
        return " ".join(str(part).strip() for part in parts if part)

    def v2_playbook_on_play_start(self, play):
        self._print("play", name=play.get_name().strip())

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._print("task", name=task.get_name().strip())

    v2_playbook_on_handler_task_start = lambda self, task: self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_ok(self, result):
        found = result._result
        record = (found.get("ansible_facts") or {}).get(RECORD)
        if record is not None:
            self._print("record", host=result._host.get_name(), detail=record)
            return
        changed = bool(found.get("changed"))
        self._result(result, "changed" if changed else "ok", self._changes(found) if changed else None)

    def _changes(self, found):
        if found.get("censored") or "diff" not in found:
            return None
        diff = found["diff"]
        try:
            return self._get_diff(diff if isinstance(diff, list) else [diff]).strip()
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
