//! The call's samples can be locked into memory.

use super::service::daemons;
use crate::doctor::{Check, Desk, Finding};
use rustix::process::{Resource, getrlimit};
use std::fs;

pub(super) const CHECK: Check = Check {
    id: "memory-lock",
    about: "the limit of locked memory is enough to keep a call's sound out of the swap",
    run,
};

/// About 1 MiB a headset (both taps, the connections' buffers), and as much again while streams change.
const BYTES_A_HEADSET: u64 = 2 << 20;

fn run(desk: &Desk) -> Vec<Finding> {
    let headsets = desk.wanted().count().max(1) as u64;
    let needed = BYTES_A_HEADSET * headsets;
    let own = daemons(desk)
        .into_iter()
        .next()
        .map(|daemon| daemon.process.id);
    let limit = own.map(|id| {
        let path = desk.roots.proc.join(id.to_string()).join("limits");
        of_process(&fs::read_to_string(path).unwrap_or_default())
    });
    let (whose, limit) = match limit {
        Some(Some(limit)) => ("the running daemon", limit),
        // The unit raises its soft limit up to the hard one.
        _ => (
            "this session",
            getrlimit(Resource::Memlock).maximum.unwrap_or(u64::MAX),
        ),
    };
    vec![
        if limit >= needed || (desk.person.id == 0 && own.is_none()) {
            Finding::ok("A call's sound can be locked into memory.")
        } else {
            Finding::warning(
                format!(
                    "The limit of locked memory of {whose} is {} KiB, and {} KiB are needed to keep a call's sound out of the swap.",
                    limit / 1024,
                    needed / 1024
                ),
                "sudo systemctl set-property --runtime user@.service LimitMEMLOCK=8M, or memlock in /etc/security/limits.conf",
            )
        },
    ]
}

/// `Max locked memory` (soft) of `/proc/PID/limits`, in bytes.
fn of_process(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max locked memory"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        bytes => bytes.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::of_process;

    #[test]
    fn the_kernels_table_is_read() {
        let table = "Limit                     Soft Limit           Hard Limit           Units\n\
                     Max locked memory         65536                8388608              bytes\n";
        assert_eq!(of_process(table), Some(65_536));
        assert_eq!(
            of_process("Max locked memory   unlimited  unlimited  bytes"),
            Some(u64::MAX)
        );
        assert_eq!(of_process(""), None);
    }
}
