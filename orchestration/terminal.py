"""How a refresh looks to the person who started it: live bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ingest.refresh import Outcome
from ingest.registry import Dataset, datasets

STYLE = {"accepted": "green", "unchanged": "dim", "quarantined": "bold yellow", "failed": "bold red"}
WIDTH = max(len(name) for name in datasets())


class TerminalReporter:
    """Collects outcomes and shows them; use as `with reporter.showing(n):`."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.outcomes: list[Outcome] = []
        self._progress: Progress | None = None
        self._overall: TaskID | None = None

    @contextmanager
    def showing(self, datasets_expected: int) -> Iterator[None]:
        if not self.console.is_terminal:
            yield
            return
        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
        )  # fmt: skip
        with Progress(*columns, console=self.console, transient=True) as progress:
            self._progress = progress
            self._overall = progress.add_task("all datasets", total=datasets_expected, amount="")
            yield
        self._progress = None

    def building(self) -> None:
        if self._progress is not None:
            self._progress.add_task("warehouse", total=None, amount="building, testing, publishing")
        else:
            self.console.print("building the warehouse", highlight=False)

    def started(self, dataset: Dataset) -> Callable[[int], None]:
        if self._progress is None:
            return lambda _bytes: None
        progress, received = self._progress, 0
        task = progress.add_task(dataset.id, total=None, amount="asking the catalogue")

        def on_bytes(count: int) -> None:
            nonlocal received
            received += count
            progress.update(task, amount=size(received))

        return on_bytes

    def finished(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if self._progress is not None and self._overall is not None:
            self._progress.remove_task(self._progress.tasks[-1].id)
            self._progress.advance(self._overall)
        failed = sum(not c["passed"] for c in outcome.checks)
        checks = f"{len(outcome.checks) - failed}/{len(outcome.checks)} checks" if outcome.checks else ""
        style = STYLE[outcome.status]
        self.console.print(
            f"[{style}]{outcome.status:<11}[/] {outcome.dataset_id:<{WIDTH}} {size(outcome.bytes):>9} "
            f"{outcome.rows:>8} rows  {checks:<13}",
            escape(outcome.message) if not outcome.is_good or outcome.status == "unchanged" else "",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
