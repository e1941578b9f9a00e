"""What assets need from outside: the data root, the door to the partners, and somebody to tell of progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import dagster as dg
from pydantic import Field

from ingest.http import Endpoints
from ingest.refresh import Outcome
from ingest.registry import Dataset
from ingest.sandbox import Fault, Recordings, SampleEdition, Sandbox
from ingest.snapshots import RANK, Edition
from ingest.storage import Home
from orchestration.instance import at_work


class HomeResource(dg.ConfigurableResource[Home]):
    """The data root. Every run needs it, so here a run's process says that it is at work."""

    def create_resource(self, context: dg.InitResourceContext) -> Home:
        if context.run is not None and context.instance is not None and not context.instance.is_ephemeral:
            at_work(context.instance, context.run)
        return Home.from_env()


class Partners(dg.ConfigurableResource[Any]):
    """The partners' servers: the live ones, or a sandbox that plays the sample edition or recordings.

    Defaults come from A87_EDITION, A87_RECORDINGS, A87_SANDBOX_URL (a running `a87 sandbox`; without it one is started
    for the run) and A87_FAULTS (comma-separated, e.g. `ilo=status:503`). With faults the sandbox's catalogues say that
    everything was updated, so that the faulty payloads are asked for.
    """

    edition: str = "live"
    recordings: str = ""
    sandbox_url: str = ""
    faults: list[str] = Field(default_factory=list)

    @classmethod
    def from_env(cls) -> Partners:
        faults = os.environ.get("A87_FAULTS", "")
        return cls(
            edition=os.environ.get("A87_EDITION", "live"),
            recordings=os.environ.get("A87_RECORDINGS", ""),
            sandbox_url=os.environ.get("A87_SANDBOX_URL", ""),
            faults=faults.split(",") if faults else [],
        )

    def checked_edition(self) -> Edition:
        if self.edition not in RANK:
            raise ValueError(f"edition {self.edition!r} is unknown; choose one of {', '.join(RANK)}")
        return cast(Edition, self.edition)

    @contextmanager
    def endpoints(self) -> Iterator[Endpoints]:
        """Endpoints for the edition; a sandbox lives as long as the context."""
        if self.checked_edition() == "live":
            yield Endpoints()
            return
        if self.sandbox_url:
            yield Endpoints.sandbox(self.sandbox_url)
            return
        played = SampleEdition() if self.edition == "sample" else Recordings(Path(self.recordings))
        with Sandbox(played, faults=[Fault.parse(text) for text in self.faults]) as sandbox:
            if self.faults:
                sandbox.touch()
            yield Endpoints.sandbox(sandbox.url)


@dg.resource(required_resource_keys={"door"}, description="Where the partners are; all steps of a run share them.")
def endpoints_of_run(context: dg.InitResourceContext) -> Iterator[Endpoints]:
    with context.resources.door.endpoints() as endpoints:
        yield endpoints


class Reporter(Protocol):
    """Somebody who is told what happens while a refresh works."""

    def started(self, dataset: Dataset) -> Callable[[int], None]:
        """A dataset's turn has come; the returned function is told of every chunk of bytes."""

    def finished(self, outcome: Outcome) -> None:
        """A dataset's refresh has ended."""

    def building(self) -> None:
        """The warehouse is being built and published."""


class SilentReporter:
    """For runs that nobody watches on a terminal: Dagster's own events say it all."""

    def started(self, dataset: Dataset) -> Callable[[int], None]:
        return lambda _bytes: None

    def finished(self, outcome: Outcome) -> None:
        return None

    def building(self) -> None:
        return None
