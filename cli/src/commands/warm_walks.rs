//! One thread's part of the walks of `mmapio warm`.

use std::ops::ControlFlow;
use std::path::Path;

use mmapio_core::{Error, Extent, FileId, FileKind, Found, Report, Subject, WarmPlan, WarmVisitor};

use super::acts::Stage;
use super::selection::Selection;
use super::sink::Sink;

/// What both walks need.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) stage: &'a Stage<'a>,
    pub(crate) selection: &'a Selection<'a>,
}

/// Takes what came of each file. Loading goes on when nobody reads the report any more: it is wanted for its own sake.
pub(crate) struct Taking<'a> {
    ground: Ground<'a>,
    sink: Sink<'a>,
}

impl<'a> Taking<'a> {
    pub(crate) fn new(ground: Ground<'a>) -> Self {
        Self { ground, sink: Sink::new(&ground.stage.frame) }
    }

    pub(crate) fn into_sink(self) -> Sink<'a> {
        self.sink
    }
}

impl WarmVisitor for Taking<'_> {
    fn extents(&mut self, found: &Found<'_>) -> mmapio_core::Result<Vec<Extent>> {
        let Ground { stage, selection } = self.ground;
        selection.extents(found, &stage.ranged, &stage.frame)
    }

    fn found(&mut self, found: &Found<'_>) {
        self.sink.count(found.file.size());
        if found.file.kind() == FileKind::BlockDevice {
            self.ground.stage.frame.warn(&format!(
                "{}: a device's pages are dropped when the last process closes it: hold it open, as `mmapio lock` does",
                found.path.display()
            ));
        }
    }

    fn report(&mut self, subject: Subject<'_>, report: Report) {
        let Ground { stage, selection } = self.ground;
        let ranged = !selection.is_whole(&stage.ranged);
        // The files of a list are as many as those of a tree.
        let mut subject = subject;
        subject.named &= !selection.is_listed();
        let _ = stage.report(&mut self.sink, subject, ranged, report);
    }

    fn again(&mut self, path: &Path, id: FileId) {
        if self.ground.stage.keeps_names() {
            self.sink.aliases.push((id, path.to_owned()));
        }
    }

    fn error(&mut self, error: Error) {
        let _ = self.sink.error(error);
    }
}

/// Files that were there at the first walk and not met at the second: what is no longer in a tree is nothing that failed.
pub(crate) fn account_for_the_lost(stage: &Stage<'_>, plan: &WarmPlan) {
    let lost = plan.not_met();
    if lost == 0 {
        return;
    }
    let files = if lost == 1 { "1 file was" } else { &format!("{lost} files were") };
    match stage.go_on() {
        ControlFlow::Break(()) => stage.frame.say(&format!("{files} not reached")),
        ControlFlow::Continue(()) => {
            stage.frame.warn(&format!("{files} removed or replaced before being loaded"));
        }
    }
}
