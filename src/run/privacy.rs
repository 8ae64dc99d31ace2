//! Before any sample exists: no core dump can carry one (CONTRACT §9.2).

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// Switches core dumps off and makes the process undumpable, so that neither a crash nor a debugger
/// of another process of the same user reads the call's sound.
///
/// # Errors
/// The operating system's, if it refuses; the daemon must not go on then.
pub(super) fn forbid_dumps() -> rustix::io::Result<()> {
    // An undumpable process of a plain user may no longer open its own /proc/self/auxv, from where kernels
    // before 6.4 tell the page size, which the health figures need: asked for once before, it is remembered.
    let _ = rustix::param::page_size();
    let hard_limit = getrlimit(Resource::Core).maximum;
    setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: hard_limit,
        },
    )?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

#[cfg(test)]
mod tests {
    use super::forbid_dumps;
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn no_core_dump_and_no_attach_afterwards() {
        forbid_dumps().unwrap();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
