//! How many may come in at the uplink's socket: so few of one user that nobody keeps the others out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections of one user at once: a station, the next one at a restart, and somebody who looks.
const OF_ONE_USER: usize = 4;

/// Connections at once.
const OF_ALL: usize = 64;

/// Why nobody more comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    /// The user has all that one may have.
    #[error("this user has {OF_ONE_USER} connections already")]
    ForThisUser,
    /// There are as many as there may be.
    #[error("there are {OF_ALL} connections already")]
    ForAll,
}

/// Counts who is in, by numeric user id.
#[derive(Debug, Clone, Default)]
pub(super) struct Room(Arc<Mutex<BTreeMap<u32, usize>>>);

/// One place; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Room,
    user: u32,
}

impl Room {
    /// Takes a place for this user.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn take(&self, user: u32) -> Result<Place, Full> {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.get(&user).is_some_and(|count| *count >= OF_ONE_USER) {
            return Err(Full::ForThisUser);
        }
        if inside.values().sum::<usize>() >= OF_ALL {
            return Err(Full::ForAll);
        }
        *inside.entry(user).or_insert(0) += 1;
        let room = self.clone();
        Ok(Place { room, user })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = inside.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::services::door::Door;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;
    use tokio::sync::mpsc;

    #[test]
    fn one_user_keeps_nobody_out() {
        let room = Room::default();
        let mut greedy: Vec<_> = (0..16).filter_map(|_| room.take(1000).ok()).collect();
        assert_eq!(room.take(1000).unwrap_err(), Full::ForThisUser);
        let other = room.take(1001).unwrap();
        greedy.pop();
        assert!(room.take(1000).is_ok());
        drop((other, greedy));
        let all: Vec<_> = (0..100).filter_map(|user| room.take(user).ok()).collect();
        assert_eq!(room.take(1000).unwrap_err(), Full::ForAll);
        drop(all);
        assert!(room.take(1000).is_ok());
    }

    /// Whether it is closed at once: long before one that says no hello.
    async fn is_closed(stream: &mut UnixStream) -> bool {
        let read = stream.read_u8();
        let read = tokio::time::timeout(Duration::from_secs(1), read).await;
        matches!(read, Ok(Err(_)))
    }

    #[tokio::test]
    async fn the_fifth_connection_of_a_user_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let (came, _came) = mpsc::channel(8);
        let _door = Door::open(&path, came).unwrap();
        let mut inside = Vec::new();
        for _ in 0..4 {
            inside.push(UnixStream::connect(&path).await.unwrap());
        }
        let mut fifth = UnixStream::connect(&path).await.unwrap();
        assert!(is_closed(&mut fifth).await);
        assert!(!is_closed(&mut inside[3]).await);
    }
}
