import os
from pathlib import Path

import pytest

from crowdalogue.text import encoder


@pytest.fixture(autouse=True, scope="session")
def _one_model(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Build the encoder once for the session, in a home of its own, unless this machine already has one."""
    if not encoder.model_path().exists():
        os.environ["CROWDALOGUE_HOME"] = str(tmp_path_factory.mktemp("home"))
        encoder.build()


@pytest.fixture
def data() -> Path:
    """The folder of test data, or a skip that says so."""
    from crowdalogue.analyze.training import data_folder

    folder = data_folder()
    if folder is None:
        pytest.skip("no test data: set CROWDALOGUE_DATA or put the folder shared/data beside the repository")
    return folder
