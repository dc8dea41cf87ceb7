"""The site's configuration."""

from pathlib import Path

import pytest

from pipeline.config import Laboratory, load_settings
from pipeline.errors import ConfigError


def load(folder: Path, text: str):
    path = folder / "labflag.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_letterhead(tmp_path):
    settings = load(tmp_path, '[laboratory]\nname = "Lab One"\ncontact = "ext. 1"')
    assert settings.laboratory == Laboratory(name="Lab One", contact="ext. 1")
    assert load(tmp_path, "").laboratory == Laboratory()


def test_a_misspelled_key_is_refused_with_its_place(tmp_path):
    with pytest.raises(ConfigError, match=r"laboratory.adress"):
        load(tmp_path, '[laboratory]\nadress = "Street 1"')
