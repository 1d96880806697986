"""Files of a run: whole or not there at all, read back exactly as written, and checked on the way in.

files       the writer: files and folders that appear whole
paths       links, devices, hidden names
json_files  JSON and JSONL
folders     leftovers of killed writers, links, sizes
log         the growing log
lock        one writer per folder
kept        results of a run that are taken again while nothing changed
replaced    results that were made from something else by now
rollouts    scored rollouts as Parquet
problems    problem sets as JSONL
hashes      identities, checksums of a folder's files
folder      where everything of a run lies
"""

from numerate.store.files import (
    make_folder,
    move_path,
    recover_folder,
    remove_path,
    replace_file,
    replace_folder,
    room_for,
    write_text,
)
from numerate.store.hashes import SUMS, file_hash, find_damage, identity_hash
from numerate.store.json_files import read_json, read_jsonl, read_object, write_json, write_jsonl
from numerate.store.kept import KEPT, Kept, code_identity, contents_hash
from numerate.store.leftovers import clear_leftovers, file_sizes, symbolic_links
from numerate.store.lock import LOCK, check_free, hold_lock
from numerate.store.log import (
    append_row,
    append_text,
    begins_with,
    cut_to,
    forget_rounds,
    log_extent,
    with_current_names,
)
from numerate.store.paths import follow_links, hidden_sibling, is_stream
from numerate.store.problems import read_problems, write_problems
from numerate.store.replaced import describe_differences, keep_if_same, set_aside, take_back
from numerate.store.rollouts import read_rewards, read_rollouts, write_rollouts
from numerate.store.run_folder import RunFolder

__all__ = [
    "KEPT",
    "LOCK",
    "SUMS",
    "Kept",
    "RunFolder",
    "append_row",
    "append_text",
    "begins_with",
    "check_free",
    "clear_leftovers",
    "code_identity",
    "contents_hash",
    "cut_to",
    "describe_differences",
    "file_hash",
    "file_sizes",
    "find_damage",
    "follow_links",
    "forget_rounds",
    "hidden_sibling",
    "hold_lock",
    "identity_hash",
    "is_stream",
    "keep_if_same",
    "log_extent",
    "make_folder",
    "move_path",
    "read_json",
    "read_jsonl",
    "read_object",
    "read_problems",
    "read_rewards",
    "read_rollouts",
    "recover_folder",
    "remove_path",
    "replace_file",
    "replace_folder",
    "room_for",
    "set_aside",
    "symbolic_links",
    "take_back",
    "with_current_names",
    "write_json",
    "write_jsonl",
    "write_problems",
    "write_rollouts",
    "write_text",
]
