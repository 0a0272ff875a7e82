//! THE advice table: what the kernel can be told about a file, and what comes of it. A new advice is one row here.
//!
//! What is not in it cannot be given: whatever could lose data, take memory away from somebody, or write to a file
//! (`MADV_REMOVE`, `MADV_FREE`, `MADV_HWPOISON`, `MADV_SOFT_OFFLINE`, `MADV_GUARD_INSTALL`, `MADV_WIPEONFORK`,
//! `MADV_POPULATE_WRITE`) has no row.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::sys::{fadvise, madvise};

/// An advice to the kernel: a row of [`ADVICES`].
///
/// ```
/// use mmapio_core::{Advice, AdviceScope};
/// let cold = Advice::find("cold").unwrap();
/// assert_eq!(cold.usual().constant, "MADV_COLD");
/// assert_eq!(cold.usual().scope, AdviceScope::PageCache);
/// assert!(Advice::find("remove").is_none());
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// Its name in options and in all formats.
    pub name: &'static str,
    /// What it does, in a line.
    pub effect: &'static str,
    /// The calls that carry it; the first one that the system has is taken unless told otherwise.
    pub carriers: &'static [Carrier],
    /// The first Linux that does something about it.
    pub least_kernel: Kernel,
    /// What the kernel must have besides, in words; empty when nothing.
    pub needs: &'static str,
    /// The first Linux where process_madvise(2) carries it to another process; none where no kernel does.
    pub to_others: Option<Kernel>,
    /// Whether the kernel leaves out, without a word, what is not the caller's: neither owned nor writable by it.
    pub needs_ownership: bool,
    /// What it can do to data.
    pub data: AdviceData,
    /// The pages that it is given for.
    pub(crate) pages: AdvisedPages,
}

/// A call that carries an advice, and the number it is known by there.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Carrier {
    /// The call.
    pub call: AdviceCall,
    /// The name of the number in C.
    pub constant: &'static str,
    /// What it lasts with when this call carries it.
    pub scope: AdviceScope,
    /// Whether it may be given for shared mappings only: what was written to a private one would be lost.
    pub only_shared: bool,
    number: i32,
}

/// A call that carries advice.
///
/// ```
/// assert_eq!(mmapio_core::AdviceCall::Fadvise.to_string(), "posix_fadvise");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdviceCall {
    /// madvise(2): about a mapping.
    Madvise,
    /// posix_fadvise(2): about an open file.
    Fadvise,
}

/// What an advice lasts with.
///
/// ```
/// assert!(!mmapio_core::AdviceScope::Mapping.outlives_the_process());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdviceScope {
    /// It changes what is in memory, for everybody.
    PageCache,
    /// It ends with the descriptor.
    Descriptor,
    /// It ends with the mapping.
    Mapping,
}

/// What an advice can do to data. There is one answer: what could do more has no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdviceData {
    /// Content and allocated blocks stay as they are.
    Nothing,
}

/// A version of Linux.
///
/// ```
/// assert_eq!(mmapio_core::ADVICES[0].least_kernel.to_string(), "2.6");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kernel(pub u32, pub u32);

/// The pages of a file that an advice is given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdvisedPages {
    /// All.
    All,
    /// Those with data: in a hole it would take memory for zeros, and on tmpfs allocate blocks.
    Data,
    /// Those with data, which are read before it returns.
    DataRead,
    /// Whole huge pages of data.
    HugeData,
    /// Those in memory: it reaches a page through the page tables only, where those are put first.
    Resident,
}

impl AdvisedPages {
    /// Whether an advice for them makes pages come, and none go.
    pub(crate) fn only_come(self) -> bool {
        matches!(self, Self::Data | Self::DataRead | Self::HugeData)
    }
}

const fn carried(call: AdviceCall, constant: &'static str, number: i32, scope: AdviceScope) -> Carrier {
    Carrier { call, constant, scope, only_shared: false, number }
}

/// What holds for most of them: nothing special is needed, it is about all pages, and no other process can be told.
const USUAL: Advice = Advice {
    name: "",
    effect: "",
    carriers: &[],
    least_kernel: Kernel(2, 6),
    needs: "",
    to_others: None,
    needs_ownership: false,
    data: AdviceData::Nothing,
    pages: AdvisedPages::All,
};

use AdviceCall::{Fadvise, Madvise};
use AdviceScope::{Descriptor, Mapping, PageCache};

/// Every advice there is.
pub const ADVICES: &[Advice] = &[
    Advice {
        name: "normal",
        effect: "reads ahead as usual: takes back random, sequential, noreuse",
        carriers: &[
            carried(Madvise, "MADV_NORMAL", madvise::NORMAL, Mapping),
            carried(Fadvise, "POSIX_FADV_NORMAL", fadvise::NORMAL, Descriptor),
        ],
        ..USUAL
    },
    Advice {
        name: "random",
        effect: "reads no page ahead",
        carriers: &[
            carried(Madvise, "MADV_RANDOM", madvise::RANDOM, Mapping),
            carried(Fadvise, "POSIX_FADV_RANDOM", fadvise::RANDOM, Descriptor),
        ],
        ..USUAL
    },
    Advice {
        name: "sequential",
        effect: "reads more ahead; in a mapping, gives up sooner what was read",
        carriers: &[
            carried(Madvise, "MADV_SEQUENTIAL", madvise::SEQUENTIAL, Mapping),
            carried(Fadvise, "POSIX_FADV_SEQUENTIAL", fadvise::SEQUENTIAL, Descriptor),
        ],
        ..USUAL
    },
    Advice {
        name: "willneed",
        effect: "starts to read what is absent, only as much as the device takes at once",
        // madvise also brings back from swap what tmpfs has there.
        carriers: &[
            carried(Madvise, "MADV_WILLNEED", madvise::WILLNEED, PageCache),
            carried(Fadvise, "POSIX_FADV_WILLNEED", fadvise::WILLNEED, PageCache),
        ],
        to_others: Some(Kernel(5, 16)),
        pages: AdvisedPages::Data,
        ..USUAL
    },
    Advice {
        name: "dontneed",
        effect: "drops clean pages that nobody maps; of dirty ones, starts writing back",
        // madvise only empties the page tables of its own mapping: nothing leaves the page cache.
        carriers: &[
            carried(Fadvise, "POSIX_FADV_DONTNEED", fadvise::DONTNEED, PageCache),
            Carrier { only_shared: true, ..carried(Madvise, "MADV_DONTNEED", madvise::DONTNEED, Mapping) },
        ],
        ..USUAL
    },
    Advice {
        name: "noreuse",
        effect: "reading through the descriptor does not keep pages in memory longer",
        carriers: &[carried(Fadvise, "POSIX_FADV_NOREUSE", fadvise::NOREUSE, Descriptor)],
        least_kernel: Kernel(6, 3),
        ..USUAL
    },
    Advice {
        name: "cold",
        effect: "makes its pages the first to go when memory is short",
        carriers: &[carried(Madvise, "MADV_COLD", madvise::COLD, PageCache)],
        least_kernel: Kernel(5, 4),
        to_others: Some(Kernel(5, 10)),
        pages: AdvisedPages::Resident,
        ..USUAL
    },
    Advice {
        name: "pageout",
        effect: "drops clean pages that nobody else maps; on tmpfs, moves them to swap",
        carriers: &[carried(Madvise, "MADV_PAGEOUT", madvise::PAGEOUT, PageCache)],
        least_kernel: Kernel(5, 4),
        to_others: Some(Kernel(5, 10)),
        needs_ownership: true,
        pages: AdvisedPages::Resident,
        ..USUAL
    },
    Advice {
        name: "populate-read",
        effect: "reads what is absent, and waits for it: an unreadable page is an error",
        carriers: &[carried(Madvise, "MADV_POPULATE_READ", madvise::POPULATE_READ, PageCache)],
        least_kernel: Kernel(5, 14),
        pages: AdvisedPages::DataRead,
        ..USUAL
    },
    Advice {
        name: "collapse",
        effect: "puts its pages together to huge pages, reading what is absent",
        carriers: &[carried(Madvise, "MADV_COLLAPSE", madvise::COLLAPSE, PageCache)],
        least_kernel: Kernel(6, 1),
        needs: "huge pages for files of this filesystem",
        to_others: Some(Kernel(6, 1)),
        pages: AdvisedPages::HugeData,
        ..USUAL
    },
    Advice {
        name: "hugepage",
        effect: "lets the mapping have huge pages",
        carriers: &[carried(Madvise, "MADV_HUGEPAGE", madvise::HUGEPAGE, Mapping)],
        needs: "transparent huge pages",
        ..USUAL
    },
    Advice {
        name: "nohugepage",
        effect: "keeps huge pages out of the mapping",
        carriers: &[carried(Madvise, "MADV_NOHUGEPAGE", madvise::NOHUGEPAGE, Mapping)],
        needs: "transparent huge pages",
        ..USUAL
    },
    Advice {
        name: "mergeable",
        effect: "lets equal pages be shared that a private mapping has written; a shared one has none",
        carriers: &[carried(Madvise, "MADV_MERGEABLE", madvise::MERGEABLE, Mapping)],
        needs: "KSM, the merging of equal pages",
        ..USUAL
    },
    Advice {
        name: "unmergeable",
        effect: "takes back mergeable",
        carriers: &[carried(Madvise, "MADV_UNMERGEABLE", madvise::UNMERGEABLE, Mapping)],
        needs: "KSM, the merging of equal pages",
        ..USUAL
    },
];

impl Advice {
    /// The advice with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        ADVICES.iter().find(|advice| advice.name == name)
    }

    /// The call that carries it unless told otherwise: the first one of those that this system has.
    #[must_use]
    pub fn usual(&self) -> &'static Carrier {
        /// What a row without any would have.
        const NONE: &Carrier = &carried(Madvise, "", -1, Mapping);
        let mut carriers = self.carriers.iter();
        carriers.clone().find(|carrier| carrier.number().is_some()).or(carriers.next()).unwrap_or(NONE)
    }

    /// What carries it when this call is wanted; none when that call does not know it.
    #[must_use]
    pub fn carried_by(&self, call: AdviceCall) -> Option<&'static Carrier> {
        self.carriers.iter().find(|carrier| carrier.call == call)
    }

    /// The number that process_madvise(2) knows it by, where it may be given to another process.
    pub(crate) fn number_for_others(&self) -> Option<i32> {
        self.to_others.and(self.carried_by(Madvise)).and_then(Carrier::number)
    }
}

impl Carrier {
    /// The number that the call takes on this system; none where the system does not have it.
    #[must_use]
    pub fn number(&self) -> Option<i32> {
        (self.number >= 0).then_some(self.number)
    }

    pub(crate) fn require(&self) -> Result<i32> {
        let absent = || Error::new(self.constant, ErrorKind::Unsupported { system: std::env::consts::OS });
        self.number().ok_or_else(absent)
    }
}

impl AdviceCall {
    /// The call's name in all formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Madvise => "madvise",
            Self::Fadvise => "posix_fadvise",
        }
    }
}

impl AdviceScope {
    /// The scope's name in all formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PageCache => "page cache",
            Self::Descriptor => "descriptor",
            Self::Mapping => "mapping",
        }
    }

    /// Whether something is left of it when the process that gave the advice ends.
    #[must_use]
    pub fn outlives_the_process(self) -> bool {
        self == Self::PageCache
    }
}

impl AdviceData {
    /// Its name in all formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
        }
    }
}

impl fmt::Display for AdviceCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// What loses data, writes to files, takes memory out of service or away from children: name and number of madvise(2).
    const DESTRUCTIVE: &[(&str, i32)] = &[
        ("FREE", 8),
        ("REMOVE", 9),
        ("DONTFORK", 10),
        ("WIPEONFORK", 18),
        ("POPULATE_WRITE", 23),
        ("DONTNEED_LOCKED", 24),
        ("HWPOISON", 100),
        ("SOFT_OFFLINE", 101),
        ("GUARD_INSTALL", 102),
        ("GUARD_REMOVE", 103),
    ];

    fn carriers() -> impl Iterator<Item = &'static Carrier> {
        ADVICES.iter().flat_map(|advice| advice.carriers)
    }

    #[test]
    fn nothing_destructive_has_a_row() {
        for (name, number) in DESTRUCTIVE {
            let constant = format!("MADV_{name}");
            let name = name.to_lowercase().replace('_', "-");
            assert_eq!(Advice::find(&name), None);
            for carrier in carriers() {
                assert_ne!(carrier.constant, constant);
                assert!(carrier.call != Madvise || carrier.number() != Some(*number), "{carrier:?}");
            }
        }
    }

    #[test]
    fn what_would_lose_writes_to_private_mappings_says_so() {
        for carrier in carriers() {
            assert_eq!(carrier.only_shared, carrier.constant == "MADV_DONTNEED", "{carrier:?}");
        }
    }

    #[test]
    fn rows_are_complete_and_unique() {
        let names: HashSet<_> = ADVICES.iter().map(|advice| advice.name).collect();
        let constants: HashSet<_> = carriers().map(|carrier| carrier.constant).collect();
        assert_eq!((names.len(), constants.len()), (ADVICES.len(), carriers().count()));
        for advice in ADVICES {
            assert!(!advice.carriers.is_empty(), "{}", advice.name);
            assert!(!advice.effect.is_empty() && !advice.effect.ends_with('.'), "{}", advice.name);
            assert!(advice.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
            assert!(advice.to_others.is_none() || advice.carried_by(Madvise).is_some(), "{}", advice.name);
        }
    }

    #[test]
    fn constants_are_named_after_their_call() {
        for advice in ADVICES {
            for carrier in advice.carriers {
                let prefix = if carrier.call == Madvise { "MADV_" } else { "POSIX_FADV_" };
                let name = carrier.constant.strip_prefix(prefix).unwrap();
                assert_eq!(name.to_lowercase().replace('_', "-"), advice.name);
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_has_them_all() {
        assert!(carriers().all(|carrier| carrier.require().is_ok()));
    }
}
