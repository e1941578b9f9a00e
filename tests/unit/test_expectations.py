"""The checks of a load: what each lets through, what it stops, and what it shows."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import CheckResult, check_names, run
from ingest import lake
from ingest.formats import csv_text
from ingest.registry import Column, Dataset, Rhythm, Series, Tolerances, datasets

SHARED = Path(__file__).parents[3] / "shared"
YEAR = datetime.now(UTC).year

Row = tuple[str | None, ...]  # area, item, unit, year, value, flag


def make_dataset(**changes: Any) -> Dataset:
    """A production table: three areas, two items, four years fit it."""
    fields: dict[str, Any] = {
        "id": "crops", "partner": "fao", "code": "C", "title": "Crops", "description": "d", "licence": "l",
        "homepage": "h", "grain": "g",
        "rhythm": Rhythm(every_days=365, reason="r"),
        "key": ("ref_area", "item", "time_period"), "area_column": "ref_area",
        "period_column": "time_period", "obs_range": (0, 5000), "known": {"obs_flag": ("A", "E")},
        "unit_by": ("item", "unit_measure"), "tolerances": Tolerances(min_rows=10),
        "columns": (
            Column(name="ref_area", source="a", required=True, meaning="m"),
            Column(name="item", source="i", required=True, meaning="m"),
            Column(name="unit_measure", source="u", meaning="m"),
            Column(name="time_period", source="t", required=True, meaning="m"),
            Column(name="obs_value", source="v", type="obs", meaning="m"),
            Column(name="obs_flag", source="f", meaning="m"),
        ),
    }  # fmt: skip
    return Dataset(**(fields | changes))


def good_rows() -> list[Row]:
    """24 rows; values 101 to 124. NA is Namibia."""
    keys = [(a, i, y) for a in ("BGD", "KEN", "NA") for i in ("328", "661") for y in range(2019, 2023)]
    return [(a, i, "t", str(y), str(101 + n), "A") for n, (a, i, y) in enumerate(keys)]


def edit(rows: list[Row], at: int, **changes: str | None) -> list[Row]:
    names = ("area", "item", "unit", "year", "value", "flag")
    row = dict(zip(names, rows[at], strict=True)) | changes
    return [*rows[:at], tuple(row[name] for name in names), *rows[at + 1 :]]


def load(dataset: Dataset, rows: list[Row], path: Path) -> Path:
    """Through the loader of production, so that the Parquet file is a real one."""
    wire = path.with_suffix(".csv")
    lines = [",".join("" if cell is None else f'"{cell}"' for cell in row) for row in rows]
    wire.write_text("\n".join([",".join(column.source for column in dataset.columns), *lines]) + "\n")
    shutil.rmtree(path, ignore_errors=True)
    lake.load(dataset, [csv_text.read_header(wire, dataset.partner)], path)
    return path


def check(folder: Path, dataset: Dataset, rows: list[Row], before: list[Row] | None = None) -> dict[str, CheckResult]:
    """Load `rows` and run all checks, compared with `before` if given."""
    data = load(dataset, rows, folder / "new.parquet")
    previous = revision = meta = summary = None
    if before is not None:
        previous = load(dataset, before, folder / "old.parquet")
        revision = folder / "revision.parquet"
        summary = lake.revise(dataset, previous, data, revision, "old", "new")
        meta = {"snapshot": {"snapshot_id": "crops-live-0", "retrieved_at": "2026-11-01T03:10:00Z"}}
    results = run(
        dataset, data, previous=previous, previous_meta=meta, revision=revision, revision_summary=summary
    )  # fmt: skip
    assert [result.check_name for result in results] == list(check_names(dataset))
    assert [result.error for result in results] == [""] * len(results)
    return {result.check_name: result for result in results}


def red(results: dict[str, CheckResult]) -> dict[str, int]:
    return {name: result.failing_rows for name, result in results.items() if not result.passed}


def areas(result: CheckResult) -> list[str]:
    return [example["ref_area"] for example in result.examples]


# --- names and first loads -------------------------------------------------------------------------------------------


def test_names_are_listed_without_great_expectations() -> None:
    code = (
        "import sys; from expectations import CheckResult, check_names, run; from ingest.registry import datasets; "
        "[check_names(d) for d in datasets().values()]; "
        "print(sorted({'great_expectations', 'dagster', 'dbt', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_names_follow_the_registry() -> None:
    assert list(check_names(datasets()["ilo_source"])) == [
        "schema", "undeclared_columns", "row_floor", "key_unique", "required_not_null", "row_loss", "mass_revision",
    ]  # fmt: skip
    assert list(check_names(datasets()["ilo_sdg_0831_sex_eco_rt"])) == [
        "schema", "undeclared_columns", "row_floor", "key_unique", "required_not_null", "known_codes", "value_parses",
        "value_range", "not_from_the_future", "asked_indicator_only", "years_only", "one_source_per_series", "row_loss",
        "indicators_kept", "areas_kept", "last_year_kept", "series_last_year_kept", "mass_revision",
        "revision_magnitude", "empties_share",
    ]  # fmt: skip
    assert "unit_stable" in check_names(datasets()["fao_qcl"])
    assert {"percent_unit", "percent_outliers"} < check_names(datasets()["ilab_findings"]).keys()
    assert "forced_child_labour_consistent" in check_names(datasets()["ilab_goods"])


def test_good_first_load_passes(tmp_path: Path) -> None:
    results = check(tmp_path, make_dataset(), good_rows())
    assert red(results) == {}
    assert results["value_range"].observed == "101 to 124"
    first = [name for name, result in results.items() if result.observed == "first load"]
    assert first == [
        "row_loss", "unit_stable", "indicators_kept", "areas_kept", "last_year_kept", "series_last_year_kept",
        "mass_revision", "revision_magnitude", "empties_share",
    ]  # fmt: skip


def test_unchanged_load_passes_and_is_json(tmp_path: Path) -> None:
    results = check(tmp_path, make_dataset(), good_rows(), good_rows())
    assert red(results) == {}
    assert results["row_loss"].observed == "24 rows, 24 before"
    assert results["mass_revision"].observed == "0 changed, 0 removed, 0 added; 24 rows before"
    assert results["areas_kept"].observed == "0 areas gone: none"
    assert results["revision_magnitude"].observed == "0 values changed by one factor: none"
    assert json.loads(json.dumps([asdict(r) for r in results.values()]))[0]["check_name"] == "schema"


def test_nothing_is_printed_or_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (here := tmp_path / "cwd").mkdir()
    monkeypatch.chdir(here)
    check(tmp_path, make_dataset(), good_rows(), good_rows())
    assert capfd.readouterr() == ("", "")
    assert list(here.iterdir()) == []


# --- one load --------------------------------------------------------------------------------------------------------


def test_row_floor(tmp_path: Path) -> None:
    result = check(tmp_path, make_dataset(), good_rows()[:7])["row_floor"]
    assert (result.passed, result.failing_rows, result.examples) == (False, 3, [])
    assert result.message == (
        "crops: 7 rows, at least 10 wanted: 3 short; what to do: the partner probably sent a part; look at the raw "
        "snapshot and refresh again"
    )


def test_key_unique(tmp_path: Path) -> None:
    results = check(tmp_path, make_dataset(), [*good_rows(), ("KEN", "328", "t", "2020", "7", "A")])
    assert red(results) == {"key_unique": 2}
    assert results["key_unique"].examples == [
        {"ref_area": "KEN", "item": "328", "time_period": "2020", "obs_value": "7.0", "obs_value_text": ""},
        {"ref_area": "KEN", "item": "328", "time_period": "2020", "obs_value": "110.0", "obs_value_text": ""},
    ]


def test_key_unique_sees_blanks_as_equal(tmp_path: Path) -> None:
    rows = [*good_rows(), ("KEN", None, "t", "2020", "7", "A"), ("KEN", None, "t", "2020", "8", "A")]
    assert red(check(tmp_path, make_dataset(), rows)) == {"key_unique": 2, "required_not_null": 2}


def test_required_not_null(tmp_path: Path) -> None:
    rows = edit(edit(good_rows(), 0, area=None), 5, item="  ")
    result = check(tmp_path, make_dataset(), rows)["required_not_null"]
    assert (result.failing_rows, areas(result)) == (2, ["BGD", ""])
    assert result.examples[0]["item"] == "  "


def test_required_not_null_lets_namibia_through(tmp_path: Path) -> None:
    assert red(check(tmp_path, make_dataset(), [row for row in good_rows() if row[0] != "KEN"])) == {}


def test_value_parses(tmp_path: Path) -> None:
    rows = edit(edit(edit(good_rows(), 0, value="1,234"), 1, value="<0.1"), 2, value=None)
    results = check(tmp_path, make_dataset(), rows)
    assert red(results) == {"value_parses": 1}
    assert results["value_parses"].examples[0]["obs_value_text"] == "1,234"
    tolerant = make_dataset(tolerances=Tolerances(min_rows=10, max_text_values=1))
    result = check(tmp_path, tolerant, rows)["value_parses"]
    assert (result.passed, result.observed) == (True, "1 texts in place of values, 1 allowed")


def test_value_range(tmp_path: Path) -> None:
    rows = edit(edit(good_rows(), 3, value="5000"), 8, value="-0.5")
    results = check(tmp_path, make_dataset(), rows)
    assert red(results) == {"value_range": 1}
    assert (areas(results["value_range"]), results["value_range"].observed) == (["KEN"], "-0.5 to 5,000")


def test_value_range_by_series(tmp_path: Path) -> None:
    def series(name: str, limits: tuple[float, float] | None) -> Series:
        return Series(
            id=name, label="l", unit="u", direction="none", comparability="none", definition="d", range=limits
        )  # fmt: skip

    columns = tuple(
        column.model_copy(update={"name": "indicator"}) if column.name == "item" else column
        for column in make_dataset().columns
    )
    dataset = make_dataset(
        columns=columns, key=("ref_area", "indicator", "time_period"), unit_by=None, obs_range=None,
        series=(series("328", (0, 110)), series("661", None)),
    )  # fmt: skip
    results = check(tmp_path, dataset, good_rows())
    assert red(results) == {"value_range": 6}  # 111, 112 of Kenya; 117 to 120 of Namibia
    assert {example["indicator"] for example in results["value_range"].examples} == {"328"}


def test_known_codes_warn(tmp_path: Path) -> None:
    rows = edit(edit(good_rows(), 0, flag="Z"), 1, flag=None)
    result = check(tmp_path, make_dataset(), rows)["known_codes"]
    assert (result.passed, result.severity, result.failing_rows) == (False, "WARN", 1)
    assert result.examples[0]["obs_flag"] == "Z"


def test_not_from_the_future(tmp_path: Path) -> None:
    rows = edit(edit(edit(good_rows(), 0, year=str(YEAR + 7)), 1, year=str(YEAR + 6)), 2, year="9999Q1")
    results = check(tmp_path, make_dataset(), rows)
    assert red(results) == {"not_from_the_future": 1}
    assert results["not_from_the_future"].examples[0]["time_period"] == str(YEAR + 7)


# --- against the previous vintage ------------------------------------------------------------------------------------


def test_row_loss(tmp_path: Path) -> None:
    tolerant = make_dataset(tolerances=Tolerances(min_rows=1, max_row_loss_pct=12.5, max_changed_pct=100))
    assert "row_loss" not in red(check(tmp_path, tolerant, good_rows()[3:], good_rows()))
    result = check(tmp_path, tolerant, good_rows()[4:], good_rows())["row_loss"]
    assert (result.passed, result.failing_rows, result.observed) == (False, 4, "20 rows, 24 before")
    assert "; compared with crops-live-0, retrieved 2026-11-01T03:10:00Z; what to do: " in result.message


def test_unit_stable(tmp_path: Path) -> None:
    unit_in_key = make_dataset(key=("ref_area", "item", "unit_measure", "time_period"))
    new_item = [*good_rows(), ("KEN", "900", "l", "2022", "5", "A")]
    assert "unit_stable" not in red(check(tmp_path, unit_in_key, new_item, good_rows()))
    result = check(tmp_path, unit_in_key, edit(good_rows(), 0, unit="1000 t"), good_rows())["unit_stable"]
    assert result.examples == [{"item": "328", "unit_measure": "1000 t", "finding": "new"}]
    whole: list[Row] = [(a, i, "kg" if i == "661" else u, y, v, f) for a, i, u, y, v, f in good_rows()]
    result = check(tmp_path, unit_in_key, whole, good_rows())["unit_stable"]
    assert result.failing_rows == 2
    assert [(e["unit_measure"], e["finding"]) for e in result.examples] == [("kg", "new"), ("t", "gone")]


def test_indicators_kept(tmp_path: Path) -> None:
    fewer = [row for row in good_rows() if row[1] != "661"]
    result = check(tmp_path, make_dataset(), fewer, good_rows())["indicators_kept"]
    assert (result.passed, result.observed) == (False, "1 codes gone: 661")
    assert result.examples == [{"code_column": "item", "code": "661", "rows_before": "12"}]
    allowed = make_dataset(tolerances=Tolerances(min_rows=1, withdrawn_codes=("661",), reason="given up"))
    assert check(tmp_path, allowed, fewer, good_rows())["indicators_kept"].passed


def test_indicator_names_kept(tmp_path: Path) -> None:
    columns = make_dataset().columns[:-1]
    label = Column(name="item_label", source="f", volatile=True, meaning="m")
    named = make_dataset(columns=(*columns, label), known={})

    def under(name: str) -> list[Row]:
        return [(*row[:5], name if row[1] == "661" else "Seed cotton") for row in good_rows()]

    before = under("Cocoa, beans")
    assert check(tmp_path, named, under(" Cocoa,  beans"), before)["indicator_names_kept"].passed
    result = check(tmp_path, named, under("Cocoa beans"), before)["indicator_names_kept"]
    assert result.examples == [
        {"code_column": "item", "code": "661", "name": "Cocoa beans", "name_before": "Cocoa, beans"}
    ]
    confirmed = named.model_copy(update={"tolerances": Tolerances(min_rows=1, confirmed_names=("Cocoa beans",))})
    assert check(tmp_path, confirmed, under("Cocoa beans"), before)["indicator_names_kept"].passed


def test_areas_kept(tmp_path: Path) -> None:
    fewer = [row for row in good_rows() if row[0] != "NA"]
    results = check(tmp_path, make_dataset(), fewer, good_rows())
    assert red(results) == {"row_loss": 8, "areas_kept": 1, "mass_revision": 8}
    assert results["areas_kept"].observed == "1 areas gone: NA"
    assert results["areas_kept"].examples == [{"ref_area": "NA", "rows_before": "8", "last_period": "2022"}]
    tolerant = make_dataset(tolerances=Tolerances(min_rows=1, max_areas_lost=1))
    assert check(tmp_path, tolerant, fewer, good_rows())["areas_kept"].passed


def test_last_year_kept(tmp_path: Path) -> None:
    cut = [row for row in good_rows() if not (row[0] == "KEN" and row[3] == "2022")]
    result = check(tmp_path, make_dataset(), cut, good_rows())["last_year_kept"]
    assert (result.passed, result.failing_rows) == (False, 1)
    assert result.examples == [{"ref_area": "KEN", "last_before": "2022", "last_now": "2021"}]
    emptied = [(*row[:4], None if row[0] == "BGD" else row[4], row[5]) for row in good_rows()]
    result = check(tmp_path, make_dataset(), emptied, good_rows())["last_year_kept"]
    assert result.examples == [{"ref_area": "BGD", "last_before": "2022", "last_now": ""}]


def test_series_last_year_kept(tmp_path: Path) -> None:
    """Item 661 loses 2022 everywhere; by item 328 every area still has a figure of that year."""

    def without(*areas: str, item: str = "661") -> list[Row]:
        return [row for row in good_rows() if not (row[0] in areas and row[1] == item and row[3] == "2022")]

    cut = check(tmp_path, make_dataset(), without("BGD", "KEN", "NA"), good_rows())
    assert cut["last_year_kept"].passed
    assert red(cut)["series_last_year_kept"] == 1
    assert cut["series_last_year_kept"].examples == [
        {"item": "661", "areas_before": "3", "areas_lost": "3", "lost_by": "BGD, KEN, NA"}
    ]
    emptied = [(*row[:4], None if row[1] == "661" else row[4], row[5]) for row in good_rows()]
    assert not check(tmp_path, make_dataset(), emptied, good_rows())["series_last_year_kept"].passed
    # two areas are no pattern, an item that is gone altogether is another check's, and a tolerance lets three through
    assert check(tmp_path, make_dataset(), without("BGD", "KEN"), good_rows())["series_last_year_kept"].passed
    gone = [row for row in good_rows() if row[1] != "661"]
    assert check(tmp_path, make_dataset(), gone, good_rows())["series_last_year_kept"].passed
    tolerant = make_dataset(tolerances=Tolerances(min_rows=1, max_last_year_lost_pct=100))
    assert check(tmp_path, tolerant, without("BGD", "KEN", "NA"), good_rows())["series_last_year_kept"].passed


def test_mass_revision(tmp_path: Path) -> None:
    few = good_rows()
    for at in range(4):
        few = edit(few, at, value="150")
    results = check(tmp_path, make_dataset(), few, good_rows())  # 4 of 24: 16.7 %
    assert red(results) == {}
    assert results["mass_revision"].observed == "4 changed, 0 removed, 0 added; 24 rows before"
    results = check(tmp_path, make_dataset(), edit(few, 4, flag="E"), good_rows())  # 5 of 24: 20.8 %
    assert red(results) == {"mass_revision": 5}
    assert results["mass_revision"].examples[0] == {
        "key": "BGD|328|2019", "ref_area": "BGD", "time_period": "2019", "change": "changed", "old_value": "101.0",
        "new_value": "150.0",
    }  # fmt: skip


def test_mass_revision_sees_renamed_keys(tmp_path: Path) -> None:
    renamed: list[Row] = [(a, f"0{i}", *rest) for a, i, *rest in good_rows()]
    results = check(tmp_path, make_dataset(unit_by=None), renamed, good_rows())
    assert red(results) == {"indicators_kept": 2, "mass_revision": 24}


def scaled(factor: float, count: int) -> list[Row]:
    rows = good_rows()
    return [
        (*row[:4], f"{float(row[4] or 0) * factor:g}" if n < count else row[4], row[5]) for n, row in enumerate(rows)
    ]


def test_revision_magnitude_times_ten(tmp_path: Path) -> None:
    calm = make_dataset(tolerances=Tolerances(min_rows=1, max_changed_pct=100))
    assert red(check(tmp_path, calm, scaled(10, 19), good_rows())) == {}
    results = check(tmp_path, calm, scaled(10, 24), good_rows())
    assert red(results) == {"revision_magnitude": 24}
    result = results["revision_magnitude"]
    assert result.observed == "24 values changed by one factor: 10"
    assert "looks like a change of unit or scale" in result.message
    assert result.examples[0] == {
        "key": "BGD|328|2019", "ref_area": "BGD", "time_period": "2019", "old_value": "101.0", "new_value": "1010.0",
        "factor": "10.0",
    }  # fmt: skip
    rate = make_dataset(obs_range=(0, 200))
    assert red(check(tmp_path, rate, scaled(10, 24), good_rows())) == {
        "value_range": 24, "mass_revision": 24, "revision_magnitude": 24,
    }  # fmt: skip


def test_revision_magnitude_among_other_changes(tmp_path: Path) -> None:
    """A percentage that became a fraction in one series does not hide behind an ordinary revision of the others."""
    calm = make_dataset(tolerances=Tolerances(min_rows=1, max_changed_pct=100))
    more: list[Row] = [(f"X{n}", "328", "t", "2020", "50", "A") for n in range(60)]
    moved: list[Row] = [(*row[:4], str(150 + 40 * n) if n < 20 else "51", row[5]) for n, row in enumerate(more)]
    results = check(tmp_path, calm, scaled(0.01, 24) + moved, good_rows() + more)
    assert red(results) == {"revision_magnitude": 24}
    assert results["revision_magnitude"].observed == "24 values changed by one factor: 0.01"


def test_revision_magnitude_needs_one_factor(tmp_path: Path) -> None:
    calm = make_dataset(tolerances=Tolerances(min_rows=1, max_changed_pct=100))
    wild = [(*row[:4], str(300 + 180 * n), row[5]) for n, row in enumerate(good_rows())]
    assert red(check(tmp_path, calm, wild, good_rows())) == {}
    assert red(check(tmp_path, calm, scaled(1.9, 24), good_rows())) == {}


def test_empties_share_warns(tmp_path: Path) -> None:
    calm = make_dataset(tolerances=Tolerances(min_rows=1, max_changed_pct=100))
    one = edit(good_rows(), 0, value=None)
    assert red(check(tmp_path, calm, one, good_rows())) == {}  # 4.2 points
    results = check(tmp_path, calm, edit(one, 1, value=None), good_rows())
    assert red(results) == {"empties_share": 2}
    assert results["empties_share"].severity == "WARN"
    assert results["empties_share"].observed == "8.3 % of rows without a number, 0 % before"


def test_columns_that_nobody_declared_are_named_and_do_not_block(tmp_path: Path) -> None:
    data = load(make_dataset(), good_rows(), tmp_path / "data.parquet")
    assert run_alone(make_dataset(), data)["undeclared_columns"].observed == "none"
    result = run_alone(make_dataset(), data, undeclared=("UNIT_MULT", "it's new"))["undeclared_columns"]
    assert (result.passed, result.severity, result.failing_rows, result.error) == (False, "WARN", 2, "")
    assert result.examples == [{"column_name": "UNIT_MULT"}, {"column_name": "it's new"}]
    assert "2 columns of the delivery are new and were not loaded: UNIT_MULT, it's new" in result.message


# --- checks that cannot run ------------------------------------------------------------------------------------------


def run_alone(dataset: Dataset, data: Path, **given: Any) -> dict[str, CheckResult]:
    nothing: dict[str, Any] = dict.fromkeys(("previous", "previous_meta", "revision", "revision_summary"))
    return {r.check_name: r for r in run(dataset, data, **(nothing | given))}


def test_missing_column_is_an_error_not_a_pass(tmp_path: Path) -> None:
    good, bad = load(make_dataset(), good_rows(), tmp_path / "good.parquet"), tmp_path / "bad.parquet"
    duckdb.execute(f"copy (select * exclude (time_period), 1 as extra from '{good}') to '{bad}' (format parquet)")
    results = run_alone(make_dataset(), bad)
    assert results["schema"].examples == [
        {"column_name": "extra", "declared": "", "found": "INTEGER"},
        {"column_name": "time_period", "declared": "VARCHAR", "found": ""},
    ]
    assert (results["schema"].failing_rows, results["schema"].error) == (2, "")
    broken = {name: r for name, r in results.items() if r.error}
    assert set(broken) == {"key_unique", "required_not_null", "not_from_the_future"}
    assert {(r.passed, r.severity, r.failing_rows) for r in broken.values()} == {(False, "ERROR", 0)}
    assert all('"time_period"' in r.error for r in broken.values())
    assert results["row_floor"].passed


def test_wrong_type_is_drift(tmp_path: Path) -> None:
    good, bad = load(make_dataset(), good_rows(), tmp_path / "good.parquet"), tmp_path / "bad.parquet"
    duckdb.execute(f"copy (select * replace (item::int as item) from '{good}') to '{bad}' (format parquet)")
    result = run_alone(make_dataset(), bad)["schema"]
    assert (result.failing_rows, result.examples) == (
        1, [{"column_name": "item", "declared": "VARCHAR", "found": "INTEGER"}],
    )  # fmt: skip


def test_unreadable_file_is_an_error_of_every_check(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    results = run_alone(make_dataset(), tmp_path / "bad.parquet")
    assert list(results) == list(check_names(make_dataset()))
    assert all(not r.passed and "bad.parquet" in r.error for r in results.values())


def test_warnings_that_cannot_run_count_as_errors(tmp_path: Path) -> None:
    good, bad = load(make_dataset(), good_rows(), tmp_path / "good.parquet"), tmp_path / "bad.parquet"
    duckdb.execute(f"copy (select * exclude (obs_flag) from '{good}') to '{bad}' (format parquet)")
    result = run_alone(make_dataset(), bad)["known_codes"]
    assert (result.passed, result.severity, result.error != "") == (False, "ERROR", True)


def test_revision_must_belong_to_the_previous_vintage(tmp_path: Path) -> None:
    dataset = make_dataset()
    new, old = (load(dataset, good_rows(), tmp_path / f"{n}.parquet") for n in ("new", "old"))
    results = run_alone(dataset, new, previous=old)
    assert results["mass_revision"].error == "there is a vintage before, but no revision file"
    assert results["row_loss"].passed
    summary = lake.revise(dataset, old, new, tmp_path / "r.parquet", "a", "b") | {"old_rows": 23}
    results = run_alone(dataset, new, previous=old, revision=tmp_path / "r.parquet", revision_summary=summary)
    assert results["revision_magnitude"].error == "the revision was computed from 23 rows, the vintage before has 24"


# --- families --------------------------------------------------------------------------------------------------------


def from_csv(dataset: Dataset, lines: list[str], folder: Path) -> dict[str, CheckResult]:
    (wire := folder / "wire.csv").write_text("\n".join(lines) + "\n")
    shutil.rmtree(folder / "new.parquet", ignore_errors=True)
    lake.load(dataset, [csv_text.read_header(wire, dataset.partner)], folder / "new.parquet")
    return run_alone(dataset, folder / "new.parquet")


def test_ilo_one_source_per_series(tmp_path: Path) -> None:
    lines = [
        "ref_area,source,indicator,sex,classif1,time,obs_value",
        "KEN,BX:3465,SDG,SEX_T,ECO_TOTAL,2019,5.0",
        "KEN,AA:1311,SDG,SEX_T,ECO_TOTAL,2019,3.2",
        "KEN,AA:1311,SDG,SEX_F,ECO_TOTAL,2019,3.1",
        "KEN,BX:3465,SDG,SEX_T,ECO_TOTAL,2020,5.1",
    ]
    dataset = datasets()["ilo_sdg_0831_sex_eco_rt"]
    result = from_csv(dataset, lines, tmp_path)["one_source_per_series"]
    assert (result.passed, result.severity, result.failing_rows) == (False, "ERROR", 1)
    assert result.examples == [
        {
            "ref_area": "KEN", "sex": "SEX_T", "classif1": "ECO_TOTAL", "time_period": "2019",
            "sources": "AA:1311, BX:3465",
        }
    ]  # fmt: skip
    assert from_csv(dataset, [*lines[:2], *lines[3:]], tmp_path)["one_source_per_series"].passed


def test_ilo_asked_indicator_only(tmp_path: Path) -> None:
    dataset = datasets()["ilo_sdg_0831_sex_eco_rt"]
    header = "ref_area,source,indicator,sex,classif1,time,obs_value"
    lines = [header, *(f"KEN,BX:1,{code},SEX_T,ECO_TOTAL,2019,5" for code in (dataset.code, "SDG_0861_SEX_RT"))]
    result = from_csv(dataset, lines, tmp_path)["asked_indicator_only"]
    assert (result.passed, result.severity, result.failing_rows) == (False, "ERROR", 1)
    assert result.examples[0]["indicator"] == "SDG_0861_SEX_RT"
    assert from_csv(dataset, lines[:2], tmp_path)["asked_indicator_only"].passed


def findings(shares: dict[str, list[float]]) -> list[str]:
    rows = [
        f"{year},Country {n},Work,1,5-14,Agriculture,{share}"
        for year, values in shares.items()
        for n, share in enumerate(values)
    ]
    return ["report_year,Name,section,block,age_range,measure,value", *rows]


PERCENT = [12.5, 40.0, 56.2, 0.5, 33.0, 21.0]
FRACTION = [0.125, 0.4, 0.562, 0.005, 0.33, 0.21]


def test_ilab_percent_unit(tmp_path: Path) -> None:
    def percent(shares: dict[str, list[float]]) -> tuple[int, int]:
        results = from_csv(datasets()["ilab_findings"], findings(shares), tmp_path)
        return results["percent_unit"].failing_rows, results["percent_outliers"].failing_rows

    assert percent({"2014": PERCENT, "2016": FRACTION}) == (0, 0)
    assert percent({"2014": FRACTION, "2016": FRACTION}) == (6, 0)  # 0-1 where 0-100 is printed
    assert percent({"2014": PERCENT, "2016": PERCENT}) == (6, 5)  # 0-100 where 0-1 is printed
    assert percent({"2014": PERCENT, "2022": [*FRACTION, 2.84]}) == (0, 1)  # a slip, not a unit
    assert percent({"2014": [*PERCENT, -1.0]}) == (0, 1)


def test_ilab_forced_child_labour(tmp_path: Path) -> None:
    lines = [
        "edition,Good_Name,Good_Sector,Country_Name,Country_Region,Child_Labor,Forced_Labor,Forced_Child_Labor",
        "2018,Cotton,Agriculture,Uzbekistan,Asia,No,Yes,Yes",
        "2016,Cotton,Agriculture,Uzbekistan,Asia,Yes,Yes,Yes",
        "2016,Cotton,Agriculture,Brazil,Americas,Yes,No,No",
    ]
    result = from_csv(datasets()["ilab_goods"], lines, tmp_path)["forced_child_labour_consistent"]
    assert (result.passed, result.severity, result.failing_rows) == (False, "WARN", 1)
    assert result.examples == [
        {
            "edition": "2018", "good": "Cotton", "country": "Uzbekistan", "child_labor": "No", "forced_labor": "Yes",
            "forced_child_labor": "Yes",
        }
    ]  # fmt: skip


# --- real figures ----------------------------------------------------------------------------------------------------

ILO_FILE = SHARED / "wire" / "ilo" / "rplumber_code" / "SDG_0831_SEX_ECO_RT_A.csv"


@pytest.mark.skipif(not ILO_FILE.exists(), reason="the recorded ILO file lies outside the repository")
def test_recorded_ilo_file_passes(tmp_path: Path) -> None:
    dataset = datasets()["ilo_sdg_0831_sex_eco_rt"]
    table = csv_text.from_file(ILO_FILE, tmp_path / "ilo.csv", "ilo")
    assert lake.load(dataset, [table], tmp_path / "ilo.parquet") == 49_930
    results = run_alone(dataset, tmp_path / "ilo.parquet")
    assert red(results) == {}
    assert results["row_floor"].observed == "49,930 rows, at least 1,000 wanted"
