//! The picture of a bench: well-formed whatever is in it, true to the numbers, and to be seen in light and dark.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a picture that lacks something fails the test"
)]

#[path = "support/drawn.rs"]
mod drawn;
mod support;

use std::collections::HashSet;
use std::path::Path;

use drawn::{assert_text_is_apart, count, has_fonts, in_the_dark, render};
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use support::command::{Ran, mmapio};
use support::reports::{about, report, scenario, strategy, write};
use support::scratch::Scratch;

/// `count` strategies, each somewhat slower than the one before, given in another order.
fn rows(count: usize) -> Vec<Value> {
    let mut rows: Vec<Value> = (0..count)
        .map(|at| {
            let ratio = 1.0 + at as f64 / 10.0;
            let interval = if at < 3 { (ratio, 0.9, 1.3) } else { (ratio, ratio - 0.05, ratio + 0.05) };
            strategy(&format!("strategy-{at}"), &about(0.001 * ratio), interval)
        })
        .collect();
    rows.rotate_left(count / 3);
    rows
}

/// Some of everything: scattered accesses, many rows, one row, a comparison to be.
fn rich() -> Value {
    let mut random = scenario("random", "cold", rows(12));
    for strategy in random["strategies"].as_array_mut().expect("a list") {
        for (field, value) in [("p50", 5e-6), ("p90", 6e-6), ("p99", 2e-3), ("p99.9", 3e-3), ("max", 4e-3)] {
            strategy[field] = json!(value);
        }
    }
    let mut report =
        report(vec![scenario("sequential", "warm", rows(40)), random, scenario("random", "warm", rows(1))]);
    report["notes"] = json!(["direct: open: Invalid argument"]);
    report
}

fn from(report: &Value, options: &[&str]) -> Ran {
    let scratch = Scratch::on_disk();
    let path = write(report, scratch.path(), "report.json");
    mmapio(["bench", "--svg", "-", "--from"]).arg(path).args(options).run().exits(0)
}

fn chart(report: &Value) -> String {
    from(report, &[]).text()
}

fn parse(text: &str) -> Document<'_> {
    Document::parse(text).expect("well-formed XML")
}

fn is(node: &Node<'_, '_>, class: &str) -> bool {
    node.attribute("class").is_some_and(|classes| classes.split(' ').any(|found| found == class))
}

fn number(node: &Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).expect("a coordinate")
}

/// The coordinates of a path of `M` and `L`.
fn points(path: &Node<'_, '_>) -> Vec<(f64, f64)> {
    let path = path.attribute("d").expect("a path").replace('M', "L");
    let pairs = path.split('L').filter(|pair| !pair.is_empty());
    let parse =
        |pair: &str| pair.split_once(' ').map(|(x, y)| (x.parse().expect("x"), y.parse().expect("y")));
    pairs.map(|pair| parse(pair).expect("two coordinates")).collect()
}

/// A row: its name, and where its bar and its interval begin and end.
#[derive(Debug)]
struct Row {
    name: String,
    is_best: bool,
    bar: (f64, f64),
    whisker: Option<(f64, f64)>,
    y: f64,
    words: Vec<String>,
}

fn rows_of(document: &Document<'_>) -> Vec<Row> {
    document.descendants().filter(|node| node.has_tag_name("g")).map(|group| row(&group)).collect()
}

fn row(group: &Node<'_, '_>) -> Row {
    let bar = group.children().find(|node| node.has_tag_name("rect")).expect("a bar");
    let whisker = group.children().find(|node| is(node, "whisker")).map(|node| {
        let xs = points(&node).into_iter().map(|point| point.0);
        xs.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)))
    });
    let words = group.children().filter(|node| node.has_tag_name("text"));
    let words: Vec<String> = words.map(|node| node.text().unwrap_or("").to_owned()).collect();
    let start = number(&bar, "x");
    Row {
        name: words[0].clone(),
        is_best: is(&bar, "best"),
        bar: (start, start + number(&bar, "width")),
        whisker,
        y: number(&bar, "y"),
        words,
    }
}

#[test]
fn bars_are_sorted_and_as_long_as_they_should_be() {
    let text = chart(&report(vec![scenario("random", "cold", rows(40))]));
    let rows = rows_of(&parse(&text));
    assert_eq!(rows.len(), 40);
    let length = |row: &Row| row.bar.1 - row.bar.0;
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(row.name, format!("strategy-{at}"));
        let expected = length(&rows[0]) / (1.0 + at as f64 / 10.0);
        assert!((length(row) - expected).abs() < 0.1, "{row:?}: {expected}");
        assert_eq!(row.is_best, at < 3);
        let ratio = match at {
            0 => "best".to_owned(),
            1 | 2 => "=".to_owned(),
            _ => format!("{:.2}", 1.0 + at as f64 / 10.0),
        };
        assert_eq!(row.words[2], ratio);
    }
    assert!(rows.windows(2).all(|pair| pair[0].y + 15.0 < pair[1].y), "they lie on one another");
}

#[test]
fn whiskers_are_the_intervals_and_inside() {
    let text = chart(&rich());
    let document = parse(&text);
    let rows = rows_of(&document);
    assert_eq!(rows.len(), 53);
    for row in &rows {
        let (low, high) = row.whisker.expect("an interval");
        let (start, end) = row.bar;
        // The runs took 0.98 to 1.02 of the median.
        assert!(((low - start) / (end - start) - 1.0 / 1.02).abs() < 0.02, "{row:?}");
        assert!(((high - start) / (end - start) - 1.0 / 0.98).abs() < 0.02, "{row:?}");
    }
    let root = document.root_element();
    let (width, height) = (number(&root, "width"), number(&root, "height"));
    for node in document.descendants().filter(|node| node.has_tag_name("path")) {
        assert!(points(&node).iter().all(|(x, y)| (0.0..=width).contains(x) && (0.0..=height).contains(y)));
    }
    for node in document.descendants().filter(|node| node.has_tag_name("text")) {
        assert!((0.0..=width).contains(&number(&node, "x")) && (0.0..=height).contains(&number(&node, "y")));
    }
}

#[test]
fn latencies_are_shown_where_they_were_measured() {
    let text = chart(&rich());
    let drawn = rows_of(&parse(&text));
    assert_eq!(drawn[40].words[3..], ["5.00 µs", "2.00 ms"]);
    assert_eq!(drawn[0].words.len(), 3);
    assert!(text.contains(">p99<") && text.contains("Not measured, or not as wanted: direct"));
    assert!(!chart(&report(vec![scenario("random", "warm", rows(2))])).contains(">p99<"));
}

#[test]
fn of_too_few_runs_there_is_no_interval_and_no_ratio() {
    let few =
        |name: &str, seconds: f64| strategy(name, &[seconds, seconds * 1.5], (seconds, seconds, seconds));
    let mut scenario = scenario("random", "warm", vec![few("slow", 2.0), few("fast", 1.0)]);
    scenario["rounds"] = json!(2);
    let text = chart(&report(vec![scenario]));
    let rows = rows_of(&parse(&text));
    assert!(rows.iter().all(|row| row.whisker.is_none()));
    assert_eq!((rows[0].words[2].as_str(), rows[1].words[2].as_str()), ("best", "?"));
    assert!(text.contains("too few to tell strategies apart"));
}

#[test]
fn one_row_and_none_are_a_picture_too() {
    let one = chart(&report(vec![scenario("random", "warm", rows(1))]));
    assert_eq!(rows_of(&parse(&one)).len(), 1);
    let none = chart(&report(vec![]));
    assert!(rows_of(&parse(&none)).is_empty() && none.contains("Nothing could be measured."));
    let height = |text: &str| number(&parse(text).root_element(), "height");
    let many = chart(&report(vec![scenario("random", "warm", rows(40))]));
    assert!(height(&none) < height(&one) && (height(&many) - height(&one) - 39.0 * 25.0).abs() < 0.1);
}

#[test]
fn what_was_before_is_marked() {
    let scratch = Scratch::on_disk();
    let old = write(&report(vec![scenario("random", "cold", rows(4))]), scratch.path(), "old.json");
    let plain = chart(&rich());
    let compared = from(&rich(), &["--compare", old.to_str().expect("text")]).text();
    let count = |text: &str| parse(text).descendants().filter(|node| is(node, "earlier")).count();
    // Four strategies are in both, and the legend has one.
    assert_eq!((count(&plain), count(&compared)), (0, 5));
}

#[test]
fn names_of_all_kinds_are_text_and_nothing_else() {
    let name = "a<b>&\"c' ]]>--><script>\u{1}\u{8}\u{b}\u{1b}\u{7f}\u{9f}\u{ffff}\u{fffe}\u{202e}größe-日本";
    let mut nasty = report(vec![scenario(name, name, vec![strategy(name, &about(1.0), (1.0, 1.0, 1.0))])]);
    for field in ["path", "work"] {
        nasty[field] = json!(name);
    }
    nasty["notes"] = json!([name]);
    nasty["advice"] = json!([name]);
    nasty["environment"]["kernel"] = json!(name);
    nasty["environment"]["filesystem"] = json!("\n\t\r");
    let text = chart(&nasty);
    let document = parse(&text);
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.iter().any(|text| text.contains("a<b>&\"c' ]]>--><script>\\u{1}")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("größe-日本")));
    assert_eq!(text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}'), None);
    let known = HashSet::from(["svg", "title", "desc", "style", "rect", "path", "text", "g"]);
    for node in document.descendants().filter(Node::is_element) {
        assert!(known.contains(node.tag_name().name()), "{node:?}");
    }
}

#[test]
fn it_needs_nothing_from_elsewhere_and_runs_nothing() {
    let text = chart(&rich());
    for word in [
        "<script",
        "href",
        "url(",
        "@import",
        "@font-face",
        "<image",
        "onload",
        "<!DOCTYPE",
        "<foreignObject",
    ] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(text.matches("http").count(), 1, "the name of the format alone");
}

#[test]
fn it_is_seen_in_light_and_dark() {
    let text = chart(&rich());
    for (text, colors) in [
        (text.clone(), [("paper", "#ffffff"), ("best", "#0b63ce"), ("other", "#7f91a5")]),
        (in_the_dark(&text), [("paper", "#0d1117"), ("best", "#4c9bff"), ("other", "#5d6f84")]),
    ] {
        let pixels = render(&text, false);
        let all = pixels.pixels().len();
        for (class, color) in colors {
            assert!(count(&pixels, color) > all / 100, "{class} {color}: {} of {all}", count(&pixels, color));
        }
        if has_fonts() {
            let changed =
                render(&text, true).pixels().iter().zip(pixels.pixels()).filter(|(a, b)| a != b).count();
            assert!(changed > all / 200, "no text: {changed} of {all}");
        } else {
            support::report(
                "it_is_seen_in_light_and_dark",
                Err(support::Skip("text: no fonts are installed".into())),
            );
        }
    }
}

#[test]
fn no_text_lies_on_another() {
    if !has_fonts() {
        return support::report(
            "no_text_lies_on_another",
            Err(support::Skip("no fonts are installed".into())),
        );
    }
    let mut long = rich();
    long["path"] = json!(format!("/{}table.db", "a long directory/".repeat(20)));
    long["environment"]["cpu"] = json!("A processor with a name that is long ".repeat(12));
    assert_text_is_apart(&chart(&long), 200);
}

const SHORT: [&str; 10] =
    ["bench", "--runs", "1", "--budget", "0.2", "--state", "warm", "--strategy", "pread", "--progress=never"];

#[test]
fn a_run_draws_its_file_whatever_its_name() {
    let scratch = Scratch::on_disk();
    let name = "a<b&\"c\n\u{1b}[31m.db";
    scratch.file(name, 10_000);
    let ran = mmapio(SHORT).args(&["--svg", "chart.svg", name]).in_dir(scratch.path()).run().exits(0);
    assert!(ran.text().contains("random, warm"), "the report is there, too");
    let text = std::fs::read_to_string(scratch.path().join("chart.svg")).expect("a picture");
    let document = parse(&text);
    assert!(
        document
            .descendants()
            .any(|node| node.text().is_some_and(|text| text.contains("a<b&\"c\\n\\u{1b}[31m.db")))
    );
    assert_eq!(rows_of(&document).len(), 4);
    assert_eq!(names_in(scratch.path()), HashSet::from([name.to_owned(), "chart.svg".to_owned()]));
}

fn names_in(dir: &Path) -> HashSet<String> {
    let entries = std::fs::read_dir(dir).expect("own directory");
    entries.map(|entry| entry.expect("readable").file_name().into_string().expect("text")).collect()
}

#[test]
fn what_cannot_be_drawn_is_said_before_anything_is_measured() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 10_000);
    let before = std::fs::read(&file).expect("own file");
    std::os::unix::fs::symlink("file", scratch.path().join("link")).expect("a link");
    for (to, words) in [
        ("none/chart.svg", "none/chart.svg: open: No such file"),
        (".", ".: open: Is a directory"),
        ("file", "file: what is written would take the place of what is read"),
        ("link", "link: what is written would take the place of what is read"),
    ] {
        let ran =
            mmapio(SHORT).args(&["--svg", to, "file"]).in_dir(scratch.path()).run().exits(1).says(words);
        assert_eq!(ran.text(), "", "{to}");
    }
    assert_eq!(std::fs::read(&file).expect("own file"), before);
    assert_eq!(names_in(scratch.path()).len(), 2);
    mmapio(SHORT).args(&["--svg", "-", "--format", "json", "file"]).in_dir(scratch.path()).run().exits(2);
}

#[test]
fn a_picture_that_cannot_be_written_fails_and_the_report_is_there() {
    let scratch = Scratch::on_disk();
    let path = write(&rich(), scratch.path(), "report.json");
    let ran = mmapio(["bench", "--svg", "/dev/full", "--quiet", "--from"]).arg(path).run();
    let ran = ran.exits(1).says("/dev/full: write: No space left on device");
    assert!(ran.text().contains("sequential, warm"));
}
