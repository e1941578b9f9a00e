"""A partner in trouble: only its dataset suffers, the others refresh, and everybody can see what happened."""

import dagster as dg
import duckdb
import pytest
from typer.testing import CliRunner

from ingest import lake
from ingest.registry import datasets
from ingest.sandbox import Fault, SampleEdition, Sandbox
from orchestration import cli
from orchestration.instance import open_instance
from orchestration.lake_assets import REFRESHED
from tests.e2e.conftest import Platform

ILO = {name for name, dataset in datasets().items() if dataset.partner == "ilo"}
# No figure of 2022 in the sample: the same in the earlier edition.
STILL = {"ilo_cld_xhaz_sex_age_eco_nb", "ilo_cld_xhaz_sex_age_rt"}

CASES = [
    pytest.param(
        "ilo=status:503", ILO, "failed", ["partner unavailable: HTTP 503", "the last good vintage keeps serving"],
        id="http_503_for_ilo",
    ),
    pytest.param(
        "world_bank=html", {"world_bank_country", "world_bank_wdi", "world_bank_wgi"}, "failed",
        ["partner unavailable: an HTML page with status 200", "the last good vintage keeps serving"],
        id="html_with_status_200_for_world_bank",
    ),
    pytest.param(
        "fao=cut", {"fao_qcl"}, "failed",
        ["payload incomplete: a zip without its end", "expected a whole zip archive", "what to do:"],
        id="cut_zip_for_fao",
    ),
    pytest.param(
        "DS-045409=rename:OBS_VALUE>VALUE_OBS", {"eurostat_ds_045409"}, "failed",
        ["schema drift: missing columns ['OBS_VALUE']", "['VALUE_OBS']", "ingest/registry/eurostat_ds_045409.yaml"],
        id="renamed_column_for_comext",
    ),
    pytest.param(
        "SDG_0831_SEX_ECO_RT=scale:10", {"ilo_sdg_0831_sex_eco_rt"}, "quarantined",
        ["is quarantined", "value_range", "mass_revision", "keeps serving", "what to do:"],
        id="rates_times_ten_for_ilo",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "hurt", "status", "words"), CASES)
def test_only_the_broken_dataset_suffers(
    platform: Platform, fault: str, hurt: set[str], status: str, words: list[str]
) -> None:
    before = {name: lake.current(platform.home, name) for name in datasets()}
    with Sandbox(SampleEdition(), faults=[Fault.parse(fault)]) as sandbox:
        sandbox.touch()
        result = platform.refresh(sandbox)

    assert not result.errors
    healthy = {name: "unchanged" if name in STILL else "accepted" for name in datasets()}
    assert platform.statuses == healthy | dict.fromkeys(hurt, status)
    for name in hurt:
        assert all(word in platform.message(name) for word in (name, *words)), platform.message(name)

    # What analysts read: the last good vintage for the broken dataset, the new ones for all others.
    assert result.built
    with duckdb.connect(platform.home.warehouse, read_only=True) as connection:
        serving = dict(
            connection.execute("select dataset_id, snapshot_id from meta.snapshot where is_serving").fetchall()
        )
        outcomes = connection.execute("select dataset_id, outcome from meta.attempt order by asked_at").fetchall()
    for name, vintage in before.items():
        assert vintage is not None
        assert (serving[name] == vintage.snapshot_id) == (name in hurt | STILL), name
    assert {name for name, outcome in outcomes if outcome == status} == hurt

    # What an operator sees, on the command line and in the Dagster UI.
    shown = CliRunner().invoke(cli.app, ["status"]).stdout
    line_of = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert {name for name in datasets() if f" {status} " in line_of[name]} == hurt, shown
    assert words[0] in shown
    instance = open_instance(platform.home)
    for name, dataset in datasets().items():
        key = dg.AssetCheckKey(dg.AssetKey([dataset.partner, name]), REFRESHED)
        record = instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None and record.event is not None
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        assert evaluation.passed == (name not in hurt), name
        if name in hurt:
            assert words[0] in evaluation.description


def test_a_recovered_partner_is_accepted_without_help(platform: Platform) -> None:
    with Sandbox(SampleEdition(), faults=[Fault.parse("fao=cut")]) as sandbox:
        sandbox.touch()
        platform.refresh(sandbox, "fao_qcl")
        assert platform.statuses == {"fao_qcl": "failed"}
        sandbox.faults.clear()
        platform.refresh(sandbox, "fao_qcl")
    assert platform.statuses == {"fao_qcl": "accepted"}
