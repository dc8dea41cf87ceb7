"""What labflag can be asked to do: one module for each verb. Read `run` first."""
