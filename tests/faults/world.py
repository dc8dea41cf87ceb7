"""A small site in which everything happens that a run must keep whole."""

import shutil
from pathlib import Path

from pipeline.site import setup as sites

HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit,status\n"
FIRST = """\
P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL,final
P1,Aster Sample,F,1980-05-01,S1,2026-03-01,MCV,104,fL,final
P2,Borage Sample,M,1970-01-31,S2,2026-03-01,Vitamin B12,150,pg/mL,final
P3,Clover Sample,F,1990-01-01,S3,2026-03-01,Platelets,160,10*3/uL,preliminary
P7,Gentian Sample,F,1955-02-03,S9,2026-03-01,MCV,90.5,fL,final
P8,Hazel Sample,M,1948-07-03,S10,2026-03-01,WBC,2.4,10*3/uL,final
"""
# Held cells, a correction of what was reported, and a person who contradicts the first file.
SECOND = """\
P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,10.2,g/dL,corrected
P3,Clover Sample,F,1990-01-01,S3,2026-03-01,Platelets,95,10*3/uL,final
P4,Daisy Sample,F,1960-02-03,S4,2026-03-01,Hemoglobin,secretive,g/dL,final
P4,Daisy Sample,F,1960-02-03,S4,2026-03-01,MCV,99,fL,final
P2,Borage Sample,M,1971-01-31,S5,2026-03-01,Hemoglobin,12.1,g/dL,final
P8,Hazel Sample,M,1948-07-03,S10,2026-03-01,WBC,2.6,10*3/uL,corrected
P9,Iris Sample,F,1969-11-30,S11,2026-03-01,Platelets,41,10*3/uL,final
"""
THIRD = """\
P5,Elder Sample,M,1950-02-03,S6,2026-03-01,WBC,2.1,10*3/uL,final
P6,Flax Sample,F,1955-02-03,S7,2026-03-01,Vitamin B12,,pg/mL,final
P1,Aster Sample,F,1980-05-01,S8,2026-03-02,Platelets,88,10*3/uL,final
P7,Gentian Sample,F,1955-02-03,S12,2026-03-02,Hemoglobin,9.9,g/dL,final
P10,Juniper Sample,M,1981-06-17,S13,2026-03-02,Vitamin B12,201,pg/mL,final
P11,Laurel Sample,F,1977-12-09,S14,2026-03-02,MCV,108,fL,final
P12,Maple Sample,M,1961-02-14,S15,2026-03-02,Platelets,132,10*3/uL,final
P13,Nettle Sample,F,1984-08-21,S16,2026-03-02,Hemoglobin,10.9,g/dL,final
P14,Oak Sample,M,1939-04-18,S17,2026-03-02,WBC,3.1,10*3/uL,final
"""
# Many reports in one run: each is a handful of calls at which it may be stopped.
MANY = "".join(
    f"Q{number},Rowan Sample,F,1962-04-05,T{number},2026-03-02,Hemoglobin,{9 + number / 10},g/dL,final\n"
    for number in range(36)
)
DROPPED = {"second.csv": SECOND, "third.csv": THIRD + MANY}


def make_site(site: Path) -> None:
    """Make a site that takes files at once."""
    config = sites.make_site(site).folder / "labflag.toml"
    config.write_text(config.read_text().replace("settle = 10", "settle = 0"))


def drop(site: Path, files: dict[str, str] = DROPPED) -> None:
    """Put files into the inbox."""
    for name, lines in files.items():
        (site / "inbox" / name).write_text(HEADER + lines, encoding="utf-8")


def reset(site: Path, template: Path) -> None:
    """Make a site what its template is, at the same place."""
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(template, site, symlinks=True)
