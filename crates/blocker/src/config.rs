//! What the helper's own settings say: whom it never blocks, whatever it is asked, and how much it blocks at most.
//!
//! They stand in a file that only root can change, and are read anew for each request. One setting a line:
//!
//! ```text
//! # never blocked
//! never 198.51.100.0/24
//! never 2001:db8:7::/48
//! seconds_max 86400
//! entries_max 1000
//! per_minute_max 60
//! private yes
//! ```

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ipnet::IpNet;

use crate::address::{Kind, canonical, kind, parse};

/// Bytes of the file at most.
const BYTES_MAX: u64 = 1 << 20;
/// Who else may not write the file: group and others.
const WRITABLE: u32 = 0o022;

/// The helper's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whom it never blocks.
    pub never: Vec<IpNet>,
    /// The longest block, in seconds.
    pub seconds_max: u32,
    /// Addresses that are blocked at the same time.
    pub entries_max: usize,
    /// New blocks in a minute.
    pub per_minute_max: usize,
    /// Whether addresses of one's own networks are blocked.
    pub may_block_private: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            never: Vec::new(),
            seconds_max: 86_400,
            entries_max: 1_000,
            per_minute_max: 60,
            may_block_private: false,
        }
    }
}

impl Config {
    /// Reads the settings from a file that belongs to who runs the helper, and that nobody else may write.
    ///
    /// # Errors
    /// If it cannot be read, others may write it, or it says something that means nothing.
    pub fn read(path: &Path) -> io::Result<Self> {
        let refused =
            |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", path.display()));
        let file = fs::File::open(path)?;
        let about = file.metadata()?;
        let owner = about.uid();
        if owner != 0 && owner != nix::unistd::geteuid().as_raw() {
            return Err(refused("it belongs to somebody else".to_owned()));
        }
        if about.mode() & WRITABLE != 0 {
            return Err(refused("others may write it".to_owned()));
        }
        if about.len() > BYTES_MAX {
            return Err(refused("it is too long".to_owned()));
        }
        Self::parse(&io::read_to_string(file)?).map_err(refused)
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// The first line that means nothing: a typing error must not open what was to be closed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut config = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                config.set(line).ok_or_else(|| format!("line {} means nothing", at + 1))?;
            }
        }
        Ok(config)
    }

    fn set(&mut self, line: &str) -> Option<()> {
        let (name, value) = line.split_once(char::is_whitespace)?;
        let value = value.trim();
        match name {
            "never" => {
                let network = value.parse::<IpNet>().ok().or_else(|| parse(value).map(IpNet::from))?;
                self.never.push(network);
            }
            "seconds_max" => self.seconds_max = value.parse().ok().filter(|max| *max > 0)?,
            "entries_max" => self.entries_max = value.parse().ok().filter(|max| *max <= 100_000)?,
            "per_minute_max" => self.per_minute_max = value.parse().ok()?,
            "private" => {
                self.may_block_private =
                    [("yes", true), ("no", false)].iter().find(|(word, _)| *word == value)?.1
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether an address may be blocked for so long. `own` are the addresses that this machine cannot do without.
    ///
    /// # Errors
    /// Why not.
    pub fn may_block(&self, address: IpAddr, seconds: u32, own: &[IpAddr]) -> Result<(), String> {
        let address = canonical(address);
        match kind(address) {
            Kind::Global | Kind::Example => {}
            Kind::Private if self.may_block_private => {}
            other => return Err(format!("{address} is {}", other.name())),
        }
        if let Some(network) = self.never.iter().find(|network| network.contains(&address)) {
            return Err(format!("{address} is never blocked: {network}"));
        }
        if own.contains(&address) {
            return Err(format!("{address} is this machine's own, its gateway or its name server"));
        }
        if seconds == 0 || seconds > self.seconds_max {
            return Err(format!("a block lasts 1 to {} seconds", self.seconds_max));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_means_nothing_stops_it() {
        let check = |text: &str, expect: Result<usize, &str>| {
            let got = Config::parse(text).map(|config| config.never.len());
            assert_eq!(got.as_ref().map_err(String::as_str).copied(), expect, "{text}");
        };
        check("", Ok(0));
        check("# nobody\n\nnever 10.0.0.0/8 # ours\nnever ::1\n", Ok(2));
        check("never 10.0.0.0/33\n", Err("line 1 means nothing"));
        check("private yes\nnevr 1.2.3.4\n", Err("line 2 means nothing"));
        check("seconds_max 0\n", Err("line 1 means nothing"));
        check("private maybe\n", Err("line 1 means nothing"));
        check("entries_max 1000000\n", Err("line 1 means nothing"));
    }

    #[test]
    fn whom_it_never_blocks() {
        let config = Config::parse("never 9.9.9.0/24\nnever 2a00:1::/32\nseconds_max 900\n").unwrap();
        let own = ["80.1.1.1".parse().unwrap()];
        let check = |address: &str, seconds: u32, expect: bool| {
            let may = config.may_block(address.parse().unwrap(), seconds, &own);
            assert_eq!(may.is_ok(), expect, "{address}: {may:?}");
        };
        check("8.8.8.8", 900, true);
        check("8.8.8.8", 901, false);
        check("8.8.8.8", 0, false);
        check("9.9.9.9", 60, false);
        check("::ffff:9.9.9.9", 60, false);
        check("2a00:1::7", 60, false);
        check("2a00:2::7", 60, true);
        check("80.1.1.1", 60, false);
        for address in [
            "10.1.1.1",
            "127.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "169.254.1.1",
            "::",
            "::1",
            "fe80::1",
            "ff02::1",
        ] {
            check(address, 60, false);
        }
        let private = Config::parse("private yes\nnever 10.2.0.0/16").unwrap();
        let may = |address: &str| private.may_block(address.parse().unwrap(), 60, &own).is_ok();
        assert_eq!([may("10.1.1.1"), may("10.2.1.1"), may("127.0.0.1")], [true, false, false]);
    }

    #[test]
    fn a_file_that_others_may_write_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocker.conf");
        fs::write(&path, "never 1.2.3.4\n").unwrap();
        let read = |mode: u32| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Config::read(&path).map(|config| config.never.len()).map_err(|error| error.to_string())
        };
        assert_eq!(read(0o644), Ok(1));
        assert!(read(0o664).unwrap_err().contains("others may write it"));
        assert!(read(0o602).unwrap_err().contains("others may write it"));
        assert!(Config::read(&folder.path().join("absent")).is_err());
    }
}
