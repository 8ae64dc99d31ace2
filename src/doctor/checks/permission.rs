//! Each headset's node can be opened; if not, which rule, seat or group is missing.

use super::headset::named;
use super::session::{sessions, sits_here};
use crate::doctor::udev_rules::{Grant, Node, SEAT_RULES, verdict};
use crate::doctor::{Check, Desk, Finding};
use rustix::io::Errno;
use sidetone_devices::hid::Listing;
use std::fs;
use std::path::Path;

pub(super) const CHECK: Check = Check {
    id: "permission",
    about: "this user may open the headset's hidraw node; else which udev rule, seat or group is missing",
    run,
};

/// After a rule file has changed.
const APPLY: &str = "sudo udevadm control --reload && sudo udevadm trigger -s hidraw";

fn run(desk: &Desk) -> Vec<Finding> {
    let nodes = desk.wanted().flat_map(|listing| {
        listing
            .nodes
            .iter()
            .map(move |node| (listing, &node.device))
    });
    let findings: Vec<_> = nodes
        .map(|(listing, device)| look(desk, listing, device))
        .collect();
    if findings.is_empty() {
        return vec![Finding::skipped(
            "There is no headset whose buttons could be read.",
        )];
    }
    findings
}

fn look(desk: &Desk, listing: &Listing, device: &Path) -> Finding {
    let shown = format!("{} ({})", device.display(), named(&listing.identity));
    match (desk.try_open)(device) {
        Ok(()) => Finding::ok(format!("{shown} can be read.")),
        Err(Errno::ACCESS | Errno::PERM) => refused(desk, listing, device, &shown),
        Err(Errno::NOENT) => Finding::problem(
            format!("{shown} is not there, although the kernel knows the headset."),
            "in a container: hand the device in (--device); else: sudo systemctl restart systemd-udevd",
        ),
        Err(error) => Finding::problem(
            format!("{shown} cannot be opened: {error}."),
            "plug the headset in again",
        ),
    }
}

/// Why there is no permission.
fn refused(desk: &Desk, listing: &Listing, device: &Path, shown: &str) -> Finding {
    let node = node(desk, listing, device);
    let rules = verdict(&desk.roots, &node);
    let in_time: Vec<&Grant> = rules.grants.iter().filter(|g| !g.is_late()).collect();
    let why = format!("{shown}: no permission, because");
    if let Some(group) = in_time.iter().find_map(|grant| grant.group.as_deref())
        && in_time.iter().all(|grant| !grant.uaccess)
    {
        return not_in_group(desk, group, &why);
    }
    if !in_time.is_empty() {
        return tagged(desk, device, &why);
    }
    if let Some(late) = rules.grants.first() {
        let file = late.file.display();
        let name = late.file.file_name().unwrap_or_default().to_string_lossy();
        let name = name.trim_start_matches(|c: char| c.is_ascii_digit());
        let better = late.file.with_file_name(format!("70{name}"));
        return Finding::problem(
            format!(
                "{why} {file} comes after {SEAT_RULES}, where access is given, and has no effect."
            ),
            format!("sudo mv {file} {} && {APPLY}", better.display()),
        );
    }
    if let Some((masked, by)) = rules.masked.first() {
        return Finding::problem(
            format!(
                "{why} {} replaces {} and gives nothing.",
                by.display(),
                masked.file.display()
            ),
            format!("sudo rm {} && {APPLY}", by.display()),
        );
    }
    let (vendor, product) = (node.vendor, node.product);
    Finding::problem(
        format!("{why} no udev rule gives {vendor:04x}:{product:04x} to the person at the desk."),
        format!(
            "echo 'SUBSYSTEM==\"hidraw\", ATTRS{{idVendor}}==\"{vendor:04x}\", ATTRS{{idProduct}}==\"{product:04x}\", TAG+=\"uaccess\"' | sudo tee /etc/udev/rules.d/70-headset-{vendor:04x}-{product:04x}.rules && {APPLY}"
        ),
    )
    .with_detail("Sidetone's package brings 70-sidetone-headsets.rules for the makes it knows.")
}

/// A rule gives the node to the person at the seat, and it is not ours.
fn tagged(desk: &Desk, device: &Path, why: &str) -> Finding {
    let Some(sessions) = sessions(&desk.roots) else {
        return Finding::problem(
            format!(
                "{why} there is no systemd-logind that would give it to the person at the desk."
            ),
            "name a group in the udev rule instead: GROUP=\"audio\", MODE=\"0660\"",
        );
    };
    if !sits_here(&sessions, desk.person.id) {
        return Finding::problem(
            format!(
                "{why} it belongs to the person at the desk, and {} is not.",
                desk.person.login()
            ),
            "run Sidetone in the active session at the desk, not over SSH or a remote desktop",
        );
    }
    let has_tag = number(desk, device).map(|number| {
        let tags = desk.roots.run.join("udev/tags/uaccess");
        tags.join(format!("c{number}")).exists()
    });
    if has_tag == Some(false) {
        return Finding::problem(
            format!("{why} its udev rule is newer than its plugging in."),
            format!("{APPLY}   (or plug the headset in again)"),
        );
    }
    Finding::problem(
        format!(
            "{why} udev has not given it to {} since they sat down.",
            desk.person.login()
        ),
        APPLY,
    )
}

fn not_in_group(desk: &Desk, group: &str, why: &str) -> Finding {
    let login = desk.person.login();
    let text = fs::read_to_string(desk.roots.etc.join("group")).unwrap_or_default();
    let line = text.lines().map(|l| l.split(':').collect::<Vec<_>>());
    let line = line
        .into_iter()
        .find(|fields| fields.first() == Some(&group));
    let Some(fields) = line else {
        return Finding::problem(
            format!("{why} its udev rule names the group {group}, which does not exist."),
            format!(
                "sudo groupadd --system {group} && sudo usermod -aG {group} {login} && {APPLY}"
            ),
        );
    };
    let id = fields.get(2).and_then(|id| id.parse::<u32>().ok());
    if id.is_some_and(|id| desk.person.groups.contains(&id)) {
        return Finding::problem(
            format!("{why} its udev rule (group {group}) is newer than its plugging in."),
            format!("{APPLY}   (or plug the headset in again)"),
        );
    }
    let members = fields.get(3).copied().unwrap_or_default();
    if members.split(',').any(|member| member == login) {
        return Finding::problem(
            format!("{why} {login} has come into the group {group} after logging in."),
            "log out and in again",
        );
    }
    Finding::problem(
        format!("{why} it belongs to the group {group}, and {login} is not in it."),
        format!("sudo usermod -aG {group} {login}   (then log out and in again)"),
    )
}

fn node(desk: &Desk, listing: &Listing, device: &Path) -> Node {
    let kernel = device.file_name().unwrap_or_default().to_string_lossy();
    let class = desk.roots.sysfs.join("class/hidraw").join(&*kernel);
    let real = fs::canonicalize(class).unwrap_or_default();
    let above = real.ancestors().skip(1).filter_map(Path::file_name);
    Node {
        vendor: listing.identity.vendor.0,
        product: listing.identity.product.0,
        product_name: listing.identity.name.clone(),
        kernel: kernel.into_owned(),
        ancestors: above
            .map(|name| name.to_string_lossy().into_owned())
            .collect(),
    }
}

/// `major:minor` of the node.
fn number(desk: &Desk, device: &Path) -> Option<String> {
    let class = desk.roots.sysfs.join("class/hidraw");
    let text = fs::read_to_string(class.join(device.file_name()?).join("dev")).ok()?;
    Some(text.trim().to_owned())
}
