"""The partners on this machine: a loopback server that speaks their dialects, for demos and tests without the internet.

    with Sandbox(SampleEdition()) as sandbox:
        endpoints = Endpoints.sandbox(sandbox.url)

It answers from the bundled sample figures (`SampleEdition`) or from a folder of real bytes (`Recordings`), and
misbehaves on request (`Fault`). It knows nothing of how the platform reads what it sends.
"""

from ingest.sandbox.faults import Fault
from ingest.sandbox.recordings import Recordings
from ingest.sandbox.sample_edition import SampleEdition
from ingest.sandbox.server import Sandbox

__all__ = ["Fault", "Recordings", "SampleEdition", "Sandbox"]
