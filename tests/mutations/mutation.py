"""What a mutation is; the lists are in laws_*.py."""

import dataclasses

STREAM = ("test_stream",)
INCREMENTAL = ("test_incremental",)
BOTH = ("test_incremental", "test_stream")
MODEL = ("test_incremental", "test_model")
ITEM = ("test_item",)
AWS = ("test_aws",)
CLI = ("test_cli",)
SNAPSHOT = ("test_snapshot",)
RESTORE = ("test_restore",)


@dataclasses.dataclass(frozen=True)
class Mutation:
    name: str
    law: int
    path: str
    before: str  # is there exactly once
    after: str
    noticed_by: str  # the test that is expected to
    programs: tuple = INCREMENTAL
