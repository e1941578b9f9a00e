"""The partners' dialects: requests, replies, refusals, and the wire forms that both editions write.

Nothing here knows where figures come from.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

MEMBER_DATE = (1980, 1, 1, 0, 0, 0)  # fixed, so that equal content gives equal bytes
CET = timezone(timedelta(hours=1))  # Eurostat's stamps
OCTETS = "application/octet-stream"  # the ILO's content type for everything
SDMX_CSV = "application/vnd.sdmx.data+csv;version=1.0.0"
SDMX_TSV = "text/tab-separated-values"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Clock:
    """When the partners say they last updated: each touch is an hour, and a day where only dates are told."""

    stamp: datetime
    touches: int = 0
    own: Mapping[str, datetime] = field(default_factory=dict)  # of datasets that moved by themselves, by their code

    def of(self, code: str) -> Clock:
        """The clock of one dataset; of the World Bank's, of the source that it belongs to."""
        return Clock(self.own.get(code, self.stamp), self.touches)

    def moment(self, base: datetime | None = None) -> datetime:
        """UTC; `base` is a recording's own time."""
        return (base or self.stamp) + timedelta(hours=self.touches)

    def day(self, base: date | None = None) -> date:
        return (base or self.stamp.date()) + timedelta(days=self.touches)


@dataclass(frozen=True)
class Request:
    """One GET: real host, decoded path (with leading slash), query, and the whole as decoded text."""

    host: str
    path: str
    query: Mapping[str, str]
    text: str

    @classmethod
    def parse(cls, target: str) -> Request:
        """`target` is the request line's path: /<real host>/<real path>?<query>."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        host, _, rest = path.removeprefix("/").partition("/")
        text = f"{path}?{unquote_plus(parts.query)}" if parts.query else path
        return cls(host, f"/{rest}", dict(parse_qsl(parts.query, keep_blank_values=True)), text)


@dataclass(frozen=True)
class Reply:
    """What goes over the wire.

    `chunked` bodies have no Content-Length; `promised` is a length told that the body does not reach; `stall` seconds
    pass after half the body.
    """

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = False
    promised: int | None = None
    stall: float = 0.0


def json_reply(value: Any, *, status: int = 200) -> Reply:
    return Reply(_dumps(value).encode(), "application/json;charset=utf-8", status)


def zip_bytes(members: Mapping[str, bytes], made_on: tuple[int, int, int, int, int, int] = MEMBER_DATE) -> bytes:
    """A zip archive that depends on names, contents and the date of its members alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, made_on), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# --- refusals --------------------------------------------------------------------------------------------------------

ACCESS_DENIED = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
SOAP_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?><S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
    "<faultcode>{code}</faultcode><faultstring>{text}</faultstring></S:Fault>"
)
WB_MESSAGES = {
    "120": {"id": "120", "key": "Invalid value", "value": "The provided parameter value is not valid"},
    "175": {
        "id": "175",
        "key": "Invalid format",
        "value": "The indicator was not found. It may have been deleted or archived.",
    },
}


def refusal(request: Request) -> Reply:
    """What the partner says to something it does not know."""
    by_host = {
        "bulks-faostat.fao.org": lambda _: Reply(ACCESS_DENIED, "application/xml", 403),
        "rplumber.ilo.org": _ilo_refusal,
        "api.worldbank.org": lambda r: wb_message("175" if "/indicator/" in r.path else "120"),
        "ec.europa.eu": _eurostat_refusal,
        "raw.githubusercontent.com": lambda _: Reply(b"404: Not Found", "text/plain; charset=utf-8", 404),
        "apiprod.dol.gov": _dol_refusal,
    }
    return by_host.get(request.host, lambda _: Reply(b"Not Found", "text/plain", 404))(request)


def wb_message(number: str) -> Reply:
    return json_reply([{"message": [WB_MESSAGES[number]]}])


def soap_fault(code: int, text: str, status: int) -> Reply:
    return Reply(SOAP_FAULT.format(code=code, text=text).encode(), "application/xml", status)


def _ilo_refusal(request: Request) -> Reply:
    if not request.path.startswith("/data/"):
        return json_reply({"error": "404 - Resource Not Found"}, status=404)
    error = f"deprecated or invalid dataset id={request.query.get('id', '')}"
    check = "check workflow and id with: https://rplumber.ilo.org/metadata/toc/indicator?lang=en&format=.csv"
    return json_reply({"error": error, "documentation": check}, status=400)


def _eurostat_refusal(request: Request) -> Reply:
    found = re.search(r"/(?:data|ESTAT)/([^/]+)", request.path)
    code = found[1] if found else request.query.get("file", "")
    return soap_fault(100, f"ERR_NOT_FOUND_2: DATA_SET:{code} is not available for dissemination.", 404)


def _dol_refusal(request: Request) -> Reply:
    if request.path.startswith("/v4/get/"):
        return Reply(b'{"message": "Internal server error"}', "application/json", 502)
    return json_reply({"message": "Missing Authentication Token"}, status=403)


# --- FAO -------------------------------------------------------------------------------------------------------------


def fao_catalogue(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """datasets_E.json as FAO lays it out."""
    listed = ",\r\n".join(_dumps(entry) for entry in entries)
    schema = "http://www.w3.org/2001/XMLSchema-instance"
    return (
        f'{{\r\n\t"Datasets": {{\r\n\t\t"-xmlns:xsi": "{schema}",\r\n\t\t"Dataset": [ {listed}]\r\n\t  }}\r\n\t}}\r\n'
    ).encode()


def fao_entry(code: str, name: str, file: str, *, updated: datetime, size: int, rows: int | None) -> dict[str, Any]:
    """One dataset of the catalogue; `size` in bytes."""
    return {
        "DatasetCode": code,
        "DatasetName": name,
        "Topic": None,
        "DatasetDescription": None,
        "Contact": "Food and Agriculture Organization of the United Nations (FAO): Statistics Division (ESS)",
        "Email": "faostat@fao.org",
        "DateUpdate": f"{updated:%Y-%m-%dT%H:%M:%S}",
        "CompressionFormat": "zip",
        "FileType": "csv",
        "FileSize": f"{-(-size // 1024)}KB",
        "FileRows": rows,
        "FileLocation": f"https://bulks-faostat.fao.org/production/{file}",
    }


# --- ILO -------------------------------------------------------------------------------------------------------------


def ilo_contents(entries: Sequence[Mapping[str, Any]]) -> Reply:
    return Reply(("[" + ",\n".join(map(_dumps, entries)) + "]").encode(), OCTETS)


ILO_STATUSES = {
    "A": "Adjusted", "B": "Break in series", "I": "Imputation", "M": "Model-based extrapolation", "R": "Real value",
    "U": "Unreliable",
}  # fmt: skip
ILO_CURRENCIES = {"CUR_TYPE_LCU": "Local currency", "CUR_TYPE_PPP": "2021 PPP $", "CUR_TYPE_USD": "U.S. dollars"}


def ilo_codes(name: str, used: Iterable[str]) -> Reply:
    """The dictionary of a column: codes in use, and every status. Labels are the ILO's where the platform reads them,
    else the code again; the list ends with an empty object (ilo quirk 14)."""
    labels = ILO_STATUSES if name == "obs_status" else {code: ILO_CURRENCIES.get(code, code) for code in used if code}
    entries = [{name: code, f"{name}.label": label} for code, label in sorted(labels.items())]
    return Reply(_dumps([*entries, {}]).encode(), OCTETS)


def ilo_entry(
    code: str, label: str, *, updated: datetime, years: set[str], areas: set[str], rows: int
) -> dict[str, Any]:
    """One annual dataset of the table of contents; `code` without the suffix _A."""
    theme, *parts, unit = code.split("_")
    entry: dict[str, Any] = {
        "id": f"{code}_A",
        "indicator": code,
        "indicator.label": label,
        "freq": "A",
        "freq.label": "Annual",
        "rep_var": f"{theme}_{parts[0]}_{unit}",
        "rep_var.label": label,
        "data.start": int(min(years)),
        "data.end": int(max(years)),
        "last.update": f"{updated:%d/%m/%Y %H:%M:%S}",
        "n.records": rows,
        "n.records.all": rows,
        "n.ref_area": len(areas),
    }
    # null fields are left out
    if parts[1:] != ["NOC"]:
        entry["classification"] = "_".join(parts[1:])
    if any(re.fullmatch(r"X\d\d", area) for area in areas):
        entry["with.region"] = "Y"
    return entry


# --- World Bank ------------------------------------------------------------------------------------------------------


def wb_page(rows: Sequence[Any], query: Mapping[str, str], encode: Callable[[Any], Any], **more: str) -> Reply:
    """`[header, rows]` of the page asked for; a list without rows has null in their place."""
    size, page = int(query.get("per_page", "50")), int(query.get("page", "1"))
    if not rows:
        empty = {"page": 0, "pages": 0, "per_page": 0, "total": 0, "sourceid": None, "lastupdated": None}
        return json_reply([empty, None])
    header = {"page": page, "pages": -(-len(rows) // size), "per_page": size, "total": len(rows), **more}
    return json_reply([header, [encode(row) for row in rows[(page - 1) * size : page * size]]])


# --- Eurostat --------------------------------------------------------------------------------------------------------


def dataflow(code: str, label: str, *, updated: datetime, observations: int, periods: Sequence[str]) -> Reply:
    """The dataflow with the annotations that tell what moved."""
    stamp = f"{updated.astimezone(CET):%Y-%m-%dT%H:%M:%S%z}"
    notes = [
        {"type": "DISSEMINATION_OBJECT_TYPE", "title": "DATASET"},
        {"type": "DISSEMINATION_TIMESTAMP_DATA", "date": stamp},
        {"type": "OBS_COUNT", "title": str(observations)},
        {"type": "OBS_PERIOD_OVERALL_LATEST", "title": max(periods)},
        {"type": "OBS_PERIOD_OVERALL_OLDEST", "title": min(periods)},
        {"type": "SOURCE_INSTITUTIONS", "text": "Eurostat"},
        {"type": "UPDATE_DATA", "date": stamp},
    ]
    structure = {"id": code, "agencyId": "ESTAT", "version": "6.5"}
    extension = {"lang": "EN", "id": code, "agencyId": "ESTAT", "version": "1.0", "datastructure": structure}
    body = {"version": "2.0", "class": "dataset", "label": label, "extension": {**extension, "annotation": notes}}
    return Reply(json.dumps(body, indent=4, ensure_ascii=False).encode(), "application/json")


_STRUCTURE = (
    "<?xml version='1.0' encoding='UTF-8'?>"
    '<m:Structure xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" '
    'xmlns:s="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure" '
    'xmlns:c="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"><m:Structures>{}</m:Structures></m:Structure>'
)


def content_constraint(code: str, dimensions: Sequence[str], keys: Sequence[Sequence[str]]) -> Reply:
    """The codes in use by dimension."""
    used = [dict.fromkeys(key[at] for key in keys) for at in range(len(dimensions))]
    values = "".join(
        f'<c:KeyValue id="{name}">{"".join(f"<c:Value>{value}</c:Value>" for value in codes)}</c:KeyValue>'
        for name, codes in zip(dimensions, used, strict=True)
    )
    return _structure(
        f'<s:Constraints><s:ContentConstraint agencyID="ESTAT" id="{code}" type="Actual" version="1.0">'
        f'<s:CubeRegion include="true">{values}</s:CubeRegion></s:ContentConstraint></s:Constraints>'
    )


def code_lists(used: Mapping[str, Iterable[str]]) -> Reply:
    """The codes in use of each dimension as partial code lists; the sample has no labels, so a code is its own name."""
    lists = "".join(
        f'<s:Codelist agencyID="ESTAT" id="{name.upper()}" isPartial="true">'
        + "".join(f'<s:Code id="{code}"><c:Name xml:lang="en">{code}</c:Name></s:Code>' for code in sorted(codes))
        + "</s:Codelist>"
        for name, codes in used.items()
    )
    return _structure(f"<s:Codelists>{lists}</s:Codelists>")


def _structure(inside: str) -> Reply:
    return Reply(_STRUCTURE.format(inside).encode(), "application/vnd.sdmx.structure+xml;version=2.1")


def listing(sizes: Mapping[str, int], updated: datetime) -> Reply:
    """A folder of the bulk files as CSV; what the column of dates is called was not recorded."""
    stamp = f"{updated:%Y-%m-%dT%H:%M:%SZ}"
    lines = [f"{name},FILE,{size},{stamp}" for name, size in sorted(sizes.items())]
    return Reply("\r\n".join(["NAME,TYPE,SIZE,DATE", *lines, ""]).encode(), "text/csv;charset=utf-8")


def comext_listing(sizes: Mapping[str, int], updated: datetime) -> Reply:
    """The folder of Comext's products: the files by size, and names beside them that are no months."""
    beside = {"full_v2_202352.7z": 93_000_000, "full_partxixu_v2_202402.7z": 2_000_000, "trhs_v2_202402.7z": 9_000_000}
    return listing({**beside, **sizes}, updated)


def contents_date(iso: str) -> str:
    """A day of the table of contents, dd.mm.yyyy; none stays none."""
    return f"{date.fromisoformat(iso):%d.%m.%Y}" if iso else ""


@dataclass(frozen=True)
class Slice:
    """What an SDMX 2.1 request asks for: codes by dimension (an empty set is all) and a window of periods."""

    key: tuple[frozenset[str], ...]
    first: str
    last: str

    @classmethod
    def parse(cls, key: str, query: Mapping[str, str], dimensions: int) -> Slice:
        """No key at all is a key of nothing but empty parts."""
        parts = tuple(frozenset(filter(None, part.split("+"))) for part in (key or "." * (dimensions - 1)).split("."))
        return cls(parts, query.get("startPeriod", ""), query.get("endPeriod", "~"))

    def holds(self, codes: Sequence[str]) -> bool:
        return all(not asked or code in asked for asked, code in zip(self.key, codes, strict=True))

    def spans(self, period: str) -> bool:
        """Periods sort as text; 2010 as an end takes in 2010-12."""
        return self.first <= period and period[: len(self.last)] <= self.last

    def refused(self, dimensions: int, *, whole: bool = False) -> Reply | None:
        """Eurostat's fault for a key of another length, and for a full extraction where that is not allowed."""
        if not any(self.key) and not whole:
            return soap_fault(
                413, "EXTRACTION_TOO_BIG_COMEXT: The requested extraction is too big. Full extraction of COMEXT "
                "datasets is forbidden, please add filters to reduce the extraction size", 413,
            )  # fmt: skip
        if len(self.key) != dimensions:
            text = f"Invalid key: {len(self.key)} dimensions given, {dimensions} expected"
            return soap_fault(140, text, 400)
        return None


# --- USDOL -----------------------------------------------------------------------------------------------------------


def dol_catalogue(sets: Mapping[int, str], request: Request, updated: datetime) -> Reply:
    """The one page of ILAB's data sets, id -> name; a page behind it is empty."""
    page = int(request.query.get("page", "1"))
    agency = {"name": "Bureau of International Labor Affairs", "abbr": "ILAB"}
    stamp = f"{updated:%Y-%m-%dT%H:%M:%S}"
    listed = [
        {"id": number, "name": name, "agency": agency, "api_url": name, "updated_at": stamp}
        for number, name in sets.items()
    ]
    meta = {
        "current_page": page, "next_page": None, "prev_page": page - 1 if page > 1 else None,
        "total_pages": 1, "total_count": len(sets),
    }  # fmt: skip
    return json_reply({"datasets": listed if page == 1 else [], "meta": meta})


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
