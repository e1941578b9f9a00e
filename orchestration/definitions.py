"""The Dagster code location. Loading it needs no network and no secret."""

from orchestration.build import build_definitions

defs = build_definitions()
