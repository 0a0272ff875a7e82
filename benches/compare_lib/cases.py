"""All cases: the functions that make them, each with the names it answers to. A new one is a function and a line here."""

from .cases_change import advise_4g, evict_4g, sync_4g, warm_20k, warm_4g, warm_again_20k, warm_again_4g
from .cases_incore import alternating, files_100k, open_20k, resident_4g, sparse_1t, version
from .cases_map import dump_hex_1g, dump_raw_4g, find_4g, mapping_4k, patch_1t

GROUPS = {
    resident_4g: ("resident-4g", "resident-4g-runs"),
    alternating: ("alternating",),
    sparse_1t: ("sparse-1t",),
    files_100k: ("files-100k-summary", "files-100k-ndjson", "files-100k-table", "files-100k-directories"),
    open_20k: ("open-20k",),
    warm_4g: ("warm-4g",),
    warm_again_4g: ("warm-again-4g",),
    warm_20k: ("warm-20k",),
    warm_again_20k: ("warm-again-20k",),
    evict_4g: ("evict-4g",),
    advise_4g: ("advise-4g",),
    sync_4g: ("sync-4g",),
    find_4g: ("map-find-4g",),
    dump_raw_4g: ("map-raw-4g",),
    dump_hex_1g: ("map-hex-1g",),
    patch_1t: ("map-patch-1t",),
    mapping_4k: ("map-mapping-4k",),
    version: ("version",),
}
CASES = tuple(case for cases in GROUPS.values() for case in cases)


def groups_for(wanted, tools, scratch):
    return [make(tools, scratch).limit_to(wanted) for make, cases in GROUPS.items() if set(cases) & set(wanted)]
