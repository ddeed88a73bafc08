//! What a query does with its answers: joins, conditions, order, limit and names, all
//! post-processing.
//!
//! It runs over released columns only, so it is free and may look at anything in them.

mod answered;
mod follow;
mod formula;
mod replay;

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::{Aggregate, JoinType, LogicalPlan};
use lazaret_disclosure::Shape;
use lazaret_model::Refusal;

pub use self::answered::{Answered, Origin};
use self::formula::Formula;
use crate::rules::{not_private, written};

/// What stands above the releases.
pub(crate) struct Above {
    /// The whole plan; each of its aggregates that is reached from above is a release.
    plan: LogicalPlan,
    /// Each place where a release is read, in the order in which they are met, left before right.
    uses: Vec<Use>,
    /// For each column of the answer, what it is of the uses' columns and what it is called.
    output: Vec<(Formula, String)>,
}

/// A place where a release is read.
struct Use {
    /// Which.
    release: usize,
    /// The place of its first column among those of all uses.
    first: usize,
    /// Its columns, keys first: their qualified names and types.
    columns: Vec<(Column, DataType)>,
    /// What the columns are, as their author may have written it.
    plainly: Vec<String>,
}

impl Above {
    /// Cuts the analysed plan at its releases. One that is read in several places, as a WITH may
    /// be, is released once.
    ///
    /// # Errors
    /// A refusal when there is no release, or a node above it is not offered.
    pub(crate) fn split(plan: LogicalPlan) -> Result<(Self, Vec<Aggregate>), Refusal> {
        let mut met = Vec::new();
        releases(&plan, &mut met)?;
        let (mut uses, mut distinct) = (Vec::new(), Vec::<Aggregate>::new());
        let mut first = 0;
        for aggregate in met {
            let known = distinct.iter().position(|known| known == aggregate);
            let release = known.unwrap_or(distinct.len());
            if known.is_none() {
                distinct.push(aggregate.clone());
            }
            let schema = &aggregate.schema;
            let kinds = schema.fields().iter().map(|field| field.data_type());
            let columns: Vec<_> = schema.columns().into_iter().zip(kinds.cloned()).collect();
            let exprs = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
            let plainly = exprs.map(written).collect();
            let next = first + columns.len();
            uses.push(Use {
                release,
                first,
                columns,
                plainly,
            });
            first = next;
        }
        let above = Self {
            plan,
            uses,
            output: Vec::new(),
        };
        Ok((above, distinct))
    }

    /// Calls keys and estimates what the answer calls them, so that a preview and the notes speak
    /// the question's own words. A column that the answer leaves out is called what it is.
    pub(crate) fn name(&self, shapes: &mut [Shape]) {
        for (release, shape) in shapes.iter_mut().enumerate() {
            let plainly = self.uses.iter().find(|each| each.release == release);
            let plainly = plainly.map_or(&[][..], |each| &each.plainly);
            let keys = shape.keys.iter_mut().map(|key| &mut key.name);
            let estimates = shape.estimates.iter_mut();
            let names = keys.chain(estimates.map(|estimate| &mut estimate.name));
            for (column, name) in names.enumerate() {
                let uses = self.uses.iter().filter(|each| each.release == release);
                let places: Vec<_> = uses
                    .map(|each| Formula::Column(each.first + column))
                    .collect();
                let mut output = self.output.iter();
                let called = output.find(|(of, _)| places.contains(of));
                let called = called.map(|(_, alias)| alias);
                let alone = |own: &&String| {
                    let alike = plainly.iter().filter(|other| other == own);
                    alike.count() == 1 && self.output.iter().all(|(_, alias)| alias != *own)
                };
                if let Some(called) = called.or(plainly.get(column).filter(alone)) {
                    name.clone_from(called);
                }
            }
        }
    }

    /// The columns of the answer that are computed, with their formulas.
    pub(crate) fn computed(&self) -> impl Iterator<Item = (&str, String)> {
        let computed = self.output.iter();
        let computed = computed.filter(|(formula, _)| !matches!(formula, Formula::Column(_)));
        computed.map(|(formula, name)| (name.as_str(), self.written(formula)))
    }

    /// A formula with the names that the query's text gives its columns.
    fn written(&self, formula: &Formula) -> String {
        formula.written(&|column| {
            let named = self.column(column);
            let plainly = named.and_then(|(used, at)| used.plainly.get(at));
            plainly.cloned().unwrap_or_default()
        })
    }

    /// The use that a column is of, and its place there.
    fn column(&self, column: usize) -> Option<(&Use, usize)> {
        let used = self.uses.iter().rev().find(|used| used.first <= column)?;
        Some((used, column - used.first))
    }
}

/// The releases that are reached from above, in the order in which they are met.
fn releases<'p>(plan: &'p LogicalPlan, met: &mut Vec<&'p Aggregate>) -> Result<(), Refusal> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => {
            met.push(aggregate);
            Ok(())
        }
        LogicalPlan::Projection(node) => releases(&node.input, met),
        LogicalPlan::Sort(node) => releases(&node.input, met),
        LogicalPlan::Limit(node) => releases(&node.input, met),
        LogicalPlan::Filter(node) => releases(&node.input, met),
        LogicalPlan::SubqueryAlias(node) => releases(&node.input, met),
        LogicalPlan::Join(join) => {
            if matches!(join.join_type, JoinType::LeftMark | JoinType::RightMark) {
                let reason =
                    "whether a row of another answer is there is no condition among others";
                return Err(not_private(reason).hint("AND instead of OR, or a LEFT JOIN"));
            }
            releases(&join.left, met)?;
            releases(&join.right, met)
        }
        other => Err(no_release(other)),
    }
}

fn no_release(node: &LogicalPlan) -> Refusal {
    match node {
        LogicalPlan::TableScan(_) => not_private("the query shows records: only aggregates leave")
            .clause("Article 66: the answer is anonymised")
            .hint("SELECT sex, COUNT(DISTINCT person_id) FROM person GROUP BY sex"),
        LogicalPlan::Union(_) => {
            not_private("uniting answers is not offered yet").hint("ask them one by one")
        }
        LogicalPlan::Window(_) => {
            not_private("windows are not offered").hint("group by what the window partitions by")
        }
        LogicalPlan::Distinct(_) => {
            not_private("DISTINCT shows records").hint("GROUP BY with COUNT(DISTINCT person_id)")
        }
        LogicalPlan::RecursiveQuery(_) => not_private("recursion has no bound"),
        LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => {
            not_private("the query reads no table of the permit")
        }
        _ => not_private("this shape of query is not offered").hint("see queries/examples"),
    }
}
