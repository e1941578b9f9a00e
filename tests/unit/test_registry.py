"""The registry: every YAML is sound, mistakes in one are refused, and a series is one line."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic import ValidationError

from ingest import registry
from ingest.http import Endpoints, HttpClient
from ingest.partners import connector
from ingest.registry import Dataset, Partner, datasets, load_dataset, partners

FILES = sorted(path for path in registry.FOLDER.glob("*.yaml") if path.stem not in registry.SHARED)
NAMES = [path.stem for path in FILES]
LINE = (
    "  - {id: SP.DYN.TFRT.IN, label: Fertility rate, unit: births per woman, direction: none, "
    "comparability: indicator, definition: Children a woman would bear.}\n"
)


def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """A copy of a dataset's YAML with one text replaced."""
    text = (registry.FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    copy = tmp_path / f"{name}.yaml"
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy


# --- what is registered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_file_loads_and_is_named_after_its_dataset(path):
    assert load_dataset(path).id == path.stem


def test_every_file_is_a_registered_dataset():
    assert sorted(datasets()) == NAMES


def test_datasets_are_ordered_by_partner_then_id():
    order = list(partners())
    assert order == ["fao", "ilo", "world_bank", "eurostat", "ilab"]
    assert list(datasets()) == sorted(datasets(), key=lambda name: (order.index(datasets()[name].partner), name))


@pytest.mark.parametrize("name", NAMES)
def test_the_key_is_declared_and_told_apart_from_figures(name):
    dataset = datasets()[name]
    columns = {column.name: column for column in dataset.columns}
    assert dataset.key
    for part in dataset.key:
        assert columns[part].type == "text"
        assert not columns[part].volatile
        assert not columns[part].stamp


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_named_once_here_and_on_the_wire(name):
    columns = datasets()[name].columns
    assert len({column.name for column in columns}) == len(columns)
    assert len({column.source for column in columns}) == len(columns)


@pytest.mark.parametrize("name", NAMES)
def test_checks_refer_to_declared_columns(name):
    dataset = datasets()[name]
    assert {*dataset.known, *(dataset.unit_by or ())} <= set(dataset.lake_columns)


@pytest.mark.parametrize("name", NAMES)
def test_a_dataset_tells_its_licence_its_page_and_its_grain(name):
    dataset = datasets()[name]
    assert all((dataset.title, dataset.description, dataset.licence, dataset.grain.startswith("one row per ")))
    assert urlsplit(dataset.homepage).scheme == "https"


def test_an_indicator_is_declared_once():
    ids = [series.id for dataset in datasets().values() for series in dataset.series]
    assert len(ids) == len(set(ids))


def test_every_loosened_last_year_has_a_reason():
    loosened = [d for d in datasets().values() if d.tolerances.latest_year is not None]
    assert all(d.tolerances.reason for d in loosened)


@pytest.mark.parametrize("name", partners())
def test_a_partner_is_asked_over_https_and_within_bounds(name):
    partner = partners()[name]
    assert all(urlsplit(base).scheme == "https" and base.endswith("/") for base in partner.bases.values())
    assert partner.min_interval_seconds > 0
    assert 0 < partner.max_body_mb <= 2048
    assert 0 < partner.total_timeout_seconds <= 3600
    assert len(partner.schedule.split()) == 5


@pytest.mark.parametrize("name", partners())
def test_every_partner_has_datasets_and_a_module(name):
    assert any(dataset.partner == name for dataset in datasets().values())
    assert connector(partners()[name]).__name__ == f"ingest.partners.{name}"


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: world_bank_wdi", "id: wdi", "world_bank_wdi.yaml describes wdi: file name and id must be equal"),
        ("layout: world", "partner: wbank\nlayout: world", "world_bank_wdi.yaml: unknown partner wbank"),
        ("layout: world", "key: [area]\nlayout: world", "world_bank_wdi: area is not a declared column"),
        ("layout: world", "area_column: iso3\nlayout: world", "world_bank_wdi: iso3 is not a declared column"),
        ("layout: world", "period_column: year\nlayout: world", "world_bank_wdi: year is not a declared column"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(edited(tmp_path, "world_bank_wdi", old, new))


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("max_row_loss_pct: 2.0", "max_rows_loss_pct: 2.0", "max_rows_loss_pct"),
        ("licence: CC BY 4.0", "license: CC BY 4.0", "license"),
        ("grain: one row per economy or aggregate\n", "", "grain"),
        ("source: capitalCity", "source: capitalCity, type: number", "type"),
    ],
)
def test_a_misspelt_missing_or_unknown_entry_is_refused(tmp_path, old, new, word):
    with pytest.raises(ValidationError, match=word):
        load_dataset(edited(tmp_path, "world_bank_country", old, new))


def test_a_code_that_yaml_reads_as_no_text_is_refused(tmp_path):
    """`code: NO` is false in YAML; it must not come through as the text of something else."""
    with pytest.raises(ValidationError, match="code"):
        load_dataset(edited(tmp_path, "world_bank_wdi", "code: WDI", "code: NO"))


def test_a_loaded_dataset_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        datasets()["fao_qcl"].code = "TM"


# --- layouts ---------------------------------------------------------------------------------------------------------

STAGING = Path(__file__).parents[2] / "dbt_project" / "models" / "staging" / "ilo"
BREAKDOWNS = {
    "ilo_ilr_tumt_noc_rt": (),
    "ilo_sdg_0861_sex_rt": ("sex",),
    "ilo_sdg_a871_sex_age_rt": ("sex", "classif1"),
    "ilo_ear_emta_sex_eco_cur_nb": ("sex", "classif1", "classif2"),
}


@pytest.mark.parametrize(("name", "breakdowns"), BREAKDOWNS.items(), ids=list(BREAKDOWNS))
def test_a_layout_gives_columns_and_key_less_what_the_dataset_goes_without(name, breakdowns):
    dataset = datasets()[name]
    assert dataset.key == ("ref_area", "source", *breakdowns, "time_period")
    names = [column.name for column in dataset.columns]
    assert names[:3] == ["ref_area", "source", "indicator"]
    assert names[3 : names.index("time_period")] == list(breakdowns)
    assert set(dataset.known) == {"obs_status", "sex"} & set(names)
    assert (dataset.partner, dataset.licence, dataset.area_column) == ("ilo", "CC BY 4.0", "ref_area")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("ilo_") and name != "ilo_source"])
def test_an_ilo_code_names_the_breakdowns_of_its_dataset(name):
    dataset = datasets()[name]
    parts = [part for part in dataset.code.split("_")[2:-1] if part != "NOC"]
    breakdowns = [part for part in dataset.key if part in ("sex", "classif1", "classif2")]
    assert len(breakdowns) == len(parts)
    assert ("sex" in breakdowns) == ("SEX" in parts)
    assert [series.id for series in dataset.series] == [dataset.code]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("ilo_") and name != "ilo_source"])
def test_the_staging_model_leaves_out_what_the_dataset_goes_without(name):
    model = (STAGING / f"stg_ilo__{name.removeprefix('ilo_')}.sql").read_text(encoding="utf-8")
    without = yaml.safe_load((registry.FOLDER / f"{name}.yaml").read_text(encoding="utf-8")).get("without", [])
    assert f"source('ilo', '{name}')" in model
    assert (f"without={without}" in model) if without else ("without" not in model)


def test_a_dataset_adds_columns_to_those_of_its_layout():
    matrix, series = datasets()["fao_tm"], datasets()["fao_qcl"]
    shared = [column for column in series.columns if not column.name.startswith("ref_area")]
    assert list(matrix.columns[: len(shared)]) == shared
    added = [column.name for column in matrix.columns[len(shared) :]]
    assert added == [f"{side}{end}" for side in ("reporter", "partner") for end in ("", "_m49", "_label")]
    assert (matrix.area_column, matrix.key[:2]) == ("reporter", ("reporter", "partner"))


def test_entries_of_a_dataset_replace_those_of_its_layout(tmp_path):
    own = "layout: ilo_code\nlicence: CC BY-SA 4.0\nperiod_column: source\n"
    dataset = load_dataset(edited(tmp_path, "ilo_ilr_tumt_noc_rt", "layout: ilo_code\n", own))
    assert (dataset.licence, dataset.period_column) == ("CC BY-SA 4.0", "source")
    assert dataset.columns == datasets()["ilo_ilr_tumt_noc_rt"].columns


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("layout: ilo_code", "layout: ilo_label", "ilo_ilr_tumt_noc_rt: unknown layout ilo_label"),
        ("[sex, classif1, classif2]", "[sex, classif3]", "ilo_ilr_tumt_noc_rt: no column classif3 in layout ilo_code"),
        ("without: [sex", "wihtout: [sex", "wihtout"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(edited(tmp_path, "ilo_ilr_tumt_noc_rt", old, new))


# --- what is derived -------------------------------------------------------------------------------------------------


def test_lake_columns_are_text_but_for_the_figure_and_the_mark():
    assert datasets()["world_bank_wdi"].lake_columns == {
        "ref_area": "VARCHAR", "indicator": "VARCHAR", "indicator_label": "VARCHAR", "time_period": "VARCHAR",
        "obs_value": "DOUBLE", "obs_value_text": "VARCHAR", "obs_qualifier": "VARCHAR", "obs_status": "VARCHAR",
        "footnote": "VARCHAR", "is_synthetic": "BOOLEAN",
    }  # fmt: skip


def test_a_revision_looks_at_figures_and_flags_not_at_labels():
    assert datasets()["world_bank_wdi"].compared_columns == (
        "obs_value", "obs_value_text", "obs_qualifier", "obs_status", "is_synthetic",
    )  # fmt: skip


def test_the_content_is_everything_but_stamps():
    dataset = datasets()["fao_qcl"]
    stamped = dataset.model_copy(
        update={
            "columns": tuple(
                column.model_copy(update={"stamp": True}) if column.name == "note" else column
                for column in dataset.columns
            )
        }
    )
    assert set(dataset.content_columns) == set(dataset.lake_columns)
    assert set(stamped.content_columns) == set(dataset.lake_columns) - {"note"}


# --- a series is one line --------------------------------------------------------------------------------------------


@pytest.fixture
def longer(tmp_path) -> Dataset:
    """The World Bank's series with one line more."""
    return load_dataset(edited(tmp_path, "world_bank_wdi", "tolerances:\n", LINE + "tolerances:\n"))


def test_a_new_series_is_one_line_of_yaml(longer):
    known = datasets()["world_bank_wdi"].series
    assert longer.series[:-1] == known
    assert (longer.series[-1].id, longer.series[-1].unit) == ("SP.DYN.TFRT.IN", "births per woman")


def test_a_new_series_is_asked_for_although_the_catalogue_did_not_move(longer):
    assert longer.fingerprint != datasets()["world_bank_wdi"].fingerprint


def test_a_new_series_is_fetched_with_the_others(longer, server, tmp_path):
    records = [{
        "indicator": {"id": "SP.DYN.TFRT.IN", "value": "Fertility rate"}, "country": {"id": "NA", "value": "Namibia"},
        "countryiso3code": "NAM", "date": "2020", "value": 3.3, "unit": "", "obs_status": "", "decimal": 1,
    }]  # fmt: skip
    head = {"page": 1, "pages": 1, "per_page": 20000, "total": 1, "lastupdated": "2026-01-28"}
    server.says(json.dumps([head, records]), Content_Type="application/json")
    partner = partners()["world_bank"]
    client = HttpClient(partner, Endpoints.sandbox(server.url), classify=connector(partner).classify)
    payload = tmp_path / "payload"
    payload.mkdir()
    connector(partner).fetch(client, longer, {"updated": "2026-01-28"}, payload)
    asked = [path for path in server.paths if "SP.DYN.TFRT.IN" in path]
    assert len(asked) == 1
    assert all(any(series.id in path for path in server.paths) for series in longer.series)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: World Development Indicators,", "title: WDI,"),
        ("max_changed_pct: 25.0", "max_changed_pct: 40.0"),
        ("homepage: https://databank.worldbank.org/", "homepage: https://data.worldbank.org/"),
    ],
)
def test_a_changed_tolerance_or_text_asks_for_nothing_anew(tmp_path, old, new):
    changed = load_dataset(edited(tmp_path, "world_bank_wdi", old, new))
    assert changed.fingerprint == datasets()["world_bank_wdi"].fingerprint


def test_partners_are_named_by_their_key():
    body = yaml.safe_load((registry.FOLDER / "partners.yaml").read_text(encoding="utf-8"))
    assert partners() == {name: Partner(name=name, **fields) for name, fields in body.items()}
