//! From text to the analysed plan of one SELECT, within limits that depend on the text alone.

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use lazaret_model::{Refusal, RefusalCode};

use crate::rules::not_private;

/// Longest text of a query, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Most words, numbers and signs of a query: deep plans are made of many.
pub(crate) const TOKENS_MAX: usize = 4_000;

/// Most tables that a query may read, each use of a WITH counted with all that it reads.
const TABLES_MAX: usize = 64;

/// The analysed, not yet optimised plan of `sql`.
///
/// # Errors
/// A refusal that depends on the text and the granted schema alone.
pub(crate) async fn analysed(state: &SessionState, sql: &str) -> Result<LogicalPlan, Refusal> {
    within_limits(sql)?;
    let dialect = state.config_options().sql_parser.dialect;
    let statement = state
        .sql_to_statement(sql, &dialect)
        .map_err(|error| refusal(&error))?;
    only_a_query(&statement)?;
    expands_little(&statement)?;
    let plan = state
        .statement_to_plan(statement)
        .await
        .map_err(|error| refusal(&error))?;
    let options = state.config_options();
    state
        .analyzer()
        .execute_and_check(plan, options, |_, _| {})
        .map_err(|error| refusal(&error))
}

fn within_limits(sql: &str) -> Result<(), Refusal> {
    if sql.len() > TEXT_BYTES_MAX {
        let reason = format!(
            "the text has {} bytes, at most {TEXT_BYTES_MAX} are read",
            sql.len()
        );
        return Err(Refusal::new(RefusalCode::TooLarge, reason));
    }
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql)
        .tokenize()
        .map_err(|error| {
            let at = error.location;
            Refusal::new(RefusalCode::Syntax, error.message).at(at.line, at.column)
        })?;
    let words = tokens
        .iter()
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .count();
    if words > TOKENS_MAX {
        let reason = format!("the text has {words} words and signs, at most {TOKENS_MAX} are read");
        return Err(Refusal::new(RefusalCode::TooLarge, reason));
    }
    // The engine would ignore the clause silently, and the account would then be wrong.
    let sampled = tokens.iter().any(|token| {
        matches!(token, Token::Word(word) if word.value.eq_ignore_ascii_case("tablesample"))
    });
    if sampled {
        let reason = "sampling is not offered: noise already hides each person";
        return Err(Refusal::new(RefusalCode::NotPrivate, reason).hint("leave TABLESAMPLE out"));
    }
    Ok(())
}

fn only_a_query(statement: &Statement) -> Result<(), Refusal> {
    if let Statement::Statement(inner) = statement
        && let ast::Statement::Query(query) = inner.as_ref()
        && query.locks.is_empty()
    {
        return Ok(());
    }
    Err(
        Refusal::new(RefusalCode::NotGranted, "only a single SELECT can be asked")
            .clause("the permit grants questions, not statements")
            .hint("SELECT ... FROM ... GROUP BY ...; `--preview` shows cost and noise"),
    )
}

/// Each use of a WITH is planned anew, so a few that use each other twice would be millions.
fn expands_little(statement: &Statement) -> Result<(), Refusal> {
    let Statement::Statement(inner) = statement else {
        return Ok(());
    };
    let ast::Statement::Query(query) = inner.as_ref() else {
        return Ok(());
    };
    let mut uses: Vec<(String, usize)> = Vec::new();
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        let of_cte = references(cte.query.as_ref(), &uses)?;
        uses.push((cte.alias.name.value.to_lowercase(), of_cte));
    }
    references(&query.body, &uses).map(|_| ())
}

/// How many tables are read in a part of a query, where a WITH is read as often as its own are.
fn references(part: &impl ast::Visit, uses: &[(String, usize)]) -> Result<usize, Refusal> {
    let mut visitor = References { uses, count: 0 };
    if part.visit(&mut visitor).is_break() {
        let reason = "WITH inside a part of a query is not offered";
        return Err(not_private(reason).hint("put it at the beginning of the query"));
    }
    if visitor.count > TABLES_MAX {
        let reason =
            format!("the query reads over {TABLES_MAX} tables, each use of a WITH counted");
        return Err(Refusal::new(RefusalCode::TooLarge, reason).hint("ask it in parts"));
    }
    Ok(visitor.count)
}

struct References<'u> {
    uses: &'u [(String, usize)],
    count: usize,
}

impl ast::Visitor for References<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
        match query.with {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ast::ObjectName) -> ControlFlow<()> {
        let name = relation.0.last().and_then(|part| part.as_ident());
        let name = name.map(|name| name.value.to_lowercase());
        // Quoted names differ by case alone: the largest of those that may be meant counts.
        let uses = self.uses.iter();
        let used = uses.filter(|(known, _)| Some(known) == name.as_ref());
        let used = used.map(|(_, count)| *count).max();
        self.count = self.count.saturating_add(used.unwrap_or(1));
        ControlFlow::Continue(())
    }
}

/// What the SQL parser or planner says, shortened: it has seen the text and the granted schema.
fn refusal(error: &DataFusionError) -> Refusal {
    let text = error.strip_backtrace().replace("datafusion.public.", "");
    let text = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it cannot be planned");
    let reason = [
        "SQL error: ",
        "Schema error: ",
        "Error during planning: ",
        "Internal error: ",
    ]
    .iter()
    .fold(text.trim(), |text, prefix| text.trim_start_matches(prefix));
    let reason = reason.trim_start_matches("type_coercion").trim();
    let reason = if reason.is_empty() {
        "the types in it do not fit"
    } else {
        reason
    };
    let syntax = matches!(error.find_root(), DataFusionError::SQL(..));
    let code = if syntax {
        RefusalCode::Syntax
    } else {
        RefusalCode::NotGranted
    };
    let refusal = Refusal::new(code, reason.chars().take(400).collect::<String>());
    match place(text) {
        Some((line, column)) => refusal.at(line, column),
        None => refusal,
    }
}

/// The place the parser wrote into its message: `at Line: 1, Column: 8`.
fn place(text: &str) -> Option<(u64, u64)> {
    let (line, rest) = text.rsplit_once("Line: ")?.1.split_once(", Column: ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, column.parse().ok()?))
}
