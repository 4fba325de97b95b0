//! A disk in memory for tests: it loses power, has no room, fails to sync, and lets bits be flipped.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Disk, DiskFile};

/// A row of numbers that look random.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

#[derive(Clone, Default)]
pub(crate) struct SimDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Default)]
struct State {
    files: BTreeMap<PathBuf, File>,
    /// How many bytes may still be written.
    room: Option<usize>,
    /// How many syncs will still succeed.
    syncs: Option<usize>,
    syncs_made: usize,
    is_locked: bool,
}

#[derive(Clone, Default)]
struct File {
    bytes: Vec<u8>,
    /// What is sure to be there.
    synced: Vec<u8>,
    is_named: bool,
    /// A name that it may still have after a crash.
    old_name: Option<PathBuf>,
}

impl SimDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_room(&self, room: Option<usize>) {
        self.state().room = room;
    }

    pub(crate) fn set_syncs(&self, syncs: Option<usize>) {
        self.state().syncs = syncs;
    }

    pub(crate) fn syncs_made(&self) -> usize {
        self.state().syncs_made
    }

    /// The files with their contents.
    pub(crate) fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.state().files.iter().map(|(path, file)| (path.clone(), file.bytes.clone())).collect()
    }

    /// A copy in which one file has other contents, as a disk finds it at the next start.
    pub(crate) fn with(&self, path: &Path, bytes: Vec<u8>) -> Self {
        let copy = self.reopened();
        copy.state().files.get_mut(path).unwrap().bytes = bytes;
        copy
    }

    /// A copy without one of its files.
    pub(crate) fn without(&self, path: &Path) -> Self {
        let copy = self.reopened();
        copy.state().files.remove(path);
        copy
    }

    /// A copy that nobody has open.
    pub(crate) fn reopened(&self) -> Self {
        let files = self.state().files.clone();
        Self { state: Arc::new(Mutex::new(State { files, ..State::default() })) }
    }

    /// What may be left after a loss of power: what was synced, and of the rest whatever chance leaves.
    pub(crate) fn after_crash(&self, random: &mut Random) -> Self {
        let copy = self.reopened();
        let mut state = copy.state();
        let files = std::mem::take(&mut state.files);
        for (path, mut file) in files {
            file.bytes = survivors(&file, random);
            file.synced.clone_from(&file.bytes);
            let name = match (file.is_named, file.old_name.take()) {
                (true, _) => Some(path),
                (false, Some(old)) => Some(if random.below(2) == 0 { path } else { old }),
                (false, None) => (random.below(2) == 0).then_some(path),
            };
            file.is_named = true;
            state.files.extend(name.map(|name| (name, file)));
        }
        drop(state);
        copy
    }
}

fn survivors(file: &File, random: &mut Random) -> Vec<u8> {
    // A cut that was not synced may not have happened.
    let mut bytes = if file.bytes.len() < file.synced.len() && random.below(2) == 0 {
        file.synced.clone()
    } else {
        file.bytes.clone()
    };
    let sure = file.synced.len().min(bytes.len());
    bytes.truncate(sure + random.below(bytes.len() - sure + 1));
    if random.below(2) == 0 {
        // Some sectors of what was not synced were never written.
        for sector in bytes[sure..].chunks_mut(512) {
            if random.below(3) == 0 {
                sector.fill(0);
            }
        }
    }
    bytes
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for SimDisk {
    fn create_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn files(&self, folder: &Path) -> io::Result<Vec<(String, u64)>> {
        let state = self.state();
        let inside = state.files.iter().filter(|(path, _)| path.parent() == Some(folder));
        Ok(inside
            .map(|(path, file)| {
                (path.file_name().unwrap().to_str().unwrap().to_owned(), file.bytes.len() as u64)
            })
            .collect())
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let mut names: Vec<String> = Vec::new();
        for path in state.files.keys() {
            let Ok(rest) = path.strip_prefix(folder) else { continue };
            let parts: Vec<_> = rest.components().collect();
            if parts.len() > 1 {
                names.push(parts[0].as_os_str().to_str().unwrap().to_owned());
            }
        }
        names.dedup();
        Ok(names)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        if state.files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.files.insert(path.to_owned(), File::default());
        drop(state);
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        if !self.state().files.contains_key(path) {
            return Err(missing());
        }
        Ok(Box::new(SimFile { disk: self.clone(), path: path.to_owned() }))
    }

    fn open_to_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let mut file = state.files.remove(from).ok_or_else(missing)?;
        file.old_name = Some(from.to_owned());
        file.is_named = false;
        state.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state().files.remove(path).map(|_| ()).ok_or_else(missing)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        sync(&mut state)?;
        for file in state.files.iter_mut().filter(|(name, _)| name.parent() == Some(path)) {
            file.1.is_named = true;
            file.1.old_name = None;
        }
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let mut state = self.state();
        if std::mem::replace(&mut state.is_locked, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimLock(self.clone())))
    }
}

fn sync(state: &mut State) -> io::Result<()> {
    if let Some(syncs) = &mut state.syncs {
        *syncs = syncs.checked_sub(1).ok_or_else(|| io::Error::other("the disk is gone"))?;
    }
    state.syncs_made += 1;
    Ok(())
}

struct SimLock(SimDisk);

impl Drop for SimLock {
    fn drop(&mut self) {
        self.0.state().is_locked = false;
    }
}

struct SimFile {
    disk: SimDisk,
    path: PathBuf,
}

impl SimFile {
    fn with<T>(&self, f: impl FnOnce(&mut File) -> T) -> io::Result<T> {
        self.disk.state().files.get_mut(&self.path).map(f).ok_or_else(missing)
    }
}

impl DiskFile for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = self.disk.state().room;
        let fitting = room.map_or(bytes.len(), |room| room.min(bytes.len()));
        self.with(|file| file.bytes.extend_from_slice(&bytes[..fitting]))?;
        if let Some(room) = room {
            self.disk.state().room = Some(room - fitting);
        }
        if fitting < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|file| {
            let rest = file.bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            count
        })
    }

    fn length(&self) -> io::Result<u64> {
        self.with(|file| file.bytes.len() as u64)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.with(|file| file.bytes.truncate(usize::try_from(length).unwrap()))
    }

    fn sync(&mut self) -> io::Result<()> {
        sync(&mut self.disk.state())?;
        self.with(|file| file.synced.clone_from(&file.bytes))
    }
}
