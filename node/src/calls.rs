//! The functions that JavaScript calls; `node/lib` has checked their arguments.

use std::sync::{Arc, OnceLock};

use mmapio_core::{
    ADVICES, Access, Advice, AdviceCall, ByteRange, Carrier, Error, Extent, Flush, Guard, MapOptions,
    Mapping, OpenFile, page_size,
};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::failure::{Failure, answer};
use crate::held::Held;
use crate::mapped::Answered;
use crate::opening::guarded;
use crate::raw::{MappedBuffer, View, duplicate, lent};
use crate::record::unsigned;

/// A number that the system's headers define, for an advice that has a name of its own.
#[napi(object)]
pub(crate) struct Constant {
    pub name: String,
    pub value: i32,
    pub advice: String,
}

/// The advice that madvise carries here, from the core's table.
#[napi(catch_unwind)]
pub(crate) fn advice_constants() -> Vec<Constant> {
    let constant = |advice: &Advice| {
        let carrier = advice.carried_by(AdviceCall::Madvise)?;
        let (name, advice) = (carrier.constant.to_owned(), advice.name.to_owned());
        carrier.number().map(|value| Constant { name, value, advice })
    };
    ADVICES.iter().filter_map(constant).collect()
}

/// The page size.
#[napi(catch_unwind)]
pub(crate) fn page_bytes() -> u32 {
    u32::try_from(page_size()).unwrap_or(4096)
}

/// What is wanted of a mapping, as bits of a number, which is had from JavaScript at once: what `node/lib` calls `HOW`.
#[derive(Clone, Copy)]
pub(crate) struct How(u32);

impl How {
    const ACCESS: u32 = 3;
    const PRIVATE: u32 = 1 << 2;
    const POPULATE: u32 = 1 << 3;
    /// Whether to keep the file, so that truncation is told from other faults and residency can be asked fast.
    const KEEP: u32 = 1 << 4;

    fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    fn access(self) -> Access {
        match self.0 & Self::ACCESS {
            0 => Access::None,
            1 => Access::Read,
            2 => Access::Write,
            _ => Access::Copy,
        }
    }

    fn options(self, offset: i64, length: i64) -> mmapio_core::Result<MapOptions> {
        let range = ByteRange::new(unsigned(offset), Some(unsigned(length)))?;
        let mut options = MapOptions::new(self.access()).range(range);
        if self.has(Self::PRIVATE) {
            options = options.private();
        }
        if self.has(Self::POPULATE) {
            options = options.populate();
        }
        Ok(guarded(options, true))
    }
}

/// Mappings that are left to the runtime: one that cannot map any more aborts.
const LEFT_TO_THE_RUNTIME: usize = 4096;

/// Whether there may be another mapping of ours.
pub(crate) fn require_room() -> mmapio_core::Result<()> {
    static MOST: OnceLock<usize> = OnceLock::new();
    let most = *MOST.get_or_init(|| {
        let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok();
        limit.and_then(|limit| limit.trim().parse().ok()).unwrap_or(65_530)
    });
    let held = Held::count();
    if held + LEFT_TO_THE_RUNTIME < most {
        return Ok(());
    }
    let why = format!("{most} mappings are allowed, and buffers hold {held}: unmap() some, or raise it");
    Err(Error::limit("vm.max_map_count", why))
}

/// Maps an open file, whose descriptor stays the caller's.
pub(crate) fn map_file(descriptor: i32, how: u32, offset: i64, length: i64) -> Either<MappedBuffer, Failure> {
    if let Err(error) = require_room() {
        return Either::B(error.into());
    }
    let how = How(how);
    let unmapped = |error| Error::system("mmap", error);
    buffer_of(how.options(offset, length).and_then(|options| match how.has(How::KEEP) {
        true => options.map(OpenFile::from_file(duplicate(descriptor).map_err(unmapped)?)?),
        false => options.map_lent(&*lent(descriptor).map_err(unmapped)?),
    }))
}

/// Maps memory without a file.
pub(crate) fn map_anonymous(how: u32, length: i64) -> Either<MappedBuffer, Failure> {
    if let Err(error) = require_room() {
        return Either::B(error.into());
    }
    buffer_of(How(how).options(0, length).and_then(|options| options.anonymous(unsigned(length))))
}

fn buffer_of(mapped: mmapio_core::Result<Mapping>) -> Either<MappedBuffer, Failure> {
    answer(mapped.map(|mapping| MappedBuffer { held: Held::new(mapping), is_shared: false, is_owner: true }))
}

/// Has faults come to the guard first, after somebody else took the signal.
#[napi(catch_unwind)]
pub(crate) fn take_signals_back() -> Option<Failure> {
    Guard::take_back().err().map(Failure::from)
}

/// Whether a buffer shows a mapping of ours.
#[napi(catch_unwind)]
pub(crate) fn is_mapped(view: View) -> bool {
    mapping_of(&view).is_some()
}

/// Unmaps; what calls in other threads use of it is unmapped when they have ended. False when it is not ours, gone already, or shared
/// between threads.
pub(crate) fn unmap(view: &View) -> bool {
    let ours = Held::at(view.base).filter(|held| held.can_be_taken(Some(view)));
    let Some(mapping) = ours.and_then(|held| held.take()) else { return false };
    // Nobody can reach the bytes when they are unmapped.
    let is_detached = view.detach();
    if !is_detached {
        // Rather kept for ever than taken away from a buffer that still shows them.
        std::mem::forget(mapping);
    }
    is_detached
}

/// What the guard answered in the mapping that a buffer shows.
#[napi(catch_unwind)]
pub(crate) fn faults_of(view: View) -> Option<Answered> {
    mapping_of(&view).map(|mapping| mapping.faults().into())
}

/// Gives advice about a part of a view.
pub(crate) fn advise(view: &View, offset: i64, length: i64, number: i32) -> Option<Failure> {
    on_part(view, offset, length, |mapping, part| mapping.advise(advice(number)?, part))
}

/// The advice that madvise(2) knows by this number.
pub(crate) fn advice(number: i32) -> mmapio_core::Result<&'static Advice> {
    let is_this =
        |advice: &&Advice| advice.carried_by(AdviceCall::Madvise).and_then(Carrier::number) == Some(number);
    let unknown = || Error::system("madvise", std::io::Error::from_raw_os_error(EINVAL));
    ADVICES.iter().find(is_this).ok_or_else(unknown)
}

const EINVAL: i32 = 22;

/// Writes a part of a view back: with `blocking` it is on the storage when this returns, else writing is started where the file is
/// kept.
pub(crate) fn sync(
    view: &View,
    offset: i64,
    length: i64,
    blocking: bool,
    invalidate: bool,
) -> Option<Failure> {
    on_part(view, offset, length, |mapping, part| match (blocking, invalidate) {
        (_, true) => mapping.flush(part, Flush::Invalidate),
        (true, false) => mapping.flush(part, Flush::Msync),
        (false, false) if mapping.file().is_some() => mapping.flush(part, Flush::Start),
        // MS_ASYNC does nothing on Linux, and there is no file to start with.
        (false, false) => Ok(()),
    })
}

/// Counts the pages of a view: not in memory, and in memory.
pub(crate) fn incore(view: &View) -> Either<Vec<f64>, Failure> {
    let Some((mapping, part)) = part_of(view, 0, view.length) else { return Either::B(not_ours().into()) };
    answer(count(&mapping, part).map(|(absent, resident)| vec![absent, resident]))
}

/// Where residency is not for us to know both ways say so: mincore(2) by itself would claim that all is in memory.
#[expect(clippy::cast_precision_loss, reason = "no mapping has 2^53 pages")]
fn count(mapping: &Mapping, part: Extent) -> mmapio_core::Result<(f64, f64)> {
    if mapping.file().is_some() && mapping.is_shared() && part.length() == mapping.len() {
        let residency = mapping.residency()?;
        if let Some(resident) = residency.resident {
            let pages = pages_touched(mapping, part);
            let resident = resident.0.min(pages);
            return Ok(((pages - resident) as f64, resident as f64));
        }
    }
    let pages = pages_touched(mapping, part);
    let resident = resident_pages(mapping, part.offset(), pages)?;
    Ok(((pages - resident) as f64, resident as f64))
}

/// Pages asked about at once: a mapping may be larger than what a list of all its pages has room for.
const STEP: usize = 1 << 16;

fn resident_pages(mapping: &Mapping, offset: u64, pages: u64) -> mmapio_core::Result<u64> {
    let mut vector = vec![0; usize::try_from(pages).map_or(STEP, |pages| pages.min(STEP))];
    let (mut offset, mut rest, mut resident) = (offset, pages, 0);
    while rest > 0 {
        let count = usize::try_from(rest).map_or(vector.len(), |rest| rest.min(vector.len()));
        let some = vector.split_at_mut(count).0;
        mapping.mincore(offset, some)?;
        resident += some.iter().map(|page| u64::from(page & 1)).sum::<u64>();
        rest -= count as u64;
        // The first page is not begun with where the part begins inside of it.
        let in_page = (mapping.as_ptr().addr() as u64 + offset) % page_size();
        offset += count as u64 * page_size() - in_page;
    }
    Ok(resident)
}

/// The pages that a part of a mapping lies in.
fn pages_touched(mapping: &Mapping, part: Extent) -> u64 {
    let start = mapping.as_ptr().addr() as u64 % page_size() + part.offset();
    (start + part.length()).div_ceil(page_size()) - start / page_size()
}

fn mapping_of(view: &View) -> Option<Arc<Mapping>> {
    Held::at(view.base)?.mapping()
}

/// The mapping that a part of a view shows, and where in it.
fn part_of(view: &View, offset: u64, length: u64) -> Option<(Arc<Mapping>, Extent)> {
    Some((mapping_of(view)?, Extent::new(view.offset + offset, length)))
}

fn on_part(
    view: &View,
    offset: i64,
    length: i64,
    call: impl FnOnce(&Mapping, Extent) -> mmapio_core::Result<()>,
) -> Option<Failure> {
    let (Ok(offset), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else {
        return Some(not_ours().into());
    };
    let Some((mapping, part)) = part_of(view, offset, length) else { return Some(not_ours().into()) };
    call(&mapping, part).err().map(Failure::from)
}

/// The buffer shows no mapping, or none any more.
pub(crate) fn not_ours() -> Error {
    let source = std::io::Error::from_raw_os_error(EINVAL);
    Error::refused("mmap", source, "the buffer is not a mapping, or was unmapped")
}
