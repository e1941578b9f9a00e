"""USDOL ILAB: the goods list and the Findings."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from sample.figures import ORIGIN, Row, Rows, read_file, unique


def ilab_goods(figures: Path) -> Rows:
    columns = ["edition", "good", "sector", "country", "region", "child_labor", "forced_labor", "forced_child_labor"]
    columns += ["derived_labor_exploitation", "derived_country"]
    rows = [
        {c: r[c] for c in columns} | {"source_id": "ilab_goods"}
        for r in read_file(figures / "reference/ilab/goods_list_by_edition.tsv")
        if r["source_file"] != "goods_2018b.xml"  # a second file of the 2018 edition
    ]
    return unique(rows, "edition", "good", "country")


def ilab_row(r: Row, section: str, block: str, age_range: str, measure: str, value: str) -> Row:
    return {
        "report_year": r["report_year"], "country": r["country"], "section": section, "block": block,
        "age_range": age_range, "measure": measure, "value": value, "source_id": "ilab_findings",
    }  # fmt: skip


def ilab_findings(figures: Path) -> Rows:
    """Advancement levels as printed, then every figure of the statistics blocks, country by country."""
    folder = figures / "reference/ilab"
    levels = [
        ilab_row(r, "Profile", "1", "", "Advancement_Level", r["advancement_level_raw"])
        for r in read_file(folder / "country_profile.tsv")
        if r["advancement_level_raw"] or r["has_profile"] == "yes"
    ]
    statistics = [
        ilab_row(r, r["section"], r["block"], r["age_range"], r["measure"], r["value_raw"])
        for r in read_file(folder / "country_statistics.tsv")
    ]
    return unique(levels + statistics, "report_year", "country", "section", "block", "measure")


def ilab_trimmed(figures: Path, table: str) -> Rows:
    """A table of facts about the sample's countries of origin, as parsed from the reports."""
    return [r for r in read_file(figures / f"reference/ilab/{table}.tsv") if r["iso3"] in ORIGIN]


def ilab_fact(r: Row, **more: str) -> Row:
    return {"report_year": r["report_year"], "country": r["country"], **more, "source_id": "ilab_findings"}


def ilab_conventions(figures: Path) -> Rows:
    """The element's name is that of the treaty, of which the table has the short name."""
    element = {
        "C138": "C_138", "C182": "C_182", "CRC": "Convention_on_the_Rights_of_the_Child",
        "CRC_OPSC": "CRC_Commercial_Sexual_Exploitation_of_Children", "CRC_OPAC": "CRC_Armed_Conflict",
        "PALERMO_TIP": "Palermo",
    }  # fmt: skip
    rows = [
        ilab_fact(r, convention=f"{element[r['convention']]}_Ratified", value=r["ratified_raw"])
        for r in ilab_trimmed(figures, "conventions")
    ]
    return unique(rows, "report_year", "country", "convention")


def ilab_legal_standards(figures: Path) -> Rows:
    rows = [
        ilab_fact(
            r, standard=r["standard"], territory=r["territory"], established=r["established_raw"], age=r["age_raw"],
            calculated_age=r["calculated_age_raw"], conforms=r["conforms_raw"],
        )
        for r in ilab_trimmed(figures, "legal_standards")
    ]  # fmt: skip
    return unique(rows, "report_year", "country", "standard", "territory")


def ilab_enforcement(figures: Path) -> Rows:
    facts = [("Enforcements", r, r["measure"], r["value_raw"]) for r in ilab_trimmed(figures, "enforcement")]
    facts += [("Mechanisms", r, r["mechanism"], r["present_raw"]) for r in ilab_trimmed(figures, "mechanisms")]
    rows = [
        ilab_fact(r, section=section, measure=measure, territory=r.get("territory", ""), value=value)
        for section, r, measure, value in facts
    ]
    return unique(rows, "report_year", "country", "section", "measure", "territory")


def ilab_suggested_actions(figures: Path) -> Rows:
    """Sentences as printed, read from the reports themselves."""
    origins = {r["country_as_written"] for r in read_file(figures / "reference/ilab/country_names.tsv")
               if r["iso3"] in ORIGIN}  # fmt: skip
    rows = []
    for file in sorted((figures / "wire/ilab").glob("findings_*.xml")):
        lead = {"report_year": file.stem.removeprefix("findings_")}
        for country in ElementTree.fromstring(file.read_bytes()).iterfind("Country"):
            name = (country.findtext("Name") or "").strip()
            for area in country.iterfind("Suggested_Actions/*") if name in origins else ():
                for action in area.iterfind("Action"):
                    sentence, years = ((action.findtext(tag) or "").strip() for tag in ("Name", "Years"))
                    rows.append(ilab_fact(lead | {"country": name}, area=area.tag, action=sentence, years=years))
    return unique(rows, "report_year", "country", "area", "action")


def ilab_projects(figures: Path) -> Rows:
    """Some projects are printed twice in one profile, and so they are here."""
    return [ilab_fact(r, title=r["title"], link=r["link"]) for r in ilab_trimmed(figures, "ilab_projects")]
