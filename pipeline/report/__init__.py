"""Findings become workbooks."""
