"""Workbooks read without trust: in a process of their own, checked against their markup."""
