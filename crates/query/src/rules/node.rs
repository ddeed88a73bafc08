//! Plan nodes below a release: each keeps persons apart and says which column carries the person.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Distinct, Expr, Filter, LogicalPlan, Operator, Projection, SubqueryAlias,
    TableScan, Union,
};
use datafusion::scalar::ScalarValue;
use lazaret_disclosure::KeyValue;
use lazaret_model::{ColumnDescription, ColumnType, Refusal, RefusalCode, Treatment};

use super::group::{distinct, group};
use super::join::{Cut, join};
use super::window::window;
use super::{Below, Facts, Opacity, Scope, built, facts, literal, not_private};
use crate::grant::{GrantedTable, PERSON_ID};

/// Checks everything below the release and says what is known about its output.
///
/// # Errors
/// A refusal that names the node that is not on the list, with a way to write it instead.
pub(super) fn below(plan: &LogicalPlan, cut: &Cut<'_>) -> Result<Below, Refusal> {
    match plan {
        LogicalPlan::TableScan(scan) => table(scan, cut.granted),
        LogicalPlan::SubqueryAlias(alias) => {
            let Below { plan, scope } = below(&alias.input, cut)?;
            let alias = SubqueryAlias::try_new(Arc::new(plan), alias.alias.clone());
            let plan = LogicalPlan::SubqueryAlias(built(alias)?);
            Ok(Below { plan, scope })
        }
        LogicalPlan::Projection(projection) => project(projection, cut),
        LogicalPlan::Filter(filter) => select(filter, cut),
        LogicalPlan::Join(node) => join(node, cut),
        LogicalPlan::Union(node) => union(node, cut),
        LogicalPlan::Aggregate(node) => group(node, cut),
        LogicalPlan::Distinct(Distinct::All(input)) => distinct(input, cut),
        LogicalPlan::Window(node) => window(node, cut),
        other => Err(unlisted(other)),
    }
}

fn table(scan: &TableScan, granted: &[GrantedTable]) -> Result<Below, Refusal> {
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
            let scope = Scope {
                columns,
                carrier,
                rows_per_person,
                many: 0,
            };
            let plan = LogicalPlan::TableScan(scan.clone());
            Ok(Below { plan, scope })
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
        bounds: column.bounds.map(Into::into),
        per_person: rows_per_person == 1,
        numbered: false,
    }
}

fn project(projection: &Projection, cut: &Cut<'_>) -> Result<Below, Refusal> {
    let Below { plan, scope } = below(&projection.input, cut)?;
    let schema = plan.schema();
    let columns: Vec<Facts> = projection
        .expr
        .iter()
        .map(|expr| facts(expr, &scope, schema))
        .collect::<Result<_, _>>()?;
    let itself = |expr: &Expr| {
        let at = bare(expr).and_then(|column| schema.maybe_index_of_column(column));
        at == Some(scope.carrier)
    };
    let carrier = projection
        .expr
        .iter()
        .position(itself)
        .or_else(|| person_among(&columns))
        .ok_or_else(|| {
            not_private("the subquery does not pass person_id on, so its rows belong to nobody")
                .hint("add person_id to the subquery's SELECT")
        })?;
    let scope = Scope {
        columns,
        carrier,
        ..scope
    };
    let node = Projection::try_new(projection.expr.clone(), Arc::new(plan));
    let plan = LogicalPlan::Projection(built(node)?);
    Ok(Below { plan, scope })
}

/// A column that is the person, or NULL: its row then is nobody's.
pub(super) fn person_among(columns: &[Facts]) -> Option<usize> {
    columns
        .iter()
        .position(|facts| facts.opacity == Opacity::Person)
}

/// The column an expression is, when it is nothing but one.
pub(super) fn bare(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => bare(&alias.expr),
        _ => None,
    }
}

/// An expression without the cast around it.
pub(super) fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(cast) => &cast.expr,
        Expr::TryCast(cast) => &cast.expr,
        other => other,
    }
}

fn select(filter: &Filter, cut: &Cut<'_>) -> Result<Below, Refusal> {
    let Below { plan, scope } = below(&filter.input, cut)?;
    let known = facts(&filter.predicate, &scope, plan.schema())?;
    if known.opacity != Opacity::Open {
        return Err(not_private("a condition cannot be a pseudonym"));
    }
    let first = split_conjunction(&filter.predicate)
        .into_iter()
        .filter_map(|condition| at_most(condition, &scope, &plan));
    let rows = first.chain([scope.rows_per_person]).min().unwrap_or(1);
    let node = Filter::try_new(filter.predicate.clone(), Arc::new(plan));
    let plan = LogicalPlan::Filter(built(node)?);
    let scope = scope.of_rows(rows);
    Ok(Below { plan, scope })
}

/// How many of a person's numbered rows a condition leaves: `n = 1` and `n <= 3` do.
fn at_most(condition: &Expr, scope: &Scope, plan: &LogicalPlan) -> Option<u32> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition else {
        return None;
    };
    let column = bare(uncast(left))?;
    let facts = scope
        .columns
        .get(plan.schema().maybe_index_of_column(column)?)?;
    let limit = literal(right)?
        .cast_to(&arrow::datatypes::DataType::Int64)
        .ok()?;
    let ScalarValue::Int64(Some(limit)) = limit else {
        return None;
    };
    let rows = match op {
        Operator::Eq => 1,
        Operator::LtEq => limit,
        Operator::Lt => limit.checked_sub(1)?,
        _ => return None,
    };
    u32::try_from(rows.max(1)).ok().filter(|_| facts.numbered)
}

/// UNION ALL: each branch's rows are persons' rows, and so are all of them.
fn union(node: &Union, cut: &Cut<'_>) -> Result<Below, Refusal> {
    let branches: Vec<Below> = node
        .inputs
        .iter()
        .map(|input| below(input, cut))
        .collect::<Result<_, _>>()?;
    let scopes = branches.iter().map(|branch| &branch.scope);
    let mut columns = Vec::new();
    for at in 0..node.schema.fields().len() {
        let all: Option<Vec<&Facts>> = scopes.clone().map(|scope| scope.columns.get(at)).collect();
        columns.push(together(&all.unwrap_or_default()).ok_or_else(|| {
            not_private("a column of UNION is a pseudonym in one part and a value in another")
        })?);
    }
    let carrier = person_among(&columns).ok_or_else(|| {
        not_private("the parts of UNION do not all have person_id in one place")
            .hint("SELECT person_id, ... UNION ALL SELECT person_id, ...")
    })?;
    let rows = scopes.clone().map(|scope| scope.rows_per_person);
    let scope = Scope {
        columns,
        carrier,
        rows_per_person: rows.fold(0, u32::saturating_add),
        many: scopes.map(|scope| scope.many).max().unwrap_or(0),
    };
    let inputs = branches.into_iter().map(|branch| branch.plan).collect();
    let node = LogicalPlan::Union(node.clone());
    let plan = built(node.with_new_exprs(Vec::new(), inputs))?;
    Ok(Below { plan, scope })
}

/// What is known of a value that comes from any of several places; nothing where some are
/// pseudonyms and some are not.
pub(super) fn together(all: &[&Facts]) -> Option<Facts> {
    let opacity = all.first()?.opacity;
    if all.iter().any(|facts| facts.opacity != opacity) {
        return None;
    }
    let domains: Option<Vec<&Vec<KeyValue>>> = all.iter().map(|f| f.domain.as_ref()).collect();
    let domain = domains.map(|domains| {
        let mut values: Vec<KeyValue> = domains.into_iter().flatten().cloned().collect();
        values.sort();
        values.dedup();
        values
    });
    let bounds: Option<Vec<_>> = all.iter().map(|facts| facts.bounds).collect();
    let bounds = bounds.unwrap_or_default().into_iter();
    Some(Facts {
        opacity,
        declared: domain.is_some() && all.iter().any(|facts| facts.declared),
        domain,
        bounds: bounds.map(Some).reduce(|a, b| a?.hull(b?)).flatten(),
        per_person: false,
        numbered: false,
    })
}

fn unlisted(plan: &LogicalPlan) -> Refusal {
    let (reason, hint) = match plan {
        LogicalPlan::Limit(_) => (
            "LIMIT over persons would let one person push out another",
            "limit the answer, or number each person's rows: ROW_NUMBER() OVER (PARTITION BY \
             person_id ORDER BY ...)",
        ),
        LogicalPlan::Sort(_) => (
            "rows of persons have no order to rely on",
            "order the answer",
        ),
        LogicalPlan::Distinct(_) => (
            "DISTINCT ON is not offered on records",
            "ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY ...) and a condition on it",
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
