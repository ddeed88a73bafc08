//! The machine-actionable part of a permit: what the engine enforces, and refuses by name.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat};
use lazaret_model::{
    Account, ColumnName, DatasetName, Delta, Epsilon, Instant, Refusal, RefusalCode, SnapshotId,
    TableName,
};
use serde_json::{Value, json};

use crate::fields::{Fields, Flag, Wrong, shown};

/// The smallest `output.minCellPersons` that a permit may name. What protects a person is
/// epsilon; the minimum is a rule of the access body on top of it, so the body may choose it low,
/// but not switch it off with a zero. The default is 10.
pub const MINIMUM_PERSONS_FLOOR: u32 = 1;

const MINIMUM_PERSONS: u32 = 10;
const EPSILON_TOTAL: Epsilon = Epsilon::from_nano(3_000_000_000);
const DELTA: Delta = Delta::from_atto(100_000_000_000);

/// Above one in a thousand a delta would promise nothing to somebody in a small dataset.
const DELTA_MAX: Delta = Delta::from_atto(1_000_000_000_000_000);

/// The state of a dataset that queries read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotChoice {
    /// The newest one at each query.
    Latest,
    /// This one.
    Named(SnapshotId),
}

/// What a permit allows, after every field was either understood or refused by name. Its JSON
/// form is the `policy` part of a permit (Article 68(10) of Regulation (EU) 2025/327).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The dataset that may be asked.
    pub dataset: DatasetName,
    /// Which state of it.
    pub snapshot: SnapshotChoice,
    /// How privacy loss is added up.
    pub account: Account,
    /// The granted tables and their granted columns; `None` grants all of them.
    pub allow: Option<BTreeMap<TableName, BTreeSet<ColumnName>>>,
    /// Persons behind a cell, by their noisy number, under which it is hidden.
    pub minimum: u32,
    /// The epsilon of all answers together.
    pub epsilon_total: Epsilon,
    /// The delta of all answers together.
    pub delta: Delta,
    /// The epsilon of one query at most.
    pub epsilon_per_query_max: Epsilon,
    /// The moment whose opt-outs apply (Article 71(3)), where the permit states it. The lake holds
    /// no opted-out person, so nobody is excluded beyond that.
    pub opt_out_as_of: Option<Instant>,
}

impl Policy {
    /// Reads the `policy` part of a permit or of a grant. What is missing takes its default: the
    /// latest snapshot, all tables and columns, a minimum of 10 persons, epsilon 3, delta 1e-7,
    /// no maximum for one query but the whole budget.
    ///
    /// # Errors
    /// `Refusal` of code `Permit` whose clause is the JSON path: an unknown field, a value out of
    /// its form, or a field that asks for something the engine does not enforce yet.
    pub fn parse(value: &Value) -> Result<Self, Refusal> {
        read(value).map_err(refusal)
    }

    /// Every field in its JSON form, with `null` for what is not asked for. Parsing it gives the
    /// same policy.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let snapshot = match &self.snapshot {
            SnapshotChoice::Latest => "latest",
            SnapshotChoice::Named(id) => id.as_str(),
        };
        let as_of = self
            .opt_out_as_of
            .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        json!({
            "dataset": self.dataset,
            "snapshot": snapshot,
            "account": self.account.word(),
            "who": {"cohortSql": null, "maxPersons": null, "sampling": null},
            "what": {"allow": self.allow, "generalise": null},
            "when": null,
            "where": null,
            "optOut": {"asOf": as_of, "excludedSha256": null, "excluded": 0, "art71_4": false},
            "output": {
                "minCellPersons": self.minimum,
                "dp": {
                    "unit": "PERSON",
                    "epsilonTotal": self.epsilon_total,
                    "delta": self.delta,
                    "epsilonPerQueryMax": self.epsilon_per_query_max,
                },
                "release": "AUTO",
                "secondarySuppression": null,
                "dominance": null,
                "replySlotSeconds": null,
            },
            "pseudonymDomain": null,
        })
    }

    /// Whether a column of a table is granted.
    #[must_use]
    pub fn allows(&self, table: &TableName, column: &ColumnName) -> bool {
        let Some(allow) = &self.allow else {
            return true;
        };
        allow
            .get(table)
            .is_some_and(|columns| columns.contains(column))
    }
}

/// A refusal of a permit for what is wrong with it.
pub(crate) fn refusal(wrong: Wrong) -> Refusal {
    let reason = format!(
        "the permit's `{}` cannot be used: {}",
        wrong.path, wrong.reason
    );
    Refusal::new(RefusalCode::Permit, reason).clause(wrong.path)
}

fn read(value: &Value) -> Result<Policy, Wrong> {
    let mut fields = Fields::of("policy", value)?;
    let dataset = match fields.parsed("dataset")? {
        Some(dataset) => dataset,
        None => return Err(fields.wrong("dataset", "it is missing")),
    };
    let snapshot = match fields.text("snapshot")? {
        None | Some("latest") => SnapshotChoice::Latest,
        Some(id) => {
            let wrong = |error| fields.wrong("snapshot", format!("{error}"));
            SnapshotChoice::Named(SnapshotId::new(shown(id)).map_err(wrong)?)
        }
    };
    let account = read_account(&mut fields)?;
    nothing_under(&mut fields, "who", &["cohortSql", "maxPersons", "sampling"])?;
    let allow = read_what(&mut fields)?;
    nothing_under(&mut fields, "when", &["from", "to"])?;
    nothing_under(&mut fields, "where", &["regions"])?;
    let opt_out_as_of = read_opt_out(&mut fields)?;
    let (minimum, budget) = match fields.object("output")? {
        Some(output) => read_output(output)?,
        None => (MINIMUM_PERSONS, DpBudget::default()),
    };
    nothing(&mut fields, "pseudonymDomain")?;
    fields.finish()?;
    Ok(Policy {
        dataset,
        snapshot,
        account,
        allow,
        minimum,
        epsilon_total: budget.epsilon_total,
        delta: budget.delta,
        epsilon_per_query_max: budget.epsilon_per_query_max,
        opt_out_as_of,
    })
}

fn read_account(fields: &mut Fields<'_>) -> Result<Account, Wrong> {
    match fields.text("account")? {
        None | Some("zcdp") => Ok(Account::Zcdp),
        Some("basic") => Ok(Account::Basic),
        Some(_) => Err(fields.wrong("account", "`zcdp` or `basic` is expected")),
    }
}

type Allow = BTreeMap<TableName, BTreeSet<ColumnName>>;

fn read_what(fields: &mut Fields<'_>) -> Result<Option<Allow>, Wrong> {
    let Some(mut what) = fields.object("what")? else {
        return Ok(None);
    };
    let allow = what.object("allow")?.map(read_allow).transpose()?;
    match what.get("generalise") {
        Some(Value::Object(columns)) if columns.is_empty() => {}
        None => {}
        Some(_) => return Err(what.wrong("generalise", unenforced("null"))),
    }
    what.finish()?;
    Ok(allow)
}

fn read_allow(tables: Fields<'_>) -> Result<Allow, Wrong> {
    let path = tables.path("").trim_end_matches('.').to_owned();
    let mut allow = Allow::new();
    for (table, columns) in tables.members() {
        let here = format!("{path}.{}", shown(table));
        let wrong = |reason: String| Wrong::new(here.clone(), reason);
        let table = TableName::new(shown(table)).map_err(|error| wrong(error.to_string()))?;
        let columns: BTreeSet<ColumnName> = serde::Deserialize::deserialize(columns)
            .map_err(|error: serde_json::Error| wrong(error.to_string()))?;
        if columns.is_empty() {
            return Err(wrong("it names no column".into()));
        }
        allow.insert(table, columns);
    }
    if allow.is_empty() {
        return Err(Wrong::new(
            path,
            "it names no table; null stands for all tables",
        ));
    }
    Ok(allow)
}

fn read_opt_out(fields: &mut Fields<'_>) -> Result<Option<Instant>, Wrong> {
    let Some(mut opt_out) = fields.object("optOut")? else {
        return Ok(None);
    };
    let as_of = match opt_out.text("asOf")? {
        None | Some("") => None,
        Some(text) => {
            let wrong =
                |_| opt_out.wrong("asOf", "a time such as 2026-12-20T10:00:00Z is expected");
            Some(DateTime::parse_from_rfc3339(text).map_err(wrong)?.to_utc())
        }
    };
    if !matches!(opt_out.text("excludedSha256")?, None | Some("")) {
        return Err(opt_out.wrong("excludedSha256", unenforced("null")));
    }
    if opt_out.whole("excluded")?.unwrap_or(0) > 0 {
        return Err(opt_out.wrong("excluded", unenforced("0")));
    }
    if opt_out.flag("art71_4")? == Some(Flag::Yes) {
        return Err(opt_out.wrong("art71_4", unenforced("false")));
    }
    opt_out.finish()?;
    Ok(as_of)
}

struct DpBudget {
    epsilon_total: Epsilon,
    delta: Delta,
    epsilon_per_query_max: Epsilon,
}

impl Default for DpBudget {
    fn default() -> Self {
        Self {
            epsilon_total: EPSILON_TOTAL,
            delta: DELTA,
            epsilon_per_query_max: EPSILON_TOTAL,
        }
    }
}

fn read_output(mut output: Fields<'_>) -> Result<(u32, DpBudget), Wrong> {
    let minimum = match output.whole("minCellPersons")?.map(u32::try_from) {
        None => MINIMUM_PERSONS,
        Some(Ok(minimum)) if minimum >= MINIMUM_PERSONS_FLOOR => minimum,
        Some(_) => {
            let reason = format!("{MINIMUM_PERSONS_FLOOR} to {} is expected", u32::MAX);
            return Err(output.wrong("minCellPersons", reason));
        }
    };
    let budget = match output.object("dp")? {
        Some(dp) => read_dp(dp)?,
        None => DpBudget::default(),
    };
    match output.text("release")? {
        None | Some("AUTO") => {}
        Some("REVIEW_REQUIRED") => return Err(output.wrong("release", unenforced("AUTO"))),
        Some(_) => return Err(output.wrong("release", "`AUTO` is expected")),
    }
    nothing(&mut output, "secondarySuppression")?;
    nothing(&mut output, "dominance")?;
    nothing(&mut output, "replySlotSeconds")?;
    output.finish()?;
    Ok((minimum, budget))
}

fn read_dp(mut dp: Fields<'_>) -> Result<DpBudget, Wrong> {
    match dp.text("unit")? {
        None | Some("PERSON") => {}
        Some(_) => return Err(dp.wrong("unit", unenforced("PERSON"))),
    }
    let epsilon_total = dp.parsed("epsilonTotal")?.unwrap_or(EPSILON_TOTAL);
    if epsilon_total == Epsilon::ZERO {
        return Err(dp.wrong("epsilonTotal", "more than 0 is expected"));
    }
    let delta = dp.parsed("delta")?.unwrap_or(DELTA);
    if delta == Delta::ZERO || delta > DELTA_MAX {
        let reason = format!("more than 0 and at most {DELTA_MAX} is expected");
        return Err(dp.wrong("delta", reason));
    }
    let epsilon_per_query_max = dp.parsed("epsilonPerQueryMax")?.unwrap_or(epsilon_total);
    if epsilon_per_query_max == Epsilon::ZERO || epsilon_per_query_max > epsilon_total {
        let reason = "more than 0 and at most `epsilonTotal` is expected";
        return Err(dp.wrong("epsilonPerQueryMax", reason));
    }
    dp.finish()?;
    Ok(DpBudget {
        epsilon_total,
        delta,
        epsilon_per_query_max,
    })
}

/// A field that grants or forbids something the engine cannot do yet.
fn nothing(fields: &mut Fields<'_>, name: &'static str) -> Result<(), Wrong> {
    match fields.get(name) {
        None => Ok(()),
        Some(_) => Err(fields.wrong(name, unenforced("null"))),
    }
}

fn nothing_under(
    fields: &mut Fields<'_>,
    name: &'static str,
    members: &[&'static str],
) -> Result<(), Wrong> {
    let Some(mut object) = fields.object(name)? else {
        return Ok(());
    };
    for member in members {
        nothing(&mut object, member)?;
    }
    object.finish()
}

fn unenforced(neutral: &str) -> String {
    format!("the engine does not enforce it yet; only `{neutral}` is accepted")
}

#[cfg(test)]
mod tests;
