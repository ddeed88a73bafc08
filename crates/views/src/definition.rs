//! A ViewDefinition: read, checked as a whole, and ready to make programs.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::column::{self, Column, Made, is_sql_name};
use crate::error::{View, ViewError};
use crate::lower::{Lowering, Place};
use crate::path::{self, Literal};
use crate::plan::{Each, Expr, Part, Plan, Select, Without};
use crate::program::Program;
use crate::standard::{self, DefinitionJson, SelectJson};

/// Bytes of a definition.
const DEFINITION_BYTES_MAX: usize = 1 << 20;
/// Columns of a view.
const COLUMNS_MAX: usize = 1000;
/// What a view without a name is called in messages.
const UNNAMED: &str = "unnamed";

/// A view of one type of resource (SQL-on-FHIR v2), parsed and validated as a whole.
#[derive(Debug, Clone)]
pub struct ViewDefinition {
    columns: Vec<Column>,
    plan: Arc<Plan>,
}

impl ViewDefinition {
    /// Parses a definition. All of it is checked here, so that what parses also compiles.
    ///
    /// # Errors
    ///
    /// It is not JSON, has keys the standard does not have, contradicts itself, has a path that
    /// is not FHIRPath, or needs what this engine does not do yet.
    pub fn parse(json: &[u8]) -> Result<Self, ViewError> {
        if json.len() > DEFINITION_BYTES_MAX {
            let reason = format!("it is over {DEFINITION_BYTES_MAX} bytes");
            return Err(ViewError::Shape { reason });
        }
        let json = standard::read(json).map_err(|error| ViewError::Shape {
            reason: error.to_string(),
        })?;
        let name = json.name.clone().unwrap_or_else(|| UNNAMED.to_owned());
        let view = View { name: &name };
        if json.name.is_some() && !is_sql_name(&name) {
            return Err(view.invalid("its name is not letters, digits and `_`, a letter first"));
        }
        let resource = &json.resource;
        if !resource.starts_with(|first: char| first.is_ascii_uppercase())
            || !resource.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(view.invalid("`resource` is not a type's name"));
        }
        Builder::new(view, &json.constant)?.definition(&json)
    }

    /// Its name; `unnamed` when it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.plan.view
    }

    /// The type of resource it reads.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.plan.resource
    }

    /// The columns in output order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A new program with empty builders. Programs of one view share what was compiled.
    ///
    /// # Errors
    ///
    /// None today: what cannot be compiled does not parse.
    pub fn compile(&self) -> Result<Program, ViewError> {
        Ok(Program::new(Arc::clone(&self.plan), &self.columns))
    }
}

struct Builder<'n> {
    view: View<'n>,
    lowering: Lowering,
}

impl<'n> Builder<'n> {
    fn new(view: View<'n>, constants: &[Map<String, Value>]) -> Result<Self, ViewError> {
        let mut known: Vec<(String, Literal)> = Vec::with_capacity(constants.len());
        for json in constants {
            let (name, literal) = column::constant(view, json)?;
            if known.iter().any(|(other, _)| *other == name) {
                return Err(view.invalid(format!("there are two constants `{name}`")));
            }
            known.push((name, literal));
        }
        Ok(Self {
            view,
            lowering: Lowering::new(known),
        })
    }

    fn definition(mut self, json: &DefinitionJson) -> Result<ViewDefinition, ViewError> {
        let view = self.view;
        let place = Place::Resource(&json.resource);
        let mut filters = Vec::with_capacity(json.filters.len());
        for filter in &json.filters {
            filters.push((self.expr(&filter.path, place)?, filter.path.clone()));
        }
        let mut made = Vec::new();
        let parts = self.parts(&json.select, &[], 0, place, &mut made)?;
        if made.is_empty() {
            return Err(view.invalid("it has no column"));
        }
        let mut names: Vec<&str> = made.iter().map(|made| made.column.name.as_str()).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(view.invalid(format!("there are two columns `{name}`")));
        }
        let (columns, targets) = made
            .into_iter()
            .map(|made| (made.column, made.target))
            .unzip();
        let columns: Vec<Column> = columns;
        let range = 0..columns.len();
        let plan = Plan {
            view: view.name.to_owned(),
            resource: json.resource.clone(),
            literals: self.lowering.literals,
            filters,
            select: Select {
                each: None,
                columns: Vec::new(),
                parts,
                range,
            },
            targets,
        };
        Ok(ViewDefinition {
            columns,
            plan: Arc::new(plan),
        })
    }

    fn expr(&mut self, path: &str, place: Place<'_>) -> Result<Expr, ViewError> {
        let view = self.view;
        let ast = path::parse(path).map_err(|fault| view.path(path, fault))?;
        self.lowering
            .expr(&ast, place)
            .map_err(|fault| view.path(path, fault))
    }

    /// A select whose first column has the index `start`; its columns are added to `made`.
    fn select(
        &mut self,
        json: &SelectJson,
        start: usize,
        place: Place<'_>,
        made: &mut Vec<Made>,
    ) -> Result<Select, ViewError> {
        let before = made.len();
        let each = self.each(json, place)?;
        let place = if each.is_some() {
            Place::Element
        } else {
            place
        };
        let mut columns = Vec::with_capacity(json.column.len());
        for column in &json.column {
            let expr = self.expr(&column.path, place)?;
            columns.push((start + made.len() - before, expr, column.path.clone()));
            made.push(column::column(self.view, column)?);
        }
        let next = start + made.len() - before;
        let parts = self.parts(&json.select, &json.union_all, next, place, made)?;
        let range = start..start + made.len() - before;
        if range.is_empty() {
            return Err(self.view.invalid("a select has no column"));
        }
        if made.len() > COLUMNS_MAX {
            return Err(self
                .view
                .invalid(format!("it has over {COLUMNS_MAX} columns")));
        }
        Ok(Select {
            each,
            columns,
            parts,
            range,
        })
    }

    fn parts(
        &mut self,
        selects: &[SelectJson],
        union: &[SelectJson],
        start: usize,
        place: Place<'_>,
        made: &mut Vec<Made>,
    ) -> Result<Vec<Part>, ViewError> {
        let mut parts = Vec::with_capacity(selects.len() + usize::from(!union.is_empty()));
        let mut next = start;
        for json in selects {
            let select = self.select(json, next, place, made)?;
            let range = select.range.clone();
            next = range.end;
            parts.push(Part {
                branches: vec![select],
                range,
            });
        }
        if let Some((first, others)) = union.split_first() {
            let mut common = Vec::new();
            let mut branches = vec![self.select(first, next, place, &mut common)?];
            let range = next..next + common.len();
            for json in others {
                let mut columns = Vec::new();
                branches.push(self.select(json, next, place, &mut columns)?);
                let alike = |a: &Made, b: &Made| {
                    a.target.name == b.target.name && a.target.scalar == b.target.scalar
                };
                if columns.len() != common.len()
                    || !columns.iter().zip(&common).all(|(a, b)| alike(a, b))
                {
                    return Err(self.view.invalid(
                        "the branches of a unionAll differ in names, order or types of columns",
                    ));
                }
            }
            made.append(&mut common);
            parts.push(Part { branches, range });
        }
        Ok(parts)
    }

    fn each(&mut self, json: &SelectJson, place: Place<'_>) -> Result<Option<Each>, ViewError> {
        if json.repeat.is_some() {
            return Err(self.view.unsupported("repeat", "`repeat` in a select"));
        }
        let (path, without) = match (&json.for_each, &json.for_each_or_null) {
            (None, None) => return Ok(None),
            (Some(path), None) => (path, Without::NoRow),
            (None, Some(path)) => (path, Without::NullRow),
            (Some(_), Some(_)) => {
                return Err(self
                    .view
                    .invalid("a select has both forEach and forEachOrNull"));
            }
        };
        Ok(Some(Each {
            expr: self.expr(path, place)?,
            path: path.clone(),
            without,
        }))
    }
}
