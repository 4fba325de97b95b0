//! Requests, one at a time: read, judged, done, answered.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::nft::Kernel;
use crate::protocol::{REQUEST_BYTES_MAX, Reply, Request};

/// New blocks are counted over so long.
const MINUTE: Duration = Duration::from_secs(60);

/// The helper at work.
pub struct Service<K> {
    kernel: K,
    config: PathBuf,
    /// When the last new blocks were made.
    made: VecDeque<Instant>,
    /// The addresses that this machine cannot do without; asked anew for each request.
    own: fn() -> Vec<IpAddr>,
}

impl<K: Kernel> Service<K> {
    /// A helper with these settings, which are read anew for each request. Table and rules are put in place.
    ///
    /// # Errors
    /// If the settings cannot be read, or what the system says.
    pub fn new(kernel: K, config: &Path, own: fn() -> Vec<IpAddr>) -> io::Result<Self> {
        Config::read(config)?;
        kernel.ensure()?;
        Ok(Self { kernel, config: config.to_owned(), made: VecDeque::new(), own })
    }

    /// Answers the requests of a connection until it ends.
    ///
    /// # Errors
    /// If the connection fails.
    pub fn serve(&mut self, input: impl Read, output: &mut impl Write) -> io::Result<()> {
        let mut input = BufReader::new(input);
        loop {
            let mut line = Vec::new();
            let max = REQUEST_BYTES_MAX as u64;
            let count = Read::take(&mut input, max).read_until(b'\n', &mut line)?;
            if count == 0 {
                return Ok(());
            }
            let whole = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
            let reply = match whole {
                Some(line) => self.answer(line, Instant::now()),
                None => Reply::Refused("the request is no line of text".to_owned()),
            };
            writeln!(output, "{reply}")?;
            output.flush()?;
            if whole.is_none() {
                // What follows cannot be told from the rest of it.
                return Ok(());
            }
        }
    }

    /// Answers a request that comes at this time.
    pub fn answer(&mut self, line: &str, now: Instant) -> Reply {
        let request = match Request::parse(line) {
            Ok(request) => request,
            Err(why) => return Reply::Refused(why.to_owned()),
        };
        self.handle(request, now).unwrap_or_else(|error| Reply::Failed(error.to_string()))
    }

    fn handle(&mut self, request: Request, now: Instant) -> io::Result<Reply> {
        match request {
            Request::Block { address, seconds } => self.block(address, seconds, now),
            Request::Unblock { address } => {
                self.kernel.ensure()?;
                self.kernel.remove(address)?;
                Ok(Reply::Absent)
            }
            // What somebody has done to the rules is mended before it is looked whether a block holds.
            Request::Show { address } => {
                self.kernel.ensure()?;
                let found = self.kernel.list()?.into_iter().find(|(known, _)| *known == address);
                Ok(found.map_or(Reply::Absent, |(_, seconds)| Reply::InForce { seconds }))
            }
            Request::List => {
                self.kernel.ensure()?;
                Ok(Reply::List(self.kernel.list()?))
            }
            Request::Check => {
                Config::read(&self.config)?;
                self.kernel.ensure()?;
                Ok(Reply::Ready { count: self.kernel.list()?.len() })
            }
        }
    }

    fn block(&mut self, address: IpAddr, seconds: u32, now: Instant) -> io::Result<Reply> {
        let config = Config::read(&self.config)?;
        if let Err(why) = config.may_block(address, seconds, &(self.own)()) {
            return Ok(Reply::Refused(why));
        }
        self.kernel.ensure()?;
        let blocked = self.kernel.list()?;
        let is_new = !blocked.iter().any(|(known, _)| *known == address);
        if is_new && blocked.len() >= config.entries_max {
            return Ok(Reply::Refused(format!("{} addresses are blocked already", blocked.len())));
        }
        while self.made.front().is_some_and(|made| now.duration_since(*made) >= MINUTE) {
            self.made.pop_front();
        }
        if is_new && self.made.len() >= config.per_minute_max {
            return Ok(Reply::Refused(format!(
                "{} addresses were blocked in the last minute",
                self.made.len()
            )));
        }
        self.kernel.add(address, seconds)?;
        if is_new {
            self.made.push_back(now);
        }
        // Not what was asked for is the answer, but what the kernel says.
        let found = self.kernel.list()?.into_iter().find(|(known, _)| *known == address);
        Ok(found.map_or_else(
            || Reply::Failed("the kernel does not have it".to_owned()),
            |(_, seconds)| Reply::InForce { seconds },
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A kernel that only remembers.
    #[derive(Default)]
    struct Memory {
        blocked: RefCell<BTreeMap<IpAddr, u32>>,
        is_broken: bool,
    }

    impl Kernel for Memory {
        fn ensure(&self) -> io::Result<()> {
            Ok(())
        }

        fn add(&self, address: IpAddr, seconds: u32) -> io::Result<()> {
            if !self.is_broken {
                self.blocked.borrow_mut().insert(address, seconds);
            }
            Ok(())
        }

        fn remove(&self, address: IpAddr) -> io::Result<()> {
            self.blocked.borrow_mut().remove(&address);
            Ok(())
        }

        fn list(&self) -> io::Result<Vec<(IpAddr, u32)>> {
            Ok(self.blocked.borrow().iter().map(|(address, seconds)| (*address, *seconds)).collect())
        }
    }

    fn own() -> Vec<IpAddr> {
        vec![IpAddr::from([80, 1, 1, 1])]
    }

    fn service(config: &str, is_broken: bool) -> (tempfile::TempDir, Service<Memory>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocker.conf");
        std::fs::write(&path, config).unwrap();
        let kernel = Memory { is_broken, ..Memory::default() };
        let service = Service::new(kernel, &path, own).unwrap();
        (folder, service)
    }

    #[test]
    fn a_conversation() {
        let (_folder, mut service) = service("never 9.9.9.0/24\nentries_max 2\nseconds_max 900\n", false);
        let now = Instant::now();
        let mut check = |line: &str, expect: &str| {
            assert_eq!(service.answer(line, now).to_string(), expect, "{line}");
        };
        check("check", "ready 0");
        check("show 1.2.3.4", "absent");
        check("block 1.2.3.4 900", "in-force 900");
        check("show ::ffff:1.2.3.4", "in-force 900");
        check("block 1.2.3.4 60", "in-force 60");
        check("block 9.9.9.9 60", "refused 9.9.9.9 is never blocked: 9.9.9.0/24");
        check("block 80.1.1.1 60", "refused 80.1.1.1 is this machine's own, its gateway or its name server");
        check("block 10.0.0.1 60", "refused 10.0.0.1 is private");
        check("block 1.2.3.4 901", "refused a block lasts 1 to 900 seconds");
        check("block 2a00::1 60", "in-force 60");
        check("block 1.2.3.6 60", "refused 2 addresses are blocked already");
        check("list", "list 1.2.3.4=60 2a00::1=60");
        check("unblock 1.2.3.4", "absent");
        check("unblock 1.2.3.4", "absent");
        check("list", "list 2a00::1=60");
        check("flush ruleset", "refused there is no such request");
    }

    #[test]
    fn what_the_kernel_does_not_have_is_not_in_force() {
        let (_folder, mut service) = service("", true);
        assert_eq!(
            service.answer("block 1.2.3.4 60", Instant::now()).to_string(),
            "failed the kernel does not have it"
        );
    }

    #[test]
    fn new_blocks_have_a_pace() {
        let (_folder, mut service) = service("per_minute_max 2\n", false);
        let start = Instant::now();
        let mut check = |line: &str, seconds: u64, expect: &str| {
            let reply = service.answer(line, start + Duration::from_secs(seconds)).to_string();
            assert!(reply.starts_with(expect), "{line}: {reply}");
        };
        check("block 1.2.3.1 60", 0, "in-force");
        check("block 1.2.3.2 60", 30, "in-force");
        check("block 1.2.3.3 60", 40, "refused 2 addresses were blocked");
        check("block 1.2.3.1 60", 41, "in-force");
        check("block 1.2.3.3 60", 61, "in-force");
    }

    #[test]
    fn without_its_settings_nothing_is_blocked() {
        let (folder, mut service) = service("", false);
        std::fs::write(folder.path().join("blocker.conf"), "nevr 1.2.3.4\n").unwrap();
        let reply = service.answer("block 1.2.3.5 60", Instant::now()).to_string();
        assert!(reply.starts_with("failed") && reply.contains("line 1"), "{reply}");
        assert_eq!(service.answer("list", Instant::now()).to_string(), "list");
    }

    #[test]
    fn connections_are_lines() {
        let (_folder, mut service) = service("", false);
        let mut check = |input: &[u8], expect: &str| {
            let mut output = Vec::new();
            service.serve(input, &mut output).unwrap();
            assert_eq!(String::from_utf8(output).unwrap(), expect);
        };
        check(b"block 1.2.3.4 60\nshow 1.2.3.4\n", "in-force 60\nin-force 60\n");
        check(b"show 1.2.3.4", "refused the request is no line of text\n");
        check(b"\xff\n", "refused the request is no line of text\n");
        check(&[b'a'; 4_096], "refused the request is no line of text\n");
        check(b"", "");
    }

    proptest! {
        #[test]
        fn whatever_comes_only_addresses_that_may_be_are_blocked(
            line in "(block |unblock |list|)[ -~]{0,30}|block [0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3} [0-9]{1,6}"
        ) {
            let (_folder, mut service) = service("never 9.0.0.0/8\n", false);
            service.answer(&line, Instant::now());
            let config = Config::parse("never 9.0.0.0/8\n").unwrap();
            for (address, seconds) in service.kernel.list().unwrap() {
                prop_assert!(config.may_block(address, seconds, &own()).is_ok(), "{} {}", line, address);
            }
        }
    }
}
