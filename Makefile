# `make help` lists the targets. Needs make and Python 3.11 or newer; the rest goes into .venv.

VENV := .venv
# The folder's checksum is part of the stamp: an environment does not survive being moved.
HERE := $(shell pwd | cksum | cut -d ' ' -f 1)
RUN := $(VENV)/.run-$(HERE)
DEV := $(VENV)/.dev-$(HERE)
FUZZ := $(VENV)/.fuzz-$(HERE)
IN := $(VENV)/bin
INSTALL := $(IN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt

# Name another one with `make PYTHON=/path/to/python3 …`.
PYTHON :=
CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)
IS_FIT := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

.PHONY: help run test test-slow coverage check format-check lint types imports fix bench golden rules mutants mutants-code properties samples convert pictures fuzz faults soak clean
.DEFAULT_GOAL := help

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | while IFS='	' read -r target what; do \
		printf '  make %-14s %s\n' "$$target" "$$what"; done

run: $(RUN)  ## Make the reports of the sample data in reports/
	@$(IN)/labflag run sample_data --output reports; code=$$?; \
	if [ $$code -gt 1 ]; then \
		echo "labflag ended with exit code $$code; no complete reports." >&2; exit $$code; fi; \
	echo; \
	if [ $$code -eq 1 ]; then \
		echo "Some results were held, as they should be with the sample data: see issues.csv."; fi; \
	echo "Reports are in $(CURDIR)/reports; begin with worklist.xlsx."

# In workers that each take a file of tests, in the order of the folders.
PYTEST := $(IN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# Whole processes, other programs, damaged files, faults and properties take most of the time.
SLOW := tests/cli tests/faults tests/hostile tests/mutation tests/operations tests/page \
	tests/properties tests/workbooks tests/unit/test_daily_numbers.py \
	tests/unit/test_entries.py tests/unit/test_held_advice.py tests/unit/test_sample_data.py \
	tests/unit/test_template.py tests/unit/test_trends_sheet.py \
	tests/unit/test_workbooks.py tests/unit/test_names_with_the_join.py \
	tests/unit/test_urgent_findings.py tests/unit/test_corrected_counts.py \
	tests/unit/test_remark_rows.py tests/unit/test_difference.py
# Of these, what is tried in every run.
SHORT := tests/cli/test_ends.py tests/cli/test_identify.py tests/operations/test_site.py \
	tests/operations/test_odd_names.py
# Of a file that else is quick.
SLOW_ONES := tests/golden/test_golden.py::test_two_processes_give_the_same_bytes \
	tests/unit/test_workbook.py::test_five_thousand_results_are_all_there
FAST := tests/docs tests/golden tests/interpret tests/knowledge tests/rules tests/unit

test: $(DEV)  ## Run the tests but for the slow ones
	@$(PYTEST) $(FAST) $(SHORT) $(addprefix --ignore=,$(filter tests/unit/%,$(SLOW))) \
		$(addprefix --deselect=,$(SLOW_ONES))

test-slow: $(DEV)  ## Run the slow tests: three quarters of an hour
	@$(PYTEST) $(SLOW) $(SLOW_ONES)

# By itself: measuring makes the tests take two thirds longer.
coverage: $(DEV)  ## Run all tests and print the branch coverage
	@$(PYTEST) --cov --cov-report=term

check: format-check lint types imports  ## Check style, types and import rules; change nothing

format-check: $(DEV)
	@$(IN)/ruff format --check .

lint: $(DEV)
	@$(IN)/ruff check .

types: $(DEV)
	@$(IN)/mypy

imports: $(DEV)
	@$(IN)/lint-imports --no-logo

fix: $(DEV)  ## Format the code and repair what can be repaired by itself
	@$(IN)/ruff check --fix . ; lint=$$?; $(IN)/ruff format . && exit $$lint

bench: $(RUN)  ## Time selecting and interpreting a million results, beside sorting them
	@$(IN)/python -m benchmarks.interpretation

golden: $(DEV)  ## Rewrite the expected outputs in tests/golden; review them as a diff
	@$(IN)/python -m pytest tests/golden --rewrite

rules: $(RUN)  ## Write docs/rules.md again from the knowledge
	@$(IN)/labflag rules document > docs/rules.md

mutants: $(DEV)  ## Make the rules wrong, a number or sign at a time, and name what no case notices
	@$(IN)/labflag rules test --mutants

# Of pipeline/interpret/; several with MODULE="limits strata", none named: all, which takes an hour.
MODULE :=

mutants-code: $(DEV)  ## Make the code of MODULE wrong, a sign or word at a time, and name what no test notices
	@$(IN)/python -m tests.mutation.code $(MODULE)

# How long, and which: by default every file of tests with a property.
SECONDS := 600
PROPERTIES :=

properties: $(DEV)  ## Try the properties on examples at random for SECONDS, and print what is found
	@$(IN)/python -m tests.properties.explore --seconds $(SECONDS) $(PROPERTIES)

samples: $(DEV)  ## Make the files in sample_data/ again; the same bytes unless the script changed
	@$(IN)/python -m sample_data.make_samples

# WORKBOOKS=1000 makes so many of invented patients and converts those; half an hour.
WORKBOOKS := all

convert: $(DEV)  ## Let LibreOffice open and save every workbook of the sample data, and compare
	@LABFLAG_CONVERT=$(WORKBOOKS) $(IN)/python -m pytest -s tests/workbooks/test_conversion.py

pictures: $(RUN)  ## Make the pictures of the README again (needs LibreOffice and poppler-utils)
	@LABFLAG=$(IN)/labflag docs/pictures/make_pictures

# Seconds for each target, and where the inputs that teach something collect: docs/fuzzing.md.
FUZZ_SECONDS := 60
FUZZ_INPUTS := build/fuzz

fuzz: $(FUZZ)  ## Look for inputs that break the parsers, FUZZ_SECONDS for each of two targets
	@PYTHONPATH=. $(IN)/python fuzz/make_seeds.py $(FUZZ_INPUTS)/seeds
	@for target in values text; do \
		mkdir -p $(FUZZ_INPUTS)/$$target $(FUZZ_INPUTS)/found; \
		PYTHONPATH=. $(IN)/python fuzz/fuzz_$$target.py -max_total_time=$(FUZZ_SECONDS) \
			-max_len=2000 -timeout=60 -verbosity=0 -print_final_stats=1 \
			-dict=$(FUZZ_INPUTS)/seeds/words.dict \
			-artifact_prefix=$(FUZZ_INPUTS)/found/$$target- \
			$(FUZZ_INPUTS)/$$target $(FUZZ_INPUTS)/seeds/$$target || exit 1; \
	done

# How far, and how often: tests/faults/matrix.py. Needs strace and a PostgreSQL server.
faults: $(DEV)  ## Let every call of every verb that changes a file fail once; takes half a day
	@$(IN)/python -m tests.faults.matrix --verb all kill order
	@$(IN)/python -m tests.faults.matrix --verb run,round ENOSPC EIO EACCES
	@$(IN)/python -m tests.faults.matrix --verb rest --step 10 ENOSPC EIO EACCES
	@$(IN)/python -m tests.faults.walks --walks 1000
	@$(IN)/python -m tests.faults.overlap --rounds 200
	@$(IN)/python -m tests.faults.postgres --rounds 100
	@$(IN)/python -m tests.faults.mutants
	@$(IN)/python -m tests.faults.statements --every 8

soak: $(DEV)  ## Send 2,000 small files through labflag watch; memory and descriptors stay flat
	@$(IN)/python -m tests.faults.soak

clean:  ## Remove the environment and caches; reports and inputs stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		.coverage htmlcov build dist labflag.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): setup.cfg pyproject.toml constraints.txt
	@if ! { test -e '$@' && $(IN)/python -c 'import pip'; } 2>/dev/null; then \
		found=; for python in $(CANDIDATES); do \
			if "$$python" -c '$(IS_FIT)' 2>/dev/null; then found=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "No Python 3.11 or newer with venv was found (tried: $(CANDIDATES))." >&2; \
			echo "Install one (Debian, Ubuntu: apt install python3 python3-venv) or name it:" >&2; \
			echo "  make PYTHON=/path/to/python3" >&2; \
			exit 1; \
		fi; \
		echo "Setting up $(VENV) with $$found; this takes a minute, once."; \
		"$$found" -m venv --clear $(VENV); \
	fi
	@$(INSTALL) --editable .
	@touch '$@'

$(DEV): $(RUN)
	@echo "Installing what tests and checks need."
	@$(INSTALL) --editable '.[test,check]'
	@touch '$@'

$(FUZZ): $(DEV)
	@$(INSTALL) --editable '.[fuzz]'
	@touch '$@'
