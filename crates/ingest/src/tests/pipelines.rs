//! What a pipeline says, and what does not load.

use lazaret_model::{ColumnType, Treatment};

use super::fixture::{PATIENT, SUBJECT, custom, shipped, toml, view};

#[test]
fn the_shipped_pipeline_promises_the_contract() {
    let pipeline = shipped();
    let contract = [
        (
            "person",
            "person_id, sex, birth_year, region, country, deceased, deceased_year",
        ),
        (
            "encounter",
            "person_id, encounter_id, class, type_system, type_code, start_date, \
             start_date_precision, end_date, end_date_precision, length_hours",
        ),
        (
            "condition",
            "person_id, encounter_id, code_system, code, category, clinical_status, \
             recorded_date, recorded_date_precision, onset_date, onset_date_precision, \
             abatement_date, abatement_date_precision",
        ),
        (
            "observation",
            "person_id, encounter_id, category, status, component_of, code_system, code, \
             value_number, value_unit, value_code, effective_date, effective_date_precision",
        ),
        (
            "procedure",
            "person_id, encounter_id, code_system, code, status, performed_date, \
             performed_date_precision",
        ),
        (
            "medication_request",
            "person_id, encounter_id, code_system, code, authored_date, \
             authored_date_precision, status, intent",
        ),
        (
            "immunization",
            "person_id, encounter_id, code_system, code, occurrence_date, \
             occurrence_date_precision, status",
        ),
        (
            "medication_dispense",
            "person_id, encounter_id, code_system, code, status, handed_over_date, \
             handed_over_date_precision, quantity, quantity_unit, days_supply",
        ),
        (
            "medication_administration",
            "person_id, encounter_id, code_system, code, status, route_system, route_code, \
             quantity, quantity_unit, effective_date, effective_date_precision",
        ),
        (
            "allergy",
            "person_id, encounter_id, code_system, code, type, category, criticality, \
             clinical_status, verification_status, recorded_date, recorded_date_precision, \
             onset_date, onset_date_precision",
        ),
        (
            "diagnostic_report",
            "person_id, encounter_id, category, code_system, code, status, issued_date, \
             issued_date_precision, effective_date, effective_date_precision",
        ),
        (
            "imaging_study",
            "person_id, encounter_id, status, modality, body_site_system, body_site, \
             started_date, started_date_precision, series_count, instance_count",
        ),
        (
            "care_plan",
            "person_id, encounter_id, status, intent, category_system, category, \
             activity_system, activity_code, reason_system, reason_code, start_date, \
             start_date_precision, end_date, end_date_precision",
        ),
        (
            "device",
            "person_id, type_system, type_code, status, manufactured_date, \
             manufactured_date_precision, expiration_date, expiration_date_precision",
        ),
        (
            "claim",
            "person_id, encounter_id, claim_id, status, type, claim_use, diagnosis_system, \
             diagnosis_code, service_system, service_code, start_date, \
             start_date_precision, end_date, end_date_precision, created_date, \
             created_date_precision, total_amount, currency",
        ),
        (
            "explanation_of_benefit",
            "person_id, encounter_id, claim_id, status, outcome, type, claim_use, \
             diagnosis_system, diagnosis_code, service_system, service_code, start_date, \
             start_date_precision, end_date, end_date_precision, created_date, \
             created_date_precision, submitted_amount, benefit_amount, payment_amount, \
             currency",
        ),
    ];
    assert_eq!(pipeline.tables().len(), contract.len());
    let mut tables = pipeline.tables().iter();
    for (name, columns) in contract {
        let table = tables.find(|table| table.name.as_str() == name).unwrap();
        let mut found: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let mut wanted: Vec<_> = columns.split(", ").collect();
        assert_eq!(found[0], "person_id");
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{name}");
        assert!(
            table
                .columns
                .iter()
                .all(|column| !column.description.is_empty()),
            "{name}"
        );
        tables = pipeline.tables().iter();
    }
    let person = &pipeline.tables()[0];
    assert_eq!(person.rows_per_person, 1);
    let column = |name| person.column(name).unwrap();
    assert_eq!(column("person_id").kind, ColumnType::Pseudonym);
    assert_eq!(column("sex").values, ["male", "female", "other", "unknown"]);
    assert_eq!(column("birth_year").treatment, Treatment::AgeCap90);
    assert_eq!(column("birth_year").kind, ColumnType::Integer);
    assert_eq!(column("region").treatment, Treatment::Region);
    assert_eq!(column("deceased").kind, ColumnType::Boolean);
    assert_eq!(
        pipeline.justifications().count(),
        0,
        "nothing is kept for a reason of its own"
    );
    assert_eq!(pipeline.sha256(), shipped().sha256());
}

const KEEP: &str = "sex|gender|code|lazaret/treatment=keep";

#[test]
fn a_view_that_decides_everything_loads() {
    let columns = [
        PATIENT,
        "sex|gender|code|lazaret/treatment=keep;lazaret/values=male, female;other/tag=x",
        "n|multipleBirth.ofType(integer)|integer|lazaret/treatment=keep;lazaret/bounds=0..9",
        "who|name.first().family|string|lazaret/treatment=keep;lazaret/justification=a test",
    ];
    let (_folder, pipeline) = custom(&toml(""), &[("v.json", &view("Patient", &columns))]);
    let pipeline = pipeline.unwrap();
    let table = &pipeline.tables()[0];
    assert_eq!(table.column("sex").unwrap().values, ["male", "female"]);
    let bounds = table.column("n").unwrap().bounds.unwrap();
    assert_eq!((bounds.low(), bounds.high(), bounds.scale()), (0, 9, 0));
    let reasons: Vec<_> = pipeline
        .justifications()
        .map(|j| (j.column, j.text))
        .collect();
    assert_eq!(reasons, [("who", "a test")]);
}

/// Columns of a view of `Patient` that does not load, and what it says.
#[test]
fn a_view_that_leaves_something_undecided_does_not_load() {
    let cases: &[(&[&str], &str)] = &[
        (&[PATIENT, "sex|gender|code|"], "column `sex`: no treatment"),
        (
            &[PATIENT, "sex|gender|code|other/tag=keep"],
            "column `sex`: no treatment",
        ),
        (
            &[PATIENT, "sex|gender|code|lazaret/treatment=drop"],
            "`drop` is no treatment",
        ),
        (
            &[
                PATIENT,
                "sex|gender|code|lazaret/treatment=keep;lazaret/x=1",
            ],
            "`lazaret/x` means",
        ),
        (
            &[
                PATIENT,
                "sex|gender|code|lazaret/treatment=keep;lazaret/treatment=keep",
            ],
            "`lazaret/treatment` twice",
        ),
        (&[KEEP], "no column is the person's"),
        (
            &[PATIENT, "other|id|string|lazaret/treatment=person"],
            "is called `person_id`",
        ),
        (
            &["person_id|gender|code|lazaret/treatment=keep"],
            "is called `person_id`",
        ),
        (
            &["person_id|gender|code|lazaret/treatment=person"],
            "has to be `getResourceKey()`",
        ),
        (
            &[PATIENT, "key|id|string|lazaret/treatment=keep"],
            "an id is a `person` or a `record`",
        ),
        (
            &[
                PATIENT,
                "key|getResourceKey()|string|lazaret/treatment=keep",
            ],
            "an id is a `person` or a `record`",
        ),
        (
            &[
                PATIENT,
                "gp|generalPractitioner.first().reference|string|lazaret/treatment=keep",
            ],
            "an id is a `person` or a `record`",
        ),
        (
            &[
                PATIENT,
                "kin|link.first().other.getReferenceKey(Patient)|string|lazaret/treatment=record",
            ],
            "a second reference to a person",
        ),
        (
            &[
                PATIENT,
                "gp|generalPractitioner.first().getReferenceKey()|id|lazaret/treatment=record",
            ],
            "name it with `lazaret/record`",
        ),
        (
            &[
                PATIENT,
                "sex|gender|code|lazaret/treatment=keep;lazaret/bounds=0..1",
            ],
            "bounds are for numbers",
        ),
        (
            &[
                PATIENT,
                "n|a|integer|lazaret/treatment=keep;lazaret/values=1,2",
            ],
            "values are for codes",
        ),
        (
            &[
                PATIENT,
                "n|a|integer|lazaret/treatment=keep;lazaret/bounds=1-2",
            ],
            "bounds `1-2` are not `lo..hi`",
        ),
        (
            &[
                PATIENT,
                "n|a|integer|lazaret/treatment=keep;lazaret/bounds=2..1",
            ],
            "low below high",
        ),
        (
            &[
                PATIENT,
                "n|a|integer|lazaret/treatment=keep;lazaret/bounds=0..1.25;lazaret/scale=1",
            ],
            "finer than the scale 1",
        ),
        (
            &[
                PATIENT,
                "n|a|integer|lazaret/treatment=keep;lazaret/scale=1",
            ],
            "a scale without bounds",
        ),
        (
            &[
                PATIENT,
                "sex|gender|code|lazaret/treatment=keep;lazaret/values=a,,b",
            ],
            "an empty or repeated value",
        ),
        (
            &[PATIENT, "n|active|boolean|lazaret/treatment=date"],
            "this treatment takes text",
        ),
        (
            &[PATIENT, "d|birthDate|date|lazaret/treatment=input"],
            "an input that nothing uses",
        ),
        (
            &[
                PATIENT,
                "r|gender|code|lazaret/treatment=region;lazaret/country=x",
            ],
            "there is no column `x` of text",
        ),
        (
            &[
                PATIENT,
                "r|gender|code|lazaret/treatment=region;lazaret/part=town",
            ],
            "can only be `country`",
        ),
        (
            &[
                PATIENT,
                "r|gender|code|lazaret/treatment=keep;lazaret/part=country",
            ],
            "of a region",
        ),
        (
            &[
                PATIENT,
                "d|birthDate|date|lazaret/treatment=date",
                "d_precision|gender|code|lazaret/treatment=keep",
            ],
            "two columns are called `d_precision`",
        ),
        (
            &[PATIENT, "Sex|gender|code|lazaret/treatment=keep"],
            "`Sex` is not a column name",
        ),
    ];
    for (columns, expected) in cases {
        let (_folder, pipeline) = custom(&toml(""), &[("v.json", &view("Patient", columns))]);
        let refused = pipeline
            .err()
            .unwrap_or_else(|| panic!("{columns:?} loads"));
        assert!(refused.contains(expected), "{columns:?}: {refused}");
        assert!(refused.starts_with("views/v.json: "), "{refused}");
    }
}

#[test]
fn what_can_name_a_person_needs_a_reason() {
    for path in [
        "name.first().family",
        "address.first().city",
        "telecom.first().value",
        "text.status",
        "code.coding.first().display",
        "note.first().text",
        "contact.first().gender",
        "extension('http://x').value.ofType(code)",
        "photo.first().url",
        "code.text",
        "value.ofType(string)",
        "identifier.first().value",
        "address.first().postalCode",
    ] {
        let column = format!("x|{path}|string|lazaret/treatment=keep");
        let with = format!("{column};lazaret/justification=because");
        let json = |column: &str| view("Observation", &[SUBJECT, column]);
        let (_folder, pipeline) = custom(&toml(""), &[("v.json", &json(&column))]);
        let refused = pipeline.err().unwrap_or_else(|| panic!("{path} loads"));
        assert!(
            refused.contains("say why in `lazaret/justification`"),
            "{path}: {refused}"
        );
        let (_folder, pipeline) = custom(&toml(""), &[("v.json", &json(&with))]);
        assert!(pipeline.is_ok(), "{path}: {:?}", pipeline.err());
    }
    let inside = serde_json::json!({"name": "v", "resource": "Patient", "select": [
        {"column": [{"name": "person_id", "path": "getResourceKey()", "tag":
            [{"name": "lazaret/treatment", "value": "person"}]}]},
        {"forEach": "contact", "column": [{"name": "x", "path": "gender", "tag":
            [{"name": "lazaret/treatment", "value": "keep"}]}]}]});
    let (_folder, pipeline) = custom(&toml(""), &[("v.json", &inside.to_string())]);
    assert!(pipeline.err().unwrap().contains("`contact` leads to"));
}

#[test]
fn a_row_belongs_to_one_person() {
    let tag = |value: &str| serde_json::json!([{"name": "lazaret/treatment", "value": value}]);
    let person =
        |path: &str| serde_json::json!({"name": "person_id", "path": path, "tag": tag("person")});
    let load = |select: serde_json::Value| {
        let json = serde_json::json!({"name": "v", "resource": "Group", "select": select});
        custom(&toml(""), &[("v.json", &json.to_string())]).1.err()
    };
    let each = load(serde_json::json!([
        {"forEach": "member", "column": [person("entity.getReferenceKey(Patient)")]}]));
    assert!(each.unwrap().contains("outside of forEach"));
    let two = load(serde_json::json!([{"unionAll": [
        {"column": [person("a.getReferenceKey(Patient)")]},
        {"column": [person("b.getReferenceKey(Patient)")]}]}]));
    assert!(two.unwrap().contains("a resource belongs to one person"));
    let differ = load(serde_json::json!([{"unionAll": [
        {"column": [
            person("a.getReferenceKey(Patient)"),
            {"name": "x", "path": "b", "tag": tag("keep")}]},
        {"column": [
            person("a.getReferenceKey(Patient)"),
            {"name": "x", "path": "b", "tag": tag("reject")}]}]}]));
    assert!(
        differ
            .unwrap()
            .contains("its tags differ between the branches")
    );
    assert_eq!(
        load(serde_json::json!([{"column": [person("a.b.getReferenceKey(Patient)")]}])),
        None
    );
}

#[test]
fn derived_columns_come_from_inputs() {
    let inputs = [
        SUBJECT,
        "a|period.start|dateTime|lazaret/treatment=input",
        "b|period.end|dateTime|lazaret/treatment=input",
        "c|status|code|lazaret/treatment=keep",
    ];
    let json = view("Encounter", &inputs);
    let load = |derive: &str| {
        custom(
            &toml(&format!("[[table.derive]]\n{derive}")),
            &[("v.json", &json)],
        )
        .1
    };
    let pipeline = load("h = \"hours(a, b)\"\nd = { is = \"date( b,a )\", description = \"x\" }");
    let pipeline = pipeline.unwrap();
    let table = &pipeline.tables()[0];
    assert_eq!(table.column("h").unwrap().kind, ColumnType::Number);
    assert_eq!(table.column("d").unwrap().kind, ColumnType::Date);
    assert_eq!(table.column("d_precision").unwrap().kind, ColumnType::Text);
    assert!(table.column("a").is_none());
    for (derive, expected) in [
        ("h = \"hours(a)\"", "is not `hours(start, end)`"),
        ("h = \"hours(a, b\"", "is not `hours(start, end)`"),
        ("h = \"days(a, b)\"", "is not `hours(start, end)`"),
        ("h = \"a\"", "is not `hours(start, end)`"),
        ("h = \"hours(a, x)\"", "`x` is not an `input` column"),
        ("h = \"hours(a, c)\"", "`c` is not an `input` column"),
        ("h = \"date(a)\"", "column `b`: an input that nothing uses"),
        ("c = \"hours(a, b)\"", "two columns are called `c`"),
        (
            "person_id = \"hours(a, b)\"",
            "two columns are called `person_id`",
        ),
        (
            "h = { is = \"date(a, b)\", bounds = \"0..1\" }",
            "bounds are for numbers",
        ),
        (
            "h = { is = \"hours(a, b)\", bounds = \"x\" }",
            "are not `lo..hi`",
        ),
    ] {
        let refused = load(derive)
            .err()
            .unwrap_or_else(|| panic!("{derive} loads"));
        assert!(refused.contains(expected), "{derive}: {refused}");
    }
}

#[test]
fn settings_that_mean_nothing_or_are_not_there_yet_do_not_load() {
    let json = view("Patient", &[PATIENT, KEEP]);
    let good = toml("");
    let load = |text: &str| custom(text, &[("v.json", &json)]).1;
    assert!(load(&good).is_ok());
    for (from, to, expected) in [
        (
            "title = \"t\"",
            "title = \"t\"\ntypo = 1",
            "unknown field `typo`",
        ),
        ("fhir-ndjson", "cda", "the only format supported yet"),
        ("local-id", "nobody", "unknown variant `nobody`"),
        (
            "fallback",
            "linkage_key = \"k\"\nfallback",
            "linkage_key is not supported yet",
        ),
        ("urn:oid:1.2.3", "none", "identity system is a URI"),
        ("\"urn:oid:1.2.3\"", "[]", "identity system is a URI"),
        (
            "[[table]]",
            "[export]\nmode = \"full\"\n[[table]]",
            "`full` is not supported yet",
        ),
        (
            "[[table]]",
            "[limits]\nquarantine_max_ratio = 2.0\n[[table]]",
            "is a share from 0 to 1",
        ),
        (
            "[[table]]",
            "[limits]\nnesting_max = 0\n[[table]]",
            "nesting_max 1 to 512",
        ),
        (
            "title = \"t\"",
            "title = \"t\"\ncountry = \"France\"",
            "code of two letters",
        ),
        ("views/v.json", "../v.json", "is not `views/<name>.json`"),
        (
            "views/v.json",
            "views/../v.json",
            "is not `views/<name>.json`",
        ),
        ("views/v.json", "views/w.json", "views/w.json: "),
        (
            "rows_per_person = 5",
            "rows_per_person = 0",
            "rows_per_person is at least 1",
        ),
        (
            "rows_per_person = 5",
            "rows_per_person = 5\npublic = true",
            "public tables",
        ),
        ("name = \"t\"", "name = \"T\"", "is not a table name"),
        (
            "dataset = \"d\"",
            "dataset = \"D\"",
            "is not a dataset name",
        ),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good);
        let refused = load(&text).err().unwrap_or_else(|| panic!("{to} loads"));
        assert!(refused.contains(expected), "{to}: {refused}");
    }
    let twice =
        format!("{good}\n[[table]]\nname = \"t\"\nview = \"views/v.json\"\nrows_per_person = 1");
    assert!(
        load(&twice)
            .err()
            .unwrap()
            .contains("two tables are called `t`")
    );
    let several = good.replace("\"urn:oid:1.2.3\"", "[\"urn:oid:1.2.3\", \"https://x\"]");
    assert!(load(&several).is_ok());
    for (name, text) in [
        ("v.json", "{"),
        ("v.json", "[]"),
        ("v.json", "{\"resource\": 1}"),
    ] {
        let refused = custom(&good, &[(name, text)]).1.err().unwrap();
        assert!(refused.starts_with("views/v.json: "), "{refused}");
    }
    let none = crate::Pipeline::load(std::path::Path::new("/nonexistent"))
        .err()
        .unwrap();
    assert!(none.to_string().starts_with("pipeline.toml: "));
}
