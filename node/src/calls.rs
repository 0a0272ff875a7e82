//! The functions that JavaScript calls; `node/lib` has checked their arguments.

use std::sync::{Arc, OnceLock};

use mmapio_core::{
    ADVICES, Access, AdviceCall, ByteRange, Error, Extent, Flush, MapOptions, Mapping, OpenFile, page_size,
};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::failure::Failure;
use crate::held::{Held, InUse};
use crate::raw::{MappedBuffer, View, duplicate};

/// A number that the system's headers define.
#[napi(object)]
pub(crate) struct Constant {
    pub name: String,
    pub value: i32,
}

/// The advice that madvise carries here, from the core's table.
#[napi]
pub(crate) fn advice_constants() -> Vec<Constant> {
    let of_madvise = ADVICES.iter().filter_map(|advice| advice.carried_by(AdviceCall::Madvise));
    let constant = |carrier: &mmapio_core::Carrier| {
        carrier.number().map(|value| Constant { name: carrier.constant.to_owned(), value })
    };
    of_madvise.filter_map(constant).collect()
}

/// The page size.
#[napi]
pub(crate) fn page_bytes() -> u32 {
    u32::try_from(page_size()).unwrap_or(4096)
}

/// What is wanted of a mapping.
#[napi(object)]
pub(crate) struct Wanted {
    /// `none`, `read`, `write`, `copy`.
    pub access: String,
    pub private: bool,
    pub offset: i64,
    pub length: i64,
    pub populate: bool,
    pub guard: bool,
    /// Whether to keep the file, so that truncation is told from other faults and residency can be asked fast.
    pub keep: bool,
}

/// Mappings that are left to the runtime: one that cannot map any more aborts.
const LEFT_TO_THE_RUNTIME: usize = 4096;

/// Whether there may be another mapping of ours.
fn require_room() -> mmapio_core::Result<()> {
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
#[napi]
pub(crate) fn map_file(descriptor: i32, wanted: Wanted) -> Either<MappedBuffer, Failure> {
    if let Err(error) = require_room() {
        return Either::B(error.into());
    }
    let mapped = duplicate(descriptor).map_err(|error| Error::system("mmap", error)).and_then(|file| {
        let file = OpenFile::from_file(file)?;
        let options = wanted.options()?;
        if wanted.keep { options.map(file) } else { options.map_only(&file) }
    });
    buffer_of(mapped)
}

/// Maps memory without a file.
#[napi]
pub(crate) fn map_anonymous(wanted: Wanted) -> Either<MappedBuffer, Failure> {
    if let Err(error) = require_room() {
        return Either::B(error.into());
    }
    let length = u64::try_from(wanted.length).unwrap_or(0);
    buffer_of(wanted.options().and_then(|options| options.anonymous(length)))
}

impl Wanted {
    fn options(&self) -> mmapio_core::Result<MapOptions> {
        let access = match &*self.access {
            "none" => Access::None,
            "write" => Access::Write,
            "copy" => Access::Copy,
            _ => Access::Read,
        };
        let bytes = |number: i64| u64::try_from(number).unwrap_or(u64::MAX);
        let mut options =
            MapOptions::new(access).range(ByteRange::new(bytes(self.offset), Some(bytes(self.length)))?);
        if self.private {
            options = options.private();
        }
        if self.populate {
            options = options.populate();
        }
        Ok(if self.guard { options } else { options.unguarded() })
    }
}

fn buffer_of(mapped: mmapio_core::Result<Mapping>) -> Either<MappedBuffer, Failure> {
    match mapped {
        Ok(mapping) => {
            let length = usize::try_from(mapping.len()).unwrap_or(0);
            Either::A(MappedBuffer(Held::new(mapping), length))
        }
        Err(error) => Either::B(error.into()),
    }
}

/// Whether a buffer shows a mapping of ours.
#[napi]
pub(crate) fn is_mapped(view: View) -> bool {
    mapping_of(&view).is_some()
}

/// Unmaps at once: 0 when it is not ours or gone already, 1 when it is done, 2 when a call that goes on uses it.
#[napi]
pub(crate) fn unmap(view: View) -> u32 {
    let Some(held) = Held::at(view.base) else { return 0 };
    match held.take() {
        Err(InUse) => 2,
        Ok(None) => 0,
        Ok(Some(mapping)) => {
            // Nobody can reach the bytes when they are unmapped.
            let is_detached = view.detach();
            if !is_detached {
                // Rather kept for ever than taken away from a buffer that still shows them.
                std::mem::forget(mapping);
            }
            u32::from(is_detached)
        }
    }
}

/// Gives advice about a part of a view.
#[napi]
pub(crate) fn advise(view: View, offset: i64, length: i64, number: i32) -> Option<Failure> {
    on_part(&view, offset, length, |mapping, part| {
        let is_this = |advice: &&mmapio_core::Advice| {
            advice.carried_by(AdviceCall::Madvise).and_then(mmapio_core::Carrier::number) == Some(number)
        };
        let unknown = || Error::system("madvise", std::io::Error::from_raw_os_error(22));
        mapping.advise(ADVICES.iter().find(is_this).ok_or_else(unknown)?, part)
    })
}

/// Writes a part of a view back: with `blocking` it is on the storage when this returns, else writing is started where the file is
/// kept.
#[napi]
pub(crate) fn sync(
    view: View,
    offset: i64,
    length: i64,
    blocking: bool,
    invalidate: bool,
) -> Option<Failure> {
    on_part(&view, offset, length, |mapping, part| match (blocking, invalidate) {
        (_, true) => mapping.flush(part, Flush::Invalidate),
        (true, false) => mapping.flush(part, Flush::Msync),
        (false, false) if mapping.file().is_some() => mapping.flush(part, Flush::Start),
        // MS_ASYNC does nothing on Linux, and there is no file to start with.
        (false, false) => Ok(()),
    })
}

/// Counts the pages of a view: not in memory, and in memory.
#[napi]
pub(crate) fn incore(view: View) -> Either<Vec<f64>, Failure> {
    let Some((mapping, part)) = part_of(&view, 0, view.length) else { return Either::B(not_ours("mincore")) };
    match count(&mapping, part) {
        Ok((absent, resident)) => Either::A(vec![absent, resident]),
        Err(error) => Either::B(error.into()),
    }
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
    let mut vector = vec![0; usize::try_from(pages).unwrap_or(0)];
    mapping.mincore(part.offset(), &mut vector)?;
    let resident: u64 = vector.iter().map(|page| u64::from(page & 1)).sum();
    Ok(((pages - resident) as f64, resident as f64))
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
        return Some(not_ours("mmap"));
    };
    let Some((mapping, part)) = part_of(view, offset, length) else { return Some(not_ours("mmap")) };
    call(&mapping, part).err().map(Failure::from)
}

/// The buffer shows no mapping, or none any more.
fn not_ours(syscall: &'static str) -> Failure {
    let error = Error::system(syscall, std::io::Error::from_raw_os_error(22));
    Failure { message: "the buffer is not a mapping, or was unmapped".to_owned(), ..error.into() }
}
