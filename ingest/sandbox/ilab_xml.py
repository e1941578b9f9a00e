"""USDOL's XML files out of tables: layout, declaration, line ends and indent differ by report and year."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

Row = Mapping[str, str]
Node = tuple[str, Any]  # (tag, text or list of nodes)


@dataclass(frozen=True)
class _Style:
    lead: str = ""
    newline: str = "\n"
    indent: str = "  "
    ascii: bool = False
    short_empty: bool = True  # <X /> or <X></X>


_STYLES = {
    ("goods", "2014"): _Style('<?xml version="1.0" encoding="UTF-8"?>\n', indent="\t", ascii=True, short_empty=False),
    ("goods", "2016"): _Style('<?xml version="1.0" encoding="UTF-8"?>\r\n', newline="\r\n"),
    ("findings", "2014"): _Style(
        '<?xml version="1.0" encoding="UTF-8"?>\n', indent="\t", ascii=True, short_empty=False
    ),
    ("findings", "2016"): _Style('\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n', newline="\r\n", short_empty=False),
    ("findings", "2018"): _Style(newline="\r\n", indent="    "),
    ("findings", "2022"): _Style(indent="    "),
}
_FLAGS = ("Child_Labor", "Forced_Labor", "Forced_Child_Labor")
_DERIVED = ("Derived_Labor_Exploitation", "Derived_Country")  # since 2022
TABLES = ("findings", "conventions", "legal_standards", "enforcement", "suggested_actions", "projects")
_STANDARD = ("Standard", "Age", "Calculated_Age", "Conforms_To_Intl_Standard")
_MASTER_DATA = {  # report 2014: standard -> its elements
    "Minimum_Work": ("Minimum_Age_for_Work_Estabslished", "Minimum_Age_for_Work"),
    "Minimum_Hazardous_Work": ("Minimum_Age_for_Hazardous_Work_Estabslished", "Minimum_Age_for_Hazardous_Work"),
    "Compulsory_Education": ("Compulsory_Education_Age_Established", "Minimum_Age_for_Compulsory_Education"),
    "Free_Public_Education": ("Free_Public_Education_Estabslished", ""),
}


def goods(edition: str, rows: Sequence[Row]) -> bytes:
    """One Good block a good, its countries inside, in the order of the table."""
    blocks = []
    for (good, sector), found in _grouped(rows, "good", "sector"):
        countries = [("Country", list(_good_country(edition, row))) for row in found]
        blocks.append(("Good", [("Good_Name", good), ("Good_Sector", sector), ("Countries", countries)]))
    return _render(("Goods", blocks), _STYLES.get(("goods", edition), _Style()))


def _good_country(edition: str, row: Row) -> Iterator[Node]:
    yield "Country_Name", row["country"]
    if edition == "2014":
        yield from (("Country_ISO2", ""), ("Country_ISO3", ""))
    yield "Country_Region", row["region"]
    yield from _flags(edition, row)


def _flags(edition: str, row: Row) -> Iterator[Node]:
    names = (*_FLAGS, *_DERIVED) if edition >= "2022" else _FLAGS
    return ((name, row[name.lower()]) for name in names)


def findings(year: str, tables: Mapping[str, Sequence[Row]], goods_rows: Sequence[Row]) -> bytes:
    """One Country block a country: name, level, one sentence, goods, statistics and the facts of the other tables."""
    by_country = {name: dict(_grouped(rows, "country")) for name, rows in tables.items()}
    countries = []
    for country in by_country["findings"]:
        listed = [row for row in goods_rows if row["country"] == country[0]]
        of_country = {name: rows.get(country, []) for name, rows in by_country.items()}
        countries.append(("Country", list(_country(year, country[0], of_country, listed))))
    return _render(("Countries", countries), _STYLES.get(("findings", year), _Style()))


def _country(year: str, name: str, tables: Mapping[str, Sequence[Row]], goods_rows: Sequence[Row]) -> Iterator[Node]:
    rows = tables["findings"]
    level = next((row["value"] for row in rows if row["section"] == "Profile"), "")
    yield "Name", name
    yield "Region", goods_rows[0]["region"] if goods_rows else ""
    yield "Advancement_Level", level
    yield "Description", f"In {year}, {name}: {level}." if level else "Not covered in Child Labor Report."
    yield "Goods", [("Good", [("Good_Name", row["good"]), *_flags(year, row)]) for row in goods_rows]
    statistics = [row for row in rows if row["section"] != "Profile"]
    if statistics:
        yield "Country_Statistics", list(_sections(statistics))
    yield from _facts(year, tables)


def _facts(year: str, tables: Mapping[str, Sequence[Row]]) -> Iterator[Node]:
    """Treaties, standards, enforcement, actions and projects; a section without rows is left out."""
    treaties: list[Node] = [(row["convention"], row["value"]) for row in tables["conventions"]]
    if year == "2014":
        standards = [node for row in tables["legal_standards"] for node in _master_data(row)]
        sections = [("Master_Data", treaties + standards)]
    else:
        legal = list(_by_element(tables["legal_standards"], "standard", _standard))
        sections = [("Conventions", treaties), ("Legal_Standards", legal)]
    for (section,), rows in _grouped(tables["enforcement"], "section"):
        sections.append((section, list(_by_element(rows, "measure", _enforcement))))
    actions = [(area, list(map(_action, rows))) for (area,), rows in _grouped(tables["suggested_actions"], "area")]
    projects = [
        ("Project", [("Title", row["title"]), ("Link", row["link"])]) for row in tables["projects"]
    ]  # fmt: skip
    sections += [("Suggested_Actions", actions), ("ILAB_Projects", projects)]
    return (section for section in sections if section[1])


def _master_data(row: Row) -> list[Node]:
    established, age = _MASTER_DATA[row["standard"]]
    return [(established, row["established"]), *([(age, row["age"])] if age else [])]


def _by_element(rows: Sequence[Row], column: str, content: Callable[[Row], Any]) -> Iterator[Node]:
    """One element a fact; facts told by territory hold a Territory for each."""
    for (tag,), found in _grouped(rows, column):
        if not found[0]["territory"]:
            yield tag, content(found[0])
            continue
        places = []
        for row in found:
            told = content(row)
            named = [("Territory_Name", row["territory"]), ("Territory_Display_Name", row["territory"])]
            places.append(("Territory", named + (told if isinstance(told, list) else [("Enforcement", told)])))
        yield tag, places


def _standard(row: Row) -> list[Node]:
    columns = ("established", "age", "calculated_age", "conforms")
    return [(tag, row[column]) for tag, column in zip(_STANDARD, columns, strict=True)]


def _enforcement(row: Row) -> str:
    return row["value"]


def _action(row: Row) -> Node:
    return "Action", [("Name", row["action"]), *([("Years", row["years"])] if row["years"] else [])]


def _sections(rows: Sequence[Row]) -> Iterator[Node]:
    for (section,), in_section in _grouped(rows, "section"):
        children: list[Node] = []
        for _number, block in _grouped(in_section, "block"):
            if section != "UNESCO_Primary_Completion_Rate":
                children.append(("Age_Range", block[0]["age_range"]))
            children += [(row["measure"], row["value"]) for row in block]
        yield section, children


def _grouped(rows: Sequence[Row], *columns: str) -> list[tuple[tuple[str, ...], list[Row]]]:
    """Rows by the values of the columns, in order of first appearance."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return list(groups.items())


def _render(root: Node, style: _Style) -> bytes:
    text = style.lead + style.newline.join(_lines(root, style, 0)) + style.newline
    return text.encode("ascii" if style.ascii else "utf-8", "xmlcharrefreplace")


def _lines(node: Node, style: _Style, depth: int) -> Iterator[str]:
    tag, content = node
    pad = style.indent * depth
    if content and isinstance(content, list):
        yield f"{pad}<{tag}>"
        for child in content:
            yield from _lines(child, style, depth + 1)
        yield f"{pad}</{tag}>"
    elif content:
        yield f"{pad}<{tag}>{_escaped(content, style)}</{tag}>"
    else:
        yield f"{pad}<{tag} />" if style.short_empty else f"{pad}<{tag}></{tag}>"


def _escaped(text: str, style: _Style) -> str:
    return text.replace("&", "&#38;").replace("<", "&#60;") if style.ascii else escape(text)
