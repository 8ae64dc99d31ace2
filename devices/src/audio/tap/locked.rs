//! Memory for samples: locked into RAM, left out of core dumps, overwritten with zeros before it is
//! given back. This is the crate's one corner with `unsafe` code: no safe interface to such memory
//! exists, and a heap buffer may be swapped out, dumped, or copied by a reallocation.
//!
//! *Promises*: fixed length, never moved, all zeros at first and at last.
//!
//! *Fails* with [`LockedMemoryError`] only if the kernel has no memory left. Where the lock limit
//! (`RLIMIT_MEMLOCK`) is used up the memory is used unlocked and this is logged once: a call that can be
//! judged is worth more than a page that might be swapped.
//!
//! *Never* prints its content.
#![allow(unsafe_code)]

use ringbuf::storage::Storage;
use rustix::mm::{self, Advice, MapFlags, ProtFlags};
use std::fmt;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};

/// No memory for samples.
#[derive(Debug, thiserror::Error)]
#[error("the system gave no memory for a call's samples ({0}); close other programs")]
pub struct LockedMemoryError(#[from] rustix::io::Errno);

/// Types for which any bit pattern, all zeros included, is a value.
pub(crate) trait Plain: Copy + Send + 'static {}
impl Plain for f32 {}
impl Plain for u8 {}

/// A fixed array of `T` in locked, undumpable memory.
pub(crate) struct Locked<T: Plain> {
    start: NonNull<T>,
    length: usize,
}

// SAFETY: the mapping belongs to this value alone and `T` is `Send` (`Plain`).
unsafe impl<T: Plain> Send for Locked<T> {}
// SAFETY: shared access only reads, or goes through `Storage`, whose user (`ringbuf`) hands disjoint
// ranges to its two ends.
unsafe impl<T: Plain> Sync for Locked<T> {}

impl<T: Plain> Locked<T> {
    /// `length` zeros; at least one.
    pub(crate) fn zeros(length: usize) -> Result<Self, LockedMemoryError> {
        let length = length.max(1);
        let bytes = length * size_of::<T>();
        // SAFETY: a new anonymous private mapping at an address of the kernel's choice; it cannot
        // overlap anything.
        let start = unsafe {
            mm::mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )?
        };
        // SAFETY: exactly the mapping made above.
        let guarded = unsafe {
            mm::madvise(start, bytes, Advice::LinuxDontDump).and_then(|()| mm::mlock(start, bytes))
        };
        if let Err(error) = guarded {
            warn_once(error);
        }
        let start = NonNull::new(start.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        Ok(Self { start, length })
    }

    /// Overwrites everything with zeros.
    pub(crate) fn wipe(&mut self) {
        // SAFETY: `length` elements from `start` are ours, and zero is a value of `T` (`Plain`).
        unsafe { self.start.as_ptr().write_bytes(0, self.length) }
    }
}

fn warn_once(error: rustix::io::Errno) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "sample memory is not locked ({error}); raise LimitMEMLOCK of the service to 8M"
        );
    }
}

impl<T: Plain> Deref for Locked<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: initialised (anonymous mappings are zero) and ours as long as `self` lives.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T: Plain> DerefMut for Locked<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and `&mut self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl<T: Plain> Drop for Locked<T> {
    fn drop(&mut self) {
        self.wipe();
        // SAFETY: the mapping made in `zeros`, not used after this.
        let gone = unsafe { mm::munmap(self.start.as_ptr().cast(), self.length * size_of::<T>()) };
        debug_assert!(gone.is_ok(), "unmapping our own mapping");
    }
}

impl<T: Plain> fmt::Debug for Locked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locked({} elements)", self.length)
    }
}

// SAFETY: the items live in a mapping of their own, so the storage value does not alias them; pointer
// and length never change.
unsafe impl<T: Plain> Storage for Locked<T> {
    type Item = T;

    fn len(&self) -> usize {
        self.length
    }

    fn as_mut_ptr(&self) -> *mut MaybeUninit<T> {
        self.start.as_ptr().cast()
    }
}

/// An empty ring in locked memory.
pub(crate) fn locked_ring(
    length: usize,
) -> Result<ringbuf::SharedRb<Locked<f32>>, LockedMemoryError> {
    let storage = Locked::zeros(length)?;
    // SAFETY: read index = write index = 0 is the empty ring; nothing in it has to be initialised.
    Ok(unsafe { ringbuf::SharedRb::from_raw_parts(storage, 0, 0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_as_zeros_and_wipes_to_zeros() {
        let mut memory = Locked::<f32>::zeros(5000).unwrap();
        assert!(memory.iter().all(|sample| *sample == 0.0));
        memory.fill(0.25);
        memory.wipe();
        assert!(memory.iter().all(|sample| *sample == 0.0));
    }

    #[test]
    fn is_locked_and_left_out_of_core_dumps() {
        let memory = Locked::<u8>::zeros(64 * 1024).unwrap();
        let address = memory.as_ptr() as usize;
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        let mut flags = None;
        for line in maps.lines() {
            if let Some((from, rest)) = line.split_once('-')
                && let Ok(from) = usize::from_str_radix(from, 16)
            {
                let to = rest.split(' ').next().unwrap();
                inside = (from..usize::from_str_radix(to, 16).unwrap()).contains(&address);
            } else if inside && let Some(text) = line.strip_prefix("VmFlags:") {
                flags = Some(text.to_owned());
            }
        }
        let flags = flags.expect("our mapping is listed");
        for flag in ["dd", "lo"] {
            assert!(flags.split(' ').any(|f| f == flag), "{flag} in {flags}");
        }
    }
}
