from __future__ import annotations

import pytest

from engine.host.log_reader import problems

STAMP = "[2026-11-22 17:04:10.884] "


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ERROR[8793] loader.c: Required module app_x declined to load.", "Required module app_x declined to load."),
        ("ERROR[1] config_options.c: Unable to load config file 'acl.conf'", "Unable to load config file 'acl.conf'"),
        ("ERROR[7][C-0001] res_sorcery_config.c: Could not create an object of type 'endpoint' with id 'x' from "
         "configuration file 'pjsip.conf'",
         "Could not create an object of type 'endpoint' with id 'x' from configuration file 'pjsip.conf'"),
        ("WARNING[9] loader.c: Error loading module 'app_y': cannot open shared object file",
         "Error loading module 'app_y': cannot open shared object file"),
    ],
)  # fmt: skip
def test_lines_that_explain_a_failure(line: str, message: str) -> None:
    assert problems([STAMP + line]) == [message]


@pytest.mark.parametrize(
    "line",
    [
        "NOTICE[8793] loader.c: 127 modules will be loaded.",
        "WARNING[8793] res_musiconhold.c: No music on hold classes configured, disabling music on hold.",
        "ERROR[9][C-00000003] chan_pjsip.c: Unable to create PJSIP channel - endpoint 'x' was not found",
        "",
        "garbage",
    ],
)
def test_lines_of_ordinary_operation_do_not(line: str) -> None:
    assert problems([STAMP + line]) == []
