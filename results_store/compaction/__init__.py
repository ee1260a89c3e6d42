"""Compaction: merges the many small files of a store, while others read and write it."""

from results_store.compaction.compaction import compact, end_earlier_one
from results_store.compaction.report import CompactionReport, KindReport

__all__ = ["CompactionReport", "KindReport", "compact", "end_earlier_one"]
