"""Checks that compare a load with the vintage before it: what is lost, what changed, and by how much."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from expectations.model import Check, Expect, in_list, listed, registry_file, rows, shown
from ingest import storage
from ingest.registry import Dataset
from ingest.storage import sql_name, sql_text

EMPTIES_POINTS = 5  # percentage points by which the share of empty values may rise
LISTED = 30  # areas named in a message
SAME_FACTOR_ROWS = 20  # so many values times one factor are no coincidence
SERIES_AREAS = 3  # fewer areas than this are no pattern: `last_year_kept` and `mass_revision` judge them
BREAKDOWNS = ("sex", "classif1", "classif2")
MEASURED = ("indicator", "item", "element", "product", "measure")  # columns that say what a figure is about


def checks(dataset: Dataset, rows_before: int) -> Iterator[Check]:
    """`rows_before`: rows of the previous vintage; of no meaning where only names are asked for."""
    yield row_loss(dataset, rows_before)
    if dataset.unit_by:
        yield unit_stable(dataset, *dataset.unit_by)
    measured = [name for name in MEASURED if name in dataset.lake_columns]
    if measured:
        yield indicators_kept(dataset, measured)
    named = [name for name in measured if f"{name}_label" in dataset.lake_columns]
    if named:
        yield indicator_names_kept(dataset, named)
    if dataset.area_column:
        yield areas_kept(dataset, dataset.area_column)
        if dataset.period_column:
            yield last_year_kept(dataset, dataset.area_column, dataset.period_column)
            if measured:
                series = [*measured, *(name for name in BREAKDOWNS if name in dataset.lake_columns)]
                yield series_last_year_kept(dataset, dataset.area_column, dataset.period_column, series)
    yield mass_revision(dataset, rows_before)
    if dataset.has_obs:
        yield revision_magnitude(dataset)
        yield empties_share(dataset)


def row_loss(dataset: Dataset, rows_before: int) -> Check:
    allowed = dataset.tolerances.max_row_loss_pct
    floor = math.ceil(round(rows_before * (100 - allowed) / 100, 6))  # 978.0000000000001 is 978
    return Check(
        name="row_loss",
        description=f"at most {allowed:g} % fewer rows than before",
        needs="previous",
        expectations=(Expect("ExpectTableRowCountToBeBetween", {"min_value": floor}),),
        count=f"select {rows_before} - count(*) from {{batch}}",
        observe="select count(*) as n from {batch}",
        observed=f"{{n}} rows, {rows_before:,} before",
        finding="{observed}: {n} lost",
        advice="meta.revision lists the removed keys; a real withdrawal is let through by `max_row_loss_pct` with a "
        f"reason in {registry_file(dataset)}",
    )


def unit_stable(dataset: Dataset, measure: str, unit: str) -> Check:
    """A unit of `confirmed_names` was read up on, and says nothing against its measure."""
    pair = listed((measure, unit))
    known = f"select {sql_name(measure)} from previous"
    read_up = in_list(dataset.tolerances.confirmed_names)
    confirmed = f"select {sql_name(measure)} from {{batch}} where {sql_name(unit)} in ({read_up})"
    failing = f"""
        select {pair}, 'gone' as finding from (
            select {pair} from previous where {sql_name(measure)} not in ({confirmed})
            except select {pair} from {{batch}})
        union all
        select {pair}, 'new' as finding from (
            select {pair} from {{batch}}
            where {sql_name(measure)} in ({known}) and {sql_name(measure)} not in ({confirmed})
            except select {pair} from previous)"""
    return Check(
        name="unit_stable",
        description=f"every {measure} keeps its set of {unit}",
        needs="previous",
        expectations=(rows(failing),),
        failing=failing,
        finding=f"{{n}} pairs of {measure} and {unit} appeared or went",
        advice="a new unit means other numbers: read the partner's notes before anybody uses the series",
    )


def indicators_kept(dataset: Dataset, measured: Sequence[str]) -> Check:
    withdrawn = in_list(dataset.tolerances.withdrawn_codes)
    failing = " union all ".join(
        f"select {sql_text(name)} as code_column, {sql_name(name)} as code, count(*) as rows_before from previous "
        f"where {sql_name(name)} is not null and {sql_name(name)} not in ({withdrawn}) "
        f"and {sql_name(name)} not in (select {sql_name(name)} from {{batch}} where {sql_name(name)} is not null) "
        "group by all"
        for name in measured
    )
    return Check(
        name="indicators_kept",
        description=f"no code of {', '.join(measured)} is gone",
        needs="previous",
        expectations=(rows(failing),),
        failing=failing,
        observe=f"select count(*) as n, array_to_string(list_sort(list(code))[1:{LISTED}], ', ') as names "
        f"from ({failing})",
        observed="{n} codes gone: {names}",
        finding="{observed}",
        advice="the partner archived or renumbered them: find the successor in its catalogue; a real withdrawal is "
        f"allowed by `withdrawn_codes` with a reason in {registry_file(dataset)}",
    )


def indicator_names_kept(dataset: Dataset, named: Sequence[str]) -> Check:
    """The same code under a new name is often a new meaning: $1.90 a day became $3.00, Tea became Tea leaves."""
    confirmed = in_list(dataset.tolerances.confirmed_names)

    def pairs(name: str, view: str) -> str:
        # partners print one and the same name with one blank or with two
        label = f"regexp_replace(trim({sql_name(name + '_label')}), '\\s+', ' ', 'g')"
        return f"select distinct {sql_text(name)} as code_column, {sql_name(name)} as code, {label} as name from {view}"

    failing = " union all ".join(
        f"select n.code_column, n.code, n.name, any_value(b.name) as name_before from ({pairs(name, '{batch}')}) as n "
        f"join ({pairs(name, 'previous')}) as b using (code) where n.name not in ({confirmed}) "
        "group by n.code_column, n.code, n.name having not bool_or(n.name = b.name)"
        for name in named
    )
    return Check(
        name="indicator_names_kept",
        description=f"no code of {', '.join(named)} has a new name",
        needs="previous",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} codes have a new name",
        advice="read the partner's notes: another base year, line or commodity makes other numbers; a mere rewording "
        f"is confirmed by adding the new name to `confirmed_names` in {registry_file(dataset)}",
    )


def areas_kept(dataset: Dataset, area: str) -> Check:
    allowed = dataset.tolerances.max_areas_lost
    a = sql_name(area)
    last = f", max({sql_name(dataset.period_column)}) as last_period" if dataset.period_column else ""
    failing = (
        f"select {a}, count(*) as rows_before{last} from previous "
        f"where {a} is not null and {a} not in (select {a} from {{batch}} where {a} is not null) group by {a}"
    )
    return Check(
        name="areas_kept",
        description=f"at most {allowed} areas of the vintage before are gone",
        needs="previous",
        expectations=(rows(f"{failing} qualify count(*) over () > {allowed}"),),
        failing=failing,
        observe=f"select count(*) as n, array_to_string(list_sort(list({a}))[1:{LISTED}], ', ') as names "
        f"from ({failing})",
        observed="{n} areas gone: {names}",
        finding=f"{{observed}}; {allowed} allowed",
        advice="the partner dropped or renamed them: compare with its list of areas; a real withdrawal is allowed by "
        f"`max_areas_lost` with a reason in {registry_file(dataset)}",
    )


def last_year_kept(dataset: Dataset, area: str, period: str) -> Check:
    """Areas that are gone altogether are left to `areas_kept`, projections beyond this year are left aside."""
    is_past = f"left({sql_name(period)}, 4) <= '{storage.utcnow().year}'"
    counts = f"{is_past} and obs_value is not null" if dataset.has_obs else is_past
    last = f"max({sql_name(period)}) filter (where {counts})"
    failing = f"""
        select {sql_name(area)}, last_before, last_now
        from (select {sql_name(area)}, {last} as last_before from previous group by 1) as b
        join (select {sql_name(area)}, {last} as last_now from {{batch}} group by 1) as n using ({sql_name(area)})
        where last_before is not null and (last_now is null or last_now < last_before)"""
    return Check(
        name="last_year_kept",
        description="no area's last period with a value goes back",
        needs="previous",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} areas lost their latest figures",
        advice="the partner withdrew a year or the reply was cut: look at the areas on its site, then refresh again",
    )


def series_last_year_kept(dataset: Dataset, area: str, period: str, series: Sequence[str]) -> Check:
    """One series of many that is cut or emptied: each area still has its latest year by the others.

    Areas and codes that are gone altogether are left to `areas_kept` and `indicators_kept`.
    """
    allowed = dataset.tolerances.max_last_year_lost_pct
    a, p = sql_name(area), sql_name(period)
    with_value = " filter (where obs_value is not null)" if dataset.has_obs else ""

    def latest(view: str, name: str) -> str:
        codes = ", ".join(f"coalesce({sql_name(code)}, '') as {sql_name(code)}" for code in series)
        return f"select {a}, {codes}, max({p}){with_value} as {name} from {view} group by all"

    failing = f"""
        select {listed(series)}, count(*) as areas_before, count(*) filter (where lost) as areas_lost,
            array_to_string(list_sort(list({a}) filter (where lost))[1:{LISTED}], ', ') as lost_by
        from (
            select b.*, n.last_now is null or n.last_now < b.last_before as lost, n.{a} is not null as has_rows
            from ({latest("previous", "last_before")}) as b left join ({latest("{batch}", "last_now")}) as n
                using ({a}, {listed(series)})
            where b.last_before is not null and {a} in (select {a} from {{batch}})
        )
        group by {listed(series)}
        having bool_or(has_rows) and areas_lost >= {SERIES_AREAS} and areas_lost * 100 > {allowed!r} * areas_before"""
    return Check(
        name="series_last_year_kept",
        description=f"no series loses its last period with a value in more than {allowed:g} % of its areas",
        needs="previous",
        expectations=(rows(failing),),
        failing=failing,
        finding="{n} series lost the latest figures of many areas",
        advice="one series was cut, emptied or withdrawn: compare it with the partner's site; a real withdrawal is let "
        f"through by `max_last_year_lost_pct` with a reason in {registry_file(dataset)}",
    )


def mass_revision(dataset: Dataset, rows_before: int) -> Check:
    """Removed keys count too: a load that renames all its keys loses no rows and changes none."""
    allowed = dataset.tolerances.max_changed_pct
    failing = (
        "select key, ref_area, time_period, change, old_value, new_value from revision "
        "where change in ('changed', 'removed')"
    )
    return Check(
        name="mass_revision",
        description=f"at most {allowed:g} % of the keys before are changed or removed",
        needs="revision",
        expectations=(rows(f"{failing} qualify count(*) over () * 100 > {allowed!r} * {rows_before}"),),
        failing=failing,
        observe="select count(*) filter (change = 'changed') as changed, "
        "count(*) filter (change = 'removed') as removed, count(*) filter (change = 'added') as added from revision",
        observed=f"{{changed}} changed, {{removed}} removed, {{added}} added; {rows_before:,} rows before",
        finding=f"{{observed}}; at most {allowed:g} % may change or go",
        advice="compare some old and new values with the partner's site; a revision it announced is let through by "
        f"`max_changed_pct` with a reason in {registry_file(dataset)}",
    )


def revision_magnitude(dataset: Dataset) -> Check:
    """Values that change by one and the same factor.

    Factors are put into classes about 12 % wide, powers of ten in the middle of theirs. A class is a finding if it has
    20 values or more and at least half of all values that changed to less than half or more than double.
    """
    failing = f"""
        select key, ref_area, time_period, old_value, new_value, factor from (
            select *, count(*) over (partition by sign(factor), round(log10(abs(factor)) * 20)) as alike,
                count(*) over () as in_all
            from (
                select key, ref_area, time_period, old_value, new_value, new_value / old_value as factor
                from revision where change = 'changed' and old_value <> 0 and new_value <> 0
            ) where factor not between 0.5 and 2
        ) where alike >= {SAME_FACTOR_ROWS} and alike * 2 >= in_all"""
    return Check(
        name="revision_magnitude",
        description="no common factor between old and new values (a change of unit or scale)",
        needs="revision",
        expectations=(rows(failing),),
        failing=failing,
        observe=f"select count(*) as n, median(factor) as factor from ({failing})",
        observed="{n} values changed by one factor: {factor}",
        finding="looks like a change of unit or scale: {observed}",
        advice="compare examples with the partner's site; if its unit changed, the unit in the registry and what is "
        "built on it must change too",
    )


def empties_share(dataset: Dataset) -> Check:
    share = "100.0 * count(*) filter (where obs_value is null) / nullif(count(*), 0)"
    now, before = f"(select {share} from {{batch}})", f"(select {share} from previous)"
    failing = f"select {shown(dataset)} from {{batch}} where obs_value is null"
    return Check(
        name="empties_share",
        description=f"the share of rows without a number rises by at most {EMPTIES_POINTS} points",
        severity="WARN",
        needs="previous",
        expectations=(rows(f"{failing} and {now} > {before} + {EMPTIES_POINTS}"),),
        failing=failing,
        observe=f"select coalesce(round({now}, 1), 0) as now, coalesce(round({before}, 1), 0) as before",
        observed="{now} % of rows without a number, {before} % before",
        finding="{observed}",
        advice="the partner suppresses more, or marks missing values in a new way: look at obs_value_text and flags",
    )
