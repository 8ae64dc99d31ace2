//! The one way a JSON value is written for a signature: RFC 8785 (JSON Canonicalization Scheme).
//!
//! No spaces; keys in the order of their UTF-16 code units; strings with the shortest escapes; numbers as
//! ECMAScript writes them. So whoever reformats a document on its way, or signs it with a library of another
//! language, gets the same bytes.

use serde_json::{Map, Number, Value};

/// The canonical text of a value.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => text.push_str(&written(number)),
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(map) => object(map, text),
        // RFC 8785 §3.2.2.2 asks for the escapes that serde_json writes.
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

fn object(map: &Map<String, Value>, text: &mut String) {
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    text.push('{');
    for (place, key) in keys.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(key.as_str()).to_string());
        text.push(':');
        if let Some(value) = map.get(key) {
            write(value, text);
        }
    }
    text.push('}');
}

/// ECMA-262 `Number::toString`: every number is a double; no exponent from 1e-6 up to 1e21.
fn written(number: &Number) -> String {
    let Some(value) = number.as_f64() else {
        return number.to_string();
    };
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-6..1e21).contains(&size) {
        // Display writes the shortest digits that read back the same, never with an exponent.
        value.to_string()
    } else {
        let text = format!("{value:e}");
        if size >= 1.0 {
            text.replace('e', "e+")
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use serde_json::Value;

    fn of(text: &str) -> String {
        canonical(&serde_json::from_str::<Value>(text).unwrap())
    }

    /// RFC 8785 §3.2.2 (its example), §3.2.3 (order of keys) and appendix B (numbers).
    #[test]
    fn the_examples_of_the_rfc_are_written_as_it_writes_them() {
        let example = r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
        let expected = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(of(example), expected);
        // Carriage return, 1, control, ö, €, the smiley's surrogates, and only then U+FB33.
        let keys = r#"{"\u20ac":"e","\r":"a","\ufb33":"g","1":"b","\ud83d\ude00":"f","\u0080":"c","\u00f6":"d"}"#;
        let text = of(keys);
        let order: String = text
            .split(":\"")
            .skip(1)
            .filter_map(|rest| rest.chars().next())
            .collect();
        assert_eq!(order, "abcdefg");
        for (written, meant) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("5.0", "5"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("9007199254740992", "9007199254740992"),
            ("0.000001", "0.000001"),
            ("1e-7", "1e-7"),
            ("333333333.33333325", "333333333.33333325"),
        ] {
            assert_eq!(of(written), meant, "{written}");
        }
    }
}
