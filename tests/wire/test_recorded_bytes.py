"""Real payloads, served byte for byte, through the code that talks to the real servers; figures are known answers."""

import hashlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ingest import lake
from ingest.formats import cn8_links
from ingest.http import Endpoints
from ingest.refresh import Outcome, refresh
from ingest.registry import Dataset, datasets, load_dataset
from ingest.sandbox import Recordings, Sandbox
from ingest.storage import Home
from orchestration.lake_assets import run_expectations

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def wire() -> Path:
    folder = HERE.parents[2] / "shared" / "wire"
    if not folder.is_dir():
        pytest.skip("../shared/wire with the recorded payloads is not here")
    return folder


@pytest.fixture(scope="module")
def recorded(wire: Path) -> Iterator[Endpoints]:
    with Sandbox(Recordings(wire)) as sandbox:
        yield Endpoints.sandbox(sandbox.url)


class Loaded:
    """The outcome of a refresh from the recordings, and SQL on the vintage it accepted."""

    def __init__(self, home: Home, dataset: Dataset, endpoints: Endpoints) -> None:
        self.outcome: Outcome = refresh(home, dataset, edition="recorded", endpoints=endpoints, check=run_expectations)
        vintage = lake.current(home, dataset.id)
        assert vintage is not None, self.outcome.message
        self.vintage = vintage

    def one(self, select: str, where: str = "true") -> object:
        query = f"select {select} from read_parquet('{self.vintage.data}') where {where}"
        return duckdb.sql(query).fetchall()[0][0]


def local(name: str) -> Dataset:
    return load_dataset(HERE / "registry" / f"{name}.yaml")


def test_fao_emissions_zip(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), local("fao_emissions"), recorded)
    assert loaded.outcome.rows == 517_655
    assert loaded.one("count(distinct ref_area)") == 279
    assert loaded.one("count(*)", "obs_value is null") == 0
    assert loaded.one("sum(obs_value)") == pytest.approx(7292728747.3267, abs=1e-3)
    assert loaded.one("count(*)", "ref_area = '107' and ref_area_label = 'Côte d''Ivoire'") == 2_305
    assert loaded.one("count(*)", "ref_area = '107'") == 2_305


def test_fao_food_security_zip_keeps_censored_values(tmp_path: Path, wire: Path) -> None:
    named_as_at_fao = tmp_path / "recordings" / "FS_E_All_Data_(Normalized).zip"
    named_as_at_fao.parent.mkdir()
    shutil.copy(wire / "fao" / "bulk_2019" / "FS_ocha_fixture.zip", named_as_at_fao)
    with Sandbox(Recordings(named_as_at_fao.parent)) as sandbox:
        loaded = Loaded(Home(tmp_path), local("fao_food_security"), Endpoints.sandbox(sandbox.url))
    assert loaded.outcome.rows == 81_057
    assert loaded.one("count(*)", "obs_value is not null") == 75_021
    assert loaded.one("count(*)", "obs_qualifier = '<'") == 1_606
    assert loaded.one("count(*)", "obs_value is null and obs_value_text is null") == 4_430
    assert loaded.one("count(*)", "obs_qualifier = '<' and obs_value is not null") == 0
    assert loaded.one("count(*)", "ref_area = '107'") == 370


def test_ilo_sdg_0831_keeps_empty_values_with_their_status(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), datasets()["ilo_sdg_0831_sex_eco_rt"], recorded)
    assert loaded.outcome.status == "accepted", loaded.outcome.message
    assert loaded.outcome.rows == 49_930
    assert loaded.one("count(*)", "obs_value is null") == 2_205
    assert loaded.one("count(*)", "obs_value is null and obs_status = 'U' and obs_value_text is null") == 2_205
    assert loaded.one("count(*)", "obs_status = 'U'") == 4_873
    assert loaded.one("count(*)", "obs_value = 100") == 534
    assert loaded.one("sum(obs_value)") == pytest.approx(2094639.231, abs=1e-3)
    assert loaded.one("count(distinct ref_area)") == 150


def test_world_bank_esg_zip(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), local("world_bank_esg"), recorded)
    assert loaded.outcome.rows == 431_991 + 160  # footnotes without an observation are kept
    assert loaded.one("count(*)", "footnote is not null") == 32_495
    assert loaded.one("count(*)", "obs_value is not null") == 431_991
    assert loaded.one("count(*)", "obs_value < 0") == 29_577
    assert loaded.one("sum(obs_value)") == pytest.approx(92442689.17067407, rel=1e-9)
    assert loaded.one("count(*)", "indicator = 'SL.TLF.0714.ZS' and obs_value is not null and footnote <> ''") == 281
    assert loaded.one("count(distinct ref_area)", "ref_area in ('NAM', 'NA')") == 1


def test_world_bank_country_zip(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), local("world_bank_bgd"), recorded)
    assert loaded.outcome.rows == loaded.one("count(*)", "obs_value is not null") == 37_867
    assert loaded.one("list(distinct last_updated)") == ["2020-07-01"]
    assert loaded.one("count(*)", "obs_value < 0") == 1_124
    assert loaded.one("max(obs_value)") == 27157914000000
    assert loaded.one("obs_value", "indicator = 'SL.TLF.0714.ZS' and time_period = '2003'") == 17.5385033159


def test_comext_file_whose_rows_are_longer_than_its_header(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), local("eurostat_plastic_waste"), recorded)
    assert loaded.outcome.rows == 44
    assert loaded.one("obs_value", "reporter = 'DE' and time_period = '2010'") == 3272312.08
    assert loaded.one("sum(obs_value)") == pytest.approx(103813652.05, abs=1e-2)
    assert loaded.one("list_sort(list(distinct indicator))") == ["QUANTITY_IN_100KG"]
    assert loaded.one("list_sort(list(distinct product))") == ["3915"]
    assert loaded.one("list_sort(list(distinct reporter))", "time_period = '2024'") == ["ES", "GR"]


def test_eurostat_table_of_contents_holds_each_dataset_once(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), datasets()["eurostat_toc"], recorded)
    assert loaded.outcome.status == "accepted", loaded.outcome.message
    assert loaded.outcome.rows == 6_953
    assert loaded.one("last_update", "code = 'crim_thb_vexp'") == "2023-02-09"
    assert loaded.one("max(data_end)", "code = 'ert_bil_eur_a'") == "2022"
    assert loaded.one("count(*)", "data_end = 'LTAA'") == 2


def test_eurostat_concordance_of_cn8_codes_written_as_text(tmp_path: Path, wire: Path) -> None:
    """The recorded .xls by the reader of the sample's builder, then its cells as they stand through the real parser."""
    spec = importlib.util.spec_from_file_location("xls", HERE.parents[1] / "tools" / "xls.py")
    assert spec is not None and spec.loader is not None
    xls = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(xls)
    cells = xls.rows(wire / "eurostat" / "codelists" / "CN_concordances_1988_2025_XLS_FORMAT.xls")
    assert cells[:2] == [["Period", "Origin code", "Destination code"], ["19881989", "02012011", "02012021"]]
    assert sum(" " in old or " " in new for _period, old, new in cells[1:]) == 2_928
    (tmp_path / "links.txt").write_text("".join("\t".join(row) + "\r\n" for row in cells))
    known = tuple(datasets()["eurostat_cn8_links"].request["known_link"])
    table = cn8_links.read(tmp_path / "links.txt", tmp_path / "links.csv", "eurostat", known)
    links = duckdb.sql(f"select * from read_csv('{table.path}', all_varchar=true)").fetchall()
    assert len(links) == len(set(links)) == 16_962
    assert sum(old == new for _period, old, new in links) == 1_194
    assert {len(code) for link in links for code in link} == {8}


def test_ilab_goods_editions(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), datasets()["ilab_goods"], recorded)
    counted = {
        edition: loaded.one("count(*)", f"edition = '{edition}'")
        for edition in ("2014", "2016", "2018", "2020", "2022")
    }
    assert counted == {"2014": 353, "2016": 379, "2018": 418, "2020": 438, "2022": 467}
    assert loaded.one("count(*)", "derived_labor_exploitation = 'Yes'") == 10


def test_ilab_findings_hold_every_block_of_a_country(tmp_path: Path, recorded: Endpoints) -> None:
    loaded = Loaded(Home(tmp_path), datasets()["ilab_findings"], recorded)
    levels = "measure = 'Advancement_Level' and value_text like 'Significant%' and report_year = "
    assert [loaded.one("count(*)", f"{levels}'{year}'") for year in (2014, 2016, 2018, 2020, 2022)] == [
        13,
        23,
        12,
        6,
        4,
    ]
    share = "measure = 'Total_Percentage_of_Working_Children' and report_year = '2018'"
    assert loaded.one("list(value_text order by block)", f"{share} and country = 'Gambia'") == ["0.201", "0.199"]
    assert loaded.one("count(*)", f"{share} and country = 'Pakistan'") == 3


def held_by(recorded: Endpoints, home: Home, dataset: Dataset) -> dict[str, str]:
    """File of the lake -> hash of its bytes, after a refresh from the recordings; empty if they lack the dataset."""
    refresh(home, dataset, edition="recorded", endpoints=recorded, check=lambda *_: [])
    vintage = lake.current(home, dataset.id)
    files = vintage.data.rglob("*.parquet") if vintage else []
    return {str(f.relative_to(home.root)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_the_same_bytes_give_the_same_files(tmp_path: Path, recorded: Endpoints) -> None:
    """Two data roots, each filled from all recordings: equal files of equal names, so equal deliveries are one."""
    known = [*datasets().values(), *(load_dataset(file) for file in sorted((HERE / "registry").glob("*.yaml")))]
    once, twice = (
        {name: digest for d in known for name, digest in held_by(recorded, Home(tmp_path / root), d).items()}
        for root in ("once", "twice")
    )
    assert once == twice
    loaded = {name.split("/")[1] for name in once}
    assert {"fao_emissions", "ilo_sdg_0831_sex_eco_rt", "world_bank_esg", "ilab_goods", "ilab_findings"} <= loaded
