"""Unit conversions and identities of production and employment over a few rows of the lake, by the real models."""

from __future__ import annotations

from typing import Any

import pytest

from tests.quirks.warehouse import Rows, Warehouse

COTTON = {"ref_area": "238", "item": "328", "time_period": "2020", "time_period_code": "2020", "is_synthetic": False}
CLOTHING = {
    "ref_area": "BGD", "source": "BA:1", "indicator": "EMP_TEMP_SEX_EC2_NB", "sex": "SEX_T",
    "classif1": "EC2_ISIC4_C14", "time_period": "2020", "is_synthetic": False,
}  # fmt: skip


def crop(element: str, unit: str | None, value: float, **more: Any) -> dict[str, Any]:
    return COTTON | {"element": element, "unit_measure": unit, "obs_value": value} | more


def workers(value: float, **more: Any) -> dict[str, Any]:
    return CLOTHING | {"obs_value": value} | more


def production(*rows: dict[str, Any]) -> Warehouse:
    return Warehouse({"fao_qcl": list(rows)})


def employment(*rows: dict[str, Any]) -> Warehouse:
    return Warehouse({"ilo_emp_temp_sex_ec2_nb": list(rows)})


@pytest.mark.parametrize("unit", ["bales", None])
def test_an_unknown_unit_gives_no_figure_and_is_named(unit: str | None) -> None:
    warehouse = production(crop("5510", unit, 5), crop("5312", "ha", 7))
    (row,) = warehouse.rows("fct_production")
    assert (row["production_t"], row["area_harvested_ha"]) == (None, 7)
    (found,) = warehouse.failing("units_are_known")
    assert (found["relation"], found["unit_code"], found["figures_n"]) == ("stg_fao__qcl", unit, 1)


@pytest.mark.parametrize(("unit", "printed"), [("hg/ha", 20000.0), ("kg/ha", 2000.0)])
def test_area_times_yield_is_production_in_each_unit(unit: str, printed: float) -> None:
    area = crop("5312", "ha", 1000)
    good = production(area, crop("5510", "t", 2000), crop("5412", unit, printed))
    assert good.rows("fct_production")[0]["yield_kg_per_ha"] == 2000
    assert good.failing("production_is_area_times_yield") == []
    bad = production(area, crop("5510", "t", 2000), crop("5412", unit, 10 * printed))
    assert [row["area_times_yield_t"] for row in bad.failing("production_is_area_times_yield")] == [20000]
    generated = production(area, crop("5510", "t", 9, is_synthetic=True), crop("5412", unit, printed))
    assert generated.failing("production_is_area_times_yield") == []


def test_women_and_men_are_all_the_employed() -> None:
    parts: Rows = [workers(30, sex="SEX_F"), workers(69.99, sex="SEX_M")]
    assert employment(workers(100), *parts).failing("employment_sexes_add_up") == []  # rounding
    assert employment(workers(100), parts[0]).failing("employment_sexes_add_up") == []  # men are not published
    (found,) = employment(workers(110), *parts).failing("employment_sexes_add_up")
    assert (found["all_persons"], found["women_and_men"]) == (110_000, 99_990)


def test_divisions_are_never_more_than_all_the_employed() -> None:
    farms = workers(60, classif1="EC2_ISIC4_A01")
    total = workers(100, classif1="EC2_ISIC4_TOTAL")
    assert employment(total, farms, workers(40)).failing("employment_divisions_add_up") == []
    assert employment(total, farms).failing("employment_divisions_add_up") == []  # a small cell is not published
    (found,) = employment(total, farms, workers(50)).failing("employment_divisions_add_up")
    assert (found["all_persons"], found["divisions_persons"]) == (100_000, 110_000)


def test_rates_are_annual_averages_in_units_of_the_currency() -> None:
    series = {"freq": "A", "statinfo": "AVG", "unit": "NAC", "currency": "USD"}
    rate = series | {"time_period": "2020", "obs_value": 1.1422}
    others: Rows = [
        rate | {"statinfo": "END", "obs_value": 1.2271},
        rate | {"freq": "M", "time_period": "2020-01", "obs_value": 1.11},
        rate | {"time_period": "2021", "obs_value": None},  # no rate of the year: no row, nothing is converted
        rate | {"currency": "DEM", "time_period": "1998", "obs_value": 1.96913},
    ]
    lake = [row | {"is_synthetic": False} for row in [rate, *others]]
    rows = Warehouse({"eurostat_ert_bil_eur_a": lake}).rows("dim_exchange_rate")
    assert {(row["currency"], row["year"]): row["units_per_eur"] for row in rows} == {
        ("USD", 2020): 1.1422, ("DEM", 1998): 1.96913,
    }  # fmt: skip
