//! Plan nodes below a release: each keeps persons apart and says which column carries the person.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Projection, TableScan};
use lazaret_disclosure::KeyValue;
use lazaret_model::{ColumnDescription, ColumnType, Refusal, RefusalCode, Treatment};

use super::join::join;
use super::{Facts, Opacity, Scope, facts, not_private};
use crate::grant::{GrantedTable, PERSON_ID};

/// Checks everything below the release and says what is known about its output.
///
/// # Errors
/// A refusal that names the node that is not on the list, with a way to write it instead.
pub(crate) fn below(plan: &LogicalPlan, granted: &[GrantedTable]) -> Result<Scope, Refusal> {
    match plan {
        LogicalPlan::TableScan(scan) => table(scan, granted),
        LogicalPlan::SubqueryAlias(alias) => below(&alias.input, granted),
        LogicalPlan::Projection(projection) => project(projection, granted),
        LogicalPlan::Filter(filter) => select(filter, granted),
        LogicalPlan::Join(node) => join(node, granted),
        other => Err(unlisted(other)),
    }
}

fn table(scan: &TableScan, granted: &[GrantedTable]) -> Result<Scope, Refusal> {
    let name = scan.table_name.table();
    let table = granted
        .iter()
        .find(|table| table.state.description.name.as_str() == name);
    let table = table.ok_or_else(|| {
        let reason = format!("there is no table `{name}` under this permit");
        Refusal::new(RefusalCode::NotGranted, reason).clause("policy.what.allow")
    })?;
    let rows_per_person = table.state.description.rows_per_person;
    let described = scan.projected_schema.fields().iter().map(|field| {
        let column = table
            .columns
            .iter()
            .find(|column| column.name.as_str() == field.name());
        column.map(|column| of_column(column, rows_per_person))
    });
    let columns: Option<Vec<Facts>> = described.collect();
    let carrier = scan
        .projected_schema
        .fields()
        .iter()
        .position(|f| f.name() == PERSON_ID);
    match (columns, carrier) {
        (Some(columns), Some(carrier)) if scan.filters.is_empty() && scan.fetch.is_none() => {
            Ok(Scope {
                columns,
                carrier,
                rows_per_person,
            })
        }
        _ => Err(not_private(format!("`{name}` cannot be read here"))),
    }
}

fn of_column(column: &ColumnDescription, rows_per_person: u32) -> Facts {
    let opacity = match column.treatment {
        Treatment::Person => Opacity::Person,
        Treatment::Record => Opacity::Record,
        _ => Opacity::Open,
    };
    let truths = || vec![KeyValue::Boolean(false), KeyValue::Boolean(true)];
    let domain = match column.kind {
        ColumnType::Boolean => Some(truths()),
        ColumnType::Text if !column.values.is_empty() => {
            Some(column.values.iter().cloned().map(KeyValue::Text).collect())
        }
        _ => None,
    };
    Facts {
        opacity,
        declared: column.kind == ColumnType::Text && domain.is_some(),
        domain,
        bounds: column.bounds,
        per_person: rows_per_person == 1,
    }
}

fn project(projection: &Projection, granted: &[GrantedTable]) -> Result<Scope, Refusal> {
    let input = below(&projection.input, granted)?;
    let schema = projection.input.schema();
    let columns: Result<Vec<Facts>, Refusal> = projection
        .expr
        .iter()
        .map(|expr| facts(expr, &input, schema))
        .collect();
    // After an inner join either side's carrier is the person.
    let carries = |expr: &Expr| {
        let at = bare(expr).and_then(|column| schema.index_of_column(column).ok());
        let facts = at.and_then(|at| input.columns.get(at));
        facts.is_some_and(|facts| facts.opacity == Opacity::Person)
    };
    let carrier = projection.expr.iter().position(carries).ok_or_else(|| {
        not_private("the subquery does not pass person_id on, so its rows belong to nobody")
            .hint("add person_id to the subquery's SELECT")
    })?;
    Ok(Scope {
        columns: columns?,
        carrier,
        rows_per_person: input.rows_per_person,
    })
}

/// The column an expression is, when it is nothing but one.
pub(super) fn bare(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => bare(&alias.expr),
        _ => None,
    }
}

fn select(filter: &Filter, granted: &[GrantedTable]) -> Result<Scope, Refusal> {
    let input = below(&filter.input, granted)?;
    let known = facts(&filter.predicate, &input, filter.input.schema())?;
    if known.opacity != Opacity::Open {
        return Err(not_private("a condition cannot be a pseudonym"));
    }
    Ok(input)
}

fn unlisted(plan: &LogicalPlan) -> Refusal {
    let (reason, hint) = match plan {
        LogicalPlan::Limit(_) => (
            "LIMIT over persons would let one person push out another",
            "limit the answer instead",
        ),
        LogicalPlan::Sort(_) => (
            "rows of persons have no order to rely on",
            "order the answer",
        ),
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) => (
            "an aggregate below an aggregate is not offered yet",
            "ask one aggregate",
        ),
        LogicalPlan::Window(_) => (
            "a window looks at more than one person",
            "group by what the window partitions by",
        ),
        LogicalPlan::Union(_) => (
            "UNION of person tables is not offered yet",
            "ask each by itself",
        ),
        LogicalPlan::RecursiveQuery(_) => ("recursion has no bound", "write the steps out"),
        LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => (
            "the query reads no table of the permit",
            "SELECT ... FROM a granted table",
        ),
        LogicalPlan::Unnest(_) => ("UNNEST is not offered on records", "join the tables"),
        _ => (
            "this step is not on the list of what may see records",
            "see queries/examples",
        ),
    };
    not_private(reason).hint(hint)
}
