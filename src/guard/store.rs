//! Telling a store from other accesses, by what the processor says of the fault.

use libc::c_void;

/// Whether stores are known from other accesses on this machine. Elsewhere nothing is forgiven: an instruction that is to be run in
/// such a page faults in the same way, and would do so for ever.
pub(super) const ARE_KNOWN: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// Whether the access that faulted was a store: the page fault's error code, which the kernel puts beside the registers.
#[cfg(target_arch = "x86_64")]
pub(super) fn is_store(context: *const c_void) -> bool {
    const WRITE: i64 = 1 << 1;
    let context: *const libc::ucontext_t = context.cast();
    // SAFETY: the kernel gives a handler with SA_SIGINFO a context.
    let registers = unsafe { (*context).uc_mcontext.gregs };
    let code = usize::try_from(libc::REG_ERR).ok().and_then(|index| registers.get(index));
    code.is_some_and(|code| code & WRITE != 0)
}

/// The same: the exception syndrome, which the kernel puts among the records behind the registers. Emulators may leave it out: what
/// may be read faults otherwise only when it is to be run.
#[cfg(target_arch = "aarch64")]
pub(super) fn is_store(context: *const c_void) -> bool {
    let context: *const libc::ucontext_t = context.cast();
    // SAFETY: the kernel gives a handler with SA_SIGINFO a context; no reference to it is made.
    let registers = unsafe { &raw const (*context).uc_mcontext };
    // SAFETY: as above.
    let place = unsafe { (*registers).pc };
    // SAFETY: as above.
    let address = unsafe { (*registers).fault_address };
    let records: *const Records = registers.cast();
    // SAFETY: the registers and the records are `struct sigcontext`, as the kernel puts it there.
    let records = unsafe { &(*records).records };
    syndrome(records).map_or(place != address, is_data_store)
}

/// `struct sigcontext`: 35 registers, and what else there is to say, each as a head of kind and size, and its value.
#[cfg(target_arch = "aarch64")]
#[repr(C, align(16))]
struct Records {
    registers: [u64; 36],
    records: [u64; 512],
}

/// The value of `struct esr_context`, when it is among the records.
#[cfg(any(target_arch = "aarch64", test))]
fn syndrome(mut records: &[u64]) -> Option<u64> {
    const KIND: u64 = 0x4553_5201;
    while let [head, value, ..] = records {
        let (kind, size) = (head & u64::from(u32::MAX), usize::try_from(head >> 32).ok()?);
        match kind {
            KIND => return Some(*value),
            // The last one.
            0 => return None,
            // None is smaller than its head.
            _ => records = records.get(size.max(8).div_ceil(8)..)?,
        }
    }
    None
}

/// `ESR_ELx` of a data abort that came of a store, and not of the maintenance of a cache.
#[cfg(any(target_arch = "aarch64", test))]
fn is_data_store(syndrome: u64) -> bool {
    const DATA_ABORT: u64 = 0x24;
    const IS_WRITE: u64 = 1 << 6;
    const IS_CACHE: u64 = 1 << 8;
    syndrome >> 26 & 0x3f == DATA_ABORT && syndrome & IS_WRITE != 0 && syndrome & IS_CACHE == 0
}

/// Nothing is known.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn is_store(_context: *const c_void) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::{is_data_store, syndrome};

    /// The head of a record.
    fn head(kind: u64, size: u64) -> u64 {
        size << 32 | kind
    }

    #[test]
    fn the_syndrome_is_found_behind_other_records() {
        // Vector registers, 528 bytes long, come first.
        let mut records = vec![head(0x4650_8001, 528)];
        records.resize(66, 7);
        records.extend([head(0x4553_5201, 16), 0x9200_004f, 0, 0]);
        assert_eq!(syndrome(&records), Some(0x9200_004f));
        records.splice(66..68, [0, 0]);
        assert_eq!(syndrome(&records), None);
    }

    #[test]
    fn broken_records_end() {
        for record in [head(1, 0), head(1, 8), head(1, 1 << 20), head(1, u64::from(u32::MAX))] {
            assert_eq!(syndrome(&[record; 512]), None);
        }
        assert_eq!(syndrome(&[head(0x4553_5201, 16)]), None);
    }

    #[test]
    fn a_store_is_a_data_abort_that_wrote() {
        // A store into a page that may be read, a load, an instruction, and a cache line that was to be cleaned.
        let syndromes = [0x9200_004f, 0x9200_000f, 0x8200_000f, 0x9200_014f];
        assert_eq!(syndromes.map(is_data_store), [true, false, false, false]);
    }
}
