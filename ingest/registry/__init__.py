"""The registry: what each dataset is. One YAML file a dataset beside this module, partners in `partners.yaml`, what
datasets of one dialect share in `layouts.yaml`, partners' errors that we correct in `corrections.yaml`.

A dataset is one logical table of one partner. Here stand its code, licence, grain, key, columns and tolerances, and
nowhere else; loaders, expectations, Dagster assets and `meta.dataset` all read them from here.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FOLDER = Path(__file__).parent
OBS_COLUMNS = ("obs_value", "obs_value_text", "obs_qualifier")
SHARED = {"partners", "layouts", "corrections"}  # YAML files that describe no dataset
MONTH_MARK = "@"  # between the id of a dataset and its month: eurostat_comext_full_v2@202402
SYNTHETIC_MARK = "A87_SYNTHETIC"  # the sample edition's extra wire column: 1 on generated rows


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Partner(Strict):
    """How to talk to one partner, and when."""

    name: str
    title: str
    bases: dict[str, str]  # door -> base URL, e.g. data: https://rplumber.ilo.org
    min_interval_seconds: float
    max_body_mb: int
    total_timeout_seconds: int
    schedule: str  # cron, Europe/Brussels
    freshness_hours: int  # we are late if we have not asked for so long: the longest night between two runs, and some
    cadence: str
    stamps_rise: bool = False  # the catalogue's stamp of a dataset never goes back


class Column(Strict):
    """One lake column. `source` is its name on the wire."""

    name: str
    source: str
    type: Literal["text", "obs"] = "text"
    required: bool = False
    optional_on_wire: bool = False  # the partner leaves the column out of some replies
    strip_apostrophe: bool = False
    volatile: bool = False  # a label or note: may be reworded without a change of data, so not part of a revision
    stamp: bool = False  # the time of extraction: says nothing of the data
    meaning: str


class Series(Strict):
    """One indicator taken from a dataset; becomes a row of reference.dim_indicator."""

    id: str
    label: str
    unit: str
    direction: Literal["up", "down", "none"]
    comparability: Literal["indicator", "survey", "source", "none"]
    definition: str
    range: tuple[float, float] | None = None


class Bound(Strict):
    """What is possible for some measures: `where` names columns and their codes, such as an element or an item."""

    where: dict[str, str]
    range: tuple[float, float]


class Tolerances(Strict):
    """When a load is held back. Shares in per cent of the previous vintage of the same edition."""

    min_rows: int
    max_row_loss_pct: float = 2.0
    max_changed_pct: float = 20.0
    max_areas_lost: int = 0
    max_last_year_lost_pct: float = 20.0  # areas of one series that may lose its latest figures
    may_lack: tuple[str, ...] = ()  # areas of a complete list that a delivery may come without
    max_text_values: int = 0
    max_times_own_median: float | None = None  # None: series of this kind vary too much to say
    value_noise: float = 0.0  # values that differ by less, relative to their size, are one figure
    latest_year: int | None = None  # where projections reach further than a few years
    withdrawn_codes: tuple[str, ...] = ()  # indicators, items or elements that the partner gave up
    confirmed_names: tuple[str, ...] = ()  # new names of indicators, items or units that somebody has read the notes of
    stamp_may_go_back: bool = False  # where the partner's stamps rise: it took a release back, and said so
    reason: str = ""


class Rhythm(Strict):
    """How often the partner publishes a dataset: by it we say that it is late. `reason` is where we know it from."""

    every_days: int | None  # from one publication to the next; null: the source has ended and is late no more
    grace_days: int = 0
    reason: str = Field(min_length=1)

    @property
    def in_words(self) -> str:
        if self.every_days is None:
            return self.reason
        return f"every {self.every_days} days and {self.grace_days} of grace: {self.reason}"


class Months(Strict):
    """The dataset comes in months, each a delivery of its own that is loaded, checked and replaced as a whole."""

    first: str  # the oldest there is, yyyymm
    window: int  # so many of the newest are asked for at each refresh: older ones are final


class Dataset(Strict):
    """One dataset of the registry, or one month of it, which to the raw store and the lake is a dataset of its own."""

    id: str
    partner: str
    code: str
    title: str
    description: str
    licence: str
    homepage: str
    grain: str
    rhythm: Rhythm
    key: tuple[str, ...]
    area_column: str | None = None
    period_column: str | None = None
    columns: tuple[Column, ...]
    obs_range: tuple[float, float] | None = None
    bounds: tuple[Bound, ...] = ()  # narrower than obs_range; the first one that fits a row counts
    known: dict[str, tuple[str, ...]] = {}  # column -> its code list; a blank is always allowed
    ignored: tuple[str, ...] = ()  # wire columns that are known and not taken
    unit_by: tuple[str, str] | None = None  # (measure column, unit column): a measure never changes its unit unseen
    keep_all_vintages: bool = False  # old ones go on saying something that newer ones do not: no age limit
    drop_repeats: bool = False  # the partner sends rows twice, cell for cell: one stays
    max_rejected_pct: float = 0.0  # so many lines that are not CSV are put aside; any more, and the load fails
    request: dict[str, Any] = {}  # read by the partner's module
    months: Months | None = None
    period: str | None = None  # yyyymm in a copy that stands for one month
    series: tuple[Series, ...] = ()
    tolerances: Tolerances

    @model_validator(mode="after")
    def _names_resolve(self) -> Dataset:
        names = {column.name for column in self.columns}
        bounded = (name for bound in self.bounds for name in bound.where)
        for name in (*self.key, *bounded, *filter(None, (self.area_column, self.period_column))):
            if name not in names:
                raise ValueError(f"{self.id}: {name} is not a declared column")
        return self

    def for_period(self, period: str) -> Dataset:
        """The dataset's month as a dataset of its own. Raises ValueError for what is no month of it."""
        if self.months is None or self.period or not re.fullmatch(r"\d{4}(0[1-9]|1[0-2])", period):
            raise ValueError(f"{self.id} has no month {period!r}")
        return self.model_copy(update={"id": f"{self.id}{MONTH_MARK}{period}", "period": period})

    @property
    def base_id(self) -> str:
        """The id in the registry, for a month too."""
        return self.id.partition(MONTH_MARK)[0]

    @property
    def has_obs(self) -> bool:
        return any(column.type == "obs" for column in self.columns)

    @property
    def lake_columns(self) -> dict[str, str]:
        """Column name -> DuckDB type, in the order of the Parquet file."""
        types: dict[str, str] = {}
        for column in self.columns:
            if column.type == "obs":
                types |= dict(zip(OBS_COLUMNS, ("DOUBLE", "VARCHAR", "VARCHAR"), strict=True))
            else:
                types[column.name] = "VARCHAR"
        return types | {"is_synthetic": "BOOLEAN"}

    @property
    def compared_columns(self) -> tuple[str, ...]:
        """What a revision looks at: everything but the key, labels and stamps."""
        aside = {column.name for column in self.columns if column.volatile or column.stamp}
        return tuple(c for c in self.lake_columns if c not in {*self.key, *aside})

    @property
    def content_columns(self) -> tuple[str, ...]:
        """Everything that was delivered: all columns but stamps."""
        stamps = {column.name for column in self.columns if column.stamp}
        return tuple(c for c in self.lake_columns if c not in stamps)

    @property
    def fingerprint(self) -> str:
        """Changes when what we ask for or how we read it changes, so that an unmoved catalogue does not hide it."""
        asked = self.model_dump(mode="json", include={"code", "key", "columns", "request", "series"})
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@functools.cache
def partners() -> dict[str, Partner]:
    return {name: Partner(name=name, **body) for name, body in _read(FOLDER / "partners.yaml").items()}


@functools.cache
def _layouts() -> dict[str, Any]:
    layouts: dict[str, Any] = _read(FOLDER / "layouts.yaml")
    return layouts


def _merged(body: dict[str, Any]) -> dict[str, Any]:
    """A dataset's entries over those of its layout, less the columns it goes `without`, plus its `more_columns`."""
    if "layout" not in body:
        return body
    if body["layout"] not in _layouts():
        raise ValueError(f"{body.get('id')}: unknown layout {body['layout']}")
    shared: dict[str, Any] = _layouts()[body["layout"]]
    without = set(body.get("without", ()))
    if unknown := without - {column["name"] for column in shared.get("columns", ())}:
        raise ValueError(f"{body.get('id')}: no column {', '.join(sorted(unknown))} in layout {body['layout']}")
    less = {
        "columns": [
            *(column for column in shared.get("columns", ()) if column["name"] not in without),
            *body.get("more_columns", ()),
        ],
        "key": [name for name in shared.get("key", ()) if name not in without],
        "known": {name: codes for name, codes in shared.get("known", {}).items() if name not in without},
    }
    own = {name: entry for name, entry in body.items() if name not in ("layout", "without", "more_columns")}
    return shared | less | own


def load_dataset(path: Path) -> Dataset:
    dataset = Dataset(**_merged(_read(path)))
    if dataset.id != path.stem:
        raise ValueError(f"{path.name} describes {dataset.id}: file name and id must be equal")
    if dataset.partner not in partners():
        raise ValueError(f"{path.name}: unknown partner {dataset.partner}")
    return dataset


@functools.cache
def datasets() -> dict[str, Dataset]:
    """All datasets by id, ordered by partner and id."""
    found = [load_dataset(path) for path in FOLDER.glob("*.yaml") if path.stem not in SHARED]
    return {d.id: d for d in sorted(found, key=lambda d: (list(partners()).index(d.partner), d.id))}
