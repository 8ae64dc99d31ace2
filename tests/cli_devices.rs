//! `sidetone devices` and `sidetone schema` where there may be no headset at all.

mod support;

use support::sidetone;

#[test]
fn devices_as_json_is_one_object_on_standard_output() -> Result<(), serde_json::Error> {
    let run = sidetone(["devices", "--json", "-c", "/dev/null"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    let view: serde_json::Value = serde_json::from_str(&run.out)?;
    assert_eq!(view["schema"], "sidetone.devices/1");
    assert!(view["headsets"].is_array());
    Ok(())
}

#[test]
fn devices_as_text_says_something_in_any_case() {
    let run = sidetone(["devices", "-c", "/dev/null"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(
        run.out.contains("headset") || run.out.contains("watched"),
        "{}",
        run.out
    );
}

#[test]
fn the_contract_is_printed_as_json_schema_and_as_asyncapi() -> Result<(), serde_json::Error> {
    let plain: serde_json::Value = serde_json::from_str(&sidetone(["schema"]).out)?;
    let json: serde_json::Value = serde_json::from_str(&sidetone(["schema", "json"]).out)?;
    let asyncapi: serde_json::Value = serde_json::from_str(&sidetone(["schema", "asyncapi"]).out)?;
    assert_eq!(plain, json);
    assert_eq!(plain, sidetone_wire::schema::json_schema());
    assert!(
        asyncapi["asyncapi"]
            .as_str()
            .is_some_and(|v| v.starts_with("3."))
    );
    Ok(())
}
