"""The registry: every file loads and means what it says, and a series is one more line."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from ingest import registry
from ingest.registry import Column, Dataset, Tolerances, datasets, load_dataset, partners

FILES = sorted(path for path in registry.FOLDER.glob("*.yaml") if path.stem != "partners")
CODES = {"fao_qcl", "ilo_sdg_a871_sex_age_rt", "world_bank_wdi", "eurostat_ds_045409", "ilab_goods", "ilab_findings"}


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of a registry file with one edit."""
    text = (registry.FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = folder / f"{name}.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


# --- what is there ---------------------------------------------------------------------------------------------------


def test_every_file_of_the_folder_is_a_dataset():
    assert {path.stem for path in FILES} == set(datasets())
    assert set(datasets()) >= CODES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_id_is_the_name_of_the_file(path):
    assert load_dataset(path).id == path.stem


@pytest.mark.parametrize("dataset", datasets().values(), ids=list(datasets()))
def test_the_partner_of_a_dataset_exists_and_has_its_module(dataset):
    assert dataset.partner in partners()
    module = importlib.import_module(f"ingest.partners.{dataset.partner}")
    assert all(callable(getattr(module, name)) for name in ("signal", "fetch", "read", "classify"))


@pytest.mark.parametrize("dataset", datasets().values(), ids=list(datasets()))
def test_the_key_is_made_of_declared_text_columns(dataset):
    types = {column.name: column.type for column in dataset.columns}
    assert dataset.key
    assert [types[name] for name in dataset.key] == ["text"] * len(dataset.key)


@pytest.mark.parametrize("dataset", datasets().values(), ids=list(datasets()))
def test_every_name_in_a_rule_is_a_declared_column(dataset):
    names = {column.name for column in dataset.columns}
    ruled = {*dataset.known, *(dataset.unit_by or ()), dataset.area_column, dataset.period_column} - {None}
    assert ruled <= names


@pytest.mark.parametrize("dataset", datasets().values(), ids=list(datasets()))
def test_names_are_snake_case_and_used_once(dataset):
    names, sources = [c.name for c in dataset.columns], [c.source for c in dataset.columns]
    assert len(set(names)) == len(names)
    assert len(set(sources)) == len(sources)
    assert all(name == name.lower() and name.isidentifier() for name in names)


@pytest.mark.parametrize("dataset", datasets().values(), ids=list(datasets()))
def test_every_column_has_a_meaning_and_every_dataset_a_licence_and_a_grain(dataset):
    assert all(column.meaning for column in dataset.columns)
    assert dataset.licence
    assert dataset.grain.startswith("one row per ")
    assert dataset.homepage.startswith("https://")


def test_codes_are_text_and_only_observations_are_numbers():
    for dataset in datasets().values():
        kinds = dataset.lake_columns
        assert {name for name, kind in kinds.items() if kind == "DOUBLE"} <= {"obs_value"}
        assert [name for name, kind in kinds.items() if kind == "BOOLEAN"] == ["is_synthetic"]


def test_an_indicator_has_one_home():
    ids = [series.id for dataset in datasets().values() for series in dataset.series]
    assert len(set(ids)) == len(ids)


def test_yes_and_no_are_words_and_not_truth_values():
    assert datasets()["ilab_goods"].known["child_labor"] == ("Yes", "No")


def test_the_product_codes_keep_their_zero():
    assert datasets()["eurostat_ds_045409"].request["products"][0] == "09"


@pytest.mark.parametrize("partner", partners().values(), ids=list(partners()))
def test_a_partner_is_asked_over_https_at_bases_that_paths_can_follow(partner):
    assert all(url.startswith("https://") and url.endswith("/") for url in partner.bases.values())


@pytest.mark.parametrize("partner", partners().values(), ids=list(partners()))
def test_a_partner_is_asked_politely_within_bounds_and_on_time(partner):
    assert partner.min_interval_seconds > 0
    assert 0 < partner.max_body_mb <= 2048
    assert len(partner.schedule.split()) == 5
    cadence = 7 * 24 if partner.schedule.split()[4] != "*" else 24
    assert cadence < partner.freshness_hours < 2 * cadence


def test_datasets_come_in_the_order_of_their_partners():
    order = [list(partners()).index(dataset.partner) for dataset in datasets().values()]
    assert order == sorted(order)


# --- what changes when the registry changes --------------------------------------------------------------------------


def test_a_world_bank_series_is_one_line(tmp_path):
    line = (
        '  - {id: SL.TLF.0714.SW.ZS, label: "Children 7-14, study and work", unit: "%", direction: down, '
        'comparability: survey, range: [0, 100], definition: "Share of children in employment who also study."}\n'
    )
    path = edited(tmp_path, "world_bank_wdi", "series:\n", f"series:\n{line}")
    before, after = datasets()["world_bank_wdi"], load_dataset(path)
    assert [series.id for series in after.series] == ["SL.TLF.0714.SW.ZS", *(series.id for series in before.series)]
    assert after.series[0].range == (0, 100)
    assert after.fingerprint != before.fingerprint


def test_an_ilo_dataset_is_one_file(tmp_path):
    text = (registry.FOLDER / "ilo_sdg_a871_sex_age_rt.yaml").read_text(encoding="utf-8")
    path = tmp_path / "ilo_sdg_b871_sex_age_rt.yaml"
    path.write_text(text.replace("SDG_A871", "SDG_B871").replace("sdg_a871", "sdg_b871"), encoding="utf-8")
    dataset = load_dataset(path)
    assert (dataset.id, dataset.code, dataset.partner) == ("ilo_sdg_b871_sex_age_rt", "SDG_B871_SEX_AGE_RT", "ilo")


@pytest.mark.parametrize(
    ("old", "new"),
    [("min_rows: 30\n", "min_rows: 10\n"), ("obs_range: [0, 100]", "obs_range: [0, 50]"), ("title: Child", "title: C")],
)
def test_a_tolerance_or_a_text_asks_for_nothing_new(tmp_path, old, new):
    path = edited(tmp_path, "ilo_sdg_a871_sex_age_rt", old, new)
    assert load_dataset(path).fingerprint == datasets()["ilo_sdg_a871_sex_age_rt"].fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("code: SDG_A871_SEX_AGE_RT", "code: SDG_A871_SEX_AGE_NB"),
        ("source: time,", "source: year,"),
        ("key: [ref_area, source, sex,", "key: [ref_area, sex,"),
    ],
)
def test_what_we_ask_for_or_how_we_read_it_is_in_the_fingerprint(tmp_path, old, new):
    path = edited(tmp_path, "ilo_sdg_a871_sex_age_rt", old, new)
    assert load_dataset(path).fingerprint != datasets()["ilo_sdg_a871_sex_age_rt"].fingerprint


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_a_file_under_another_name_is_refused(tmp_path):
    path = tmp_path / "fao_tm.yaml"
    shutil.copy(registry.FOLDER / "fao_qcl.yaml", path)
    with pytest.raises(ValueError, match=r"fao_tm\.yaml describes fao_qcl"):
        load_dataset(path)


def test_an_unknown_partner_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown partner unicef"):
        load_dataset(edited(tmp_path, "fao_qcl", "partner: fao\n", "partner: unicef\n"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("key: [ref_area, item,", "key: [ref_area, itme,", "itme is not a declared column"),
        ("area_column: ref_area", "area_column: area", "area is not a declared column"),
        ("code: QCL\n", "code: QCL\nlicense: CC BY\n", "license"),
        ("code: QCL\n", "", "code"),
        ("min_rows: 1000", "min_rows: many", "min_rows"),
    ],
)
def test_a_slip_of_the_pen_is_refused_and_named(tmp_path, old, new, says):
    with pytest.raises(ValidationError, match=says):
        load_dataset(edited(tmp_path, "fao_qcl", old, new))


def test_an_unquoted_code_that_yaml_reads_as_a_truth_value_is_refused(tmp_path):
    path = edited(tmp_path, "ilab_goods", '  child_labor: ["Yes", "No"]', "  child_labor: [Yes, No]")
    with pytest.raises(ValidationError, match=r"known\.child_labor"):
        load_dataset(path)


def test_columns_of_the_lake_follow_the_declared_order():
    columns = (
        Column(name="ref_area", source="a", meaning="m"),
        Column(name="obs_value", source="v", type="obs", meaning="m"),
        Column(name="note", source="n", volatile=True, meaning="m"),
    )
    dataset = Dataset(
        id="d", partner="fao", code="C", title="t", description="d", licence="l", homepage="h", grain="g",
        key=("ref_area",), columns=columns, tolerances=Tolerances(min_rows=1),
    )  # fmt: skip
    assert dataset.lake_columns == {
        "ref_area": "VARCHAR", "obs_value": "DOUBLE", "obs_value_text": "VARCHAR", "obs_qualifier": "VARCHAR",
        "note": "VARCHAR", "is_synthetic": "BOOLEAN", "snapshot_id": "VARCHAR",
    }  # fmt: skip
    assert dataset.compared_columns == ("obs_value", "obs_value_text", "obs_qualifier", "is_synthetic")
