"""One module a partner: what moved (`signal`), which requests to make (`fetch`), how the replies are read (`read`).

Each module offers the same three functions; nothing else in the platform knows a partner's URLs or layouts.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from ingest.errors import IngestError
from ingest.formats import TextTable
from ingest.http import HttpClient
from ingest.registry import Dataset, Partner


class Connector(Protocol):
    """The three functions of a partner module."""

    def signal(self, client: HttpClient, dataset: Dataset, work: Path) -> dict[str, Any]:
        """What the partner's catalogue says of the dataset now. Equal dicts mean that nothing moved.

        Of a dataset in months it is one such dict a month, by its yyyymm; of one month it is that month's.
        `updated` is the partner's own stamp; `work` takes the catalogue's files. Raises IngestError.
        """

    def fetch(self, client: HttpClient, dataset: Dataset, signal: dict[str, Any], files: Path) -> str:
        """Download everything that belongs to one delivery into `files`; returns the URL to cite."""

    def read(self, dataset: Dataset, files: Path, work: Path) -> Iterable[TextTable]:
        """The delivery as text tables, written below `work`, also one after another while the first are loaded.

        Raises PayloadInvalid or SchemaDrift, also while they are read.
        """

    # A module may have `fetch_first` of the same form: a door that is faster for the first load of a dataset.

    def classify(self, status: int, body: bytes, headers: Mapping[str, str]) -> IngestError | None:
        """The partner's own way to say no, before HTTP's general rules apply."""


def connector(partner: Partner) -> Connector:
    return cast(Connector, importlib.import_module(f"ingest.partners.{partner.name}"))


Fetch = Callable[[HttpClient, Dataset, dict[str, Any], Path], str]


def fetcher(partner: Partner, *, first: bool) -> Fetch:
    """How a delivery is brought: through the partner's faster door, where it has one and this is the first load."""
    module = connector(partner)
    return cast(Fetch, getattr(module, "fetch_first", module.fetch) if first else module.fetch)
