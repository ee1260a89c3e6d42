"""Upkeep: checking a store and repairing it; withdrawing trials."""

from results_store.upkeep.doctor import doctor
from results_store.upkeep.report import DoctorReport, Finding
from results_store.upkeep.retraction import Retraction, retract

__all__ = ["DoctorReport", "Finding", "Retraction", "doctor", "retract"]
