//! The kernel, the processors and the memory.

use std::num::NonZero;

use mmapio_core::{memory_limits, page_size};

use super::Environment;
use super::root::Root;

/// Names of the same on different architectures in /proc/cpuinfo.
const MODELS: [&str; 4] = ["model name", "cpu model", "Model", "cpu"];
/// Clocks that only guests have, and who gives them.
const CLOCKS: [(&str, &str); 3] = [("kvm-clock", "kvm"), ("hyperv_clocksource", "hyper-v"), ("xen", "xen")];

pub(super) fn look(root: &Root) -> Environment {
    let cpus = root.text("/proc/cpuinfo").unwrap_or_default();
    let memory = root.text("/proc/meminfo").unwrap_or_default();
    let limits = memory_limits().unwrap_or_default();
    let groups = limits.into_iter().filter(|limit| limit.source != "MemAvailable");
    let limit = groups.filter_map(|limit| Some((limit.limit?, limit.source))).min();
    Environment {
        kernel: root.line("/proc/sys/kernel/osrelease"),
        architecture: Some(std::env::consts::ARCH.to_owned()),
        page_size: Some(page_size()),
        cpu: MODELS.iter().find_map(|name| field(&cpus, name)).map(str::to_owned),
        cpus: std::thread::available_parallelism().ok().map(NonZero::get),
        governor: governors(root),
        virtualization: virtualization(root, &cpus),
        thp: root.chosen("/sys/kernel/mm/transparent_hugepage/enabled"),
        thp_shmem: root.chosen("/sys/kernel/mm/transparent_hugepage/shmem_enabled"),
        memory: kibibytes(&memory, "MemTotal"),
        memory_available: kibibytes(&memory, "MemAvailable"),
        swap: kibibytes(&memory, "SwapTotal"),
        memory_limit: limit.as_ref().map(|limit| limit.0),
        memory_limit_source: limit.map(|limit| limit.1),
        load_before: load(root),
        ..Environment::default()
    }
}

/// The first of the lines `name : value`.
pub(super) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let value = fields.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim()).next();
    value.filter(|value| !value.is_empty())
}

fn kibibytes(meminfo: &str, name: &str) -> Option<u64> {
    field(meminfo, name)?.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Those of all processors, each once.
fn governors(root: &Root) -> Option<String> {
    const CPUS: &str = "/sys/devices/system/cpu";
    let names = root.names(CPUS).into_iter();
    let mut found: Vec<String> =
        names.filter_map(|name| root.line(format!("{CPUS}/{name}/cpufreq/scaling_governor"))).collect();
    found.sort_unstable();
    found.dedup();
    (!found.is_empty()).then(|| found.join(", "))
}

pub(super) fn load(root: &Root) -> Option<[f64; 3]> {
    let text = root.line("/proc/loadavg")?;
    let mut numbers = text.split(' ').map_while(|number| number.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}

/// What the machine is a guest of, with the name of what plays it: `kvm (Firecracker)`. Only processors of the x86 family tell that there
/// is nothing of the kind.
fn virtualization(root: &Root, cpuinfo: &str) -> Option<String> {
    let flags = field(cpuinfo, "flags");
    let is_guest = flags.map(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    let kind = hypervisor(root).or_else(|| (is_guest == Some(true)).then(|| "virtual".to_owned()));
    match (kind, player(root)) {
        (Some(kind), Some(player)) => Some(format!("{kind} ({player})")),
        (Some(kind), None) => Some(kind),
        (None, _) => (is_guest == Some(false)).then(|| "none".to_owned()),
    }
}

fn hypervisor(root: &Root) -> Option<String> {
    let clocks = root.line("/sys/devices/system/clocksource/clocksource0/available_clocksource");
    let known = |clocks: String| {
        let has = |clock: &str| clocks.split(' ').any(|one| one == clock);
        CLOCKS.iter().find(|(clock, _)| has(clock)).map(|(_, kind)| (*kind).to_owned())
    };
    root.line("/sys/hypervisor/type").or_else(|| clocks.and_then(known))
}

/// What the firmware calls the machine. Firecracker has no such table, but signs another one.
fn player(root: &Root) -> Option<String> {
    let told = ["sys_vendor", "product_name"].map(|name| root.line(format!("/sys/class/dmi/id/{name}")));
    let words: Vec<String> = told.into_iter().flatten().collect();
    if !words.is_empty() {
        return Some(words.join(" "));
    }
    let table = std::fs::read(root.path("/sys/firmware/acpi/tables/FACP")).ok()?;
    // The manufacturer is at this place in all tables of ACPI.
    (table.get(10..16)? == b"FIRECK").then(|| "Firecracker".to_owned())
}
