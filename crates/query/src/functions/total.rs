//! Arithmetic that gives NULL where the engine's own would fail or wrap.
//!
//! Whether a query fails must not depend on a row: a division by zero that only one person brings
//! about would tell that the person is there. [`Total`] puts these functions in the place of the
//! operators once types are settled, so that a rule below a release sees nothing else.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, Float64Array, PrimitiveArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit,
};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, Cast, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TryCast, Volatility, binary_expr,
};
use datafusion::optimizer::AnalyzerRule;

use super::numbers;

/// An operator that is total: what it cannot compute is NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Arithmetic {
    pub(crate) op: Operator,
    signature: Signature,
}

impl Arithmetic {
    pub(crate) fn call(op: Operator, left: Expr, right: Expr) -> Expr {
        let signature = Signature::any(2, Volatility::Immutable);
        ScalarUDF::from(Self { op, signature }).call(vec![left, right])
    }
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &'static str {
        match self.op {
            Operator::Plus => "total_plus",
            Operator::Minus => "total_minus",
            Operator::Multiply => "total_times",
            Operator::Divide => "total_divide",
            _ => "total_modulo",
        }
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [a, b] => Ok(format!(
                "{} {} {}",
                a.schema_name(),
                self.op,
                b.schema_name()
            )),
            _ => internal_err!("arithmetic has two sides"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [DataType::Date32, DataType::Date32] => Ok(DataType::Int64),
            [DataType::Interval(_), DataType::Date32] => Ok(DataType::Date32),
            [left, _] => Ok(left.clone()),
            _ => internal_err!("arithmetic has two sides"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [left, right] = arrays.as_slice() else {
            return internal_err!("arithmetic has two sides");
        };
        Ok(ColumnarValue::Array(compute(self.op, left, right)?))
    }
}

fn compute(op: Operator, left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let days = DataType::Interval(IntervalUnit::MonthDayNano);
    Ok(match (left.data_type(), right.data_type()) {
        (DataType::Int8, DataType::Int8) => checked::<Int8Type>(op, left, right, |_| true),
        (DataType::Int16, DataType::Int16) => checked::<Int16Type>(op, left, right, |_| true),
        (DataType::Int32, DataType::Int32) => checked::<Int32Type>(op, left, right, |_| true),
        (DataType::Int64, DataType::Int64) => checked::<Int64Type>(op, left, right, |_| true),
        (DataType::Float64, DataType::Float64) => {
            checked::<Float64Type>(op, left, right, f64::is_finite)
        }
        (DataType::Date32, DataType::Date32) => {
            let between = |left: i32, right: i32| Some(i64::from(left) - i64::from(right));
            pairs::<Date32Type, Date32Type, Int64Type>(left, right, between)
        }
        (DataType::Date32, kind) if *kind == days => {
            let to = match op {
                Operator::Plus => Date32Type::add_month_day_nano_opt,
                _ => Date32Type::subtract_month_day_nano_opt,
            };
            pairs::<Date32Type, IntervalMonthDayNanoType, Date32Type>(left, right, to)
        }
        (kind, DataType::Date32) if *kind == days => compute(op, right, left)?,
        _ => return internal_err!("arithmetic of these types is not offered"),
    })
}

fn checked<T: ArrowPrimitiveType>(
    op: Operator,
    left: &ArrayRef,
    right: &ArrayRef,
    there: fn(T::Native) -> bool,
) -> ArrayRef {
    let compute = match op {
        Operator::Plus => T::Native::add_checked,
        Operator::Minus => T::Native::sub_checked,
        Operator::Multiply => T::Native::mul_checked,
        Operator::Divide => T::Native::div_checked,
        _ => T::Native::mod_checked,
    };
    let one = |left, right| compute(left, right).ok().filter(|value| there(*value));
    pairs::<T, T, T>(left, right, one)
}

fn pairs<L: ArrowPrimitiveType, R: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    left: &ArrayRef,
    right: &ArrayRef,
    one: impl Fn(L::Native, R::Native) -> Option<T::Native>,
) -> ArrayRef {
    let sides = left
        .as_primitive::<L>()
        .iter()
        .zip(right.as_primitive::<R>());
    let values = sides.map(|(left, right)| one(left?, right?));
    Arc::new(values.collect::<PrimitiveArray<T>>())
}

/// A function of one floating point number. The engine's own fail for some numbers, `sqrt` of those
/// below zero.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Real {
    name: &'static str,
    signature: Signature,
}

impl Real {
    pub(super) fn of(name: &'static str) -> Arc<ScalarUDF> {
        let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
        Arc::new(ScalarUDF::from(Self { name, signature }))
    }
}

impl ScalarUDFImpl for Real {
    fn name(&self) -> &'static str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let of = match self.name {
            "abs" => f64::abs,
            "ceil" => f64::ceil,
            "exp" => f64::exp,
            "floor" => f64::floor,
            "ln" => f64::ln,
            "round" => f64::round,
            _ => f64::sqrt,
        };
        finite(numbers(&args)?.iter().map(|value| value.map(of)))
    }
}

/// A column of numbers, NULL where there is none.
fn finite(values: impl Iterator<Item = Option<f64>>) -> Result<ColumnarValue> {
    let values = values.map(|value| value.filter(|value| value.is_finite()));
    Ok(ColumnarValue::Array(Arc::new(
        values.collect::<Float64Array>(),
    )))
}

/// A floating point number that was read from a text, or NULL: "NaN" is a text.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Finite {
    signature: Signature,
}

impl Finite {
    fn call(inner: Expr) -> Expr {
        let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
        ScalarUDF::from(Self { signature }).call(vec![inner])
    }
}

impl ScalarUDFImpl for Finite {
    fn name(&self) -> &'static str {
        FINITE
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        Ok(args
            .iter()
            .map(|arg| arg.schema_name().to_string())
            .collect())
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        finite(numbers(&args)?.iter())
    }
}

/// The name of [`Finite`].
pub(crate) const FINITE: &str = "total_finite";

/// A total function as what it stands for.
pub(super) fn plain(mut function: ScalarFunction) -> Expr {
    let arithmetic = function
        .func
        .inner()
        .downcast_ref::<Arithmetic>()
        .map(|found| found.op);
    match (arithmetic, function.args.as_slice()) {
        (Some(op), [left, right]) => binary_expr(left.clone(), op, right.clone()),
        (None, [_]) if function.func.name() == FINITE => function.args.remove(0),
        _ => Expr::ScalarFunction(function),
    }
}

/// The analyser's last rule: operators, casts and functions that could fail become total ones.
#[derive(Debug)]
pub(crate) struct Total;

impl AnalyzerRule for Total {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(of_node).data()
    }

    fn name(&self) -> &'static str {
        "total_expressions"
    }
}

fn of_node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    if matches!(plan, LogicalPlan::Subquery(_)) {
        return Ok(Transformed::no(plan));
    }
    let schema = match &plan {
        LogicalPlan::TableScan(_) => return Ok(Transformed::no(plan)),
        plan => merge_schema(&plan.inputs()),
    };
    let names = NamePreserver::new(&plan);
    let rewritten = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let expr = expr.transform_up(|part| of_expr(part, &schema))?;
        Ok(expr.update_data(|expr| name.restore(expr)))
    })?;
    rewritten.map_data(LogicalPlan::recompute_schema)
}

fn of_expr(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if is_arithmetic(op) && offered(&left, &right, schema) =>
        {
            Ok(Transformed::yes(Arithmetic::call(op, *left, *right)))
        }
        // Also those that cannot fail: the optimiser makes one cast of two, and that one may.
        Expr::Cast(Cast { expr, field }) if !matches!(*expr, Expr::Literal(..)) => {
            let cast = Expr::TryCast(TryCast::new_from_field(expr, field));
            of_expr(cast, schema).map(|cast| Transformed::yes(cast.data))
        }
        // "NaN" and "inf" are texts that can be read.
        Expr::TryCast(cast)
            if *cast.field.data_type() == DataType::Float64
                && !is_safe(&cast.expr, &DataType::Float64, schema) =>
        {
            Ok(Transformed::yes(Finite::call(Expr::TryCast(cast))))
        }
        expr => Ok(Transformed::no(expr)),
    }
}

const fn is_arithmetic(op: Operator) -> bool {
    matches!(
        op,
        Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo
    )
}

/// Whether the total operator has these types; others are refused where records are read.
fn offered(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    let days = DataType::Interval(IntervalUnit::MonthDayNano);
    let (Ok(left), Ok(right)) = (left.get_type(schema), right.get_type(schema)) else {
        return false;
    };
    let numbers = left.is_signed_integer() || left == DataType::Float64;
    numbers && left == right
        || left == DataType::Date32 && (right == DataType::Date32 || right == days)
        || left == days && right == DataType::Date32
}

/// Whether a cast cannot fail, whatever the row holds. That of a literal is carried out at once.
pub(crate) fn is_safe(inner: &Expr, to: &DataType, schema: &DFSchema) -> bool {
    let Ok(from) = inner.get_type(schema) else {
        return false;
    };
    // Numbers of rows are compared as decimals of 20 digits, which hold all of them.
    let compared = matches!(to, DataType::Decimal128(20..=38, 0));
    let widened = from.is_integer() && (*to == DataType::Float64 || compared)
        || from.is_signed_integer() && to.is_signed_integer() && to.size() >= from.size();
    let float = from == DataType::Float32 && *to == DataType::Float64;
    let same = from == *to || from == DataType::Null || is_text(&from) && is_text(to);
    widened || float || same || matches!(inner, Expr::Literal(..))
}

pub(crate) const fn is_text(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}
