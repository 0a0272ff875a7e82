//! The machine formats say the same, in the form that the schema promises, and lose nothing of any path.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot be set up fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonschema::Validator;
use serde_json::{Value, json};
use support::command::{Ran, Records, incore, mmapio, ndjson};
use support::model::while_steady;
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, needs_root, oracle, report};

const SCHEMA: &str = include_str!("../docs/residency.schema.json");

/// The columns that a csv row shares with a file record.
const COLUMNS: &str = "path,size,pages,resident_bytes,resident_pages,dirty_pages,writeback_pages,evicted_pages,\
                       recently_evicted_pages,probe";

/// A tree with data, holes, an empty file, and (for an error) a link that leads nowhere.
fn make_tree() -> Scratch {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    scratch.dir("tree/sub");
    let file = scratch.file("tree/half", 10 * page + 1);
    oracle::evict(&file);
    oracle::touch(&file, &[0, 1, 5]);
    scratch.file("tree/sub/comma,quote\"new\nline", 3);
    scratch.file("tree/empty", 0);
    write_sparse(&scratch.path().join("tree/sparse"), 50 * page, &[20]);
    symlink("nowhere", scratch.path().join("dangling")).expect("symbolic links");
    scratch
}

/// A run on that tree, in a format.
fn formatted(scratch: &Scratch, format: &str, options: &[&str]) -> Ran {
    incore(["--format", format]).args(options).arg("tree").in_dir(scratch.path()).run()
}

fn schema(reference: Option<&str>) -> Validator {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    if let Some(reference) = reference {
        schema = json!({ "$schema": schema["$schema"], "$ref": reference, "$defs": schema["$defs"] });
    }
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

#[track_caller]
fn assert_valid(validator: &Validator, instance: &Value) {
    let errors: Vec<String> = validator.iter_errors(instance).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {instance}");
}

/// Every record, and the document of the same run, is of the promised form.
fn assert_in_form(scratch: &Scratch, args: &[&str]) {
    let record = schema(Some("#/$defs/record"));
    let streamed = ndjson(args).in_dir(scratch.path()).run().records();
    assert!(!streamed.0.is_empty(), "{args:?}");
    streamed.0.iter().for_each(|instance| assert_valid(&record, instance));
    let whole = incore(["--format", "json"]).args(args).in_dir(scratch.path()).run();
    assert_valid(&schema(None), &serde_json::from_slice(&whole.stdout).expect("JSON"));
}

#[test]
fn every_record_is_of_the_promised_form() {
    let scratch = make_tree();
    let ways: [&[&str]; 8] = [
        &["tree"],
        &["--total", "tree"],
        &["--summary", "tree"],
        &["--runs", "--total", "tree"],
        &["--range", "0+8192", "--total", "tree"],
        &["--probe", "mincore", "--total", "tree"],
        &["--probe", "cachestat", "--total", "tree"],
        &["--total", "tree", "missing", "dangling", "/dev/null", "tree/half/below"],
    ];
    for args in ways {
        assert_in_form(&scratch, args);
    }
}

#[test]
fn reports_of_acts_are_of_the_promised_form() {
    let scratch = make_tree();
    let record = schema(Some("#/$defs/record"));
    let verbs: [&[&str]; 8] = [
        &["warm"],
        &["warm", "--dry-run"],
        &["warm", "--max-memory", "1"],
        &["warm", "--range", "0+9K"],
        &["evict"],
        &["sync"],
        &["advise", "willneed"],
        &["evict", "--dry-run"],
    ];
    for verb in verbs {
        let ask = |format| {
            let args = ["--format", format, "tree", "missing"];
            mmapio(verb.iter().copied().chain(args)).in_dir(scratch.path()).run()
        };
        let streamed = ask("ndjson").records();
        assert!(streamed.of_type("file").iter().all(|file| file["requested_pages"].is_u64()), "{verb:?}");
        streamed.0.iter().for_each(|instance| assert_valid(&record, instance));
        assert_valid(&schema(None), &serde_json::from_slice(&ask("json").stdout).expect("JSON"));
        let csv = ask("csv").text();
        assert!(csv.lines().next().expect("a heading").contains(",requested_pages,changed_pages,"), "{csv}");
    }
}

#[test]
fn the_schema_is_strict() {
    let validator = schema(Some("#/$defs/record"));
    let run = json!({ "type": "run", "path": "p", "offset": 0, "length": 1, "state": "hole" });
    assert!(validator.is_valid(&run));
    for (field, wrong) in
        [("state", json!("gone")), ("length", json!(0)), ("path_b64", json!("cA==")), ("more", json!(1))]
    {
        let mut record = run.clone();
        record.as_object_mut().expect("an object").insert(field.into(), wrong);
        assert!(!validator.is_valid(&record), "{record}");
    }
}

/// Files are found in any order; this is by path, then by offset.
fn in_order(mut records: Vec<Value>) -> Vec<Value> {
    records.sort_by_key(|record| (record["path"].as_str().map(str::to_owned), record["offset"].as_u64()));
    records
}

/// The records of a list of the document.
fn list(records: &Value) -> Vec<Value> {
    in_order(records.as_array().expect("a list").clone())
}

fn cloned(records: &[&Value]) -> Vec<Value> {
    records.iter().map(|record| (*record).clone()).collect()
}

/// The document of a json run.
fn document(ran: &Ran) -> Value {
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

#[test]
fn json_is_the_records_of_ndjson_in_one_object() {
    let scratch = make_tree();
    for options in [&["--total"][..], &["--total", "--runs"], &["--total", "missing"]] {
        let stream = || in_order(formatted(&scratch, "ndjson", options).records().0);
        let (records, whole) = while_steady(stream, || document(&formatted(&scratch, "json", options)));
        let records = Records(records);
        assert_eq!(whole["version"], 1);
        assert_eq!(&whole["total"], records.only("total"));
        assert_eq!(list(&whole["errors"]), cloned(&records.of_type("error")));
        assert_eq!(whole.get("runs").is_some(), options.contains(&"--runs"));
        if options.contains(&"--runs") {
            assert_eq!(list(&whole["runs"]), cloned(&records.of_type("run")));
        } else {
            assert_eq!(list(&whole["files"]), cloned(&records.of_type("file")));
        }
    }
}

/// A row of csv by the names of the header.
type Fields = BTreeMap<String, Vec<u8>>;

/// The rows of csv.
fn rows(csv: &[u8]) -> Vec<Fields> {
    let mut reader = csv::Reader::from_reader(csv);
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let row =
        |record: csv::ByteRecord| header.iter().cloned().zip(record.iter().map(<[u8]>::to_vec)).collect();
    reader.byte_records().map(|record| row(record.expect("a row"))).collect()
}

/// A field as csv has it: null is empty.
fn as_field(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.as_bytes().to_vec(),
        other => other.to_string().into_bytes(),
    }
}

/// The row that a record should be.
fn as_row(record: &Value, columns: &str) -> Fields {
    columns.split(',').map(|column| (column.to_owned(), as_field(&record[column]))).collect()
}

/// Demands a row for each record, whose fields are those of the record.
#[track_caller]
fn assert_rows(csv: &[u8], records: &[&Value], columns: &str) {
    let mut expected: Vec<Fields> = records.iter().map(|record| as_row(record, columns)).collect();
    let mut rows = rows(csv);
    expected.sort();
    rows.sort();
    assert_eq!(rows, expected, "{}", String::from_utf8_lossy(csv));
}

#[test]
fn csv_says_what_ndjson_says() {
    let scratch = make_tree();
    for probe in ["auto", "mincore"] {
        let stream = || in_order(formatted(&scratch, "ndjson", &["--probe", probe]).records().0);
        let csv = || formatted(&scratch, "csv", &["--probe", probe, "--columns", COLUMNS]).cleanly().stdout;
        let (records, csv) = while_steady(stream, csv);
        assert!(csv.starts_with(COLUMNS.as_bytes()), "the header names the columns in the order asked for");
        assert_rows(&csv, &Records(records).of_type("file"), COLUMNS);
    }
}

#[test]
fn csv_of_runs_says_what_ndjson_says() {
    let scratch = make_tree();
    let stream = || in_order(formatted(&scratch, "ndjson", &["--runs"]).records().0);
    let (records, csv) = while_steady(stream, || formatted(&scratch, "csv", &["--runs"]).cleanly().stdout);
    assert!(csv.starts_with(b"path,offset,length,state"), "{}", String::from_utf8_lossy(&csv));
    assert_rows(&csv, &Records(records).of_type("run"), "path,offset,length,state");
}

#[test]
fn what_is_unknown_is_null_and_empty() {
    let as_nobody = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        std::fs::set_permissions(scratch.file("theirs", 5000), Permissions::from_mode(0o644))
            .expect("own file");
        let ask = |format| {
            let command = incore(["--format", format, "--probe", "mincore", "theirs"]);
            command.through(["as", "65534"]).in_dir(scratch.path()).run().exits(0)
        };
        let records = ask("ndjson").records();
        let record = records.only("file");
        assert_eq!(record["resident_pages"], Value::Null, "{record}");
        assert_valid(&schema(Some("#/$defs/record")), record);
        let whole = document(&ask("json"));
        assert_valid(&schema(None), &whole);
        // Of a file that is not told there is nothing to add up, not even nothing.
        for field in ["resident_pages", "dirty_pages", "writeback_pages", "evicted_pages", "resident_percent"]
        {
            assert_eq!(whole["total"][field], Value::Null, "{field}: {whole}");
        }
        let csv = ask("csv").stdout;
        for (column, field) in rows(&csv).first().expect("a row") {
            assert!(!column.starts_with("resident") || field.is_empty(), "{}", String::from_utf8_lossy(&csv));
        }
        Ok(())
    };
    report("what_is_unknown_is_null_and_empty", as_nobody());
}

/// A name with each byte that a name may have.
fn names_of_all_bytes() -> BTreeSet<Vec<u8>> {
    (1..=u8::MAX).filter(|byte| *byte != b'/').map(|byte| vec![b'n', byte, b'e']).collect()
}

fn make_names(scratch: &Scratch) {
    for name in names_of_all_bytes() {
        std::fs::write(scratch.path().join(OsString::from_vec(name)), "data").expect("own file");
    }
}

/// The last component of a path.
fn name_of(path: &[u8]) -> Vec<u8> {
    path.rsplit(|byte| *byte == b'/').next().expect("a name").to_vec()
}

/// The name that a record gives, as bytes.
fn recorded_name(record: &Value) -> Vec<u8> {
    match (record["path"].as_str(), record["path_b64"].as_str()) {
        (Some(path), None) => name_of(path.as_bytes()),
        (None, Some(base64)) => name_of(&STANDARD.decode(base64).expect("base64")),
        _ => Vec::new(),
    }
}

#[test]
fn json_loses_no_byte_of_a_path() {
    let scratch = Scratch::on_disk();
    make_names(&scratch);
    let names = |records: &[Value]| records.iter().map(recorded_name).collect::<BTreeSet<_>>();
    assert_eq!(
        names(&ndjson(["."]).in_dir(scratch.path()).run().cleanly().records().0),
        names_of_all_bytes()
    );
    assert_eq!(
        names(&ndjson(["--runs", "."]).in_dir(scratch.path()).run().cleanly().records().0),
        names_of_all_bytes()
    );
    let whole = document(&incore(["--format", "json", "."]).in_dir(scratch.path()).run().cleanly());
    assert_eq!(names(&list(&whole["files"])), names_of_all_bytes());
    std::fs::read_dir(scratch.path()).expect("own directory").for_each(|entry| {
        std::fs::remove_file(entry.expect("readable").path()).expect("own file");
    });
    let missing: Vec<OsString> = names_of_all_bytes().into_iter().map(OsString::from_vec).collect();
    assert_eq!(
        names(&ndjson(missing).in_dir(scratch.path()).run().exits(1).records().0),
        names_of_all_bytes()
    );
}

#[test]
fn csv_loses_no_byte_of_a_path() {
    let scratch = Scratch::on_disk();
    make_names(&scratch);
    for options in [&[][..], &["--runs"]] {
        let ran = incore(["--format", "csv"]).args(options).arg(".").in_dir(scratch.path()).run().cleanly();
        let names = rows(&ran.stdout).into_iter().filter_map(|mut row| row.remove("path"));
        assert_eq!(
            names.map(|path| name_of(&path)).collect::<BTreeSet<_>>(),
            names_of_all_bytes(),
            "{options:?}"
        );
    }
}

#[test]
fn a_list_takes_every_byte_of_a_path_back() {
    let scratch = Scratch::on_disk();
    make_names(&scratch);
    let list: Vec<u8> = names_of_all_bytes().into_iter().flat_map(|name| [name, vec![0]].concat()).collect();
    let ran = ndjson(["--files0-from", "-"]).in_dir(scratch.path()).stdin(&list).run().cleanly();
    assert_eq!(ran.records().0.iter().map(recorded_name).collect::<BTreeSet<_>>(), names_of_all_bytes());
}
