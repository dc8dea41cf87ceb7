"""`python -m pipeline` is the same as `labflag`."""

from pipeline.cli import main

main()
