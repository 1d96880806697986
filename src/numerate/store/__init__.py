"""Files of a run: whole or not there at all, read back exactly as written, and checked on the way in.

files       text, JSON and JSONL that appear whole; the growing log
rollouts    scored rollouts as Parquet
problems    problem sets as JSONL
identity    hashes that say whether something has to be done again
folder      where everything of a run lies
"""

from numerate.store.files import (
    keep_if_same,
    read_json,
    read_jsonl,
    replacing,
    write_json,
    write_jsonl,
    write_text,
)
from numerate.store.folder import RunFolder
from numerate.store.identity import file_hash, identity
from numerate.store.log import append_row, forget_rounds
from numerate.store.problems import read_problems, write_problems
from numerate.store.rollouts import read_rollouts, write_rollouts

__all__ = [
    "RunFolder",
    "append_row",
    "file_hash",
    "forget_rounds",
    "identity",
    "keep_if_same",
    "read_json",
    "read_jsonl",
    "read_problems",
    "read_rollouts",
    "replacing",
    "write_json",
    "write_jsonl",
    "write_problems",
    "write_rollouts",
    "write_text",
]
