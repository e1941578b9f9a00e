"""The sample edition: tables of figures (`sample/*.csv`) encoded into each partner's wire dialect, a module a partner.

Rows whose source is synthetic carry the mark A87_SYNTHETIC; a table without such rows has no such column. Bodies depend
on the figures alone, and on the clock only where the partner prints its stamp.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.sandbox.dialects import Clock, Reply, Request
from ingest.sandbox.sample_edition.eurostat import Eurostat
from ingest.sandbox.sample_edition.eurostat_bulk import EurostatBulk
from ingest.sandbox.sample_edition.fao import Fao
from ingest.sandbox.sample_edition.ilab import Ilab
from ingest.sandbox.sample_edition.ilo import Ilo
from ingest.sandbox.sample_edition.tables import Tables
from ingest.sandbox.sample_edition.world_bank import WorldBank

BUNDLED = Path(__file__).parents[1] / "sample"


class SampleEdition:
    """Answers from the tables in `folder`."""

    def __init__(self, folder: Path = BUNDLED) -> None:
        tables = Tables(folder)
        ilab, world_bank, eurostat, files = Ilab(tables), WorldBank(tables), Eurostat(tables), EurostatBulk(tables)
        self._hosts: dict[str, Callable[[Request, Clock], Reply | None]] = {
            "bulks-faostat.fao.org": Fao(tables).answer,
            "rplumber.ilo.org": Ilo(tables).answer,
            "api.worldbank.org": world_bank.answer,
            "databank.worldbank.org": world_bank.bulk,
            "ec.europa.eu": lambda request, clock: files.answer(request, clock) or eurostat.answer(request, clock),
            "raw.githubusercontent.com": ilab.file,
            "apiprod.dol.gov": ilab.catalogue,
        }

    def answer(self, request: Request, clock: Clock) -> Reply | None:
        answer = self._hosts.get(request.host)
        return answer(request, clock) if answer else None
