//! The page of residency, in a real browser: sorted and filtered, safe from the names in it, seen in light and dark.

#![expect(clippy::expect_used, reason = "a page that lacks something fails the test")]

#[path = "support/browser.rs"]
mod browser;
#[expect(dead_code, reason = "another test uses the rest")]
#[path = "support/drawn.rs"]
mod drawn;
mod support;

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use resvg::tiny_skia::Pixmap;
use serde_json::json;
use support::command::incore;
use support::scratch::{Scratch, write_sparse};
use support::{Outcome, needs_root, oracle, report};

use browser::Browser;
use drawn::count;

/// What is shown, from top to bottom.
const SHOWN: &str = "[...document.querySelectorAll('tbody tr')].filter((row) => !row.hidden).map((row) => row.cells[0].textContent)";

/// Files on a filesystem whose pages do not go away: all in memory, half of it, nothing, and without pages.
fn files() -> Result<Scratch, support::Skip> {
    let (scratch, page) = (Scratch::in_memory()?, oracle::page_size());
    scratch.file("t/b-whole.log", 4 * page);
    write_sparse(&scratch.path().join("t/A-half.db"), 20 * page, &(0..10).collect::<Vec<_>>());
    write_sparse(&scratch.path().join("t/c-none.log"), 6 * page, &[]);
    scratch.file("t/d-empty", 0);
    Ok(scratch)
}

/// Writes the page of `t`, and gives its address.
fn page(scratch: &Scratch) -> String {
    incore(["--html", "page.html", "t"]).in_dir(scratch.path()).run().exits(0);
    format!("file://{}", scratch.path().join("page.html").display())
}

fn in_a_browser(test: &str, body: impl FnOnce(&Scratch, &mut Browser) -> Outcome) {
    let run = || -> Outcome {
        let (scratch, talk) = (files()?, Scratch::on_disk());
        body(&scratch, &mut Browser::start(talk.path())?)
    };
    report(test, run());
}

#[test]
fn an_address_opens_it_sorted_and_filtered() {
    in_a_browser("an_address_opens_it_sorted_and_filtered", |scratch, browser| {
        let address = page(scratch);
        browser.go(&address);
        assert_eq!(browser.texts(SHOWN), ["t/A-half.db", "t/b-whole.log", "t/c-none.log", "t/d-empty"]);
        for (hash, expected) in [
            ("#sort=size", &["t/A-half.db", "t/c-none.log", "t/b-whole.log", "t/d-empty"][..]),
            ("#sort=size&order=ascending", &["t/d-empty", "t/b-whole.log", "t/c-none.log", "t/A-half.db"]),
            ("#sort=file&order=descending", &["t/d-empty", "t/c-none.log", "t/b-whole.log", "t/A-half.db"]),
            // Of nothing there is no share: it comes last either way.
            ("#sort=percent", &["t/b-whole.log", "t/A-half.db", "t/c-none.log", "t/d-empty"]),
            ("#sort=percent&order=ascending", &["t/c-none.log", "t/A-half.db", "t/b-whole.log", "t/d-empty"]),
            ("#filter=LOG&sort=resident", &["t/b-whole.log", "t/c-none.log"]),
            ("#filter=nothing-like-it", &[]),
            ("#sort=nonsense&order=%00&x", &["t/A-half.db", "t/b-whole.log", "t/c-none.log", "t/d-empty"]),
        ] {
            // Afresh, and from the page before.
            browser.go("about:blank");
            for _ in 0..2 {
                browser.go(&format!("{address}{hash}"));
                // The event that tells of it comes after what runs now.
                browser.value("new Promise((done) => setTimeout(done))");
                assert_eq!(browser.texts(SHOWN), expected, "{hash}");
                browser.go(&format!("{address}{hash}"));
            }
            assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
        }
        Ok(())
    });
}

const SORTED: &str = "[...document.querySelectorAll('th[aria-sort]')].map((th) => th.dataset.sort + ' ' + th.getAttribute('aria-sort'))";

#[test]
fn headings_sort_by_pointer_and_by_keyboard() {
    in_a_browser("headings_sort_by_pointer_and_by_keyboard", |scratch, browser| {
        browser.go(&page(scratch));
        assert!(browser.texts(SORTED).is_empty());
        browser.click("th[data-sort=resident] button");
        assert_eq!(browser.texts(SORTED), ["resident descending"]);
        assert_eq!(browser.texts(SHOWN)[0], "t/A-half.db");
        browser.click("th[data-sort=resident] button");
        assert_eq!(browser.texts(SORTED), ["resident ascending"]);
        assert_eq!(browser.texts(SHOWN)[3], "t/A-half.db");
        assert_eq!(browser.value("location.hash"), json!("#sort=resident&order=ascending"));
        // From the filter the next stop is the first heading.
        browser.value("document.querySelector('input').focus()");
        browser.press("l", "l");
        browser.press("o", "o");
        browser.press("Tab", "");
        browser.press("Enter", "\r");
        assert_eq!(browser.texts(SORTED), ["file ascending"]);
        assert_eq!(browser.texts(SHOWN), ["t/b-whole.log", "t/c-none.log"]);
        assert_eq!(browser.value("document.querySelector('output').textContent"), json!("2 of 4 shown"));
        assert_eq!(browser.value("location.hash"), json!("#sort=file&order=ascending&filter=lo"));
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
        Ok(())
    });
}

/// Names that would do something if they were let.
const NASTY: [&str; 6] = [
    "<script>document.title='x'<!--",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)\" x='",
    "'><svg onload=alert(1)>",
    "&lt;b&gt;&#x27;",
    "--><style>*{display:none}",
];

#[test]
fn names_are_text_and_nothing_else() {
    in_a_browser("names_are_text_and_nothing_else", |scratch, browser| {
        for name in NASTY {
            // A slash is the one thing that no name has.
            scratch.file(&format!("t/{name}"), 1);
        }
        scratch.file("t/<script>x<\u{2f}script>", 1);
        browser.go(&page(scratch));
        let shown = browser.texts(SHOWN);
        for name in NASTY {
            assert!(shown.contains(&format!("t/{name}")), "{name}: {shown:?}");
        }
        assert!(shown.contains(&"t/<script>x</script>".to_owned()), "{shown:?}");
        let foreign = "document.querySelectorAll('img, tbody script, tbody style, [onerror], [onload], [onmouseover]').length";
        assert_eq!(browser.value(foreign), json!(0));
        assert_eq!(browser.value("document.scripts.length"), json!(1));
        browser.go("about:blank");
        let address = format!("file://{}/page.html#filter=%3Cimg", scratch.path().display());
        browser.go(&address);
        assert_eq!(browser.texts(SHOWN), ["t/<img src=x onerror=alert(1)>"]);
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
        Ok(())
    });
}

#[test]
fn what_is_not_its_own_does_not_run() {
    in_a_browser("what_is_not_its_own_does_not_run", |scratch, browser| {
        browser.go(&page(scratch));
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
        let inject = "(() => { const add = (name, set) => document.body.append(Object.assign(document.createElement(name), set));
            add('script', { textContent: 'window.ran = 1' });
            add('div', { innerHTML: '<b onclick=\"window.ran = 2\">x</b><img src=\"http://localhost:9/x\">' });
            document.querySelector('b').click();
            add('style', { textContent: 'body { --ran: 3 }' });
            return [typeof window.ran, getComputedStyle(document.body).getPropertyValue('--ran')] })()";
        assert_eq!(browser.value(inject), json!(["undefined", ""]));
        let refused = browser.value("fetch('http://localhost:9/').then(() => 'let', () => 'refused')");
        assert_eq!(refused, json!("refused"));
        assert!(browser.complaints().len() >= 3, "they are told of: {:?}", browser.complaints());
        Ok(())
    });
}

#[test]
fn unknown_comes_last_in_both_orders() {
    in_a_browser("unknown_comes_last_in_both_orders", |scratch, browser| {
        needs_root()?;
        let anybody = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(scratch.path(), anybody).expect("own directory");
        let writable = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(scratch.path().join("t/c-none.log"), writable).expect("own file");
        let ran = incore(["--html", "page.html", "t"]).through(["as", "65534"]).in_dir(scratch.path()).run();
        ran.exits(0);
        for order in ["ascending", "descending"] {
            browser.go("about:blank");
            browser.go(&format!("file://{}/page.html#sort=resident&order={order}", scratch.path().display()));
            assert_eq!(browser.texts(SHOWN)[2..], ["t/A-half.db", "t/b-whole.log"], "{order}");
        }
        Ok(())
    });
}

#[test]
fn it_is_seen_in_light_and_dark() {
    in_a_browser("it_is_seen_in_light_and_dark", |scratch, browser| {
        browser.go(&page(scratch));
        for (scheme, paper, resident, other) in
            [("light", "#ffffff", "#0b5cc0", "#62adff"), ("dark", "#0d1117", "#62adff", "#0b5cc0")]
        {
            let pixels = Pixmap::decode_png(&browser.screenshot(scheme)).expect("a picture");
            let all = pixels.pixels().len();
            assert!(count(&pixels, paper) > all / 2, "{scheme}: {} of {all}", count(&pixels, paper));
            assert!(count(&pixels, resident) > 1000 && count(&pixels, other) == 0, "{scheme}");
        }
        // The strip of what is half in memory is so wide, and half of it resident.
        let widths = "(() => { const row = [...document.querySelectorAll('tbody tr')].find((row) => row.cells[0].textContent === 't/A-half.db');
            const [strip, path] = [row.querySelector('svg'), row.querySelector('path.resident')];
            return path.getBoundingClientRect().width / strip.getBoundingClientRect().width })()";
        let half = browser.value(widths).as_f64().expect("a number");
        assert!((half - 0.5).abs() < 0.01, "{half}");
        Ok(())
    });
}

#[test]
fn nothing_lies_on_anything_on_a_narrow_screen() {
    in_a_browser("nothing_lies_on_anything_on_a_narrow_screen", |scratch, browser| {
        scratch.file(&format!("t/{}", "long-name-".repeat(20)), 1);
        scratch.file(&format!("t/{}", "日本語".repeat(25)), 1);
        let address = page(scratch);
        let looks = ["", "#sort=resident", "#sort=dirty&order=ascending"];
        for (width, look) in [480, 800, 1400].into_iter().flat_map(|width| looks.map(|look| (width, look))) {
            browser.go(&format!("{address}{look}"));
            browser.value("new Promise((done) => setTimeout(done))");
            let size = json!({"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": false});
            browser.call("Emulation.setDeviceMetricsOverride", size);
            let wide = "[...document.querySelectorAll('td, th')].filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent)";
            let no: Vec<String> = Vec::new();
            assert_eq!(browser.texts(wide), no, "{width} {look}");
        }
        Ok(())
    });
}

#[test]
fn ten_thousand_rows_are_sorted_and_filtered() {
    in_a_browser("ten_thousand_rows_are_sorted_and_filtered", |scratch, browser| {
        many(&scratch.dir("t/many"));
        browser.go(&format!("{}#sort=size&filter=9999", page(scratch)));
        assert_eq!(browser.texts(SHOWN), ["t/many/9999"]);
        browser.value("document.querySelector('input').focus()");
        let all = browser.value("document.querySelectorAll('tbody tr').length");
        assert_eq!(all, json!(10_004));
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
        Ok(())
    });
}

fn many(dir: &Path) {
    for at in 0..10_000 {
        File::create(dir.join(at.to_string())).and_then(|file| file.set_len(at * 100)).expect("own file");
    }
}
