//! What reads or writes, by whatever strategy.

use mmapio_core::{Error, Reading, STRATEGIES, Strategy, WRITE_STRATEGIES, WriteStrategy, Writing};

/// A strategy.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    Read(&'static Strategy),
    Write(&'static WriteStrategy),
}

impl Way {
    /// All there are of one kind.
    pub(super) fn all(writes: bool) -> Vec<Self> {
        match writes {
            false => STRATEGIES.iter().map(Self::Read).collect(),
            true => WRITE_STRATEGIES.iter().map(Self::Write).collect(),
        }
    }

    /// The one of this name; no name is of two.
    pub(super) fn find(name: &str) -> Option<Self> {
        Strategy::find(name).map(Self::Read).or_else(|| WriteStrategy::find(name).map(Self::Write))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read(strategy) => strategy.name,
            Self::Write(strategy) => strategy.name,
        }
    }

    pub(super) fn calls(self) -> &'static str {
        match self {
            Self::Read(strategy) => strategy.calls,
            Self::Write(strategy) => strategy.calls,
        }
    }

    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Read(strategy) => strategy.about,
            Self::Write(strategy) => strategy.about,
        }
    }

    pub(super) fn is_mapped(self) -> bool {
        match self {
            Self::Read(strategy) => strategy.is_mapped,
            Self::Write(strategy) => strategy.is_mapped,
        }
    }

    pub(super) fn is_aligned(self) -> bool {
        match self {
            Self::Read(strategy) => strategy.is_aligned,
            Self::Write(strategy) => strategy.is_aligned,
        }
    }

    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write(_))
    }
}

/// One thread's hold on the file. Not by way of another pointer, which each access would pay for.
pub(super) trait Hand: Send + Sized {
    /// One access, and the checksum of what was read.
    fn access(&mut self, offset: u64, length: usize) -> Result<u64, Error>;

    /// Waits until what was written is on the storage.
    fn sync(&mut self) -> Result<(), Error>;

    /// The same for another thread.
    fn fork(&self) -> Result<Self, Error>;

    /// Whether all that was read was real.
    fn verify(&self) -> Result<(), Error>;
}

impl Hand for Box<dyn Reading> {
    #[inline]
    fn access(&mut self, offset: u64, length: usize) -> Result<u64, Error> {
        (**self).access(offset, length)
    }

    fn sync(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn fork(&self) -> Result<Self, Error> {
        (**self).fork()
    }

    fn verify(&self) -> Result<(), Error> {
        (**self).verify()
    }
}

impl Hand for Box<dyn Writing> {
    #[inline]
    fn access(&mut self, offset: u64, length: usize) -> Result<u64, Error> {
        (**self).access(offset, length).map(|()| 0)
    }

    fn sync(&mut self) -> Result<(), Error> {
        (**self).sync()
    }

    fn fork(&self) -> Result<Self, Error> {
        (**self).fork()
    }

    /// What was written is read back in another way.
    fn verify(&self) -> Result<(), Error> {
        Ok(())
    }
}
