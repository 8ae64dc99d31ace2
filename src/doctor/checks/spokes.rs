//! The certificate that browsers believe when a softphone's page talks to this machine.

use super::certificate::lasts;
use crate::doctor::{Check, Desk, Finding};
use crate::softphone::spokes;
use x509_parser::time::ASN1Time;

pub(super) const CHECK: Check = Check {
    id: "spokes",
    about: "softphones in the browser: certificate and key can be read, and last another 30 days",
    run,
};

/// Makes both, and renews them.
const INSTALL: &str = "sudo sidetone spokes install";

fn run(desk: &Desk) -> Vec<Finding> {
    let Some(config) = desk.config() else {
        return vec![Finding::skipped("The configuration is not valid.")];
    };
    if config.spokes.origins.is_empty() {
        return vec![Finding::skipped("spokes.origins names no site.")];
    }
    let until = spokes::valid_until(&config.spokes.dir);
    vec![match until.map(ASN1Time::from_timestamp) {
        Ok(Ok(until)) => lasts(
            "The certificate for softphones in the browser",
            until,
            INSTALL,
        ),
        Ok(Err(error)) => Finding::problem(
            format!("The certificate for softphones in the browser is of no date ({error})."),
            INSTALL,
        ),
        Err(error) => Finding::problem(
            format!("Softphones in the browser are not served: {error}."),
            INSTALL,
        ),
    }]
}
