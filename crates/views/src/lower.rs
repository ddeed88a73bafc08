//! From a path's tree to its compiled form: constants put in, choices resolved, limits said.

use crate::choice::CHOICE_TYPES;
use crate::moment::{Side, Sort};
use crate::path::{Ast, Call, CallKind, Literal, Operator, PathFault};
use crate::plan::{Arithmetic, Comparison, Expr, Step};

/// Where a path stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'v> {
    /// Its focus is the resource, of that type.
    Resource(&'v str),
    /// Its focus is an element within it.
    Element,
}

/// Compiles the paths of one view.
pub(crate) struct Lowering {
    /// The view's constants by name.
    constants: Vec<(String, Literal)>,
    /// Every literal met so far.
    pub(crate) literals: Vec<Literal>,
}

impl Lowering {
    pub(crate) fn new(constants: Vec<(String, Literal)>) -> Self {
        Self {
            constants,
            literals: Vec::new(),
        }
    }

    /// Compiles one path. A date whose type the path does not tell is of the sort given.
    pub(crate) fn expr(
        &mut self,
        ast: &Ast,
        place: Place<'_>,
        sort: Sort,
    ) -> Result<Expr, PathFault> {
        Ok(match ast {
            Ast::Empty => Expr::Empty,
            Ast::This => Expr::This,
            Ast::Literal(literal) => self.literal(literal.clone()),
            Ast::Constant(_, name) if name == "rowIndex" => Expr::RowIndex,
            Ast::Constant(position, name) => {
                let literal = self.constant(*position, name)?.clone();
                self.literal(literal)
            }
            Ast::Binary(operator, left, right) => {
                let left = Box::new(self.expr(left, place, sort)?);
                let right = Box::new(self.expr(right, place, sort)?);
                binary(*operator, left, right)
            }
            Ast::Chain(start, calls) => self.chain(start, calls, place, sort)?,
        })
    }

    fn literal(&mut self, literal: Literal) -> Expr {
        let known = self.literals.iter().position(|known| *known == literal);
        Expr::Literal(known.unwrap_or_else(|| {
            self.literals.push(literal);
            self.literals.len() - 1
        }))
    }

    fn constant(&self, position: usize, name: &str) -> Result<&Literal, PathFault> {
        let found = self.constants.iter().find(|(constant, _)| constant == name);
        if let Some((_, literal)) = found {
            return Ok(literal);
        }
        Err(match name {
            "resource" | "rootResource" | "context" | "rowIndex" | "ucum" | "sct" | "loinc" => {
                PathFault::unsupported(position, format!("`%{name}` here"))
            }
            _ => PathFault::syntax(position, format!("the view has no constant `{name}`")),
        })
    }

    fn chain(
        &mut self,
        start: &Ast,
        calls: &[Call],
        place: Place<'_>,
        sort: Sort,
    ) -> Result<Expr, PathFault> {
        let from_focus = matches!(start, Ast::This);
        let start = self.expr(start, place, sort)?;
        let mut steps: Vec<Step> = Vec::with_capacity(calls.len());
        for (index, call) in calls.iter().enumerate() {
            let receiver = Receiver {
                steps: &mut steps,
                at_focus: from_focus && index == 0,
                place,
                sort,
            };
            // What is wrong without a place of its own is wrong at the call.
            let step = self.step(&call.kind, receiver).map_err(|mut fault| {
                fault.position = fault.position.max(call.position);
                fault
            })?;
            steps.extend(step);
        }
        Ok(if steps.is_empty() {
            start
        } else {
            Expr::Chain(Box::new(start), steps)
        })
    }

    fn step(
        &mut self,
        call: &CallKind,
        receiver: Receiver<'_, '_>,
    ) -> Result<Option<Step>, PathFault> {
        Ok(match call {
            CallKind::Member(name) => member(name, receiver.at_focus, receiver.place)?,
            CallKind::Index(index) => Some(Step::Index(self.index(index)?)),
            CallKind::Function(name, arguments) => Some(self.function(name, arguments, receiver)?),
        })
    }

    fn index(&self, ast: &Ast) -> Result<usize, PathFault> {
        let literal = match ast {
            Ast::Literal(literal) => literal,
            Ast::Constant(position, name) => self.constant(*position, name)?,
            _ => return Err(unsupported("an index that is computed")),
        };
        match literal {
            Literal::Integer(index) => usize::try_from(*index).ok(),
            _ => None,
        }
        .ok_or_else(|| PathFault::syntax(0, "an index is a whole number from 0 on"))
    }

    fn function(
        &mut self,
        name: &str,
        arguments: &[Ast],
        receiver: Receiver<'_, '_>,
    ) -> Result<Step, PathFault> {
        let arity = Arity { name, arguments };
        Ok(match name {
            "where" => Step::Where(self.expr(arity.one()?, Place::Element, receiver.sort)?),
            "exists" => Step::Exists(match arity.at_most_one()? {
                Some(criteria) => Some(self.expr(criteria, Place::Element, receiver.sort)?),
                None => None,
            }),
            "first" => arity.none(Step::Index(0))?,
            "empty" => arity.none(Step::Empty)?,
            "not" => arity.none(Step::Not)?,
            "extension" => extension(self.text(arity.one()?, name)?, receiver.steps),
            "lowBoundary" => arity.none(boundary(Side::Low, &receiver))?,
            "highBoundary" => arity.none(boundary(Side::High, &receiver))?,
            "join" => Step::Join(match arity.at_most_one()? {
                Some(separator) => self.text(separator, name)?,
                None => String::new(),
            }),
            "ofType" | "as" => choice(&type_name(arity.one()?)?, receiver.steps)?,
            "getReferenceKey" => Step::ReferenceKey(match arity.at_most_one()? {
                Some(kind) => Some(resource_type(kind)?),
                None => None,
            }),
            "getResourceKey" => match (receiver.at_focus, receiver.place) {
                (true, Place::Resource(_)) => arity.none(Step::Member("id".to_owned()))?,
                _ => return Err(unsupported("getResourceKey() of anything but the resource")),
            },
            _ => return Err(unsupported(&format!("the function `{name}()`"))),
        })
    }

    fn text(&self, ast: &Ast, function: &str) -> Result<String, PathFault> {
        let literal = match ast {
            Ast::Literal(literal) => literal,
            Ast::Constant(position, name) => self.constant(*position, name)?,
            _ => {
                return Err(unsupported(&format!(
                    "a computed argument of `{function}()`"
                )));
            }
        };
        match literal {
            Literal::Text(text) => Ok(text.clone()),
            _ => Err(PathFault::syntax(0, format!("`{function}()` takes text"))),
        }
    }
}

/// What a function is called on.
struct Receiver<'s, 'v> {
    /// The steps before it.
    steps: &'s mut Vec<Step>,
    /// Whether nothing was done with the focus before.
    at_focus: bool,
    place: Place<'v>,
    /// What a date is, when nothing tells.
    sort: Sort,
}

/// A function's arguments, to be counted.
struct Arity<'a> {
    name: &'a str,
    arguments: &'a [Ast],
}

impl<'a> Arity<'a> {
    fn none(&self, step: Step) -> Result<Step, PathFault> {
        if self.arguments.is_empty() {
            Ok(step)
        } else {
            Err(self.wrong("no argument"))
        }
    }

    fn one(&self) -> Result<&'a Ast, PathFault> {
        match self.arguments {
            [argument] => Ok(argument),
            _ => Err(self.wrong("one argument")),
        }
    }

    fn at_most_one(&self) -> Result<Option<&'a Ast>, PathFault> {
        match self.arguments {
            [] => Ok(None),
            _ => self.one().map(Some),
        }
    }

    fn wrong(&self, wanted: &str) -> PathFault {
        PathFault::syntax(0, format!("`{}()` takes {wanted}", self.name))
    }
}

/// An element's name, or nothing for the type's own name at a path's start (`Patient.name`).
fn member(name: &str, at_focus: bool, place: Place<'_>) -> Result<Option<Step>, PathFault> {
    let lower = name.starts_with(|first: char| first.is_ascii_lowercase());
    let element = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match place {
        Place::Resource(resource) if at_focus && name == resource => Ok(None),
        _ if lower && element => Ok(Some(Step::Member(name.to_owned()))),
        _ => Err(unsupported(&format!(
            "the name `{name}`, which no FHIR element has,"
        ))),
    }
}

/// Turns the member before `ofType` into a choice.
fn choice(kind: &str, steps: &mut Vec<Step>) -> Result<Step, PathFault> {
    match steps.pop() {
        Some(Step::Member(element)) if CHOICE_TYPES.contains(&kind) => {
            let mut field = element.clone();
            let mut letters = kind.chars();
            field.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            field.push_str(letters.as_str());
            Ok(Step::Choice { field, element })
        }
        Some(Step::Member(_)) => Err(unsupported(&format!("ofType({kind})"))),
        _ => Err(unsupported("ofType() of anything but an element's name")),
    }
}

/// A type written as an argument: `Patient` or `FHIR.Patient`.
fn type_name(ast: &Ast) -> Result<String, PathFault> {
    let calls = match ast {
        Ast::Chain(start, calls) if **start == Ast::This => calls.as_slice(),
        _ => &[],
    };
    use CallKind::Member;
    let kinds: Vec<&CallKind> = calls.iter().map(|call| &call.kind).collect();
    match kinds.as_slice() {
        [Member(space), Member(_)] if space == "System" => {
            Err(unsupported("a type of FHIRPath's own (`System`)"))
        }
        [Member(space), Member(name)] if space == "FHIR" => Ok((*name).clone()),
        [Member(name)] => Ok((*name).clone()),
        _ => Err(PathFault::syntax(
            0,
            "a type's name is wanted as the argument",
        )),
    }
}

/// A resource type written as an argument.
fn resource_type(ast: &Ast) -> Result<String, PathFault> {
    let name = type_name(ast)?;
    if name.starts_with(|first: char| first.is_ascii_uppercase()) {
        Ok(name)
    } else {
        Err(PathFault::syntax(
            0,
            format!("`{name}` is not a resource type"),
        ))
    }
}

/// `birthDate.extension(url)` reads `_birthDate` too.
fn extension(url: String, steps: &mut Vec<Step>) -> Step {
    match steps.pop() {
        Some(Step::Member(name)) => Step::ElementExtension(format!("_{name}"), name, url),
        Some(Step::Choice { field, .. }) => Step::ElementExtension(format!("_{field}"), field, url),
        other => {
            steps.extend(other);
            Step::Extension(url)
        }
    }
}

/// What the path says of a date's type goes before what its column says. Of FHIR's elements called
/// so, only that one is a `date` everywhere.
fn boundary(side: Side, receiver: &Receiver<'_, '_>) -> Step {
    let sort = match receiver.steps.last() {
        Some(Step::Choice { field, element }) if field.len() - element.len() == 4 => Sort::Date,
        Some(Step::Choice { .. }) => Sort::DateTime,
        Some(Step::Member(name)) if name == "birthDate" => Sort::Date,
        _ => receiver.sort,
    };
    Step::Boundary(side, sort)
}

fn binary(operator: Operator, left: Box<Expr>, right: Box<Expr>) -> Expr {
    match operator {
        Operator::And => Expr::And(left, right),
        Operator::Or => Expr::Or(left, right),
        Operator::Equal => Expr::Compare(Comparison::Equal, left, right),
        Operator::NotEqual => Expr::Compare(Comparison::NotEqual, left, right),
        Operator::Less => Expr::Compare(Comparison::Less, left, right),
        Operator::LessOrEqual => Expr::Compare(Comparison::LessOrEqual, left, right),
        Operator::Greater => Expr::Compare(Comparison::Greater, left, right),
        Operator::GreaterOrEqual => Expr::Compare(Comparison::GreaterOrEqual, left, right),
        Operator::Add => Expr::Compute(Arithmetic::Add, left, right),
        Operator::Subtract => Expr::Compute(Arithmetic::Subtract, left, right),
        Operator::Multiply => Expr::Compute(Arithmetic::Multiply, left, right),
        Operator::Divide => Expr::Compute(Arithmetic::Divide, left, right),
        Operator::Concatenate => Expr::Concatenate(left, right),
    }
}

fn unsupported(what: &str) -> PathFault {
    PathFault::unsupported(0, what)
}
