//! A page for each command.

use super::{Page, title};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// The page of `command`, then those of its subcommands. Hidden ones have none.
pub(super) fn pages(command: Command, date: &str) -> Vec<Page> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, date, &mut pages);
    pages
}

fn add(command: &Command, date: &str, pages: &mut Vec<Page>) {
    pages.push(page(command, date));
    for subcommand in visible(command) {
        add(subcommand, date, pages);
    }
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|c| !c.is_hide_set())
}

/// `sidetone-config-check`
fn name(command: &Command) -> &str {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
}

fn page(command: &Command, date: &str) -> Page {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    let mut head = Roff::new();
    title(&mut head, name(command), "1", date);
    // Writing to memory does not fail.
    let _ = head.to_writer(&mut text);
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    let _ = man.render_description_section(&mut text);
    if command.get_arguments().any(|a| !a.is_hide_set()) {
        let _ = man.render_options_section(&mut text);
    }
    if visible(command).next().is_some() {
        let _ = man.render_subcommands_section(&mut text);
    }
    let mut end = Roff::new();
    after_help(command, &mut end);
    closing(command, &mut end);
    let _ = end.to_writer(&mut text);
    Page {
        name: format!("{}.1", name(command)),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// What stands below the options in `--help`: the examples, and the notes around them. Their lines are
/// broken by hand, so they are kept.
fn after_help(command: &Command, roff: &mut Roff) {
    let help = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    for (examples, heading) in [(true, "EXAMPLES"), (false, "NOTES")] {
        let blocks: Vec<&str> = help
            .split("\n\n")
            .filter(|block| !block.trim().is_empty())
            .filter(|block| block.starts_with("Example") == examples)
            .collect();
        if blocks.is_empty() {
            continue;
        }
        roff.control("SH", [heading]);
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                roff.control("PP", []);
            }
            roff.control("nf", []);
            for line in block.lines().skip(usize::from(examples)) {
                roff.text([roman(line)]);
            }
            roff.control("fi", []);
        }
    }
}

fn closing(command: &Command, roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    roff.text([roman("0 success, 1 failure, 2 wrong usage.")]);
    roff.control("SH", ["FILES"]);
    roff.control("TP", []);
    roff.text([bold("/etc/sidetone/*.toml")]);
    roff.text([roman(
        "The configuration, unless a file is named: see sidetone.toml(5).",
    )]);
    roff.control("SH", ["SEE ALSO"]);
    let mut others = vec!["sidetone.toml(5)".to_owned()];
    let mut parent = name(command);
    while let Some((shorter, _)) = parent.rsplit_once('-') {
        others.push(format!("{shorter}(1)"));
        parent = shorter;
    }
    others.extend(visible(command).map(|c| format!("{}(1)", name(c))));
    roff.text([roman(others.join(", "))]);
}

#[cfg(test)]
mod tests {
    use super::pages;
    use clap::{Arg, Command};

    fn command() -> Command {
        Command::new("tool")
            .about("Does things")
            .after_help(
                "Examples:\n  tool -x     one\n\n.dots begin this note\n\nExample:\n  tool y",
            )
            .subcommand(
                Command::new("visible").arg(Arg::new("level").long("level").help("How much")),
            )
            .subcommand(Command::new("secret").hide(true))
    }

    #[test]
    fn each_visible_command_has_a_page() {
        let names: Vec<String> = pages(command(), "").into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["tool.1", "tool-visible.1"]);
    }

    #[test]
    fn examples_and_notes_are_kept_line_by_line() {
        let page = &pages(command(), "2026-01-02")[0].text;
        let (_, after) = page.split_once(".SH EXAMPLES\n").unwrap_or_default();
        assert!(
            after.starts_with(
                ".nf\n  tool \\-x     one\n.fi\n.PP\n.nf\n  tool y\n.fi\n.SH NOTES\n.nf\n\\&.dots begin"
            ),
            "{page}"
        );
        assert!(page.contains("SEE ALSO"));
        assert!(page.contains("tool\\-visible(1)"));
    }

    #[test]
    fn options_are_there() {
        let page = &pages(command(), "")[1].text;
        assert!(page.contains("How much"), "{page}");
        assert!(page.contains("tool(1)"));
    }
}
