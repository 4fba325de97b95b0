//! The threads of a node, from start to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::pipeline::Pipeline;
use crate::respond::Respond;
use crate::{Error, Node, Result, flush, hunts, syslog, tail, upkeep, watch};

/// After a failure the pipeline starts anew from its last state, after so long.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How often a thread that waits looks whether to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A node at work. Dropping it stops the threads and waits for them.
pub struct Running {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts detection, the inputs and what looks after the rules.
    ///
    /// # Errors
    /// If the event log is not the catalog's, the state of the last run cannot be taken up, an address cannot be listened at, or a thread cannot be made.
    pub fn start(node: &Arc<Node>) -> Result<Self> {
        check_log(node)?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = Self { stop, threads: Vec::new() };
        let first = Pipeline::new(Arc::clone(node))?;
        running.add(node, "detection", move |node, stop| detect(node, first, stop))?;
        upkeep::sweep(node)?;
        node.fill_back()?;
        running.add(node, "lake", flush::flush)?;
        running.add(node, "upkeep", upkeep::upkeep)?;
        running.add(node, "hunts", hunts::work)?;
        running.add(node, "rules", watch::watch)?;
        running.add(node, "alerts", Respond::send_until)?;
        running.add(node, "blocks", Respond::block_until)?;
        for path in node.settings().tail.clone() {
            running.add(node, "tail", move |node, stop| tail::follow(node, &path, stop))?;
        }
        for address in node.settings().syslog.clone() {
            let (udp, tcp) = syslog::listen(address)?;
            running.add(node, "syslog", move |node, stop| syslog::datagrams(node, &udp, stop))?;
            running.add(node, "syslog", move |node, stop| syslog::connections(node, &tcp, stop))?;
        }
        Ok(running)
    }

    fn add(
        &mut self,
        node: &Arc<Node>,
        name: &str,
        work: impl FnOnce(&Arc<Node>, &AtomicBool) + Send + 'static,
    ) -> Result<()> {
        let (node, stop) = (Arc::clone(node), Arc::clone(&self.stop));
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&node, &stop));
        self.threads
            .push(thread.map_err(|error| Error::io(format!("the thread {name} cannot be made"), error))?);
        Ok(())
    }

    /// Stops all threads and waits until their state is written.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing to write; the last state serves.
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Refuses an event log that is not the catalog's: a catalog that was restored without it. Numbers of events would begin anew, and
/// none would be looked at until they are beyond those that the catalog has seen.
fn check_log(node: &Node) -> Result<()> {
    let seen = node.catalog().read(|view| view.greatest_progress())?.unwrap_or(0);
    let end = node.log().end().0;
    if seen <= end {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the event log ends at {end}, and the catalog has seen events up to {seen}: put the `wal` folder back that belongs to it"
    )))
}

/// Detects until it is told to stop. What fails, such as a full disk, is told and tried again from the last state: nothing is lost
/// by that, because events stay in the event log.
fn detect(node: &Arc<Node>, first: Pipeline, stop: &AtomicBool) {
    let mut pipeline = Some(first);
    while let Some(mut working) = pipeline.take() {
        let outcome = working.run(stop);
        drop(working);
        let Err(error) = outcome else { return };
        node.set_failure(Some(error.told()));
        while pipeline.is_none() && !stop.load(Ordering::Acquire) {
            rest(RETRY_AFTER, stop);
            match Pipeline::new(Arc::clone(node)) {
                Ok(again) => {
                    node.set_failure(None);
                    pipeline = Some(again);
                }
                Err(error) => node.set_failure(Some(error.told())),
            }
        }
    }
}

/// Waits for a time, or until it is told to stop.
pub(crate) fn rest(time: Duration, stop: &AtomicBool) {
    let mut waited = Duration::ZERO;
    while waited < time && !stop.load(Ordering::Acquire) {
        std::thread::sleep(LOOK_EVERY);
        waited += LOOK_EVERY;
    }
}
