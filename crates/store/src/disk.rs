//! Files as the log and the lake see them. What they need of a disk is little enough to be tried with one that loses
//! power, has no room or lies: the tests have such a disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A disk: folders of files that are appended to and read at any place.
///
/// What was written is sure to be there after a loss of power only when [`DiskFile::sync`] has returned, and a file's
/// name only when [`sync_folder`](Self::sync_folder) has.
pub trait Disk: Send + Sync {
    /// Makes a folder and those above it; one that is there is fine.
    ///
    /// # Errors
    /// What the disk says.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// The names of the files of a folder with their lengths in bytes, in no order. Folders are left out.
    ///
    /// # Errors
    /// What the disk says.
    fn files(&self, folder: &Path) -> io::Result<Vec<(String, u64)>>;

    /// The names of the folders of a folder, in no order.
    ///
    /// # Errors
    /// What the disk says.
    fn folders(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes a file, to be written; one that is there is an error.
    ///
    /// # Errors
    /// What the disk says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file that is there, to be read and written.
    ///
    /// # Errors
    /// What the disk says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file that is there, to be read.
    ///
    /// # Errors
    /// What the disk says.
    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name in the same folder; a file of that name is replaced.
    ///
    /// # Errors
    /// What the disk says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the disk says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names of a folder's files are sure to be there.
    ///
    /// # Errors
    /// What the disk says.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Holds a folder for this process until the result is dropped.
    ///
    /// # Errors
    /// `WouldBlock` if another process holds it; else what the disk says.
    fn lock(&self, folder: &Path) -> io::Result<Box<dyn Send + Sync>>;
}

/// An open file of a [`Disk`].
pub trait DiskFile: Send + Sync {
    /// Writes to the end.
    ///
    /// # Errors
    /// What the disk says; then any part of the bytes may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Reads at an offset, up to the buffer's length; less than that, or nothing, at the end.
    ///
    /// # Errors
    /// What the disk says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How long it is, in bytes.
    ///
    /// # Errors
    /// What the disk says.
    fn length(&self) -> io::Result<u64>;

    /// Cuts it.
    ///
    /// # Errors
    /// What the disk says.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Returns when all that was written is sure to be there.
    ///
    /// # Errors
    /// What the disk says. What was written since the last success may then be lost, even if a later call succeeds.
    fn sync(&mut self) -> io::Result<()>;
}

/// Reads a file's bytes from an offset on, all that fit; fewer only at its end.
pub(crate) fn read_full(file: &dyn DiskFile, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// The disk of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

/// The name of the file by which a folder is held.
const LOCK: &str = "lock";

impl Disk for LocalDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn files(&self, folder: &Path) -> io::Result<Vec<(String, u64)>> {
        entries(folder, |metadata| metadata.is_file())
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        Ok(entries(folder, fs::Metadata::is_dir)?.into_iter().map(|(name, _)| name).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        local(OpenOptions::new().read(true).append(true).create_new(true).open(path))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        local(OpenOptions::new().read(true).append(true).open(path))
    }

    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        local(File::open(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        // Windows opens no folders, and keeps names without being asked.
        if cfg!(windows) { Ok(()) } else { File::open(path)?.sync_all() }
    }

    fn lock(&self, folder: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

fn entries(folder: &Path, keep: impl Fn(&fs::Metadata) -> bool) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A file may go between being listed and being looked at.
        let Ok(metadata) = entry.metadata() else { continue };
        if let (true, Ok(name)) = (keep(&metadata), entry.file_name().into_string()) {
            found.push((name, metadata.len()));
        }
    }
    Ok(found)
}

struct LocalFile(File);

fn local(file: io::Result<File>) -> io::Result<Box<dyn DiskFile>> {
    file.map(|file| Box::new(LocalFile(file)) as Box<dyn DiskFile>)
}

impl DiskFile for LocalFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.0, buffer, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.0, buffer, offset);
    }

    fn length(&self) -> io::Result<u64> {
        self.0.metadata().map(|metadata| metadata.len())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// A path below a folder, for messages.
pub(crate) fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Writes a whole file so that it is there completely or not at all: under another name first.
pub(crate) fn write_whole(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path);
    if let Err(error) = disk.remove(&unfinished)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = disk.create(&unfinished)?;
    file.append(bytes)?;
    file.sync()?;
    drop(file);
    disk.rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |folder| disk.sync_folder(folder))
}

/// The name of a file while it is being written.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}
