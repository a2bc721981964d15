"""How many processes share the work, and what happens when one of them dies.

Conventions
-----------
A worker is a fresh process (``spawn``), so it inherits no thread and no state. Call from a script only under
``if __name__ == "__main__"``, as for every Python program that starts such processes.
A task that kills its process is found out, by giving each suspect a process of its own, and reported; the
other tasks are done. An exception of a task is raised where the results are asked for.
"""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Died:
    """Stands for the result of a task whose process was killed while it did it."""

    reason: str = "its process was killed, perhaps for want of memory"


def usable_cores() -> int:
    """How many processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def run_in_workers(
    tasks: Sequence[Task], work: Callable[[Task], Result], workers: int
) -> Iterator[tuple[Task, Result | Died]]:
    """Do `work` for every task in `workers` processes; yields tasks with results, in the order they are done.

    `work`, tasks and results must be picklable. Raises what `work` raises.
    """
    waiting = deque(tasks)
    while waiting:
        suspects = yield from _run_until_a_death(waiting, work, min(workers, len(waiting)))
        for task in suspects:
            if (yield from _run_until_a_death(deque([task]), work, workers=1)):
                yield task, Died()


def _run_until_a_death(
    waiting: deque[Task], work: Callable[[Task], Result], workers: int
) -> Generator[tuple[Task, Result], None, list[Task]]:
    """Work off `waiting`; if a process dies, stop and return the tasks that were being done."""
    running: dict[Future[Result], Task] = {}
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_begin_worker)
    try:
        while waiting or running:
            # No more than one task per process, so that the suspects are few.
            while waiting and len(running) < workers:
                running[pool.submit(work, waiting[0])] = waiting[0]
                waiting.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running[future], future.result()
                del running[future]
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(cancel_futures=True)
    return []


def _begin_worker() -> None:
    """Keep the chatter of libraries off the terminal, and end with the parent even if it is killed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
