//! The headsets that are plugged in now, for people to look at.

use super::descriptor::{Direction, Layout, ReportDescriptor, ReportId};
use super::node::{HidNode, Role, Roots};
use super::quirks::QuirkBook;
use super::reader;
use super::usage::Usage;
use crate::headset::{HeadsetIdentity, UsbPath};
use crate::pairing;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Usages listed per report: enough for any key pad, and a bound for what a device may declare.
const MOST_USAGES: usize = 64;

/// A headset that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Which plug.
    pub usb: UsbPath,
    /// What it is.
    pub identity: HeadsetIdentity,
    /// Names of the quirk files that apply, joined with `+`.
    pub quirk: Option<String>,
    /// Its HID interfaces.
    pub nodes: Vec<NodeListing>,
}

/// One HID interface of a headset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeListing {
    /// The device node, e.g. `/dev/hidraw0`.
    pub device: PathBuf,
    /// What each report carries.
    pub reports: Vec<ReportListing>,
    /// Why it cannot be read, in one sentence that says what to do; `None` if it can.
    pub unreadable: Option<String>,
}

/// One report of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportListing {
    /// Which way it goes.
    pub direction: Direction,
    /// Its id, if the device uses ids.
    pub id: Option<ReportId>,
    /// Its usages, each once; [`Usage::name`] has their names.
    pub usages: Vec<Usage>,
}

/// All headsets that are plugged in now. Each of their nodes is opened once, to see whether it can be
/// read, and closed; nothing is read from or written to it.
#[must_use]
pub fn list(quirks: &QuirkBook) -> Vec<Listing> {
    list_in(&Roots::default(), quirks)
}

/// [`list`] in the sysfs and the device nodes at these places.
#[must_use]
pub fn list_below(sysfs: &Path, dev: &Path, quirks: &QuirkBook) -> Vec<Listing> {
    let roots = Roots {
        sysfs: sysfs.to_owned(),
        dev: dev.to_owned(),
    };
    list_in(&roots, quirks)
}

fn list_in(roots: &Roots, quirks: &QuirkBook) -> Vec<Listing> {
    let mut by_usb: BTreeMap<UsbPath, Vec<HidNode>> = BTreeMap::new();
    for node in roots.nodes() {
        by_usb.entry(node.usb.clone()).or_default().push(node);
    }
    by_usb
        .into_iter()
        .filter_map(|(usb, nodes)| listing(usb, nodes, quirks))
        .collect()
}

fn listing(usb: UsbPath, nodes: Vec<HidNode>, quirks: &QuirkBook) -> Option<Listing> {
    let identity = pairing::usb_identity(&usb)?;
    let quirk = quirks.find(identity.vendor, identity.product);
    let with_roles: Vec<_> = nodes
        .into_iter()
        .map(|node| (node.role(quirk.as_ref()), node))
        .collect();
    if with_roles.iter().all(|(role, _)| *role != Role::Headset) {
        return None;
    }
    let nodes = with_roles
        .into_iter()
        .filter(|(role, _)| *role != Role::Stranger)
        .map(|(_, node)| node_listing(node, &identity.name))
        .collect();
    Some(Listing {
        usb,
        identity,
        quirk: quirk.map(|quirk| quirk.name),
        nodes,
    })
}

fn node_listing(node: HidNode, name: &str) -> NodeListing {
    match node.descriptor {
        Ok(descriptor) => NodeListing {
            reports: reports(&descriptor),
            unreadable: reader::cannot_open(&node.device, name),
            device: node.device,
        },
        Err(reason) => NodeListing {
            device: node.device,
            reports: Vec::new(),
            unreadable: Some(reader::unreadable_descriptor(name, &reason)),
        },
    }
}

/// What each report of a descriptor carries, ordered by direction and id.
#[must_use]
pub fn reports(descriptor: &ReportDescriptor) -> Vec<ReportListing> {
    let mut by_report: BTreeMap<(Direction, Option<ReportId>), Vec<Usage>> = BTreeMap::new();
    for field in descriptor
        .fields()
        .iter()
        .filter(|field| field.layout != Layout::Opaque)
    {
        let usages = by_report
            .entry((field.direction, field.report))
            .or_default();
        for usage in descriptor.usages(field).take(MOST_USAGES) {
            if usages.len() < MOST_USAGES && !usages.contains(&usage) {
                usages.push(usage);
            }
        }
    }
    by_report
        .into_iter()
        .map(|((direction, id), usages)| ReportListing {
            direction,
            id,
            usages,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    const HEADSET: &[u8] = &[
        0x05, 0x0b, 0x09, 0x05, 0xa1, 1, 0x85, 2, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 2, 0x09, 0x20,
        0x09, 0x2f, 0x81, 2, 0x05, 8, 0x85, 9, 0x09, 9, 0x95, 1, 0x91, 2, 0xc0,
    ];
    const MOUSE: &[u8] = &[
        0x05, 1, 0x09, 2, 0xa1, 1, 0x05, 9, 0x09, 1, 0x75, 1, 0x95, 1, 0x81, 2, 0xc0,
    ];

    fn plug(sys: &TempDir, port: &str, product: &str, number: usize, descriptor: &[u8]) {
        let usb = sys.path().join("devices/usb1").join(port);
        let hid = usb.join(format!("{port}:1.3/0003:0B0E:0422.000{number}"));
        let node = hid.join(format!("hidraw/hidraw{number}"));
        fs::create_dir_all(&node).unwrap();
        fs::write(hid.join("report_descriptor"), descriptor).unwrap();
        std::os::unix::fs::symlink("../..", node.join("device")).unwrap();
        for (name, text) in [
            ("idVendor", "0b0e"),
            ("idProduct", "0422"),
            ("product", product),
        ] {
            fs::write(usb.join(name), text).unwrap();
        }
        let class = sys.path().join("class/hidraw");
        fs::create_dir_all(&class).unwrap();
        std::os::unix::fs::symlink(&node, class.join(format!("hidraw{number}"))).unwrap();
    }

    #[test]
    fn headsets_are_listed_with_what_they_declare_and_mice_are_not() {
        let sys = TempDir::new().unwrap();
        plug(&sys, "1-1", "Speak", 0, HEADSET);
        plug(&sys, "1-2", "Mouse", 1, MOUSE);
        let roots = Roots {
            sysfs: sys.path().to_owned(),
            dev: sys.path().join("dev"),
        };
        let listings = list_in(&roots, &QuirkBook::built_in());
        let [headset] = listings.as_slice() else {
            panic!("{listings:?}")
        };
        assert_eq!(headset.identity.name, "Speak");
        assert_eq!(headset.quirk.as_deref(), Some("jabra"));
        let [node] = headset.nodes.as_slice() else {
            panic!("{headset:?}")
        };
        assert!(node.device.ends_with("dev/hidraw0"));
        let said = node.unreadable.as_deref().unwrap();
        assert!(
            said.starts_with("Speak cannot be read: ") && said.ends_with("plug it in again"),
            "{said}"
        );
        let [input, output] = node.reports.as_slice() else {
            panic!("{node:?}")
        };
        assert_eq!(
            (input.direction, input.id),
            (Direction::Input, ReportId::new(2))
        );
        let names: Vec<_> = input.usages.iter().map(|usage| usage.name()).collect();
        assert_eq!(names, ["Hook Switch", "Phone Mute"]);
        assert_eq!(output.usages, [Usage::new(8, 9)]);
    }

    #[test]
    fn a_descriptor_that_is_refused_is_said() {
        let sys = TempDir::new().unwrap();
        plug(&sys, "1-1", "Speak", 0, &HEADSET[..HEADSET.len() - 1]);
        let roots = Roots {
            sysfs: sys.path().to_owned(),
            dev: sys.path().join("dev"),
        };
        let listings = list_in(&roots, &QuirkBook::built_in());
        let said = listings[0].nodes[0].unreadable.as_deref().unwrap();
        assert!(said.starts_with("Speak cannot be read: "), "{said}");
        assert!(said.contains("update its firmware"), "{said}");
        assert!(
            said.contains("1 collections are still open at the end"),
            "{said}"
        );
    }
}
