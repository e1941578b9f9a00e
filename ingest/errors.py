"""The ways a load can fail, each with all that an operator needs to act on it."""

from __future__ import annotations

from ingest.redaction import redacted


class IngestError(Exception):
    """A load that did not end in a candidate vintage; `current` stays what it was.

    Attributes: partner, dataset (filled in by the refresh), url, expected, found, remedy;
    `cause` is one word for the kind of error.
    """

    cause = "invalid"
    summary = "load failed"
    usual_remedy = ""

    def __init__(self, found: str, *, partner: str = "", url: str = "", expected: str = "", remedy: str = "") -> None:
        super().__init__(found)
        self.found, self.partner, self.url, self.expected = found, partner, url, expected
        self.remedy = remedy or self.usual_remedy
        self.dataset = ""

    def __str__(self) -> str:
        where = self.dataset or self.partner
        parts = [f"{where}: {self.summary}: {self.found}"]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.url:
            parts.append(f"URL {self.url}")
        if self.remedy:
            parts.append(f"what to do: {self.remedy}")
        return redacted("; ".join(parts))


class PartnerUnavailable(IngestError):
    """The partner did not answer usefully this time (5xx, 429, time-out, HTML in place of data). Retried, bounded."""

    cause = "unavailable"
    summary = "partner unavailable"
    usual_remedy = "nothing now: the last good vintage keeps serving and the next run asks again"

    def __init__(self, found: str, *, retry_after: float | None = None, **context: str) -> None:
        super().__init__(found, **context)
        self.retry_after = retry_after


class RequestRefused(IngestError):
    """The partner refuses this very request (4xx). Never retried: the same request gets the same answer."""

    cause = "refused"
    summary = "request refused"
    usual_remedy = "check that the registry's code still exists at the partner; the last good vintage keeps serving"


class DatasetRetired(IngestError):
    """The partner no longer offers this dataset or series under the id we ask for. Never retried."""

    cause = "retired"
    summary = "dataset retired"
    usual_remedy = "find its successor in the partner's catalogue and change the registry; the last good vintage serves"


class PayloadInvalid(IngestError):
    """Bytes arrived that are not the promised data (cut zip, wrong format, unreadable rows)."""

    summary = "payload invalid"
    usual_remedy = "look at the raw snapshot, and tell the partner if it persists; the last good vintage keeps serving"


class PayloadCut(PayloadInvalid):
    """The body stopped early although HTTP looked fine. Asked for again a few times, then given up."""

    cause = "incomplete"
    summary = "payload incomplete"


class SchemaDrift(PayloadInvalid):
    """The data is readable, but its columns are not the declared ones."""

    cause = "drift"
    summary = "schema drift"
