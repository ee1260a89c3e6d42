"""Reports: what came of studies, as one offline page and as Markdown."""

from results_store.report.build import build_report
from results_store.report.content import Report

__all__ = ["Report", "build_report"]
