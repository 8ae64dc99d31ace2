//! Asking another program, for a moment.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is looked whether the program has ended.
const POLL: Duration = Duration::from_millis(10);

/// What the program writes to standard output; `None` if it is not there, fails, or takes longer than three
/// seconds (it is then ended). For answers of a few lines only: nothing is read before the program ends.
pub(super) fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().ok()? {
            break status;
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(POLL);
    };
    let mut text = String::new();
    child.stdout.take()?.read_to_string(&mut text).ok()?;
    status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn an_answer_is_what_was_written_and_a_failure_is_none() {
        assert_eq!(answer("echo", &["a"]).as_deref(), Some("a\n"));
        assert_eq!(answer("false", &[]), None);
        assert_eq!(answer("/no/such/program", &[]), None);
    }
}
