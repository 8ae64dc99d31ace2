//! Which inventory items the broker keeps of this node, so that what left while the daemon was stopped also leaves
//! the inventory.
//!
//! *Promises*: an item of an earlier start that this start does not name for a while is told, to be removed; the disk
//! makes nobody wait. *Fails* by leaving an item behind: if the list cannot be written, that is logged once.

use super::later::WrittenLater;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// The items of this start, and those of earlier ones that it has not named yet.
#[derive(Debug)]
pub(super) struct KnownItems {
    list: WrittenLater,
    named: BTreeSet<String>,
    left_over: BTreeSet<String>,
}

impl KnownItems {
    /// Those of the last start.
    pub(super) fn read(state_dir: &Path) -> Self {
        let path = state_dir.join("inventory.json");
        let read = std::fs::read(&path).ok();
        let left_over = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            list: WrittenLater::new(path, "the list of inventory items"),
            named: BTreeSet::new(),
            left_over: left_over.unwrap_or_default(),
        }
    }

    /// An item is published, or removed.
    pub(super) fn note(&mut self, item: &str, is_there: bool) {
        let was_left_over = self.left_over.remove(item);
        let changed = if is_there {
            self.named.insert(item.to_owned()) && !was_left_over
        } else {
            self.named.remove(item) || was_left_over
        };
        if changed {
            self.keep();
        }
    }

    /// What is to be removed now, `grace` after this start began; until then it is not said to be gone.
    pub(super) fn overdue(&self, began: Instant, grace: Duration) -> Vec<String> {
        if began.elapsed() < grace {
            return Vec::new();
        }
        self.left_over.iter().cloned().collect()
    }

    /// Waits so long for the list to be on the disk, at the end.
    pub(super) async fn settle(&mut self, patience: Duration) {
        self.list.settle(patience).await;
    }

    fn keep(&mut self) {
        let list: Vec<&String> = self.named.union(&self.left_over).collect();
        match serde_json::to_vec(&list) {
            Ok(bytes) => self.list.write(bytes),
            Err(error) => tracing::error!(%error, "the list of inventory items cannot be written"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn what_this_start_does_not_name_is_overdue_until_it_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let mut first = KnownItems::read(directory.path());
        first.note("host", true);
        first.note("headset-a", true);
        first.note("headset-b", true);
        first.note("headset-b", false);
        first.settle(PATIENCE).await;
        let mut second = KnownItems::read(directory.path());
        second.note("host", true);
        second.settle(PATIENCE).await;
        let began = Instant::now();
        let overdue = |items: &KnownItems| items.overdue(began, Duration::ZERO);
        let patient = second.overdue(began, Duration::from_secs(3600));
        assert_eq!(patient, Vec::<String>::new());
        assert_eq!(overdue(&second), ["headset-a"]);
        // Killed before it could say so: the next start still knows.
        assert!(
            KnownItems::read(directory.path())
                .left_over
                .contains("headset-a")
        );
        second.note("headset-a", false);
        second.settle(PATIENCE).await;
        assert_eq!(overdue(&second), Vec::<String>::new());
        let third = KnownItems::read(directory.path());
        assert_eq!(overdue(&third), ["host"]);
    }
}
