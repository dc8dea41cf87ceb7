"""labflag: laboratory exports in, one Excel report per patient and a worklist out."""

__version__ = "0.1.0"
