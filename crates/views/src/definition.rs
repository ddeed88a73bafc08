//! A ViewDefinition: read, checked as a whole, and ready to make programs.

use std::sync::Arc;

use crate::column::{self, Column, Made, is_sql_name};
use crate::error::{View, ViewError};
use crate::lower::{Lowering, Place};
use crate::moment::Sort;
use crate::path::{self, Literal};
use crate::plan::{Each, Expr, How, Part, Plan, Select, Source};
use crate::program::Program;
use crate::standard::{self, ConstantJson, DefinitionJson, PathJson, SelectJson};

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
            let at = String::new();
            return Err(ViewError::Shape { at, reason });
        }
        let json = standard::read(json)?;
        let name = json.name.clone().unwrap_or_else(|| UNNAMED.to_owned());
        let view = View { name: &name };
        if json.name.is_some() && !is_sql_name(&name) {
            let reason = "it is not letters, digits and `_`, a letter first";
            return Err(view.invalid("name", reason));
        }
        let resource = &json.resource;
        if !resource.starts_with(|first: char| first.is_ascii_uppercase())
            || !resource.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(view.invalid("resource", "it is not a type's name"));
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
    fn new(view: View<'n>, constants: &[ConstantJson]) -> Result<Self, ViewError> {
        let mut known: Vec<(String, Literal)> = Vec::with_capacity(constants.len());
        for json in constants {
            let (name, literal) = column::constant(view, json)?;
            if known.iter().any(|(other, _)| *other == name) {
                let reason = format!("there are two constants `{name}`");
                return Err(view.invalid(&json.at, reason));
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
            let expr = self.expr(filter, place, Sort::DateTime)?;
            filters.push((expr, filter.path.clone()));
        }
        let mut made = Vec::new();
        let mut columns = Vec::new();
        let inner = (json.select.as_slice(), [].as_slice());
        let parts = self.parts(inner, &mut columns, 0, place, &mut made)?;
        if made.is_empty() {
            return Err(view.invalid("select", "it has no column"));
        }
        let mut names: Vec<&str> = made.iter().map(|made| made.column.name.as_str()).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(view.invalid("select", format!("there are two columns `{name}`")));
        }
        let (told, targets): (Vec<Column>, _) = made
            .into_iter()
            .map(|made| (made.column, made.target))
            .unzip();
        let range = 0..told.len();
        let literals = self.lowering.literals;
        let plan = Plan {
            view: view.name.to_owned(),
            resource: json.resource.clone(),
            literal_bytes: literals.iter().map(Literal::bytes).max().unwrap_or(0),
            literals,
            filters,
            select: Select {
                each: None,
                columns: Source::in_order(columns),
                parts,
                range,
            },
            targets,
        };
        Ok(ViewDefinition {
            columns: told,
            plan: Arc::new(plan),
        })
    }

    fn expr(&mut self, json: &PathJson, place: Place<'_>, sort: Sort) -> Result<Expr, ViewError> {
        let ast = path::parse(&json.path);
        ast.and_then(|ast| self.lowering.expr(&ast, place, sort))
            .map_err(|fault| self.view.path(&json.at, &json.path, fault))
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
            let expr = self.expr(&column.path, place, column::sort(column))?;
            columns.push(Source {
                index: start + made.len() - before,
                expr,
                path: column.path.path.clone(),
                shared: 0,
            });
            made.push(column::column(self.view, column)?);
        }
        let next = start + made.len() - before;
        let inner = (json.select.as_slice(), json.union_all.as_slice());
        let parts = self.parts(inner, &mut columns, next, place, made)?;
        let range = start..start + made.len() - before;
        if range.is_empty() {
            return Err(self.view.invalid(&json.at, "a select has no column"));
        }
        if made.len() > COLUMNS_MAX {
            let reason = format!("it has over {COLUMNS_MAX} columns");
            return Err(self.view.invalid(&json.at, reason));
        }
        Ok(Select {
            each,
            columns: Source::in_order(columns),
            parts,
            range,
        })
    }

    /// What is within a select. Nested selects that go through nothing become part of it: their
    /// columns are added to `columns`.
    fn parts(
        &mut self,
        (selects, union): (&[SelectJson], &[SelectJson]),
        columns: &mut Vec<Source>,
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
            if select.each.is_none() {
                columns.extend(select.columns);
                parts.extend(select.parts);
                continue;
            }
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
                    let (a, b) = (&a.target, &b.target);
                    (&a.name, a.scalar, a.many) == (&b.name, b.scalar, b.many)
                };
                if columns.len() != common.len()
                    || !columns.iter().zip(&common).all(|(a, b)| alike(a, b))
                {
                    let reason =
                        "the branches of a unionAll differ in names, order or types of columns";
                    return Err(self.view.invalid(&json.at, reason));
                }
            }
            made.append(&mut common);
            parts.push(Part { branches, range });
        }
        Ok(parts)
    }

    fn each(&mut self, json: &SelectJson, place: Place<'_>) -> Result<Option<Each>, ViewError> {
        let each = [
            json.for_each.as_slice(),
            json.for_each_or_null.as_slice(),
            json.repeat.as_deref().unwrap_or_default(),
        ];
        let how = match each.map(<[PathJson]>::is_empty) {
            [true, true, true] if json.repeat.is_none() => return Ok(None),
            [false, true, true] if json.repeat.is_none() => How::Each,
            [true, false, true] if json.repeat.is_none() => How::EachOrNull,
            [true, true, false] => How::Repeat,
            [true, true, true] => {
                let at = format!("{}.repeat", json.at);
                return Err(self.view.invalid(&at, "it has no path"));
            }
            _ => {
                let reason = "a select has more than one of forEach, forEachOrNull and repeat";
                return Err(self.view.invalid(&json.at, reason));
            }
        };
        let mut paths = Vec::new();
        let place = if how == How::Repeat {
            Place::Element
        } else {
            place
        };
        for json in each.into_iter().flatten() {
            let expr = self.expr(json, place, Sort::DateTime)?;
            paths.push((expr, json.path.clone()));
        }
        Ok(Some(Each { paths, how }))
    }
}
