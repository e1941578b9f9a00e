"""Builds the sample edition: the small tables of figures from which the sandbox speaks the partners' dialects.

    python tools/build_sample.py FIGURES_DIR OUT_DIR

FIGURES_DIR holds collected figures of the partners (folders `wire` and `reference`). Published figures are taken as
printed, each row with its source. What had to be generated says so: its source has `synthetic` = 1 in `sources.csv`.
Never generated: prevalence of child labour or child employment, entries of the goods list, advancement levels. Numbers
of children are at most a published share times a rough population, or the reverse for shares, and then synthetic.
Same input, same bytes: every generated series draws from its own stream, seeded by its own name.
Levels behind generated series (populations, yields, sizes of trade flows, prices) are rough choices made here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sample.comext_months import comext_months
from sample.eurostat import eurostat, eurostat_cn8_links, eurostat_main, eurostat_toc
from sample.fao import fao_areas, fao_elements, fao_items, fao_oea, fao_pp, fao_qcl, fao_tcl, fao_tm
from sample.figures import Rows, write_table
from sample.ilab import (
    ilab_conventions,
    ilab_enforcement,
    ilab_findings,
    ilab_goods,
    ilab_legal_standards,
    ilab_projects,
    ilab_suggested_actions,
)
from sample.ilo import ilo_sources, ilo_table
from sample.world_bank import wb_wide, world_bank, world_bank_countries, world_bank_series

SOURCES = {
    "fao_qcl_pacific": ("FAO. FAOSTAT: Crops and livestock products, 1992-2023, Pacific countries and World", 0),
    "fao_qcl_2020": ("FAO. FAOSTAT: Crops and livestock products, production of 2020, export before the 2022 flags", 0),
    "fao_tm_values": ("FAO. FAOSTAT: Detailed trade matrix, 1992-2024, values of EU trade; flags not recorded", 0),
    "fao_pp_2026": ("FAO. FAOSTAT: Producer prices, Honduras, September 2026, excerpt", 0),
    "fao_oea_2026": ("FAO. FAOSTAT: Employment in agriculture and agrifood systems, Honduras, Sept. 2026, excerpt", 0),
    "syn_fao": ("Generated: path through the published production of 2020; area, yield and processed goods derived", 1),
    "syn_fao_trade": ("Generated: exports as a part of production; tonnes from value and a rough price", 1),
    "syn_fao_price": ("Generated: a rough price per tonne with a smooth path, its index and months", 1),
    "syn_fao_oea": ("Generated: employment in agrifood systems from a rough population and share", 1),
    "ilo_a871": ("ILOSTAT, ILO. SDG_A871_SEX_AGE_RT, both sexes, transcribed; source codes not recorded", 0),
    "un_sdg_2019": ("UN SDG database, release 2019.Q1.G.02, SL_TLF_CHLDEA, ages 5-17 (UNICEF and ILO)", 0),
    "ilo_0831": ("ILOSTAT, ILO. SDG_0831_SEX_ECO_RT, code download of early 2024", 0),
    "ilo_child": ("ILOSTAT, ILO. SDG_B871_SEX_AGE_RT, CLD_XCHL_SEX_AGE_RT, transcribed; source codes not recorded", 0),
    "ilo_xhaz": ("ILOSTAT, ILO. CLD_XHAZ_SEX_AGE_ECO_NB, export of 2021-07-06; source codes not recorded", 0),
    "ilo_0861": ("ILOSTAT, ILO. SDG_0861_SEX_RT, code download of early 2024", 0),
    "syn_ilo_child": ("Generated: a published share or number of children, turned over by a rough population", 1),
    "syn_ilo_rights": ("Generated: usual level of the indicator with a smooth path", 1),
    "syn_ilo": ("Generated: employment by division from a rough population and sector shares", 1),
    "wb_esg_2023": ("World Bank. ESG data, bulk file of 2023-05-19", 0),
    "wb_social_2021": ("World Bank. World Development Indicators, 2021-09-15, children in employment by sex", 0),
    "wb_poverty_2021": ("World Bank. World Development Indicators, 2021-09-15, topic poverty", 0),
    "wb_bgd_2020": ("World Bank. World Development Indicators, 2020-07-01, Bangladesh", 0),
    "wb_wgi_2023": ("World Bank. ESG data, bulk file of 2023-05-19: governance estimates, then RL.EST and kin", 0),
    "syn_wb": ("Generated: level of the income group with a smooth path", 1),
    "cbs": ("Statistics Netherlands (CBS), news items: Dutch imports of cocoa and cocoa products, rounded", 0),
    "syn_eu": ("Generated: rough size of a flow in 2018, spread over members and years", 1),
    "eurostat_thb_news": ("Eurostat. News of 2023-02-09 and 2024-01-24: registered victims of trafficking, EU", 0),
    "syn_thb": ("Generated: small whole numbers; dimension names and codes of forms of exploitation not recorded", 1),
    "ecb_usd": ("ECB euro reference rates, US dollar, annual averages, as Eurostat prints them", 0),
    "syn_ert": ("Generated: usual level of the currency with a smooth path", 1),
    "eurostat_toc_2023": ("Eurostat. Table of contents, August 2023", 0),
    "eurostat_cn": ("Eurostat. CN concordances 1988-2025, links of the sectors' goods since 2009/10", 0),
    "comext_202402": ("Eurostat. Comext, full_v2_202402, rows quoted in a public document, Austria to Andorra", 0),
    "syn_comext": ("Generated: rough size of a monthly flow, spread over members and months", 1),
    "ilab_goods": ("USDOL ILAB. List of Goods Produced by Child Labor or Forced Labor, editions 2014-2022", 0),
    "ilab_findings": ("USDOL ILAB. Findings on the Worst Forms of Child Labor, report years 2014-2022", 0),
}


def build(figures: Path, out: Path) -> dict[str, int]:
    """Write every table; returns rows by table."""
    out.mkdir(parents=True, exist_ok=True)
    wide = wb_wide(figures)
    ilo = ilo_table(figures)
    sources = [{"source_id": s, "citation": text, "synthetic": str(flag)} for s, (text, flag) in SOURCES.items()]
    country_columns = "id,iso2,name,region_id,region_iso2,region,income_id,income_iso2,income"
    tables: list[tuple[str, str, Rows]] = [
        ("sources", "source_id,citation,synthetic", sources),
        ("fao_areas", "area_code,m49,label", fao_areas(figures)),
        ("fao_items", "item_code,cpc,label", fao_items(figures)),
        ("fao_elements", "element_code,label,unit", fao_elements()),
        ("fao_qcl", "area_code,item_code,element_code,year,value,flag,source_id", fao_qcl(figures)),
        ("fao_tcl", "area_code,item_code,element_code,year,value,flag,source_id", fao_tcl(figures)),
        ("fao_tm", "reporter_code,partner_code,item_code,element_code,year,value,flag,source_id", fao_tm(figures)),
        ("fao_pp", "area_code,item_code,element_code,year,month_code,value,flag,source_id", fao_pp(figures)),
        (
            "fao_oea",
            "area_code,source_code,indicator_code,sex_code,element_code,year,unit,value,flag,note,source_id",
            fao_oea(figures),
        ),
        ("ilo_sources", "source,label,ref_area", ilo_sources(figures, ilo)),
        ("ilo", "indicator,ref_area,source,sex,classif1,classif2,time,obs_value,obs_status,source_id", ilo),
        (
            "world_bank_countries",
            f"{country_columns},lending_id,lending_iso2,lending,capital,longitude,latitude",
            world_bank_countries(figures),
        ),
        ("world_bank_series", "indicator,name,source", world_bank_series(figures, wide)),
        ("world_bank", "indicator,ref_area,year,value,footnote,source_id", world_bank(figures, wide)),
        ("eurostat", "reporter,partner,product,year,value_eur,quantity_100kg,source_id", eurostat(figures)),
        ("eurostat_main", "dataset,dimensions,time_period,cell,source_id", eurostat_main()),
        (
            "eurostat_toc",
            "title,code,type,last_update,last_structure_change,data_start,data_end,source_id",
            eurostat_toc(figures),
        ),
        ("eurostat_cn8_links", "period,origin_code,destination_code,source_id", eurostat_cn8_links(figures)),
        (
            "eurostat_months",
            "reporter,partner,trade_type,product_nc,product_sitc,product_cpa21,product_cpa22,product_bec,product_bec5,"
            "product_section,flow,stat_procedure,suppl_unit,period,value_eur,value_nac,quantity_kg,quantity_suppl_unit,"
            "source_id",
            comext_months(figures),
        ),
        (
            "ilab_goods",
            "edition,good,sector,country,region,child_labor,forced_labor,forced_child_labor,"
            "derived_labor_exploitation,derived_country,source_id",
            ilab_goods(figures),
        ),
        (
            "ilab_findings",
            "report_year,country,section,block,age_range,measure,value,source_id",
            ilab_findings(figures),
        ),
        ("ilab_conventions", "report_year,country,convention,value,source_id", ilab_conventions(figures)),
        (
            "ilab_legal_standards",
            "report_year,country,standard,territory,established,age,calculated_age,conforms,source_id",
            ilab_legal_standards(figures),
        ),
        (
            "ilab_enforcement", "report_year,country,section,measure,territory,value,source_id",
            ilab_enforcement(figures),
        ),
        (
            "ilab_suggested_actions", "report_year,country,area,action,years,source_id",
            ilab_suggested_actions(figures),
        ),
        ("ilab_projects", "report_year,country,title,link,source_id", ilab_projects(figures)),
    ]  # fmt: skip
    return {name: write_table(out, name, columns, rows) for name, columns, rows in tables}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    for name, rows in build(Path(arguments[0]), Path(arguments[1])).items():
        print(f"{name:22}{rows:8,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
