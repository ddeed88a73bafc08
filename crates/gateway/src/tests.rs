//! How cards, refusals and faults are written.

use lazaret_disclosure::{Cell, KeyValue, Number, Shown};
use lazaret_model::{Fault, Refusal, RefusalCode};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::json;

use crate::table::{cell_json, key_json};
use crate::{Card, Format, Outgoing};

fn card() -> Card {
    let estimate = |name: &str, kind: &str| {
        json!({ "name": name, "role": "estimate", "type": kind, "mechanism": "discrete_gaussian",
                "scale": 45.8, "sensitivity": 1.0, "threshold": null,
                "bounds": { "groups_per_person": 1, "rows_per_person": 1, "clamp": null } })
    };
    let card = json!({
        "release_id": "R-1", "permit_id": "FR-2026-P-000001", "dataset": "fr-demo",
        "snapshot": "S-1", "query_sha256": "00", "released_at": "2026-11-01T00:00:00Z",
        "columns": [
            { "name": "region", "role": "key", "type": "utf8" },
            estimate("n", "int64"),
            estimate("mean", "float64"),
        ],
        "rows": [
            { "region": "FR10",
              "n": { "value": 12_345, "std_error": 45.8, "low95": 12_255, "high95": 12_435,
                     "hidden": false },
              "mean": { "value": 6.25, "std_error": 0.2, "low95": 5.85, "high95": 6.65,
                        "hidden": false } },
            { "region": "a \"b\", c", "n": { "hidden": true }, "mean": { "hidden": true } },
            { "region": null,
              "n": { "value": -7, "std_error": 45.8, "low95": -97, "high95": 83, "hidden": false },
              "mean": { "hidden": true } },
        ],
        "account": "zcdp",
        "cost": { "epsilon": 0.1, "rho": 0.000238, "delta": 0 },
        "budget_left": { "rho": 0.15, "delta": 5e-8, "epsilon": 2.997, "queries_like_this": 630 },
        "notes": ["groups under 10 persons are hidden"],
    });
    Card::parse(&card.to_string()).unwrap()
}

fn text(outgoing: &dyn Outgoing, format: Format) -> String {
    String::from_utf8(outgoing.bytes(format).unwrap()).unwrap()
}

#[test]
fn a_table_aligns_and_says_hidden() {
    expect_test::expect![[r#"
        region              n         mean
        ────────  ───────────  ───────────
        FR10      12,345 ± 90  6.25 ± 0.40
        a "b", c       hidden       hidden
        (none)        -7 ± 90       hidden
        note: groups under 10 persons are hidden
        cost: epsilon 0.1 (rho 0.000238); left: epsilon 2.997, 630 questions like this; release R-1
    "#]]
    .assert_eq(&text(&card(), Format::Table));
}

#[test]
fn csv_has_the_contracts_columns_and_hides_by_nothing() {
    expect_test::expect![[r#"
        region,n,n_std_error,n_low95,n_high95,mean,mean_std_error,mean_low95,mean_high95
        FR10,12345,45.8,12255,12435,6.25,0.2,5.85,6.65
        "a ""b"", c",,,,,,,,
        ,-7,45.8,-97,83,,,,
    "#]]
    .assert_eq(&text(&card(), Format::Csv));
}

#[test]
fn parquet_carries_the_same_rows_and_the_card() {
    let bytes = card().bytes(Format::Parquet).unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let metadata = reader.metadata().file_metadata();
    assert_eq!(
        (metadata.num_rows(), metadata.schema_descr().num_columns()),
        (3, 9)
    );
    let pairs = metadata.key_value_metadata().unwrap();
    let stored = pairs
        .iter()
        .find(|pair| pair.key == "lazaret.card")
        .unwrap()
        .value
        .clone();
    assert_eq!(Card::parse(&stored.unwrap()).unwrap(), card());
}

#[test]
fn json_is_the_card_itself() {
    assert_eq!(Card::parse(&text(&card(), Format::Json)).unwrap(), card());
}

#[test]
fn refusals_explain_and_faults_do_not() {
    let refusal = Refusal::new(RefusalCode::NotPrivate, "no")
        .clause("c")
        .hint("h")
        .at(1, 8);
    let refused: serde_json::Value = serde_json::from_str(&text(&refusal, Format::Json)).unwrap();
    let expected = json!({ "refused": { "code": "not_private", "reason": "no", "clause": "c",
                                        "hint": "h", "line": 1, "column": 8 } });
    assert_eq!(refused, expected);
    let fault = text(&Fault::new("ticket-1"), Format::Json);
    let fault: serde_json::Value = serde_json::from_str(&fault).unwrap();
    assert_eq!(fault, json!({ "fault": { "ticket": "ticket-1" } }));
}

#[test]
fn every_type_of_key_has_its_form() {
    let values = [
        (KeyValue::Integer(-7), json!(-7)),
        (KeyValue::Boolean(true), json!(true)),
        (KeyValue::Text("FR10".into()), json!("FR10")),
        (KeyValue::Date(20_779), json!("2026-11-22")),
        (KeyValue::Date(i32::MAX), json!(null)),
        (KeyValue::Null, json!(null)),
    ];
    for (value, expected) in values {
        assert_eq!(key_json(&value), expected);
    }
}

#[test]
fn cells_have_the_documented_form() {
    let whole = Cell::Shown(Shown {
        value: Number::Whole(1_234),
        std_error: 45.8,
        low95: Number::Whole(1_144),
        high95: Number::Whole(1_324),
    });
    let expected = json!({ "value": 1_234, "std_error": 45.8, "low95": 1_144, "high95": 1_324,
                           "hidden": false });
    assert_eq!(cell_json(whole), expected);
    assert_eq!(cell_json(Cell::Hidden), json!({ "hidden": true }));
}
