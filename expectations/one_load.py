"""Checks that look at one load by itself: columns, rows, keys, values, codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from expectations.model import Check, Expect, listed, registry_file, rows, shown
from ingest import storage
from ingest.registry import Dataset
from ingest.storage import sql_name, sql_text

YEARS_AHEAD = 6  # projections reach this far, where the registry does not say otherwise


def checks(dataset: Dataset, undeclared: Sequence[str] = ()) -> Iterator[Check]:
    """`undeclared`: columns of the delivery that the registry does not know, so that the load does not hold them."""
    yield schema(dataset)
    yield undeclared_columns(dataset, undeclared)
    yield row_floor(dataset)
    yield key_unique(dataset)
    if any(column.required for column in dataset.columns):
        yield required_not_null(dataset)
    if dataset.known:
        yield known_codes(dataset)
    if dataset.has_obs:
        yield value_parses(dataset)
        if dataset.obs_range or dataset.bounds or _series_ranges(dataset):
            yield value_range(dataset)
    if dataset.period_column:
        yield not_from_the_future(dataset, dataset.period_column)


def schema(dataset: Dataset) -> Check:
    declared = ", ".join(f"({sql_text(n)}, {sql_text(t)})" for n, t in dataset.lake_columns.items())
    failing = f"""
        select column_name, declared, found
        from (values {declared}) as d(column_name, declared)
        full join (
            select column_name, data_type as found from duckdb_columns() where table_name = 'candidate'
        ) as f using (column_name)
        where declared is distinct from found"""
    return Check(
        name="schema",
        description="the columns and their types are the declared ones, in any order",
        expectations=(
            Expect("ExpectTableColumnsToMatchSet", {"column_set": list(dataset.lake_columns), "exact_match": True}),
            rows(failing),
        ),
        failing=failing,
        observe="select count(*) as n from duckdb_columns() where table_name = 'candidate'",
        observed="{n} columns",
        finding="{n} columns are missing, new or of another type",
        advice=f"compare columns in {registry_file(dataset)} with the raw file; other checks may be red for this alone",
    )


def undeclared_columns(dataset: Dataset, undeclared: Sequence[str]) -> Check:
    names = ", ".join(f"({sql_text(name)})" for name in (*undeclared, ""))
    failing = f"select column_name from (values {names}) as d(column_name) where column_name <> ''"
    return Check(
        name="undeclared_columns",
        description="the delivery has no column that the registry does not know",
        severity="WARN",
        expectations=(rows(failing),),
        failing=failing,
        observe=f"select {sql_text(', '.join(undeclared) or 'none')} as names",
        observed="{names}",
        finding="{n} columns of the delivery are new and were not loaded: {observed}",
        advice="look up what they say, for a unit, a flag or a part of the key may have moved there; then "
        f"declare them in {registry_file(dataset)}, under `columns` or as `ignored`",
    )


def row_floor(dataset: Dataset) -> Check:
    floor = dataset.tolerances.min_rows
    return Check(
        name="row_floor",
        description=f"at least {floor:,} rows",
        expectations=(Expect("ExpectTableRowCountToBeBetween", {"min_value": floor}),),
        count=f"select {floor} - count(*) from {{batch}}",
        observe="select count(*) as n from {batch}",
        observed=f"{{n}} rows, at least {floor:,} wanted",
        finding="{observed}: {n} short",
        advice="the partner probably sent a part; look at the raw snapshot and refresh again",
    )


def key_unique(dataset: Dataset) -> Check:
    """Blanks in a key count as equal. GX's own compound check joins by `=` and so never sees such rows.

    Rows are grouped by a hash first, since texts take more time and memory; keys whose hash comes twice are then looked
    at as they are.
    """
    key = listed(dataset.key)
    twice = f"""
        select {key}, count(*) as copies from {{batch}}
        where hash({key}) in (select hash({key}) from {{batch}} group by all having count(*) > 1)
        group by all having count(*) > 1"""
    return Check(
        name="key_unique",
        description=f"one row per {', '.join(dataset.key)}",
        prepare={"duplicate_key": twice},
        expectations=(rows("select * from duplicate_key"),),
        failing=f"select {shown(dataset)} from {{batch}} where hash({key}) in (select hash({key}) from duplicate_key)",
        finding=f"{{n}} rows share their key ({', '.join(dataset.key)}) with another row",
        advice="identical copies: the partner sent rows twice; differing ones: a column is missing from the key",
    )


def required_not_null(dataset: Dataset) -> Check:
    names = [column.name for column in dataset.columns if column.required]
    blank = " or ".join(f"trim(cast({sql_name(n)} as varchar)) = ''" for n in names)
    null = " or ".join(f"{sql_name(n)} is null" for n in names)
    select = f"select {shown(dataset, *names)} from {{batch}} where"
    return Check(
        name="required_not_null",
        description=f"filled in every row: {', '.join(names)}",
        expectations=(
            *(Expect("ExpectColumnValuesToNotBeNull", {"column": name}) for name in names),
            rows(f"{select} {blank}"),
        ),
        failing=f"{select} {null} or {blank}",
        finding="{n} rows lack a required code",
        advice="look at the rows in the raw snapshot; a required column that is now optional changes in the registry",
    )


def known_codes(dataset: Dataset) -> Check:
    bad = " or ".join(
        f"{sql_name(name)} not in ({', '.join(sql_text(code) for code in (*codes, ''))})"
        for name, codes in dataset.known.items()
    )
    return Check(
        name="known_codes",
        description=f"only known codes in {', '.join(dataset.known)}",
        severity="WARN",
        expectations=tuple(
            Expect("ExpectColumnValuesToBeInSet", {"column": name, "value_set": [*codes, ""]})
            for name, codes in dataset.known.items()
        ),
        failing=f"select {shown(dataset, *dataset.known)} from {{batch}} where {bad}",
        finding="{n} rows carry a code that is not in the list",
        advice=f"find its meaning in the partner's code list, then add it to `known` in {registry_file(dataset)}",
    )


def value_parses(dataset: Dataset) -> Check:
    allowed = dataset.tolerances.max_text_values
    bad = "obs_value_text is not null and obs_qualifier is null"
    return Check(
        name="value_parses",
        description=f"values are numbers or censored ('<0.1'); at most {allowed:,} texts",
        expectations=(rows(f"select obs_value_text from {{batch}} where {bad} qualify count(*) over () > {allowed}"),),
        failing=f"select {shown(dataset)} from {{batch}} where {bad}",
        observe=f"select count(*) as n from {{batch}} where {bad}",
        observed=f"{{n}} texts in place of values, {allowed:,} allowed",
        finding="{observed}",
        advice="the raw text is kept in obs_value_text; a new mark for 'missing' is allowed by `max_text_values`",
    )


def value_range(dataset: Dataset) -> Check:
    bad = _outside(dataset)
    own_ranges = len(dataset.bounds) + len(_series_ranges(dataset))
    failing = f"select {shown(dataset)} from {{batch}} where {bad}"
    if own_ranges:
        expectation = rows(failing)
        text = f"each of {own_ranges} {'measures' if dataset.bounds else 'series'} stays within its range"
    else:
        assert dataset.obs_range
        (low, high) = dataset.obs_range
        expectation = Expect(
            "ExpectColumnValuesToBeBetween", {"column": "obs_value", "min_value": low, "max_value": high}
        )
        text = f"values from {low:,g} to {high:,g}"
    return Check(
        name="value_range",
        description=text,
        expectations=(expectation,),
        failing=failing,
        observe="select min(obs_value) as low, max(obs_value) as high from {batch}",
        observed="{low} to {high}",
        finding="{n} values lie outside the range that is possible for them (all values: {observed})",
        advice="many at once mean another unit or scale; a single one is the partner's slip: tell them the key",
    )


def _series_ranges(dataset: Dataset) -> dict[str, tuple[float, float]]:
    if "indicator" not in dataset.lake_columns:
        return {}
    return {series.id: series.range for series in dataset.series if series.range}


def _outside(dataset: Dataset) -> str:
    """Condition of a value outside the range of its measure or series, or else outside the dataset's."""

    def beyond(bounds: tuple[float, float]) -> str:
        return f"obs_value not between {bounds[0]!r} and {bounds[1]!r}"

    def fits(where: dict[str, str]) -> str:
        return " and ".join(f"{sql_name(name)} = {sql_text(code)}" for name, code in where.items())

    otherwise = beyond(dataset.obs_range) if dataset.obs_range else "false"
    ranges = [(fits(bound.where), bound.range) for bound in dataset.bounds]
    ranges += [(fits({"indicator": series}), bounds) for series, bounds in _series_ranges(dataset).items()]
    if not ranges:
        return otherwise
    cases = " ".join(f"when {condition} then {beyond(bounds)}" for condition, bounds in ranges)
    return f"case {cases} else {otherwise} end"


def not_from_the_future(dataset: Dataset, period: str) -> Check:
    latest = dataset.tolerances.latest_year or storage.utcnow().year + YEARS_AHEAD
    # a period that is not a year (2024Q1, 2019-2021) is left alone
    is_year = f"regexp_full_match({sql_name(period)}, '[0-9][0-9][0-9][0-9]')"
    failing = (
        f"select {shown(dataset, period)} from {{batch}} "
        f"where {is_year} and try_cast({sql_name(period)} as integer) > {latest}"
    )
    return Check(
        name="not_from_the_future",
        description=f"no year in {period} later than {latest}",
        expectations=(rows(failing),),
        failing=failing,
        observe=f"select max({sql_name(period)}) as last from {{batch}}",
        observed="last period {last}",
        finding=f"{{n}} rows are dated after {latest}",
        advice="columns may have moved, or the year is mistyped: look at the raw rows",
    )
