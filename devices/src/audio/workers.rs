//! Threads that may get stuck.
//!
//! *Promises*: at most [`MOST`] are alive; the supervisor never waits for one but at the end, and then
//! only briefly.
//!
//! *Fails* by refusing to start another one; the supervisor tries again later.
//!
//! *Never* ends a thread by force: a stuck one is abandoned, and whatever it still says is not heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most workers alive at a time, stuck ones included: a watch, a capture, and one spare for each.
pub(crate) const MOST: usize = 4;

/// Names a worker; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WorkerId(u64);

/// A worker's own side.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    id: WorkerId,
    stop: Arc<AtomicBool>,
    alive: Arc<AtomicBool>,
}

impl Worker {
    pub(crate) fn id(&self) -> WorkerId {
        self.id
    }

    /// To be asked often; also says that the worker is not stuck.
    pub(crate) fn should_stop(&self) -> bool {
        self.alive.store(true, Ordering::Relaxed);
        self.stop.load(Ordering::Acquire)
    }
}

struct Slot {
    worker: Worker,
    thread: JoinHandle<()>,
    last_alive: Instant,
}

/// All workers of one supervisor.
#[derive(Default)]
pub(crate) struct Workers {
    slots: Vec<Slot>,
    next: u64,
}

impl Workers {
    /// Starts a worker, unless too many are alive or the system refuses.
    pub(crate) fn start(
        &mut self,
        name: &str,
        work: impl FnOnce(Worker) + Send + 'static,
    ) -> Option<WorkerId> {
        self.slots.retain(|slot| !slot.thread.is_finished());
        if self.slots.len() >= MOST {
            return None;
        }
        let id = WorkerId(self.next);
        self.next += 1;
        let worker = Worker {
            id,
            stop: Arc::default(),
            alive: Arc::default(),
        };
        let own = worker.clone();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(own))
            .inspect_err(|error| tracing::warn!("no thread for {name}: {error}"))
            .ok()?;
        self.slots.push(Slot {
            worker,
            thread,
            last_alive: Instant::now(),
        });
        Some(id)
    }

    /// Tells a worker to end.
    pub(crate) fn stop(&self, id: WorkerId) {
        if let Some(slot) = self.slots.iter().find(|slot| slot.worker.id == id) {
            slot.worker.stop.store(true, Ordering::Release);
        }
    }

    /// Workers that have not given a sign for `patience`; they are told to end, once.
    pub(crate) fn stuck(&mut self, patience: Duration) -> Vec<WorkerId> {
        let now = Instant::now();
        let mut stuck = Vec::new();
        for slot in &mut self.slots {
            if slot.worker.alive.swap(false, Ordering::Relaxed) {
                slot.last_alive = now;
            } else if now - slot.last_alive > patience
                && !slot.thread.is_finished()
                && !slot.worker.stop.swap(true, Ordering::Release)
            {
                stuck.push(slot.worker.id);
            }
        }
        stuck
    }

    /// Ends all, waits for those that end within `patience`, and abandons the others.
    pub(crate) fn end(&mut self, patience: Duration) {
        for slot in &self.slots {
            slot.worker.stop.store(true, Ordering::Release);
        }
        let deadline = Instant::now() + patience;
        for slot in self.slots.drain(..) {
            while !slot.thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
            if slot.thread.is_finished() && slot.thread.join().is_err() {
                tracing::warn!("an audio worker panicked");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_stuck_worker_is_told_once_and_takes_a_place_until_it_ends() {
        let mut workers = Workers::default();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        let mut ids = Vec::new();
        for _ in 0..MOST {
            let held = Arc::clone(&held);
            let stuck = move |_: Worker| assert!(held.lock().unwrap().recv().is_err());
            ids.push(workers.start("stuck", stuck).unwrap());
        }
        assert_eq!(workers.start("one too many", |_| ()), None);
        std::thread::sleep(Duration::from_millis(20));
        let mut told = workers.stuck(Duration::from_millis(5));
        told.sort();
        assert_eq!(told, ids);
        assert!(workers.stuck(Duration::from_millis(5)).is_empty());
        drop(release);
        let deadline = Instant::now() + Duration::from_secs(20);
        while workers.start("replacement", |_| ()).is_none() {
            assert!(Instant::now() < deadline, "no place became free");
            std::thread::sleep(Duration::from_millis(5));
        }
        workers.end(Duration::from_secs(20));
    }

    #[test]
    fn a_worker_that_gives_signs_is_not_stuck_and_ends_when_told() {
        let mut workers = Workers::default();
        let work = |worker: Worker| {
            while !worker.should_stop() {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        workers.start("lively", work).unwrap();
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(10));
            assert!(workers.stuck(Duration::from_secs(5)).is_empty());
        }
        workers.end(Duration::from_secs(20));
        assert!(workers.slots.is_empty());
    }
}
