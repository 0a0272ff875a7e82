//! Manual pages: clap's description of the arguments as roff, with the sections that people look for, clean for mandoc's lint.

use std::io;

use clap::Command;

/// The date in the pages: that of the release, since a page that changes every day can't be compared.
const DATE: &str = "2026-11-23";
/// Lines of text are filled up to this many bytes; mandoc's lint objects to more than 80.
const WIDTH: usize = 78;

/// The name of a command's page.
pub(crate) fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// A command's page; `others` are the pages it refers to.
pub(crate) fn page(command: &Command, others: &[String]) -> io::Result<String> {
    let name = name(command);
    let man = clap_mangen::Man::new(command.clone().name(name.clone()))
        .title(name.to_uppercase())
        .date(DATE)
        .source(format!("mmapio {}", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut roff = Vec::new();
    man.render_title(&mut roff)?;
    man.render_name_section(&mut roff)?;
    man.render_synopsis_section(&mut roff)?;
    man.render_description_section(&mut roff)?;
    man.render_options_section(&mut roff)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut roff)?;
    }
    let mut page = String::from_utf8_lossy(&roff).into_owned();
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    page += &sections(&help);
    page += &see_also(others.iter().filter(|other| **other != name));
    Ok(tidy(&page))
}

/// The blocks of a help text that begin with a heading, `Exit status:`, as sections; other blocks as notes.
fn sections(help: &str) -> String {
    let mut roff = String::new();
    for block in help.split("\n\n").filter(|block| !block.trim().is_empty()) {
        match block.split_once('\n').filter(|(heading, _)| heading.ends_with(':')) {
            Some((heading, lines)) => {
                let heading = heading.trim_end_matches(':').to_uppercase();
                roff += &format!(".SH \"{heading}\"\n.nf\n{}\n.fi\n", escaped(lines));
            }
            None => roff += &format!(".SH NOTES\n{}\n", escaped(block)),
        }
    }
    roff
}

fn see_also<'a>(others: impl Iterator<Item = &'a String>) -> String {
    let system = ["cachestat(2)", "mincore(2)", "fincore(1)", "vmtouch(8)"].map(reference);
    let ours = others.map(|other| reference(format!("{other}(1)")));
    let all: Vec<_> = ours.chain(system).collect();
    format!(".SH \"SEE ALSO\"\n{}\n", all.join(",\n"))
}

/// `name(section)` with a bold name.
fn reference(page: impl AsRef<str>) -> String {
    let (name, section) = page.as_ref().split_once('(').unwrap_or((page.as_ref(), ""));
    format!("\\fB{}\\fR({section}", escaped(name))
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga");
    let guarded =
        text.lines().map(|line| if line.starts_with('.') { format!("\\&{line}") } else { line.to_owned() });
    guarded.collect::<Vec<_>>().join("\n")
}

/// Fills long lines anew, and takes out what mandoc's lint objects to: blanks at line ends, breaks beside blank lines.
fn tidy(page: &str) -> String {
    let page = page.replace("\n.br\n\n.br\n", "\n.sp\n");
    let mut tidied = String::with_capacity(page.len());
    let mut filled = true;
    for line in page.lines().map(str::trim_end) {
        match line {
            ".nf" => filled = false,
            ".fi" => filled = true,
            _ => {}
        }
        if filled && line.len() > WIDTH && !line.starts_with(['.', '\'']) {
            fill(line, &mut tidied);
        } else {
            tidied += line;
        }
        tidied.push('\n');
    }
    tidied
}

fn fill(line: &str, out: &mut String) {
    let mut length = 0;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        if length > 0 && length + 1 + word.len() > WIDTH {
            out.push('\n');
            length = 0;
        }
        if length > 0 {
            out.push(' ');
        } else if word.starts_with(['.', '\'']) {
            out.push_str("\\&");
        }
        out.push_str(word);
        length += word.len() + 1;
    }
}
