#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails; the exception covers only the test functions themselves"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::mounts::{self, Mount};
use super::root::Root;
use super::storage::{Device, Place};
use super::uncontrolled::Signs;
use super::{Environment, machine, uncontrolled};
use crate::commands::date;

/// Some of a real table, with what makes one hard: escapes, optional fields, a bind mount, overlay, btrfs, NFS.
const MOUNTINFO: &str = r"22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard,resv_strict
40 27 254:0 /srv/data /mnt/with\040space\134and\011tab ro,nosuid shared:7 master:1 - ext4 /dev/vda rw,discard
41 27 0:45 /@home /home rw,noatime shared:9 - btrfs /dev/mapper/vg-home rw,compress=zstd:3,subvolid=257,subvol=/@home
42 27 0:50 / /var/lib/docker/overlay2/x/merged rw,relatime - overlay overlay rw,lowerdir=/l1:/l2,upperdir=/u,workdir=/w
43 27 0:51 / /net rw - nfs4 server:/export rw,vers=4.2,addr=192.0.2.1
44 27 0:52 / /sshfs rw,nosuid unbindable - fuse.sshfs me@host:/ rw,user_id=1000
45 27 0:53 /
";

fn mount(id: u64) -> Mount {
    mounts::find(MOUNTINFO, id).unwrap()
}

/// A directory with files in it.
fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let root = Root::at(directory.path());
    (directory, root)
}

fn link(directory: &Path, from: &str, to: &str) {
    let from = directory.join(from);
    fs::create_dir_all(from.parent().unwrap()).unwrap();
    symlink(directory.join(to), from).unwrap();
}

#[test]
fn mounts_are_found_by_number() {
    let root = mount(27);
    assert_eq!((root.kind.as_str(), root.point.as_str(), root.device.as_str()), ("ext4", "/", "254:0"));
    assert_eq!(root.options, "rw,relatime,discard,resv_strict");
    assert_eq!(mounts::find(MOUNTINFO, 99), None);
    assert_eq!(mounts::find(MOUNTINFO, 45), None, "a line that is cut off");
}

#[test]
fn a_bind_mount_has_its_own_point_and_options() {
    let bound = mount(40);
    assert_eq!(bound.point, "/mnt/with space\\and\ttab");
    assert_eq!((bound.device.as_str(), bound.options.as_str()), ("254:0", "ro,nosuid,discard"));
}

#[test]
fn filesystems_without_a_device_have_none() {
    let (_directory, root) = tree(&[("sys/dev/block/254:0/queue/rotational", "0\n")]);
    for id in [42, 43, 44] {
        assert!(Place::of_mount(&root, &mount(id)).is_none(), "{:?}", mount(id));
    }
    assert_eq!(mount(42).kind, "overlay");
    assert_eq!(mount(44).kind, "fuse.sshfs");
}

#[test]
fn btrfs_is_on_the_device_it_was_mounted_from() {
    let (directory, root) = tree(&[
        ("dev/dm-0", ""),
        ("sys/devices/virtual/block/dm-0/queue/scheduler", "none"),
        ("sys/devices/virtual/block/dm-0/slaves/sda2/partition", "2"),
        ("sys/fs/btrfs/0b1f/devices/dm-0/size", "8"),
        ("sys/fs/btrfs/0b1f/bdi/read_ahead_kb", "4096\n"),
        ("sys/fs/btrfs/features/any", "1"),
    ]);
    link(directory.path(), "dev/mapper/vg-home", "dev/dm-0");
    link(directory.path(), "sys/class/block/dm-0", "sys/devices/virtual/block/dm-0");
    let home = mount(41);
    let place = Place::of_mount(&root, &home).unwrap();
    assert_eq!(place.device().name, "dm-0 on sda2");
    assert_eq!(place.device().scheduler.as_deref(), Some("none"));
    assert_eq!(place.read_ahead(&root, Some(&home)), Some(4 << 20));
}

#[test]
fn a_partition_has_the_queue_of_its_disk() {
    let (directory, root) = tree(&[
        ("sys/devices/pci/block/sda/sda1/partition", "1\n"),
        ("sys/devices/pci/block/sda/queue/scheduler", "none [mq-deadline] kyber\n"),
        ("sys/devices/pci/block/sda/queue/rotational", "1\n"),
        ("sys/devices/pci/block/sda/queue/read_ahead_kb", "128\n"),
        ("sys/devices/pci/block/sda/device/model", "SPINNING RUST   \n"),
    ]);
    link(directory.path(), "sys/dev/block/8:1", "sys/devices/pci/block/sda/sda1");
    let place = Place::of_number(&root, "8:1").unwrap();
    let expected = Device {
        name: "sda1".to_owned(),
        model: Some("SPINNING RUST".to_owned()),
        rotational: Some(true),
        scheduler: Some("mq-deadline".to_owned()),
    };
    assert_eq!(place.device(), expected);
    assert_eq!(place.read_ahead(&root, None), Some(128 << 10));
}

const GUEST: &str = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu hypervisor sse2\n";

#[test]
fn guests_are_told_from_machines() {
    let of = |files: &[(&str, &str)]| {
        let (_directory, root) = tree(files);
        machine::look(&root).virtualization
    };
    let cpu = ("proc/cpuinfo", GUEST);
    let clock = ("sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc kvm-clock\n");
    let table = ("sys/firmware/acpi/tables/FACP", "FACP....\u{1}\u{2}FIRECKFCVMFADT");
    assert_eq!(of(&[cpu, clock, table]).as_deref(), Some("kvm (Firecracker)"));
    assert_eq!(of(&[cpu, clock]).as_deref(), Some("kvm"));
    assert_eq!(of(&[cpu]).as_deref(), Some("virtual"));
    let firmware =
        [("sys/class/dmi/id/sys_vendor", "QEMU\n"), ("sys/class/dmi/id/product_name", "Standard PC\n")];
    assert_eq!(of(&[cpu, clock, firmware[0], firmware[1]]).as_deref(), Some("kvm (QEMU Standard PC)"));
    let own = ("proc/cpuinfo", "flags : fpu sse2\n");
    assert_eq!(of(&[own, ("sys/class/dmi/id/sys_vendor", "Dell Inc.\n")]).as_deref(), Some("none"));
    assert_eq!(of(&[("proc/cpuinfo", "Features : fp asimd\n")]), None, "this processor does not tell");
    assert_eq!(of(&[cpu, ("sys/hypervisor/type", "xen\n")]).as_deref(), Some("xen"));
}

#[test]
fn the_kernel_is_read() {
    let (_directory, root) = tree(&[
        ("proc/cpuinfo", GUEST),
        (
            "proc/meminfo",
            "MemTotal:       24684084 kB\nMemAvailable:   23544832 kB\nSwapTotal:             0 kB\n",
        ),
        ("proc/loadavg", "6.78 6.06 3.96 12/189 18569\n"),
        ("proc/sys/kernel/osrelease", "6.18.44\n"),
        ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
        ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
        ("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n"),
    ]);
    let found = machine::look(&root);
    assert_eq!(found.cpu.as_deref(), Some("AMD EPYC"));
    assert_eq!((found.memory, found.swap), (Some(24_684_084 << 10), Some(0)));
    assert_eq!(found.load_before, Some([6.78, 6.06, 3.96]));
    assert_eq!(found.thp.as_deref(), Some("madvise"));
    assert_eq!(found.governor.as_deref(), Some("powersave"));
    assert_eq!((found.kernel.as_deref(), found.thp_shmem), (Some("6.18.44"), None));
}

#[test]
fn what_is_not_there_is_unknown() {
    let (_directory, root) = tree(&[]);
    let found = machine::look(&root);
    assert_eq!((found.kernel, found.cpu, found.memory, found.swap), (None, None, None, None));
    assert_eq!((found.load_before, found.virtualization, found.governor), (None, None, None));
}

#[test]
fn dates_are_those_of_the_calendar() {
    for (seconds, written) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (1_795_662_330, "2026-11-26T03:05:30Z"),
    ] {
        assert_eq!(date::written(seconds), written);
    }
}

fn said(environment: &Environment, signs: &Signs, size: u64) -> Vec<String> {
    let lines = uncontrolled::lines(environment, signs, size);
    lines.iter().map(|line| line.split_once(':').unwrap().0.to_owned()).collect()
}

#[test]
fn what_is_not_controlled_depends_on_where_it_is() {
    let guest = Environment {
        virtualization: Some("kvm".to_owned()),
        filesystem: Some("ext4".to_owned()),
        memory_available: Some(1 << 30),
        ..Environment::default()
    };
    let on_guest = said(&guest, &Signs { damon: true }, 1 << 20);
    for expected in ["the host's cache", "the device's cache", "reclaim in the background", "other processes"]
    {
        assert!(on_guest.iter().any(|name| name == expected), "{expected}: {on_guest:?}");
    }
    let own = Environment { virtualization: Some("none".to_owned()), ..guest.clone() };
    assert!(!said(&own, &Signs::default(), 1).iter().any(|name| name.contains("host")));
    assert!(said(&own, &Signs::default(), 2 << 30).contains(&"memory".to_owned()));
    let in_memory = Environment { filesystem: Some("tmpfs".to_owned()), ..guest.clone() };
    assert!(!said(&in_memory, &Signs::default(), 1).iter().any(|name| name.contains("cache")));
    let layered = Environment { filesystem: Some("overlay".to_owned()), ..guest };
    assert!(said(&layered, &Signs::default(), 1).contains(&"the layers below".to_owned()));
}

#[test]
fn reclaimers_are_seen() {
    for (path, text, expected) in [
        ("sys/kernel/mm/damon/admin/kdamonds/0/state", "on\n", true),
        ("sys/kernel/mm/damon/admin/kdamonds/0/state", "off\n", false),
        ("sys/module/damon_reclaim/parameters/enabled", "Y\n", true),
        ("sys/module/damon_reclaim/parameters/enabled", "N\n", false),
    ] {
        let (_directory, root) = tree(&[(path, text)]);
        assert_eq!(Signs::look(&root).damon, expected, "{path} {text}");
    }
}

#[test]
fn a_report_is_read_again_and_an_older_one_too() {
    let environment =
        Environment { date: date::now(), load_before: Some([0.5; 3]), ..Environment::default() };
    let text = serde_json::to_string(&environment).unwrap();
    assert_eq!(serde_json::from_str::<Environment>(&text).unwrap(), environment);
    assert!(serde_json::from_str::<Environment>(r#"{"kernel":"6.1"}"#).unwrap().filesystem.is_none());
}

/// This very file, by an independent eye: what findmnt(8) says of it.
#[cfg(target_os = "linux")]
#[test]
fn the_filesystem_is_the_one_that_is_mounted_there() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let open = mmapio_core::OpenFile::open(file.path()).unwrap();
    let found = Environment::look(&open);
    let mut command = std::process::Command::new("findmnt");
    command.args(["-n", "-o", "FSTYPE,TARGET", "-T"]).arg(file.path());
    let Some(output) = command.output().ok().filter(|output| output.status.success()) else {
        eprintln!("SKIP the_filesystem_is_the_one_that_is_mounted_there: there is no findmnt");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let (kind, point) = text.trim().split_once(' ').unwrap();
    assert_eq!(found.filesystem.as_deref(), Some(kind));
    assert_eq!(found.mount_point.as_deref(), Some(point.trim()));
}
