//! A file as memory: read it, patch it, and live on when somebody truncates it.
//!
//! ```console
//! $ cargo run --example files_as_memory
//! ```

#![expect(clippy::print_stdout, reason = "it shows what happens")]

use std::error::Error;
use std::fs;
use std::path::Path;

use mmapio_core::{ErrorKind, Extent, Flush, MapOptions, Mapping};

/// The size of a record in the file.
const RECORD: u64 = 16;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("files_as_memory.{}", std::process::id()));
    let done = run(&path);
    fs::remove_file(&path)?;
    done
}

fn run(path: &Path) -> Result<(), Box<dyn Error>> {
    let records = (0..100_000_u64).flat_map(|number| format!("{number:>15}\n").into_bytes());
    fs::write(path, records.collect::<Vec<u8>>())?;

    let mut table = MapOptions::write().open(path)?;
    println!("{} bytes are mapped; record 7 is {:?}", table.len(), record(&table, 7)?);

    // What is written is in the file, and seen by everybody, at once; it is on the storage when flush returns.
    table.write_at(7 * RECORD, b"  lucky number \n")?;
    table.flush(Extent::new(7 * RECORD, RECORD), Flush::Msync)?;
    println!("after the patch it is {:?}", record(&table, 7)?);
    println!("and in the file: {:?}", fs::read_to_string(path)?.lines().nth(7).unwrap_or_default());

    // Somebody cuts the file. Touching what is gone would kill a process that maps it: here it is an error.
    fs::OpenOptions::new().write(true).open(path)?.set_len(50_000 * RECORD)?;
    let Err(error) = record(&table, 99_999) else { return Err("a record that is gone was read".into()) };
    println!("record 99999: {error}");
    println!("record 7 is still {:?}", record(&table, 7)?);

    // The mapping knows what it lost, and what it holds can be made anew.
    println!("{} fault was answered", table.faults().count);
    table.resize(50_000 * RECORD).or_else(|error| match error.kind() {
        ErrorKind::Faulted { .. } => table.renew().and_then(|()| table.resize(50_000 * RECORD)),
        _ => Err(error),
    })?;
    println!("{} records are mapped now", table.len() / RECORD);
    Ok(())
}

fn record(table: &Mapping, number: u64) -> mmapio_core::Result<String> {
    let bytes = table.copy_out(number * RECORD, RECORD)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}
