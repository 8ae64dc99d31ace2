//! From the text of a quirk file to its models.

use super::error::{Problem, QuirkError};
use super::section::{Section, Source, required};
use super::{Condition, LARGEST_FILE, Meaning, Model, Place, ProductMatch, Rule};
use crate::headset::{ProductId, VendorId};
use crate::hid::descriptor::{ReportId, limits};
use std::time::Duration;
use toml::de::DeTable;

const MODEL_KEYS: [&str; 4] = ["name", "match", "debounce_ms", "rule"];
const RULE_KEYS: [&str; 12] = [
    "usage", "report", "when", "byte", "mask", "active", "each", "meaning", "polarity", "verified",
    "source", "note",
];
const CONDITION_KEYS: [&str; 3] = ["byte", "mask", "is"];
const LAST_BYTE: i64 = (limits::REPORT_BITS / 8) as i64;

/// The models of the file called `name` with this text.
pub(super) fn parse(name: &str, text: &str) -> Result<Vec<Model>, QuirkError> {
    let source = Source { name, text };
    if text.len() > LARGEST_FILE {
        return Err(source.error(0, Problem::TooLarge));
    }
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.error(at, Problem::Syntax(error.message().to_owned()))
    })?;
    let top = Section::new(source, document.get_ref(), 0, &["model"])?;
    let models = top.tables(
        "model",
        "a list of tables, each headed [[model]]",
        &MODEL_KEYS,
    )?;
    if models.is_empty() {
        return Err(top.error(Problem::Missing("model")));
    }
    models.iter().map(model).collect()
}

fn model(section: &Section<'_>) -> Result<Model, QuirkError> {
    let products = "a list of products such as [\"047f:aa05-aa09\", \"047f:da45\", \"0b0e:*\"]";
    let debounce = section.integer("debounce_ms", 0..=1000)?;
    let rules = section.tables(
        "rule",
        "a list of tables, each headed [[model.rule]]",
        &RULE_KEYS,
    )?;
    Ok(Model {
        name: required(section, "name", section.text("name")?)?.to_owned(),
        matches: required(
            section,
            "match",
            section.list("match", products, product_match)?,
        )?,
        debounce: debounce
            .and_then(|ms| u64::try_from(ms).ok())
            .map(Duration::from_millis),
        rules: rules.iter().map(rule).collect::<Result<_, _>>()?,
    })
}

fn rule(section: &Section<'_>) -> Result<Rule, QuirkError> {
    let inverted = section.word(
        "polarity",
        "polarity",
        &[("normal", false), ("inverted", true)],
    )?;
    let place = place(section)?;
    let meaning = required(
        section,
        "meaning",
        section.word("meaning", "meaning", &Meaning::WORDS)?,
    )?;
    let each = section.boolean("each")?.unwrap_or(false);
    if each && !meaning.is_press() {
        return Err(section.error(Problem::Value {
            key: "each",
            expected: format!("left out: `{}` is not pressed", meaning.word()),
        }));
    }
    Ok(Rule {
        place,
        meaning,
        each,
        active: section.integer("active", i64::from(i32::MIN)..=i64::from(u32::MAX))?,
        inverted: inverted.unwrap_or(false),
        verified: required(section, "verified", section.boolean("verified")?)?,
        source: required(section, "source", section.text("source")?)?.to_owned(),
        note: section.text("note")?.map(str::to_owned),
    })
}

fn place(section: &Section<'_>) -> Result<Place, QuirkError> {
    let of_bytes = ["report", "when", "byte", "mask"];
    let usage = section.parsed(
        "usage",
        "page:usage in hexadecimal, such as \"0b:2f\"",
        |text| text.parse().ok(),
    )?;
    if let Some(usage) = usage {
        let mixed = of_bytes.iter().any(|key| section.has(key));
        return if mixed {
            Err(section.error(Problem::Place))
        } else {
            Ok(Place::Usage(usage))
        };
    }
    let (Some(report), Some(byte)) = (
        section.integer("report", 0..=255)?,
        section.integer("byte", 1..=LAST_BYTE)?,
    ) else {
        return Err(section.error(Problem::Place));
    };
    let when = section
        .tables(
            "when",
            "a list such as [{ byte = 1, is = 0x51 }]",
            &CONDITION_KEYS,
        )?
        .iter()
        .map(condition)
        .collect::<Result<_, _>>()?;
    Ok(Place::Bytes {
        report: u8::try_from(report).ok().and_then(ReportId::new),
        when,
        byte: usize::try_from(byte).unwrap_or(usize::MAX),
        mask: mask(section)?,
    })
}

fn condition(section: &Section<'_>) -> Result<Condition, QuirkError> {
    let byte = required(section, "byte", section.integer("byte", 1..=LAST_BYTE)?)?;
    let is = required(section, "is", section.integer("is", 0..=255)?)?;
    Ok(Condition {
        byte: usize::try_from(byte).unwrap_or(usize::MAX),
        mask: mask(section)?,
        is: u8::try_from(is).unwrap_or(u8::MAX),
    })
}

fn mask(section: &Section<'_>) -> Result<u8, QuirkError> {
    let mask = section.integer("mask", 1..=255)?.unwrap_or(255);
    Ok(u8::try_from(mask).unwrap_or(u8::MAX))
}

/// `047f:da45`, `047f:aa05-aa09` or `047f:*`.
fn product_match(text: &str) -> Option<ProductMatch> {
    let (vendor, products) = text.split_once(':')?;
    let vendor = VendorId(id(vendor)?);
    if products == "*" {
        return Some(ProductMatch {
            vendor,
            products: None,
        });
    }
    let (first, last) = products.split_once('-').unwrap_or((products, products));
    let (first, last) = (ProductId(id(first)?), ProductId(id(last)?));
    (first <= last).then_some(ProductMatch {
        vendor,
        products: Some((first, last)),
    })
}

/// Four hexadecimal digits, as `lsusb` shows an id.
fn id(digits: &str) -> Option<u16> {
    let plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain {
        u16::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}
