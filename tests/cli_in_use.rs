//! `mmapio incore --pid` and `--open` beside /proc, and beside what the same command says of the same files.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::command::{incore, ndjson, number};
use support::mounts::{privately, tool};
use support::oracle::{self, Background, page_size};
use support::promtool::promtool;
use support::scratch::Scratch;
use support::{Skip, needs_root, report};

const SCHEMA: &str = include_str!("../docs/residency.schema.json");
const NOBODY: [&str; 2] = ["as", "65534"];

/// A process that uses all of this: `open:FILE`, `map:FILE`, `both:FILE`, `gone:FILE`, `memory:KIND`.
fn using(what: &[(&str, &Path)]) -> Background {
    let mut args = vec!["use".to_owned()];
    args.extend(what.iter().map(|(how, file)| format!("{how}:{}", text(file))));
    Background::start(&args)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of our own")
}

/// What the kernel calls a process.
fn name(process: &Background) -> String {
    let name = std::fs::read_to_string(format!("/proc/{}/comm", process.pid())).expect("our child");
    name.trim_end().to_owned()
}

/// The records of a process's files.
#[track_caller]
fn files_of(process: &Background) -> Vec<Value> {
    ndjson(["--pid"]).arg(process.pid().to_string()).run().cleanly().records().0
}

#[track_caller]
fn of<'a>(records: &'a [Value], path: &Path) -> &'a Value {
    records.iter().find(|record| record["path"] == text(path)).expect("it is in use")
}

/// Files that /proc says the process maps or has open, by the links of `map_files` and `fd`.
fn listed(pid: u32) -> BTreeSet<PathBuf> {
    let links = |name: &str| std::fs::read_dir(format!("/proc/{pid}/{name}")).expect("our child");
    let target = |link: std::io::Result<std::fs::DirEntry>| {
        let link = link.expect("our child").path();
        let is_file = std::fs::metadata(&link).is_ok_and(|found| found.is_file());
        is_file.then(|| std::fs::read_link(link).expect("a link"))
    };
    links("map_files").chain(links("fd")).filter_map(target).collect()
}

#[test]
fn the_files_of_a_process_are_those_that_proc_lists_with_the_numbers_of_incore() {
    let scratch = Scratch::on_disk();
    let file = |name: &str| scratch.file(name, 8 * page_size());
    let (open, map, both) = (file("open"), file("map"), file("both"));
    let held = [&open, &map, &both].map(|file| oracle::hold(file, page_size(), 3 * page_size()));
    let process = using(&[("open", &open), ("map", &map), ("both", &both), ("open", &both)]);
    let records = files_of(&process);
    for (file, mapped, is_open) in [(&open, false, true), (&map, true, false), (&both, true, true)] {
        let record = of(&records, file);
        let user =
            json!({"pid": process.pid(), "command": name(&process), "mapped": mapped, "open": is_open});
        assert_eq!(record["processes"], json!([user]));
        assert_eq!((&record["deleted"], &record["type"]), (&json!(false), &json!("file")));
        let alone = ndjson([file]).run().cleanly().records().0;
        for field in ["size", "pages", "resident_pages", "resident_bytes", "probe"] {
            assert_eq!(record[field], alone[0][field], "{field}");
        }
        assert_eq!(number(record, "resident_pages"), oracle::resident(file));
    }
    let paths: BTreeSet<PathBuf> =
        records.iter().map(|record| record["path"].as_str().expect("text").into()).collect();
    report(
        "proc lists them",
        match needs_root() {
            Ok(()) => {
                assert_eq!(paths, listed(process.pid()));
                Ok(())
            }
            skip => skip,
        },
    );
    drop(held);
}

#[test]
fn what_is_deleted_is_read_through_the_process_and_marked() {
    let scratch = Scratch::on_disk();
    let gone = scratch.file("gone", 4 * page_size());
    let called_so = scratch.file("kept (deleted)", 2 * page_size());
    let held = oracle::hold(&gone, 0, 2 * page_size());
    let resident = oracle::resident(&gone);
    let process = using(&[("gone", &gone), ("open", &called_so)]);
    assert!(!gone.exists());
    let records = files_of(&process);
    let record = of(&records, &gone);
    assert_eq!((record["deleted"].as_bool(), number(record, "size")), (Some(true), 4 * page_size()));
    assert!((2..=resident).contains(&number(record, "resident_pages")), "{record}");
    assert_eq!(of(&records, &called_so)["deleted"], json!(false), "its name says so, and it is there");
    let table = incore(["--pid"]).arg(process.pid().to_string()).run().cleanly().text();
    let notes: Vec<&str> = table.lines().filter(|line| line.trim_end().ends_with("  deleted")).collect();
    assert!(notes.len() == 1 && notes[0].contains("/gone "), "{table}");
    drop(held);
}

#[test]
fn memory_without_a_file_is_there_as_far_as_the_kernel_leads_to_it() {
    let process = using(&[("memory", Path::new("memfd"))]);
    let memfd = of(&files_of(&process), Path::new("/memfd:cache")).clone();
    assert_eq!(number(&memfd, "resident_pages"), 4, "all of it was written");
    assert_eq!((&memfd["deleted"], &memfd["processes"][0]["mapped"]), (&json!(true), &json!(true)));
    let outcome = needs_root().map(|()| {
        let process = using(&[("memory", Path::new("zero")), ("memory", Path::new("shm"))]);
        let records = files_of(&process);
        let shared: Vec<&Value> = records
            .iter()
            .filter(|record| {
                let path = record["path"].as_str().unwrap_or_default();
                path.starts_with("/SYSV") || path == "/dev/zero"
            })
            .collect();
        assert_eq!(shared.len(), 2, "{records:?}");
        shared.iter().for_each(|record| assert_eq!(number(record, "resident_pages"), 4, "{record}"));
    });
    report("shared memory through its mapping", outcome);
}

#[test]
fn huge_pages_in_use_are_unknown_and_not_nothing() {
    privately("huge_pages_in_use", |mounts| {
        let file = mounts.hugetlbfs()?.join("file");
        std::fs::File::create(&file).and_then(|file| file.set_len(2 << 20)).expect("own file");
        let process = using(&[("open", &file)]);
        let records = files_of(&process);
        let record = of(&records, &file);
        assert_eq!((&record["resident_pages"], number(record, "size")), (&Value::Null, 2 << 20));
        assert!(record["unknown"].as_str().is_some_and(|why| why.contains("hugetlbfs")), "{record}");
        Ok(())
    });
}

#[test]
fn a_file_is_there_once_however_many_use_it_and_closed_ones_come_by_path() {
    let scratch = Scratch::on_disk();
    let (used, closed) = (scratch.file("used", 3 * page_size()), scratch.file("closed", 5 * page_size()));
    let link = scratch.path().join("a-link");
    std::fs::hard_link(&used, &link).expect("own file");
    let processes = [using(&[("open", &used)]), using(&[("map", &link)])];
    let all = ndjson(["--open"]).arg(scratch.path()).run().exits(0).records();
    let ours: Vec<&Value> = all
        .of_type("file")
        .into_iter()
        .filter(|record| record["path"].as_str().is_some_and(|path| path.starts_with(text(scratch.path()))))
        .collect();
    assert_eq!(ours.len(), 2, "{ours:?}");
    let record = ours.iter().find(|record| number(record, "size") == 3 * page_size()).expect("it is in use");
    let users: BTreeSet<u64> =
        record["processes"].as_array().expect("a list").iter().map(|user| number(user, "pid")).collect();
    assert_eq!(users, processes.iter().map(|process| u64::from(process.pid())).collect());
    let other = ours.iter().find(|record| record["path"] == text(&closed)).expect("it is below the path");
    assert_eq!(other.get("processes"), None, "nobody uses it");
    let table = incore(["--open", "--columns", "processes,path"]).arg(scratch.path()).run().exits(0).text();
    let line = |path: &Path| table.lines().find(|line| line.ends_with(text(path))).expect("a row").to_owned();
    assert!(line(&closed).starts_with("- "), "{table}");
    assert!(
        line(&link).contains(&format!("{}(", name(&processes[0]))) && line(&link).contains(", 1 more"),
        "the first name: {table}"
    );
    drop(processes);
}

/// The kernel tells the name by which a file was opened, and that is gone; another is below the path.
#[test]
fn a_file_is_called_by_a_name_that_is_there() {
    let scratch = Scratch::on_disk();
    let (gone, there) = (scratch.file("a", page_size()), scratch.path().join("b"));
    std::fs::hard_link(&gone, &there).expect("own file");
    let process = using(&[("gone", &gone)]);
    let pid = process.pid().to_string();
    let ask = |format: &str| {
        let ran =
            incore(["--format", format, "--pid", &pid, "--jobs", "4"]).arg(scratch.path()).run().cleanly();
        ran.text()
            .lines()
            .filter(|line| line.contains(text(scratch.path())))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for _ in 0..5 {
        assert_eq!(ask("paths"), [text(&there)]);
        let record: Value = serde_json::from_str(&ask("ndjson").concat()).expect("one record");
        assert_eq!((&record["path"], &record["deleted"]), (&json!(text(&there)), &json!(false)));
        let table = ask("table").concat();
        assert!(table.ends_with(text(&there)) && table.contains(&format!("({pid})")), "{table}");
    }
}

/// A package that was upgraded twice: three files have had one name.
#[test]
fn each_series_of_metrics_is_there_once() {
    let scratch = Scratch::on_disk();
    let processes = [1, 2].map(|size| using(&[("gone", &scratch.file("lib", size))]));
    let [one, two] = [0, 1].map(|at| processes[at].pid().to_string());
    let file = scratch.file("lib", 3);
    let ran = incore(["--format", "prometheus", "--top", "1000", "--pid", &one, "--pid", &two]).arg(&file);
    let text = ran.run().cleanly().text();
    let series: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once("} ")?.0)).collect();
    assert_eq!(series.iter().collect::<BTreeSet<_>>().len(), series.len(), "{text}");
    let of = |labels: &str| {
        let start = format!("mmapio_file_size_bytes{{path=\"{}\"{labels}", self::text(&file));
        text.lines().filter(|line| line.starts_with(&start)).count()
    };
    assert_eq!((of("} 3"), of(",deleted=\"true\",device=\"")), (1, 2), "{text}");
}

/// Files in use are below no directory that was named: so all are filtered by their paths from the root on.
#[test]
fn filters_see_the_same_path_whether_a_file_is_in_use_or_not() {
    let scratch = Scratch::on_disk();
    let [used, closed] = ["t/used", "t/closed"].map(|name| scratch.file(name, page_size()));
    scratch.file("t/old/closed", page_size());
    let process = using(&[("map", &used)]);
    let pid = process.pid().to_string();
    let (all, old) = (format!("{}/**", text(scratch.path())), format!("{}/t/old", text(scratch.path())));
    let ask = |path: &str| {
        let ran = ndjson(["--include", &all, "--exclude", &old, "--pid", &pid, path]).in_dir(scratch.path());
        ran.run().cleanly().records().paths("file").len()
    };
    assert_eq!((ask("t"), ask(text(scratch.path())), ask("./t/closed")), (2, 2, 2), "{}", closed.display());
    assert_eq!((ask("t/old/../../t"), ask("t/old/../closed")), (2, 2), "where that goes up to");
}

#[test]
fn filters_and_formats_know_files_in_use() {
    let scratch = Scratch::on_disk();
    let [kept, other, gone] = ["lit\\012x", "lit\nx", "gone"].map(|name| scratch.file(name, page_size()));
    let process = using(&[("map", &kept), ("gone", &gone)]);
    let pid = process.pid().to_string();
    let glob = format!("{}/**", text(scratch.path()));
    let records = ndjson(["--include", &glob, "--pid", &pid]).run().cleanly().records();
    assert_eq!(records.paths("file"), [text(&gone), text(&kept)], "and not {}", other.display());
    let ran =
        incore(["--missing=0%", "--format", "paths", "--include", &glob, "--pid", &pid]).run().cleanly();
    assert_eq!(ran.text(), "", "all have that much");
    oracle::evict(&kept);
    let ran = incore(["--format", "paths", "--include", &glob, "--pid", &pid]).run().cleanly();
    assert_eq!(ran.text(), format!("{}\n", text(&kept)), "a name that is gone is nobody's");
    let csv = incore(["--format", "csv", "--include", &glob, "--pid", &pid]).run().cleanly().text();
    assert!(csv.lines().next().is_some_and(|line| line.contains(",processes,")), "{csv}");
    assert!(csv.contains(&format!("({pid}) mapped")), "{csv}");
    incore(["--format", "paths", "--summary", "--pid", &pid]).run().exits(2);
    incore(["--columns", "processes,path", text(&kept)]).run().exits(2).says("needs --open or --pid");
    incore(["--columns", "processes,path", "--by-directory", "--pid", &pid]).run().exits(2);
}

#[test]
fn directories_sum_what_is_in_use_below_them() {
    let scratch = Scratch::on_disk();
    let files = [scratch.file("one", 3 * page_size()), scratch.file("two", 4 * page_size())];
    let process = using(&[("open", &files[0]), ("map", &files[1])]);
    let ran =
        ndjson(["--by-directory=99", "--total", "--pid"]).arg(process.pid().to_string()).run().cleanly();
    let records = ran.records();
    let sums = records.of_type("directory");
    let of = |path: &Path| *sums.iter().find(|record| record["path"] == text(path)).expect("a directory");
    let ours = of(scratch.path());
    assert_eq!((number(ours, "files"), number(ours, "size")), (2, 7 * page_size()));
    let (root, total) = (of(Path::new("/")), records.only("total"));
    assert_eq!((&root["files"], &root["size"]), (&total["files"], &total["size"]), "all of it is below /");
}

/// A process names its files from the root on, and these directories are named from where we are.
#[test]
fn relative_directories_sum_what_is_in_use_below_them() {
    let scratch = Scratch::on_disk();
    let files = [scratch.file("t/one", 3 * page_size()), scratch.file("t/u/two", 4 * page_size())];
    scratch.file("t/closed", 5 * page_size());
    let process = using(&[("open", &files[0]), ("map", &files[1])]);
    let ran = ndjson(["--by-directory=1", "--pid"]).arg(process.pid().to_string()).args(&["t", "./t/u"]);
    let ran = ran.in_dir(scratch.path()).run().cleanly();
    let records = ran.records();
    let sum = |path: &str| {
        let found = records.of_type("directory").into_iter().find(|record| record["path"] == path);
        found.map(|record| (number(record, "files"), number(record, "size") / page_size()))
    };
    assert_eq!((sum("t"), sum("./t/u")), (Some((3, 12)), Some((1, 4))), "{}", ran.text());
}

#[test]
fn processes_that_are_not_there_are_named_and_the_rest_goes_on() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", page_size());
    let process = using(&[("open", &file)]);
    // No process can have it: it is beyond the largest that the kernel gives.
    let ran = ndjson(["--pid", "4194305", "--pid"]).arg(process.pid().to_string()).run().exits(1);
    let ran = ran.says("there is no process 4194305");
    of(&ran.records().0, &file);
    assert_eq!(ran.records().only("error")["errno"], json!(libc::ENOENT));
    incore(["--pid", "0"]).run().exits(2);
    incore(["--pid", "1", "--open"]).run().exits(2);
    incore::<&str>([]).run().exits(2);
}

#[test]
fn a_zombie_and_a_process_of_the_kernel_use_nothing() {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().expect("true");
    let stat = format!("/proc/{}/stat", child.id());
    while !std::fs::read_to_string(&stat).expect("not waited for").contains(") Z ") {
        std::thread::yield_now();
    }
    let nothing = |pid: String| {
        let ran = incore(["--pid"]).arg(&pid).run();
        assert!((ran.code(), ran.text().is_empty()) == (0, true), "{pid}: {} {}", ran.text(), ran.stderr);
        ran.says(&format!("no file is used by {pid}: threads of the kernel"));
    };
    let outcome = needs_root().map(|()| nothing(child.id().to_string()));
    child.wait().expect("our child");
    report("a zombie", outcome);
    let is_kernel = |pid: &String| {
        std::fs::read_to_string(format!("/proc/{pid}/status"))
            .is_ok_and(|status| status.contains("\nKthread:\t1"))
    };
    let found = std::fs::read_dir("/proc").expect("/proc").filter_map(|entry| {
        entry
            .ok()?
            .file_name()
            .into_string()
            .ok()
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let thread = found.into_iter().find(is_kernel).ok_or_else(|| Skip("no kernel thread is seen".to_owned()));
    report("a kernel thread", thread.and_then(|pid| needs_root().map(|()| nothing(pid))));
}

#[test]
fn processes_of_others_are_counted_and_said_once() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("secret", page_size());
    let process = using(&[("open", &file)]);
    let outcome = needs_root().map(|()| {
        let named = incore(["--pid"]).arg(process.pid().to_string()).through(NOBODY).run().exits(1);
        named.says("needs its user's rights or CAP_SYS_PTRACE");
        let all = ndjson(["--open"]).through(NOBODY).run().exits(0).says("not ours to look at: ");
        assert_eq!(all.stderr.matches("not ours to look at").count(), 1, "{}", all.stderr);
        assert!(!all.text().contains("/secret"), "it cannot be known who uses it");
        let quiet = incore(["--open", "--quiet"]).through(NOBODY).run().exits(0);
        assert_eq!(quiet.stderr, "");
    });
    report("another user", outcome);
}

/// One process maps it, another has it open: that is one file.
#[track_caller]
fn is_one(file: &Path) {
    std::fs::write(file, vec![1; 8192]).expect("own file");
    let processes = [using(&[("map", file)]), using(&[("open", file)])];
    let pids = processes.each_ref().map(|process| process.pid().to_string());
    let records = ndjson(["--pid", &pids[0], "--pid", &pids[1]]).run().cleanly().records().0;
    let ours: Vec<&Value> = records.iter().filter(|record| record["path"] == text(file)).collect();
    assert_eq!(ours.len(), 1, "{records:?}");
    let users = ours.iter().filter_map(|record| record["processes"].as_array()).map(Vec::len);
    assert_eq!(users.sum::<usize>(), 2, "{ours:?}");
}

#[test]
fn where_proc_and_stat_name_other_devices_a_file_is_still_one() {
    privately("where_proc_and_stat_name_other_devices", |mounts| {
        let ext4 = mounts.ext4(32 << 20)?;
        std::fs::create_dir(ext4.join("lower")).expect("own directory");
        is_one(&mounts.overlay(&ext4)?.join("file"));
        let volume = mounts.btrfs()?.join("volume");
        tool(Command::new("btrfs").args(["-q", "subvolume", "create"]).arg(&volume))?;
        is_one(&volume.join("file"));
        Ok(())
    });
}

#[test]
fn records_are_as_the_schema_says() {
    let scratch = Scratch::on_disk();
    let process = using(&[("both", &scratch.file("file", page_size())), ("memory", Path::new("memfd"))]);
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let validate = |schema: &Value, found: &Value| {
        let validator = jsonschema::validator_for(schema).expect("a schema");
        let errors: Vec<String> = validator.iter_errors(found).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {found}");
    };
    let of_pid = incore(["--format", "json", "--pid"]).arg(process.pid().to_string()).run().cleanly();
    let all = incore(["--format", "json", "--open", "--total"]).run().exits(0);
    for ran in [of_pid, all] {
        validate(&schema, &serde_json::from_slice(&ran.stdout).expect("JSON"));
    }
    let lines = ndjson(["--open", "--total"]).run().exits(0).records();
    schema = json!({"$schema": schema["$schema"], "$ref": "#/$defs/record", "$defs": schema["$defs"]});
    lines.0.iter().for_each(|line| validate(&schema, line));
    assert_eq!(lines.of_type("page_cache").len(), 1);
}

/// A line of /proc/meminfo, in bytes.
fn meminfo(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").expect("/proc/meminfo");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").trim().parse::<u64>().expect("kB") * 1024
}

#[test]
fn what_is_found_is_set_against_the_page_cache() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 64 * page_size());
    let held = oracle::hold(&file, 0, 64 * page_size());
    // Other processes read and write meanwhile: some moment must be quiet enough.
    let agrees = (0..50).any(|_| {
        let before = meminfo("Cached");
        let ran = incore(["--open", "--summary", "--format", "json"]).arg(&file).run().exits(0);
        let after = meminfo("Cached");
        let document: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
        let (cache, total) = (&document["page_cache"], &document["total"]);
        let (cached, found) = (number(cache, "cached_bytes"), number(cache, "found_bytes"));
        assert_eq!(found, number(total, "resident_bytes"));
        assert!(found >= 64 * page_size(), "the held file is among them: {document}");
        assert_eq!(number(cache, "other_bytes"), cached + number(cache, "buffers_bytes") - found);
        (before.min(after)..=before.max(after)).contains(&cached)
    });
    assert!(agrees, "Cached is what /proc/meminfo says");
    let metrics = incore(["--open", "--format", "prometheus"]).arg(&file).run().exits(0).text();
    let metric = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.map(|number| number.parse::<u64>().expect("a number"))
    };
    let [cached, buffers, other] =
        ["cached", "buffers", "other"].map(|what| metric(&format!("mmapio_page_cache_{what}_bytes")));
    let rest = |found: u64| (cached.expect("a line") + buffers.expect("a line")).checked_sub(found);
    assert_eq!(other, metric("mmapio_resident_bytes").and_then(rest));
    report("promtool", promtool(&metrics));
    let text = incore(["--open", "--total", "--top", "1"]).run().exits(0).text();
    assert!(text.contains("\npage cache: Cached "), "{text}");
    assert!(!incore([&file]).args(&["--total"]).run().cleanly().text().contains("page cache"));
    drop(held);
}

#[test]
fn a_page_cache_that_is_not_told_is_an_error_and_the_rest_is_there() {
    privately("a_page_cache_that_is_not_told_is_an_error_and_the_rest_is_there", |mounts| {
        let file = mounts.scratch().file("file", page_size());
        let empty = mounts.scratch().file("empty", 0);
        tool(Command::new("mount").arg("--bind").arg(empty).arg("/proc/meminfo"))?;
        let ran = incore(["--open", "--format", "json"]).arg(&file).run().exits(1).says("/proc/meminfo");
        let document: Value = serde_json::from_slice(&ran.stdout).expect("JSON to its end");
        let files = document["files"].as_array().expect("files");
        assert!(files.iter().any(|record| record["path"] == text(&file)), "the rows are there");
        assert!(
            document["errors"].as_array().is_some_and(|errors| !errors.is_empty()),
            "{}",
            document["errors"]
        );
        Ok(())
    });
}
