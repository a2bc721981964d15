"""Work in processes of its own: done whatever dies, and nothing left behind.

The work is Python's own `eval`, since a worker is a fresh process that cannot import a test.
"""

import os
import signal
import subprocess
import sys
import time

import pytest

from amber_id.errors import ClipError
from amber_id.workers import Died, run_in_workers, usable_cores

DIE = "__import__('os')._exit(9)"
KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers):
    tasks = [f"{n} ** 2" for n in range(5)]
    assert sorted(run_in_workers(tasks, eval, workers)) == [(task, eval(task)) for task in tasks]


def test_no_tasks_no_processes():
    assert list(run_in_workers([], eval, 2)) == []


def test_it_runs_elsewhere_without_threads_to_inherit():
    ((_, process),) = run_in_workers(["__import__('os').getpid()"], eval, 1)
    assert process != os.getpid()


@pytest.mark.parametrize("death", [DIE, KILLED], ids=["ends itself", "is killed"])
def test_a_task_that_kills_its_process_is_named_and_the_others_are_done(death):
    tasks = ["1", death, "2", "3", "__import__('time').sleep(0.5) or 4"]
    results = dict(run_in_workers(tasks, eval, workers=2))
    assert results == {"1": 1, "2": 2, "3": 3, tasks[4]: 4, death: Died()}


def test_two_deaths_at_once():
    assert dict(run_in_workers([DIE, KILLED, "5"], eval, workers=2)) == {DIE: Died(), KILLED: Died(), "5": 5}


def test_an_error_comes_through_as_it_is():
    make = "__import__('amber_id.errors').errors.ClipError('a_id1/a', 'no face')"
    with pytest.raises(ClipError, match="a_id1/a: no face") as caught:
        list(run_in_workers([f"(_ for _ in ()).throw({make})"], eval, 1))
    assert (caught.value.clip, caught.value.reason) == ("a_id1/a", "no face")


def test_what_a_worker_writes_to_stderr_stays_away(capfd):
    list(run_in_workers(["__import__('os').write(2, b'chatter')"], eval, 1))
    assert capfd.readouterr().err == ""


def test_workers_end_with_a_parent_that_is_killed():
    script = (
        "from amber_id.workers import run_in_workers\n"
        "if __name__ == '__main__':\n"
        "    work = ['__import__(\"os\").getpid()', '__import__(\"time\").sleep(60)']\n"
        "    for _, process in run_in_workers(work, eval, 1): print(process, flush=True)\n"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and _is_running(worker):
            time.sleep(0.05)
    assert not _is_running(worker)


def _is_running(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_there_is_at_least_one_core():
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
