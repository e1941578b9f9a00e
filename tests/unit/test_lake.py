"""From text to typed Parquet, from two vintages to a revision, and where a vintage ends up."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import lake, storage
from ingest.errors import PayloadInvalid, SchemaDrift
from ingest.formats import TextTable, csv_text
from ingest.lake import Vintage
from ingest.registry import Column, Dataset, Rhythm, Tolerances
from ingest.snapshots import Snapshot


def make_dataset(**changes: Any) -> Dataset:
    fields = {
        "id": "crops", "partner": "fao", "code": "C", "title": "Crops", "description": "d", "licence": "l",
        "homepage": "h", "grain": "g",
        "rhythm": Rhythm(every_days=365, reason="r"), "key": ("ref_area", "time_period"), "area_column": "ref_area",
        "period_column": "time_period", "tolerances": Tolerances(min_rows=1),
        "columns": (
            Column(name="ref_area", source="Area", strip_apostrophe=True, meaning="m"),
            Column(name="time_period", source="Year", meaning="m"),
            Column(name="obs_value", source="Value", type="obs", meaning="m"),
            Column(name="obs_flag", source="Flag", optional_on_wire=True, meaning="m"),
            Column(name="note", source="Note", optional_on_wire=True, volatile=True, meaning="m"),
        ),
    }  # fmt: skip
    return Dataset(**(fields | changes))


DATASET = make_dataset()
HEADER = "Area,Year,Value"


def table(path: Path, text: str) -> TextTable:
    path.write_bytes(text.encode())
    return csv_text.read_header(path, "fao")


def load(folder: Path, *texts: str, dataset: Dataset = DATASET) -> list[dict[str, Any]]:
    """The Parquet rows of a load, in the order of the file."""
    dest = folder / "data.parquet"
    tables = [table(folder / f"{n}.csv", text) for n, text in enumerate(texts)]
    count = lake.load(dataset, tables, dest)
    cursor = duckdb.sql(f"select * from read_parquet('{dest}')")
    rows = [dict(zip(cursor.columns, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows) == count
    return rows


def obs(folder: Path, cell: str) -> tuple[float | None, str | None, str | None]:
    (row,) = load(folder, f"{HEADER}\n004,2020,{cell}\n")
    return row["obs_value"], row["obs_value_text"], row["obs_qualifier"]


# --- columns ---------------------------------------------------------------------------------------------------------


def test_a_row_becomes_the_declared_columns_and_types(tmp_path):
    assert load(tmp_path, f"{HEADER},Flag,Note\n004,2020,1.5,A,hello\n") == [
        {
            "ref_area": "004", "time_period": "2020", "obs_value": 1.5, "obs_value_text": None, "obs_qualifier": None,
            "obs_flag": "A", "note": "hello", "is_synthetic": False,
        }
    ]  # fmt: skip


def test_columns_are_found_by_name_wherever_they_stand(tmp_path):
    (row,) = load(tmp_path, "Value,Year,Area\n7,2020,004\n")
    assert (row["ref_area"], row["time_period"], row["obs_value"]) == ("004", "2020", 7.0)


def test_blanks_around_names_do_not_matter(tmp_path):
    (row,) = load(tmp_path, "Area, Year ,Value \n004,2020,7\n")
    assert (row["ref_area"], row["time_period"], row["obs_value"]) == ("004", "2020", 7.0)


def test_a_column_nobody_declared_shifts_nothing(tmp_path):
    (row,) = load(tmp_path, "Area,Months,Year,Value\n004,7021,2020,7\n")
    assert (row["ref_area"], row["time_period"], row["obs_value"]) == ("004", "2020", 7.0)
    assert "Months" not in row


def test_an_optional_column_that_is_not_there_is_null(tmp_path):
    (row,) = load(tmp_path, f"{HEADER}\n004,2020,1\n")
    assert row["obs_flag"] is None


def test_an_optional_observation_that_is_not_there_is_null_in_all_its_columns(tmp_path):
    optional = Column(name="obs_value", source="Value", type="obs", optional_on_wire=True, meaning="m")
    columns = (*DATASET.columns[:2], optional, *DATASET.columns[3:])
    (row,) = load(tmp_path, "Area,Year\n004,2020\n", dataset=make_dataset(columns=columns))
    assert (row["obs_value"], row["obs_value_text"], row["obs_qualifier"]) == (None, None, None)


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(SchemaDrift, match=r"missing columns \['Value', 'Year'\]"):
        load(tmp_path, "Area\n004\n")


def test_a_renamed_column_is_named_with_its_old_and_new_name(tmp_path):
    with pytest.raises(SchemaDrift) as caught:
        load(tmp_path, "Area,Year,OBS_VAL\n004,2020,1\n")
    assert caught.value.found == "missing columns ['Value']; columns nobody declared ['OBS_VAL']"
    assert caught.value.expected == "columns ['Area', 'Value', 'Year']"
    assert "ingest/registry/crops.yaml" in caught.value.remedy


def test_names_differ_by_case(tmp_path):
    with pytest.raises(SchemaDrift, match=r"missing columns \['Value'\]; columns nobody declared \['value'\]"):
        load(tmp_path, "Area,Year,value\n004,2020,1\n")


def test_a_name_twice_in_the_header_is_refused(tmp_path):
    with pytest.raises(SchemaDrift, match="a column name twice in the header"):
        load(tmp_path, "Area,Year,Value,Value\n004,2020,1,2\n")


def test_drift_in_one_of_several_files_stops_the_load(tmp_path):
    with pytest.raises(SchemaDrift):
        load(tmp_path, f"{HEADER}\n004,2020,1\n", "Area,Year\n004,2021\n")
    assert not (tmp_path / "data.parquet").exists()


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0", 0.0), ("-5", -5.0), ("+3", 3.0), (".5", 0.5), ("5.", 5.0), (" 5 ", 5.0), ("29500000", 29_500_000.0),
        ("1.2E+07", 12_000_000.0), ("2.76724837946435E-05", 2.76724837946435e-05), ('"14.617400"', 14.6174),
        ("17.5385033159", 17.5385033159),
    ],
)  # fmt: skip
def test_numbers(tmp_path, cell, number):
    assert obs(tmp_path, cell) == (number, None, None)


@pytest.mark.parametrize("cell", ["<0.1", "<2.5", ">95", "< 0.1"])
def test_a_censored_value_is_neither_a_number_nor_missing(tmp_path, cell):
    assert obs(tmp_path, cell) == (None, cell, cell[0])


@pytest.mark.parametrize(
    "cell", ["1,234.5", "NA", "n/a", "..", ":", "NaN", "Infinity", "0x10", "1_000", "1 000", "5 u"]
)
def test_text_in_place_of_a_number_is_kept_as_text(tmp_path, cell):
    assert obs(tmp_path, f'"{cell}"') == (None, cell, None)


@pytest.mark.parametrize("cell", ["", '""', "   "])
def test_an_empty_value_is_null_and_no_text(tmp_path, cell):
    assert obs(tmp_path, cell) == (None, None, None)


def test_zero_is_not_missing(tmp_path):
    rows = load(tmp_path, f"{HEADER}\n004,2020,0\n004,2021,\n")
    assert [row["obs_value"] for row in rows] == [0.0, None]


def test_empty_text_is_null(tmp_path):
    (row,) = load(tmp_path, f"{HEADER},Flag\n004,2020,1,\n")
    assert row["obs_flag"] is None


@pytest.mark.parametrize("code", ["NA", "null", "NULL", "T", "true", "01012100", "004", "2351f", "1e5", "nan", "BU-1"])
def test_codes_are_text_always(tmp_path, code):
    (row,) = load(tmp_path, f"{HEADER}\n{code},2020,1\n")
    assert row["ref_area"] == code


def test_the_apostrophe_before_a_code_goes_and_its_zeros_stay(tmp_path):
    (row,) = load(tmp_path, f'{HEADER}\n"\'012",2020,1\n')
    assert row["ref_area"] == "012"


def test_an_apostrophe_inside_text_stays(tmp_path):
    (row,) = load(tmp_path, f"{HEADER},Note\n004,2020,1,\"'Côte d'Ivoire\"\n")
    assert row["note"] == "'Côte d'Ivoire"


# --- CSV -------------------------------------------------------------------------------------------------------------


def test_line_ends_may_be_crlf(tmp_path):
    rows = load(tmp_path, "Area,Year,Value,Flag\r\n004,2020,1,A\r\n008,2021,2,\r\n")
    assert [(r["ref_area"], r["obs_value"], r["obs_flag"]) for r in rows] == [("004", 1.0, "A"), ("008", 2.0, None)]


def test_quoted_commas_and_doubled_quotes(tmp_path):
    (row,) = load(tmp_path, f'{HEADER},Note\n004,2020,1,"Cotton lint, ""ginned"""\n')
    assert row["note"] == 'Cotton lint, "ginned"'


def test_a_line_break_inside_quotes_is_part_of_the_text(tmp_path):
    rows = load(tmp_path, f'{HEADER},Note\n004,2020,1,"one\ntwo"\n008,2020,2,x\n')
    assert [row["note"] for row in rows] == ["one\ntwo", "x"]


def test_a_last_line_without_line_feed_counts(tmp_path):
    assert len(load(tmp_path, f"{HEADER}\n004,2020,1\n008,2020,2")) == 2


def test_a_number_sign_begins_no_comment(tmp_path):
    (row,) = load(tmp_path, f"{HEADER}\n#1,2020,1\n")
    assert row["ref_area"] == "#1"


@pytest.mark.parametrize("line", ["008,2020", "008,2020,2,extra", '008,2020,"2'])
def test_a_row_of_another_length_is_refused_with_its_line_number(tmp_path, line):
    with pytest.raises(PayloadInvalid, match=r"Line: 3\b"):
        load(tmp_path, f"{HEADER}\n004,2020,1\n{line}\n")


def test_the_line_number_is_right_far_down_the_file(tmp_path):
    lines = [f"{n},2020,1" for n in range(5000)]
    lines[4000] = "4000,2020"
    with pytest.raises(PayloadInvalid, match=r"Line: 4002\b"):
        load(tmp_path, "\n".join([HEADER, *lines]) + "\n")


def test_a_header_alone_is_no_rows(tmp_path):
    assert load(tmp_path, f"{HEADER}\n") == []


def test_columns_that_the_registry_neither_takes_nor_ignores_are_undeclared(tmp_path):
    wide = table(tmp_path / "0.csv", f"{HEADER},Note,Flag,A87_SYNTHETIC,Domain\n004,2020,1,n,A,1,d\n")
    assert lake.undeclared(make_dataset(ignored=("Domain",)), wide) == set()
    assert lake.undeclared(DATASET, wide) == {"Domain"}


def test_text_in_the_nameless_last_field_is_drift(tmp_path):
    path = tmp_path / "0.csv"
    path.write_text(f"{HEADER}\n004,2020,1,\n008,2020,2,x\n")
    with pytest.raises(SchemaDrift, match="text in the nameless last field"):
        lake.load(DATASET, [TextTable(path, ("Area", "Year", "Value", "_trailing"))], tmp_path / "data.parquet")


def test_an_empty_nameless_last_field_is_dropped(tmp_path):
    path = tmp_path / "0.csv"
    path.write_text(f"{HEADER}\n004,2020,1,\n")
    columns = ("Area", "Year", "Value", "_trailing")
    assert lake.load(DATASET, [TextTable(path, columns)], tmp_path / "data.parquet") == 1


# --- synthetic rows, several files -----------------------------------------------------------------------------------


def test_the_mark_of_a_synthetic_row_becomes_a_flag_of_that_row_only(tmp_path):
    rows = load(tmp_path, f"{HEADER},A87_SYNTHETIC\n004,2020,1,1\n008,2020,2,\n012,2020,3,0\n")
    assert [row["is_synthetic"] for row in rows] == [True, False, False]


def test_several_files_are_one_load_each_by_its_own_header(tmp_path):
    rows = load(
        tmp_path,
        "Area,Year,Value\n004,2019,1\n",
        "Value,Flag,Area,Year\n2,A,004,2020\n",
        "Year,Area,Value,A87_SYNTHETIC\n2021,004,3,1\n",
    )
    found = [(r["time_period"], r["obs_value"], r["obs_flag"], r["is_synthetic"]) for r in rows]
    assert sorted(found) == [("2019", 1.0, None, False), ("2020", 2.0, "A", False), ("2021", 3.0, None, True)]


def test_a_path_with_an_apostrophe_is_no_trouble(tmp_path):
    folder = tmp_path / "d'Ivoire"
    folder.mkdir()
    tables = [table(folder / "0.csv", f"{HEADER}\n004,2020,1\n")]
    assert lake.load(DATASET, tables, folder / "data.parquet") == 1


def test_an_empty_dataset_has_the_columns_of_a_full_one(tmp_path):
    load(tmp_path, f"{HEADER}\n004,2020,1\n")
    lake.write_empty(DATASET, tmp_path / "empty" / "e.parquet")
    full, empty = (duckdb.sql(f"select * from '{tmp_path}/{name}'") for name in ("data.parquet", "empty/e.parquet"))
    assert (empty.columns, empty.types) == (full.columns, full.types)
    assert empty.fetchall() == []


# --- revisions -------------------------------------------------------------------------------------------------------


def revise(folder: Path, old: str, new: str, dataset: Dataset = DATASET) -> tuple[dict[str, Any], list[tuple]]:
    files = []
    for name, text in (("old", old), ("new", new)):
        (folder / name).mkdir()
        load(folder / name, text, dataset=dataset)
        files.append(folder / name / "data.parquet")
    dest = folder / "revision.parquet"
    summary = lake.revise(dataset, *files, dest, "s1", "s2")
    columns = "key, ref_area, time_period, change, old_value, new_value"
    return summary, duckdb.sql(f"select {columns} from '{dest}'").fetchall()


def test_added_removed_and_changed_rows_with_both_values(tmp_path):
    old = f"{HEADER}\n004,2019,10\n004,2020,200\n008,2020,7\n"
    new = f"{HEADER}\n004,2020,220\n008,2020,7\n004,2021,30\n"
    summary, rows = revise(tmp_path, old, new)
    assert rows == [
        ("004|2019", "004", "2019", "removed", 10.0, None),
        ("004|2020", "004", "2020", "changed", 200.0, 220.0),
        ("004|2021", "004", "2021", "added", None, 30.0),
    ]
    assert summary["old_snapshot_id"] == "s1"
    assert (summary["old_rows"], summary["added"], summary["removed"], summary["changed"]) == (3, 1, 1, 1)


def test_relative_changes_are_of_the_old_value(tmp_path):
    old = f"{HEADER}\na,1,200\nb,1,-100\nc,1,50\nd,1,0\n"
    new = f"{HEADER}\na,1,220\nb,1,-150\nc,1,0\nd,1,5\n"
    summary, _rows = revise(tmp_path, old, new)
    # 0.1, 0.5 and 1.0; a change from zero has no relative size
    assert summary["changed"] == 4
    assert summary["median_relative_change"] == pytest.approx(0.5)
    assert summary["max_relative_change"] == pytest.approx(1.0)


def test_equal_content_in_another_order_is_no_revision(tmp_path):
    summary, rows = revise(tmp_path, f"{HEADER}\na,1,1\nb,1,2\n", "Value,Area,Year\n2,b,1\n1,a,1\n")
    assert rows == []
    assert (summary["added"], summary["removed"], summary["changed"]) == (0, 0, 0)
    assert summary["median_relative_change"] is None


def test_a_changed_flag_is_a_change(tmp_path):
    _summary, rows = revise(tmp_path, f"{HEADER},Flag\na,1,1,A\n", f"{HEADER},Flag\na,1,1,E\n")
    assert rows == [("a|1", "a", "1", "changed", 1.0, 1.0)]


def test_a_value_that_became_text_is_a_change(tmp_path):
    _summary, rows = revise(tmp_path, f"{HEADER}\na,1,1\n", f"{HEADER}\na,1,<0.1\n")
    assert rows == [("a|1", "a", "1", "changed", 1.0, None)]


def test_a_value_that_vanished_is_a_change_not_a_removal(tmp_path):
    _summary, rows = revise(tmp_path, f"{HEADER}\na,1,1\n", f"{HEADER}\na,1,\n")
    assert rows == [("a|1", "a", "1", "changed", 1.0, None)]


def test_a_volatile_column_is_no_change(tmp_path):
    summary, rows = revise(tmp_path, f"{HEADER},Note\na,1,1,old\n", f"{HEADER},Note\na,1,1,new\n")
    assert rows == []
    assert summary["changed"] == 0


def test_a_figure_that_turned_synthetic_is_a_change(tmp_path):
    _summary, rows = revise(tmp_path, f"{HEADER}\na,1,1\n", f"{HEADER},A87_SYNTHETIC\na,1,1,1\n")
    assert rows == [("a|1", "a", "1", "changed", 1.0, 1.0)]


def test_a_dataset_without_figures_has_revisions_too(tmp_path):
    columns = (Column(name="ref_area", source="Area", meaning="m"), Column(name="label", source="Label", meaning="m"))
    words = make_dataset(key=("ref_area",), period_column=None, columns=columns)
    summary, rows = revise(tmp_path, "Area,Label\na,x\nb,y\n", "Area,Label\na,z\nb,y\n", words)
    assert rows == [("a", "a", None, "changed", None, None)]
    assert summary["max_relative_change"] is None


# --- vintages --------------------------------------------------------------------------------------------------------


def make_candidate(folder: Path, snapshot_id: str, retrieved_at: str = "2026-01-01T00:00:00Z") -> Vintage:
    folder.mkdir()
    (folder / "data.parquet").write_bytes(b"parquet")
    snapshot = {"snapshot_id": snapshot_id, "edition": "live", "retrieved_at": retrieved_at, "signal": {}}
    return Vintage(folder, {"snapshot": snapshot, "rows": 1, "revision": None, "checks": []})


def test_nothing_is_current_before_the_first_acceptance(home):
    assert lake.current(home, "crops") is None
    assert lake.last_signal(home, "crops") is None
    assert lake.vintages(home, "crops") == []


def test_a_candidate_that_passed_becomes_current(home, tmp_path):
    settled = lake.settle(home, "crops", make_candidate(tmp_path / "c", "s1"), {"updated": "x"}, passed=True)
    current = lake.current(home, "crops")
    assert current is not None
    assert current.snapshot_id == "s1"
    assert current.folder == settled.folder == home.lake("crops") / "vintages" / "s1"
    assert current.data.read_bytes() == b"parquet"
    assert lake.last_signal(home, "crops") == {"updated": "x"}


def test_a_candidate_that_failed_is_put_aside_and_current_stays(home, tmp_path):
    lake.settle(home, "crops", make_candidate(tmp_path / "c1", "s1"), {"updated": "x"}, passed=True)
    before = (home.lake("crops") / "current.json").read_bytes()
    lake.settle(home, "crops", make_candidate(tmp_path / "c2", "s2"), {"updated": "y"}, passed=False)
    assert (home.lake("crops") / "current.json").read_bytes() == before
    assert (home.lake("crops") / "quarantine" / "s2" / "vintage.json").exists()
    assert [v.snapshot_id for v in lake.vintages(home, "crops")] == ["s1"]


def test_old_vintages_stay_and_are_listed_in_the_order_of_their_acceptance(home, tmp_path):
    lake.settle(home, "crops", make_candidate(tmp_path / "b", "b", "2026-01-02T00:00:00Z"), {}, passed=True)
    lake.settle(home, "crops", make_candidate(tmp_path / "a", "a", "2026-01-03T00:00:00Z"), {}, passed=True)
    lake.settle(home, "crops", make_candidate(tmp_path / "c", "c", "2026-01-01T00:00:00Z"), {}, passed=True)
    assert [v.snapshot_id for v in lake.vintages(home, "crops")] == ["b", "a", "c"]
    assert lake.current(home, "crops").snapshot_id == "c"


def test_the_checks_are_kept_with_the_vintage(home, tmp_path):
    candidate = make_candidate(tmp_path / "c", "s1")
    candidate.meta["checks"] = [{"check_name": "unique", "passed": True}]
    lake.settle(home, "crops", candidate, {}, passed=True)
    assert lake.current(home, "crops").meta["checks"] == [{"check_name": "unique", "passed": True}]


def test_confirm_moves_the_signal_and_not_the_vintage(home, tmp_path):
    lake.settle(home, "crops", make_candidate(tmp_path / "c", "s1"), {"updated": "x"}, passed=True)
    lake.confirm(home, "crops", "s1", {"updated": "y"})
    assert lake.current(home, "crops").snapshot_id == "s1"
    assert lake.last_signal(home, "crops") == {"updated": "y"}


def test_attempts_are_kept_in_order_with_what_came_of_them(home):
    lake.note_attempt(home, "crops", "failed", "fao: Côte d'Ivoire fehlt", None)
    lake.note_attempt(home, "crops", "accepted", "3 rows", "s1")
    first, second = lake.attempts(home, "crops")
    assert (first["outcome"], first["message"], first["snapshot_id"]) == ("failed", "fao: Côte d'Ivoire fehlt", None)
    assert (second["outcome"], second["snapshot_id"]) == ("accepted", "s1")


def test_attempts_are_capped_and_the_newest_stay(home):
    old = [json.dumps({"outcome": "unchanged", "message": str(n)}) for n in range(500)]
    storage.write_text(home.lake("crops") / "attempts.ndjson", "\n".join(old) + "\n")
    lake.note_attempt(home, "crops", "accepted", "newest", "s1")
    kept = lake.attempts(home, "crops")
    assert len(kept) == 500
    assert (kept[0]["message"], kept[-1]["message"]) == ("1", "newest")


def test_a_figure_beyond_all_figures_is_text(tmp_path):
    assert obs(tmp_path, "1e999") == (None, "1e999", None)


def test_one_apostrophe_is_taken_from_a_code_and_no_more(tmp_path):
    (row,) = load(tmp_path, f"{HEADER}\n''012,2020,1\n")
    assert row["ref_area"] == "'012"


# --- what served on a day --------------------------------------------------------------------------------------------


def test_the_vintage_of_a_day_is_found_also_when_a_revision_was_taken_back(home, tmp_path):
    def accept(name: str) -> datetime:
        snapshot = Snapshot(
            snapshot_id=name, dataset_id=DATASET.id, partner="fao", edition="live", url="u", retrieved_at="r",
            partner_updated="", signal={}, sha256="s", bytes=1, licence="l",
        )  # fmt: skip
        folder = tmp_path / f"candidate-{len(list(tmp_path.iterdir()))}"
        lake.write_empty(DATASET, folder / "data.parquet")
        candidate = lake.Vintage(folder, lake.describe(snapshot, 0, None))
        settled = lake.settle(home, DATASET.id, candidate, {}, passed=name != "bad")
        return datetime.fromisoformat(settled.meta["settled_at"])

    first, second, _bad, again = accept("a"), accept("b"), accept("bad"), accept("a")
    instant = timedelta(microseconds=1)
    expected = [
        (first - instant, None), (first, "a"), (second - instant, "a"), (second, "b"), (again - instant, "b"),
        (again, "a"),
    ]  # fmt: skip
    for moment, name in expected:
        served = lake.served_at(home, DATASET.id, moment)
        assert (served[1].snapshot_id if served else None) == name
    assert lake.served_at(home, DATASET.id, second)[0] == second
