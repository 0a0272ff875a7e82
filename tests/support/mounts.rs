//! Filesystems mounted for one test only: in a mount namespace of the test's own, which takes them along when it ends.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::scratch::Scratch;
use super::{Outcome, Skip, needs_root, report};

/// Where a test may mount.
pub(crate) struct Mounts<'a>(&'a Scratch);

/// Runs a test in a thread with its own mounts; commands that it starts see them, nobody else does.
pub(crate) fn privately(test: &str, body: impl FnOnce(&Mounts) -> Outcome + Send) {
    let scratch = Scratch::on_disk();
    let outcome = needs_root().and_then(|()| {
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| own_namespace().and_then(|()| body(&Mounts(&scratch))));
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    });
    report(test, outcome);
}

/// Parts this thread from the mounts of the others, and keeps its own from spreading to theirs.
fn own_namespace() -> Outcome {
    // SAFETY: takes no pointer; changes only what this thread sees of mounts, working directory and umask.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        return Err(Skip(format!("no mount namespace: {}", io::Error::last_os_error())));
    }
    tool(Command::new("mount").args(["--make-rprivate", "/"]))
}

/// Runs a tool; what it lacks is a reason to skip.
pub(crate) fn tool(command: &mut Command) -> Outcome {
    answer_of(command).map(drop)
}

/// What a tool prints.
fn answer_of(command: &mut Command) -> Result<String, Skip> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ran = command.output().map_err(|why| Skip(format!("{name}: {why}")))?;
    if !ran.status.success() {
        return Err(Skip(format!("{name}: {}", String::from_utf8_lossy(&ran.stderr).trim())));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).trim().to_owned())
}

impl Mounts<'_> {
    /// A directory that no other test uses.
    pub(crate) fn scratch(&self) -> &Scratch {
        self.0
    }

    /// A tmpfs.
    pub(crate) fn tmpfs(&self) -> Result<PathBuf, Skip> {
        let dir = self.0.dir("tmpfs");
        tool(Command::new("mount").args(["-t", "tmpfs", "-o", "mode=755", "tmpfs"]).arg(&dir))?;
        Ok(dir)
    }

    /// An ext4 of this size. Its blocks are as large as those of a large disk; a small image would get smaller ones.
    pub(crate) fn ext4(&self, size: u64) -> Result<PathBuf, Skip> {
        self.ext4_of_blocks(size, "4096")
    }

    /// An ext4 with blocks of this size. Its image is in memory, so that writing back costs no disk.
    pub(crate) fn ext4_of_blocks(&self, size: u64, block: &str) -> Result<PathBuf, Skip> {
        let image = self.tmpfs()?.join("ext4.img");
        self.ext4_in(&image, size, block)
    }

    /// An ext4 whose image is this file.
    pub(crate) fn ext4_in(&self, image: &Path, size: u64, block: &str) -> Result<PathBuf, Skip> {
        std::fs::File::create(image).and_then(|file| file.set_len(size)).expect("own image");
        tool(Command::new("mkfs.ext4").args(["-q", "-b", block]).arg(image))?;
        self.image(image, "ext4")
    }

    /// Mounts an image that has a filesystem, at a directory of this name.
    pub(crate) fn image(&self, image: &Path, name: &str) -> Result<PathBuf, Skip> {
        let dir = self.0.dir(name);
        tool(Command::new("mount").args(["-o", "loop"]).arg(image).arg(&dir))?;
        Ok(dir)
    }

    /// A file of this size, all of it the byte 5, on an ext4 whose image cannot grow any more: its pages are dirty and cannot
    /// be written.
    pub(crate) fn file_without_room(&self, size: usize) -> Result<PathBuf, Skip> {
        let file = self.ext4(64 << 20)?.join("file");
        std::fs::write(&file, vec![5; size]).expect("room for it");
        let tmpfs = self.0.path().join("tmpfs");
        tool(Command::new("mount").args(["-o", "remount,size=24m"]).arg(&tmpfs))?;
        let mut filler = std::fs::File::create(tmpfs.join("filler")).expect("own file");
        while filler.write_all(&[0; 4096]).is_ok() {}
        Ok(file)
    }

    /// An xfs. No smaller one can be made.
    pub(crate) fn xfs(&self) -> Result<PathBuf, Skip> {
        let image = self.tmpfs()?.join("xfs.img");
        std::fs::File::create(&image).and_then(|file| file.set_len(320 << 20)).expect("own image");
        tool(Command::new("mkfs.xfs").arg("-q").arg(&image))?;
        self.image(&image, "xfs")
    }

    /// A btrfs, whose files have other devices in /proc than in stat(2). No smaller one can be made.
    pub(crate) fn btrfs(&self) -> Result<PathBuf, Skip> {
        let image = self.tmpfs()?.join("btrfs.img");
        std::fs::File::create(&image).and_then(|file| file.set_len(128 << 20)).expect("own image");
        tool(Command::new("mkfs.btrfs").args(["-q", "-d", "single", "-m", "single"]).arg(&image))?;
        self.image(&image, "btrfs")
    }

    /// An overlay of the directories `lower` and `upper` of `on`, which may have files already. Later changes to them
    /// are not seen reliably.
    pub(crate) fn overlay(&self, on: &Path) -> Result<PathBuf, Skip> {
        for layer in ["lower", "upper", "work"] {
            std::fs::create_dir_all(on.join(layer)).expect("own directory");
        }
        let merged = self.0.dir("merged");
        // Relative layers, since a comma or a colon in a path would end it.
        let layers = "lowerdir=lower,upperdir=upper,workdir=work";
        tool(
            Command::new("mount")
                .current_dir(on)
                .args(["-t", "overlay", "-o", layers, "overlay"])
                .arg(&merged),
        )?;
        Ok(merged)
    }

    /// A filesystem of huge pages, of which there may be none to use.
    pub(crate) fn hugetlbfs(&self) -> Result<PathBuf, Skip> {
        let dir = self.0.dir("huge");
        tool(Command::new("mount").args(["-t", "hugetlbfs", "hugetlbfs"]).arg(&dir))?;
        Ok(dir)
    }
}

/// A block device whose contents are a file.
pub(crate) struct LoopDevice(PathBuf);

impl LoopDevice {
    pub(crate) fn of(file: &Path) -> Result<LoopDevice, Skip> {
        let device = answer_of(Command::new("losetup").args(["--find", "--show"]).arg(file))?;
        Ok(LoopDevice(device.into()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for LoopDevice {
    /// Without this the device would outlive the test.
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("--detach").arg(&self.0).status();
    }
}
