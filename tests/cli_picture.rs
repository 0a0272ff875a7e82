//! The picture of residency: well-formed whatever is in it, true to what the oracle sees, and to be seen in light and dark.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a picture that lacks something fails the test"
)]

#[path = "support/drawn.rs"]
mod drawn;
mod support;

use std::collections::HashSet;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use mmapio_core::{ByteRange, OpenFile, Pages, PicturePart, ProbeChoice, Prober};
use roxmltree::{Document, Node};
use support::command::{Ran, incore};
use support::model::while_steady;
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, Skip, dirty, needs_root, oracle, report};

use drawn::{assert_text_is_apart, count, count_in, has_fonts, in_the_dark, render};

/// What is drawn of a file, and the words beside it.
#[derive(Debug)]
struct Drawn {
    title: String,
    words: Vec<String>,
    /// Class, left, top, width and height of what its strip is made of.
    areas: Vec<(String, [f64; 4])>,
}

impl Drawn {
    /// The classes at the middle of each of so many parts of the strip, of which there is one, and with it the line below.
    fn parts(&self, count: u64) -> Vec<(&str, bool)> {
        let left = self.areas.iter().map(|(_, area)| area[0]).fold(f64::MAX, f64::min);
        let right = self.areas.iter().map(|(_, area)| area[0] + area[2]).fold(0.0, f64::max);
        let at = |part: u64| left + (right - left) * (part as f64 + 0.5) / count as f64;
        let there = |x: f64| {
            let here = |area: &[f64; 4]| (area[0]..area[0] + area[2]).contains(&x);
            let classes: Vec<&str> =
                self.areas.iter().filter(|(_, area)| here(area)).map(|(class, _)| class.as_str()).collect();
            let shades: Vec<&&str> = classes.iter().filter(|class| **class != "dirty").collect();
            assert_eq!(shades.len(), 1, "one thing at {x} of {classes:?}");
            (*shades[0], classes.contains(&"dirty"))
        };
        (0..count).map(|part| there(at(part))).collect()
    }

    /// Where the strip is, in pixels.
    fn place(&self) -> (u32, u32, u32, u32) {
        let edge = |of: fn(&[f64; 4]) -> f64, pick: fn(f64, f64) -> f64| {
            let edges = self.areas.iter().filter(|(class, _)| class != "dirty").map(|(_, area)| of(area));
            pixel(edges.reduce(pick).expect("a strip"))
        };
        (
            edge(|area| area[0], f64::min),
            edge(|area| area[1], f64::min),
            edge(|area| area[0] + area[2], f64::max),
            edge(|area| area[1] + area[3], f64::max),
        )
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the picture")]
fn pixel(at: f64) -> u32 {
    at.round() as u32
}

fn parse(text: &str) -> Document<'_> {
    Document::parse(text).expect("well-formed XML")
}

fn drawn(document: &Document<'_>) -> Vec<Drawn> {
    document.descendants().filter(|node| node.has_tag_name("g")).map(|group| of_group(&group)).collect()
}

fn of_group(group: &Node<'_, '_>) -> Drawn {
    let text = |node: Node<'_, '_>| node.text().unwrap_or("").to_owned();
    let all = |name: &'static str| group.descendants().filter(move |node| node.has_tag_name(name));
    let mut areas = Vec::new();
    for path in all("path") {
        let class = path.attribute("class").expect("a class");
        if class != "hatch" {
            areas.extend(areas_of(path.attribute("d").expect("a path")).map(|area| (class.to_owned(), area)));
        }
    }
    Drawn {
        title: text(all("title").next().expect("a title")),
        words: all("text").map(text).collect(),
        areas,
    }
}

/// The areas of a path of `Mx yhWvHh-Wz`.
fn areas_of(path: &str) -> impl Iterator<Item = [f64; 4]> {
    path.split('z').filter(|area| !area.is_empty()).map(|area| {
        let numbers: Vec<f64> = area
            .split(['M', ' ', 'h', 'v'])
            .filter(|number| !number.is_empty())
            .map(|number| number.parse().expect("a number"))
            .collect();
        [numbers[0], numbers[1], numbers[2], numbers[3]]
    })
}

/// The picture alone.
fn picture(options: &[&str], dir: &Path) -> String {
    incore(["--svg", "-"]).args(options).in_dir(dir).run().cleanly().text()
}

fn names_in(dir: &Path) -> HashSet<String> {
    let entries = fs::read_dir(dir).expect("own directory");
    entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
}

fn named(names: &[&str]) -> HashSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// How a part should look by what the oracle sees.
fn shade(resident: &[bool], holes: &[bool]) -> &'static str {
    let there = resident.iter().filter(|page| **page).count();
    match (there, there * 4 / resident.len()) {
        (0, _) if holes.iter().all(|page| *page) => "hole",
        (0, _) => "absent",
        (there, _) if there == resident.len() => "resident",
        (_, 0) => "part1",
        (_, 1) => "part2",
        (_, 2) => "part3",
        _ => "part4",
    }
}

/// The same for all 200 parts, or all pages where there are fewer.
fn shades(file: &Path) -> Vec<&'static str> {
    let (resident, page) = (oracle::map(file), usize::try_from(oracle::page_size()).expect("fits"));
    let mut holes = vec![true; resident.len()];
    for (offset, length) in oracle::data(file) {
        let offset = usize::try_from(offset).expect("fits");
        let end = offset + usize::try_from(length).expect("fits");
        holes[offset / page..end.div_ceil(page)].fill(false);
    }
    let (pages, parts) = (resident.len(), resident.len().min(200));
    let part = |at: usize| pages * at / parts..pages * (at + 1) / parts;
    (0..parts).map(|at| shade(&resident[part(at)], &holes[part(at)])).collect()
}

#[test]
fn half_in_memory_looks_so() {
    let test = || -> Outcome {
        let (scratch, pages) = (Scratch::in_memory()?, 1000);
        let half: Vec<u64> = (0..pages / 2).collect();
        write_sparse(&scratch.path().join("half"), pages * oracle::page_size(), &half);
        let text = picture(&["half"], scratch.path());
        let drawn = drawn(&parse(&text)).remove(0);
        assert_eq!(drawn.words[3], "50.0");
        let (left, top, right, bottom) = drawn.place();
        let middle = left + (right - left) / 2;
        for (text, resident, hole) in
            [(text.clone(), "#0b5cc0", "#848d97"), (in_the_dark(&text), "#62adff", "#768390")]
        {
            let pixels = render(&text, false);
            let all = usize::try_from((middle - left) * (bottom - top)).expect("fits");
            assert_eq!(count_in(&pixels, resident, (left, top, middle, bottom)), all);
            assert_eq!(count_in(&pixels, resident, (middle, top, right, bottom)), 0);
            assert_eq!(count_in(&pixels, hole, (left, top, middle, bottom)), 0);
            let line = usize::try_from(right - middle).expect("fits");
            assert_eq!(count_in(&pixels, hole, (middle, top, right, bottom)), line);
        }
        Ok(())
    };
    report("half_in_memory_looks_so", test());
}

#[test]
fn strips_are_what_the_oracle_sees() {
    let scratch = Scratch::on_disk();
    let page = oracle::page_size();
    let file = scratch.file("data", 3000 * page);
    let sparse = scratch.path().join("sparse");
    write_sparse(&sparse, 3000 * page, &[0, 700, 701, 702, 1500, 2999]);
    File::open(&sparse).and_then(|file| file.sync_all()).expect("room for it");
    oracle::evict(&file);
    oracle::evict(&sparse);
    let held = [
        oracle::hold(&file, 0, 1000 * page),
        oracle::hold(&file, 2000 * page, 7 * page),
        oracle::hold(&sparse, 690 * page, 20 * page),
    ];
    for name in ["data", "sparse"] {
        let path = scratch.path().join(name);
        let (expected, text) = while_steady(|| shades(&path), || picture(&[name], scratch.path()));
        let drawn = drawn(&parse(&text)).remove(0);
        let found: Vec<&str> = drawn.parts(200).iter().map(|part| part.0).collect();
        assert_eq!(found, expected, "{name}");
    }
    drop(held);
    // Absent data and holes are told apart, and from memory.
    let seen: HashSet<&str> = shades(&file).into_iter().chain(shades(&sparse)).collect();
    assert!(seen.is_superset(&HashSet::from(["absent", "hole"])), "{seen:?}");
}

#[test]
fn what_is_dirty_has_a_line_below() {
    let test = || -> Outcome {
        let scratch = Scratch::on_disk();
        let file = file_of_small_folios(&scratch)?;
        let draw = || {
            let text = picture(&["file"], scratch.path());
            (drawn(&parse(&text)).remove(0), text)
        };
        let (clean, text) = draw();
        assert!(clean.parts(dirty::PAGES).iter().all(|part| !part.1));
        let legend = count(&render(&text, false), "#d1480b");
        let (page, to) = (oracle::page_size(), File::options().write(true).open(&file).expect("own file"));
        // One page of the second half: the kernel counts the folio that it is in.
        let store = || to.write_all_at(b"y", 50 * page).expect("room for a page");
        let look = || {
            let of = |at: u64| dirty_in(&file, at);
            (0..dirty::PAGES).map(of).collect::<Vec<_>>()
        };
        store();
        let (expected, (found, text)) = while_steady(look, draw);
        let parts: Vec<bool> = found.parts(dirty::PAGES).iter().map(|part| part.1).collect();
        assert_eq!(parts, expected);
        assert!(expected[50] && !expected[0], "{expected:?}");
        assert!(count(&render(&text, false), "#d1480b") > legend);
        assert!(found.title.contains("dirty"), "{}", found.title);
        Ok(())
    };
    report("what_is_dirty_has_a_line_below", test());
}

/// Written from its end to its start, which keeps folios small, and written back.
fn file_of_small_folios(scratch: &Scratch) -> Result<PathBuf, Skip> {
    let path = scratch.path().join("file");
    let file = File::create(&path).expect("own file");
    dirty::dirty(&path, 1);
    if dirty::unwritten(&path) == 0 {
        return Err(Skip("nothing becomes dirty on this filesystem".into()));
    }
    file.sync_all().expect("room for it");
    Ok(path)
}

/// Whether the kernel counts this page as dirty.
fn dirty_in(file: &Path, page: u64) -> bool {
    let (offset, length) = ((page * oracle::page_size()).to_string(), oracle::page_size().to_string());
    let answer = oracle::ask(&["cachestat".as_ref(), file.as_os_str(), offset.as_ref(), length.as_ref()], "");
    answer[0].split(' ').nth(1) != Some("0")
}

#[test]
fn one_file_none_and_a_thousand_are_a_picture() {
    let test = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        for at in 0..1000 {
            scratch.file(&format!("many/file-{at}"), at % 5 * 3000);
        }
        let height = |text: &str| {
            let root = parse(text).root_element().attribute("height").map(str::to_owned);
            root.expect("a height").parse::<f64>().expect("a number")
        };
        let one = picture(&["many/file-1"], scratch.path());
        let many = picture(&["many"], scratch.path());
        assert_eq!((drawn(&parse(&one)).len(), drawn(&parse(&many)).len()), (1, 1000));
        assert!((height(&many) - height(&one) - 999.0 * 28.0).abs() < 0.1);
        assert!(many.contains(">1,000 files<") && many.contains(">no pages<"));
        assert!(f64::from(render(&many, false).height()) >= height(&many));
        let none = picture(&["--quiet", "--min-size", "1G", "many"], scratch.path());
        assert!(drawn(&parse(&none)).is_empty() && none.contains("There is no file to show."));
        Ok(())
    };
    report("one_file_none_and_a_thousand_are_a_picture", test());
}

#[test]
fn ten_thousand_files_are_too_many() {
    let test = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        let dir = scratch.dir("many");
        for at in 0..10_000 {
            let file = File::create(dir.join(format!("{at}"))).expect("own file");
            file.set_len(at % 3).expect("own file");
        }
        let draw = |options: &[&str]| incore(options).arg("many").in_dir(scratch.path()).run();
        let words = "10,000 files are more than a picture can show (2,000): use --top N";
        let ran = draw(&["--svg", "a.svg", "--summary"]).exits(1).says(&format!("a.svg: {words}"));
        assert!(ran.text().contains("total of 10000 files"), "the rest is as it is without a picture");
        assert_eq!(draw(&["--svg", "-"]).exits(1).says(words).text(), "");
        assert_eq!(names_in(scratch.path()), named(&["many"]), "nothing is half-written");
        let text = draw(&["--svg", "-", "--top", "7"]).cleanly().text();
        assert!(drawn(&parse(&text)).len() == 7 && text.contains("7 of 10,000 files shown"));
        draw(&["--svg", "-", "--min-size", "2", "--top", "2000"]).cleanly();
        let page = draw(&["--html", "-"]).cleanly().text();
        assert_eq!(page.matches("<tr>").count(), 10_000 + 2);
        Ok(())
    };
    report("ten_thousand_files_are_too_many", test());
}

/// Names that would be something else than text, and those that are wider than they should be.
fn nasty() -> Vec<Vec<u8>> {
    let long = format!("{}end", "long-".repeat(48));
    vec![
        b"a<b>&\"c' ]]>--><script>alert(1)</script>".to_vec(),
        b"bell\x07\x1b[31m\n\x7f".to_vec(),
        b"no-text-\xff\xfe".to_vec(),
        "\u{202e}gpj.exe \u{200b}\u{feff}\u{ffff}".into(),
        "שלום-עולם-مرحبا".repeat(4).into(),
        "日本語のファイル名".repeat(8).into(),
        "W".repeat(200).into(),
        "\u{fdfd}".repeat(40).into(),
        long.into_bytes(),
    ]
}

#[test]
fn names_of_all_kinds_are_text_and_nothing_else() {
    let scratch = Scratch::on_disk();
    let dir = scratch.dir("a<b>&\"c'");
    for name in nasty() {
        let file = dir.join(std::ffi::OsString::from_vec(name));
        fs::create_dir_all(file.parent().expect("a directory")).expect("own directory");
        fs::write(file, "x").expect("own file");
    }
    let text = picture(&["a<b>&\"c'"], scratch.path());
    let document = parse(&text);
    let drawn = drawn(&document);
    assert_eq!(drawn.len(), nasty().len());
    for words in [
        "a<b>&\"c' ]]>--><script>alert(1)<",
        "bell\\u{7}\\u{1b}[31m\\n",
        "no-text-\\xff\\xfe",
        "\\u{202e}gpj",
    ] {
        assert!(drawn.iter().any(|row| row.title.contains(words)), "{words}: {drawn:?}");
    }
    assert_eq!(text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}'), None);
    let known = HashSet::from(["svg", "title", "desc", "style", "rect", "path", "text", "g"]);
    for node in document.descendants().filter(Node::is_element) {
        assert!(known.contains(node.tag_name().name()), "{node:?}");
    }
    for word in ["<script", "href", "url(", "@import", "onload", "<!DOCTYPE", "<foreignObject"] {
        assert!(!text.contains(word), "{word}");
    }
    if has_fonts() {
        assert_text_is_apart(&text, 40);
    } else {
        let skip = Skip("no fonts are installed".into());
        report("names_of_all_kinds_are_text_and_nothing_else", Err(skip));
    }
}

#[test]
fn unknown_says_why() {
    let test = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::in_memory()?;
        scratch.file("mine", 9000);
        fs::set_permissions(scratch.path().join("mine"), Permissions::from_mode(0o644)).expect("own file");
        for kind in ["--svg", "--html"] {
            let ran = incore([kind, "-", "mine"]).through(["as", "65534"]).in_dir(scratch.path()).run();
            let text = ran.exits(0).text();
            assert!(text.contains("unknown: ") && text.contains(">?<"), "{text}");
            assert!(text.contains("unknown what is in memory") && text.contains("1 file unknown"));
            assert!(text.contains("class=\"hatch\""));
        }
        Ok(())
    };
    report("unknown_says_why", test());
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_looked_at() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("file", 10_000);
    let before = fs::read(&file).expect("own file");
    symlink("file", scratch.path().join("link")).expect("a link");
    fs::write(scratch.path().join("list"), "file\n").expect("own file");
    let takes = "what is written would take the place of what is read";
    for kind in ["--svg", "--html"] {
        for (to, words, paths) in [
            ("none/a", "none/a: open: No such file", "file"),
            (".", ".: open: Is a directory", "file"),
            ("file", &format!("file: {takes}"), "file"),
            ("link", &format!("link: {takes}"), "file"),
            ("list", &format!("list: {takes}"), "--files-from=list"),
            ("file", &format!("file: {takes}"), "--files-from=list"),
        ] {
            let ran = incore([kind, to, paths]).in_dir(scratch.path()).run().exits(1).says(words);
            assert_eq!(ran.text(), "", "{kind} {to}");
        }
    }
    assert_eq!(fs::read(&file).expect("own file"), before);
    assert_eq!(names_in(scratch.path()).len(), 3);
}

#[test]
fn two_that_would_be_one_file_are_refused() {
    let scratch = Scratch::on_disk();
    scratch.file("file", 10_000);
    scratch.dir("dir");
    symlink("dir", scratch.path().join("link")).expect("a link");
    for (first, second) in [("a", "./a"), ("dir/a", "link/a")] {
        for [one, other] in [["--svg", "--html"], ["--svg", "--textfile"], ["--html", "--textfile"]] {
            let ran = incore([one, first, other, second, "file"]).in_dir(scratch.path()).run();
            let ran = ran.exits(2).says(&format!("{one} and {other} are one file"));
            assert_eq!(ran.text(), "");
        }
    }
    incore(["--svg", "-", "--html", "-", "file"]).in_dir(scratch.path()).run().exits(2);
    incore(["--svg", "/dev/null", "--html", "/dev/null", "file"]).in_dir(scratch.path()).run().cleanly();
    assert_eq!(names_in(scratch.path()), named(&["dir", "file", "link"]), "nothing half-written is left");
    assert_eq!(names_in(&scratch.path().join("dir")).len(), 0);
}

#[test]
fn options_about_rows_are_about_the_picture_where_metrics_have_none() {
    let scratch = Scratch::on_disk();
    for name in ["a", "b"] {
        scratch.file(name, 10_000);
    }
    let ran = incore(["--svg", "a.svg", "--textfile", "x.prom", "--sort", "path", "--reverse", "a", "b"]);
    ran.in_dir(scratch.path()).run().cleanly();
    let text = fs::read_to_string(scratch.path().join("a.svg")).expect("a picture");
    let rows: Vec<String> = drawn(&parse(&text)).into_iter().map(|row| row.title).collect();
    assert!(matches!(&rows[..], [b, a] if b.starts_with('b') && a.starts_with('a')), "{rows:?}");
}

#[test]
fn what_fails_does_not_hide_what_else_fails() {
    let test = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        for at in 0..2001 {
            scratch.file(&format!("t/{at}"), 0);
        }
        let ran =
            incore(["--svg", "a.svg", "--html", "a.html", "--textfile", "/dev/full", "--top", "3000", "t"]);
        let ran = ran.in_dir(scratch.path()).run().exits(1);
        let ran = ran.says("a.svg: 2,001 files are more than a picture can show");
        ran.says("/dev/full: write: No space left on device");
        assert_eq!(names_in(scratch.path()), named(&["a.html", "t"]));
        Ok(())
    };
    report("what_fails_does_not_hide_what_else_fails", test());
}

#[test]
fn a_folder_without_permission_stays_as_it_is() {
    let test = || -> Outcome {
        needs_root()?;
        let scratch = Scratch::on_disk();
        scratch.file("file", 10);
        let dir = scratch.dir("closed");
        fs::set_permissions(&dir, Permissions::from_mode(0o555)).expect("own directory");
        let run = |kind: &str| {
            incore([kind, "closed/a", "file"]).through(["as", "65534"]).in_dir(scratch.path()).run()
        };
        for kind in ["--svg", "--html"] {
            let ran = run(kind).exits(1).says("closed/a: open: Permission denied");
            assert_eq!(ran.text(), "");
        }
        assert!(names_in(&dir).is_empty());
        Ok(())
    };
    report("a_folder_without_permission_stays_as_it_is", test());
}

#[test]
fn a_picture_that_cannot_be_written_fails_and_the_table_is_there() {
    let scratch = Scratch::on_disk();
    scratch.file("file", 10_000);
    let ran = incore(["--svg", "/dev/full", "--html", "a.html", "file"]).in_dir(scratch.path()).run();
    let ran = ran.exits(1).says("/dev/full: write: No space left on device");
    assert!(ran.text().contains("RESIDENT") && ran.text().contains("file"));
    assert_eq!(names_in(scratch.path()).len(), 2, "the other one is written");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let scratch = Scratch::on_disk();
    scratch.file("file", 10);
    for options in [
        &["--svg", "-", "--html", "-"][..],
        &["--svg", "a", "--html", "a"],
        &["--svg", "-", "--format", "json"],
        &["--html", "-", "--missing", "--null"],
        &["--svg", "a", "--runs"],
    ] {
        incore(options).arg("file").in_dir(scratch.path()).run().exits(2);
    }
    assert_eq!(names_in(scratch.path()).len(), 1);
}

#[test]
fn everything_else_is_as_without() {
    let test = || -> Outcome {
        let scratch = Scratch::in_memory()?;
        for (name, pages) in [("t/a", 3), ("t/b", 1), ("t/c", 2)] {
            scratch.file(name, pages * oracle::page_size());
        }
        write_sparse(&scratch.path().join("t/none"), 8 * oracle::page_size(), &[]);
        let run = |options: &[&str]| incore(options).arg("t").in_dir(scratch.path()).run();
        for options in [
            &["--total"][..],
            &["--summary"],
            &["--format", "json", "--total"],
            &["--format", "csv"],
            &["--missing"],
            &["--missing", "-0"],
            &["--format", "prometheus"],
            &["--format", "prometheus", "--top", "2"],
            &["--top", "2", "--columns", "path,map,dirty_pages"],
        ] {
            let with = run(&[options, &["--svg", "a.svg", "--html", "a.html"]].concat()).cleanly();
            let (mut with, mut without) = (lines(&with), lines(&run(options).cleanly()));
            if options.contains(&"csv") || options.contains(&"--missing") {
                with.sort_unstable();
                without.sort_unstable();
            }
            assert_eq!(with, without, "{options:?}");
        }
        run(&["--svg", "a.svg", "--fail-under", "90%"]).exits(3);
        Ok(())
    };
    report("everything_else_is_as_without", test());
}

fn lines(ran: &Ran) -> Vec<String> {
    ran.text().lines().map(str::to_owned).collect()
}

#[test]
fn what_is_left_out_is_not_drawn_and_the_order_is_kept() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        scratch.file("t/large", 9 * page);
        scratch.file("t/small", 2 * page);
        write_sparse(&scratch.path().join("t/none"), 4 * page, &[]);
        let names = |options: &[&str]| -> Vec<String> {
            let text = picture(&[options, &["t"]].concat(), scratch.path());
            drawn(&parse(&text)).iter().map(|row| row.words[0].clone()).collect()
        };
        assert_eq!(names(&[]), ["t/large", "t/none", "t/small"]);
        assert_eq!(names(&["--sort", "size", "--reverse"]), ["t/small", "t/none", "t/large"]);
        assert_eq!(names(&["--top", "1"]), ["t/large"]);
        assert_eq!(names(&["--cached-only"]), ["t/large", "t/small"]);
        assert_eq!(names(&["--missing"]), ["t/none"]);
        assert_eq!(names(&["--min-size", "12K"]), ["t/large", "t/none"]);
        Ok(())
    };
    report("what_is_left_out_is_not_drawn_and_the_order_is_kept", test());
}

#[test]
fn a_picture_in_the_folder_it_shows_is_replaced_and_does_not_show_itself_being_made() {
    let scratch = Scratch::on_disk();
    scratch.file("t/file", 10);
    for round in 0..2 {
        incore(["--svg", "t/a.svg", "--html", "t/a.html", "t"]).in_dir(scratch.path()).run().cleanly();
        let text = fs::read_to_string(scratch.path().join("t/a.svg")).expect("a picture");
        assert_eq!(drawn(&parse(&text)).len(), 1 + 2 * round);
    }
}

#[test]
fn files_in_use_say_by_whom() {
    let scratch = Scratch::on_disk();
    let file = scratch.file("held", 5000);
    let holder = oracle::hold(&file, 0, 5000);
    let pid = holder.pid().to_string();
    let text = picture(&["--pid", &pid], scratch.path());
    assert!(text.contains(&format!("files of process {pid}: ")));
    let rows = drawn(&parse(&text));
    let held = rows.iter().find(|row| row.title.contains("/held: ")).expect("it maps the file");
    assert!(held.title.contains("used by ") && held.title.contains(&pid), "{}", held.title);
}

#[test]
fn a_terabyte_of_hole_is_a_line() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        let last = (1 << 40) / page - 1;
        write_sparse(&scratch.path().join("huge"), 1 << 40, &[0, last / 2, last]);
        let text = picture(&["huge"], scratch.path());
        let parts: Vec<String> =
            drawn(&parse(&text)).remove(0).parts(200).iter().map(|part| part.0.to_owned()).collect();
        let there: Vec<usize> = (0..200).filter(|at| parts[*at] == "part1").collect();
        assert_eq!(there, [0, 99, 199]);
        assert_eq!(parts.iter().filter(|part| *part == "hole").count(), 197);
        Ok(())
    };
    report("a_terabyte_of_hole_is_a_line", test());
}

fn parts(file: &Path, probe: ProbeChoice, count: usize) -> Vec<PicturePart> {
    let file = OpenFile::open(file).expect("own file");
    Prober::new(&file, probe).picture(ByteRange::WHOLE, count).expect("own file").1
}

#[test]
fn holes_are_counted_where_that_has_an_end() {
    let test = || -> Outcome {
        let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
        let file = scratch.path().join("comb");
        write_sparse(&file, 600 * page, &(0..300).map(|at| at * 2).collect::<Vec<_>>());
        for probe in [ProbeChoice::Cachestat, ProbeChoice::Mincore] {
            let one = parts(&file, probe, 1);
            assert_eq!((one[0].resident, one[0].holes), (Pages(300), None), "{probe:?}");
            for part in parts(&file, probe, 10) {
                assert_eq!((part.pages, part.resident, part.holes), (Pages(60), Pages(30), Some(Pages(30))));
            }
        }
        assert_eq!(parts(&file, ProbeChoice::Mincore, 3)[0].dirty, None, "mincore knows nothing of it");
        assert_eq!(parts(&file, ProbeChoice::Cachestat, 3)[0].dirty, Some(Pages(0)));
        Ok(())
    };
    report("holes_are_counted_where_that_has_an_end", test());
}
