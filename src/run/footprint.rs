//! Lets go of the pages of the program that only its start needed.
//!
//! Around each page of a file that is touched the kernel maps those beside it (64 KiB), and leaves them mapped
//! while memory is plenty: two thirds of what an idle daemon had resident were code of its start, and its
//! neighbours (`docs/measurements.md`, "Daemon"). Let go once, what is needed later is mapped again from
//! the page cache at its next use, and the rest no longer counts as the daemon's, nor keeps the kernel from
//! giving that memory to others.
//!
//! *Promises*: only pages that are the program file's own, unchanged; none that may ever be written.
//!
//! *Fails* by leaving everything as it is. This is the crate's one corner with `unsafe` code: the kernel offers
//! no other way to unmap what a process does not use.
#![allow(unsafe_code)]

use rustix::mm::{Advice, madvise};
use std::ops::Range;
use std::time::Duration;

/// Connecting, subscribing and finding what is plugged in is over by then.
const START_IS_OVER: Duration = Duration::from_secs(3);

/// Waits for the start to be over, then lets go of what only it needed.
pub(super) async fn shrink_after_start() {
    tokio::time::sleep(START_IS_OVER).await;
    match shrink() {
        Ok(bytes) => tracing::debug!(kib = bytes / 1024, "let go of what only the start needed"),
        Err(error) => tracing::debug!("what only the start needed stays mapped: {error}"),
    }
}

/// Unmaps this program's unchanging pages; how many bytes of address space that were.
fn shrink() -> std::io::Result<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let program = std::fs::read_link("/proc/self/exe")?;
    let mut bytes = 0;
    for range in unchanging(&maps, &program.to_string_lossy()) {
        let start = std::ptr::without_provenance_mut(range.start);
        // SAFETY: the range is a whole mapping of the program's file that is private and not writable, and was
        // never written (it holds code, or constants without relocations): the kernel reads the same
        // bytes again from the file at the next access, so nothing that points there can tell.
        unsafe { madvise(start, range.len(), Advice::LinuxDontNeed)? };
        bytes += range.len();
    }
    Ok(bytes)
}

/// The mappings of `program` in the text of `/proc/PID/maps` (proc(5)) that hold what its file holds: code, and the
/// constants at the file's start. Constants further on were written once, when they were relocated.
fn unchanging(maps: &str, program: &str) -> impl Iterator<Item = Range<usize>> {
    maps.lines().filter_map(move |line| {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let permissions = fields.next()?;
        let offset = usize::from_str_radix(fields.next()?, 16).ok()?;
        let path = line.find('/').map(|at| &line[at..])?;
        let kept = match permissions {
            "r-xp" => true,
            "r--p" => offset == 0,
            _ => false,
        };
        let address = |text| usize::from_str_radix(text, 16).ok();
        (kept && path == program).then_some(address(start)?..address(end)?)
    })
}

#[cfg(test)]
mod tests {
    use super::{Advice, madvise, shrink, unchanging};

    #[test]
    fn only_code_and_constants_of_the_program_itself_are_let_go() {
        let maps = "\
55d0c0000000-55d0c02af000 r--p 00000000 fe:00 4242                       /usr/bin/side tone
55d0c02b0000-55d0c0dc8000 r-xp 002ae000 fe:00 4242                       /usr/bin/side tone
55d0c0dc9000-55d0c0e0e000 r--p 00dc7000 fe:00 4242                       /usr/bin/side tone
55d0c0e0e000-55d0c0e10000 rw-p 00e0b000 fe:00 4242                       /usr/bin/side tone
55d0e0000000-55d0e0095000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000001000 r-xp 00000000 fe:00 77                         /usr/lib/side tone
7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0                          [vdso]
";
        let found: Vec<_> = unchanging(maps, "/usr/bin/side tone").collect();
        assert_eq!(
            found,
            [
                0x55d0_c000_0000..0x55d0_c02a_f000,
                0x55d0_c02b_0000..0x55d0_c0dc_8000
            ]
        );
        assert_eq!(unchanging("nonsense\n\n- r-xp /\n", "/").count(), 0);
    }

    #[test]
    fn the_program_goes_on_without_them() {
        let resident = || {
            let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
            let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
            pages
        };
        // As if the start had touched every page.
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let program = std::fs::read_link("/proc/self/exe").unwrap();
        let mut bytes = 0;
        for range in unchanging(&maps, &program.to_string_lossy()) {
            let start = std::ptr::without_provenance_mut(range.start);
            // SAFETY: it only maps pages of the program's file that may be mapped at any time.
            unsafe { madvise(start, range.len(), Advice::LinuxPopulateRead) }.unwrap();
            bytes += range.len();
        }
        let before = resident();
        assert!(before * rustix::param::page_size() > bytes);
        assert_eq!(shrink().unwrap(), bytes);
        let gone = before.saturating_sub(resident()) * rustix::param::page_size();
        assert!(gone > bytes / 2, "{gone} of {bytes} bytes");
    }
}
