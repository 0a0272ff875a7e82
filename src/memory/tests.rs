//! Trees of groups as they are found on machines and in containers.

#![expect(clippy::unwrap_used, reason = "a tree that cannot be made fails the test")]

use std::fs;
use std::path::Path;

use super::*;

const MIB: u64 = 1 << 20;
const MEMINFO: &str =
    "MemTotal:       1048576 kB\nMemFree:          100 kB\nMemAvailable:     524288 kB\nBuffers: 3 kB\n";
const V1_MOUNT: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n";
const V2_MOUNT: &str = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";

/// A root directory with these files.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in [("proc/meminfo", MEMINFO)].iter().chain(files) {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// What is available and why, but for the machine's own.
fn of_groups(files: &[(&str, &str)]) -> Vec<(u64, String)> {
    let root = tree(files);
    let limits = limits_below(root.path()).unwrap();
    assert!(limits.is_sorted_by_key(|limit| limit.available));
    let others = limits.into_iter().filter(|limit| limit.source != "MemAvailable");
    others.map(|limit| (limit.available, limit.source)).collect()
}

fn found(available: u64, source: &str) -> (u64, String) {
    (available, source.to_owned())
}

#[test]
fn a_machine_without_groups_has_what_is_available() {
    let root = tree(&[]);
    let limits = limits_below(root.path()).unwrap();
    let expected =
        MemoryLimit { available: 512 * MIB, limit: Some(1024 * MIB), source: "MemAvailable".to_owned() };
    assert_eq!(limits, [expected]);
}

#[test]
fn what_the_machine_does_not_tell_is_an_error() {
    let missing = limits_below(Path::new("/no/such/root")).unwrap_err();
    assert_eq!(missing.to_string(), "/no/such/root/proc/meminfo: read: No such file or directory");
    for text in ["", "MemAvailable: many kB\n", "MemAvailable: 99999999999999999999 kB\n", "MemTotal: 1 kB\n"]
    {
        let root = tree(&[("proc/meminfo", text)]);
        let error = limits_below(root.path()).unwrap_err();
        assert!(error.to_string().ends_with("proc/meminfo: read: it has no MemAvailable"), "{error}");
    }
}

#[test]
fn a_version_1_group_leaves_its_limit_less_what_stays() {
    let files = [
        ("proc/self/cgroup", "4:cpu,memory:/job\n1:cpuset:/other\n0::/\n"),
        ("proc/self/mountinfo", V1_MOUNT),
        ("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "67108864\n"),
        ("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "50331648\n"),
        (
            "sys/fs/cgroup/memory/job/memory.stat",
            "inactive_file 9\ntotal_inactive_file 8388608\ntotal_active_file 8388608\ntotal_rss 5\n",
        ),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
    ];
    assert_eq!(of_groups(&files), [found(32 * MIB, "memory.limit_in_bytes of /job")]);
}

#[test]
fn a_version_1_group_is_limited_from_above_only_where_that_counts_what_is_below() {
    let mut files = vec![
        ("proc/self/cgroup", "4:memory:/outer/inner\n"),
        ("proc/self/mountinfo", V1_MOUNT),
        ("sys/fs/cgroup/memory/outer/inner/memory.limit_in_bytes", "67108864\n"),
        ("sys/fs/cgroup/memory/outer/memory.limit_in_bytes", "1048576\n"),
    ];
    let (inner, outer) = (
        found(64 * MIB, "memory.limit_in_bytes of /outer/inner"),
        found(MIB, "memory.limit_in_bytes of /outer"),
    );
    assert_eq!(of_groups(&files), [outer, inner.clone()]);
    files.push(("sys/fs/cgroup/memory/outer/memory.use_hierarchy", "0\n"));
    assert_eq!(of_groups(&files), [inner]);
}

#[test]
fn every_version_2_group_up_to_the_root_limits() {
    let files = [
        ("proc/self/cgroup", "0::/system.slice/x.service\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/system.slice/x.service/memory.max", "max\n"),
        ("sys/fs/cgroup/system.slice/x.service/memory.high", "20971520\n"),
        ("sys/fs/cgroup/system.slice/x.service/memory.current", "12582912\n"),
        (
            "sys/fs/cgroup/system.slice/x.service/memory.stat",
            "anon 3\ninactive_file 1048576\nactive_file 1048576\nslab_reclaimable 1048576\nslab 99999999\n",
        ),
        ("sys/fs/cgroup/system.slice/memory.max", "10485760\n"),
        ("sys/fs/cgroup/system.slice/memory.high", "max\n"),
        ("sys/fs/cgroup/system.slice/memory.current", "2097152\n"),
        ("sys/fs/cgroup/memory.stat", "inactive_file 1\n"),
    ];
    assert_eq!(
        of_groups(&files),
        [
            found(8 * MIB, "memory.max of /system.slice"),
            found(11 * MIB, "memory.high of /system.slice/x.service"),
        ]
    );
}

#[test]
fn room_is_between_nothing_and_the_limit() {
    let limit = |usage, stat| {
        of_groups(&[
            ("proc/self/cgroup", "0::/\n"),
            ("proc/self/mountinfo", V2_MOUNT),
            ("sys/fs/cgroup/memory.max", "1048576\n"),
            ("sys/fs/cgroup/memory.current", usage),
            ("sys/fs/cgroup/memory.stat", stat),
        ])
    };
    let expect = |available| [found(available, "memory.max of /")];
    assert_eq!(limit("2097152\n", ""), expect(0), "a lowered limit");
    assert_eq!(limit("4096\n", "inactive_file 8192\n"), expect(MIB), "numbers of two moments");
    assert_eq!(limit("", ""), expect(MIB), "a usage that is not told");
    assert_eq!(limit("4096\n", "inactive_file lots\nactive_file\n\n"), expect(MIB - 4096));
}

#[test]
fn a_hybrid_has_its_limits_in_either_version() {
    let mut files = vec![
        ("proc/self/cgroup", "4:memory:/a\n0::/b\n"),
        (
            "proc/self/mountinfo",
            "35 31 0:32 / /mem\\040ory rw - cgroup cgroup rw,memory\n\
             36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
             41 31 0:38 / /unified rw - cgroup2 cgroup2 rw\n",
        ),
        ("mem ory/a/memory.limit_in_bytes", "1048576\n"),
        ("sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1\n"),
    ];
    assert_eq!(of_groups(&files), [found(MIB, "memory.limit_in_bytes of /a")]);
    files.push(("unified/b/memory.max", "4096\n"));
    assert_eq!(
        of_groups(&files),
        [found(4096, "memory.max of /b"), found(MIB, "memory.limit_in_bytes of /a")]
    );
}

#[test]
fn a_container_sees_its_group_at_the_root_of_the_mount() {
    let limit = |group, root| {
        let mountinfo = format!("35 31 0:32 {root} /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
        of_groups(&[
            ("proc/self/cgroup", group),
            ("proc/self/mountinfo", &mountinfo),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "8192\n"),
            ("sys/fs/cgroup/memory/sub/memory.limit_in_bytes", "4096\n"),
            ("sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes", "1\n"),
        ])
    };
    let own = |name| found(8192, &format!("memory.limit_in_bytes of {name}"));
    let sub = |name| found(4096, &format!("memory.limit_in_bytes of {name}"));
    assert_eq!(limit("4:memory:/docker/1f\n", "/docker/1f"), [own("/docker/1f")]);
    assert_eq!(limit("4:memory:/docker/1f/sub\n", "/docker/1f"), [sub("/docker/1f/sub"), own("/docker/1f")]);
    assert_eq!(limit("4:memory:/elsewhere\n", "/docker/1f"), [own("/docker/1f")], "not below the mount");
    assert_eq!(limit("4:memory:/\n", "/"), [own("/")], "a namespace of its own");
    assert_eq!(limit("4:memory:/../other\n", "/"), [own("/")], "outside of the namespace");
    assert_eq!(limit("4:memory:/../sub\n", "/.."), [sub("/../sub"), own("/..")], "mounted outside of it");
    assert_eq!(limit("4:memory:/docker/1f2\n", "/docker/1f"), [own("/docker/1f")], "only as text below it");
}

#[test]
fn of_several_mounts_the_one_that_shows_most_is_taken() {
    let files = [
        ("proc/self/cgroup", "0::/a/b\n"),
        (
            "proc/self/mountinfo",
            "1 1 0:38 / /all rw - cgroup2 cgroup2 rw\n2 1 0:38 /a/b /part rw - cgroup2 cgroup2 rw\n\
             3 1 0:38 /c /other rw - cgroup2 cgroup2 rw\n",
        ),
        ("all/a/memory.max", "4096\n"),
        ("all/a/b/memory.max", "8192\n"),
        ("part/memory.max", "8192\n"),
        ("other/memory.max", "1\n"),
    ];
    assert_eq!(of_groups(&files), [found(4096, "memory.max of /a"), found(8192, "memory.max of /a/b")]);
}

#[test]
fn garbage_is_no_limit() {
    for (groups, mounts, limit) in [
        ("", V2_MOUNT, "1\n"),
        ("0::/\n", "", "1\n"),
        ("0:/\n:::\n\u{0}\n", V2_MOUNT, "1\n"),
        ("0::/\n", "cgroup2\n41 31 - cgroup2 cgroup2 rw\n- - - - - -\n", "1\n"),
        ("0::/\n", V2_MOUNT, "-1\n"),
        ("0::/\n", V2_MOUNT, "max\n"),
        ("0::/\n", V2_MOUNT, "\u{fffd}\n"),
        ("0::/\n", V2_MOUNT, "99999999999999999999\n"),
        ("0::/gone (deleted)\n", V2_MOUNT, "4611686018427387904\n"),
    ] {
        let files = [
            ("proc/self/cgroup", groups),
            ("proc/self/mountinfo", mounts),
            ("sys/fs/cgroup/memory.max", limit),
        ];
        assert_eq!(of_groups(&files), [], "{groups:?} {mounts:?} {limit:?}");
    }
}

#[test]
fn paths_of_mountinfo_are_unescaped() {
    let files = [
        ("proc/self/cgroup", "0::/a b\n"),
        ("proc/self/mountinfo", "1 1 0:38 / /m\\134\\011\\9\\01 rw - cgroup2 cgroup2 rw\n"),
        ("m\\\t\\9\\01/a b/memory.max", "4096\n"),
    ];
    assert_eq!(of_groups(&files), [found(4096, "memory.max of /a b")]);
}

#[test]
fn a_file_of_a_group_that_cannot_be_read_is_an_error() {
    let root = tree(&[("proc/self/cgroup", "0::/\n"), ("proc/self/mountinfo", V2_MOUNT)]);
    fs::create_dir_all(root.path().join("sys/fs/cgroup/memory.max")).unwrap();
    let error = limits_below(root.path()).unwrap_err().to_string();
    assert!(error.ends_with("sys/fs/cgroup/memory.max: read: Is a directory"), "{error}");
}
