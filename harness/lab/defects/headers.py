"""Placeholder."""

from harness.lab.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = ()
