//! A file as memory: what stands behind `MappedFile`.

use std::sync::Arc;

use mmapio_core::{Access, Blocks, ByteRange, Error, Extent, Faults, MapOptions, Mapping, OpenFile, Result};
use napi::Env;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::calls::{advice, not_ours};
use crate::failure::{Failure, answer};
use crate::held::Held;
use crate::opening::anew;
use crate::raw::{MappedBuffer, View};
use crate::record::{number, unsigned};
use crate::slot::Slot;

/// What the guard answered.
#[napi(object)]
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub count: f64,
    pub truncated: bool,
    pub stores: f64,
}

/// A mapping with a buffer that is made when it is asked for.
#[napi]
#[derive(Debug)]
pub(crate) struct Mapped {
    /// Calls in the thread pool borrow the object for as long as they go on, so that its methods cannot change it.
    slot: Arc<Slot>,
    options: MapOptions,
    /// Whether it was to go to the end of the file.
    is_open_ended: bool,
}

#[napi]
impl Mapped {
    /// Its buffer, or a SharedArrayBuffer; once.
    #[napi(catch_unwind)]
    pub fn buffer(&self, is_shared: bool) -> Either<MappedBuffer, Failure> {
        answer(self.held().map(|held| MappedBuffer { held, is_shared, is_owner: false }))
    }

    /// Length, and offset in the file.
    #[napi(catch_unwind)]
    pub fn extent(&self) -> Vec<f64> {
        let extent = self.mapping().map_or_else(|_| Extent::default(), |mapping| mapping.extent());
        vec![number(extent.length()), number(extent.offset())]
    }

    /// The size of the file now.
    #[napi(catch_unwind)]
    pub fn size(&self) -> Option<f64> {
        let mapping = self.mapping().ok()?;
        let file = mapping.file()?;
        Some(number(
            file.file().metadata().ok().filter(|data| data.is_file()).map_or(file.size(), |data| data.len()),
        ))
    }

    /// Whether it is unmapped.
    #[napi(catch_unwind)]
    pub fn is_closed(&self) -> bool {
        self.mapping().is_err()
    }

    /// What the guard answered so far.
    #[napi(catch_unwind)]
    pub fn faults(&self) -> Answered {
        self.mapping().map_or_else(|_| Answered::default(), |mapping| Answered::from(mapping.faults()))
    }

    /// Why populating failed.
    #[napi(catch_unwind)]
    pub fn unpopulated(&self) -> Option<Failure> {
        self.mapping().ok()?.unpopulated().map(Failure::of)
    }

    /// Gives advice about a part.
    #[napi(catch_unwind)]
    pub fn advise(&self, number: i32, offset: i64, length: i64) -> Option<Failure> {
        let part = Extent::new(unsigned(offset), unsigned(length));
        let advised = self.mapping().and_then(|mapping| mapping.advise(advice(number)?, part));
        advised.err().map(Failure::from)
    }

    /// Copies bytes into a view.
    #[napi(catch_unwind)]
    pub fn read(&self, offset: i64, into: View) -> Either<f64, Failure> {
        let read =
            self.mapping().and_then(|mapping| into.fill(|bytes| mapping.read_at(unsigned(offset), bytes)));
        answer(read.map(|length| number(length as u64)))
    }

    /// Copies bytes from a view.
    #[napi(catch_unwind)]
    pub fn write(&self, offset: i64, from: View) -> Option<Failure> {
        self.stored(unsigned(offset), &from).err().map(Failure::from)
    }

    /// Gives the file a size, where it is mapped for writing, and maps so many bytes of it. The buffer there was is emptied.
    #[napi(catch_unwind)]
    pub fn resize(&self, length: i64, buffer: Option<View>) -> Option<Failure> {
        self.resized(unsigned(length), buffer).err().map(Failure::from)
    }

    /// Maps the file anew; likewise.
    #[napi(catch_unwind)]
    pub fn remap(&self, length: Option<i64>, buffer: Option<View>) -> Option<Failure> {
        self.remapped(length.map(unsigned), buffer).err().map(Failure::from)
    }

    /// Unmaps it; likewise. A shared buffer keeps the memory for as long as a thread has it.
    #[napi(catch_unwind)]
    pub fn close(&self, buffer: Option<View>) {
        self.put(None, buffer);
    }
}

impl Mapped {
    pub(crate) fn new(env: Env, mapping: Mapping, options: MapOptions, is_open_ended: bool) -> Self {
        Self { slot: Slot::new(env, Held::new(mapping)), options, is_open_ended }
    }

    pub(crate) fn mapping(&self) -> Result<Arc<Mapping>> {
        self.held()?.mapping().ok_or_else(not_ours)
    }

    fn held(&self) -> Result<Arc<Held>> {
        self.slot.get().ok_or_else(not_ours)
    }

    /// Another mapping, or none, in the place of this one, which is unmapped when nothing uses it any more.
    fn put(&self, mapping: Option<Mapping>, buffer: Option<View>) {
        if let Some(old) = self.slot.replace(mapping.map(Held::new)) {
            let_go(&old, buffer);
        }
    }

    fn stored(&self, offset: u64, from: &View) -> Result<()> {
        let mapping = self.mapping()?;
        if !mapping.access().is_writable() {
            return Err(Error::system("write", std::io::Error::from_raw_os_error(EACCES)));
        }
        let end = mapping.len();
        if offset > end || from.length > end - offset {
            let why = format!("{} bytes at {offset} go beyond the end of the mapping at {end}", from.length);
            return Err(Error::range(why));
        }
        from.store(&mapping, offset)
    }

    fn resized(&self, length: u64, buffer: Option<View>) -> Result<()> {
        let mapping = self.mapping()?;
        match (mapping.file(), mapping.access()) {
            (None, _) | (_, Access::Copy) => self.moved(mapping, length, buffer),
            (Some(file), access) => {
                if access == Access::Write {
                    file.resize(mapping.extent().offset().saturating_add(length), Blocks::Sparse)?;
                }
                self.replace(file, &mapping, Some(length), buffer)
            }
        }
    }

    fn remapped(&self, length: Option<u64>, buffer: Option<View>) -> Result<()> {
        let mapping = self.mapping()?;
        let no_file = || Error::range("there is no file to be mapped anew");
        let file = mapping.file().ok_or_else(no_file)?;
        let length = length.or_else(|| (!self.is_open_ended).then(|| mapping.len()));
        self.replace(file, &mapping, length, buffer)
    }

    fn replace(
        &self,
        file: &OpenFile,
        old: &Mapping,
        length: Option<u64>,
        buffer: Option<View>,
    ) -> Result<()> {
        let range = ByteRange::new(old.extent().offset(), length)?;
        let mapping = self.options.range(range).map(anew(file)?)?;
        self.put(Some(mapping), buffer);
        Ok(())
    }

    /// Makes a mapping longer or shorter whose bytes are nowhere else.
    fn moved(&self, mapping: Arc<Mapping>, length: u64, buffer: Option<View>) -> Result<()> {
        drop(mapping);
        let busy = || Error::system("mremap", std::io::Error::from_raw_os_error(EBUSY));
        let held = self.held()?;
        if !held.can_be_taken(buffer.as_ref()) {
            return Err(busy());
        }
        let mut mapping = Arc::try_unwrap(held.take().ok_or_else(busy)?).map_err(|mapping| {
            held.put_back(mapping);
            busy()
        })?;
        if buffer.is_some_and(|buffer| !buffer.detach()) {
            held.put_back(Arc::new(mapping));
            return Err(busy());
        }
        let resized = mapping.resize(length);
        self.put(Some(mapping), None);
        resized
    }
}

/// Unmaps what one owner less has, and empties its buffer. Where the bytes are shown by something that is not here, a shared buffer or one
/// that was given to another thread, they stay until that is collected.
fn let_go(held: &Held, buffer: Option<View>) {
    // One whose memory was moved on is empty already.
    let buffer = buffer.filter(|buffer| held.is_shown_by(buffer));
    if held.can_be_taken(buffer.as_ref()) {
        let mapping = held.take();
        if buffer.is_some_and(|buffer| !buffer.detach()) {
            std::mem::forget(mapping);
        }
    }
    held.release();
}

const EACCES: i32 = 13;
const EBUSY: i32 = 16;

impl Drop for Mapped {
    fn drop(&mut self) {
        self.slot.release();
    }
}

impl From<Faults> for Answered {
    fn from(faults: Faults) -> Self {
        Self {
            count: number(faults.count),
            truncated: faults.truncated,
            stores: number(faults.private_writes),
        }
    }
}
