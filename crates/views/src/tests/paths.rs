//! Paths: what they give, what they refuse, and when a record is refused instead of read as null.

use serde_json::{Value, json};

use super::{column, value};
use crate::ViewError;

const PATIENT: &str = r##"{"resourceType": "Patient", "id": "p1", "active": true,
    "birthDate": "1980-02-29",
    "_birthDate": {"extension": [{"url": "b", "valueTime": "23:59:00"}]},
    "_gender": {"extension": [{"url": "g", "valueCode": "x"}]},
    "deceasedBoolean": false, "multipleBirthInteger": 2,
    "name": [{"use": "official", "family": "A", "given": ["B", null, "C"],
              "_given": [null, {"extension": [{"url": "n", "valueInteger": 1}]}]},
             {"use": "usual", "family": "D\n\"\u00e9\ud83d\ude00"}],
    "contact": [{"rank": 1, "weight": 1.50}, {"rank": 2, "weight": 12e-1}],
    "link": [{"other": {"reference": "Patient/p1/_history/3"}}],
    "managingOrganization": {"reference": "https://example.org/fhir/Organization/o1"},
    "generalPractitioner": [{"reference": "urn:uuid:7"}, {"reference": "#inside"},
        {"reference": "Practitioner?identifier=1"}, {"display": "nobody"}],
    "extension": [{"url": "x", "valueCode": "one"}, {"url": "y", "valueDecimal": 0.10},
        {"url": "x", "extension": [{"url": "z", "valueString": "two"}]}]}"##;

/// Path, type and the value as JSON.
const VALUES: &[(&str, &str, &str)] = &[
    ("id", "id", r#""p1""#),
    ("$this.id", "id", r#""p1""#),
    ("Patient.id", "id", r#""p1""#),
    ("`id`", "id", r#""p1""#),
    ("active", "boolean", "true"),
    ("birthDate", "date", r#""1980-02-29""#),
    ("photo.url", "url", "null"),
    ("{}", "code", "null"),
    ("'it\\'s \\u00e9'", "string", r#""it's é""#),
    ("1.50", "decimal", r#""1.50""#),
    ("-3", "integer", "-3"),
    ("name[0].given[1]", "string", r#""C""#),
    ("name.given.first()", "string", r#""B""#),
    ("name[7].family", "string", "null"),
    (
        "name.where(use = 'usual').family",
        "string",
        r#""D\n\"é😀""#,
    ),
    (
        "name.where($this.use = 'official').given.join('+')",
        "string",
        r#""B+C""#,
    ),
    ("name.where(given.exists()).family", "string", r#""A""#),
    ("name.where(given.empty()).exists()", "boolean", "true"),
    ("name.exists(family = 'Z')", "boolean", "false"),
    ("name.family.where($this = 'A')", "string", r#""A""#),
    ("photo.exists().not()", "boolean", "true"),
    ("photo.url.join(',')", "string", r#""""#),
    ("deceased.ofType(boolean)", "boolean", "false"),
    ("deceased.ofType(dateTime)", "dateTime", "null"),
    ("multipleBirth.ofType(FHIR.integer)", "integer", "2"),
    (
        "extension('y').value.ofType(decimal)",
        "decimal",
        r#""0.10""#,
    ),
    (
        "extension('x').extension('z').value.ofType(string)",
        "string",
        r#""two""#,
    ),
    ("getResourceKey()", "string", r#""p1""#),
    ("link.other.getReferenceKey()", "string", r#""p1""#),
    (
        "link.other.getReferenceKey(Patient) = getResourceKey()",
        "boolean",
        "true",
    ),
    ("link.other.getReferenceKey(Group)", "string", "null"),
    (
        "managingOrganization.getReferenceKey(Organization)",
        "string",
        r#""o1""#,
    ),
    ("generalPractitioner.getReferenceKey()", "string", r#""7""#),
    (
        "generalPractitioner.getReferenceKey(Practitioner)",
        "string",
        "null",
    ),
    ("contact.weight[1]", "decimal", r#""12e-1""#),
    ("1 + 2", "integer", "3"),
    ("1 + 2 * 3 - 1", "integer", "6"),
    ("(1 + 2) * 3", "integer", "9"),
    ("7 / 2", "decimal", r#""3.5""#),
    ("1 / 3", "decimal", r#""0.333333333333333333""#),
    ("2 / 3", "decimal", r#""0.666666666666666667""#),
    ("1 / 0", "decimal", "null"),
    ("1.10 + 2", "decimal", r#""3.10""#),
    ("0.1 + 0.2", "decimal", r#""0.3""#),
    ("1.50 * -2.0", "decimal", r#""-3.000""#),
    ("0.5 - 1", "decimal", r#""-0.5""#),
    (
        "contact.weight[0] + contact.weight[1]",
        "decimal",
        r#""2.70""#,
    ),
    ("contact.rank[1] + photo.width", "integer", "null"),
    ("id + '/' + gender", "string", "null"),
    ("id & '/' & gender", "string", r#""p1/""#),
    ("'a' + 'b'", "string", r#""ab""#),
    ("%rowIndex + 1", "integer", "1"),
    ("1.0.lowBoundary()", "decimal", r#""0.95""#),
    ("(-1.0).highBoundary()", "decimal", r#""-0.95""#),
    ("contact.rank[0].highBoundary()", "decimal", r#""1.5""#),
    ("birthDate.lowBoundary()", "date", r#""1980-02-29""#),
    ("deceased as boolean", "boolean", "false"),
    ("deceased.as(boolean)", "boolean", "false"),
    (
        "birthDate.extension('b').value.ofType(time)",
        "time",
        r#""23:59:00""#,
    ),
    ("gender.extension('g').value.ofType(code)", "code", r#""x""#),
    (
        "name.given.extension('n').value.ofType(integer)",
        "integer",
        "1",
    ),
    (
        "deceased.ofType(boolean).extension('x').exists()",
        "boolean",
        "false",
    ),
];

#[test]
fn values() {
    for (path, kind, wanted) in VALUES {
        let wanted: Value = serde_json::from_str(wanted).unwrap();
        assert_eq!(value(path, kind, PATIENT), Ok(wanted), "{path}");
    }
}

#[test]
fn truth() {
    let cases = [
        ("1 = 1.0", json!(true)),
        ("1 < 1.5 and 2.5 >= 2", json!(true)),
        ("contact.weight.first() > 1", json!(true)),
        ("contact.rank = contact.rank", json!(true)),
        ("contact.rank = contact.rank.first()", json!(false)),
        ("contact.rank != contact.weight", json!(true)),
        ("id = 1", json!(false)),
        ("active = true", json!(true)),
        ("photo = photo", Value::Null),
        ("photo.url = 'a'", Value::Null),
        ("photo.width < 1", Value::Null),
        ("(photo.url = 'a').not()", Value::Null),
        ("photo.url = 'a' or active", json!(true)),
        ("active or photo.url = 'a'", json!(true)),
        ("photo.url = 'a' or active = false", Value::Null),
        ("photo.url = 'a' and active", Value::Null),
        ("photo.url = 'a' and active = false", json!(false)),
        ("active = false and photo.url = 'a'", json!(false)),
        // `and` binds closer than `or`, comparison closer than both.
        ("true or true and false", json!(true)),
        ("(true or true) and false", json!(false)),
        ("1 < 2 = true", json!(true)),
    ];
    for (path, wanted) in cases {
        assert_eq!(value(path, "boolean", PATIENT), Ok(wanted), "{path}");
    }
}

/// Where null, or any value, would be a wrong answer.
#[test]
fn records_refused() {
    let cases = [
        ("name.family", "string", "many-values"),
        ("contact.rank < 2", "boolean", "many-values"),
        ("contact.rank + 1", "integer", "many-values"),
        ("name.family & 'x'", "string", "many-values"),
        (
            "name.given.exists() and name.given",
            "boolean",
            "many-values",
        ),
        ("id", "boolean", "type-mismatch"),
        ("id", "integer", "type-mismatch"),
        ("id", "decimal", "type-mismatch"),
        ("active", "string", "type-mismatch"),
        ("multipleBirth.ofType(integer)", "string", "type-mismatch"),
        ("contact.weight.first()", "integer", "type-mismatch"),
        ("name.first()", "string", "type-mismatch"),
        ("deceased", "boolean", "path-inapplicable"),
        ("deceased.exists()", "boolean", "path-inapplicable"),
        ("birthDate.ofType(date)", "date", "path-inapplicable"),
        (
            "name.given.first().extension('x').exists()",
            "boolean",
            "path-inapplicable",
        ),
        ("id + 1", "string", "path-inapplicable"),
        ("id & 1", "string", "path-inapplicable"),
        ("active.lowBoundary()", "string", "path-inapplicable"),
        ("id.lowBoundary()", "string", "path-inapplicable"),
        ("name.lowBoundary()", "string", "path-inapplicable"),
        ("id = @2020", "boolean", "path-inapplicable"),
        ("birthDate < @T10:00", "boolean", "path-inapplicable"),
        ("birthDate < 1990", "boolean", "path-inapplicable"),
        (
            "12345678901234567890.0 * 98765432109876543210.0",
            "decimal",
            "path-inapplicable",
        ),
        ("birthDate.year", "integer", "path-inapplicable"),
        ("id.getReferenceKey()", "string", "path-inapplicable"),
        ("contact.rank.join(',')", "string", "path-inapplicable"),
        ("name = name", "boolean", "path-inapplicable"),
        ("id and active", "boolean", "path-inapplicable"),
        (
            "name.where(family).exists()",
            "boolean",
            "path-inapplicable",
        ),
        ("id.not()", "boolean", "path-inapplicable"),
    ];
    for (path, kind, code) in cases {
        let error = value(path, kind, PATIENT).unwrap_err();
        assert_eq!(error.code(), code, "{path}: {error}");
        assert!(error.to_string().contains("`v`"), "{error}");
    }
}

#[test]
fn unsupported() {
    let cases = [
        ("name | name", "operator `|`"),
        ("value is Quantity", "operator `is`"),
        ("'a' in name.family", "operator `in`"),
        ("name[%rowIndex].given", "`%rowIndex` here"),
        ("active implies active", "operator `implies`"),
        ("active xor active", "operator `xor`"),
        ("name.count()", "function `count()`"),
        ("name.given.all($this = 'a')", "function `all()`"),
        ("iif(active, 1, 2)", "function `iif()`"),
        ("value.ofType(Quantity) > 4 'mg'", "quantity literal"),
        ("age < 4 years", "quantity literal"),
        ("%resource.id", "`%resource`"),
        ("name.where($index = 0)", "`$index`"),
        ("-(1)", "`-` before anything but a number"),
        ("contained.ofType(Observation).id", "ofType(Observation)"),
        (
            "value.first().ofType(Quantity)",
            "ofType() of anything but an element's name",
        ),
        ("id.ofType(System.String)", "`System`"),
        ("name[1 = 1]", "an index that is computed"),
        ("extension(url)", "a computed argument"),
        (
            "name.getResourceKey()",
            "getResourceKey() of anything but the resource",
        ),
        ("Observation.id", "no FHIR element has"),
        ("name.Patient", "no FHIR element has"),
        ("_birthDate.id", "no FHIR element has"),
    ];
    for (path, what) in cases {
        let error = column(path, "string").unwrap_err();
        assert!(
            matches!(error, ViewError::Unsupported { .. }),
            "{path}: {error}"
        );
        let message = error.to_string();
        assert!(message.contains(what), "{path}: {message}");
        assert!(
            message.contains(&format!(
                "view `v`, select[0].column[0].path: `{path}`, at byte"
            )),
            "{message}"
        );
    }
}

/// What is not FHIRPath, or calls a function as it cannot be called.
const WRONG: &[&str] = &[
    "",
    " ",
    ".",
    "name.",
    ".name",
    "name name",
    "name)",
    "(name",
    "name[",
    "name[]",
    "name['a']",
    "name[-1]",
    "name[1.5]",
    "name[99999999999999999999]",
    "1.5.5",
    "'open",
    "`open",
    "'\\q'",
    "'\\u12'",
    "'\\ud800'",
    "@@",
    "@2020-13-01",
    "@2020-02-30",
    "@T25:00",
    "1 +",
    "* 2",
    "value as",
    "birthDate.lowBoundary(8)",
    "@",
    "%",
    "%nothing",
    "$",
    "{",
    "{1}",
    "#",
    "a = ",
    "= a",
    "a and",
    "or",
    "name.and",
    "where()",
    "where(a, b)",
    "first(1)",
    "exists(",
    "ofType(1).x",
    "value.ofType()",
    "value.ofType('code')",
    "extension()",
    "extension(1)",
    "join(1)",
    "subject.getReferenceKey('Patient')",
    "subject.getReferenceKey(patient)",
    "getResourceKey(1)",
    "a,b",
    "é",
    "\u{0}",
];

#[test]
fn wrong() {
    let deep = format!("{}id{}", "(".repeat(100), ")".repeat(100));
    let long = "a.".repeat(4000);
    let wide = vec!["active"; 1000].join(" or ");
    for path in WRONG
        .iter()
        .copied()
        .chain([deep.as_str(), long.as_str(), wide.as_str()])
    {
        let result = column(path, "string");
        assert!(
            matches!(result, Err(ViewError::Path { .. })),
            "{path}: {result:?}"
        );
    }
}
