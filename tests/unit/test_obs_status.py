"""The partners' flags in SDMX's words: literal rows of the lake through the real dbt models.

Empty, suppressed, confidential and zero are four different things, whatever letter a partner writes for them.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.quirks.warehouse import Warehouse

ILO, FAO, WDI, COMEXT, FINDINGS = (
    "ilo_sdg_0831_sex_eco_rt", "fao_qcl", "world_bank_wdi", "eurostat_ds_045409", "ilab_findings",
)  # fmt: skip
Row = dict[str, Any]


def ilo(year: int, value: float | None, flag: str | None, area: str = "AGO") -> Row:
    return {
        "ref_area": area, "source": "BB:13366", "indicator": "SDG_0831_SEX_ECO_RT", "sex": "SEX_T",
        "classif1": "ECO_SECTOR_TOTAL", "time_period": str(year), "obs_value": value, "obs_status": flag,
        "is_synthetic": False, "snapshot_id": "s",
    }  # fmt: skip


def fao(year: int, value: float | None, flag: str | None, qualifier: str | None = None) -> Row:
    return {
        "ref_area": "238", "item": "328", "element": "5510", "time_period": str(year), "time_period_code": str(year),
        "unit_measure": "t", "obs_value": value, "obs_qualifier": qualifier, "obs_flag": flag, "is_synthetic": False,
        "snapshot_id": "s",
    }  # fmt: skip


def comext(year: int, value: float | None, flag: str | None, conf: str | None, what: str = "VALUE_IN_EUROS") -> Row:
    return {
        "freq": "A", "reporter": "DE", "partner": "NA", "product": "09", "flow": "1", "indicator": what,
        "time_period": str(year), "obs_value": value, "obs_flag": flag, "conf_status": conf, "is_synthetic": False,
        "snapshot_id": "s",
    }  # fmt: skip


def finding(country: str, value: str, section: str = "Children_Work_Statistics") -> Row:
    measure = "Advancement_Level" if section == "Profile" else "Total_Percentage_of_Working_Children"
    return {
        "report_year": "2022", "country": country, "section": section, "block": "1", "measure": measure,
        "value_text": value, "is_synthetic": False, "snapshot_id": "s",
    }  # fmt: skip


def told(rows: list[Row], by: str = "year") -> dict[Any, tuple[Any, ...]]:
    return {row[by]: (row["obs_value"], row["obs_flag"], row["obs_status"], row["conf_status"]) for row in rows}


def test_ilo_letters_are_translated_and_an_unreliable_figure_left_out_is_withheld() -> None:
    cells = [(0.0, None), (None, None), (None, "U"), (12.5, "U"), (9.0, "B"), (7.0, "M"), (6.0, "A"), (5.0, " R ")]
    warehouse = Warehouse({ILO: [ilo(2010 + n, *cell) for n, cell in enumerate(cells)]})
    assert told(warehouse.rows("stg_ilo__sdg_0831_sex_eco_rt")) == {
        2010: (0.0, None, "A", None),  # a zero is a figure
        2011: (None, None, "O", None),  # empty
        2012: (None, "U", "Q", None),  # withheld
        2013: (12.5, "U", "U", None),
        2014: (9.0, "B", "B", None),
        2015: (7.0, "M", "E", None),  # the ILO's M is modelled, SDMX's M cannot exist
        2016: (6.0, "A", "E", None),  # the ILO's A is adjusted
        2017: (5.0, "R", "A", None),
    }
    published = told(warehouse.rows("fct_observation"))
    assert 2011 not in published and published[2012] == (None, "U", "Q", None) and published[2010][0] == 0.0


def test_ilo_confidential_is_confidential_and_withheld() -> None:
    (row,) = Warehouse({ILO: [ilo(2020, None, "C")]}).rows("fct_observation")
    assert (row["obs_value"], row["obs_flag"], row["obs_status"], row["conf_status"]) == (None, "C", "Q", "C")


def test_fao_letters() -> None:
    cells = [(0, "A"), (0, "M"), (None, None), (None, "O"), (None, "Q"), (None, "A"), (5, "X"), (5, "E"), (5, "I")]
    warehouse = Warehouse({FAO: [fao(2010 + n, *cell) for n, cell in enumerate(cells)] + [fao(2019, None, "F", "<")]})
    found = {row["year"]: (row["obs_value"], row["obs_status"]) for row in warehouse.rows("stg_fao__qcl")}
    assert found == {
        2010: (0, "A"), 2011: (None, "M"), 2012: (None, "O"), 2013: (None, "O"), 2014: (None, "Q"), 2015: (None, "O"),
        2016: (5, "A"), 2017: (5, "E"), 2018: (5, "I"), 2019: (None, "F"),
    }  # fmt: skip
    fact = {row["year"]: (row["production_flag"], row["production_status"]) for row in warehouse.rows("fct_production")}
    assert (fact[2010], fact[2011], fact[2014]) == (("A", "A"), ("M", "M"), ("Q", "Q"))


def test_comext_keeps_confidentiality_apart() -> None:
    cells = [(0, None, None), (None, None, None), (None, None, "C"), (5, None, "C"), (None, "b", None), (5, "p", "F")]
    cells += [(None, "c", None), (5, "bep", None)]
    warehouse = Warehouse({COMEXT: [comext(2010 + n, *cell) for n, cell in enumerate(cells)]})
    expected = {
        2010: (0, None, "A", None), 2011: (None, None, "O", None), 2012: (None, None, "Q", "C"),
        2013: (5, None, "A", "C"), 2014: (None, "b", "O", None), 2015: (5, "p", "P", "F"),
        2016: (None, "c", "Q", "C"), 2017: (5, "bep", "B", None),
    }  # fmt: skip
    assert told(warehouse.rows("stg_eurostat__ds_045409")) == expected
    columns = ("value_eur", "value_status", "conf_status", "is_confidential")
    fact = {row["year"]: tuple(row[c] for c in columns) for row in warehouse.rows("fct_trade_flow")}
    assert fact[2010] == (0, "A", None, False)
    assert fact[2011] == (None, "O", None, False)
    assert fact[2012] == (None, "Q", "C", True)
    assert fact[2013] == (5, "A", "C", True)
    assert fact[2015] == (5, "P", None, False)  # F is free


def test_a_mass_of_zero_beside_a_value_is_missing() -> None:
    rows = [comext(2020, 76, None, None), comext(2020, 0, None, None, "QUANTITY_IN_100KG")]
    (flow,) = Warehouse({COMEXT: rows}).rows("fct_trade_flow")
    assert (flow["quantity_kg"], flow["quantity_status"], flow["value_status"]) == (None, "O", "A")


def test_world_bank_cells_are_figures_or_empty() -> None:
    base = {"indicator": "SL.TLF.0714.ZS", "ref_area": "BGD", "is_synthetic": False, "snapshot_id": "s"}
    rows = [base | {"time_period": "2013", "obs_value": 0.0}, base | {"time_period": "2014", "obs_status": ""}]
    found = Warehouse({WDI: rows}).rows("stg_world_bank__wdi")
    assert {row["year"]: (row["obs_value"], row["obs_flag"], row["obs_status"]) for row in found} == {
        2013: (0.0, None, "A"), 2014: (None, None, "O"),
    }  # fmt: skip


def test_usdol_texts_are_flags() -> None:
    cells = {"Benin": "0", "Mali": "", "Chad": "Unavailable", "Togo": "N/A", "Ghana": "0.2"}
    rows = [finding(country, text) for country, text in cells.items()]
    rows += [finding("Anguilla", "No Assessment", "Profile"), finding("Benin", "Minimal Advancement", "Profile")]
    warehouse = Warehouse({FINDINGS: rows})
    observations = warehouse.rows("int_observations")
    shares = told([row for row in observations if row["indicator_id"] == "ILAB_WORKING_CHILDREN"], "ref_area")
    assert shares == {
        "Benin": (0.0, None, "A", None), "Mali": (None, None, "O", None), "Chad": (None, "unavailable", "O", None),
        "Togo": (None, "not_applicable", "M", None), "Ghana": (20.0, None, "A", None),
    }  # fmt: skip
    ranks = told([row for row in observations if row["indicator_id"] == "ILAB_ADVANCEMENT_RANK"], "ref_area")
    assert ranks == {"Anguilla": (None, "no_assessment", "O", None), "Benin": (2.0, None, "A", None)}


@pytest.mark.parametrize(
    ("lake", "model"),
    [
        ({ILO: [ilo(2020, 5, "@")]}, "stg_ilo__sdg_0831_sex_eco_rt"),
        ({FAO: [fao(2020, 5, "@")]}, "stg_fao__qcl"),
        ({COMEXT: [comext(2020, 5, "@", None)]}, "stg_eurostat__ds_045409"),
    ],
)
def test_a_flag_nobody_translated_has_no_status(lake: dict[str, list[Row]], model: str) -> None:
    (row,) = Warehouse(lake).rows(model)
    assert (row["obs_value"], row["obs_flag"], row["obs_status"]) == (5, "@", None)
