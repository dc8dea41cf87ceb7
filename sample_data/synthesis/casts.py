"""Who appears in which file: one line a person.

A line is `sex age profile [analyte=value or analyte:text …]`. `=` sets what was measured, in
conventional units; `:` sets what the file says, in its own unit.
"""

LONG_CONVENTIONAL = """
F 34y healthy
M 52y healthy
F 71y b12-deficient
M 78y b12-deficient
F 66y b12-marrow
F 29y b12-low
M 45y b12-borderline
F 58y b12-borderline
F 31y iron-deficient
M 63y anemia-mild
F 49y anemia-mild
M 59y macro-mild
M 47y macro-moderate vitamin-b12=455
F 24y platelets-mild
M 68y two-lines
F 55y marrow-failure
M 39y white-mild
F 27y neutro-mild
F 61y folate-deficient
M 41y count
F 37y healthy vitamin-b12:>2000
"""

LONG_SI = """
F 41y healthy
M 66y healthy vitamin-b12:<111
F 73y b12-deficient
M 57y b12-borderline
F 62y b12-borderline vitamin-b12:133
M 70y b12-low vitamin-b12:132
F 53y b12-borderline vitamin-b12:258
M 44y healthy vitamin-b12:259
F 80y b12-low vitamin-b12:<148 mma=612 egfr=74 active-b12=31
M 75y b12-borderline mma=488 egfr=38 active-b12=52
F 50y b12-borderline mma=214 egfr=88 active-b12=84
M 60y macro-severe
F 33y iron-deficient
M 36y platelets-moderate
F 64y neutro-moderate
M 29y white-moderate
F 45y anemia-moderate
"""

LANG_DEUTSCH = """
F 38y healthy
M 61y healthy
F 74y b12-deficient
M 69y b12-low
F 56y b12-borderline
F 43y anemia-mild
M 65y anemia-moderate
M 72y macro-mild
F 48y platelets-mild
M 51y neutro-mild
F 67y two-lines
M 34y white-mild
F 28y iron-deficient
"""

BREIT_DEUTSCH = """
M 44y healthy
F 52y healthy
F 79y b12-deficient
M 58y b12-borderline
F 35y anemia-mild
M 71y anemia-severe
M 54y macro-mild
F 63y platelets-moderate
F 40y white-mild
M 76y marrow-failure vitamin-b12=410
"""

# The last three stand on or beside a limit.
WIDE_CONVENTIONAL = """
F 30y healthy
M 48y healthy
F 82y b12-deficient
F 68y b12-marrow
M 37y b12-low
F 59y b12-borderline
M 55y anemia-moderate
F 26y anemia-severe
F 46y neutro-mild
M 33y neutro-moderate
F 70y neutro-severe
M 64y platelets-severe
F 57y white-severe
F 39y count hemoglobin=12.0 mcv=100.0 platelets=150 white-cells=4.0 anc=1.6
M 50y count hemoglobin=12.9 mcv=100.1 platelets=149 white-cells=3.9 anc=1.6
M 42y count hemoglobin=13.0 mcv=99.9 platelets=151 white-cells=4.1 anc=1.6
"""

WIDE_SI = """
F 47y healthy
M 53y healthy
M 81y b12-deficient
F 65y b12-borderline
F 32y anemia-mild
M 60y platelets-mild
M 49y macro-moderate
F 36y white-moderate
M 73y two-lines
F 54y healthy vitamin-b12:>1476
"""

# Every age band of the WHO with and without anemia, then the other lines at children's ages.
CHILDREN = """
F 3d newborn
M 2mo infant-early
F 4mo infant-early hemoglobin=8.6
M 5mo infant-early hemoglobin=9.8
F 8mo infant
M 14mo infant hemoglobin=10.2
F 20mo infant hemoglobin=10.5
M 23mo infant hemoglobin=8.9
F 24mo preschool hemoglobin=10.8
M 40mo preschool
F 59mo preschool hemoglobin=6.8
M 5y school hemoglobin=11.2
F 8y school
M 11y school hemoglobin=7.6
F 12y teen hemoglobin=11.7
M 14y teen
F 15y teen hemoglobin=11.9
M 15y teen hemoglobin=12.8
F 17y teen hemoglobin=10.4 vitamin-b12=128 mcv=107
F 9y school vitamin-b12=240
M 7y school vitamin-b12=118
M 6y school platelets=38
F 4y preschool white-cells=4.6 anc=1.6
M 2y preschool white-cells=7.2 anc=0.4
M 10y school white-cells=4.2 anc=1.3 mcv=97.4
"""

CORRECTIONS = """
F 45y count hemoglobin=11.7
M 62y count platelets=42
F 58y healthy vitamin-b12=150
M 70y healthy vitamin-b12=165
F 33y count white-cells=2.1 anc=1.1
M 51y healthy
F 64y count hemoglobin=10.1
M 77y count mcv=101.2
"""

HELD_ROWS = "\n".join(
    f"{sex} {age}y healthy"
    for sex, age in zip("FMFMFMFMFMFMFMFMFMFM", range(31, 71, 2), strict=True)
)

# `?` and the ages are taken out again when the file is written.
INCOMPLETE = """
F 40y count hemoglobin=12.5
M 40y count hemoglobin=11.4
F 40y count hemoglobin=13.6
F 55y b12-low
M 8y count hemoglobin=11.8
F 70y b12-borderline
M 92y b12-deficient
F 50y healthy vitamin-b12:<150
M 61y healthy vitamin-b12:<200
F 66y healthy vitamin-b12:<300
M 58y healthy vitamin-b12:>2000
F 43y healthy vitamin-b12:>300
M 35y count platelets:<10 white-cells:<0.5 anc=0.3
F 29y healthy vitamin-b12:180
M 47y healthy vitamin-b12:350
F 38y healthy vitamin-b12:351
"""

NHANES = """
F 44y healthy
M 19y count
F 16y teen
M 3y preschool
F 1y infant
M 12y teen
F 62y b12-deficient
M 70y macro-mild
F 28y iron-deficient
M 55y platelets-mild
F 85y anemia-mild
M 34y white-mild
F 9y school
M 48y b12-borderline
F 37y neutro-moderate
M 66y two-lines
F 51y count
M 25y count
"""
